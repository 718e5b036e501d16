//! The task that fetches from one leader.

use super::{
    Lane,
    session::{Session, named},
};
use crate::{
    broker::Broker,
    shard::{FetchPosition, Sent},
};
use klamm_client::{ClientError, Connection};
use klamm_protocol::{
    ErrorCode, FetchRequest, FetchResponse, ListOffsetsRequest,
    fetch_request::ReplicaState,
    fetch_response::PartitionData,
    list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic},
};
use klamm_replication::{EpochEnd, Throttled};
use klamm_types::{BrokerEpoch, LeaderEpoch, Mono, Offset, TopicIdPartition};
use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    sync::Arc,
    time::Duration,
};

/// The first wait after an error: a leader that hears of its leadership a moment after its followers must not cost more than that.
const BACKOFF_MIN: Duration = Duration::from_millis(20);

/// The longest wait between two attempts to reach a leader: it may be back at any time, and everybody waits for it.
const CONNECT_BACKOFF_MAX: Duration = Duration::from_millis(250);

/// Timestamps that mean ends of the log in ListOffsets.
const LATEST: i64 = -1;
const EARLIEST: i64 = -2;

/// Why there is no fetching any more.
enum Ended {
    /// There is something else to fetch, and it shall not wait for the leader's answer.
    Changed,
    /// Leader or connection fail.
    Lost(ClientError),
}

impl From<ClientError> for Ended {
    fn from(error: ClientError) -> Self {
        Ended::Lost(error)
    }
}

/// A partition that is left alone for a while, after an error.
struct Backoff {
    epoch: LeaderEpoch,
    until: Mono,
    wait: Duration,
}

pub(super) struct Fetcher {
    broker: Arc<Broker>,
    lane: Arc<Lane>,
    session: Session,
    backoffs: BTreeMap<TopicIdPartition, Backoff>,
    /// Followed, but with no place to fetch from: the disk has not yet what it must have.
    placeless: BTreeSet<TopicIdPartition>,
    /// Left alone while the throttle is exceeded.
    held_back: BTreeSet<TopicIdPartition>,
    wait_max: Duration,
    backoff_max: Duration,
    template: FetchRequest,
    partition_bytes_max: i32,
}

impl Fetcher {
    pub(super) fn new(broker: Arc<Broker>, lane: Arc<Lane>) -> Self {
        let number = |name: &str, default: u64| broker.settings.number::<u64>(name).unwrap_or(default);
        let bytes = |name: &str, default| i32::try_from(number(name, default)).unwrap_or(i32::MAX);
        let template = FetchRequest {
            min_bytes: bytes("replica.fetch.min.bytes", 1),
            max_bytes: bytes("replica.fetch.response.max.bytes", 10 << 20),
            ..Default::default()
        };
        Self {
            wait_max: Duration::from_millis(number("replica.fetch.wait.max.ms", 500)),
            backoff_max: Duration::from_millis(number("replica.fetch.backoff.ms", 1000)),
            partition_bytes_max: bytes("replica.fetch.max.bytes", 1 << 20),
            template,
            broker,
            lane,
            session: Session::default(),
            backoffs: BTreeMap::new(),
            placeless: BTreeSet::new(),
            held_back: BTreeSet::new(),
        }
    }

    /// Fetches for ever.
    pub(super) async fn run(mut self) {
        let mut wait = BACKOFF_MIN;
        let mut was_lost = false;
        loop {
            self.look().await;
            if !self.has_work() {
                self.lane.changed().await;
                continue;
            }
            match self.fetch(&mut wait).await {
                Ended::Changed => {}
                Ended::Lost(error) => {
                    let leader = self.lane.key.leader;
                    if matches!(error, ClientError::Io { .. }) {
                        self.broker.lost(leader);
                    }
                    if was_lost {
                        tracing::debug!(%leader, %error, "a leader still cannot be fetched from");
                    } else {
                        tracing::info!(%leader, %error, "a leader cannot be fetched from");
                    }
                    let deadline = self.now().plus(wait);
                    let _ = self.broker.world.deadline(deadline, self.lane.changed()).await;
                    was_lost = wait > BACKOFF_MIN;
                    wait = (wait * 2).min(CONNECT_BACKOFF_MAX);
                }
            }
        }
    }

    fn has_work(&self) -> bool {
        !(self.session.is_empty()
            && self.backoffs.is_empty()
            && self.placeless.is_empty()
            && self.held_back.is_empty())
    }

