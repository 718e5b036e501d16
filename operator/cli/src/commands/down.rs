//! `klamm down`: ends what `klamm up` left behind, and deletes its data where that is said.

use super::up::folder::Folder;
use anyhow::{Context, bail};
use clap::Args;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// How long a broker may take to stop.
const STOP_MAX: Duration = Duration::from_secs(60);

#[derive(Args)]
pub struct Arguments {
    /// Where data is kept
    #[arg(long, default_value = ".klamm", value_name = "FOLDER")]
    data: PathBuf,
    /// Delete all records, for good
    #[arg(long)]
    delete_data: bool,
}

pub fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let entries = match std::fs::read_dir(&arguments.data) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("there is nothing in {}", arguments.data.display());
            return Ok(());
        }
        Err(error) => return Err(error).with_context(|| arguments.data.display().to_string()),
    };
    for entry in entries {
        let path = entry?.path();
        let Some(folder) = Folder::read(&path)? else { continue }; // not ours: never deleted
        if !folder.running().is_empty() {
            stop(&folder)?;
            println!("stopped {}", path.display());
        }
        if arguments.delete_data {
            std::fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
            println!("deleted {}", path.display());
        }
    }
    if arguments.delete_data {
        let _ = std::fs::remove_dir(&arguments.data); // only when nothing else is in it
    }
    Ok(())
}

fn stop(folder: &Folder) -> anyhow::Result<()> {
    for process in folder.running().into_values().filter_map(|pid| Pid::from_raw(pid as i32)) {
        let _ = kill_process(process, Signal::TERM); // it may have ended meanwhile
    }
    let began = Instant::now();
    while let Some((id, pid)) = folder.running().into_iter().next() {
        if began.elapsed() > STOP_MAX {
            bail!(
                "broker {id}, process {pid}, does not stop within {STOP_MAX:?}; look into its log in {}",
                folder.path.display()
            );
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
