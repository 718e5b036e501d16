//! Joining, syncing, beating, leaving.

use super::check;

#[test]
fn a_group_of_one() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("a join", &[]),
        ("state", &["PreparingRebalance 0 [a]"]),
        ("wait 2999", &[]),
        ("wait 1", &["a: in 1 leads a"]),
        ("a beat", &["a: ok"]),
        ("state", &["CompletingRebalance 1 [a]"]),
        ("a sync", &["a: assigned"]),
        ("state", &["Stable 1 [a]"]),
        ("a beat", &["a: ok"]),
        ("a sync", &["a: assigned"]),
        ("a leave", &["a: left"]),
        ("state", &["Empty 2 []"]),
        ("a beat", &["a: UnknownMemberId"]),
    ]);
}

/// "Second group member gets nothing" (nisshi 625).
#[test]
fn a_second_member_gets_its_share() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("a join", &[]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a sync", &["a: assigned"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a beat", &["a: ok"]),
        ("b join", &[]),
        ("a beat", &["a: RebalanceInProgress"]),
        ("a sync", &["a: RebalanceInProgress"]),
        ("a join", &["a: in 2 leads a b", "b: in 2"]),
        ("b sync", &[]),
        ("a sync", &["a: assigned", "b: assigned"]),
        ("b leave", &["b: left"]),
        ("a beat", &["a: RebalanceInProgress"]),
        ("a join", &["a: in 3 leads a"]),
        ("a sync", &["a: assigned"]),
    ]);
}

#[test]
fn the_first_rebalance_waits_while_more_come() {
    check(&[
        ("a rebalance 7000", &[]),
        ("b rebalance 7000", &[]),
        ("a version 3", &[]),
        ("b version 3", &[]),
        ("c version 3", &[]),
        ("c rebalance 7000", &[]),
        ("a join", &[]),
        ("wait 2000", &[]),
        ("b join", &[]),
        ("wait 1000", &[]),
        ("wait 2000", &[]),
        ("c join", &[]),
        // 3 + 3 + the 1 that remains of 7 seconds
        ("wait 1999", &[]),
        ("wait 1", &["a: in 1 leads a ? ?", "b: in 1", "c: in 1"]),
    ]);
}

#[test]
fn no_delay_is_no_delay_and_a_version_before_4_needs_no_id() {
    check(&[
        ("a version 0", &[]),
        ("a join", &[]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a sync", &["a: assigned"]),
    ]);
}

#[test]
fn who_is_silent_is_out() {
    check(&[
        ("a session 10000", &[]),
        ("b session 20000", &[]),
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("b sync", &[]),
        ("a sync", &["a: assigned", "b: assigned"]),
        ("wait 9999", &[]),
        ("state", &["Stable 1 [a, b]"]),
        ("wait 1", &[]),
        ("state", &["PreparingRebalance 1 [b]"]),
        ("b beat", &["b: RebalanceInProgress"]),
        ("b join", &["b: in 2 leads b"]),
        ("b sync", &["b: assigned"]),
        ("a beat", &["a: UnknownMemberId"]),
        ("a join", &["a: UnknownMemberId"]),
        ("wait 20000", &[]),
        ("state", &["Empty 3 []"]),
    ]);
}

#[test]
fn an_id_that_is_not_used_does_not_hold_up_the_others() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a sync", &["a: assigned"]),
        // an id given out only now makes the next rebalance wait for it, until its session ends
        ("c join", &["c: MemberIdRequired"]),
        ("a join", &[]),
        ("wait 6999", &[]),
        ("wait 3001", &["a: in 2 leads a"]),
        ("b join", &["b: UnknownMemberId"]),
    ]);
}

#[test]
fn who_does_not_join_again_in_time_is_out() {
    check(&[
        ("a rebalance 15000", &[]),
        ("b rebalance 15000", &[]),
        ("a session 60000", &[]),
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("b sync", &[]),
        ("a sync", &["a: assigned", "b: assigned"]),
        ("b topics u", &[]),
        ("b join", &[]),
        ("wait 14999", &[]),
        // the leader did not come: another leads
        ("wait 1", &["b: in 2 leads b"]),
        ("b sync", &["b: assigned"]),
        ("a beat", &["a: UnknownMemberId"]),
    ]);
}

