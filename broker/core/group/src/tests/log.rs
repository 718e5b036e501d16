//! What lies in the log: Kafka's records, byte for byte, and what is not ours.

use super::room::{GROUP, Room};
use crate::{Caller, Context, Effect, Event, LogRecord, Request, Response, records};
use klamm_protocol::{
    join_group_request::{JoinGroupRequest, JoinGroupRequestProtocol},
    offset_commit_request::{OffsetCommitRequest, OffsetCommitRequestPartition, OffsetCommitRequestTopic},
    offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics},
};
use klamm_types::{Bytes, Str, Uuid};

fn hex(bytes: &Bytes) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn records_are_kafkas() {
    let mut room = Room::new();
    room.run("x alone t/1=5:m");
    room.run("x drop t/1");
    let expected = [
        // key: type 1, "g", "t", partition 1 — value: version 3, offset, epoch −1, "m", 1,000,000 ms
        ("000100016700017400000001", Some("00030000000000000005ffffffff00016d00000000000f4240")),
        ("000100016700017400000001", None),
    ];
    let written: Vec<_> = room.log.iter().map(|one| (hex(&one.key), one.value.as_ref().map(hex))).collect();
    let expected: Vec<_> = expected.map(|(key, value)| (key.to_owned(), value.map(str::to_owned))).to_vec();
    assert_eq!(written, expected);
}

#[test]
fn a_membership_is_kafkas() {
    let mut room = Room::new();
    for command in ["a version 3", "a join", "wait 3000", "a sync", "a leave"] {
        room.run(command);
    }
    let written: Vec<_> = room.log.iter().map(|one| (hex(&one.key), one.value.as_ref().map(hex))).collect();
    assert_eq!(written[0].0, "0002000167");
    let stable = written[0].1.clone().unwrap();
    // version 3, "consumer", generation 1, "range"
    assert!(stable.starts_with("00030008636f6e73756d657200000001000572616e6765"), "{stable}");
    // version 3, "consumer", generation 2, no protocol, no leader, since 1,003,000 ms, no members
    let empty = "00030008636f6e73756d657200000002ffffffff00000000000f4df800000000";
    assert_eq!(written[1], ("0002000167".into(), Some(empty.into())));
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let mut room = Room::new();
    room.run("x alone t/0=5");
    let foreign = |key: &'static [u8], value: Option<&'static [u8]>| LogRecord {
        key: Bytes::from_static(key),
        value: value.map(Bytes::from_static),
    };
    room.log.extend([
        foreign(b"\0\x03\0\x01g", Some(b"\0\0\0\0\0\x01")), // a group of KIP-848
        foreign(b"\0\x03\0\x01g", None),
        foreign(b"\0\x63whatever", Some(b"")),
        foreign(b"\0\x01\0\x01g\0\x01t\0\0\0\0", Some(b"\0\x63from the future")),
        foreign(b"\0\x02\0\x09g", Some(b"torn")),
        foreign(b"", None),
        foreign(b"\0\0\0\x01g\0\x01t\0\0\0\x01", Some(b"\0\0\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\0\0\x01")), // key version 0
    ]);
    room.run("reload");
    assert_eq!(room.run("x fetch all"), ["x: t/0=5 t/1=9"]);
    assert_eq!(room.coordinator.unreadable_records(), 3);
}

/// Sends a request of its own making; gives the answer and whether something was appended.
fn ask(room: &mut Room, request: Request) -> (Option<Response>, bool) {
    let mut effects = Vec::new();
    let context = Context { api_version: 9, ..Context::default() };
    let event = Event::Request { caller: Caller(u64::MAX), context, request: Box::new(request) };
    room.coordinator.on_event(room.now, event, &mut effects);
    let mut answer = (None, false);
    for effect in effects {
        match effect {
            Effect::Answer { response, .. } => answer.0 = Some(response),
            Effect::Append { id, records } => {
                answer.1 = true;
                room.appends.push_back((id, records));
            }
        }
    }
    answer
}

