//! Clusters of several brokers: formed once, voters chosen and promoted one at a time, volumes lost, brokers replaced.

use crate::world::{THREE, World};
use klamm_plan::cluster::{Plan, Step, choose_voters};
use klamm_types::BrokerId;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn ids(all: &[i32]) -> BTreeSet<BrokerId> {
    all.iter().copied().map(BrokerId).collect()
}

#[test]
fn voters_are_odd_spread_and_sticky() {
    let check = |racks: &[&str], current: &[i32], expected: &[i32]| {
        let rack = |(id, rack): (usize, &&str)| {
            (BrokerId(id as i32), Some((*rack).to_owned()).filter(|rack| !rack.is_empty()))
        };
        let eligible = racks.iter().enumerate().map(rack).collect();
        assert_eq!(choose_voters(&eligible, &ids(current)), ids(expected), "{racks:?} from {current:?}");
    };
    check(&[], &[], &[]);
    check(&[""], &[], &[0]);
    check(&["", ""], &[0], &[0]);
    check(&["", ""], &[1], &[1]);
    check(&["", "", ""], &[0], &[0, 1, 2]);
    check(&["", "", "", ""], &[1, 2, 3], &[1, 2, 3]);
    check(&["", "", "", "", "", "", ""], &[], &[0, 1, 2, 3, 4]);
    check(&["a", "a", "b", "c"], &[0], &[0, 2, 3]);
    check(&["a", "a", "a", "b"], &[0, 1, 2], &[0, 1, 2]); // staying is worth more than spreading
    check(&["a", "a", "b", "c", "c", "c"], &[], &[0, 1, 2, 3, 4]);
    check(&["a", "b", "c"], &[0, 1, 2, 9], &[0, 1, 2]); // 9 is gone
    check(&["a", "a", "b", "b"], &[0, 1, 2, 3], &[0, 1, 2]); // one too many: the last of the fullest rack
}

fn ready() -> World {
    let mut world = World::new(THREE);
    world.settle();
    world
}

fn change(world: &mut World, spec: Value) {
    let mut merged = serde_json::to_value(&world.observed.cluster.spec).unwrap();
    merged.as_object_mut().unwrap().extend(spec.as_object().unwrap().clone());
    world.observed.cluster.spec = serde_json::from_value(merged).unwrap();
    *world.observed.cluster.metadata.generation.as_mut().unwrap() += 1;
}

/// Runs to rest; the steps that concern brokers, as words.
fn steps(world: &mut World, mut look: impl FnMut(&World, &Plan)) -> Vec<String> {
    let mut steps = vec![];
    for _ in 0..100 {
        let plan = world.plan();
        look(world, &plan);
        steps.extend(plan.steps.iter().filter_map(|step| match step {
            Step::Format { broker, is_voter: true, .. } => Some(format!("format {broker} as voter")),
            Step::Format { broker, .. } => Some(format!("format {broker}")),
            Step::AddVoter { broker, .. } => Some(format!("add {broker}")),
            Step::RemoveVoter { broker, .. } => Some(format!("remove {broker}")),
            Step::DeletePod { broker, .. } => Some(format!("restart {broker}")),
            _ => None,
        }));
        world.carry_out(&plan, World::effects(&plan));
    }
    assert_eq!(World::effects(&world.plan()), 0, "{steps:?}");
    steps
}

fn voters(world: &World) -> BTreeSet<BrokerId> {
    world.observed.quorum_seen.iter().flat_map(|quorum| &quorum.voters).map(|voter| voter.broker).collect()
}

