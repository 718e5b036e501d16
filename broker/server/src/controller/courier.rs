//! Requests to other nodes of the quorum: one task and one connection for each address and kind, one request at a time, an
//! answer or a failure for each, in time.

use super::{Command, wire};
use crate::peer::Peers;
use klamm_client::{ClientError, Connection};
use klamm_metadata::config::{Settings, elements};
use klamm_quorum::{Answer, Endpoint, Failure, Quorum, Request, RequestId, Target};
use klamm_types::{Mono, Str};
use klamm_world::World;
use std::{collections::BTreeMap, io, time::Duration};
use tokio::sync::mpsc;

/// A connection that nobody has used for so long is closed; the other side would close it some time later.
const IDLE_MAX: Duration = Duration::from_secs(300);

/// What must not wait for each other: a fetch waits for news, a vote may not wait for a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Lane {
    Fetches,
    Votes,
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Address {
    host: Str,
    port: u16,
    listener: Str,
}

struct Letter {
    id: RequestId,
    request: Request,
    deadline: Mono,
}

/// How long answers are waited for: no longer than they are of use.
#[derive(Clone, Copy)]
struct Patience {
    vote: Duration,
    other: Duration,
}

/// The ways to other nodes.
pub(super) struct Couriers {
    world: World,
    peers: Peers,
    driver: mpsc::WeakUnboundedSender<Command>,
    cluster_id: Str,
    bootstrap: Vec<Address>,
    listeners: Vec<Str>,
    patience: Patience,
    lanes: BTreeMap<(Address, Lane), mpsc::UnboundedSender<Letter>>,
}

impl Couriers {
    pub fn new(
        world: World,
        peers: Peers,
        settings: &Settings,
        cluster_id: &str,
        driver: mpsc::WeakUnboundedSender<Command>,
    ) -> Self {
        let names = settings.get("controller.listener.names").unwrap_or_default();
        let listeners: Vec<Str> = elements(&names).map(Str::from).collect();
        let listener = listeners.first().cloned().unwrap_or_default();
        let servers = settings.get("controller.quorum.bootstrap.servers").unwrap_or_default();
        let bootstrap = elements(&servers).filter_map(|server| {
            let (host, port) = server.rsplit_once(':')?;
            let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
            Some(Address { host: Str::from(host), port: port.parse().ok()?, listener: listener.clone() })
        });
        let millis = |name: &str| {
            let millis = settings.number::<u64>(&format!("controller.quorum.{name}.timeout.ms"));
            Duration::from_millis(millis.unwrap_or_default())
        };
        let other = millis("request").min(millis("fetch"));
        Self {
            bootstrap: bootstrap.collect(),
            patience: Patience { vote: other.min(millis("election")), other },
            cluster_id: Str::from(cluster_id),
            lanes: BTreeMap::new(),
            world,
            peers,
            driver,
            listeners,
        }
    }

    /// How many addresses there are to ask for the quorum.
    pub fn bootstrap_count(&self) -> usize {
        self.bootstrap.len()
    }

    /// Sends a request; the driver hears what becomes of it.
    pub fn send(&mut self, quorum: &Quorum, id: RequestId, to: Target, request: Request) {
        let (lane, patience) = match request {
            Request::Fetch { .. } | Request::FetchSnapshot { .. } => (Lane::Fetches, self.patience.other),
            Request::Vote { .. } => (Lane::Votes, self.patience.vote),
            _ => (Lane::Votes, self.patience.other),
        };
        let address = match to {
            Target::Node(node) => self.address(quorum.endpoints_of(node)),
            Target::Bootstrap(index) => self.bootstrap.get(index).cloned(),
        };
        let Some(address) = address else {
            if let Some(driver) = self.driver.upgrade() {
                let _ = driver.send(Command::Answered(id, Err(Failure::Lost))); // it has ended
            }
            return;
        };
        let letter = Letter { id, request, deadline: self.world.clock.now().mono.plus(patience) };
        let way = (address, lane);
        let returned = match self.lanes.get(&way) {
            Some(open) => open.send(letter).err().map(|error| error.0),
            None => Some(letter),
        };
        if let Some(letter) = returned {
            let (send, letters) = mpsc::unbounded_channel();
            let _ = send.send(letter); // its receiver is here
            let courier = Courier {
                world: self.world.clone(),
                peers: self.peers.clone(),
                driver: self.driver.clone(),
                cluster_id: self.cluster_id.clone(),
                address: way.0.clone(),
                connection: None,
            };
            self.lanes.insert(way, send);
            self.world.spawn.spawn("courier", Box::pin(courier.run(letters)));
        }
    }

    fn address(&self, endpoints: &[Endpoint]) -> Option<Address> {
        let known = |one: &&Endpoint| self.listeners.contains(&one.listener);
        let one = endpoints.iter().find(known).or(endpoints.first())?;
        Some(Address { host: one.host.clone(), port: one.port, listener: one.listener.clone() })
    }
}

/// The one who carries requests of one kind to one address.
struct Courier {
    world: World,
    peers: Peers,
    driver: mpsc::WeakUnboundedSender<Command>,
    cluster_id: Str,
    address: Address,
    connection: Option<Connection>,
}

impl Courier {
    async fn run(mut self, mut letters: mpsc::UnboundedReceiver<Letter>) {
        let world = self.world.clone();
        loop {
            let idle = world.clock.now().mono.plus(IDLE_MAX);
            let Ok(Some(Letter { id, request, deadline })) = world.deadline(idle, letters.recv()).await
            else {
                return;
            };
            let asked = world.deadline(deadline, self.ask(&request)).await;
            let answer = match asked {
                Ok(asked) => asked.map_err(|error| self.failure(&error)),
                Err(_) => Err(Failure::Lost),
            };
            if answer.is_err() {
                self.connection = None; // an answer that comes later is none to the next request
            }
            let Some(driver) = self.driver.upgrade() else { return };
            if driver.send(Command::Answered(id, answer)).is_err() {
                return;
            }
        }
    }

    /// A connection that was idle may be gone by now, with its other side alive: then once more.
    async fn ask(&mut self, request: &Request) -> Result<Answer, ClientError> {
        if let Some(open) = &mut self.connection {
            match wire::ask(open, &self.cluster_id, &self.address.listener, request).await {
                Ok(answer) => return Ok(answer),
                Err(error) => {
                    let _ = self.failure(&error);
                }
            }
        }
        let Address { host, port, listener } = &self.address;
        self.connection = None;
        let open = self.connection.insert(self.peers.connect(listener, host, *port).await?);
        wire::ask(open, &self.cluster_id, listener, request).await
    }

    fn failure(&self, error: &ClientError) -> Failure {
        tracing::debug!(listener = %self.address.listener, %error, "a node of the quorum does not answer");
        match error {
            ClientError::Io { error, .. } if error.kind() == io::ErrorKind::ConnectionRefused => {
                Failure::Refused
            }
            _ => Failure::Lost,
        }
    }
}
