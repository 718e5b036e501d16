//! The task that owns the metadata log and the quorum's machine. What comes while one batch is synced is taken with the next.
//!
//! Must never wait for another node or for the broker: requests go through [`Couriers`], images through [`publish_all`].

use super::{
    Answer, Command, Controller, ControllerError, Leadership, Reply,
    admin::Context,
    applying::{Applying, Publish, Step, publish_all},
    checkpoint,
    courier::Couriers,
    leadership::LeadershipView,
    metadata_log::MetadataLog,
};
use crate::peer::Peers;
use klamm_metadata::{Position, Record, config::Settings};
use klamm_protocol::AbortTransactionRecord;
use klamm_quorum::{
    CallId, Endpoint, Event, Quorum, ReplicaKey, Request, SnapshotId, SnapshotPolicy, Start, Timeouts,
};
use klamm_storage::LogDir;
use klamm_types::{Bytes, LeaderEpoch, Str};
use klamm_world::World;
use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

/// What is taken from the mailbox at once.
const DRAIN_MAX: usize = 1024;

/// Who waits for an answer of the machine.
pub(super) struct Caller {
    pub reply: oneshot::Sender<Reply>,
    /// The most bytes of log or snapshot that the answer may have.
    pub bytes_max: u32,
    /// The snapshot that a piece was asked of.
    pub snapshot: Option<SnapshotId>,
}

/// The task that owns the metadata log.
pub struct Driver {
    pub(super) world: World,
    mailbox: mpsc::UnboundedReceiver<Command>,
    pub(super) myself: mpsc::WeakUnboundedSender<Command>,
    view: Arc<Mutex<Quorum>>,
    leadership: Arc<LeadershipView>,
    pub(super) log: MetadataLog,
    pub(super) quorum: Quorum,
    pub(super) couriers: Couriers,
    pub(super) applying: Applying,
    steps: Option<mpsc::UnboundedReceiver<Step>>,
    /// What `quorum-state` says on the disk.
    pub(super) persisted: LeaderEpoch,
    bootstrap: PathBuf,
    pub(super) calls: BTreeMap<CallId, Caller>,
    next_call: u64,
    pub(super) leading: Option<LeaderEpoch>,
}

impl Controller {
    /// Opens the metadata log in `dir` and reads it. The driver must then be run. `endpoints` is where other controllers reach
    /// this node: it may be empty where there are none.
    ///
    /// # Errors
    /// [`ControllerError`].
    pub async fn open(
        world: World,
        dir: &LogDir,
        settings: &Settings,
        peers: Peers,
        endpoints: Vec<Endpoint>,
    ) -> Result<(Controller, Driver), ControllerError> {
        let (log, found) = MetadataLog::open(world.clone(), dir, settings).await?;
        let (state, bootstrap) = (found.state, dir.device().path().join(super::format::BOOTSTRAP));
        let me = ReplicaKey { id: settings.node_id(), directory: dir.meta().directory_id };
        let (sender, mailbox) = mpsc::unbounded_channel();
        let cluster_id = &dir.meta().cluster_id;
        let couriers = Couriers::new(world.clone(), peers, settings, cluster_id, sender.downgrade());
        let known = found.voters.latest().get(me.id).map(|voter| voter.endpoints.clone());
        let start = Start {
            me,
            endpoints: if endpoints.is_empty() { known.unwrap_or_default() } else { endpoints },
            voters: found.voters,
            state,
            log: found.shape,
            snapshot: found.snapshot,
            bytes_since_snapshot: found.bytes_since_snapshot,
            policy: policy(settings),
            timeouts: timeouts(settings),
            bootstrap: couriers.bootstrap_count(),
            seed: world.random_u64(),
        };
        let quorum = Quorum::new(world.clock.now(), start);
        let view = Arc::new(Mutex::new(quorum.clone()));
        let leadership = Arc::new(LeadershipView::default());
        let (publish, steps) = mpsc::unbounded_channel();
        let driver = Driver {
            myself: sender.downgrade(),
            view: Arc::clone(&view),
            leadership: Arc::clone(&leadership),
            persisted: quorum.epoch(),
            applying: Applying::new(found.replay, found.batches, settings.release, publish),
            steps: Some(steps),
            calls: BTreeMap::new(),
            next_call: 0,
            leading: None,
            world,
            mailbox,
            log,
            quorum,
            couriers,
            bootstrap,
        };
        let context = Arc::new(Context::new(driver.world.clone(), settings));
        let meta = Arc::new(dir.meta().clone());
        Ok((Controller { mailbox: sender, view, leadership, meta, context }, driver))
    }
}

fn timeouts(settings: &Settings) -> Timeouts {
    let of = |name: &str| {
        let millis = settings.number::<u64>(&format!("controller.quorum.{name}.ms"));
        millis.map(Duration::from_millis).unwrap_or_default()
    };
    Timeouts::new(
        of("election.timeout"),
        of("fetch.timeout"),
        of("election.backoff.max"),
        of("retry.backoff"),
    )
}

fn policy(settings: &Settings) -> SnapshotPolicy {
    let interval =
        settings.number::<u64>("metadata.log.max.snapshot.interval.ms").filter(|millis| *millis > 0);
    SnapshotPolicy {
        bytes: settings.number("metadata.log.max.record.bytes.between.snapshots").unwrap_or(u64::MAX),
        interval: interval.map(Duration::from_millis),
    }
}

impl Driver {
    /// Runs until [`Controller::stop`], or until nobody has a way to it.
    ///
    /// # Errors
    /// [`ControllerError`]: the process must end, what was not answered was not done.
    pub async fn run(mut self, broker: Arc<dyn Publish>) -> Result<(), ControllerError> {
        let Some(steps) = self.steps.take() else { return Ok(()) };
        let (done, ()) = futures::join!(self.drive(), publish_all(steps, broker));
        done
    }

