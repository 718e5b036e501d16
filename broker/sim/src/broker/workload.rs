//! What clients do in every scenario: a topic, a producer and a consumer per partition, and what they share.

use super::{
    client::Client,
    commits::{Commits, commit_for_ever},
    consumer::{self, NotFetched},
    history::{Era, History, Value},
    node::rack,
    producer::Producer,
};
use crate::{Host, Simulation, Violation, invariants::log_matching};
use klamm_protocol::{
    CreateTopicsRequest, ErrorCode, MetadataResponse, create_topics_request::CreatableTopic,
};
use klamm_world::World;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// The one topic.
pub const TOPIC: &str = "records";
const CREATE_VERSION: i16 = 5;
const RETRY: Duration = Duration::from_millis(100);
/// After the last fault everything must be served within this time.
pub(super) const HEALED_WITHIN: Duration = Duration::from_secs(120);

/// What the clients of a run share. Cheap to clone.
#[derive(Clone)]
pub struct Shared {
    /// The brokers' hosts.
    pub brokers: Arc<[String]>,
    simulation: Simulation,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    history: History,
    commits: BTreeMap<i32, Commits>,
    producer_ids: BTreeSet<i64>,
    violation: Option<String>,
    stopping: bool,
    producers: usize,
    /// A sync has failed and the broker has not been restarted since: it may serve what is not there any more.
    disk_lies: bool,
}

/// The workload of one run. Cheap to clone.
#[derive(Clone)]
pub struct Workload {
    shared: Shared,
    brokers: Vec<Host>,
    clients: Host,
    world: World,
    shape: Shape,
}

/// What is made of the topic, and what must hold of it.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// How many partitions it has.
    pub partitions: i32,
    /// How many replicas each has.
    pub replicas: i16,
    /// Whether consumers read in their rack.
    pub racks: bool,
    /// Whether offsets of groups are committed too: where nothing may be lost, as an oracle of losses for them there is none.
    pub commits: bool,
}

impl Shared {
    /// What the oracle knows.
    pub fn history(&self) -> HistoryGuard<'_> {
        HistoryGuard(self.state())
    }

    /// Whether clients are to end.
    pub(super) fn stopping(&self) -> bool {
        self.state().stopping
    }

    /// Something that must never be. The first one counts.
    pub fn violation(&self, what: &str) {
        self.simulation.note(what);
        self.state().violation.get_or_insert_with(|| what.to_owned());
    }

    /// Writes a line of a client into the trace.
    pub(super) fn note(&self, what: &str) {
        self.simulation.note(what);
    }

    /// A consumer got bytes that nobody wrote.
    pub(super) fn corrupt(&self, what: &str) {
        if self.state().disk_lies {
            self.simulation.trace().reached("garbage read after a failed sync");
        } else {
            self.violation(what);
        }
    }

    /// Whether the disk has dropped what it showed.
    pub fn disk_lies(&self, lies: bool) {
        self.state().disk_lies = lies;
    }

    /// What a committer knows of its group's offset.
    pub(super) fn commits<T>(&self, group: i32, change: impl FnOnce(&mut Commits) -> T) -> T {
        change(self.state().commits.entry(group).or_default())
    }

    /// Counts that a state of interest was reached.
    pub(super) fn reached(&self, what: &str) {
        self.simulation.trace().reached(what);
    }

    pub(super) fn producer_ended(&self) {
        self.state().producers -= 1;
    }

    pub(super) fn producer_id(&self, id: i64) {
        if !self.state().producer_ids.insert(id) {
            self.violation(&format!("producer id {id} was handed out twice"));
        }
    }

    pub(super) fn acknowledged(&self, partition: i32, base: Option<i64>, values: &[Value], era: Era) {
        for (index, value) in (0..).zip(values) {
            let offset = base.map(|base| base + index);
            let told = self.history().partition(partition).acknowledged(offset, *value, era);
            if let Err(what) = told {
                self.violation(&format!("partition {partition}: acknowledged: {what}"));
            }
        }
    }

    pub(super) fn answered(&self, code: ErrorCode) {
        self.simulation.trace().reached(code.name());
    }

    /// A broker that lost nothing knows every producer.
    pub(super) fn session_lost(&self, producer: u32, code: ErrorCode) {
        self.simulation.trace().reached("producer session lost");
        let state = self.state();
        let excused = state.history.era() > 0 || state.disk_lies;
        drop(state);
        if !excused {
            self.violation(&format!("producer {producer} was told {code}, and nothing was lost"));
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics under it")
    }
}

/// The oracle, locked.
pub struct HistoryGuard<'a>(MutexGuard<'a, State>);

impl std::ops::Deref for HistoryGuard<'_> {
    type Target = History;
    fn deref(&self) -> &History {
        &self.0.history
    }
}

impl std::ops::DerefMut for HistoryGuard<'_> {
    fn deref_mut(&mut self) -> &mut History {
        &mut self.0.history
    }
}

impl Workload {
    /// Makes the topic and starts a producer and a consumer on each of its partitions.
    ///
    /// # Errors
    /// When the cluster does not make it in time.
    pub async fn start(simulation: &Simulation, brokers: &[Host], shape: Shape) -> Result<Self, Violation> {
        let clients = simulation.host("clients");
        let world = clients.boot();
        let shared = Shared {
            brokers: brokers.iter().map(|broker| broker.name().to_owned()).collect(),
            simulation: simulation.clone(),
            state: Arc::default(),
        };
        create_topic(&world, &shared.brokers, shape).await?;
        shared.state().producers = shape.partitions as usize;
        for index in 0..shape.partitions {
            let producer = Producer::new(world.clone(), shared.clone(), index as u32, index);
            world.spawn.spawn("producer", Box::pin(producer.run()));
            let rack = if shape.racks { rack(1 + index % brokers.len() as i32) } else { String::new() };
            let tail = consumer::tail(world.clone(), shared.clone(), index, rack);
            world.spawn.spawn("consumer", Box::pin(tail));
            if shape.commits {
                let committing = commit_for_ever(world.clone(), shared.clone(), index);
                world.spawn.spawn("committer", Box::pin(committing));
            }
        }
        Ok(Self { shared, brokers: brokers.to_vec(), clients, world, shape })
    }

