//! Offsets: committing, reading, forgetting.

use super::check;

#[test]
fn an_offset_is_shown_when_it_is_committed_and_not_before() {
    check(&[
        ("x fetch t/0", &["x: t/0=-1"]),
        ("x alone t/0=5", &["x: committed"]),
        ("x fetch t/0", &["x: t/0=5"]),
        ("hold", &[]),
        ("x alone t/0=6", &[]),
        ("x alone t/1=1", &[]),
        ("x fetch t/0", &["x: t/0=5"]),
        ("x fetch all", &["x: t/0=5"]),
        ("commit", &["x: committed"]),
        ("x fetch t/0", &["x: t/0=6"]),
        ("fail NotEnoughReplicas", &["x: CoordinatorNotAvailable"]),
        ("x fetch all", &["x: t/0=6"]),
        ("reload", &[]),
        ("x fetch all", &["x: t/0=6"]),
        ("list", &["g Empty  classic"]),
    ]);
}

#[test]
fn a_failed_first_commit_leaves_no_group() {
    check(&[
        ("hold", &[]),
        ("x alone t/0=5", &[]),
        ("fail MessageTooLarge", &["x: UnknownServerError"]),
        ("state", &["none"]),
        ("x alone t/0=5", &[]),
        ("fail KafkaStorageError", &["x: NotCoordinator"]),
        ("x alone t/0=5:LONG", &["x: OffsetMetadataTooLarge"]),
        ("state", &["none"]),
    ]);
}

#[test]
fn who_waits_too_long_is_told_but_the_log_decides() {
    check(&[
        ("hold", &[]),
        ("x alone t/0=5", &[]),
        ("wait 4999", &[]),
        ("wait 1", &["x: CoordinatorNotAvailable"]),
        ("x fetch t/0", &["x: t/0=-1"]),
        ("commit", &[]),
        ("x fetch t/0", &["x: t/0=5"]),
    ]);
}

#[test]
fn members_commit_in_their_generation() {
    check(&[
        ("a generation 1", &[]),
        ("a commit t/0=1", &["a: GroupIdNotFound"]),
        ("a version 8", &[]),
        ("a commit t/0=1", &["a: IllegalGeneration"]),
        ("a version 9", &[]),
        ("a join", &["a: MemberIdRequired"]),
        ("a join", &[]),
        ("x alone t/0=9", &["x: UnknownMemberId"]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a commit t/0=1", &["a: RebalanceInProgress"]),
        ("a sync", &["a: assigned"]),
        ("a commit t/0=1", &["a: committed"]),
        ("x alone t/0=9", &["x: UnknownMemberId"]),
        // while others join, what was read can be committed
        ("b version 3", &[]),
        ("b join", &[]),
        ("a commit t/0=2", &["a: committed"]),
        ("x fetch t/0", &["x: t/0=2"]),
    ]);
}

#[test]
fn a_commit_is_a_sign_of_life() {
    check(&[
        ("a join", &["a: MemberIdRequired"]),
        ("a join", &[]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a sync", &["a: assigned"]),
        ("wait 9000", &[]),
        ("a commit t/0=1", &["a: committed"]),
        ("wait 9999", &[]),
        ("state", &["Stable 1 [a]"]),
        ("wait 1", &[]),
        ("state", &["Empty 2 []"]),
    ]);
}

#[test]
fn offsets_of_a_simple_group_age_from_their_commit() {
    check(&[
        ("x alone t/0=5", &["x: committed"]),
        ("days 4", &[]),
        ("x alone t/1=6", &["x: committed"]),
        ("days 4", &[]),
        ("x fetch all", &["x: t/1=6"]),
        ("days 4", &[]),
        ("state", &["none"]),
        ("reload", &[]),
        ("state", &["none"]),
    ]);
}

#[test]
fn offsets_of_a_group_age_from_when_it_became_empty() {
    check(&[
        ("a session 1800000", &[]),
        ("a version 3", &[]),
        ("a join", &[]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a sync", &["a: assigned"]),
        ("a commit t/0=5", &["a: committed"]),
        ("a commit u/0=5", &["a: committed"]),
        ("a leave", &["a: left"]),
        ("days 6", &[]),
        ("reload", &[]),
        ("x fetch all", &["x: t/0=5 u/0=5"]),
        ("days 2", &[]),
        ("state", &["none"]),
        ("reload", &[]),
        ("state", &["none"]),
    ]);
}

#[test]
fn what_members_read_stays_what_they_do_not_read_ages() {
    let mut steps: Vec<(&str, &[&str])> = vec![
        ("a session 1800000", &[]),
        ("a version 3", &[]),
        ("a join", &[]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a sync", &["a: assigned"]),
        ("a commit t/0=5", &["a: committed"]),
        ("a commit u/0=5", &["a: committed"]),
    ];
    steps.extend([("wait 1700000", &[] as &[_]), ("a beat", &["a: ok"])].repeat(400));
    steps.push(("x fetch all", &["x: t/0=5"]));
    check(&steps);
}

#[test]
fn a_group_without_anything_goes() {
    check(&[
        ("a version 3", &[]),
        ("a join", &[]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a leave", &["a: left"]),
        ("state", &["Empty 2 []"]),
        ("wait 600000", &[]),
        ("state", &["none"]),
        ("reload", &[]),
        ("state", &["none"]),
    ]);
}

#[test]
fn offsets_are_dropped_unless_they_are_read() {
    check(&[
        ("x drop t/0", &["x: GroupIdNotFound"]),
        ("x alone t/0=5", &["x: committed"]),
        ("x alone u/0=5", &["x: committed"]),
        ("a version 3", &[]),
        ("a join", &[]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a sync", &["a: assigned"]),
        ("x drop t/0", &["x: GroupSubscribedToTopic"]),
        ("x drop u/0", &["x: dropped"]),
        ("x drop u/7", &["x: dropped"]),
        ("x fetch all", &["x: t/0=5"]),
        ("a leave", &["a: left"]),
        ("hold", &[]),
        ("x drop t/0", &[]),
        ("x fetch all", &["x: t/0=5"]),
        ("commit", &["x: dropped"]),
        ("x fetch all", &["x: "]),
    ]);
}

#[test]
fn a_commit_on_its_way_is_dropped_too() {
    check(&[
        ("hold", &[]),
        ("x alone t/0=5", &[]),
        ("x drop t/0", &[]),
        ("flow", &["x: committed", "x: dropped"]),
        ("state", &["none"]),
        ("reload", &[]),
        ("state", &["none"]),
    ]);
}

#[test]
fn offsets_go_with_their_topic() {
    check(&[
        ("x alone t/0=5", &["x: committed"]),
        ("x alone u/0=5", &["x: committed"]),
        ("delete-topic t", &[]),
        ("x fetch all", &["x: u/0=5"]),
        ("reload", &[]),
        ("x fetch all", &["x: u/0=5"]),
    ]);
}