#[test]
fn three_brokers_become_three_voters() {
    let mut world = World::new(THREE);
    let formed = steps(&mut world, |_, plan| {
        let promoted = plan.steps.iter().filter(|step| matches!(step, Step::AddVoter { .. })).count();
        assert!(promoted <= 1, "one at a time");
    });
    assert_eq!(formed, ["format 0 as voter", "format 1", "format 2", "add 1", "add 2"]);
    assert_eq!(voters(&world), ids(&[0, 1, 2]));
    assert_eq!(world.condition("Ready").0, "True");
    assert_eq!(world.condition("Degraded").0, "False");
    let status = world.observed.cluster.status.clone().unwrap();
    assert_eq!(status.summary.unwrap().in_sync, "3/3");
    let roles: Vec<_> =
        status.brokers.unwrap().iter().map(|one| format!("{:?}", one.controller.unwrap())).collect();
    assert_eq!(roles, ["Leader", "Voter", "Voter"]);
}

#[test]
fn killed_after_every_effect_there_is_one_quorum() {
    for stride in 1..16 {
        let mut world = World::new(THREE);
        for _ in 0..300 {
            let plan = world.plan();
            world.carry_out(&plan, World::effects(&plan).min(stride)); // the world asserts that one quorum is made
        }
        assert_eq!(voters(&world), ids(&[0, 1, 2]), "stride {stride}");
        assert_eq!(world.condition("Ready").0, "True", "stride {stride}");
    }
}

#[test]
fn pools_with_ranges_of_their_own() {
    let mut world = World::new(THREE);
    let pools =
        json!([{"name": "a", "firstId": 0, "replicas": 2}, {"name": "b", "firstId": 10, "replicas": 3}]);
    change(&mut world, json!({ "pools": pools }));
    steps(&mut world, |_, _| {});
    assert_eq!(voters(&world), ids(&[0, 1, 10, 11, 12]));
    let overlapping =
        json!([{"name": "a", "firstId": 0, "replicas": 2}, {"name": "b", "firstId": 1, "replicas": 1}]);
    change(&mut world, json!({ "pools": overlapping }));
    assert_eq!(steps(&mut world, |_, _| {}), [""; 0]);
    assert!(world.condition("Stalled").2.contains("ranges are apart"), "{}", world.condition("Stalled").2);
    let fewer =
        json!([{"name": "a", "firstId": 0, "replicas": 1}, {"name": "b", "firstId": 10, "replicas": 3}]);
    change(&mut world, json!({ "pools": fewer }));
    assert_eq!(steps(&mut world, |_, _| {}), [""; 0]);
    assert!(world.condition("Stalled").2.contains("brokers are added"), "{}", world.condition("Stalled").2);
}

#[test]
fn a_cluster_grows_from_one_to_three() {
    let mut world = World::new(crate::world::QUICKSTART);
    world.settle();
    change(&mut world, json!({"pools": [{"name": "brokers", "replicas": 3}]}));
    let grown = steps(&mut world, |_, _| {});
    assert_eq!(voters(&world), ids(&[0, 1, 2]), "{grown:?}");
    // three brokers have other defaults (min.insync.replicas), which broker 0 gets last of all
    assert_eq!(grown, ["format 1", "format 2", "add 1", "add 2", "restart 0"]);
    change(&mut world, json!({"pools": [{"name": "brokers", "replicas": 5}]}));
    let grown = steps(&mut world, |_, _| {});
    assert_eq!(grown, ["format 3", "format 4", "add 3", "add 4"], "more brokers restart none");
    assert_eq!(voters(&world), ids(&[0, 1, 2, 3, 4]));
    assert_eq!(world.condition("Ready").0, "True");
}

#[test]
fn topics_grow_before_a_broker_restarts() {
    let mut world = World::new(crate::world::QUICKSTART);
    world.settle();
    change(&mut world, json!({"pools": [{"name": "brokers", "replicas": 3}]}));
    world.observed.growing = vec!["events".into()];
    let mut grown = vec![];
    for _ in 0..50 {
        let plan = world.plan();
        grown.extend(plan.steps.iter().filter(|step| matches!(step, Step::DeletePod { .. })).cloned());
        world.carry_out(&plan, World::effects(&plan));
    }
    assert_eq!(grown, [], "{:?}", world.condition("Reconciling"));
    let (_, reason, message) = world.condition("Reconciling");
    assert_eq!(reason, "RollingOut");
    assert!(message.contains("topic events to have all of its replicas"), "{message}");
    world.observed.growing.clear();
    assert_eq!(steps(&mut world, |_, _| {}), ["restart 0"]);
}