    /// Fetches over one connection. `wait` is reset once the leader answers.
    async fn fetch(&mut self, wait: &mut Duration) -> Ended {
        let mut connection = match self.connect().await {
            Ok(connection) => connection,
            Err(error) => return Ended::Lost(error),
        };
        self.broker.found(self.lane.key.leader);
        self.session.restart();
        loop {
            if let Err(ended) = self.once(&mut connection).await {
                return ended;
            }
            *wait = BACKOFF_MIN;
            if !self.has_work() {
                return Ended::Changed;
            }
        }
    }

    async fn connect(&self) -> Result<Connection, ClientError> {
        let listener = self.broker.peers.inter_broker_listener();
        let leader = self.lane.key.leader;
        let image = self.broker.image();
        let address = image.broker(leader).and_then(|broker| broker.endpoint(&listener));
        let address = address.ok_or_else(|| ClientError::Refused {
            what: format!("the address of broker {leader} for {listener}"),
            code: ErrorCode::BrokerNotAvailable,
            message: None,
        })?;
        self.broker.peers.connect(&listener, &address.host, address.port).await
    }

    /// One request and its answer.
    async fn once(&mut self, connection: &mut Connection) -> Result<(), Ended> {
        self.settle().await;
        self.take_up().await;
        self.throttle().await;
        if self.session.is_empty() {
            let until = self.next_retry(self.wait_max);
            let _ = self.broker.world.deadline(until, self.lane.changed()).await;
            self.look().await;
            return Ok(());
        }
        let epoch = self.broker.epoch().ok_or_else(|| ClientError::Refused {
            what: "a fetch before this broker is registered".to_owned(),
            code: ErrorCode::BrokerIdNotRegistered,
            message: None,
        })?;
        let wait = self.next_retry(self.wait_max).since(self.now());
        let request = self.request(epoch, wait);
        let response = {
            let mut call = pin!(connection.call_capped(&request, i16::MAX, wait));
            loop {
                let lane = Arc::clone(&self.lane);
                tokio::select! {
                    biased;
                    response = &mut call => break response?,
                    () = lane.changed() => if self.look().await { return Err(Ended::Changed); },
                }
            }
        };
        match self.session.answered(&response) {
            Ok(()) => {}
            // the leader forgot, or is another process: everything is said anew
            Err(ErrorCode::FetchSessionIdNotFound | ErrorCode::InvalidFetchSessionEpoch) => return Ok(()),
            Err(code) => {
                let what = format!("a fetch from broker {}", self.lane.key.leader);
                return Err(ClientError::Refused { what, code, message: None }.into());
            }
        }
        self.take(connection, response).await
    }

    fn request(&mut self, epoch: BrokerEpoch, wait: Duration) -> FetchRequest {
        let mut request = FetchRequest {
            replica_state: ReplicaState { replica_id: self.broker.id.0, replica_epoch: epoch.0 },
            max_wait_ms: i32::try_from(wait.as_millis()).unwrap_or(i32::MAX),
            ..self.template.clone()
        };
        self.session.fill(&mut request, self.partition_bytes_max);
        request
    }

    /// Gives what came to the log threads, and learns where to go on.
    async fn take(&mut self, connection: &mut Connection, response: FetchResponse) -> Result<(), Ended> {
        let mut came = Vec::new();
        let mut out_of_range = Vec::new();
        for topic in response.responses {
            for data in topic.partitions {
                let id = named(topic.topic_id, data.partition_index);
                let Some(asked) = self.session.wanted(id) else { continue };
                match ErrorCode::from_code(data.error_code) {
                    Some(ErrorCode::None) => came.push((id, asked, sent(asked, data))),
                    Some(ErrorCode::OffsetOutOfRange) => out_of_range.push((id, asked)),
                    error => {
                        tracing::debug!(topic = %id.topic, partition = %id.partition, ?error, "a partition cannot be fetched");
                        self.back_off(id, asked);
                    }
                }
            }
        }
        self.append(came).await;
        if !out_of_range.is_empty() {
            self.find_bounds(connection, out_of_range).await?;
        }
        Ok(())
    }

