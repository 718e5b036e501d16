//! Fetch: reads from the log threads, and waits for more where the client asks for it. Records go from file to socket; what is in
//! memory is where they are.

use super::Call;
use crate::{
    broker::{Hosted, Part},
    fetch::{Ask, Due, Gave, Named, Resolved, Told, Wanted},
    shard::{Asker, FollowerId, Read, ReadItem, Reader},
};
use klamm_protocol::{
    ErrorCode, FetchRequest, FetchResponse, Records,
    fetch_response::{FetchableTopicResponse, LeaderIdAndEpoch, NodeEndpoint, PartitionData},
};
use klamm_replication::Throttled;
use klamm_storage::Limit;
use klamm_types::{BrokerEpoch, BrokerId, Chunk, LeaderEpoch, Offset, PartitionIndex};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// From this version on consumers name their rack, and take records from any replica (KIP-392).
const ANY_REPLICA_FROM: i16 = 11;

/// From this version on topics are named by id (KIP-516).
const TOPIC_IDS_FROM: i16 = 13;

/// From this version on followers name their incarnation (KIP-903).
const REPLICA_STATE_FROM: i16 = 15;

/// The first version whose answer can tell a stale client of the leader (KIP-951).
const LEADER_FROM: i16 = 16;

/// The isolation level of consumers that read committed records only (KIP-98).
const READ_COMMITTED: i8 = 1;

/// What one partition gives.
type Outcome = Result<Read, ErrorCode>;

pub async fn handle(call: Arc<Call>, request: FetchRequest) -> FetchResponse {
    if follower_of(&call, &request).is_some() && !call.is_between_brokers() {
        return refused(&request);
    }
    let ask = ask_of(&call, &request);
    let now = call.broker.world.clock.now().mono;
    let random = || call.broker.world.random_u64();
    let resolved = match call.broker.fetch_sessions().resolve(now, ask, random) {
        Ok(resolved) => resolved,
        Err(error) => return FetchResponse { error_code: error.code(), ..Default::default() },
    };
    let bytes_max = u32::try_from(request.max_bytes).unwrap_or(0).min(call.broker.fetch_bytes_max());
    let (session, incremental) = (resolved.session, resolved.incremental);
    let outcomes = read_enough(&call, &request, resolved, bytes_max).await;
    count_throttled(&call, &outcomes);
    let mut response = FetchResponse { session_id: session, ..Default::default() };
    let mut topics: BTreeMap<usize, FetchableTopicResponse> = BTreeMap::new();
    let mut order: BTreeMap<Named, usize> = BTreeMap::new();
    let mut names_leader = false;
    for (Due { named, .. }, outcome) in outcomes {
        let told = tell(&call, session, &named, &outcome);
        if incremental && !told {
            continue;
        }
        let data = partition_data(&call, &named, outcome, request.isolation_level == READ_COMMITTED);
        names_leader |= data.current_leader.leader_id >= 0;
        let topic = Named { partition: PartitionIndex(-1), ..named.clone() };
        let next = order.len();
        let place = *order.entry(topic).or_insert(next);
        let topic = topics.entry(place).or_insert_with(|| FetchableTopicResponse {
            topic: named.name.clone(),
            topic_id: named.id.0,
            ..Default::default()
        });
        topic.partitions.push(data);
    }
    response.responses = topics.into_values().collect();
    if names_leader {
        let nodes = call.broker.endpoints(&call.peer.listener).into_iter();
        response.node_endpoints = nodes
            .map(|node| NodeEndpoint {
                node_id: node.id.0,
                host: node.host,
                port: node.port,
                rack: node.rack,
            })
            .collect();
    }
    response
}

/// Counts what goes to throttled replicas, as in Kafka of those in sync too.
fn count_throttled(call: &Call, outcomes: &[(Due, Outcome)]) {
    let read = outcomes.iter().filter_map(|(_, outcome)| outcome.as_ref().ok());
    let bytes = read.filter(|read| read.throttled != Throttled::No).map(|read| u64::from(read.bytes())).sum();
    if bytes > 0 {
        call.broker.throttles.leader.record(call.broker.world.clock.now().mono, bytes);
    }
}

/// Kafka's answer to a replica that may not be one.
fn refused(request: &FetchRequest) -> FetchResponse {
    let partition = |one: &klamm_protocol::fetch_request::FetchPartition| PartitionData {
        partition_index: one.partition,
        error_code: ErrorCode::TopicAuthorizationFailed.code(),
        high_watermark: Offset::NONE.0,
        records: Some(Records::default()),
        ..Default::default()
    };
    let topics = request.topics.iter().map(|topic| FetchableTopicResponse {
        topic: topic.topic.clone(),
        topic_id: topic.topic_id,
        partitions: topic.partitions.iter().map(partition).collect(),
    });
    FetchResponse { responses: topics.collect(), ..Default::default() }
}

