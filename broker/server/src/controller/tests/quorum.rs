//! Three voters: elected, killed, started again; observers and voters that come and go.

use super::nodes::{CLUSTER, Node, Running, within};
use klamm_protocol::{AddRaftVoterRequest, ErrorCode, RemoveRaftVoterRequest, add_raft_voter_request};
use klamm_quorum::Role;
use std::time::{Duration, Instant};

/// Formatted nodes 1 to `count`, all voters.
fn voters(test: &str, count: i32, more: &[(&'static str, &'static str)]) -> Vec<Node> {
    let nodes: Vec<_> = (1..=count).map(|id| Node::new(test, id, more)).collect();
    let list: Vec<_> = nodes.iter().map(Node::entry).collect();
    nodes.iter().for_each(|node| node.format(&list.join(",")));
    nodes
}

async fn start(nodes: &[Node]) -> Vec<Running> {
    let mut running = Vec::new();
    for node in nodes {
        running.push(node.start("").await);
    }
    running
}

/// Where the active controller is in the list, once every node says the same.
async fn leader(running: &[Running]) -> usize {
    let ids: Vec<i32> = running.iter().map(|one| one.quorum().me().id.0).collect();
    loop {
        let mut told = Vec::new();
        for one in running {
            told.push(one.follows(&ids).await);
        }
        let active = told.iter().position(|one| one.active);
        match active {
            Some(at)
                if told.iter().all(|one| (one.leader, one.epoch) == (told[at].leader, told[at].epoch)) =>
            {
                return at;
            }
            _ => within(tokio::time::sleep(Duration::from_millis(5))).await,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_leader_that_is_killed_has_a_successor_with_all_that_was_answered() {
    let nodes = voters("failover", 3, &[]);
    let mut running = start(&nodes).await;
    let first = leader(&running).await;
    running[first].register().await;
    running[first].create("a").await.expect("it is new");
    for one in &running {
        one.seen.has(&["a"]).await;
    }
    for (at, one) in running.iter().enumerate().filter(|(at, _)| *at != first) {
        let told = one.controller.leadership();
        assert!(!told.active && told.endpoints[0].port == nodes[first].port, "{told:?}");
        let refused = one.create("x").await.expect_err("it decides nothing");
        assert_eq!(refused.code, ErrorCode::NotController, "node {}", at + 1);
    }

    running.remove(first).kill().await;
    let killed = Instant::now();
    let second = leader(&running).await;
    let took = killed.elapsed();
    assert!(took < Duration::from_secs(5), "another leader after {took:?}");
    eprintln!("another leader after {took:?}");
    running[second].create("b").await.expect("two of three are a majority");

    let back = nodes[first].start("").await;
    back.seen.has(&["a", "b"]).await;
    running.push(back);
    running[second].create("c").await.expect("it is new");
    for one in &running {
        one.seen.has(&["a", "b", "c"]).await;
    }
    // a leader that ends in order does not leave the others waiting
    let third = running.remove(second);
    let epoch = third.controller.leadership().epoch;
    third.stop().await;
    let last = leader(&running).await;
    assert!(running[last].controller.leadership().epoch > epoch);
    running[last].create("d").await.expect("it is new");
    for one in &running {
        one.seen.has(&["a", "b", "c", "d"]).await;
    }
    for one in running {
        one.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_committed_is_not_answered() {
    let nodes = voters("minority", 3, &[]);
    let mut running = start(&nodes).await;
    let at = leader(&running).await;
    running[at].register().await;
    running[at].create("a").await.expect("it is new");
    let alone = running.remove(at);
    for one in running {
        one.kill().await;
    }
    // the leader notices that nobody fetches, and what it could not commit it does not claim
    let refused = alone.create("lost").await.expect_err("one of three commits nothing");
    assert_eq!(refused.code, ErrorCode::NotController);
    assert!(!alone.controller.leadership().active);
    assert!(!matches!(alone.quorum().role(), Role::Leader(_)));
    alone.kill().await;

    let others: Vec<_> =
        nodes.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, node)| node).collect();
    let mut running = Vec::new();
    for node in others {
        running.push(node.start("").await);
    }
    let new = leader(&running).await;
    running[new].create("b").await.expect("two of three are a majority");
    // the record that nobody else has is cut
    let back = nodes[at].start("").await;
    back.seen.has(&["a", "b"]).await;
    running.push(back);
    for one in running {
        one.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_observer_takes_the_snapshot_and_becomes_the_only_voter() {
    let more = [("metadata.log.max.record.bytes.between.snapshots", "2000")];
    let nodes = voters("observer", 1, &more);
    let first = nodes[0].start("").await;
    first.follows(&[1]).await;
    first.register().await;
    let names: Vec<String> = (10..70).map(|number| format!("topic-{number}")).collect();
    for name in &names {
        first.create(name).await.expect("it is new");
    }
    let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
    let kept = within(async {
        while first.quorum().snapshot().end.0 == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        first.quorum().snapshot()
    });
    assert!(kept.await.end.0 > 0);

    let node = Node::new("observer", 2, &more);
    node.format("");
    let second = node.start(&format!("127.0.0.1:{}", nodes[0].port)).await;
    second.seen.has(&names).await;
    assert!(!second.controller.leadership().active);
    assert_eq!(second.seen.image().features.level("metadata.version"), 30);
    assert!(second.quorum().snapshot().end.0 > 0, "it began with the leader's snapshot");

    let mut connection = nodes[0].connect().await;
    let add = AddRaftVoterRequest {
        cluster_id: Some(CLUSTER.into()),
        timeout_ms: 10_000,
        voter_id: 2,
        voter_directory_id: second.quorum().me().directory.0,
        listeners: vec![add_raft_voter_request::Listener {
            name: "CONTROLLER".into(),
            host: "127.0.0.1".into(),
            port: node.port,
        }],
        ack_when_committed: true,
    };
    // until the leader has heard how far it is
    let added = within(async {
        loop {
            let added = connection.call(&add).await.expect("it answers");
            if added.error_code != ErrorCode::RequestTimedOut.code() {
                return added;
            }
        }
    });
    let added = added.await;
    assert_eq!((added.error_code, added.error_message), (0, None));
    assert_eq!(first.quorum().voters().len(), 2);
    let again = within(connection.call(&add)).await.expect("it answers");
    assert_eq!(again.error_code, ErrorCode::DuplicateVoter.code());
    let foreign = AddRaftVoterRequest { cluster_id: Some("other".into()), ..add };
    let foreign = within(connection.call(&foreign)).await.expect("it answers");
    assert_eq!(foreign.error_code, ErrorCode::InconsistentClusterId.code());

    // the leader goes: who is left leads alone, and the former leader follows it
    let remove = RemoveRaftVoterRequest {
        cluster_id: None,
        voter_id: 1,
        voter_directory_id: nodes[0].key.directory.0,
    };
    let removed = within(connection.call(&remove)).await.expect("it answers");
    assert_eq!((removed.error_code, removed.error_message), (0, None));
    second.follows(&[2]).await;
    first.follows(&[2]).await;
    second.create("zzz").await.expect("it is the only voter");
    names.push("zzz");
    first.seen.has(&names).await;
    let mut connection = nodes[0].connect().await;
    let refused = within(connection.call(&remove)).await.expect("it answers");
    assert_eq!(refused.error_code, ErrorCode::NotController.code());
    second.stop().await;
    first.stop().await;
}