fn commit(topic: &str, topic_id: Uuid, retention_time_ms: i64) -> Request {
    let partitions = vec![OffsetCommitRequestPartition { committed_offset: 5, ..Default::default() }];
    let topics = vec![OffsetCommitRequestTopic { name: Str::from(topic), topic_id, partitions }];
    let group_id = Str::from(GROUP);
    let generation_id_or_member_epoch = -1;
    Request::CommitOffsets(OffsetCommitRequest {
        group_id,
        generation_id_or_member_epoch,
        retention_time_ms,
        topics,
        ..Default::default()
    })
}

#[test]
fn what_no_record_can_hold_is_refused() {
    let mut room = Room::new();
    let (answer, appended) = ask(&mut room, commit(&"x".repeat(40_000), Uuid::ZERO, -1));
    let Some(Response::CommitOffsets(response)) = answer else { panic!("{answer:?}") };
    assert_eq!((response.topics[0].partitions[0].error_code, appended), (-1, false));
    assert!(room.coordinator.view().is_empty());

    // a group whose name no record can hold lives and dies in memory
    let protocols = vec![JoinGroupRequestProtocol { name: Str::from("range"), ..Default::default() }];
    let mut join = JoinGroupRequest {
        group_id: Str::from("g".repeat(40_000)),
        session_timeout_ms: 10_000,
        protocol_type: Str::from("consumer"),
        protocols,
        ..Default::default()
    };
    let (answer, _) = ask(&mut room, Request::Join(join.clone(), Uuid::ZERO));
    let Some(Response::Join(response)) = answer else { panic!("{answer:?}") };
    join.member_id = response.member_id;
    ask(&mut room, Request::Join(join, Uuid::ZERO));
    room.clients.insert("gone".into(), Default::default());
    room.waiting.insert(Caller(u64::MAX), ("gone".into(), "other"));
    room.wait(std::time::Duration::from_secs(20));
    assert!(room.waiting.is_empty());
}

#[test]
fn an_offset_knows_its_topic_and_its_end() {
    let mut room = Room::new();
    let (one, other) = (Uuid([1; 16]), Uuid([2; 16]));
    ask(&mut room, commit("t", one, -1));
    room.commit_unanswered();
    ask(&mut room, commit("u", Uuid::ZERO, 1000));
    room.commit_unanswered();
    let versions: Vec<u8> = room.log.iter().map(|record| record.value.as_ref().unwrap()[1]).collect();
    assert_eq!(versions, [4, 1]);
    room.run("reload");
    for (topic_id, expected) in [(one, 5), (Uuid::ZERO, 5), (other, -1)] {
        let topics =
            vec![OffsetFetchRequestTopics { name: Str::from("t"), topic_id, partition_indexes: vec![0] }];
        let group = OffsetFetchRequestGroup {
            group_id: Str::from(GROUP),
            topics: Some(topics),
            ..Default::default()
        };
        let (answer, _) = ask(&mut room, Request::FetchOffsets { group, require_stable: false });
        let Some(Response::FetchOffsets(response)) = answer else { panic!("{answer:?}") };
        assert_eq!(response.topics[0].partitions[0].committed_offset, expected, "{topic_id}");
    }
    // an end of its own comes long before the retention's
    room.run("wait 600000");
    assert_eq!(room.run("x fetch all"), ["x: t/0=5"]);
}

#[test]
fn reads_what_it_writes() {
    let mut room = Room::new();
    for command in ["s static is", "s join", "wait 3000", "s sync", "s commit t/0=7:hello", "s commit t/3=9"]
    {
        room.run(command);
    }
    let before = room.coordinator.view();
    assert!(room.log.iter().all(|record| records::read(record).is_ok()));
    room.run("reload");
    assert_eq!(room.coordinator.view(), before);
}
