//! A file that needs a table of contents is two files.

use anyhow::{Context, Result};

use super::sources;
use crate::shell;

/// Reported from here on, so that someone asks whether it really is one thing.
const LONG: usize = 500;
/// Nothing that is written by hand is one thing from here on.
const TOO_LONG: usize = 1000;

pub fn check() -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for file in sources()?.into_iter().filter(|f| !f.contains("/generated")) {
        let text = std::fs::read_to_string(shell::root().join(&file)).with_context(|| file.clone())?;
        let lines = text.lines().count();
        if lines > TOO_LONG {
            complaints.push(format!("{file} has {lines} lines: make it {} files", lines.div_ceil(LONG)));
        } else if lines > LONG {
            println!("  {file} has {lines} lines: is it one thing?");
        }
    }
    Ok(complaints)
}
