//! Describing, listing, deleting.

use super::check;

#[test]
fn a_group_as_administrators_see_it() {
    check(&[
        ("describe", &["GroupIdNotFound"]),
        ("describe-old", &["Dead"]),
        ("a join", &["a: MemberIdRequired"]),
        ("describe", &["Empty"]),
        ("a join", &[]),
        ("describe", &["PreparingRebalance consumer  a:0:0"]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a sync", &["a: assigned"]),
        ("describe", &["Stable consumer range a:9:44"]),
        ("list", &["g Stable consumer classic"]),
        ("list state=stable state=Dead type=Classic", &["g Stable consumer classic"]),
        ("list state=Empty", &[""]),
        ("list type=consumer", &[""]),
    ]);
}

#[test]
fn only_a_group_without_members_is_deleted() {
    check(&[
        ("delete", &["GroupIdNotFound"]),
        ("a version 3", &[]),
        ("a join", &[]),
        ("delete", &["NonEmptyGroup"]),
        ("wait 3000", &["a: in 1 leads a"]),
        ("a sync", &["a: assigned"]),
        ("a commit t/0=5", &["a: committed"]),
        ("delete", &["NonEmptyGroup"]),
        ("a leave", &["a: left"]),
        ("hold", &[]),
        ("delete", &[]),
        // until it is committed, nobody can know
        ("x alone t/0=6", &["x: CoordinatorNotAvailable"]),
        ("delete", &["GroupIdNotFound"]),
        ("fail NotEnoughReplicas", &["CoordinatorNotAvailable"]),
        ("x fetch all", &["x: t/0=5"]),
        ("delete", &[]),
        ("commit", &["deleted"]),
        ("state", &["none"]),
        ("reload", &[]),
        ("state", &["none"]),
    ]);
}
