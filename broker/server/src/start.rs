//! From settings to a broker that takes part, and back.

use crate::{
    api::{ClientService, Refusing, Scope},
    background,
    broker::Broker,
    control::{self, ControlService},
    controller::{self, Controller, ControllerChannel, ControllerError, upkeep},
    directories,
    health::BrokerHealth,
    http,
    life::{Life, Stage},
    lifecycle::{self, Identity, Lifecycle, others_are_active},
    listeners::{self, Bound, ListenError},
    peer::Peers,
    replicate::{Fetchers, alter},
    shard::{LogDirs, Shards},
    tls::{self, Members, TlsError},
};
use klamm_metadata::{
    config::Settings,
    decide::{Refused, Registration},
};
use klamm_net::{Budget, Closing, Service, serve};
use klamm_storage::{LogDir, OpenError};
use klamm_types::{BrokerEpoch, Str};
use klamm_world::World;
use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::sync::{Notify, mpsc};

/// Requests may hold this part of the memory that the process may use, unless `klamm.memory.budget.bytes` says otherwise.
const BUDGET_SHARE: u64 = 4;

/// The most that this gives.
const BUDGET_BYTES_MAX: u64 = 1 << 30;

/// How long connections have to get their last answers at the end.
const DRAIN_MAX: Duration = Duration::from_secs(2);

/// How long a broker that ends waits until others have taken over what it leads.
const HAND_OVER_MAX: Duration = Duration::from_secs(10);
/// How long an active controller that ends waits until another is elected.
const RESIGN_MAX: Duration = Duration::from_secs(1);

/// How long in-sync replicas have to fetch what is left, before the hand-over: who takes longer will leave the ISR.
const CATCH_UP_MAX: Duration = Duration::from_secs(2);

/// How long the controller has to answer for ISRs; leaders ask again after it.
const ALTER_MAX: Duration = Duration::from_secs(2);

/// How often it is looked whether they have.
const DRAIN_CHECK: Duration = Duration::from_millis(5);

/// What `main` knows and settings do not say.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The memory that this process may use, in bytes.
    pub memory_bytes: u64,
    /// The name of this host.
    pub hostname: String,
}

/// Why a broker does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// A log directory.
    #[error(transparent)]
    Directory(#[from] OpenError),
    /// A listener.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// Certificates.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The metadata log.
    #[error(transparent)]
    Controller(#[from] ControllerError),
    /// The node's controller ended before the broker took part.
    #[error("{0}")]
    Failed(String),
    /// The cluster does not take the broker.
    #[error("the broker cannot register: {}", .0.message)]
    Registration(Refused),
    /// The address of a service is none.
    #[error("{setting} is {value}: an IP address and a port are needed, such as 0.0.0.0:9644")]
    Address {
        /// The setting.
        setting: &'static str,
        /// Its value.
        value: String,
    },
    /// It cannot be listened on.
    #[error("cannot listen on {address} ({setting}): {error}")]
    Bind {
        /// The setting.
        setting: &'static str,
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        error: std::io::Error,
    },
    /// The control service must know who it speaks with.
    #[error(
        "klamm.control.listener needs klamm.tls.certificate.file with a name klamm://NAMESPACE/CLUSTER/broker/ID, and klamm.tls.trust.file"
    )]
    NoIdentity,
}

/// A broker that takes part.
pub struct Running {
    /// Its state.
    pub broker: Arc<Broker>,
    /// Where it listens, by listener.
    pub addresses: BTreeMap<Str, SocketAddr>,
    /// Resolves with the reason when it cannot go on.
    pub failed: mpsc::Receiver<String>,
    gates: Vec<Arc<klamm_net::Gate>>,
    closing: Closing,
    life: Arc<Life>,
    closing_shells: Closing,
    lifecycle: Lifecycle,
}

