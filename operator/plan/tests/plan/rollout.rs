//! Changes that need another pod, and specs that are refused.

use crate::world::{QUICKSTART, World};
use klamm_plan::{Kind, cluster::Step};
use klamm_types::BrokerId;
use serde_json::{Value, json};

fn ready() -> World {
    let mut world = World::new(QUICKSTART);
    world.settle();
    world
}

fn change(world: &mut World, spec: Value) {
    let before = serde_json::to_value(&world.observed.cluster.spec).unwrap();
    let mut merged = before.as_object().unwrap().clone();
    merged.extend(spec.as_object().unwrap().clone());
    world.observed.cluster.spec = serde_json::from_value(Value::Object(merged)).unwrap();
    *world.observed.cluster.metadata.generation.as_mut().unwrap() += 1;
}

/// Runs to rest; the reasons for which pods were deleted.
fn deletions(world: &mut World) -> Vec<String> {
    let mut reasons = vec![];
    for _ in 0..50 {
        let plan = world.plan();
        let deleted = plan.steps.iter().filter_map(|step| match step {
            Step::DeletePod { uid, reason, .. } => {
                assert_eq!(*uid, world.observed.pods[&BrokerId(0)].uid);
                Some(reason.clone())
            }
            _ => None,
        });
        reasons.extend(deleted);
        world.carry_out(&plan, World::effects(&plan));
    }
    assert_eq!(World::effects(&world.plan()), 0);
    reasons
}

#[test]
fn a_changed_template_replaces_the_pod_once() {
    let check = |spec: Value, reasons: &[&str]| {
        let mut world = ready();
        change(&mut world, spec.clone());
        assert_eq!(deletions(&mut world), reasons, "{spec}");
        assert_eq!(world.condition("Ready").0, "True", "{spec}");
        let set = &world.observed.stateful_sets["orders-brokers"];
        assert!(!set.replacing, "at rest a pod that crashes keeps its revision");
    };
    check(json!({}), &[]);
    check(json!({"config": {"auto.create.topics.enable": "true"}}), &[]);
    check(json!({"config": {"log.retention.ms": 1000}}), &["the settings changed"]);
    check(json!({"version": "0.2.0"}), &["the image becomes registry.example.com/klamm/klamm-broker:0.2.0"]);
    let template =
        json!({"name": "brokers", "replicas": 1, "template": {"metadata": {"labels": {"team": "a"}}}});
    check(json!({ "pools": [template] }), &["the pod's template changed"]);
    let storage = json!({"name": "brokers", "replicas": 1, "storage": {"onDelete": "Delete"}});
    check(json!({ "pools": [storage] }), &[]);
}

#[test]
fn a_restart_is_asked_for_by_an_annotation() {
    let mut world = ready();
    let annotations = world.observed.cluster.metadata.annotations.get_or_insert_default();
    annotations.insert("klamm.dev/restart".into(), "1".into());
    assert_eq!(deletions(&mut world), ["a restart was asked for"]);
    world.observed.cluster.metadata.annotations = None;
    assert_eq!(deletions(&mut world), [""; 0], "taking the annotation away is no reason");
}

#[test]
fn a_newer_operator_rolls_nothing() {
    let mut world = ready();
    world.observed.defaults.version = "0.2.0".into();
    assert_eq!(deletions(&mut world), [""; 0]);
    assert_eq!(world.condition("UpgradeAvailable").0, "True");
}

#[test]
fn a_paused_rollout_waits() {
    let mut world = ready();
    change(&mut world, json!({"config": {"log.retention.ms": 1000}, "rollout": {"pause": true}}));
    assert_eq!(deletions(&mut world), [""; 0]);
    assert_eq!(world.condition("Reconciling").1, "RolloutPaused");
    change(&mut world, json!({"rollout": {"pause": false}}));
    assert_eq!(deletions(&mut world), ["the settings changed"]);
}

