//! Client programs that tell what they do: librdkafka's, by `e2e/clients/python/history_client.py`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::history::{Operation, parse};
use crate::kubernetes::process::output;

/// The program, as `cargo xtask` puts it on the path.
const PROGRAM: &str = "history-client";

/// Where clients find the brokers, and what they use there.
#[derive(Clone)]
pub struct Topic {
    pub bootstrap: String,
    pub name: String,
    pub partitions: usize,
}

impl Topic {
    /// Does something that ends by itself: `create`, `whole`.
    pub fn done(&self, role: &str) -> Result<()> {
        output(self.command(role).stdin(Stdio::null())).map(drop)
    }

    fn command(&self, role: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args([role, &self.bootstrap, &self.name, &self.partitions.to_string()]);
        command
    }
}

/// A client that runs.
pub struct Client {
    name: String,
    child: Child,
    told: File,
    errors: PathBuf,
    /// What was told and is not a whole line yet.
    rest: String,
    at: u64,
    /// What it did so far.
    pub history: Vec<Operation>,
}

impl Client {
    /// Starts one; `name` is its process in the history, what it tells goes to a file in `folder`.
    pub fn start(topic: &Topic, folder: &Path, role: &str, name: &str, number: u32) -> Result<Client> {
        let file = folder.join(format!("{}.history", name.replace('/', "-")));
        let errors = file.with_extension("errors");
        let mut command = topic.command(role);
        command.args([name, &number.to_string()]).stdin(Stdio::piped());
        command.stdout(File::create(&file)?).stderr(File::create(&errors)?);
        let child = command
            .spawn()
            .with_context(|| format!("{PROGRAM} is not on the path: use cargo xtask faults"))?;
        let (told, name) = (File::open(&file)?, name.to_owned());
        Ok(Client { name, child, told, errors, rest: String::new(), at: 0, history: Vec::new() })
    }

    /// Reads what it told since the last time. An error if it ended on its own.
    pub fn hear(&mut self) -> Result<()> {
        let ended = self.child.try_wait()?.filter(|_| self.child.stdin.is_some());
        self.read()?;
        ensure!(ended.is_none(), "{} ended by itself: {}", self.name, std::fs::read_to_string(&self.errors)?);
        Ok(())
    }

    fn read(&mut self) -> Result<()> {
        self.told.seek(SeekFrom::Start(self.at))?;
        self.at += self.told.read_to_string(&mut self.rest)? as u64;
        let whole = self.rest.rfind('\n').map_or(0, |end| end + 1);
        let rest = self.rest.split_off(whole);
        self.history.extend(parse(&std::mem::replace(&mut self.rest, rest))?);
        Ok(())
    }

    /// The end of its input: it comes to an end by itself.
    pub fn enough(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits until it ended, in good order, and has told all.
    pub fn end(&mut self, deadline: Instant) -> Result<()> {
        self.enough();
        while self.child.try_wait()?.is_none() {
            ensure!(Instant::now() < deadline, "{} has not come to an end", self.name);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        self.read()?;
        let status = self.child.wait()?;
        ensure!(status.success(), "{}: {status}: {}", self.name, std::fs::read_to_string(&self.errors)?);
        Ok(())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill(); // in order, it has ended long ago
        let _ = self.child.wait();
    }
}
