//! A group goes on at its committed offsets, on what a killed broker leaves and after a clean stop: while its coordinator loads, it
//! is told to wait, never "no offset".

use klamm_client::Connection;
use klamm_metadata::config::Settings;
use klamm_protocol::{
    CreateTopicsRequest, ErrorCode, FindCoordinatorRequest, OffsetCommitRequest, OffsetFetchRequest,
    create_topics_request::CreatableTopic,
    offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
    offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics},
};
use klamm_server::{
    Machine, Running,
    controller::{InitialVoters, format},
    start,
};
use klamm_types::Str;
use klamm_world::{World, real};
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Groups that commit.
const GROUPS: i64 = 40;
/// Partitions that each commits for.
const PARTITIONS: i32 = 50;
/// From version 10 on topics are named by id.
const BY_NAME: i16 = 9;

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn settings(path: &Path) -> Settings {
    let directory = path.to_string_lossy().into_owned();
    let pairs = [
        ("node.id", "3"),
        ("log.dirs", directory.as_str()),
        ("listeners", "PLAINTEXT://127.0.0.1:0"),
        ("offsets.topic.num.partitions", "3"),
        ("offsets.topic.replication.factor", "1"),
    ];
    Settings::new(pairs).expect("they are valid")
}

async fn begin(world: &World, path: &Path) -> Running {
    let machine = Machine { memory_bytes: 1 << 30, hostname: "localhost".to_owned() };
    start(world.clone(), settings(path), &machine).await.expect("it starts")
}

async fn connect(world: &World, running: &Running) -> Connection {
    let address = running.addresses.values().next().expect("it listens");
    let (host, port) = (address.ip().to_string(), address.port());
    let connection = Connection::open(world, (&host, port), None, Str::from("test"), Duration::from_secs(10));
    connection.await.expect("it answers")
}

fn group(number: i64) -> Str {
    format!("group-{number}").into()
}

fn offset(group: i64, partition: i32) -> i64 {
    group * 1_000 + i64::from(partition)
}

async fn commit(client: &mut Connection, number: i64) -> Vec<i16> {
    let partition = |index| OffsetCommitRequestPartition {
        partition_index: index,
        committed_offset: offset(number, index),
        ..Default::default()
    };
    let request = OffsetCommitRequest {
        group_id: group(number),
        generation_id_or_member_epoch: -1,
        topics: vec![OffsetCommitRequestTopic {
            name: "t".into(),
            partitions: (0..PARTITIONS).map(partition).collect(),
            ..Default::default()
        }],
        ..Default::default()
    };
    let response = client.call_capped(&request, BY_NAME, Duration::ZERO).await.expect("it answers");
    response.topics[0].partitions.iter().map(|one| one.error_code).collect()
}

/// The offsets of a group, or why there are none.
async fn offsets(client: &mut Connection, number: i64) -> Result<Vec<i64>, ErrorCode> {
    let topics = OffsetFetchRequestTopics {
        name: "t".into(),
        partition_indexes: (0..PARTITIONS).collect(),
        ..Default::default()
    };
    let request = OffsetFetchRequest {
        groups: vec![OffsetFetchRequestGroup {
            group_id: group(number),
            topics: Some(vec![topics]),
            ..Default::default()
        }],
        ..Default::default()
    };
    let response = client.call_capped(&request, BY_NAME, Duration::ZERO).await.expect("it answers");
    let group = &response.groups[0];
    match ErrorCode::from_code(group.error_code).expect("it is known") {
        ErrorCode::None => Ok(group.topics[0].partitions.iter().map(|one| one.committed_offset).collect()),
        code => Err(code),
    }
}

/// Asks at once for all groups, until each is told its offsets.
async fn all_go_on(client: &mut Connection) {
    for number in 0..GROUPS {
        let expected: Vec<i64> = (0..PARTITIONS).map(|index| offset(number, index)).collect();
        loop {
            match offsets(client, number).await {
                Ok(found) => break assert_eq!(found, expected, "{}", group(number)),
                Err(error) => {
                    assert_eq!(error, ErrorCode::CoordinatorLoadInProgress, "{}", group(number));
                    tokio::task::yield_now().await;
                }
            }
        }
    }
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?
        } else {
            fs::copy(entry.path(), &to).map(drop)?
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_go_on_at_their_committed_offsets() {
    let folder = Folder(std::env::temp_dir().join(format!("klamm-groups-{}", std::process::id())));
    let _ = fs::remove_dir_all(&folder.0);
    let (path, killed) = (folder.0.join("one"), folder.0.join("killed"));
    let world = real::world();
    format(&world, &settings(&path), "c1", &InitialVoters::Standalone).expect("it is empty");
    let mut running = begin(&world, &path).await;
    let mut client = connect(&world, &running).await;
    let topic = CreatableTopic {
        name: "t".into(),
        num_partitions: PARTITIONS,
        replication_factor: 1,
        ..Default::default()
    };
    let request = CreateTopicsRequest { topics: vec![topic], timeout_ms: 10_000, ..Default::default() };
    let made = client.call(&request);
    assert_eq!(made.await.expect("it answers").topics[0].error_code, 0);
    let find = FindCoordinatorRequest { coordinator_keys: vec![group(0)], ..Default::default() };
    while client.call(&find).await.expect("it answers").coordinators[0].error_code != 0 {
        tokio::task::yield_now().await; // the first makes the topic of the offsets
    }
    for number in 0..GROUPS {
        // a coordinator that was just made may still be loading nothing
        while commit(&mut client, number).await != vec![0; PARTITIONS as usize] {
            tokio::task::yield_now().await;
        }
    }

    // what a kill leaves is what is in the files now: no mark of a clean shutdown, no checkpoints
    copy(&path, &killed).expect("it can be copied");
    let after_kill = begin(&world, &killed).await;
    all_go_on(&mut connect(&world, &after_kill).await).await;
    after_kill.stop().await;

    // a stop gives the directory back at once, to the same process too
    for _ in 0..2 {
        drop(client);
        running.stop().await;
        running = begin(&world, &path).await;
        client = connect(&world, &running).await;
        all_go_on(&mut client).await;
    }
    drop(client);
    running.stop().await;
}