    /// What the clients' host gives its programs.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.world
    }

    /// The host of the clients.
    #[must_use]
    pub fn clients(&self) -> &Host {
        &self.clients
    }

    /// What the clients share.
    #[must_use]
    pub fn shared(&self) -> &Shared {
        &self.shared
    }

    /// What was found so far.
    ///
    /// # Errors
    /// The first violation.
    pub fn found(&self) -> Result<(), Violation> {
        self.shared.state().violation.clone().map_or(Ok(()), |what| Err(Violation(what)))
    }

    /// Everything has healed: producers must be served again, then all is read and checked.
    ///
    /// # Errors
    /// The first violation.
    pub async fn finish(&self, simulation: &Simulation) -> Result<(), Violation> {
        let deadline = simulation.elapsed() + HEALED_WITHIN;
        let goal = self.shared.history().acknowledged() + 20 * self.shape.partitions as usize;
        while self.shared.history().acknowledged() < goal {
            self.found()?;
            // one that ended by itself did so for what was wrong before
            self.brokers.iter().filter(|broker| !broker.is_running()).for_each(Host::restart);
            if simulation.elapsed() > deadline {
                return Err(Violation(format!(
                    "producers are not served {HEALED_WITHIN:?} after the last fault"
                )));
            }
            simulation.sleep(RETRY).await;
        }
        self.shared.state().stopping = true;
        while !self.all_in_sync().await {
            if simulation.elapsed() > deadline {
                return Err(Violation(format!("not all is in sync {HEALED_WITHIN:?} after the last fault")));
            }
            simulation.sleep(RETRY).await;
        }
        while self.shared.state().producers > 0 {
            if simulation.elapsed() > deadline {
                return Err(Violation("a producer does not get its last answers".into()));
            }
            simulation.sleep(RETRY).await; // what is acknowledged after the last reading would seem lost
        }
        self.verify(simulation).await?;
        log_matching::check(&self.brokers, Path::new(super::faults::LOG_DIRECTORY))
    }

    /// Whether every broker says that all brokers are there, and every replica of every topic is in sync.
    pub async fn all_in_sync(&self) -> bool {
        for broker in self.shared.brokers.iter() {
            let Ok(mut client) = Client::connect(&self.world, broker).await else { return false };
            let Ok(told) = client.metadata_of_all().await else { return false };
            if !self.is_in_sync(&told) {
                return false;
            }
        }
        true
    }

    fn is_in_sync(&self, told: &MetadataResponse) -> bool {
        let ours = told.topics.iter().find(|topic| topic.name.as_deref() == Some(TOPIC));
        let whole = ours.is_some_and(|topic| topic.partitions.len() == self.shape.partitions as usize);
        // also of `__consumer_offsets`, which begins with as many replicas as there are brokers, and grows
        let replicas = usize::from(self.shape.replicas.unsigned_abs());
        let mut partitions = told.topics.iter().flat_map(|topic| &topic.partitions);
        told.brokers.len() == self.brokers.len()
            && whole
            && partitions.all(|one| {
                one.leader_id >= 0 && one.replica_nodes.len() == replicas && one.isr_nodes.len() == replicas
            })
    }

    /// Reads every partition whole and compares it with the history.
    ///
    /// # Errors
    /// The first violation.
    pub async fn verify(&self, simulation: &Simulation) -> Result<(), Violation> {
        let deadline = simulation.elapsed() + HEALED_WITHIN;
        for index in 0..self.shape.partitions {
            let (log, end) = loop {
                match consumer::read_all(&self.world, &self.shared.brokers, index).await {
                    Ok(all) => break all,
                    Err(NotFetched::Wrong(what)) => {
                        return Err(Violation(format!("partition {index}: {what}")));
                    }
                    Err(NotFetched::Later) if simulation.elapsed() > deadline => {
                        return Err(Violation(format!("partition {index} cannot be read")));
                    }
                    Err(NotFetched::Later) => simulation.sleep(RETRY).await,
                }
            };
            let verified = self.shared.history().partition(index).verify(&log, end);
            verified.map_err(|what| Violation(format!("partition {index}: {what}")))?;
        }
        self.found()
    }
}

async fn create_topic(world: &World, brokers: &[String], shape: Shape) -> Result<(), Violation> {
    let topic = CreatableTopic {
        name: TOPIC.into(),
        num_partitions: shape.partitions,
        replication_factor: shape.replicas,
        ..CreatableTopic::default()
    };
    let request = CreateTopicsRequest { topics: vec![topic], timeout_ms: 10_000, validate_only: false };
    let deadline = world.clock.now().mono.plus(HEALED_WITHIN);
    while world.clock.now().mono < deadline {
        if let Ok(mut client) = Client::any(world, brokers).await
            && let Ok(response) = client.call(CREATE_VERSION, &request).await
        {
            let code = response.topics.first().and_then(|topic| ErrorCode::from_code(topic.error_code));
            if matches!(code, Some(ErrorCode::None | ErrorCode::TopicAlreadyExists)) {
                return Ok(());
            }
        }
        world.sleep(RETRY).await;
    }
    Err(Violation(format!("the topic is not made {HEALED_WITHIN:?} after the start")))
}
