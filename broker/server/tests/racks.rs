//! Consumers read from the replica in their rack (KIP-392), and from the leader when there is none.

mod processes;

use klamm_client::{Client, NewTopic, Record};
use klamm_protocol::{
    ErrorCode, FetchRequest,
    fetch_request::{FetchPartition, FetchTopic},
    fetch_response::PartitionData,
};
use klamm_records::{Batches, Compression};
use klamm_types::{BrokerId, PartitionIndex, Str, Wall};
use processes::{Cluster, IDS, SOON};
use std::{collections::BTreeMap, time::Duration};

const TOPIC: Str = Str::from_static("t");
const PARTITION: PartitionIndex = PartitionIndex(0);
/// How long followers wait at their leader, so that one who was not woken is seen.
const POLL: Duration = Duration::from_secs(20);
/// From version 13 on topics are named by id.
const BY_NAME: i16 = 12;
/// Consumers of this version know of no replicas but leaders.
const OF_LEADERS: i16 = 10;

/// What a consumer asks.
#[derive(Clone, Copy)]
struct Ask {
    rack: i32,
    epoch: i32,
    offset: i64,
    version: i16,
    wait: Duration,
}

impl Ask {
    fn of(rack: i32, offset: i64) -> Self {
        Self { rack, epoch: -1, offset, version: BY_NAME, wait: Duration::ZERO }
    }
}

async fn ask(client: &mut Client, broker: i32, ask: Ask) -> PartitionData {
    let partition = FetchPartition {
        partition: PARTITION.0,
        current_leader_epoch: ask.epoch,
        fetch_offset: ask.offset,
        partition_max_bytes: 1 << 20,
        ..Default::default()
    };
    let request = FetchRequest {
        max_wait_ms: i32::try_from(ask.wait.as_millis()).expect("it is short"),
        min_bytes: 1,
        max_bytes: 1 << 20,
        session_epoch: -1,
        rack_id: Str::from(format!("rack-{}", ask.rack).as_str()),
        topics: vec![FetchTopic { topic: TOPIC, partitions: vec![partition], ..Default::default() }],
        ..Default::default()
    };
    let answer = client.ask_broker_capped(BrokerId(broker), &request, ask.version, ask.wait).await;
    let mut answer = answer.expect("the broker is there");
    answer.responses.remove(0).partitions.remove(0)
}

/// The error, where else to read, and how many records there are.
fn said(answer: &PartitionData) -> (Option<ErrorCode>, i32, i64) {
    let bytes = answer.records.as_ref().and_then(|records| records.bytes()).cloned().unwrap_or_default();
    let counts = Batches::new(bytes).map(|batch| {
        let header = *batch.expect("it is whole").header();
        header.next_offset().0 - header.base_offset.0
    });
    (ErrorCode::from_code(answer.error_code), answer.preferred_read_replica, counts.sum())
}

async fn produce(client: &mut Client, count: usize) {
    for _ in 0..count {
        let batch = Record::batch(&[Record::default()], Wall(0), Compression::None);
        client.produce(&TOPIC, PARTITION, &batch).await.expect("all are there");
    }
}

/// The leader, its epoch, and the other two, when all are in sync.
async fn roles(cluster: &Cluster) -> (i32, i32, [i32; 2]) {
    let all_in_sync = |seen: &klamm_protocol::MetadataResponse| {
        let partition = seen.topics.first().and_then(|topic| topic.partitions.first());
        partition.is_some_and(|partition| partition.leader_id >= 0 && partition.isr_nodes.len() == IDS.len())
    };
    for id in IDS {
        cluster.until(id, "all replicas are in sync", all_in_sync).await;
    }
    let seen = cluster.seen_by(1).await.expect("it serves");
    let partition = &seen.topics[0].partitions[0];
    let others: Vec<i32> = IDS.into_iter().filter(|id| *id != partition.leader_id).collect();
    (partition.leader_id, partition.leader_epoch, [others[0], others[1]])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_read_in_their_rack() {
    let settings = format!(
        "replica.selector.class=org.apache.kafka.common.replica.RackAwareReplicaSelector\n\
         replica.fetch.wait.max.ms={}\n",
        POLL.as_millis()
    );
    let mut cluster = Cluster::new("racks", &settings);
    IDS.iter().for_each(|id| cluster.start(*id));
    cluster.until_all(&IDS).await;
    let mut client = cluster.client(&IDS);
    let topic = NewTopic { name: TOPIC, partitions: 1, replicas: 3, config: BTreeMap::new() };
    client.create_topic(&topic).await.expect("it is new");
    let (leader, epoch, [near, other]) = roles(&cluster).await;
    produce(&mut client, 10).await;
    let none = Some(ErrorCode::None);

    // the leader sends away who has a replica in its rack, and nobody else
    assert_eq!(said(&ask(&mut client, leader, Ask::of(near, 3)).await), (none, near, 0));
    assert_eq!(said(&ask(&mut client, leader, Ask::of(other, 3)).await), (none, other, 0));
    assert_eq!(said(&ask(&mut client, leader, Ask::of(leader, 3)).await), (none, -1, 7));
    assert_eq!(said(&ask(&mut client, leader, Ask::of(9, 3)).await), (none, -1, 7));
    let old = Ask { version: OF_LEADERS, ..Ask::of(near, 3) };
    assert_eq!(said(&ask(&mut client, leader, old).await), (none, -1, 7));

    // a follower gives what it knows to be committed, and says so when there is more: the leader tells it at once
    let began = cluster.now();
    let mut at = 0;
    while at < 10 {
        let (error, _, count) = said(&ask(&mut client, near, Ask { wait: SOON, ..Ask::of(near, at) }).await);
        assert_eq!(error, none);
        at += count;
    }
    let (mut reader, mut writer) = (cluster.client(&IDS), cluster.client(&IDS));
    let waiting = Ask { wait: SOON, epoch, ..Ask::of(near, 10) };
    let (answer, ()) = tokio::join!(ask(&mut reader, near, waiting), produce(&mut writer, 1));
    assert_eq!(said(&answer), (none, -1, 1));
    let took = cluster.now().since(began);
    assert!(took < POLL / 2, "{took:?}: commits came with the next poll only; logs in {:?}", cluster.path());

    // what a follower refuses
    let refused = async |client: &mut Client, asked| said(&ask(client, near, asked).await).0;
    let asked = Ask::of(near, 11);
    assert_eq!(
        refused(&mut client, Ask { version: OF_LEADERS, ..asked }).await,
        Some(ErrorCode::NotLeaderOrFollower)
    );
    assert_eq!(
        refused(&mut client, Ask { epoch: epoch + 1, ..asked }).await,
        Some(ErrorCode::UnknownLeaderEpoch)
    );
    assert_eq!(refused(&mut client, Ask { offset: 12, ..asked }).await, Some(ErrorCode::OffsetOutOfRange));
    assert_eq!(refused(&mut client, asked).await, none);

    // a replica that is gone is no place to send anybody to
    cluster.kill(near);
    cluster.until(leader, "the killed broker is fenced", |seen| !processes::ids(seen).contains(&near)).await;
    assert_eq!(said(&ask(&mut client, leader, Ask::of(near, 3)).await), (none, -1, 8));
}
