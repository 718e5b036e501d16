//! `cargo xtask tidy`: what no compiler checks. Every check returns its complaints; all are shown, one is enough to fail.

mod features;
mod imports;
mod leftovers;
mod licences;
mod sizes;

use anyhow::{Result, bail};

use crate::shell;

/// Nothing can be chosen: a tidy tree is tidy everywhere.
#[derive(clap::Args)]
pub struct Args {}

type Check = fn() -> Result<Vec<String>>;

const CHECKS: &[(&str, Check)] = &[
    ("imports", imports::check),
    ("features", features::check),
    ("left-overs", leftovers::check),
    ("licences", licences::check),
    ("formatting", formatting),
    ("file sizes", sizes::check),
];

pub fn run(_: &Args) -> Result<()> {
    let mut complaints = 0;
    for (name, check) in CHECKS {
        let found = check()?;
        println!("{name}: {}", if found.is_empty() { "tidy" } else { "NOT TIDY" });
        for complaint in &found {
            println!("  {complaint}");
        }
        complaints += found.len();
    }
    if complaints > 0 {
        bail!("{complaints} things are not tidy");
    }
    Ok(())
}

fn formatting() -> Result<Vec<String>> {
    let tidy = shell::cargo().args(["fmt", "--all", "--check", "--", "-l"]).output()?;
    if tidy.status.success() {
        return Ok(Vec::new());
    }
    let files = String::from_utf8_lossy(&tidy.stdout);
    let complain = |file: &str| format!("{file} is not formatted: run cargo fmt");
    let mut complaints: Vec<_> = files.lines().map(complain).collect();
    if complaints.is_empty() {
        complaints.push(format!("cargo fmt failed: {}", String::from_utf8_lossy(&tidy.stderr).trim()));
    }
    Ok(complaints)
}

/// The Rust files that git knows, relative to the root.
fn sources() -> Result<Vec<String>> {
    let listed = shell::read(shell::command("git").args(["ls-files", "--", "*.rs"]))?;
    let exists = |file: &&str| shell::root().join(file).exists(); // not those deleted and not yet committed
    Ok(listed.lines().filter(exists).map(str::to_owned).collect())
}
