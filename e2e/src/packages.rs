//! Debian's packages that a run needs, installed when they are missing.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::kubernetes::process::output;

/// Installs what is missing of `programs`, each given as the file that must be there and the package that brings it.
///
/// # Errors
/// When apt-get fails; names what wanted the packages, and which.
pub(crate) fn install(whose: &str, programs: &[(&str, &str)]) -> Result<()> {
    let lacking = programs.iter().filter(|(program, _)| !Path::new(program).exists());
    let packages: Vec<_> = lacking.map(|(_, package)| *package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    eprintln!("installing {}", packages.join(" "));
    let mut update = Command::new("apt-get");
    output(update.args(["update", "-qq"]))?;
    let mut install = Command::new("apt-get");
    install.args(["install", "-y", "-qq", "--no-install-recommends"]).args(&packages);
    output(install.env("DEBIAN_FRONTEND", "noninteractive"))
        .with_context(|| format!("{whose} needs {} as Debian has them", packages.join(" ")))?;
    Ok(())
}