#[test]
fn who_does_not_sync_in_time_is_out() {
    check(&[
        ("a rebalance 15000", &[]),
        ("b rebalance 15000", &[]),
        ("a session 60000", &[]),
        ("b session 60000", &[]),
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("b sync", &[]),
        ("wait 14999", &[]),
        ("wait 1", &["b: RebalanceInProgress"]),
        ("state", &["PreparingRebalance 1 [b]"]),
        ("b join", &["b: in 2 leads b"]),
        ("b sync", &["b: assigned"]),
    ]);
}

#[test]
fn joining_again_without_a_change_disturbs_nobody() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        // the answer was lost
        ("b join", &["b: in 1"]),
        ("a join", &["a: in 1 leads a b"]),
        ("b sync", &[]),
        ("a sync", &["a: assigned", "b: assigned"]),
        ("b join", &["b: in 1"]),
        ("b sync", &["b: assigned"]),
        ("state", &["Stable 1 [a, b]"]),
        // the leader means it
        ("a join", &[]),
        ("state", &["PreparingRebalance 1 [a, b]"]),
        ("b beat", &["b: RebalanceInProgress"]),
        ("b join", &["a: in 2 leads a b", "b: in 2"]),
        // a change while the assignment is awaited begins anew
        ("a sync", &["a: assigned"]),
        ("b topics u", &[]),
        ("b join", &[]),
        ("a beat", &["a: RebalanceInProgress"]),
        ("a join", &["a: in 3 leads a b", "b: in 3"]),
        ("b topics v", &[]),
        ("a sync", &["a: assigned"]),
    ]);
}

#[test]
fn a_change_while_the_assignment_is_awaited_sends_those_who_wait_away() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("b sync", &[]),
        ("a topics u", &[]),
        ("a join", &["b: RebalanceInProgress"]),
        ("b join", &["a: in 2 leads a b", "b: in 2"]),
    ]);
}

#[test]
fn a_request_that_is_sent_again_ends_the_one_before() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
        ("a join", &["a: RebalanceInProgress"]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("b sync", &[]),
        ("b sync", &["b: RebalanceInProgress"]),
        ("a sync", &["a: assigned", "b: assigned"]),
    ]);
}

#[test]
fn the_protocol_is_one_that_all_know() {
    check(&[
        ("a protocols sticky range", &[]),
        ("b protocols round range", &[]),
        ("c protocols sticky", &[]),
        ("a join", &["a: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &["b: MemberIdRequired"]),
        ("b join", &[]),
        ("c join", &["c: InconsistentGroupProtocol"]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("b sync", &[]),
        ("a sync", &["a: assigned", "b: assigned"]),
        ("describe", &["Stable consumer range a:9:44 b:9:44"]),
    ]);
}

fn room_of_two_at_most() -> Vec<(&'static str, &'static [&'static str])> {
    vec![
        ("max 2", &[]),
        ("a join", &["a: MemberIdRequired"]),
        ("b join", &["b: MemberIdRequired"]),
        ("a join", &[]),
        ("b join", &[]),
    ]
}

#[test]
fn a_full_group_lets_nobody_in() {
    let mut steps = room_of_two_at_most();
    steps.extend_from_slice(&[
        ("c join", &["c: GroupMaxSizeReached"] as &[_]),
        ("wait 6000", &["a: in 1 leads a b", "b: in 1"]),
        ("c join", &["c: GroupMaxSizeReached"]),
        ("b sync", &[]),
        ("a sync", &["a: assigned", "b: assigned"]),
        ("c join", &["c: GroupMaxSizeReached"]),
        ("b leave", &["b: left"]),
        ("c join", &["c: MemberIdRequired"]),
    ]);
    check(&steps);
}

#[test]
fn what_cannot_be_is_refused() {
    check(&[
        ("a session 5999", &[]),
        ("a join", &["a: InvalidSessionTimeout"]),
        ("a session 1800001", &[]),
        ("a join", &["a: InvalidSessionTimeout"]),
        ("a session 10000", &[]),
        ("a protocols", &[]),
        ("a join", &["a: InconsistentGroupProtocol"]),
        ("state", &["none"]),
        ("a sync", &["a: UnknownMemberId"]),
        ("a beat", &["a: UnknownMemberId"]),
        ("a leave", &["a: UnknownMemberId"]),
        ("a protocols range", &[]),
        ("a join", &["a: MemberIdRequired"]),
        ("a join", &[]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a generation 7", &[]),
        ("a sync", &["a: IllegalGeneration"]),
        ("a beat", &["a: IllegalGeneration"]),
        ("a commit t/0=1", &["a: IllegalGeneration"]),
    ]);
}
