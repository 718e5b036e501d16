//! What is acknowledged outlives each broker of three: each is killed while it leads, and comes back.

mod processes;

use klamm_client::{Client, ClientError, NewTopic, Position, Record};
use klamm_protocol::{
    ErrorCode, FindCoordinatorRequest, OffsetCommitRequest, OffsetFetchRequest,
    offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
    offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics},
};
use klamm_records::Compression;
use klamm_types::{BrokerId, Offset, PartitionIndex, Str, Wall};
use processes::{Cluster, IDS, SESSION, SOON};
use std::{collections::BTreeMap, time::Duration};

const TOPIC: Str = Str::from_static("t");
const GROUP: Str = Str::from_static("g");
const PARTITION: PartitionIndex = PartitionIndex(0);
/// Records before each kill and after it.
const RECORDS: i64 = 50;

/// Produces numbers from `next` on, each with acks=all; gives the longest time that one took.
async fn produce(cluster: &Cluster, client: &mut Client, next: &mut i64) -> Duration {
    let mut longest = Duration::ZERO;
    for _ in 0..RECORDS {
        let record = Record { value: Some(next.to_string().into_bytes()), ..Record::default() };
        let batch = Record::batch(&[record], Wall(0), Compression::None);
        let began = cluster.now();
        client.produce(&TOPIC, PARTITION, &batch).await.expect("two of three are there");
        longest = longest.max(cluster.now().since(began));
        *next += 1;
    }
    longest
}

async fn leader_and_isr(client: &mut Client) -> (i32, usize) {
    let seen = client.metadata(Some(&[TOPIC])).await.expect("brokers are there");
    let partition = &seen.topics[0].partitions[0];
    (partition.leader_id, partition.isr_nodes.len())
}

async fn until_all_in_sync(cluster: &Cluster, client: &mut Client) {
    let began = cluster.now();
    while leader_and_isr(client).await.1 < IDS.len() {
        assert!(
            cluster.now().since(began) < SOON,
            "a replica does not come back; logs in {:?}",
            cluster.path()
        );
        cluster.world.sleep(Duration::from_millis(20)).await;
    }
}

async fn coordinator(client: &mut Client) -> Option<BrokerId> {
    let request = FindCoordinatorRequest { coordinator_keys: vec![GROUP], ..Default::default() };
    let found = client.ask(&request).await.ok()?.coordinators.into_iter().next()?;
    (found.error_code == 0).then_some(BrokerId(found.node_id))
}

/// The error of a commit, if it was answered.
async fn commit(client: &mut Client, offset: i64) -> Result<i16, ClientError> {
    let Some(at) = coordinator(client).await else { return Ok(ErrorCode::CoordinatorNotAvailable.code()) };
    let request = OffsetCommitRequest {
        group_id: GROUP,
        generation_id_or_member_epoch: -1,
        topics: vec![OffsetCommitRequestTopic {
            name: TOPIC,
            partitions: vec![OffsetCommitRequestPartition {
                partition_index: PARTITION.0,
                committed_offset: offset,
                ..Default::default()
            }],
            ..Default::default()
        }],
        ..Default::default()
    };
    let response = client.ask_broker_capped(at, &request, 9, Duration::ZERO).await?;
    Ok(response.topics[0].partitions[0].error_code)
}

/// The committed offset, or why there is none.
async fn committed(client: &mut Client) -> Result<Result<i64, i16>, ClientError> {
    let Some(at) = coordinator(client).await else {
        return Ok(Err(ErrorCode::CoordinatorNotAvailable.code()));
    };
    let request = OffsetFetchRequest {
        groups: vec![OffsetFetchRequestGroup {
            group_id: GROUP,
            topics: Some(vec![OffsetFetchRequestTopics {
                name: TOPIC,
                partition_indexes: vec![PARTITION.0],
                ..Default::default()
            }]),
            ..Default::default()
        }],
        ..Default::default()
    };
    let response = client.ask_broker_capped(at, &request, 9, Duration::ZERO).await?;
    let group = &response.groups[0];
    if group.error_code != 0 {
        return Ok(Err(group.error_code));
    }
    Ok(Ok(group.topics[0].partitions[0].committed_offset))
}

/// Commits, however long it takes to find who takes it.
async fn must_commit(cluster: &Cluster, client: &mut Client, offset: i64) {
    let began = cluster.now();
    while !matches!(commit(client, offset).await, Ok(0)) {
        assert!(cluster.now().since(began) < SOON, "nobody takes commits; logs in {:?}", cluster.path());
        cluster.world.sleep(Duration::from_millis(20)).await;
    }
}

/// Whoever answers without an error says what was committed; nobody ever says "nothing".
async fn must_know(cluster: &Cluster, client: &mut Client, offset: i64) {
    let began = cluster.now();
    loop {
        if let Ok(Ok(found)) = committed(client).await {
            assert_eq!(found, offset);
            return;
        }
        assert!(cluster.now().since(began) < SOON, "nobody knows offsets; logs in {:?}", cluster.path());
        cluster.world.sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_leader_is_killed_and_nothing_acknowledged_is_lost() {
    let settings = "min.insync.replicas=2\noffsets.topic.replication.factor=3\n\
                    offsets.topic.num.partitions=3\nreplica.lag.time.max.ms=5000\n";
    let mut cluster = Cluster::new("replicated", settings);
    IDS.iter().for_each(|id| cluster.start(*id));
    cluster.until_all(&IDS).await;
    let mut client = cluster.client(&IDS);
    let topic = NewTopic { name: TOPIC, partitions: 1, replicas: 3, config: BTreeMap::new() };
    client.create_topic(&topic).await.expect("it is new");
    for id in IDS {
        cluster.until(id, "each broker knows the topic", |seen| seen.topics.len() == 1).await;
    }
    let (mut next, mut gaps) = (0, Vec::new());
    for _ in IDS {
        until_all_in_sync(&cluster, &mut client).await;
        produce(&cluster, &mut client, &mut next).await;
        must_commit(&cluster, &mut client, next).await;
        let leader = leader_and_isr(&mut client).await.0;
        cluster.kill(leader);
        gaps.push(produce(&cluster, &mut client, &mut next).await);
        assert!(
            gaps.iter().all(|gap| *gap < SESSION / 2),
            "waited {gaps:?}: until a session was over; logs in {:?}",
            cluster.path()
        );
        must_know(&cluster, &mut client, next - RECORDS).await;
        if let Some(coordinator) = coordinator(&mut client).await {
            assert_ne!(coordinator.0, leader, "clients are sent to a dead coordinator");
        }
        cluster.start(leader);
        cluster.until_all(&IDS).await;
    }
    eprintln!("longest waits for an acknowledgement after a kill: {gaps:?}");
    until_all_in_sync(&cluster, &mut client).await;
    let (mut at, mut found) = (Offset(0), Vec::new());
    let end = client.offset(&TOPIC, PARTITION, Position::End).await.expect("it is led");
    while at < end {
        let fetched = client.fetch(&TOPIC, PARTITION, at, Duration::from_secs(1)).await.expect("it is led");
        let values = fetched.records.iter().filter_map(|record| record.value.as_deref());
        found.extend(values.map(|value| String::from_utf8_lossy(value).parse::<i64>().expect("a number")));
        at = fetched.next;
    }
    // a retry after a lost answer may have made two of one, side by side: this producer is not idempotent
    found.dedup();
    assert_eq!(found, (0..next).collect::<Vec<_>>());
}
