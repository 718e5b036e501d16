//! Three brokers, three processes: each request goes to any of them; one is killed, stopped, ended, led by.

mod processes;

use klamm_client::NewTopic;
use klamm_protocol::{
    DescribeQuorumRequest, InitProducerIdRequest, MetadataResponse,
    describe_quorum_request::{PartitionData, TopicData},
};
use klamm_types::{BrokerId, Str};
use processes::{Cluster, IDS, SESSION, SOON, ids};
use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
    time::Duration,
};

const PARTITIONS: i32 = 6;

fn signal(cluster: &Cluster, id: i32, signal: &str) {
    let pid = cluster.running[&id].id().to_string();
    let sent = Command::new("kill").args([signal, &pid]).status().expect("kill is there");
    assert!(sent.success(), "broker {id} runs");
}

/// SIGTERM, and its exit code.
async fn end(cluster: &mut Cluster, id: i32) -> Option<i32> {
    signal(cluster, id, "-TERM");
    ended(cluster, id).await
}

/// The exit code of a broker that ends.
async fn ended(cluster: &mut Cluster, id: i32) -> Option<i32> {
    let mut child = cluster.running.remove(&id).expect("it runs");
    let deadline = cluster.now().plus(SOON);
    while cluster.now() < deadline {
        if let Some(status) = child.try_wait().expect("it was started here") {
            return status.code();
        }
        cluster.world.sleep(Duration::from_millis(5)).await;
    }
    cluster.running.insert(id, child);
    None
}

/// The active controller, as broker `by` is told.
async fn active_controller(cluster: &Cluster, by: i32) -> i32 {
    let request = DescribeQuorumRequest {
        topics: vec![TopicData {
            topic_name: Str::from_static("__cluster_metadata"),
            partitions: vec![PartitionData { partition_index: 0 }],
        }],
    };
    let response = cluster.client(&[by]).ask(&request).await.expect("it answers");
    response.topics[0].partitions[0].leader_id
}

async fn create(cluster: &Cluster, by: i32, name: &str) {
    let topic =
        NewTopic { name: Str::from(name), partitions: PARTITIONS, replicas: 3, config: BTreeMap::new() };
    cluster.client(&[by]).create_topic(&topic).await.expect("any broker creates a topic");
}

fn leads(seen: &MetadataResponse, id: i32) -> usize {
    let partitions = seen.topics.iter().flat_map(|topic| &topic.partitions);
    partitions.filter(|partition| partition.leader_id == id).count()
}

/// Everything is led, and nothing by `id`.
fn is_led_by_others(seen: &MetadataResponse, id: i32) -> bool {
    leads(seen, id) == 0 && leads(seen, BrokerId::NONE.0) == 0
}

