use super::*;
use crate::Record;
use klamm_protocol::{
    BrokerRegistrationChangeRecord, ConfigRecord, FeatureLevelRecord, PartitionChangeRecord, PartitionRecord,
    ProducerIdsRecord, RegisterBrokerRecord, RemoveTopicRecord, TopicRecord, UnregisterBrokerRecord,
};
use klamm_types::{BrokerEpoch, Uuid};

fn id(number: u8) -> Uuid {
    Uuid([number; 16])
}

fn topic(name: &str, number: u8) -> Record {
    TopicRecord { name: name.into(), topic_id: id(number) }.into()
}

fn partition(number: u8, index: i32) -> Record {
    PartitionRecord {
        partition_id: index,
        topic_id: id(number),
        replicas: vec![1, 2],
        isr: vec![1, 2],
        leader: 1,
        leader_epoch: 0,
        partition_epoch: 0,
        directories: vec![id(9), id(8)],
        ..Default::default()
    }
    .into()
}

fn config(kind: i8, resource: &str, name: &str, value: Option<&str>) -> Record {
    let value = value.map(Str::from);
    ConfigRecord { resource_type: kind, resource_name: resource.into(), name: name.into(), value }.into()
}

fn broker(id: i32, epoch: i64) -> Record {
    RegisterBrokerRecord {
        broker_id: id,
        broker_epoch: epoch,
        log_dirs: vec![self::id(9)],
        ..Default::default()
    }
    .into()
}

fn at(end: i64) -> Position {
    Position { end: Offset(end), epoch: LeaderEpoch(1) }
}

fn image(records: &[Record]) -> Image {
    Image::default().apply(records, at(records.len() as i64)).expect("the records fit").0
}

#[test]
fn the_delta_is_what_changed() {
    let before = image(&[topic("a", 1), partition(1, 0), partition(1, 1), topic("b", 2), partition(2, 0)]);
    let change = PartitionChangeRecord {
        partition_id: 1,
        topic_id: id(1),
        leader: 2,
        isr: Some(vec![2]),
        ..Default::default()
    };
    let records = [
        Record::from(change),
        RemoveTopicRecord { topic_id: id(2) }.into(),
        topic("c", 3),
        partition(3, 0),
        topic("passing", 4),
        partition(4, 0),
        config(2, "passing", "retention.ms", Some("1")),
        RemoveTopicRecord { topic_id: id(4) }.into(),
        config(2, "a", "retention.ms", Some("1")),
        broker(1, 7),
    ];
    let (after, delta) = before.apply(&records, at(20)).expect("the records fit");
    let (a, b, c) = (TopicId(id(1)), TopicId(id(2)), TopicId(id(3)));
    assert_eq!(delta.created, [c].into());
    assert_eq!(delta.deleted.keys().collect::<Vec<_>>(), [&b]);
    assert_eq!(delta.partitions, [(a, [PartitionIndex(1)].into()), (c, [PartitionIndex(0)].into())].into());
    assert_eq!(delta.configs, [Resource::topic("a".into())].into());
    assert_eq!(delta.brokers, [BrokerId(1)].into());
    let changed = after.partition("a", PartitionIndex(1)).expect("it is there");
    assert_eq!(
        (changed.leader, changed.leader_epoch, changed.partition_epoch),
        (BrokerId(2), LeaderEpoch(1), 1)
    );
    assert_eq!(changed.isr, [BrokerId(2)]);
    // the image before is as it was, and what has not changed is shared
    assert_eq!(before.partition("a", PartitionIndex(1)).map(|one| one.leader), Some(BrokerId(1)));
    assert!(before.topic("b").is_some() && after.topic("b").is_none() && after.topic_by_id(b).is_none());
    let of = |image: &Image| image.partition("a", PartitionIndex(0)).cloned().expect("it is there");
    assert!(Arc::ptr_eq(&of(&before), &of(&after)));
}

#[test]
fn settings_go_with_their_topic() {
    let one = image(&[
        topic("a", 1),
        config(2, "a", "retention.ms", Some("1")),
        config(4, "", "retention.ms", Some("2")),
    ]);
    assert_eq!(one.config(&Resource::topic("a".into())).get("retention.ms").map(Str::as_str), Some("1"));
    let records =
        [RemoveTopicRecord { topic_id: id(1) }.into(), topic("a", 2), config(4, "", "retention.ms", None)];
    let (two, delta) = one.apply(&records, at(9)).expect("the records fit");
    assert!(two.configs().next().is_none());
    assert_eq!((delta.created.len(), delta.deleted.len()), (1, 1));
}

