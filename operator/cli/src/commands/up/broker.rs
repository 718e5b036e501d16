//! A broker as a process of this machine.

use super::{
    folder::Folder,
    settings::{local, local_port},
};
use anyhow::{Context, anyhow, bail};
use klamm_plan::cluster::ValidatedCluster;
use klamm_types::BrokerId;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
};

/// Between two looks at a broker that starts.
const LOOK_AFTER: Duration = Duration::from_millis(20);

/// A broker that takes longer to stop is killed: its next start recovers.
const STOP_MAX: Duration = Duration::from_secs(60);

/// A running broker.
pub struct Broker {
    /// Its id.
    pub id: BrokerId,
    /// Where its files are.
    pub folder: PathBuf,
    /// Where clients connect.
    pub port: u16,
    http_port: u16,
    started: Instant,
    child: Child,
}

impl Broker {
    /// Writes the configuration, formats an empty folder, and starts the process.
    pub async fn start(
        folder: &mut Folder,
        cluster: &ValidatedCluster,
        id: BrokerId,
    ) -> anyhow::Result<Self> {
        let listener = cluster.listeners.first().ok_or_else(|| anyhow!("the Cluster has no listener"))?;
        let port = local_port(listener.port, id)?;
        let home = folder.path.join(format!("broker-{id}"));
        std::fs::create_dir_all(&home).with_context(|| home.display().to_string())?;
        let settings = local(cluster, id, folder, &home)?;
        let file = home.join("broker.yaml");
        std::fs::write(&file, klamm_plan::cluster::yaml(&settings))
            .with_context(|| file.display().to_string())?;
        if !home.join("data/meta.properties").exists() {
            format(folder, id, &file, &home).await?;
        }
        let log = std::fs::OpenOptions::new().create(true).append(true).open(home.join("broker.log"))?;
        eprintln!("starting broker {id}, log in {}", home.join("broker.log").display());
        let child = program()?
            .arg("--config")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0) // Ctrl-C is ours: we stop it in order
            .spawn()
            .context("klamm-broker could not be started")?;
        folder.set_pid(id, child.id())?;
        let http_port = folder.node(id)?.ports.http;
        Ok(Self { id, folder: home, port, http_port, started: Instant::now(), child })
    }

    /// Waits until `/readyz` says so, `most` from its start on.
    pub async fn wait_until_ready(&mut self, most: Duration) -> anyhow::Result<()> {
        let id = self.id;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Err(self.told(status));
            }
            let late = self.started.elapsed() > most;
            match readiness(self.http_port).await {
                Some((true, _)) => return Ok(()),
                Some((false, why)) if late => bail!("broker {id} is not ready after {most:?}: {why}"),
                None if late => bail!("broker {id} does not answer after {most:?}"),
                _ => tokio::time::sleep(LOOK_AFTER).await,
            }
        }
    }

    /// How long ago it was started.
    pub fn age(&self) -> Duration {
        self.started.elapsed()
    }

    /// Waits for the end of the process.
    pub async fn ended(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Tells of an end that nobody asked for.
    pub fn told(&self, status: ExitStatus) -> anyhow::Error {
        let log = self.folder.join("broker.log");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let last =
            text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("its log is empty").to_owned();
        anyhow!("broker {} ended by itself ({status}): {last}; all of it is in {}", self.id, log.display())
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        if let Some(pid) = self.child.id().and_then(|pid| Pid::from_raw(pid as i32)) {
            let _ = kill_process(pid, Signal::TERM); // it may have ended meanwhile
        }
    }

    /// Waits until it has stopped, after [`Broker::terminate`].
    pub async fn stopped(mut self) -> anyhow::Result<()> {
        if tokio::time::timeout(STOP_MAX, self.child.wait()).await.is_err() {
            self.child.kill().await?;
            let id = self.id;
            eprintln!("broker {id} did not stop within {STOP_MAX:?} and was killed; its next start recovers");
        }
        Ok(())
    }
}

async fn format(folder: &Folder, id: BrokerId, file: &Path, home: &Path) -> anyhow::Result<()> {
    eprintln!("formatting {}", home.join("data").display());
    let mut format = program()?;
    format.arg("format").arg("--config").arg(file).args(["--cluster-id", &folder.state.cluster_id]);
    match folder.node(id)?.votes {
        true => format.arg("--initial-controllers").arg(folder.voters()),
        false => format.arg("--no-initial-controllers"),
    };
    if !format.stdout(Stdio::null()).status().await?.success() {
        bail!("klamm-broker format failed");
    }
    Ok(())
}

/// `klamm-broker` beside this program, or on the PATH.
fn program() -> anyhow::Result<Command> {
    let beside = std::env::current_exe()?.with_file_name("klamm-broker");
    Ok(Command::new(if beside.exists() { beside } else { PathBuf::from("klamm-broker") }))
}

/// What `/readyz` says; none while nobody listens.
async fn readiness(port: u16) -> Option<(bool, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.ok()?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await.ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.ok()?;
    let body = answer.split("\r\n\r\n").nth(1).unwrap_or_default().trim().to_owned();
    Some((answer.starts_with("HTTP/1.1 200"), body))
}