fn ask_of(call: &Call, request: &FetchRequest) -> Ask {
    let by_id = call.version >= TOPIC_IDS_FROM;
    let named = |id, name: &klamm_types::Str, partition| Named {
        id: klamm_types::TopicId(id),
        name: name.clone(),
        partition: PartitionIndex(partition),
    };
    let partitions = request.topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(move |partition| {
            let wanted = Wanted {
                offset: Offset(partition.fetch_offset),
                bytes_max: u32::try_from(partition.partition_max_bytes).unwrap_or(0),
                current_leader_epoch: LeaderEpoch(partition.current_leader_epoch),
                last_fetched_epoch: LeaderEpoch(partition.last_fetched_epoch),
                log_start: Offset(partition.log_start_offset),
            };
            (named(topic.topic_id, &topic.topic, partition.partition), wanted)
        })
    });
    let forgotten = request.forgotten_topics_data.iter().flat_map(|topic| {
        topic.partitions.iter().map(move |partition| named(topic.topic_id, &topic.topic, *partition))
    });
    Ask {
        session: request.session_id,
        epoch: request.session_epoch,
        by_id,
        reader: reader_of(call, request),
        limit: limit_of(call, request),
        partitions: partitions.collect(),
        forgotten: forgotten.collect(),
    }
}

/// The follower that asks; none for consumers.
fn follower_of(call: &Call, request: &FetchRequest) -> Option<FollowerId> {
    let (id, epoch) = if call.version >= REPLICA_STATE_FROM {
        (request.replica_state.replica_id, request.replica_state.replica_epoch)
    } else {
        (request.replica_id, -1)
    };
    (id >= 0).then_some(FollowerId { id: BrokerId(id), epoch: (epoch >= 0).then_some(BrokerEpoch(epoch)) })
}

fn asker_of(call: &Call, request: &FetchRequest) -> Asker {
    match follower_of(call, request) {
        Some(follower) => Asker::Follower(follower),
        None if call.version < ANY_REPLICA_FROM => Asker::OfLeader,
        None => Asker::OfAny { near: call.broker.near(&request.rack_id, &call.peer.listener) },
    }
}

fn reader_of(call: &Call, request: &FetchRequest) -> Reader {
    match follower_of(call, request) {
        None => Reader::Consumer,
        Some(_) if call.broker.selects_replicas() => Reader::FollowerOfReaders,
        Some(_) => Reader::Follower,
    }
}

/// Up to where the client reads.
fn limit_of(call: &Call, request: &FetchRequest) -> Limit {
    match request.isolation_level {
        _ if follower_of(call, request).is_some() => Limit::End,
        READ_COMMITTED => Limit::LastStable,
        _ => Limit::HighWatermark,
    }
}

/// Looks at what is due; when that gives less than `min_bytes`, waits until there is more or the time is over, and looks again.
async fn read_enough(
    call: &Call,
    request: &FetchRequest,
    resolved: Resolved,
    bytes_max: u32,
) -> Vec<(Due, Outcome)> {
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let deadline = call.arrived.plus(wait);
    let min_bytes = u64::try_from(request.min_bytes).unwrap_or(0).min(u64::from(bytes_max));
    let (limit, asker) = (limit_of(call, request), asker_of(call, request));
    let tells_committed = reader_of(call, request) == Reader::FollowerOfReaders;
    let Resolved { session, mut due, watch, .. } = resolved;
    loop {
        let outcomes = read_warm(call, &due, (bytes_max, limit, &asker)).await;
        let bytes: u64 = outcomes.iter().flatten().map(|read| u64::from(read.bytes())).sum();
        let enough = bytes >= min_bytes
            || wait.is_zero()
            || outcomes.iter().any(Result::is_err)
            || outcomes.iter().flatten().any(|read| read.diverging.is_some() || read.preferred.is_some())
            || tells_committed && knows_less(call, session, &due, &outcomes);
        if enough || call.broker.world.deadline(deadline, watch.wait()).await.is_err() {
            return due.into_iter().zip(outcomes).collect();
        }
        // without a session all are looked at again
        due = call.broker.fetch_sessions().due(session).unwrap_or(due);
    }
}

/// Whether a follower has not heard of a high watermark: its readers wait for it.
fn knows_less(call: &Call, session: i32, due: &[Due], outcomes: &[Outcome]) -> bool {
    let sessions = call.broker.fetch_sessions();
    let mut read =
        due.iter().zip(outcomes).filter_map(|(due, outcome)| Some((&due.named, outcome.as_ref().ok()?)));
    read.any(|(named, read)| sessions.knows_less(session, named, read.high_watermark))
}

fn locate(call: &Call, named: &Named, asker: &Asker) -> Result<Hosted, ErrorCode> {
    let (broker, Named { id, name, partition }) = (&call.broker, named);
    let part = match asker {
        Asker::OfAny { .. } => Part::Replica,
        Asker::OfLeader | Asker::Follower(_) => Part::Leader,
    };
    if call.version >= TOPIC_IDS_FROM {
        broker.hosted_by_id(id.0, *partition, part)
    } else {
        broker.hosted_by_name(name, *partition, part)
    }
}