#[test]
fn a_lost_volume_is_another_voter() {
    for lost in [0, 1, 2] {
        let mut world = ready();
        world.lose_volume(BrokerId(lost));
        let healed = steps(&mut world, |world, _| assert_ne!(world.condition("Ready").0, "False"));
        assert_eq!(healed, [format!("format {lost}"), format!("remove {lost}"), format!("add {lost}")]);
        assert_eq!(voters(&world), ids(&[0, 1, 2]));
    }
}

#[test]
fn without_a_majority_nothing_is_touched() {
    let mut world = ready();
    world.lose_volume(BrokerId(0));
    world.lose_volume(BrokerId(1));
    assert_eq!(steps(&mut world, |_, _| {}), [""; 0]);
    let (status, reason, message) = world.condition("Stalled");
    assert_eq!((status.as_str(), reason.as_str()), ("True", "QuorumLost"), "{message}");
    assert!(message.contains("of 3 voters, the volumes of brokers 0 and 1 are empty"), "{message}");
    assert_eq!(world.condition("Ready").0, "False");
}

#[test]
fn brokers_are_replaced_one_at_a_time_the_controller_last() {
    let mut world = ready();
    world.partitions = vec![("t-0".into(), vec![0, 1, 2], 2), ("single-0".into(), vec![1], 1)];
    change(&mut world, json!({"config": {"log.retention.ms": 1000}}));
    assert_eq!(steps(&mut world, |_, _| {}), ["restart 1", "restart 2", "restart 0"]);
    assert_eq!(world.condition("Ready").0, "True");
    assert!(world.observed.stateful_sets.values().all(|set| !set.replacing));
}

#[test]
fn a_roll_waits_until_it_is_safe() {
    let mut world = ready();
    world.partitions = vec![("t-0".into(), vec![0, 1, 2], 2)];
    world.settle();
    change(&mut world, json!({"config": {"log.retention.ms": 1000}}));
    for _ in 0..10 {
        world.observed.partitions.as_mut().unwrap()[0].in_sync.retain(|id| *id != BrokerId(2));
        let plan = world.plan();
        let deleted: Vec<_> =
            plan.steps.iter().filter(|step| matches!(step, Step::DeletePod { .. })).collect();
        assert!(deleted.is_empty(), "{deleted:?}");
        world.carry_out(&plan, World::effects(&plan));
    }
    let (_, reason, message) = world.condition("Reconciling");
    assert_eq!(reason, "RollingOut");
    assert!(message.contains("t-0, which would have 1 of 2 in-sync replicas"), "{message}");
    assert_eq!(steps(&mut world, |_, _| {}), ["restart 1", "restart 2", "restart 0"]);
}

#[test]
fn a_broker_that_does_not_run_is_replaced_first() {
    let mut world = ready();
    change(&mut world, json!({"config": {"log.retention.ms": 1000}}));
    let pod = world.observed.pods.get_mut(&BrokerId(2)).unwrap();
    (pod.trouble, pod.ready) = (Some("CrashLoopBackOff".into()), false);
    let plan = world.plan();
    world.carry_out(&plan, World::effects(&plan));
    let pod = world.observed.pods.get_mut(&BrokerId(2)).unwrap();
    (pod.trouble, pod.ready) = (Some("CrashLoopBackOff".into()), false);
    let first = world.plan().steps;
    assert!(matches!(first.as_slice(), [Step::DeletePod { broker: BrokerId(2), .. }]), "{first:?}");
}