    async fn drive(mut self) -> Result<(), ControllerError> {
        self.event(Event::Tick).await?;
        self.settle().await?;
        let mut commands = Vec::with_capacity(DRAIN_MAX);
        loop {
            if self.receive(&mut commands).await == 0 {
                self.event(Event::Tick).await?;
                if self.mailbox.is_closed() {
                    return Ok(());
                }
            }
            let mut ending = Vec::new();
            for command in commands.drain(..) {
                self.take(command, &mut ending).await?;
            }
            self.settle().await?;
            if !ending.is_empty() {
                self.log.close().await?;
                self.applying.answer(ending);
                return Ok(());
            }
        }
    }

    /// Waits for commands, or for the machine's deadline: then there are none.
    async fn receive(&mut self, commands: &mut Vec<Command>) -> usize {
        match self.quorum.deadline() {
            None => self.mailbox.recv_many(commands, DRAIN_MAX).await,
            Some(deadline) => {
                let received = self.mailbox.recv_many(commands, DRAIN_MAX);
                self.world.deadline(deadline, received).await.unwrap_or(0)
            }
        }
    }

    async fn take(&mut self, command: Command, ending: &mut Vec<Answer>) -> Result<(), ControllerError> {
        match command {
            // dropped, it answers "not the controller"
            Command::Decide(_) if self.leading.is_none() => Ok(()),
            Command::Decide(decide) => {
                self.begin_cluster().await?;
                let (records, answer) = decide(self.applying.newest(self.quorum.end()));
                self.propose(records, Some(answer)).await
            }
            Command::Asked { request, bytes_max, reply } => self.asked(request, bytes_max, reply).await,
            Command::Answered(request, answer) => self.event(Event::Answered { request, answer }).await,
            Command::Snapshotted(id, true) => self.event(Event::SnapshotWritten(id)).await,
            Command::Snapshotted(id, false) => self.event(Event::SnapshotFailed(id)).await,
            Command::Resign => self.event(Event::Resign).await,
            Command::Stop(answer) => {
                ending.push(answer);
                Ok(())
            }
        }
    }

    async fn asked(
        &mut self,
        request: Request,
        bytes_max: u32,
        reply: oneshot::Sender<Reply>,
    ) -> Result<(), ControllerError> {
        let call = CallId(self.next_call);
        self.next_call += 1;
        let snapshot = match &request {
            Request::FetchSnapshot { snapshot, .. } => Some(*snapshot),
            _ => None,
        };
        self.calls.insert(call, Caller { reply, bytes_max, snapshot });
        self.event(Event::Asked { call, request }).await
    }

    /// Appends records, and remembers who waits for them. What changes nothing is answered with what is before it.
    async fn propose(&mut self, records: Vec<Record>, answer: Option<Answer>) -> Result<(), ControllerError> {
        let (begin, epoch) = (self.quorum.end(), self.quorum.epoch());
        if records.is_empty() {
            self.applying.decided(begin, records, answer, None);
            return Ok(());
        }
        let end = begin.plus(i64::try_from(records.len()).unwrap_or(i64::MAX));
        // a decision that does not fit its image is a fault of this program: it must not reach the log
        let (newest, _) = self.applying.newest(begin).apply(&records, Position { end, epoch })?;
        let framed: Result<Vec<Bytes>, _> =
            records.iter().map(|record| checkpoint::to_bytes(&newest.features, record)).collect();
        // before the event: were it to end this leadership, it would drop the answer
        let framed = framed?;
        self.applying.decided(end, records, answer, Some(newest));
        self.event(Event::Propose { epoch, records: framed }).await
    }

    /// A new leader ends what the one before has left open; the first of a cluster writes what the cluster begins with.
    async fn begin_cluster(&mut self) -> Result<(), ControllerError> {
        if self.leading.is_some() && self.applying.in_transaction() {
            let reason = Some(Str::from_static("the controller that began it does not lead any more"));
            self.propose(vec![AbortTransactionRecord { reason }.into()], None).await?;
        }
        if self.leading.is_none() || self.applying.has_begun() {
            return Ok(());
        }
        let first = checkpoint::read(self.world.disk.as_ref(), &self.bootstrap, self.log.release)?;
        self.propose(first.records, None).await
    }

    /// Makes durable what was appended, and passes on what is committed.
    async fn settle(&mut self) -> Result<(), ControllerError> {
        loop {
            self.begin_cluster().await?;
            if self.quorum.durable() >= self.quorum.end() {
                break;
            }
            let end = self.log.sync().await?;
            self.event(Event::Durable { end }).await?;
        }
        self.applying.release(&self.quorum)?;
        self.tell();
        Ok(())
    }

    /// The machine takes an event, and what follows from it is done, in order.
    async fn event(&mut self, event: Event) -> Result<(), ControllerError> {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            let mut effects = Vec::new();
            self.quorum.on_event(self.world.clock.now(), event, &mut effects)?;
            for effect in effects {
                events.extend(self.carry_out(effect).await?);
            }
        }
        Ok(())
    }

    /// Tells the rest of this node where the quorum stands.
    pub(super) fn tell(&self) {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&self.quorum);
        let leader = self.quorum.leader();
        self.leadership.set(Leadership {
            epoch: self.quorum.epoch(),
            leader,
            endpoints: leader.map(|leader| self.quorum.endpoints_of(leader).to_vec()).unwrap_or_default(),
            active: self.leading.is_some(),
        });
    }
}