/// Passes over the partitions until what they give is in the page cache, so that neither a log thread nor a connection waits for
/// the device: first the index of a cold segment is brought there, then records near the offset.
async fn read_warm(call: &Call, due: &[Due], what: (u32, Limit, &Asker)) -> Vec<Outcome> {
    let world = &call.broker.world;
    let mut outcomes = Vec::new();
    for waits in [false, false, true] {
        outcomes = read(call, due, what, waits).await;
        let cold: Vec<_> = outcomes.iter().flatten().filter_map(|read| read.cold.clone()).collect();
        if cold.is_empty() {
            break;
        }
        world.warm(cold).await;
    }
    let slice = |chunk: &Chunk| if let Chunk::File(slice) = chunk { Some(slice.clone()) } else { None };
    world.warm(outcomes.iter().flatten().flat_map(|read| &read.records).filter_map(slice)).await;
    outcomes
}

/// One pass over the partitions, in their order within each log thread; the first that has records gives a whole batch whatever
/// its size (KIP-74).
async fn read(
    call: &Call,
    due: &[Due],
    (bytes_max, limit, asker): (u32, Limit, &Asker),
    waits: bool,
) -> Vec<Outcome> {
    let hosted: Vec<_> = due.iter().map(|due| locate(call, &due.named, asker)).collect();
    let mut outcomes: Vec<Outcome> = hosted
        .iter()
        .map(|hosted| Err(hosted.as_ref().err().copied().unwrap_or(ErrorCode::UnknownServerError)))
        .collect();
    let throttle = &call.broker.throttles.leader;
    let over_rate =
        matches!(asker, Asker::Follower(_)) && throttle.is_exceeded(call.broker.world.clock.now().mono);
    let mut by_shard: BTreeMap<usize, Vec<(usize, ReadItem)>> = BTreeMap::new();
    let mut turns = Vec::new();
    for (slot, hosted) in hosted.iter().enumerate() {
        let Ok(hosted) = hosted else { continue };
        if !by_shard.contains_key(&hosted.shard) {
            turns.push(hosted.shard);
        }
        let Due { wanted, interest, .. } = &due[slot];
        let (wanted, asker, interest) = (wanted.clone(), asker.clone(), Some(Arc::clone(interest)));
        let item = ReadItem { partition: hosted.id, wanted, limit, asker, over_rate, interest, waits };
        by_shard.entry(hosted.shard).or_default().push((slot, item));
    }
    let mut left = bytes_max;
    let mut nothing_yet = true;
    for shard in turns {
        let items = by_shard.remove(&shard).unwrap_or_default();
        let done = call
            .broker
            .shards
            .get(shard)
            .ask_quick(move |shard| shard.read_all(items, left, nothing_yet))
            .await;
        for (slot, outcome) in done.unwrap_or_default() {
            if let Ok(read) = &outcome {
                left = left.saturating_sub(read.bytes());
                nothing_yet &= read.bytes() == 0;
            }
            outcomes[slot] = outcome;
        }
    }
    outcomes
}

fn tell(call: &Call, session: i32, named: &Named, outcome: &Outcome) -> bool {
    let (told, gave) = match outcome {
        Ok(read) => {
            let gave = match read {
                _ if read.preferred.is_some() => Gave::Elsewhere,
                _ if read.bytes() > 0 || read.diverging.is_some() => Gave::Records,
                _ if read.at_end => Gave::Nothing,
                _ => Gave::NoRoom,
            };
            (Told { high_watermark: read.high_watermark, log_start: read.log_start }, gave)
        }
        Err(_) => (Told { high_watermark: Offset::NONE, log_start: Offset::NONE }, Gave::Error),
    };
    call.broker.fetch_sessions().tell(session, named, told, gave)
}

fn partition_data(call: &Call, named: &Named, outcome: Outcome, committed: bool) -> PartitionData {
    let blank = PartitionData { partition_index: named.partition.0, ..Default::default() };
    match outcome {
        Ok(read) => PartitionData {
            high_watermark: read.high_watermark.0,
            last_stable_offset: read.last_stable.0,
            log_start_offset: read.log_start.0,
            diverging_epoch: read.diverging.unwrap_or_default(),
            preferred_read_replica: read.preferred.unwrap_or(BrokerId::NONE).0,
            aborted_transactions: committed.then(Vec::new),
            records: Some(Records::from(read.records)),
            ..blank
        },
        Err(error) => {
            let stale = matches!(error, ErrorCode::NotLeaderOrFollower | ErrorCode::FencedLeaderEpoch)
                && call.version >= LEADER_FROM;
            let leader =
                stale.then(|| call.broker.leader_of(named.id.0, &named.name, named.partition)).flatten();
            PartitionData {
                error_code: error.code(),
                high_watermark: Offset::NONE.0,
                records: Some(Records::default()),
                current_leader: leader.map_or_else(LeaderIdAndEpoch::default, |(leader, epoch)| {
                    LeaderIdAndEpoch { leader_id: leader.0, leader_epoch: epoch.0 }
                }),
                ..blank
            }
        }
    }
}
