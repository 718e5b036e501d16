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
        if let Some(pid) = folder.running() {
            stop(&folder, pid)?;
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

fn stop(folder: &Folder, pid: u32) -> anyhow::Result<()> {
    let Some(process) = Pid::from_raw(pid as i32) else { return Ok(()) };
    kill_process(process, Signal::TERM)?;
    let began = Instant::now();
    while folder.running().is_some() {
        if began.elapsed() > STOP_MAX {
            bail!(
                "process {pid} does not stop within {STOP_MAX:?}; look into its log in {}",
                folder.path.display()
            );
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
