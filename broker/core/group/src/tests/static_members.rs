//! Static membership (KIP-345, KIP-814).

use super::check;

/// Two static members in generation 1. Their ids begin with their instance's name.
const TWO: &[(&str, &[&str])] = &[
    ("a static ia", &[]),
    ("b static ib", &[]),
    ("a join", &[]),
    ("b join", &[]),
    ("wait 6000", &["a: in 1 leads a ?", "b: in 1"]),
    ("b sync", &[]),
    ("a join", &["a: in 1 leads a b"]),
    ("a sync", &["a: assigned", "b: assigned"]),
];

fn after_two(steps: &[(&'static str, &'static [&'static str])]) {
    let mut all = TWO.to_vec();
    all.extend_from_slice(steps);
    check(&all);
}

#[test]
fn a_follower_comes_back_without_a_rebalance() {
    after_two(&[
        ("old is b", &[]),
        ("b restart", &[]),
        ("hold", &[]),
        ("b join", &[]),
        ("commit", &["b: in 1"]),
        ("flow", &[]),
        // what it is assigned was assigned to its old id
        ("b sync", &["b: 1 for ib-00000000-0000-0000-0000-000000000001"]),
        ("state", &["Stable 1 [a, b]"]),
        ("old beat", &["old: FencedInstanceId"]),
        ("old sync", &["old: FencedInstanceId"]),
        ("old join", &["old: FencedInstanceId"]),
        ("old commit t/0=5", &["old: FencedInstanceId"]),
        ("old leave", &["old: FencedInstanceId"]),
        ("b beat", &["b: ok"]),
    ]);
}

#[test]
fn the_leader_comes_back_and_need_not_assign() {
    after_two(&[
        ("a restart", &[]),
        ("a join", &["a: in 1 leads 2, need not assign"]),
        ("a beat", &["a: ok"]),
    ]);
}

#[test]
fn an_older_leader_is_told_that_it_follows() {
    after_two(&[
        ("a version 8", &[]),
        ("a restart", &[]),
        ("a join", &["a: in 1"]),
        ("state", &["Stable 1 [a, b]"]),
    ]);
}

#[test]
fn another_protocol_needs_a_rebalance() {
    check(&[
        ("a static ia", &[]),
        ("a protocols range sticky", &[]),
        ("a join", &[]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a sync", &["a: assigned"]),
        ("a restart", &[]),
        ("a protocols sticky range", &[]),
        ("a join", &["a: in 2 leads a"]),
    ]);
}

#[test]
fn coming_back_while_the_assignment_is_awaited_begins_anew() {
    check(&[
        ("a static ia", &[]),
        ("b static ib", &[]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a ?", "b: in 1"]),
        ("b sync", &[]),
        ("c is b", &[]),
        ("c restart", &[]),
        ("c join", &["b: FencedInstanceId"]),
        ("a beat", &["a: RebalanceInProgress"]),
        ("a join", &["a: in 2 leads a ?", "c: in 2"]),
        ("b join", &["b: FencedInstanceId"]),
    ]);
}

#[test]
fn two_with_one_name_the_later_stays() {
    check(&[
        ("a static i", &[]),
        ("b static i", &[]),
        ("a join", &[]),
        ("b join", &["a: FencedInstanceId"]),
        ("wait 6000", &["b: in 1 leads b"]),
    ]);
}

#[test]
fn a_restart_takes_no_longer_than_a_session() {
    after_two(&[
        // gone without a word: the group stays as it is
        ("wait 9000", &[]),
        ("a beat", &["a: ok"]),
        ("wait 999", &[]),
        ("state", &["Stable 1 [a, b]"]),
        ("wait 1", &[]),
        ("state", &["PreparingRebalance 1 [a]"]),
        ("a join", &["a: in 2 leads a"]),
    ]);
}

#[test]
fn a_rebalance_keeps_static_members_that_are_away() {
    check(&[
        ("a static ia", &[]),
        ("a rebalance 7000", &[]),
        ("b static ib", &[]),
        ("b rebalance 7000", &[]),
        ("a session 60000", &[]),
        ("b session 60000", &[]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a ?", "b: in 1"]),
        ("a sync", &["a: assigned"]),
        ("b sync", &["b: assigned"]),
        ("a join", &[]),
        ("wait 7000", &["a: in 2 leads a b"]),
        ("state", &["CompletingRebalance 2 [a, b]"]),
    ]);
}

#[test]
fn an_administrator_removes_by_name() {
    after_two(&[
        ("admin evict ix", &["admin: UnknownMemberId"]),
        ("admin evict ib", &["admin: left"]),
        ("state", &["PreparingRebalance 1 [a]"]),
        ("b beat", &["b: UnknownMemberId"]),
        ("a join", &["a: in 2 leads a"]),
    ]);
}

#[test]
fn what_the_log_does_not_take_did_not_happen() {
    after_two(&[
        ("old is b", &[]),
        ("b restart", &[]),
        ("hold", &[]),
        ("b join", &[]),
        ("old beat", &["old: FencedInstanceId"]),
        ("fail NotEnoughReplicas", &["b: CoordinatorNotAvailable"]),
        ("flow", &[]),
        ("old beat", &["old: ok"]),
        ("b join", &["b: in 1"]),
        ("old beat", &["old: FencedInstanceId"]),
    ]);
}
