//! The objects of the quickstart's Cluster, byte for byte. `UPDATE_GOLDEN=1 cargo test -p klamm-plan` writes them anew.

use crate::world::{QUICKSTART, World};
use klamm_plan::cluster::Plan;

#[test]
fn objects_are_the_golden_ones() {
    let mut world = World::new(QUICKSTART);
    let Plan { apply, .. } = world.plan();
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
    assert_eq!(apply.len(), 6);
    let keys: Vec<_> = apply.into_iter().map(|resource| (resource.kind, resource.name)).collect();
    let (cluster, defaults) = (&world.observed.cluster, &world.observed.defaults);
    let valid = klamm_plan::cluster::scope(cluster, None, defaults).unwrap();
    assert_eq!(klamm_plan::resources::keys(&valid), keys);
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