    async fn append(&mut self, came: Vec<(TopicIdPartition, FetchPosition, Sent)>) {
        let shards = &self.broker.shards;
        let mut by_shard: BTreeMap<usize, Vec<(TopicIdPartition, Sent)>> = BTreeMap::new();
        let mut asked = BTreeMap::new();
        let mut throttled = 0;
        for (id, position, sent) in came {
            if position.throttled != Throttled::No {
                throttled += sent.records.len() as u64;
            }
            let moves = !sent.records.is_empty() || sent.diverging.is_some();
            asked.insert(id, (position, moves));
            by_shard.entry(shards.index_of(id)).or_default().push((id, sent));
        }
        if throttled > 0 {
            self.broker.throttles.follower.record(self.now(), throttled);
        }
        let done = by_shard.into_iter().map(|(shard, sent)| {
            let truncates = sent.iter().any(|(_, one)| one.diverging.is_some());
            let bytes = sent.iter().map(|(_, one)| one.records.len()).sum();
            shards.get(shard).ask_short((!truncates).then_some(bytes), move |shard| shard.sent(sent))
        });
        for (id, position) in futures::future::join_all(done).await.into_iter().flatten().flatten() {
            let Some((before, moves)) = asked.get(&id) else { continue };
            let stands = position
                .is_some_and(|now| (now.offset, now.last_epoch) == (before.offset, before.last_epoch));
            if *moves && stands {
                self.back_off(id, *before); // the log says why it did not take it
            } else {
                self.backoffs.remove(&id);
                self.place(id, position);
            }
        }
    }

    /// The leader has nothing at the end of these logs: asks where its own begin and end.
    async fn find_bounds(
        &mut self,
        connection: &mut Connection,
        all: Vec<(TopicIdPartition, FetchPosition)>,
    ) -> Result<(), Ended> {
        for (id, asked) in all {
            let start = self.bound(connection, id, asked, EARLIEST).await?;
            let end = self.bound(connection, id, asked, LATEST).await?;
            let (Some(start), Some(end)) = (start, end) else {
                self.back_off(id, asked);
                continue;
            };
            let shard = self.broker.shards.get(self.broker.shards.index_of(id));
            let position =
                shard.ask(move |shard| shard.out_of_range(id, asked.epoch, (start, end))).await.flatten();
            if position.is_some_and(|now| now.offset == asked.offset) {
                self.back_off(id, asked); // the leader's log moved between the two
            } else {
                self.place(id, position);
            }
        }
        Ok(())
    }

    async fn bound(
        &self,
        connection: &mut Connection,
        id: TopicIdPartition,
        asked: FetchPosition,
        timestamp: i64,
    ) -> Result<Option<Offset>, ClientError> {
        let image = self.broker.image();
        let Some(topic) = image.topic_by_id(id.topic) else { return Ok(None) };
        let request = ListOffsetsRequest {
            replica_id: self.broker.id.0,
            topics: vec![ListOffsetsTopic {
                name: topic.name.clone(),
                partitions: vec![ListOffsetsPartition {
                    partition_index: id.partition.0,
                    current_leader_epoch: asked.epoch.0,
                    timestamp,
                }],
            }],
            ..Default::default()
        };
        let response = connection.call(&request).await?;
        let found = response.topics.iter().flat_map(|topic| &topic.partitions).next();
        let good = |one: &&klamm_protocol::list_offsets_response::ListOffsetsPartitionResponse| {
            one.error_code == ErrorCode::None.code() && one.offset >= 0
        };
        Ok(found.filter(good).map(|one| Offset(one.offset)))
    }

    /// Looks at what the metadata changed. Says whether there is something to fetch that the leader was not asked for.
    async fn look(&mut self) -> bool {
        let (followed, gone) = self.lane.take_touched();
        for id in gone {
            self.session.want(id, None);
            self.backoffs.remove(&id);
            self.placeless.remove(&id);
            self.held_back.remove(&id);
        }
        let mut is_more = false;
        for (id, position) in self.positions(followed).await {
            let known = self.backoffs.get(&id).map(|backoff| backoff.epoch);
            if known.is_some() && known == position.map(|position| position.epoch) {
                continue;
            }
            self.backoffs.remove(&id);
            is_more |= self.place(id, position) && position.is_some();
        }
        is_more
    }

    /// Where partitions are to be fetched from this leader.
    async fn positions(&self, ids: Vec<TopicIdPartition>) -> Vec<(TopicIdPartition, Option<FetchPosition>)> {
        let mut by_shard: BTreeMap<usize, Vec<TopicIdPartition>> = BTreeMap::new();
        for id in ids {
            by_shard.entry(self.broker.shards.index_of(id)).or_default().push(id);
        }
        let asked = by_shard
            .into_iter()
            .map(|(shard, ids)| self.broker.shards.get(shard).ask(move |shard| shard.positions(&ids)));
        futures::future::join_all(asked).await.into_iter().flatten().flatten().collect()
    }

