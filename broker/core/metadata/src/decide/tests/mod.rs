mod features;
mod partitions;
mod registration;

use super::*;
use crate::{Endpoint, Image, Position, Record, Release, Resource, config::Values};
use klamm_types::{BrokerEpoch, BrokerId, DirectoryId, Offset, PartitionIndex, Str, TopicId, Uuid};

const DEFAULTS: TopicDefaults =
    TopicDefaults { partitions: 2, replication_factor: 1, excess: Excess::Reject };

/// The rules of a controller, node 0, without a file.
fn rules(image: &Image) -> Rules<'_> {
    static NONE: Values = Values::new();
    Rules { image, me: BrokerId(0), file: &NONE }
}

/// The log directory of a broker.
fn volume(broker: i32) -> DirectoryId {
    DirectoryId(Uuid([100 + broker as u8; 16]))
}

fn then(image: &Image, records: &[Record]) -> Image {
    image.apply(records, Position::default()).expect("a decision fits its image").0
}

/// Brokers 0, 1, …, unfenced, on these racks.
fn brokers(racks: &[Option<&str>]) -> Image {
    let mut image = then(&Image::default(), &bootstrap_records(Release::THIS));
    for (id, rack) in (0..).zip(racks) {
        let registration = Registration {
            id: BrokerId(id),
            incarnation: Uuid([1; 16]),
            endpoints: vec![Endpoint {
                listener: "PLAIN".into(),
                host: "h".into(),
                port: 9092,
                security_protocol: 0,
            }],
            rack: rack.map(Str::from),
            directories: vec![volume(id)],
            ..Registration::default()
        };
        let registered = register_broker(rules(&image), &registration, false, Offset(5));
        image = then(&image, &registered.expect("it is new").1);
        let unfenced = unfence_broker(rules(&image), BrokerId(id), BrokerEpoch(5));
        image = then(&image, &unfenced.expect("it is registered"));
    }
    image
}

fn wanted(name: &str, partitions: i32, replication_factor: i16) -> NewTopic {
    NewTopic { name: name.into(), partitions, replication_factor, ..NewTopic::default() }
}

fn create(image: &Image, defaults: TopicDefaults, new: &NewTopic) -> Result<Image, Refused> {
    let id = TopicId(Uuid([image.topic_count() as u8 + 1; 16]));
    Ok(then(image, &create_topic(image, &mut Load::of(image), defaults, new, id)?))
}

fn refused<T>(result: Result<T, Refused>, code: ErrorCode, part: &str) {
    let refused = result.err().expect("it is refused");
    assert_eq!(refused.code, code, "{refused}");
    assert!(refused.message.contains(part), "{refused}");
}

#[test]
fn names() {
    let image = create(&brokers(&[None]), DEFAULTS, &wanted("a.b", -1, -1)).expect("it is new");
    let check = |name: &str, code, part| refused(create(&image, DEFAULTS, &wanted(name, -1, -1)), code, part);
    use ErrorCode::{InvalidRequest, InvalidTopicException, TopicAlreadyExists};
    for name in ["", ".", "..", "a/b", "ä", &"x".repeat(250)] {
        check(name, InvalidTopicException, "illegal");
    }
    check("a.b", TopicAlreadyExists, "topic a.b exists already");
    check("a_b", InvalidTopicException, "collides with topic a.b");
    check("__cluster_metadata", InvalidRequest, "cannot be created");
    assert!(create(&image, DEFAULTS, &wanted("a-b", -1, -1)).is_ok());
    assert!(create(&image, DEFAULTS, &wanted(&"x".repeat(249), -1, -1)).is_ok());
}

#[test]
fn numbers() {
    let image = brokers(&[None, None]);
    let check = |partitions, factor, code, part| {
        refused(create(&image, DEFAULTS, &wanted("a", partitions, factor)), code, part)
    };
    use ErrorCode::{InvalidPartitions, InvalidReplicationFactor, PolicyViolation};
    check(0, 1, InvalidPartitions, "not 0");
    check(-2, 1, InvalidPartitions, "not -2");
    check(10_001, 1, PolicyViolation, "up to 10000");
    check(1, 0, InvalidReplicationFactor, "not 0");
    check(1, -2, InvalidReplicationFactor, "not -2");
    check(1, 3, InvalidReplicationFactor, "3 replicas need as many brokers, and there are 2");
    let by_default = create(&image, DEFAULTS, &wanted("a", -1, -1)).expect("the defaults are right");
    let sizes = |image: &Image| {
        image.topic("a").map(|topic| (topic.partitions.len(), topic.partitions[0].replicas.len()))
    };
    assert_eq!(sizes(&by_default), Some((2, 1)));
    let reduced = create(&image, TopicDefaults { excess: Excess::Reduce, ..DEFAULTS }, &wanted("a", 3, 5));
    assert_eq!(sizes(&reduced.expect("it is reduced")), Some((3, 2)));
}

