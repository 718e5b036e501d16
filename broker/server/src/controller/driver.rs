//! The task that owns the metadata log and the quorum's machine. Decisions that come while one batch is synced are written
//! with the next.

use super::{
    Answer, Command, Controller, ControllerError, Leadership, admin::Context, checkpoint,
    leadership::LeadershipView, metadata_log::MetadataLog,
};
use klamm_metadata::{Delta, Image, Position, Record, config::Settings};
use klamm_quorum::{After, Effect, Event, Quorum, ReplicaKey, SnapshotId, SnapshotPolicy, Start, Timeouts};
use klamm_storage::LogDir;
use klamm_types::{Bytes, LeaderEpoch, Offset};
use klamm_world::{BoxFuture, World};
use std::{
    collections::VecDeque,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::mpsc;

/// Decisions taken from the mailbox at once.
const DRAIN_MAX: usize = 1024;

/// Who works with what is committed.
pub trait Publish: Send + Sync {
    /// A new image and what has changed since the last: resolves when every part of the broker has applied it. The first
    /// delta holds everything that the image holds.
    fn publish(&self, image: Arc<Image>, delta: Delta) -> BoxFuture<'_, ()>;
}

/// Records that are in the log and not yet committed.
struct Waiting {
    end: Offset,
    records: Vec<Record>,
    answer: Option<Answer>,
}

/// The task that owns the metadata log.
pub struct Driver {
    world: World,
    mailbox: mpsc::UnboundedReceiver<Command>,
    myself: mpsc::WeakUnboundedSender<Command>,
    view: Arc<Mutex<Quorum>>,
    leadership: Arc<LeadershipView>,
    log: MetadataLog,
    quorum: Quorum,
    /// What `quorum-state` says on the disk.
    persisted: LeaderEpoch,
    bootstrap: PathBuf,
    /// What the log held at the start: published with the first commit.
    replayed: Option<(Image, Delta)>,
    committed: Arc<Image>,
    /// With what is not committed yet: decisions are made on it.
    newest: Image,
    waiting: VecDeque<Waiting>,
    leading: Option<LeaderEpoch>,
    ended: bool,
}

impl Controller {
    /// Opens the metadata log in `dir` and reads it. The driver must then be run.
    ///
    /// # Errors
    /// [`ControllerError`].
    pub async fn open(
        world: World,
        dir: &LogDir,
        settings: &Settings,
    ) -> Result<(Controller, Driver), ControllerError> {
        let (log, found) = MetadataLog::open(world.clone(), dir, settings).await?;
        let position = found.position();
        let (state, bootstrap) = (found.state, dir.device().path().join(super::format::BOOTSTRAP));
        let me = ReplicaKey { id: settings.node_id(), directory: dir.meta().directory_id };
        let voters = found.voters.latest();
        if !voters.is_empty() && !voters.is_only(me) {
            return Err(ControllerError::OtherVoters {
                voters: voters.len() - usize::from(voters.contains(me)),
            });
        }
        let start = Start {
            me,
            // one voter is reached by nobody: where it is need not be told
            endpoints: voters.get(me.id).map(|voter| voter.endpoints.clone()).unwrap_or_default(),
            voters: found.voters,
            state,
            log: found.shape,
            snapshot: found.snapshot,
            bytes_since_snapshot: found.bytes_since_snapshot,
            policy: policy(settings),
            timeouts: timeouts(settings),
            bootstrap: 0,
            seed: world.random_u64(),
        };
        let now = world.clock.now();
        let quorum = Quorum::new(now, start);
        let (sender, mailbox) = mpsc::unbounded_channel();
        let view = Arc::new(Mutex::new(quorum.clone()));
        let leadership = Arc::new(LeadershipView::default());
        let (newest, delta) = found.replay.finish(position);
        let driver = Driver {
            myself: sender.downgrade(),
            view: Arc::clone(&view),
            leadership: Arc::clone(&leadership),
            persisted: state.map_or(LeaderEpoch(0), |state| state.epoch),
            replayed: Some((newest.clone(), delta)),
            committed: Arc::default(),
            waiting: VecDeque::new(),
            leading: None,
            ended: false,
            world,
            mailbox,
            log,
            quorum,
            bootstrap,
            newest,
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
        self.event(broker.as_ref(), Event::Tick).await?;
        self.settle(broker.as_ref()).await?;
        self.begin_cluster(broker.as_ref()).await?;
        let mut commands = Vec::with_capacity(DRAIN_MAX);
        while !self.ended {
            if self.receive(&mut commands).await == 0 {
                self.event(broker.as_ref(), Event::Tick).await?;
                if self.mailbox.is_closed() {
                    return Ok(());
                }
            }
            let mut ending = Vec::new();
            for command in commands.drain(..) {
                match command {
                    // dropped, it answers "not the controller"
                    Command::Decide(_) if self.leading.is_none() => {}
                    Command::Decide(decide) => {
                        self.newest.position.end = self.quorum.end(); // control records count too
                        let (records, answer) = decide(&self.newest);
                        self.propose(broker.as_ref(), records, Some(answer)).await?;
                    }
                    Command::Snapshotted(id, true) => {
                        self.event(broker.as_ref(), Event::SnapshotWritten(id)).await?
                    }
                    Command::Snapshotted(id, false) => {
                        self.event(broker.as_ref(), Event::SnapshotFailed(id)).await?
                    }
                    Command::Stop(answer) => ending.push(answer),
                }
            }
            self.settle(broker.as_ref()).await?;
            if !ending.is_empty() {
                self.ended = true;
                self.log.close().await?;
                ending.into_iter().for_each(|answer| answer());
            }
        }
        Ok(())
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

    /// Appends records, and remembers who waits for them. What changes nothing is answered with what is before it.
    async fn propose(
        &mut self,
        broker: &dyn Publish,
        records: Vec<Record>,
        answer: Option<Answer>,
    ) -> Result<(), ControllerError> {
        if !records.is_empty() {
            let end = self.quorum.end().plus(records.len() as i64);
            let position = Position { end, epoch: self.quorum.epoch() };
            // a decision that does not fit its image is a fault of this program: it must not reach the log
            let (newest, _) = self.newest.apply(&records, position)?;
            let framed: Result<Vec<Bytes>, _> =
                records.iter().map(|record| checkpoint::to_bytes(&newest.features, record)).collect();
            let epoch = self.quorum.epoch();
            self.event(broker, Event::Propose { epoch, records: framed? }).await?;
            self.newest = newest;
        }
        self.waiting.push_back(Waiting { end: self.quorum.end(), records, answer });
        Ok(())
    }

    /// Syncs what was appended until nothing is left to commit.
    async fn settle(&mut self, broker: &dyn Publish) -> Result<(), ControllerError> {
        while self.quorum.committed() != Some(self.quorum.end()) && !self.quorum.voters().is_empty() {
            let end = self.log.sync().await?;
            self.event(broker, Event::Durable { end }).await?;
        }
        self.release(broker).await
    }

    async fn event(&mut self, broker: &dyn Publish, event: Event) -> Result<(), ControllerError> {
        let mut effects = Vec::new();
        let now = self.world.clock.now();
        self.quorum.on_event(now, event, &mut effects)?;
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&self.quorum);
        for effect in effects {
            self.carry_out(broker, effect).await?;
        }
        self.tell_leadership();
        Ok(())
    }

    fn tell_leadership(&self) {
        let voters = self.quorum.voters();
        let leader = self.leading.map(|_| self.quorum.me().id);
        let endpoints = leader.and_then(|leader| voters.iter().find(|voter| voter.key.id == leader));
        self.leadership.set(Leadership {
            epoch: self.quorum.epoch(),
            leader,
            endpoints: endpoints.map(|voter| voter.endpoints.clone()).unwrap_or_default(),
            active: self.leading.is_some(),
        });
    }

    async fn carry_out(&mut self, broker: &dyn Publish, effect: Effect) -> Result<(), ControllerError> {
        match effect {
            Effect::Persist(state) => {
                self.log.persist(state).await?;
                self.persisted = state.epoch;
            }
            Effect::Append { epoch, base, payload, after } => {
                // effects are carried out one after the other, so this holds already
                debug_assert!(
                    matches!(after, After::State(needed) if self.persisted >= needed),
                    "an append before its epoch's vote is durable"
                );
                self.log.append(epoch, base, &payload).await?;
            }
            Effect::Commit { .. } => self.release(broker).await?,
            Effect::Lead { epoch } => {
                tracing::info!(
                    epoch = epoch.0,
                    offset = self.quorum.end().0,
                    "this node is the active controller"
                );
                self.leading = Some(epoch);
            }
            Effect::Snapshot(id) => {
                self.log.roll().await?;
                self.snapshot(id);
            }
            Effect::Superseded(id) => self.log.superseded(id).await?,
            // these come with other voters, and there are none: see `Controller::open`
            effect => return Err(ControllerError::Unserved(format!("{effect:?}"))),
        }
        Ok(())
    }

    /// Applies what is committed, and answers.
    async fn release(&mut self, broker: &dyn Publish) -> Result<(), ControllerError> {
        let Some(committed) = self.quorum.committed() else { return Ok(()) };
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        while self.waiting.front().is_some_and(|first| first.end <= committed) {
            let Some(first) = self.waiting.pop_front() else { break };
            records.extend(first.records);
            answers.extend(first.answer);
        }
        let position = Position { end: committed, epoch: self.quorum.epoch() };
        let step = match self.replayed.take() {
            Some((mut image, delta)) => {
                image.position = position;
                Some((image, delta))
            }
            None if !records.is_empty() => Some(self.committed.apply(&records, position)?),
            None => None,
        };
        if let Some((image, delta)) = step {
            self.committed = Arc::new(image);
            broker.publish(Arc::clone(&self.committed), delta).await;
        }
        answers.into_iter().for_each(|answer| answer());
        Ok(())
    }

    /// The first leader of a cluster writes what the cluster begins with.
    async fn begin_cluster(&mut self, broker: &dyn Publish) -> Result<(), ControllerError> {
        if self.leading.is_none() || self.newest.features.iter().next().is_some() {
            return Ok(());
        }
        let first = checkpoint::read(self.world.disk.as_ref(), &self.bootstrap)?;
        self.propose(broker, first.records, None).await?;
        self.settle(broker).await
    }

    /// Writes a snapshot aside; the machine hears of it by mail.
    fn snapshot(&self, id: SnapshotId) {
        let work = self.log.snapshot_work(
            id,
            Arc::clone(&self.committed),
            self.quorum.voters_before(id.end).clone(),
        );
        let (world, myself) = (self.world.clone(), self.myself.clone());
        self.world.spawn.spawn(
            "metadata snapshot",
            Box::pin(async move {
                let written = world.blocking(work).await;
                match &written {
                    Ok(()) => tracing::info!(snapshot = %id, "metadata snapshot written"),
                    Err(error) => tracing::error!(snapshot = %id, %error, "metadata snapshot could not be written; it is tried again later"),
                }
                if let Some(driver) = myself.upgrade() {
                    let _ = driver.send(Command::Snapshotted(id, written.is_ok())); // the driver may have ended
                }
            }),
        );
    }
}
