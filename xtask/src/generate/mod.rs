//! `cargo xtask gen`: files that are written by programs. Each generator returns its files; here they are written or compared.

mod chart;
mod control;
mod crds;
mod metrics;
pub mod protocol;

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::shell;

/// What to generate.
#[derive(clap::Args)]
pub struct Args {
    /// Only this generator's files
    what: Option<String>,
    /// Write nothing; fail when a file is not what would be written
    #[arg(long)]
    check: bool,
}

/// A generated file: its path from the root, its content.
pub type File = (PathBuf, String);

/// Some files, and the folder (if any) in which nothing else may lie.
pub struct Generated {
    /// The files.
    pub files: Vec<File>,
    /// A folder from the root that holds these files only.
    pub folder: Option<PathBuf>,
}

type Generator = fn() -> Result<Generated>;

const GENERATORS: &[(&str, Generator)] = &[
    ("chart", chart::generate),
    ("control", control::generate),
    ("crds", crds::generate),
    ("metrics", metrics::generate),
    ("protocol", protocol::generate),
];

pub fn run(args: &Args) -> Result<()> {
    if let Some(what) = &args.what
        && !GENERATORS.iter().any(|(name, _)| name == what)
    {
        let names: Vec<_> = GENERATORS.iter().map(|(name, _)| *name).collect();
        bail!("there is no generator {what}: take one of {}", names.join(", "));
    }
    let mut stale = Vec::new();
    for (name, generate) in GENERATORS {
        if args.what.as_deref().is_none_or(|what| what == *name) {
            stale.extend(apply(&generate()?, args.check)?);
        }
    }
    if args.check && !stale.is_empty() {
        bail!("not as generated (run cargo xtask gen):\n  {}", stale.join("\n  "));
    }
    Ok(())
}

/// What differs from the files on disk; without `check` it is put right.
fn apply(generated: &Generated, check: bool) -> Result<Vec<String>> {
    let mut stale = Vec::new();
    for (path, content) in &generated.files {
        let file = shell::root().join(path);
        if std::fs::read_to_string(&file).ok().as_ref() == Some(content) {
            continue;
        }
        stale.push(path.display().to_string());
        if !check {
            std::fs::create_dir_all(file.parent().unwrap_or(shell::root()))?;
            std::fs::write(file, content)?;
        }
    }
    stale.extend(remove_strangers(generated, check)?);
    Ok(stale)
}

fn remove_strangers(generated: &Generated, check: bool) -> Result<Vec<String>> {
    let mut strangers = Vec::new();
    let Some(folder) = &generated.folder else { return Ok(strangers) };
    for entry in std::fs::read_dir(shell::root().join(folder))? {
        let path = folder.join(entry?.file_name());
        if !generated.files.iter().any(|(file, _)| *file == path) {
            if !check {
                std::fs::remove_file(shell::root().join(&path))?;
            }
            strangers.push(path.display().to_string());
        }
    }
    Ok(strangers)
}