/// Starts a broker on formatted directories: it serves when this returns.
///
/// # Errors
/// See [`StartError`].
pub async fn start(world: World, settings: Settings, machine: &Machine) -> Result<Running, StartError> {
    let (closing, closing_shells) = (Closing::default(), Closing::default());
    let life = Life::new(settings.node_id());
    if let Some(listener) = bind_shell(&world, &settings, "klamm.http.listener")? {
        let health = Arc::new(BrokerHealth::new(Arc::clone(&life)));
        world
            .spawn
            .spawn("http", Box::pin(http::serve(world.clone(), listener, health, closing_shells.clone())));
    }
    let members = Members::of_certificate(world.disk.as_ref(), &settings)?;
    be_formatted(&world, &settings, &life, members.clone(), &closing_shells).await?;
    let budget = Budget::new(budget_bytes(&settings, machine));
    let bound = listeners::bind(&world, &settings, &budget, &machine.hostname, &closing)?;

    let dirs = directories::open(&world, &settings)?;
    let metadata = controller::metadata_directory(&settings);
    let metadata_dir = dirs.iter().find(|dir| dir.device().path() == metadata).expect("directories() has it");
    let peers = Peers::new(&world, &settings)?;
    let (controller, driver) =
        Controller::open(world.clone(), metadata_dir, &settings, peers.clone(), quorum_endpoints(&bound))
            .await?;
    let identity = identity(&world, &settings, &bound, &dirs);
    dirs.iter().for_each(|dir| {
        let leftovers = dir.leftovers();
        world.spawn.spawn("leftovers", world.spawn.blocking(Box::new(move || leftovers.run())));
    });
    let shards = Shards::start(&world, settings.node_id(), LogDirs::new(dirs), world.spawn.cores());
    let gates: Vec<_> = bound.iter().map(|one| Arc::clone(&one.gate)).collect();
    let heartbeats = ControllerChannel::new(world.clone(), &settings, controller.clone(), peers.clone());
    let broker =
        Arc::new(Broker::new(world.clone(), settings, (controller, peers), shards, budget, gates.clone()));
    life.set_broker(Arc::clone(&broker));

    let (fail, mut failed) = mpsc::channel(1);
    let publish = Arc::clone(&broker);
    let tell = fail.clone();
    let driving = async move {
        if let Err(error) = driver.run(publish).await {
            let _ = tell.try_send(format!("the metadata log: {error}")); // nobody asks when the broker ends anyway
        }
    };
    world.spawn.spawn("controller", Box::pin(driving));
    let addresses = bound.iter().map(|one| (one.gate.name.clone(), one.address)).collect();
    // voters find each other before there is a controller with whom to register
    let (controllers, clients): (Vec<_>, Vec<_>) = bound.into_iter().partition(|one| one.controller);
    open_gates(&broker, controllers, members.clone());
    let judge = Arc::clone(broker.controller.judge()).run(broker.controller.clone(), closing.clone());
    world.spawn.spawn("judge", Box::pin(judge));
    let upkeep =
        upkeep::run(world.clone(), broker.settings.clone(), broker.controller.clone(), closing.clone());
    world.spawn.spawn("upkeep", Box::pin(upkeep));
    let mut lifecycle = lifecycle::start(&broker, heartbeats, identity, &closing, fail);
    tokio::select! {
        biased;
        // without a controller nobody unfences it: a disk that refuses ends the process, as it does later
        Some(reason) = failed.recv() => return Err(StartError::Failed(reason)),
        taken = lifecycle.active() => taken.map_err(StartError::Registration)?,
    }
    Fetchers::start(&broker, &closing);
    carry_isrs(&broker, &closing);
    background::start(&broker, &closing);
    open_gates(&broker, clients, members);
    life.set_stage(Stage::Serving);
    Ok(Running { broker, addresses, failed, gates, closing, life, closing_shells, lifecycle })
}

/// Carries to the active controller what leaders here ask of it.
fn carry_isrs(broker: &Arc<Broker>, closing: &Closing) {
    let asker = Arc::clone(broker);
    alter::start(broker, closing, move |request| {
        let broker = Arc::clone(&asker);
        async move {
            let deadline = broker.world.clock.now().mono.plus(ALTER_MAX);
            let answer = broker.channel.request(&request, deadline).await;
            answer.inspect_err(|error| tracing::warn!(%error, "ISRs cannot be changed now")).ok()
        }
    });
}

impl Running {
    /// Ends in order: others take over what this broker leads, no new requests, the last answers, everything durable, the mark of
    /// a clean shutdown.
    pub async fn stop(mut self) {
        let broker = self.broker;
        self.life.set_stage(Stage::Stopping);
        if broker.settings.flag("controlled.shutdown.enable") && others_are_active(&broker.image(), broker.id)
        {
            let now = broker.world.clock.now().mono;
            let deadline = now.plus(HAND_OVER_MAX);
            // who has everything can lead at once, and nobody's records are refused
            if broker.world.deadline(now.plus(CATCH_UP_MAX), broker.drain(deadline)).await != Ok(true) {
                tracing::warn!(
                    "not every in-sync replica has everything: some of what is not acknowledged may be lost"
                );
            }
            if !self.lifecycle.leave(&broker, deadline).await {
                tracing::warn!("the broker ends before all others know that it leads nothing any more");
            }
        }
        let resigned = broker.world.clock.now().mono.plus(RESIGN_MAX);
        broker.controller.resign(&broker.world, resigned).await; // before connections close: the others must hear of it
        self.closing.close();
        broker.groups.stop();
        let deadline = broker.world.clock.now().mono.plus(DRAIN_MAX);
        let open = || self.gates.iter().map(|gate| gate.counters.open.load(Ordering::Relaxed)).sum::<u64>();
        while open() > 0 && broker.world.clock.now().mono < deadline {
            broker.world.sleep(DRAIN_CHECK).await;
        }
        broker.controller.stop().await;
        background::shut_down(&broker).await;
        self.closing_shells.close();
    }
}