    fn place(&mut self, id: TopicIdPartition, position: Option<FetchPosition>) -> bool {
        // it may follow another by now: then the metadata's change of this is on its way here
        let position = position.filter(|position| position.leader == self.lane.key.leader);
        if position.is_some() {
            self.placeless.remove(&id)
        } else {
            self.placeless.insert(id)
        };
        self.held_back.remove(&id);
        self.session.want(id, position)
    }

    /// Leaves those alone that wait for the throttle while it is exceeded, and takes them up again when it is not (KIP-73).
    async fn throttle(&mut self) {
        if self.broker.throttles.follower.is_exceeded(self.now()) {
            for id in self.session.throttled() {
                self.session.want(id, None);
                self.held_back.insert(id);
            }
        } else if !self.held_back.is_empty() {
            for (id, position) in self.positions(self.held_back.iter().copied().collect()).await {
                self.place(id, position);
            }
        }
    }

    fn back_off(&mut self, id: TopicIdPartition, asked: FetchPosition) {
        let before = self.backoffs.get(&id).filter(|before| before.epoch == asked.epoch);
        let wait = before.map_or(BACKOFF_MIN, |before| (before.wait * 2).min(self.backoff_max));
        let until = self.now().plus(wait);
        self.session.want(id, None);
        self.backoffs.insert(id, Backoff { epoch: asked.epoch, until, wait });
    }

    /// Fetches again what was left alone for long enough. What was is remembered until the partition gives something.
    async fn take_up(&mut self) {
        let now = self.now();
        let session = &self.session;
        let due = self.backoffs.iter().filter(|(id, one)| {
            one.until <= now && session.wanted(**id).is_none() && !self.held_back.contains(id)
        });
        let due: Vec<_> = due.map(|(id, _)| *id).collect();
        if due.is_empty() {
            return;
        }
        for (id, position) in self.positions(due).await {
            self.place(id, position);
        }
    }

    /// Where the leader may count only what is on the disk here: waits for the disk, so that the next request says it.
    async fn settle(&mut self) {
        let deadline = self.now().plus(self.wait_max);
        while !self.placeless.is_empty() && self.now() < deadline {
            let broker = Arc::clone(&self.broker);
            let mut synced = pin!(broker.shards.outbox().synced());
            synced.as_mut().enable(); // what is synced from here on is heard of
            for (id, position) in self.positions(self.placeless.iter().copied().collect()).await {
                self.place(id, position);
            }
            if !self.lane.key.fsync || self.placeless.is_empty() {
                return;
            }
            let lane = Arc::clone(&self.lane);
            let woken = async {
                tokio::select! {
                    biased;
                    () = synced => false,
                    () = lane.changed() => true,
                }
            };
            if broker.world.deadline(deadline, woken).await == Ok(true) {
                self.look().await;
            }
        }
    }

    /// When something left alone is due, at most `most` from now.
    fn next_retry(&self, most: Duration) -> Mono {
        let mut latest = self.now().plus(most);
        if !self.held_back.is_empty() {
            latest = latest.min(self.broker.throttles.follower.free_at());
        }
        let waiting = self
            .backoffs
            .iter()
            .filter(|(id, _)| self.session.wanted(**id).is_none() && !self.held_back.contains(id));
        waiting.map(|(_, backoff)| backoff.until).fold(latest, Mono::min)
    }

    fn now(&self) -> Mono {
        self.broker.world.clock.now().mono
    }
}

fn sent(asked: FetchPosition, data: PartitionData) -> Sent {
    let diverging = data.diverging_epoch;
    let diverging = (diverging.end_offset >= 0 || diverging.epoch >= 0)
        .then_some(EpochEnd { epoch: LeaderEpoch(diverging.epoch), end: Offset(diverging.end_offset) });
    Sent {
        epoch: asked.epoch,
        offset: asked.offset,
        high_watermark: Offset(data.high_watermark),
        log_start: Offset(data.log_start_offset),
        diverging,
        records: data.records.as_ref().and_then(|records| records.bytes()).cloned().unwrap_or_default(),
    }
}
