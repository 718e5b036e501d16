//! Appends that fail, coordinators that move.

use super::check;

#[test]
fn an_assignment_is_answered_when_it_is_committed() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("hold", &[]),
        ("a sync", &[]),
        ("b sync", &[]),
        ("state", &["CompletingRebalance 1 [a, b]"]),
        ("commit", &["a: assigned", "b: assigned"]),
        ("state", &["Stable 1 [a, b]"]),
    ]);
}

#[test]
fn an_assignment_that_fails_begins_anew() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("hold", &[]),
        ("b sync", &[]),
        ("a sync", &[]),
        ("fail NotEnoughReplicas", &["a: CoordinatorNotAvailable", "b: CoordinatorNotAvailable"]),
        ("state", &["PreparingRebalance 1 [a, b]"]),
        ("a join", &[]),
        ("b join", &["a: in 2 leads a b", "b: in 2"]),
        ("a sync", &[]),
        // nobody waits for ever
        ("wait 5000", &["a: CoordinatorNotAvailable"]),
        // late: a new rebalance has begun
        ("commit", &[]),
        ("state", &["PreparingRebalance 2 [a, b]"]),
    ]);
}

#[test]
fn an_assignment_of_a_generation_that_is_over_is_void() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("hold", &[]),
        ("a sync", &[]),
        ("b leave", &["a: RebalanceInProgress", "b: left"]),
        ("commit", &[]),
        ("state", &["PreparingRebalance 1 [a]"]),
    ]);
}

#[test]
fn a_coordinator_that_loads_says_so_and_never_that_there_is_nothing() {
    check(&[
        ("x alone t/0=5", &["x: committed"]),
        ("load", &[]),
        ("x fetch t/0", &["x: CoordinatorLoadInProgress"]),
        ("x fetch all", &["x: CoordinatorLoadInProgress"]),
        ("x alone t/0=6", &["x: CoordinatorLoadInProgress"]),
        ("x drop t/0", &["x: CoordinatorLoadInProgress"]),
        ("a join", &["a: CoordinatorLoadInProgress"]),
        ("a sync", &["a: CoordinatorLoadInProgress"]),
        ("a leave", &["a: CoordinatorLoadInProgress"]),
        // as Kafka: clients do not expect it here
        ("a beat", &["a: ok"]),
        ("list", &["CoordinatorLoadInProgress"]),
        ("describe", &["CoordinatorLoadInProgress"]),
        ("delete", &["CoordinatorLoadInProgress"]),
        ("unload", &[]),
        ("x fetch t/0", &["x: NotCoordinator"]),
        ("a join", &["a: NotCoordinator"]),
        ("a beat", &["a: NotCoordinator"]),
        ("list", &["NotCoordinator"]),
    ]);
}

#[test]
fn all_who_wait_are_sent_to_the_new_coordinator() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("b sync", &[]),
        ("hold", &[]),
        ("a sync", &[]),
        ("unload", &["a: NotCoordinator", "b: NotCoordinator"]),
        ("flow", &[]),
        ("load", &[]),
        ("loaded", &[]),
        // nothing of this generation had reached the log: they join anew
        ("a beat", &["a: UnknownMemberId"]),
        ("a join", &["a: UnknownMemberId"]),
        ("a join", &["a: MemberIdRequired"]),
        ("a join", &[]),
        ("x version 3", &[]),
        ("x join", &[]),
        ("unload", &["a: NotCoordinator", "x: NotCoordinator"]),
    ]);
}

/// Consumers stuck after a broker roll (librdkafka 2944, kafkajs 267): the group goes on as it was.
#[test]
fn a_group_goes_on_at_another_coordinator() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("b sync", &[]),
        ("a sync", &["a: assigned", "b: assigned"]),
        ("a commit t/0=7", &["a: committed"]),
        ("reload", &[]),
        ("state", &["Stable 1 [a, b]"]),
        ("a beat", &["a: ok"]),
        ("a commit t/0=8", &["a: committed"]),
        ("b join", &["b: in 1"]),
        ("b sync", &["b: assigned"]),
        ("wait 9999", &[]),
        ("a beat", &["a: ok"]),
        // b is never heard of again
        ("wait 1", &[]),
        ("a beat", &["a: RebalanceInProgress"]),
        ("a join", &["a: in 2 leads a"]),
        ("x fetch all", &["x: t/0=8"]),
    ]);
}

#[test]
fn an_empty_group_is_empty_elsewhere_too_once_the_log_takes_it() {
    check(&[
        ("a version 3", &[]),
        ("a join", &[]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a sync", &["a: assigned"]),
        ("a commit t/0=7", &["a: committed"]),
        ("hold", &[]),
        ("a leave", &["a: left"]),
        ("fail NotEnoughReplicas", &[]),
        ("state", &["Empty 2 []"]),
        ("wait 600000", &[]),
        ("commit", &[]),
        ("flow", &[]),
        ("reload", &[]),
        ("state", &["Empty 2 []"]),
    ]);
}

#[test]
fn a_group_that_is_too_large_after_loading_rebalances() {
    check(&[
        ("a version 3", &[]),
        ("b version 3", &[]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a ?", "b: in 1"]),
        ("a join", &["a: in 1 leads a b"]),
        ("b sync", &[]),
        ("a sync", &["a: assigned", "b: assigned"]),
        ("max 1", &[]),
        ("reload", &[]),
        ("state", &["PreparingRebalance 1 [a, b]"]),
        ("b join", &[]),
        ("a join", &["a: GroupMaxSizeReached", "b: in 2 leads b"]),
    ]);
}
