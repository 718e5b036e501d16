use super::*;
use crate::FeatureRange;

/// A broker's next life.
fn life(id: i32, incarnation: u8) -> Registration {
    Registration {
        id: BrokerId(id),
        incarnation: Uuid([incarnation; 16]),
        directories: vec![volume(id)],
        ..Registration::default()
    }
}

#[test]
fn who_may_register() {
    let image = brokers(&[None, None]);
    let register = |new: &Registration, has_session| {
        register_broker(rules(&image), new, has_session, Offset(50)).map(|(epoch, _)| epoch.0)
    };
    let check = |new: Registration, has_session, expected: Result<i64, (ErrorCode, &str)>| {
        let got = register(&new, has_session);
        match (got, expected) {
            (Ok(epoch), Ok(expected)) => assert_eq!(epoch, expected, "{new:?}"),
            (Err(refused), Err((code, part))) => {
                assert!(refused.code == code && refused.message.contains(part), "{refused:?}");
            }
            (got, expected) => panic!("{new:?}: {got:?} instead of {expected:?}"),
        }
    };
    use ErrorCode::{DuplicateBrokerRegistration, InvalidRegistration, UnsupportedVersion};
    check(life(2, 1), false, Ok(50));
    check(life(1, 2), false, Ok(50));
    check(
        life(1, 2),
        true,
        Err((DuplicateBrokerRegistration, "broker 1 is registered in epoch 5 and alive")),
    );
    check(life(1, 1), true, Ok(5)); // the same process keeps its epoch
    let on = |directories: &[DirectoryId]| Registration { directories: directories.to_vec(), ..life(1, 2) };
    check(on(&[]), false, Err((InvalidRegistration, "no log directory")));
    check(on(&[volume(0)]), false, Err((InvalidRegistration, "is that of broker 0")));
    check(on(&[volume(1), volume(1)]), false, Err((InvalidRegistration, "twice")));
    check(on(&[DirectoryId::UNASSIGNED]), false, Err((InvalidRegistration, "reserved")));
    let elr = FeatureRange { name: "eligible.leader.replicas.version".into(), min: 0, max: 1 };
    let older = FeatureRange { name: "metadata.version".into(), min: 7, max: 25 };
    let serves = |features: Vec<FeatureRange>| Registration { features, ..life(2, 1) };
    check(
        serves(vec![older, elr]),
        false,
        Err((UnsupportedVersion, "metadata.version 30, which broker 2 serves from 7 to 25")),
    );
    check(serves(vec![]), false, Err((UnsupportedVersion, "serves not at all")));
    refused(register_controller(&image, &serves(vec![])), UnsupportedVersion, "controller 2");
    assert_eq!(register_controller(&image, &life(7, 1)).map(|records| records.len()), Ok(1));
}

#[test]
fn a_process_that_registers_again_stays_as_it_is() {
    let image = brokers(&[None, None]);
    let (epoch, records) =
        register_broker(rules(&image), &life(1, 1), true, Offset(50)).expect("it is the same");
    let after = then(&image, &records);
    let broker = after.broker(BrokerId(1)).expect("it is registered");
    assert_eq!((epoch, broker.epoch, broker.fenced), (BrokerEpoch(5), BrokerEpoch(5), false));
}

/// What a heartbeat makes of a broker: fenced, in controlled shutdown; and what it is told.
#[test]
fn heartbeats() {
    let unfenced = brokers(&[None, None]);
    let next = |image: &Image, records: Vec<Record>| then(image, &records);
    let fenced =
        next(&unfenced, fence_broker(rules(&unfenced), BrokerId(1), BrokerEpoch(5)).expect("it is there"));
    let beat = |want_fence, want_shut_down| Heartbeat {
        id: BrokerId(1),
        epoch: BrokerEpoch(5),
        applied: Offset(5),
        want_fence,
        want_shut_down,
        ..Heartbeat::default()
    };
    let leaving =
        next(&unfenced, heartbeat(rules(&unfenced), &beat(false, true), false).expect("it is there").1);
    let check = |image: &Image, beat: &Heartbeat, handed_over, told: (bool, bool), is: (bool, bool)| {
        let (answer, records) = heartbeat(rules(image), beat, handed_over).expect("it is registered");
        assert_eq!((answer.is_fenced, answer.should_shut_down), told, "{beat:?}");
        let after = then(image, &records);
        let broker = after.broker(BrokerId(1)).expect("it is there");
        assert_eq!((broker.fenced, broker.in_controlled_shutdown), is, "{beat:?}");
    };
    check(&fenced, &beat(true, false), false, (true, false), (true, false));
    check(&fenced, &beat(false, false), false, (false, false), (false, false));
    let behind = Heartbeat { applied: Offset(4), ..beat(false, false) };
    check(&fenced, &behind, false, (true, false), (true, false));
    check(&fenced, &beat(false, true), false, (true, true), (true, false));
    check(&unfenced, &beat(false, false), false, (false, false), (false, false));
    check(&unfenced, &beat(true, false), false, (true, false), (true, false));
    check(&unfenced, &beat(true, true), false, (true, true), (true, false));
    check(&unfenced, &beat(false, true), true, (false, false), (false, true));
    check(&leaving, &beat(false, true), false, (false, false), (false, true));
    check(&leaving, &beat(false, true), true, (true, true), (true, true));
    let offline = Heartbeat { offline: vec![volume(1)], ..beat(false, false) };
    check(&unfenced, &offline, false, (false, false), (true, false));
    let stale = Heartbeat { epoch: BrokerEpoch(4), ..beat(false, false) };
    refused(heartbeat(rules(&fenced), &stale, false), ErrorCode::StaleBrokerEpoch, "in epoch 5, not in 4");
    let unknown = Heartbeat { id: BrokerId(9), ..beat(false, false) };
    refused(heartbeat(rules(&fenced), &unknown, false), ErrorCode::BrokerIdNotRegistered, "broker 9");
}