#[test]
fn brokers_are_fenced_by_epoch() {
    let one = image(&[broker(1, 7)]);
    let unfence = |epoch| {
        Record::from(BrokerRegistrationChangeRecord {
            broker_id: 1,
            broker_epoch: epoch,
            fenced: -1,
            ..Default::default()
        })
    };
    assert_eq!(
        one.apply(&[unfence(6)], at(2)).err(),
        Some(ApplyError::NoBroker(BrokerId(1), BrokerEpoch(6)))
    );
    let (two, _) = one.apply(&[unfence(7)], at(2)).expect("the epoch is right");
    assert!(
        one.broker(BrokerId(1)).is_some_and(|one| one.fenced)
            && two.broker(BrokerId(1)).is_some_and(|one| !one.fenced)
    );
    let (three, _) = two
        .apply(&[UnregisterBrokerRecord { broker_id: 1, broker_epoch: 7 }.into()], at(3))
        .expect("it is there");
    assert!(three.broker(BrokerId(1)).is_none());
}

#[test]
fn what_does_not_fit_is_refused() {
    let one = image(&[topic("a", 1), partition(1, 0)]);
    let refuse = |record: Record| one.apply(&[record], at(9)).expect_err("it does not fit").to_string();
    assert_eq!(
        refuse(partition(1, 2)),
        "the metadata log names partition 2 of topic a, which does not exist there"
    );
    assert_eq!(refuse(topic("a", 2)), "the metadata log makes topic a, which exists there already");
    assert!(refuse(partition(2, 0)).contains("which does not exist there"));
    assert!(refuse(config(16, "x", "metrics", Some("1"))).contains("a resource of type 16"));
    assert!(refuse(klamm_protocol::ClientQuotaRecord::default().into()).contains("does not serve"));
}

#[test]
fn a_snapshot_makes_the_same_image() {
    let all = image(&[
        FeatureLevelRecord { name: "metadata.version".into(), feature_level: 30 }.into(),
        FeatureLevelRecord { name: "a.feature".into(), feature_level: 1 }.into(),
        broker(1, 7),
        topic("a", 1),
        partition(1, 0),
        partition(1, 1),
        topic("b", 2),
        partition(2, 0),
        PartitionChangeRecord {
            partition_id: 0,
            topic_id: id(1),
            leader: -1,
            isr: Some(vec![]),
            ..Default::default()
        }
        .into(),
        config(2, "a", "retention.ms", Some("1")),
        config(4, "", "retention.ms", Some("2")),
        ProducerIdsRecord { broker_id: 1, broker_epoch: 7, next_producer_id: 3000 }.into(),
    ]);
    let records = all.to_records();
    assert!(matches!(&records[0], Record::FeatureLevel(first) if first.name == "metadata.version"));
    // through the bytes, in the versions that the features give
    let through = records.iter().map(|record| {
        let bytes = record.to_value(all.features.record_version(record)).expect("it can be written");
        Record::from_value(bytes, |_| i16::MAX).expect("it can be read")
    });
    assert_eq!(Image::from_records(through, all.position), Ok(all));
}

#[test]
fn a_jump_changes_what_its_records_would() {
    let before = image(&[
        topic("a", 1),
        partition(1, 0),
        partition(1, 1),
        topic("b", 2),
        partition(2, 0),
        config(2, "b", "retention.ms", Some("1")),
        config(4, "1", "log.cleaner.threads", Some("1")),
        broker(1, 7),
        broker(2, 8),
    ]);
    let change = PartitionChangeRecord {
        partition_id: 1,
        topic_id: id(1),
        leader: 2,
        isr: Some(vec![2]),
        ..Default::default()
    };
    let records = [
        Record::from(change),
        RemoveTopicRecord { topic_id: id(2) }.into(),
        topic("c", 3),
        partition(3, 0),
        config(2, "a", "retention.ms", Some("1")),
        config(4, "1", "log.cleaner.threads", None),
        broker(1, 9),
        UnregisterBrokerRecord { broker_id: 2, broker_epoch: 8 }.into(),
        FeatureLevelRecord { name: "metadata.version".into(), feature_level: 25 }.into(),
    ];
    let (after, delta) = before.apply(&records, at(20)).expect("the records fit");
    assert_eq!(Delta::between(&before, &after), delta);
    assert!(Delta::between(&after, &after).is_empty());
    // a topic made anew under its name, with settings of its own
    let anew = [
        RemoveTopicRecord { topic_id: id(1) }.into(),
        topic("a", 5),
        partition(5, 0),
        config(2, "a", "retention.ms", Some("2")),
    ];
    let (last, delta) = after.apply(&anew, at(30)).expect("the records fit");
    assert_eq!(Delta::between(&after, &last), delta);
}
