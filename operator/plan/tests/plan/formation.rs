//! Exactly one cluster, ever: the operator dies after every number of effects, and nothing but one id comes of it.

use crate::world::{QUICKSTART, World};
use klamm_plan::cluster::Step;
use klamm_types::BrokerId;

const SEED: BrokerId = BrokerId(0);

#[test]
fn killed_after_every_effect_there_is_one_cluster() {
    // each round carries out `stride` effects of its plan and forgets the rest, as an operator does that dies there
    for stride in 1..12 {
        let mut world = World::new(QUICKSTART);
        let mut ids = std::collections::BTreeSet::new();
        for _ in 0..200 {
            let plan = world.plan();
            world.carry_out(&plan, World::effects(&plan).min(stride));
            ids.extend(
                world.observed.brokers.values().filter_map(|broker| broker.clone().unwrap().cluster_id),
            );
            ids.extend(world.observed.quorum.iter().map(|quorum| quorum.cluster_id.clone()));
        }
        assert_eq!(ids.len(), 1, "stride {stride}");
        assert_eq!(world.condition("Ready").0, "True", "stride {stride}");
    }
}

#[test]
fn a_retained_volume_is_adopted() {
    let mut first = World::new(QUICKSTART);
    first.settle();
    let id = first.observed.quorum.clone().unwrap().cluster_id;
    let mut second = World::new(QUICKSTART);
    second.observed.claims = first.observed.claims.clone();
    second.observed.brokers = first.observed.brokers.clone();
    second.settle();
    assert_eq!(second.observed.quorum.as_ref().unwrap().cluster_id, id);
    assert_eq!(second.condition("Ready").0, "True");
}

#[test]
fn lost_and_foreign_volumes_are_never_touched() {
    let check = |harm: fn(&mut World), reason: &str, says: &str| {
        let mut world = World::new(QUICKSTART);
        world.settle();
        harm(&mut world);
        let steps = world.plan().steps;
        assert!(
            !steps.iter().any(|step| matches!(step, Step::Format { .. } | Step::MarkClaim { .. })),
            "{steps:?}"
        );
        world.settle();
        let (status, said, message) = world.condition("Stalled");
        assert_eq!((status.as_str(), said.as_str()), ("True", reason), "{message}");
        assert!(message.contains(says), "{message}");
    };
    check(|world| world.broker(SEED).cluster_id = None, "QuorumLost", "is empty now");
    check(
        |world| world.observed.claims.get_mut(&SEED).unwrap().uid = "another".into(),
        "QuorumLost",
        "formed on the volume claim with uid claim",
    );
    check(
        |world| world.broker(SEED).cluster_id = Some("foreign".into()),
        "MixedVolumes",
        "belongs to cluster foreign",
    );
    check(
        |world| world.observed.claims.get_mut(&SEED).unwrap().cluster_id = Some("foreign".into()),
        "MixedVolumes",
        "marked as of cluster foreign",
    );
}

#[test]
fn a_marked_volume_that_is_empty_forms_no_new_cluster() {
    let mut first = World::new(QUICKSTART);
    first.settle();
    let mut second = World::new(QUICKSTART);
    second.observed.claims = first.observed.claims.clone();
    second.settle();
    assert_eq!(second.observed.quorum, None);
    assert_eq!(second.condition("Stalled").1, "QuorumLost");
}
