//! A broker as a process of this machine.

use super::folder::Folder;
use anyhow::{Context, anyhow, bail};
use klamm_plan::cluster::ValidatedCluster;
use klamm_types::BrokerId;
use rustix::process::{Pid, Signal, kill_process};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Stdio,
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

/// Each broker's listeners are this many ports after those of the one before.
const PORTS_APART: u16 = 100;

/// A running broker.
pub struct Broker {
    /// Where its files are.
    pub folder: PathBuf,
    /// Where clients connect.
    pub port: u16,
    http_port: u16,
    state: Folder,
    child: Child,
}

impl Broker {
    /// Writes the configuration, formats an empty folder, and starts the process.
    pub async fn start(folder: &Folder, cluster: &ValidatedCluster) -> anyhow::Result<Self> {
        let (pool, id) = cluster.brokers().next().ok_or_else(|| anyhow!("the Cluster has no broker"))?;
        let listener = cluster.listeners.first().ok_or_else(|| anyhow!("the Cluster has no listener"))?;
        let port = local_port(listener.port, id)?;
        let home = folder.path.join(format!("broker-{id}"));
        std::fs::create_dir_all(&home).with_context(|| home.display().to_string())?;
        let settings = local(&pool.settings[&id], cluster, id, folder, &home)?;
        let file = home.join("broker.yaml");
        std::fs::write(&file, klamm_plan::cluster::yaml(&settings))
            .with_context(|| file.display().to_string())?;
        if !home.join("data/meta.properties").exists() {
            eprintln!("formatting {}", home.join("data").display());
            let done =
                program()?.arg("format").arg("--config").arg(&file).stdout(Stdio::null()).status().await?;
            if !done.success() {
                bail!("klamm-broker format failed");
            }
        }
        let log = std::fs::File::create(home.join("broker.log"))?;
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
        let mut state = folder.clone();
        state.state.pid = child.id();
        state.write()?;
        Ok(Self { folder: home, port, http_port: folder.state.http_port, state, child })
    }

    /// The bootstrap address.
    pub fn address(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Waits until `/readyz` says so.
    pub async fn wait_until_ready(&mut self, most: Duration) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            if self.child.try_wait()?.is_some() {
                return Err(self.ended().await);
            }
            match readiness(self.http_port).await {
                Some((true, _)) => return Ok(()),
                Some((false, why)) if began.elapsed() > most => {
                    bail!("the broker is not ready after {most:?}: {why}")
                }
                None if began.elapsed() > most => bail!("the broker does not answer after {most:?}"),
                _ => tokio::time::sleep(LOOK_AFTER).await,
            }
        }
    }

    /// Waits for the end of the process, which nobody asked for, and tells of it.
    pub async fn ended(&mut self) -> anyhow::Error {
        let status = self.child.wait().await;
        let log = self.folder.join("broker.log");
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let last =
            text.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("its log is empty").to_owned();
        match status {
            Ok(status) => {
                anyhow!("the broker ended by itself ({status}): {last}; all of it is in {}", log.display())
            }
            Err(error) => error.into(),
        }
    }

    /// Stops it in order.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(pid) = self.child.id().and_then(|pid| Pid::from_raw(pid as i32)) {
            let _ = kill_process(pid, Signal::TERM); // it may have ended meanwhile
        }
        if tokio::time::timeout(STOP_MAX, self.child.wait()).await.is_err() {
            self.child.kill().await?;
            eprintln!("the broker did not stop within {STOP_MAX:?} and was killed; its next start recovers");
        }
        self.state.state.pid = None;
        self.state.write()
    }
}

/// `klamm-broker` beside this program, or on the PATH.
fn program() -> anyhow::Result<Command> {
    let beside = std::env::current_exe()?.with_file_name("klamm-broker");
    Ok(Command::new(if beside.exists() { beside } else { PathBuf::from("klamm-broker") }))
}

fn local_port(port: i32, id: BrokerId) -> anyhow::Result<u16> {
    let port = i32::from(PORTS_APART) * id.0 + port;
    u16::try_from(port).map_err(|_| anyhow!("broker {id} would have the port {port}, and there are 65535"))
}

/// The settings that the operator would give, with addresses, folders and plain text of this machine.
fn local(
    settings: &BTreeMap<String, String>,
    cluster: &ValidatedCluster,
    id: BrokerId,
    folder: &Folder,
    home: &Path,
) -> anyhow::Result<BTreeMap<String, String>> {
    const ELSEWHERE: [&str; 5] = [
        "inter.broker.listener.name",
        "klamm.control.listener",
        "klamm.tls.certificate.file",
        "klamm.tls.key.file",
        "klamm.tls.trust.file",
    ];
    let mut local = settings.clone();
    local.retain(|key, _| !ELSEWHERE.contains(&key.as_str()));
    let mut listeners = Vec::new();
    for listener in &cluster.listeners {
        listeners.push((listener.name.to_uppercase(), local_port(listener.port, id)?));
    }
    let text = |host: &str, all: &[(String, u16)]| {
        let one = |(name, port): &(String, u16)| format!("{name}://{host}:{port}");
        all.iter().map(one).collect::<Vec<_>>().join(",")
    };
    let controller = [("CONTROLLER".to_owned(), folder.state.controller_port)];
    let all = [listeners.as_slice(), &controller].concat();
    let protocols: Vec<_> = all.iter().map(|(name, _)| format!("{name}:PLAINTEXT")).collect();
    let mut set = |key: &str, value: String| local.insert(key.to_owned(), value);
    set("listeners", text("127.0.0.1", &all));
    set("advertised.listeners", text("localhost", &listeners));
    set("listener.security.protocol.map", protocols.join(","));
    set("controller.quorum.bootstrap.servers", format!("127.0.0.1:{}", folder.state.controller_port));
    set("klamm.http.listener", format!("127.0.0.1:{}", folder.state.http_port));
    set("log.dirs", home.join("data").display().to_string());
    Ok(local)
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
