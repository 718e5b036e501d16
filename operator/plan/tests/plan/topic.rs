//! The life of a Topic, a decision at a time.

use klamm_operator_api::Topic;
use klamm_plan::topic::{ClusterSeen, Observed, Plan, Replicas, Step, TopicSeen, plan};
use klamm_types::{BrokerId, PartitionIndex};
use serde_json::{Value, json};
use std::collections::BTreeMap;

const THERE: ClusterSeen = ClusterSeen::There { brokers: 1 };

fn observed(spec: Value, actual: Option<TopicSeen>) -> Observed {
    let mut spec = spec;
    spec["clusterRef"] = json!({"name": "orders"});
    let topic = json!({
        "apiVersion": "klamm.dev/v1alpha1", "kind": "Topic",
        "metadata": {"name": "t", "namespace": "shop", "generation": 1}, "spec": spec,
    });
    Observed {
        topic: serde_json::from_value::<Topic>(topic).unwrap(),
        now: serde_json::from_str("\"2026-11-23T00:00:00Z\"").unwrap(),
        cluster: THERE,
        older: None,
        actual,
        racks: [(BrokerId(0), None)].into(),
        failed: None,
    }
}

fn topic(partitions: i32, config: &[(&str, &str)]) -> TopicSeen {
    let config = config.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    TopicSeen { id: "id".into(), partitions: on((0..partitions).map(|_| vec![0])), config }
}

/// Partitions on these brokers.
fn on(replicas: impl IntoIterator<Item = Vec<i32>>) -> BTreeMap<PartitionIndex, Replicas> {
    let ids = |ids: Vec<i32>| ids.into_iter().map(BrokerId).collect();
    let replicas = replicas.into_iter().map(|all| Replicas { all: ids(all), ..Replicas::default() });
    (0..).map(PartitionIndex).zip(replicas).collect()
}

/// As Kafka would make them: each partition begins with the next broker.
fn placed(observed: &Observed, partitions: i32, replicas: i32) -> BTreeMap<PartitionIndex, Replicas> {
    let brokers = observed.racks.len() as i32;
    on((0..partitions).map(|first| (first..first + replicas).map(|id| id % brokers).collect()))
}

/// What Kafka and Kubernetes make of a plan.
fn carry_out(observed: &mut Observed, plan: &Plan) {
    match plan.step.clone() {
        Some(Step::AddFinalizer) => observed.topic.metadata.finalizers = Some(vec!["klamm.dev/topic".into()]),
        Some(Step::RemoveFinalizer) => observed.topic.metadata.finalizers = None,
        Some(Step::Create { partitions, replicas, config }) => {
            let partitions = placed(observed, partitions, replicas);
            observed.actual = Some(TopicSeen { id: "id".into(), partitions, config });
        }
        Some(Step::Grow { partitions }) => {
            let replicas = observed.actual.as_ref().unwrap().replicas();
            observed.actual.as_mut().unwrap().partitions = placed(observed, partitions, replicas);
        }
        Some(Step::Reassign { targets }) => {
            let partitions = &mut observed.actual.as_mut().unwrap().partitions;
            partitions.extend(
                targets.into_iter().map(|(index, all)| (index, Replicas { all, ..Replicas::default() })),
            );
        }
        Some(Step::Configure { set, reset }) => {
            let config = &mut observed.actual.as_mut().unwrap().config;
            config.extend(set);
            config.retain(|key, _| !reset.contains(key));
        }
        Some(Step::Delete { .. }) => observed.actual = None,
        None => {}
    }
    if let Some(status) = &plan.status {
        observed.topic.status = Some(status.clone());
    }
}

fn settle(observed: &mut Observed) -> Vec<Step> {
    let mut steps = vec![];
    loop {
        let plan = plan(observed);
        if plan.step.is_none() && plan.status.is_none() {
            return steps;
        }
        steps.extend(plan.step.clone());
        carry_out(observed, &plan);
        assert!(steps.len() < 20, "{steps:?}");
    }
}

fn condition(observed: &Observed, kind: &str) -> (String, String) {
    let all = observed.topic.status.as_ref().unwrap().conditions.as_ref().unwrap();
    let found = all.iter().find(|condition| condition.type_ == kind).unwrap();
    (found.status.clone(), found.reason.clone())
}