#[test]
fn new_partitions_start_at_epoch_zero_in_the_brokers_directory() {
    let image = create(&brokers(&[None]), DEFAULTS, &wanted("a", 1, 1)).expect("it is new");
    let partition = image.partition("a", PartitionIndex(0)).expect("it is there");
    assert_eq!((partition.leader, partition.leader_epoch.0, partition.partition_epoch), (BrokerId(0), 0, 0));
    assert_eq!((&partition.isr[..], &partition.replicas[..]), (&[BrokerId(0)][..], &[BrokerId(0)][..]));
    assert_eq!(partition.directories, [volume(0)]);
}

#[test]
fn replicas_are_spread_over_brokers_and_racks() {
    let racks = [Some("a"), Some("a"), Some("b"), Some("b"), Some("c"), Some("c")];
    let mut image = brokers(&racks);
    for name in ["t1", "t2", "t3"] {
        image = create(&image, DEFAULTS, &wanted(name, 8, 3)).expect("there are brokers");
    }
    let (mut led, mut held) = ([0; 6], [0; 6]);
    for partition in image.topics().flat_map(|topic| &topic.partitions) {
        led[partition.replicas[0].0 as usize] += 1;
        let mut seen: Vec<_> = partition.replicas.iter().map(|id| racks[id.0 as usize]).collect();
        partition.replicas.iter().for_each(|id| held[id.0 as usize] += 1);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 3, "one replica a rack");
    }
    assert_eq!((led, held), ([4; 6], [12; 6]));
}

#[test]
fn fenced_brokers_get_replicas_only_where_others_do_not_suffice() {
    let image = brokers(&[None, None, None]);
    let image =
        then(&image, &fence_broker(rules(&image), BrokerId(0), BrokerEpoch(5)).expect("it is registered"));
    let replicas = |factor| {
        let image = create(&image, DEFAULTS, &wanted("a", 4, factor)).expect("there are brokers");
        let all = image.topic("a").expect("it was made").partitions.clone();
        all.iter()
            .map(|one| (one.leader.0, one.replicas.len(), one.isr.len(), one.replicas.contains(&BrokerId(0))))
            .collect::<Vec<_>>()
    };
    assert_eq!(replicas(2), [(1, 2, 2, false), (2, 2, 2, false), (1, 2, 2, false), (2, 2, 2, false)]);
    assert_eq!(replicas(3), [(1, 3, 2, true), (2, 3, 2, true), (1, 3, 2, true), (2, 3, 2, true)]);
    let four = create(&image, DEFAULTS, &wanted("a", 1, 4));
    refused(four, ErrorCode::InvalidReplicationFactor, "there are 3, 1 of them fenced or leaving");
    let alone = brokers(&[None]);
    let alone =
        then(&alone, &fence_broker(rules(&alone), BrokerId(0), BrokerEpoch(5)).expect("it is registered"));
    refused(
        create(&alone, DEFAULTS, &wanted("a", 1, 1)),
        ErrorCode::InvalidReplicationFactor,
        "1 of them fenced",
    );
}

#[test]
fn manual_assignments() {
    let image = brokers(&[None, None]);
    let assigned = |assignments: &[(i32, &[i32])]| NewTopic {
        assignments: assignments
            .iter()
            .map(|(index, replicas)| {
                (PartitionIndex(*index), replicas.iter().copied().map(BrokerId).collect())
            })
            .collect(),
        ..wanted("a", -1, -1)
    };
    let made = create(&image, DEFAULTS, &assigned(&[(1, &[0, 1]), (0, &[1, 0])])).expect("it is right");
    assert_eq!(made.partition("a", PartitionIndex(0)).map(|one| one.leader), Some(BrokerId(1)));
    let check = |assignments: &[(i32, &[i32])], part| {
        refused(create(&image, DEFAULTS, &assigned(assignments)), ErrorCode::InvalidReplicaAssignment, part);
    };
    check(&[(1, &[0])], "partition 0 has no assignment");
    check(&[(0, &[0]), (0, &[1])], "assigned twice");
    check(&[(0, &[0, 0])], "broker 0 twice");
    check(&[(0, &[2])], "broker 2, which is not registered");
    check(&[(0, &[0]), (1, &[0, 1])], "2 replicas where the first has 1");
    check(&[(0, &[])], "at least 1");
    let both = NewTopic { partitions: 1, ..assigned(&[(0, &[0])]) };
    refused(create(&image, DEFAULTS, &both), ErrorCode::InvalidRequest, "-1");
}