fn budget_bytes(settings: &Settings, machine: &Machine) -> usize {
    let set = settings.number::<u64>("klamm.memory.budget.bytes").filter(|bytes| *bytes > 0);
    let bytes = set.unwrap_or_else(|| (machine.memory_bytes / BUDGET_SHARE).min(BUDGET_BYTES_MAX));
    usize::try_from(bytes).unwrap_or(usize::MAX)
}

fn bind_shell(
    world: &World,
    settings: &Settings,
    setting: &'static str,
) -> Result<Option<Box<dyn klamm_world::Listener>>, StartError> {
    let Some(text) = settings.get(setting) else { return Ok(None) };
    let address = text.parse().map_err(|_| StartError::Address { setting, value: text.to_string() })?;
    world.network.listen(address).map(Some).map_err(|error| StartError::Bind { setting, address, error })
}

/// Where there is an operator: serves its control service, and waits until it has formatted an empty log directory.
async fn be_formatted(
    world: &World,
    settings: &Settings,
    life: &Arc<Life>,
    members: Option<Members>,
    closing: &Closing,
) -> Result<(), StartError> {
    let Some(listener) = bind_shell(world, settings, "klamm.control.listener")? else { return Ok(()) };
    let members = members.ok_or(StartError::NoIdentity)?;
    if settings.get("klamm.tls.trust.file").is_none() {
        return Err(StartError::NoIdentity);
    }
    let acceptor = tls::acceptor(world.disk.as_ref(), settings)?;
    let formatted = Arc::new(Notify::new());
    let service =
        ControlService::new(world.clone(), settings.clone(), Arc::clone(life), Arc::clone(&formatted));
    let serving = control::serve(listener, acceptor, members, service, closing.clone());
    world.spawn.spawn("control", Box::pin(serving));
    if LogDir::identity(world.disk.as_ref(), &controller::metadata_directory(settings))?.is_none() {
        life.set_stage(Stage::Empty);
        tracing::info!("the log directory is empty: waiting for the operator to format it");
        formatted.notified().await;
        life.set_stage(Stage::Starting);
    }
    Ok(())
}

/// What the node says of itself as broker and as controller.
fn identity(world: &World, settings: &Settings, bound: &[Bound], dirs: &[LogDir]) -> Identity {
    let endpoints = |controller: bool| {
        let listeners = bound.iter().filter(|one| one.controller == controller);
        listeners.map(|one| one.endpoint.clone()).collect()
    };
    let incarnation = controller::random_id(world);
    let broker = Registration {
        id: settings.node_id(),
        incarnation,
        endpoints: endpoints(false),
        rack: settings.get("broker.rack").filter(|rack| !rack.is_empty()),
        directories: dirs.iter().map(|dir| dir.meta().directory_id).collect(),
        previous_epoch: previous_epoch(dirs),
        ..Registration::of(settings.release)
    };
    let controller = Registration { endpoints: endpoints(true), directories: Vec::new(), ..broker.clone() };
    Identity { broker, controller }
}

/// The epoch in which this broker shut down in good order: −1 unless all its directories say the same (KIP-966).
fn previous_epoch(dirs: &[LogDir]) -> BrokerEpoch {
    let mut epochs = dirs.iter().map(LogDir::clean_epoch);
    let first = epochs.next().flatten();
    first.filter(|first| epochs.all(|other| other == Some(*first))).unwrap_or(BrokerEpoch(-1))
}

/// Where other controllers reach this node.
pub(crate) fn quorum_endpoints(bound: &[Bound]) -> Vec<klamm_quorum::Endpoint> {
    let endpoint = |one: &Bound| klamm_quorum::Endpoint {
        listener: one.endpoint.listener.clone(),
        host: one.endpoint.host.clone(),
        port: one.endpoint.port,
    };
    bound.iter().filter(|one| one.controller).map(endpoint).collect()
}

/// Begins to accept connections.
pub(crate) fn open_gates(broker: &Arc<Broker>, bound: Vec<Bound>, members: Option<Members>) {
    for one in bound {
        let scope = if one.controller { Scope::Controller } else { Scope::Broker };
        // who is not of this cluster has no business on a listener that asks for certificates
        let members = members.clone().filter(|_| one.gate.tls.is_some());
        let (shared, world) = (Arc::clone(broker), broker.world.clone());
        let service = move |peer: klamm_net::Peer| -> Box<dyn Service> {
            match &members {
                Some(members) if !members.contains(peer.identity.as_ref()) => Box::new(Refusing::new(peer)),
                _ => Box::new(ClientService::new(Arc::clone(&shared), peer, scope)),
            }
        };
        let serving = serve(world.clone(), one.socket, one.gate, service);
        world.spawn.spawn("listener", Box::pin(serving));
    }
}
