//! The objects of the quickstart's Cluster, byte for byte. `UPDATE_GOLDEN=1 cargo test -p klamm-plan` writes them anew.

use crate::world::{QUICKSTART, World};
use klamm_plan::Kind;

#[test]
fn objects_are_the_golden_ones() {
    let mut world = World::new(QUICKSTART);
    world.observed.pod_monitors = true;
    let mut apply = vec![];
    for _ in 0..2 {
        let plan = world.plan();
        world.carry_out(&plan, World::effects(&plan));
        apply.extend(plan.apply);
    }
    for resource in &apply {
        let kind = format!("{:?}", resource.kind).to_lowercase();
        let path = format!("{}/tests/golden/{kind}-{}.yaml", env!("CARGO_MANIFEST_DIR"), resource.name);
        let text = serde_saphyr::to_string(&resource.manifest).unwrap();
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, golden, "{path}: UPDATE_GOLDEN=1 writes it anew");
    }
    assert_eq!(apply.len(), 8);
    let keys: Vec<_> = apply.into_iter().map(|resource| (resource.kind, resource.name)).collect();
    let (cluster, defaults) = (&world.observed.cluster, &world.observed.defaults);
    let valid = klamm_plan::cluster::scope(cluster, None, defaults).unwrap();
    assert_eq!(klamm_plan::resources::keys(&valid, true), keys);
}

#[test]
fn a_cluster_becomes_ready_and_rests() {
    let mut world = World::new(QUICKSTART);
    world.settle();
    let status = world.observed.cluster.status.clone().unwrap();
    assert_eq!(world.condition("Ready").0, "True");
    assert_eq!(world.condition("Reconciling").0, "False");
    assert_eq!(world.condition("Stalled").0, "False");
    assert_eq!(status.cluster_id, world.observed.quorum.as_ref().map(|quorum| quorum.cluster_id.clone()));
    assert_eq!(status.listeners.unwrap()[0].bootstrap_servers, "orders-bootstrap.shop.svc:9092");
    assert_eq!(status.summary.unwrap().in_sync, "1/1");
    assert_eq!(World::effects(&world.plan()), 0);
}

#[test]
fn pods_are_made_when_their_certificates_are_there() {
    let mut world = World::new(QUICKSTART);
    let plan = world.plan();
    assert!(plan.apply.iter().all(|resource| resource.kind != Kind::StatefulSet));
    world.carry_out(&plan, World::effects(&plan));
    let kinds: Vec<_> = world.plan().apply.iter().map(|resource| resource.kind).collect();
    assert_eq!(kinds, [Kind::StatefulSet]);
}

#[test]
fn ready_is_said_when_the_service_leads_to_a_broker() {
    let mut world = World::new(QUICKSTART);
    world.kube_proxy_knows = false;
    world.settle();
    let (status, reason, message) = world.condition("Ready");
    assert_eq!((status.as_str(), reason.as_str()), ("False", "Starting"));
    assert_eq!(message, "Waiting for the Service orders-bootstrap to lead to a broker");
    assert_eq!(world.plan().again_millis, 200, "nothing but trying tells");
    world.observed.bootstrap_reached = true;
    world.settle();
    assert_eq!(world.condition("Ready").0, "True");
    world.observed.bootstrap_reached = false; // it is not tried any more
    assert_eq!(World::effects(&world.plan()), 0);
}

#[test]
fn clients_need_not_wait_for_kubernetes_to_see_the_pod_ready() {
    let mut world = World::new(QUICKSTART);
    world.settle();
    world.observed.pods.values_mut().for_each(|pod| pod.ready = false);
    let status = world.plan().status.unwrap();
    let is = |kind: &str| {
        status.conditions.iter().flatten().find(|condition| condition.type_ == kind).unwrap().status.clone()
    };
    assert_eq!((is("Ready").as_str(), is("Reconciling").as_str()), ("True", "True"));
}