#[test]
fn settings_of_new_topics() {
    let image = brokers(&[None]);
    let with = |name: &str, value: Option<&str>| NewTopic {
        configs: vec![(name.into(), value.map(Str::from))],
        ..wanted("a", 1, 1)
    };
    let made = create(&image, DEFAULTS, &with("retention.ms", Some("5"))).expect("it is right");
    assert_eq!(made.config(&Resource::topic("a".into())).len(), 1);
    refused(
        create(&image, DEFAULTS, &with("retention.ms", Some("x"))),
        ErrorCode::InvalidConfig,
        "retention.ms takes",
    );
    refused(create(&image, DEFAULTS, &with("retention.ms", None)), ErrorCode::InvalidConfig, "has no value");
    refused(
        create(&image, DEFAULTS, &with("retention", Some("1"))),
        ErrorCode::InvalidConfig,
        "no topic setting",
    );
}

#[test]
fn growing() {
    let image = create(&brokers(&[None]), DEFAULTS, &wanted("a", 2, 1)).expect("it is new");
    let grow = |topic: &str, count, assignments| {
        create_partitions(
            &image,
            &mut Load::of(&image),
            &NewPartitions { topic: topic.into(), count, assignments },
        )
    };
    let grown = then(&image, &grow("a", 5, None).expect("it grows"));
    assert_eq!(grown.topic("a").map(|topic| topic.partitions.len()), Some(5));
    refused(grow("b", 5, None), ErrorCode::UnknownTopicOrPartition, "no topic b");
    refused(grow("a", 2, None), ErrorCode::InvalidPartitions, "already");
    refused(grow("a", 1, None), ErrorCode::InvalidPartitions, "cannot shrink");
    refused(
        grow("a", 4, Some(vec![vec![BrokerId(0)]])),
        ErrorCode::InvalidReplicaAssignment,
        "2 new partitions have 1",
    );
    assert!(grow("a", 3, Some(vec![vec![BrokerId(0)]])).is_ok());
}

#[test]
fn deleting() {
    let image = create(&brokers(&[None]), DEFAULTS, &wanted("a", 2, 1)).expect("it is new");
    let id = image.topic("a").expect("it is there").id;
    let none = TopicId::default();
    let (_, record) = delete_topic(&image, Some("a"), none).expect("it is there");
    assert!(then(&image, &[record]).topic("a").is_none());
    assert!(delete_topic(&image, None, id).is_ok());
    let delete = |name, id| delete_topic(&image, name, id);
    refused(delete(Some("b"), none), ErrorCode::UnknownTopicOrPartition, "no topic b");
    refused(delete(None, TopicId(Uuid([9; 16]))), ErrorCode::UnknownTopicId, "no topic with id");
    refused(delete(Some("a"), id), ErrorCode::InvalidRequest, "either");
    refused(check_deletion_is_enabled(false), ErrorCode::TopicDeletionDisabled, "delete.topic.enable");
}

