//! Starting, finding and ending programs. It ends only what it is told by id, and ids only from the run's own records.

use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};

use super::folder::Folder;

/// A program of the run that goes on by itself: its output goes to `log/<name>.log`, its id to `pid/<name>`.
pub fn start(folder: &Folder, network: Option<&str>, name: &str, program: &[&str]) -> Result<()> {
    std::fs::create_dir_all(folder.join("log"))?;
    let log = File::options().create(true).append(true).open(folder.join(format!("log/{name}.log")))?;
    let mut command = match network {
        // Not `ip netns exec`: that mounts /sys anew and hides the cgroups from the kubelet.
        Some(network) => {
            let mut nsenter = Command::new("nsenter");
            nsenter.arg(format!("--net=/run/netns/{network}")).args(program);
            nsenter
        }
        None => {
            let mut command = Command::new(program[0]);
            command.args(&program[1..]);
            command
        }
    };
    command.current_dir(folder.path()).process_group(0).stdin(Stdio::null());
    let child = command.stdout(log.try_clone()?).stderr(log).spawn();
    let child = child.with_context(|| format!("{} could not be started", program[0]))?;
    folder.write(&format!("pid/{name}"), child.id().to_string())?;
    Ok(())
}

/// Runs a program to its end; what it printed is part of the error.
pub fn run<S: AsRef<OsStr>>(program: &[S]) -> Result<String> {
    output(Command::new(&program[0]).args(&program[1..]))
}

/// Runs a line of words, as most calls have no word with a space in it.
pub fn line(words: &str) -> Result<String> {
    run(&words.split_whitespace().collect::<Vec<_>>())
}

/// Runs a command to its end; what it printed is part of the error.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("{command:?} could not be started"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?} failed ({}): {}", output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Waits until something is so that no one tells us of: programs of others come up when they do.
pub fn until(what: &str, within: Duration, mut so: impl FnMut() -> bool) -> Result<()> {
    let start = Instant::now();
    while !so() {
        if start.elapsed() > within {
            bail!("{what} was not so within {} s", within.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// The id that a program of the run was started with.
pub fn recorded(folder: &Folder, name: &str) -> Option<u32> {
    std::fs::read_to_string(folder.join(format!("pid/{name}"))).ok()?.trim().parse().ok()
}

/// Sends SIGKILL; a process that is already gone is what was wanted.
pub fn kill(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        let _ = kill_process(pid, Signal::KILL);
    }
}

/// All processes that this process can see.
pub fn all() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The words that a process was started with, separated by spaces.
pub fn command_line(pid: u32) -> String {
    let words = std::fs::read(Path::new("/proc").join(pid.to_string()).join("cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&words).replace('\0', " ")
}

/// A process's parent and when it was started, in ticks since the machine was: with its id that names it for ever.
pub fn identity(pid: u32) -> Option<(u32, u64)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields: Vec<_> = stat.rsplit_once(')')?.1.split_whitespace().collect(); // the name before may hold anything
    if fields.first() == Some(&"Z") {
        return None; // dead, only not buried yet
    }
    Some((fields.get(1)?.parse().ok()?, fields.get(19)?.parse().ok()?))
}
