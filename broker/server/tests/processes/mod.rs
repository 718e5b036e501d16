//! Clusters of three brokers, each a process of its own on this machine and in a rack of its own.

use klamm_client::{Client, Settings};
use klamm_protocol::MetadataResponse;
use klamm_types::{Mono, Str};
use klamm_world::{World, real};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// How long anything may take on a busy machine.
pub const SOON: Duration = Duration::from_secs(60);
/// Long enough to tell "at once" from "when its session is over" on a busy machine.
pub const SESSION: Duration = Duration::from_secs(4);
pub const IDS: [i32; 3] = [1, 2, 3];
const CLUSTER_ID: &str = "dGhyZWUtYnJva2Vycy0tLQ";

/// Three brokers, each a process.
pub struct Cluster {
    pub world: World,
    path: PathBuf,
    more: String,
    /// The client's port and the controllers'.
    ports: BTreeMap<i32, (u16, u16)>,
    pub running: BTreeMap<i32, Child>,
}

impl Cluster {
    /// Formatted, and not started; `more` are lines of settings. All are voters.
    pub fn new(name: &str, more: &str) -> Self {
        Self::with_voters(name, more, &IDS)
    }

    /// As [`Cluster::new`], where only `voting` vote.
    pub fn with_voters(name: &str, more: &str, voting: &[i32]) -> Self {
        let path = std::env::temp_dir().join(format!("klamm-three-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let world = real::world();
        // held until all are known, so that no two are the same
        let sockets: Vec<TcpListener> =
            (0..6).map(|_| TcpListener::bind("127.0.0.1:0").expect("a port is free")).collect();
        let port = |at: usize| sockets[at].local_addr().expect("it is bound").port();
        let ports = (0..).zip(IDS).map(|(at, id)| (id, (port(2 * at), port(2 * at + 1)))).collect();
        let this = Self { world, path, more: more.to_owned(), ports, running: BTreeMap::new() };
        let voters: Vec<String> = voting
            .iter()
            .map(|id| format!("{id}@127.0.0.1:{}:{}", this.ports[id].1, this.world.uuid()))
            .collect();
        for id in IDS {
            std::fs::create_dir_all(this.folder(id)).expect("a folder can be made");
            std::fs::write(this.config(id), this.settings(id)).expect("a file can be written");
            let mut format = this.program(id, "format");
            format.args(["format", "--cluster-id", CLUSTER_ID]);
            match voting.contains(&id) {
                true => format.args(["--initial-controllers", &voters.join(",")]),
                false => format.arg("--no-initial-controllers"),
            };
            let status = format.status();
            assert!(status.expect("the program is there").success(), "broker {id} is formatted");
        }
        this
    }

    /// Where its files and logs are.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn folder(&self, id: i32) -> PathBuf {
        self.path.join(id.to_string())
    }

    fn config(&self, id: i32) -> PathBuf {
        self.folder(id).join("broker.properties")
    }

    fn settings(&self, id: i32) -> String {
        let (clients, controllers) = self.ports[&id];
        let bootstrap: Vec<String> =
            self.ports.values().map(|(_, port)| format!("127.0.0.1:{port}")).collect();
        format!(
            "process.roles=broker,controller\nnode.id={id}\nbroker.rack=rack-{id}\nlog.dirs={}\n\
             listeners=PLAINTEXT://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controllers}\n\
             controller.listener.names=CONTROLLER\ncontroller.quorum.bootstrap.servers={}\n\
             broker.session.timeout.ms={}\ndefault.replication.factor=3\n{}\n",
            self.folder(id).join("data").display(),
            bootstrap.join(","),
            SESSION.as_millis(),
            self.more,
        )
    }

    fn program(&self, id: i32, what: &str) -> Command {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder(id).join(format!("{what}.log")))
            .expect("a log can be made");
        let mut command = Command::new(env!("CARGO_BIN_EXE_klamm-broker"));
        command.arg("--config").arg(self.config(id)).stdin(Stdio::null());
        command.stderr(log.try_clone().expect("a file can be shared")).stdout(log);
        command
    }

    pub fn start(&mut self, id: i32) {
        let child = self.program(id, "broker").spawn().expect("the program is there");
        self.running.insert(id, child);
    }

    /// SIGKILL: it has no time to say anything.
    pub fn kill(&mut self, id: i32) {
        let mut child = self.running.remove(&id).expect("it runs");
        child.kill().expect("it runs");
        child.wait().expect("it was started here");
    }

    pub fn now(&self) -> Mono {
        self.world.clock.now().mono
    }

    /// A client whose bootstrap these brokers are.
    pub fn client(&self, ids: &[i32]) -> Client {
        let settings = Settings {
            bootstrap: ids.iter().map(|id| ("127.0.0.1".to_owned(), self.ports[id].0)).collect(),
            tls: None,
            client_id: Str::from_static("test"),
            timeout: SOON,
        };
        Client::new(self.world.clone(), settings)
    }

    /// What broker `id` says of the cluster; none while it does not serve.
    pub async fn seen_by(&self, id: i32) -> Option<MetadataResponse> {
        self.client(&[id]).metadata(None).await.ok()
    }

    /// Waits until broker `by` sees what is wanted, and says how long that took.
    pub async fn until(&self, by: i32, what: &str, wanted: impl Fn(&MetadataResponse) -> bool) -> Duration {
        let began = self.now();
        loop {
            let seen = self.seen_by(by).await;
            if seen.as_ref().is_some_and(&wanted) {
                return self.now().since(began);
            }
            assert!(self.now().since(began) < SOON, "{what}; {by} sees {seen:?}; logs in {:?}", self.path);
            self.world.sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn until_all(&self, by: &[i32]) {
        for id in by {
            self.until(*id, "all brokers take part", |seen| ids(seen) == IDS.into()).await;
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for child in self.running.values_mut() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if !std::thread::panicking() {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// The brokers that take part, by what one says.
pub fn ids(seen: &MetadataResponse) -> BTreeSet<i32> {
    seen.brokers.iter().map(|broker| broker.node_id).collect()
}