#[test]
fn what_is_not_served_is_refused_by_name() {
    let check = |spec: Value, reason: &str, says: &str| {
        let mut world = ready();
        let objects = world.observed.objects.clone();
        change(&mut world, spec);
        assert_eq!(deletions(&mut world), [""; 0], "what was accepted goes on");
        let (status, said, message) = world.condition("Stalled");
        assert_eq!((status.as_str(), said.as_str()), ("True", reason), "{message}");
        assert!(message.contains(says), "{message}");
        assert_eq!(world.condition("Ready").0, "True", "{message}");
        assert_eq!(world.observed.objects, objects);
    };
    let pool = |with: Value| {
        let mut pool = json!({"name": "brokers", "replicas": 1});
        pool.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        json!({ "pools": [pool] })
    };
    let listener = |with: Value| {
        let mut listener = json!({"name": "plain", "port": 9092});
        listener.as_object_mut().unwrap().extend(with.as_object().unwrap().clone());
        json!({ "listeners": [listener] })
    };
    let not_yet = "NotSupportedYet";
    check(pool(json!({"replicas": 10})), not_yet, "a Cluster of 10 brokers is not served");
    check(pool(json!({"replicas": 0})), "InvalidSpec", "at least one pool needs replicas");
    check(pool(json!({"roles": ["broker"]})), not_yet, "spec.pools[brokers].roles");
    check(pool(json!({"storage": {"maxSize": "1Ti"}})), not_yet, "storage.maxSize");
    check(pool(json!({"storage": {"size": "20Gi"}})), not_yet, "the size that it has, 10Gi");
    check(pool(json!({"template": {"spec": {"containers": []}}})), not_yet, "template.spec.containers");
    check(pool(json!({"firstId": 5})), "ImmutableField", "named brokers with firstId 0");
    check(json!({"rackKey": "zone"}), not_yet, "spec.rackKey");
    check(listener(json!({"type": "nodeport"})), not_yet, "spec.listeners[plain].type");
    check(listener(json!({"tls": {"enabled": true}})), not_yet, "spec.listeners[plain].tls");
    check(listener(json!({"authentication": {"type": "mtls"}})), not_yet, "authentication");
    check(listener(json!({"advertised": {"host": "h"}})), not_yet, "advertised");
    check(json!({"authorization": {"enabled": true}}), not_yet, "spec.authorization");
    check(json!({"balance": {"mode": "Auto"}}), not_yet, "spec.balance.mode");
    check(json!({"rollout": {"strategy": "Canary"}}), not_yet, "spec.rollout.strategy");
    check(json!({"metrics": {"otlp": {"endpoint": "h:1"}}}), not_yet, "spec.metrics.otlp");
    check(json!({"config": {"node.id": 7}}), "InvalidConfig", "node.id is set by the operator");
    check(json!({"config": {"log.retention.msec": 7}}), "InvalidConfig", "did you mean log.retention.ms?");
    check(
        json!({"config": {"num.partitions": "many"}}),
        "InvalidConfig",
        "num.partitions takes a whole number",
    );
    check(json!({"config": {"num.partitions": [1]}}), "InvalidConfig", "not a list or a map");
}

#[test]
fn pods_that_kubernetes_would_not_take_are_refused() {
    let mut world = ready();
    let objects = world.observed.objects.clone();
    let template = json!({"spec": {"tolerations": [{"operator": "Sometimes"}]}});
    change(&mut world, json!({"pools": [{"name": "brokers", "replicas": 1, "template": template}]}));
    world.observed.rejected = Some("tolerations[0].operator: Unsupported value".into());
    assert_eq!(deletions(&mut world), [""; 0], "what was accepted goes on");
    let (status, reason, message) = world.condition("Stalled");
    assert_eq!((status.as_str(), reason.as_str()), ("True", "InvalidTemplate"));
    assert!(message.contains("tolerations[0].operator"), "{message}");
    assert_eq!(world.observed.objects, objects);
}

#[test]
fn objects_of_others_are_never_adopted() {
    let mut world = World::new(QUICKSTART);
    let foreign = klamm_plan::cluster::ObjectSeen { ours: false, hash: None };
    world.observed.objects.insert((Kind::Service, "orders-brokers".into()), foreign);
    world.settle();
    assert_eq!(world.condition("Stalled").1, "NameConflict");
    assert_eq!(world.observed.objects.len(), 1);
}