#[test]
fn a_failed_directory_is_forgotten_and_its_replicas_are_not_in_sync() {
    let two = Registration { directories: vec![volume(1), volume(11)], ..life(1, 2) };
    let image = brokers(&[None, None]);
    let image = then(
        &image,
        &register_broker(rules(&image), &two, false, Offset(9)).expect("its old life is over").1,
    );
    let image =
        then(&image, &unfence_broker(rules(&image), BrokerId(1), BrokerEpoch(9)).expect("it is registered"));
    let image = create(&image, DEFAULTS, &wanted("a", 2, 2)).expect("there are brokers");
    let id = |index| klamm_types::TopicIdPartition {
        topic: image.topic("a").expect("it was made").id,
        partition: PartitionIndex(index),
    };
    let assign = |index, directory| {
        assign_directory(rules(&image), BrokerId(1), id(index), directory).expect("it is a replica")
    };
    let records: Vec<_> = [assign(0, volume(1)), assign(1, volume(11))].into_iter().flatten().collect();
    assert_eq!(records.len(), 2);
    let image = then(&image, &records);
    let beat = Heartbeat {
        id: BrokerId(1),
        epoch: BrokerEpoch(9),
        applied: Offset(9),
        offline: vec![volume(11)],
        ..Heartbeat::default()
    };
    let (_, records) = heartbeat(rules(&image), &beat, false).expect("it is registered");
    let after = then(&image, &records);
    let in_sync =
        |index| after.partition("a", PartitionIndex(index)).map(|one| one.isr.contains(&BrokerId(1)));
    assert_eq!((in_sync(0), in_sync(1)), (Some(true), Some(false)));
    assert_eq!(after.broker(BrokerId(1)).map(|one| one.directories.clone()), Some(vec![volume(1)]));
    assert_eq!(heartbeat(rules(&after), &beat, false).map(|(_, records)| records.len()), Ok(0), "once");
    let other = assign_directory(rules(&after), BrokerId(7), id(0), volume(1));
    refused(other, ErrorCode::NotLeaderOrFollower, "broker 7 is no replica of a-0");
    let lost = assign_directory(rules(&after), BrokerId(1), id(0), volume(11)).expect("it is a replica");
    let after = then(&after, &[lost.expect("it changes")]);
    assert_eq!(after.partition("a", PartitionIndex(0)).map(|one| one.isr.clone()), Some(vec![BrokerId(0)]));
}

#[test]
fn the_clusters_own_topics_grow_when_brokers_come() {
    let mut image = brokers(&[None]);
    let offsets = NewTopic { configs: Vec::new(), ..wanted(CONSUMER_OFFSETS, 4, 1) };
    image = create(&image, DEFAULTS, &offsets).expect("there is a broker");
    for id in 1..4 {
        image = then(
            &image,
            &register_broker(rules(&image), &life(id, 1), false, Offset(9)).expect("it is new").1,
        );
        image = then(
            &image,
            &unfence_broker(rules(&image), BrokerId(id), BrokerEpoch(9)).expect("it is registered"),
        );
        // what comes is in sync soon
        for index in 0..4 {
            let partition = image.partition(CONSUMER_OFFSETS, PartitionIndex(index)).expect("it is there");
            let new = NewInSync {
                topic: image.topic(CONSUMER_OFFSETS).expect("it is there").id,
                index: PartitionIndex(index),
                leader_epoch: partition.leader_epoch,
                partition_epoch: partition.partition_epoch,
                isr: partition.replicas.iter().map(|id| (*id, None)).collect(),
                recovery_state: 0,
            };
            image = then(&image, &alter_partition(rules(&image), partition.leader, &new).records);
        }
    }
    let topic = image.topic(CONSUMER_OFFSETS).expect("it is there");
    for partition in &topic.partitions {
        assert_eq!((partition.replicas.len(), partition.isr.len(), partition.is_reassigned()), (3, 3, false));
    }
}