fn is(status: &str, reason: &str) -> (String, String) {
    (status.to_owned(), reason.to_owned())
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

fn deleted(observed: &mut Observed) -> Vec<Step> {
    let time = serde_json::from_str("\"2026-11-23T00:00:00Z\"").unwrap();
    observed.topic.metadata.deletion_timestamp = Some(time);
    settle(observed)
}

#[test]
fn a_topic_is_made_grown_configured_and_deleted() {
    let mut o = observed(json!({"partitions": 2, "config": {"cleanup.policy": "compact"}}), None);
    let create = Step::Create { partitions: 2, replicas: 1, config: map(&[("cleanup.policy", "compact")]) };
    assert_eq!(settle(&mut o), [Step::AddFinalizer, create]);
    assert_eq!(condition(&o, "Ready").0, "True");
    assert_eq!(condition(&o, "FullyReplicated").0, "True", "nobody asked for more than there are brokers");

    o.topic.spec.partitions = Some(4);
    o.topic.spec.config = serde_json::from_value(json!({"retention.ms": 1000})).unwrap();
    let reset = ["cleanup.policy".to_owned()].into();
    let configure = Step::Configure { set: map(&[("retention.ms", "1000")]), reset };
    assert_eq!(settle(&mut o), [Step::Grow { partitions: 4 }, configure]);
    assert_eq!(o.topic.status.as_ref().unwrap().partitions, Some(4));

    assert_eq!(deleted(&mut o), [Step::Delete { id: "id".into() }, Step::RemoveFinalizer]);
}

#[test]
fn what_was_found_stays_and_keeps_settings_of_others() {
    let mut o = observed(json!({"partitions": 3}), Some(topic(3, &[("retention.ms", "5")])));
    assert_eq!(settle(&mut o), []);
    assert_eq!(condition(&o, "Adopted").0, "True");
    assert_eq!(deleted(&mut o), []);

    let mut o = observed(json!({"partitions": 3, "onDelete": "Delete"}), Some(topic(3, &[])));
    assert_eq!(settle(&mut o), [Step::AddFinalizer]);
    o.topic.spec.on_delete = None;
    assert_eq!(settle(&mut o), [Step::RemoveFinalizer], "it was found, so its default is Retain");
}

#[test]
fn retain_lets_the_object_go() {
    let mut o = observed(json!({}), None);
    settle(&mut o);
    o.topic.spec.on_delete = Some(klamm_operator_api::OnDelete::Retain);
    assert_eq!(settle(&mut o), [Step::RemoveFinalizer]);
    assert_eq!(deleted(&mut o), []);
}

#[test]
fn a_finalizer_is_released_at_once_when_there_is_no_cluster() {
    let check = |cluster: ClusterSeen, steps: &[Step]| {
        let mut o = observed(json!({}), None);
        settle(&mut o);
        o.cluster = cluster;
        assert_eq!(deleted(&mut o), steps);
    };
    check(ClusterSeen::Absent, &[Step::RemoveFinalizer]);
    check(ClusterSeen::Away("it starts".into()), &[]);
}

#[test]
fn what_cannot_be_done_is_said() {
    let check = |harm: fn(&mut Observed), stalled: (String, String)| {
        let mut o = observed(json!({"partitions": 3}), Some(topic(3, &[])));
        settle(&mut o);
        harm(&mut o);
        assert_eq!(settle(&mut o), [], "nothing is touched");
        assert_eq!(condition(&o, "Stalled"), stalled);
        assert_eq!(condition(&o, "Ready").0, "False");
        assert_eq!(
            o.topic.status.as_ref().unwrap().topic_id.as_deref(),
            Some("id"),
            "what is known stays known"
        );
    };
    check(|o| o.older = Some("elder".into()), is("True", "NameConflict"));
    check(|o| o.topic.spec.partitions = Some(2), is("True", "PartitionsShrink"));
    check(|o| o.failed = Some("POLICY_VIOLATION".into()), is("True", "Refused"));
    check(|o| o.topic.spec.topic_name = Some("a b".into()), is("True", "InvalidSpec"));
    check(
        |o| o.topic.spec.config = serde_json::from_value(json!({"retention.msec": 1})).unwrap(),
        is("True", "InvalidConfig"),
    );
    check(|o| o.cluster = ClusterSeen::Absent, is("False", "Progressing"));
}

#[test]
fn more_replicas_than_brokers_are_said() {
    let mut o = observed(json!({"replicas": 3}), None);
    settle(&mut o);
    assert_eq!(condition(&o, "FullyReplicated"), is("False", "NotEnoughBrokers"));
    assert_eq!(condition(&o, "Ready").0, "True");
    assert_eq!(o.topic.status.as_ref().unwrap().replicas, Some(1));
}

/// The same topic in a Cluster of brokers 0 to `count`, each in the rack that `rack` says.
fn grown(observed: &mut Observed, count: i32, rack: impl Fn(i32) -> Option<&'static str>) {
    observed.cluster = ClusterSeen::There { brokers: count };
    observed.racks = (0..count).map(|id| (BrokerId(id), rack(id).map(str::to_owned))).collect();
}

fn targets(steps: &[Step]) -> Vec<Vec<i32>> {
    let [Step::Reassign { targets }] = steps else { panic!("{steps:?}") };
    targets.values().map(|target| target.iter().map(|id| id.0).collect()).collect()
}

#[test]
fn replicas_are_raised_when_brokers_join() {
    for replicas in [json!({}), json!({"replicas": 3}), json!({"replicas": 5})] {
        let mut spec = replicas;
        spec["partitions"] = json!(3);
        let mut o = observed(spec, None);
        settle(&mut o);
        grown(&mut o, 3, |_| None);
        let raised = targets(&settle(&mut o));
        assert_eq!(raised, [vec![1, 0, 2], vec![2, 0, 1], vec![0, 1, 2]], "leaders are spread");
        let all = o.topic.spec.replicas != Some(5);
        let (status, reason) = if all { ("True", "AllReplicas") } else { ("False", "NotEnoughBrokers") };
        assert_eq!(condition(&o, "FullyReplicated"), is(status, reason));
        assert_eq!(o.topic.status.as_ref().unwrap().replicas, Some(3));
    }
}

#[test]
fn new_replicas_go_to_other_racks_and_leave_crowded_ones() {
    let mut o = observed(json!({"replicas": 1}), None);
    settle(&mut o);
    grown(&mut o, 4, |id| Some(if id == 3 { "b" } else { "a" }));
    o.topic.spec.replicas = Some(2);
    assert_eq!(targets(&settle(&mut o)), [vec![0, 3]]);
    o.topic.spec.replicas = Some(3);
    assert_eq!(targets(&settle(&mut o)), [vec![0, 3, 1]]);
    o.topic.spec.replicas = Some(2);
    assert_eq!(targets(&settle(&mut o)), [vec![0, 3]]);
    o.racks.remove(&BrokerId(0));
    o.topic.spec.replicas = Some(1);
    assert_eq!(targets(&settle(&mut o)), [vec![3]], "those that are away leave first");
}

#[test]
fn a_move_is_waited_for_and_a_broker_that_is_away_too() {
    let mut o = observed(json!({"replicas": 3}), None);
    settle(&mut o);
    grown(&mut o, 3, |_| None);
    o.racks.remove(&BrokerId(2));
    assert_eq!(settle(&mut o), []);
    assert_eq!(condition(&o, "FullyReplicated"), is("False", "BrokersAway"));

    o.racks.insert(BrokerId(2), None);
    assert_eq!(targets(&settle(&mut o)), [vec![0, 1, 2]]);
    let moving = o.actual.as_mut().unwrap().partitions.get_mut(&PartitionIndex(0)).unwrap();
    moving.adding = [BrokerId(1), BrokerId(2)].into();
    let plan = plan(&o);
    assert_eq!((plan.step, plan.under_way), (None, true));
    assert_eq!(settle(&mut o), []);
    assert_eq!(condition(&o, "FullyReplicated"), is("False", "Reassigning"));
    assert_eq!(o.topic.status.as_ref().unwrap().replicas, Some(1), "what joins does not count yet");
}

#[test]
fn what_was_found_keeps_its_replicas_unless_they_are_asked_for() {
    let mut o = observed(json!({}), Some(topic(1, &[])));
    grown(&mut o, 3, |_| None);
    assert_eq!(settle(&mut o), []);
    assert_eq!(condition(&o, "FullyReplicated"), is("True", "AllReplicas"));
    o.topic.spec.replicas = Some(2);
    assert_eq!(targets(&settle(&mut o)), [vec![0, 1]]);
}