#[test]
fn altering_settings() {
    let image = create(&brokers(&[None]), DEFAULTS, &wanted("a", 2, 1)).expect("it is new");
    let topic = Resource::topic("a".into());
    let one = |name: &str, operation, value: Option<&str>| Alteration {
        name: name.into(),
        operation,
        value: value.map(Str::from),
    };
    let alter = |image: &Image, resource: &Resource, what: &[Alteration]| {
        alter_configs(image, resource, what, &Values::new())
    };
    let value = |image: &Image, resource: &Resource, name: &str| image.config(resource).get(name).cloned();
    use Operation::{Append, Delete, Set, Subtract};

    let set =
        then(&image, &alter(&image, &topic, &[one("retention.ms", Set, Some("5"))]).expect("it is right"));
    assert_eq!(value(&set, &topic, "retention.ms").as_deref(), Some("5"));
    let appended =
        then(&set, &alter(&set, &topic, &[one("cleanup.policy", Append, Some("compact"))]).expect("a list"));
    assert_eq!(value(&appended, &topic, "cleanup.policy").as_deref(), Some("delete,compact"));
    assert_eq!(value(&appended, &topic, "retention.ms").as_deref(), Some("5"), "the others stay");
    let subtracted = then(
        &appended,
        &alter(&appended, &topic, &[one("cleanup.policy", Subtract, Some("delete"))]).expect("a list"),
    );
    assert_eq!(value(&subtracted, &topic, "cleanup.policy").as_deref(), Some("compact"));
    let deleted = then(
        &subtracted,
        &alter(&subtracted, &topic, &[one("cleanup.policy", Delete, None)]).expect("it is set"),
    );
    assert_eq!(value(&deleted, &topic, "cleanup.policy"), None);
    assert_eq!(
        alter(&set, &topic, &[one("retention.ms", Set, Some("5"))]),
        Ok(Vec::new()),
        "nothing has changed"
    );
    let replaced = then(
        &appended,
        &replace_configs(&appended, &topic, [("segment.ms".into(), "7".into())].into()).expect("it is right"),
    );
    assert_eq!(replaced.config(&topic), &[("segment.ms".into(), "7".into())].into());

    let check = |resource: &Resource, what: &[Alteration], code, part| {
        refused(alter(&image, resource, what), code, part)
    };
    check(&topic, &[one("retention.ms", Append, Some("5"))], ErrorCode::InvalidConfig, "not a list");
    check(&topic, &[one("retention.ms", Set, None)], ErrorCode::InvalidRequest, "has no value");
    check(
        &topic,
        &[one("retention.ms", Set, Some("1")), one("retention.ms", Delete, None)],
        ErrorCode::InvalidRequest,
        "twice",
    );
    check(&topic, &[one("cleanup.policy", Append, Some("x"))], ErrorCode::InvalidConfig, "compact, delete");
    check(&Resource::topic("b".into()), &[], ErrorCode::UnknownTopicOrPartition, "no topic b");
    let broker = Resource::broker(BrokerId(0));
    check(
        &broker,
        &[one("log.dirs", Set, Some("/x"))],
        ErrorCode::InvalidRequest,
        "log.dirs cannot be changed while",
    );
    check(&Resource::broker(BrokerId(7)), &[], ErrorCode::BrokerIdNotRegistered, "no broker 7");
    assert_eq!(
        alter(&image, &broker, &[one("log.retention.ms", Set, Some("5"))]).map(|records| records.len()),
        Ok(1)
    );
    assert_eq!(
        alter(&image, &Resource::all_brokers(), &[one("message.max.bytes", Set, Some("5"))]).map(|r| r.len()),
        Ok(1)
    );
}

#[test]
fn producer_ids_come_in_blocks() {
    let image = brokers(&[None]);
    let (mut block, records) =
        allocate_producer_ids(&image, BrokerId(0), BrokerEpoch(5)).expect("there are ids");
    let ids: Vec<_> = std::iter::from_fn(|| block.take()).collect();
    assert_eq!((ids.len(), ids[0].0, ids[999].0), (1000, 0, 999));
    let (mut next, _) =
        allocate_producer_ids(&then(&image, &records), BrokerId(0), BrokerEpoch(5)).expect("there are ids");
    assert_eq!(next.take().map(|id| id.0), Some(1000));
}

#[test]
fn topics_that_make_themselves() {
    let file: Values =
        [("offsets.topic.num.partitions".into(), "7".into()), ("num.partitions".into(), "4".into())].into();
    let made = |racks: &[Option<&str>], name: &str| {
        let image = brokers(racks);
        let layers = image.layers(BrokerId(0), &file);
        let load = &mut Load::of(&image);
        let new = auto_topic(&name.into(), layers, load);
        let records = create_topic(&image, load, TopicDefaults::of(layers), &new, TopicId(Uuid([1; 16])));
        let image = then(&image, &records.expect("it can be made"));
        let topic = image.topic(name).expect("it is made").clone();
        let config = image.config(&Resource::topic(name.into())).clone();
        (topic.partitions.len(), topic.partitions[0].replicas.len(), config)
    };
    let (partitions, replicas, config) = made(&[None], CONSUMER_OFFSETS);
    assert_eq!((partitions, replicas), (7, 1));
    assert_eq!(config.get("cleanup.policy").map(Str::as_str), Some("compact"));
    assert_eq!(made(&[None, None, None, None], CONSUMER_OFFSETS).1, 3);
    assert_eq!(made(&[None, None], "a"), (4, 1, Values::new()));
}
