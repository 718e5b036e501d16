//! The task of one coordinator: feeds events to the machine of `core/group` and carries out its effects.
//!
//! Owns who waits and which appends are under way. Decides nothing.

use super::load::{GroupLog, Loading};
use crate::metrics::GroupCounters;
use crate::shard::{PendingProduce, ProduceItem, ProduceWork, Work};
use klamm_group::{
    AppendId, Caller, Census, Context, Effect, Event, GroupConfig, GroupCoordinator, LogRecord, Request,
    Response,
};
use klamm_protocol::ErrorCode;
use klamm_records::{BatchBuilder, Compression, ValidatedBatch};
use klamm_storage::Origin;
use klamm_types::{Mono, Offset, Str};
use klamm_world::World;
use std::collections::{BTreeMap, VecDeque};
use tokio::sync::{mpsc, oneshot};

/// Pieces of mail taken at once.
const DRAIN_MAX: usize = 64;

/// What comes to a coordinator.
pub(super) enum Mail {
    Ask { context: Context, request: Box<Request>, reply: oneshot::Sender<Response> },
    TopicsDeleted(Vec<Str>),
    Census(oneshot::Sender<Census>),
}

pub(super) struct Driver {
    world: World,
    /// When its leadership began.
    began: Mono,
    log: GroupLog,
    counters: GroupCounters,
    coordinator: GroupCoordinator,
    effects: Vec<Effect>,
    waiting: BTreeMap<Caller, oneshot::Sender<Response>>,
    next_caller: u64,
    /// In the order of the log: the high watermark passes the first of them first.
    appends: VecDeque<(AppendId, PendingProduce)>,
}

impl Driver {
    pub(super) fn new(world: World, config: GroupConfig, log: GroupLog, counters: GroupCounters) -> Self {
        Self {
            began: world.clock.now().mono,
            world,
            log,
            counters,
            coordinator: GroupCoordinator::new(config),
            effects: Vec::new(),
            waiting: BTreeMap::new(),
            next_caller: 0,
            appends: VecDeque::new(),
        }
    }

    /// Serves until the leadership ends: then nobody holds the other end of the mailbox.
    pub(super) async fn run(mut self, mut incoming: mpsc::UnboundedReceiver<Mail>, loading: Loading) {
        let mut loading = Some(loading);
        let mut mail = Vec::with_capacity(DRAIN_MAX);
        self.tell(Event::Load);
        loop {
            let timer = self.coordinator.next_deadline();
            tokio::select! {
                biased;
                () = first_done(&self.appends) => self.append_done(),
                piece = next_piece(&mut loading) => self.loaded(piece, &mut loading),
                count = incoming.recv_many(&mut mail, DRAIN_MAX) => {
                    if count == 0 {
                        return self.tell(Event::Unload);
                    }
                    mail.drain(..).for_each(|mail| self.open(mail));
                }
                () = sleep_until(&self.world, timer) => self.tell(Event::Tick),
            }
        }
    }

    fn open(&mut self, mail: Mail) {
        match mail {
            Mail::Ask { context, request, reply } => {
                let caller = Caller(self.next_caller);
                self.next_caller += 1;
                self.waiting.insert(caller, reply);
                self.tell(Event::Request { caller, context, request });
            }
            Mail::TopicsDeleted(topics) => self.tell(Event::TopicsDeleted(topics)),
            // nobody may want to know any more
            Mail::Census(reply) => drop(reply.send(self.coordinator.census())),
        }
    }

    fn loaded(
        &mut self,
        piece: Option<Result<Vec<LogRecord>, super::load::LoadError>>,
        loading: &mut Option<Loading>,
    ) {
        match piece {
            Some(Ok(records)) => self.tell(Event::Replay(records)),
            None => {
                *loading = None;
                self.tell(Event::Loaded);
                self.counters.loaded(self.world.clock.now().mono.since(self.began));
                let unreadable = self.coordinator.unreadable_records();
                if unreadable > 0 {
                    tracing::warn!(partition = %self.log.id.partition, unreadable, "records of __consumer_offsets were left out");
                }
            }
            Some(Err(error)) => {
                *loading = None;
                tracing::error!(partition = %self.log.id.partition, %error, "groups cannot be loaded: their coordinator is not available");
                self.counters.load_failed();
                self.tell(Event::Unload);
            }
        }
    }

    fn append_done(&mut self) {
        let Some((id, pending)) = self.appends.pop_front() else { return };
        let outcome = pending.outcomes_or(ErrorCode::UnknownServerError).pop();
        match outcome {
            Some(Ok(_)) => self.tell(Event::Committed(id)),
            Some(Err(error)) => self.tell(Event::Failed(id, error.code)),
            None => self.tell(Event::Failed(id, ErrorCode::UnknownServerError)),
        }
    }

    fn tell(&mut self, event: Event) {
        let mut effects = std::mem::take(&mut self.effects);
        self.coordinator.on_event(self.world.clock.now(), event, &mut effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Append { id, records } => self.append(id, &records),
                Effect::Answer { caller, response } => {
                    if let Some(reply) = self.waiting.remove(&caller) {
                        let _ = reply.send(response); // the client may be gone
                    }
                }
            }
        }
        self.effects = effects;
        self.counters.done(self.coordinator.take_tally());
    }

    /// Writes the records as one batch; they are done when all in-sync replicas have them.
    fn append(&mut self, id: AppendId, records: &[LogRecord]) {
        let now = self.world.clock.now().wall;
        let mut batch = BatchBuilder::new(Offset(0), Compression::None);
        for record in records {
            batch.push(now, Some(&record.key), record.value.as_deref(), &[]);
        }
        let pending = PendingProduce::new(1);
        let batch = ValidatedBatch::own(batch.build());
        self.log.shard.send(Work::Produce(ProduceWork {
            items: vec![ProduceItem { slot: 0, partition: self.log.id, batch }],
            origin: Origin::Broker,
            wait_for_all: true,
            cut_off: false,
            pending: pending.clone(),
            reservation: None,
        }));
        self.appends.push_back((id, pending));
    }
}

async fn first_done(appends: &VecDeque<(AppendId, PendingProduce)>) {
    match appends.front() {
        Some((_, pending)) => pending.clone().await,
        None => std::future::pending().await,
    }
}

async fn next_piece(loading: &mut Option<Loading>) -> Option<Result<Vec<LogRecord>, super::load::LoadError>> {
    match loading {
        Some(loading) => loading.recv().await,
        None => std::future::pending().await,
    }
}

async fn sleep_until(world: &World, deadline: Option<Mono>) {
    match deadline {
        Some(deadline) => world.clock.sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