fn others(id: i32) -> [i32; 2] {
    match IDS.map(|one| (one != id).then_some(one)) {
        [Some(a), Some(b), _] | [Some(a), _, Some(b)] | [_, Some(a), Some(b)] => [a, b],
        _ => [id, id],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fetches_without_a_vote_is_an_observer() {
    let mut cluster = Cluster::with_voters("observers", "", &[1]);
    IDS.iter().for_each(|id| cluster.start(*id));
    cluster.until_all(&IDS).await;
    create(&cluster, 2, "t").await;
    // whoever is asked passes it on to the leader
    let mut client = cluster.client(&[3]);
    let deadline = cluster.now().plus(SOON);
    loop {
        let quorum = client.quorum().await.expect("it has a leader");
        assert_eq!(quorum.voters.iter().map(|one| one.id.0).collect::<Vec<_>>(), [1]);
        let ids: Vec<i32> = quorum.observers.iter().map(|one| one.id.0).collect();
        assert_eq!(ids, [2, 3], "brokers that take part follow the metadata log");
        let caught_up = |behind: Option<u64>| behind.is_some_and(|millis| millis < 10_000);
        if quorum.observers.iter().all(|one| caught_up(one.behind_millis)) {
            break;
        }
        assert!(cluster.now() < deadline, "they do not catch up: {quorum:?}");
        cluster.world.sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_come_and_go() {
    let mut cluster = Cluster::new("come-and-go", "min.insync.replicas=1\n");
    IDS.iter().for_each(|id| cluster.start(*id));
    cluster.until_all(&IDS).await;

    // any broker does what the active controller decides
    let mut producers = BTreeSet::new();
    for id in IDS {
        create(&cluster, id, &format!("by-{id}")).await;
        let request = InitProducerIdRequest {
            transaction_timeout_ms: -1,
            producer_id: -1,
            producer_epoch: -1,
            ..Default::default()
        };
        let given = cluster.client(&[id]).ask(&request).await.expect("any broker gives a producer id");
        assert!(given.error_code == 0 && producers.insert(given.producer_id), "{given:?}");
        let name = Str::from(format!("auto-{id}").as_str());
        let made = cluster.client(&[id]).topic_or_auto_created(&name).await.expect("any broker makes topics");
        assert!(made.is_some());
    }
    for id in IDS {
        cluster.until(id, "each broker sees all topics", |seen| seen.topics.len() >= 6).await;
    }
    cluster.until(1, "all brokers lead", |seen| IDS.iter().all(|id| leads(seen, *id) > 0)).await;
    let controller = active_controller(&cluster, 1).await;
    let [victim, witness] = others(controller);
    assert_eq!(active_controller(&cluster, victim).await, controller, "all are told of the same");

    // a killed process is fenced at once, and all that it led is led by others
    cluster.kill(victim);
    let took =
        cluster.until(witness, "the killed broker leads nothing", |seen| is_led_by_others(seen, victim));
    let took = took.await;
    assert!(took < SESSION / 2, "fenced after {took:?}: only when its session was over");
    println!("fenced {took:?} after SIGKILL");
    cluster.start(victim);
    cluster.until_all(&IDS).await;

    // a silent one is fenced when its session is over, and takes part again when it is heard of
    signal(&cluster, victim, "-STOP");
    let took = cluster.until(witness, "the silent broker leads nothing", |seen| !ids(seen).contains(&victim));
    let took = took.await;
    assert!(took >= SESSION - Duration::from_secs(1), "fenced after {took:?}: it was only silent");
    println!("fenced {took:?} after SIGSTOP, with a session of {SESSION:?}");
    signal(&cluster, victim, "-CONT");
    cluster.until_all(&[controller, witness]).await;

    // one that ends hands over before it does
    assert_eq!(end(&mut cluster, victim).await, Some(0), "it ends in good order");
    let seen = cluster.seen_by(witness).await.expect("it serves");
    assert!(!ids(&seen).contains(&victim) && is_led_by_others(&seen, victim), "{seen:?}");
    let mark = cluster.path().join(victim.to_string()).join("data/.kafka_cleanshutdown");
    let mark = std::fs::read_to_string(mark).expect("it was clean");
    assert!(!mark.contains("-1"), "it knows in which epoch it ended: {mark}");
    cluster.start(victim);
    cluster.until_all(&IDS).await;

    // the active controller dies: another one is, and fences it
    cluster.kill(controller);
    let began = cluster.now();
    // who asks before that is not told of the dead: the answer waits (for a second at most) for those who lead now
    let seen = cluster.seen_by(witness).await.expect("it serves");
    let waited = cluster.now().since(began);
    assert!(
        is_led_by_others(&seen, controller) || waited >= Duration::from_secs(1),
        "told of the dead after {waited:?}: {seen:?}"
    );
    create(&cluster, witness, "after").await;
    println!("a topic made {:?} after SIGKILL of the active controller", cluster.now().since(began));
    let took = cluster.until(witness, "the killed controller leads nothing", |seen| {
        !ids(seen).contains(&controller) && is_led_by_others(seen, controller)
    });
    took.await;
    let took = cluster.now().since(began);
    assert!(took < SESSION, "fenced after {took:?}: only when its session was over");
    println!("the killed controller leads nothing {took:?} after SIGKILL");
    assert_ne!(active_controller(&cluster, witness).await, controller);
    cluster.start(controller);
    cluster.until_all(&IDS).await;

    // all end at once: nobody is left to hand over to, and who waited for that would wait ten seconds
    let began = cluster.now();
    IDS.iter().for_each(|id| signal(&cluster, *id, "-TERM"));
    for id in IDS {
        assert_eq!(ended(&mut cluster, id).await, Some(0), "broker {id} ends in good order");
    }
    let took = cluster.now().since(began);
    assert!(took < Duration::from_secs(10), "all have ended after {took:?}");
    println!("all have ended {took:?} after SIGTERM");
}
