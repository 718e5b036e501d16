//! What a version can carry and what it cannot, as Kafka decides it: a field that matters is never dropped in silence.

use klamm_protocol::{
    ApiVersionsRequest, DecodeError, EncodeError, FetchRequest, JoinGroupRequest, JoinGroupResponse, Message,
    MetadataRequest, OffsetCommitKey, OffsetCommitValue, ProduceRequest, Records, coordinator, fetch_request,
    produce_request,
};
use klamm_types::{Bytes, Str, Uuid};

fn check<M: Message>(message: &M, version: i16, expected: Result<(), EncodeError>) {
    let written = message.to_bytes(version).map(|_| ());
    assert_eq!(written, expected, "{message:?} v{version}");
    assert_eq!(message.encoded_size(version).map(|_| ()), expected, "measuring fails as writing does");
}

fn absent(structure: &'static str, field: &'static str, version: i16) -> Result<(), EncodeError> {
    Err(EncodeError::FieldAbsent { structure, field, version })
}

#[test]
fn what_matters_is_not_dropped() {
    let old = FetchRequest { replica_id: 1, ..Default::default() };
    check(&old, 14, Ok(()));
    check(&old, 15, absent("FetchRequest", "ReplicaId", 15));
    let state = fetch_request::ReplicaState { replica_id: 1, replica_epoch: 2 };
    let new = FetchRequest { replica_state: state, ..Default::default() };
    check(&new, 14, absent("FetchRequest", "ReplicaState", 14));
    check(&new, 15, Ok(()));
    let fetched = FetchRequest {
        topics: vec![fetch_request::FetchTopic {
            partitions: vec![fetch_request::FetchPartition { last_fetched_epoch: 3, ..Default::default() }],
            ..Default::default()
        }],
        ..Default::default()
    };
    check(&fetched, 11, absent("FetchPartition", "LastFetchedEpoch", 11));
}

#[test]
fn what_may_be_dropped_is() {
    let named =
        FetchRequest { cluster_id: Some(Str::from("c")), rack_id: Str::from("r"), ..Default::default() };
    check(&named, 4, Ok(()));
    let back = FetchRequest::from_bytes(named.to_bytes(4).unwrap(), 4).unwrap();
    assert_eq!((back.cluster_id, back.rack_id), (None, Str::default()));
    let topic = produce_request::TopicProduceData { topic_id: Uuid([1; 16]), ..Default::default() };
    check(&ProduceRequest { topic_data: vec![topic], ..Default::default() }, 12, Ok(()));
}

#[test]
fn null_is_refused_where_it_cannot_be() {
    let null = |structure, field, version| Err(EncodeError::Null { structure, field, version });
    let all = MetadataRequest { topics: None, ..Default::default() };
    check(&all, 0, null("MetadataRequest", "Topics", 0));
    check(&all, 1, Ok(()));
    let none = JoinGroupResponse { protocol_name: None, ..Default::default() };
    check(&none, 6, null("JoinGroupResponse", "ProtocolName", 6));
    check(&none, 7, Ok(()));
    // a null list of topics in a version that knows none
    let refused = MetadataRequest::from_bytes(Bytes::from_static(&[0xff; 4]), 0);
    assert_eq!(refused, Err(DecodeError::Null { at: 0 }));
}

#[test]
fn defaults_are_kafkas() {
    let request = FetchRequest::default();
    assert_eq!((request.replica_id, request.max_bytes, request.session_epoch), (-1, i32::MAX, -1));
    assert_eq!(MetadataRequest::default().topics, Some(Vec::new()));
    assert!(MetadataRequest::default().allow_auto_topic_creation);
    assert_eq!(JoinGroupRequest::default().rebalance_timeout_ms, -1);
}

#[test]
fn lengths_must_fit() {
    let long = JoinGroupRequest { group_id: Str::from("x".repeat(40_000)), ..Default::default() };
    check(&long, 5, Err(EncodeError::TooLong { length: 40_000 }));
    check(&long, 6, Ok(()));
    check(&long, 99, Err(EncodeError::UnknownVersion { message: "JoinGroupRequest", version: 99 }));
}

/// An ApiVersionsRequest 3 without names, and this as its tagged fields.
fn tagged(fields: &[u8]) -> Result<ApiVersionsRequest, DecodeError> {
    let bytes = [&[1, 1], fields].concat();
    ApiVersionsRequest::from_bytes(Bytes::from(bytes), 3)
}

#[test]
fn unknown_tagged_fields_are_skipped() {
    assert_eq!(tagged(&[0]), Ok(ApiVersionsRequest::default()));
    assert_eq!(tagged(&[2, 0, 1, 7, 99, 2, 8, 9]), Ok(ApiVersionsRequest::default()));
    assert_eq!(tagged(&[1, 0, 2, 7]), Err(DecodeError::UnexpectedEnd { at: 5, needed: 2, remaining: 1 }));
    assert_eq!(tagged(&[0xff, 0xff, 0xff, 0xff, 0x1f]), Err(DecodeError::BadVarint { at: 2 }));
    // FetchRequest's cluster id says three bytes but is a null of one
    let mut bytes = FetchRequest::default().to_bytes(12).unwrap().to_vec();
    bytes.pop();
    bytes.extend([1, 0, 3, 0, 0, 0]);
    let at = bytes.len() - 2;
    let refused = FetchRequest::from_bytes(Bytes::from(bytes), 12);
    assert_eq!(refused, Err(DecodeError::BadTagSize { tag: 0, at, end: at + 2 }));
}

#[test]
fn records_of_consumer_offsets_carry_their_type_and_version() {
    let key = OffsetCommitKey { group: Str::from("g"), topic: Str::from("t"), partition: 3 };
    let bytes = coordinator::encode_key(&key).unwrap();
    assert_eq!(bytes[..], [0, 1, 0, 1, b'g', 0, 1, b't', 0, 0, 0, 3]);
    assert_eq!(coordinator::key_type(&bytes), Ok(1));
    assert_eq!(coordinator::decode_key(bytes.clone()), Ok(key));
    let refused = coordinator::decode_key::<klamm_protocol::GroupMetadataKey>(bytes);
    assert_eq!(refused, Err(DecodeError::UnknownRecord { kind: 1 }));
    for version in OffsetCommitValue::VERSIONS {
        let value = OffsetCommitValue {
            offset: 5,
            metadata: Str::from("m"),
            commit_timestamp: 9,
            ..Default::default()
        };
        let bytes = coordinator::encode_value(&value, version).unwrap();
        assert_eq!(bytes[..2], version.to_be_bytes());
        assert_eq!(coordinator::decode_value(bytes), Ok(value));
    }
}

#[test]
fn records_are_equal_when_they_would_be_sent_alike() {
    let bytes = Records::from(Bytes::from_static(b"abc"));
    assert_eq!(bytes, Records::from(vec![klamm_types::Chunk::Bytes(Bytes::from_static(b"abc"))]));
    assert_ne!(bytes, Records::default());
    assert!(Records::default().is_empty() && bytes.len() == 3);
}
