//! `safe(S)`, a row for each of its clauses.

use klamm_plan::cluster::{MemberSeen, PartitionSeen, QuorumSeen, blockers};
use klamm_types::BrokerId;

fn ids(all: &[i32]) -> Vec<BrokerId> {
    all.iter().copied().map(BrokerId).collect()
}

/// Of voters, those in the second list are far behind.
fn quorum(voters: &[i32], behind: &[i32]) -> QuorumSeen {
    let member = |id: &i32| MemberSeen {
        broker: BrokerId(*id),
        directory: "d".into(),
        behind_millis: if behind.contains(id) { 60_000 } else { 0 },
    };
    QuorumSeen { voters: voters.iter().map(member).collect(), observers: vec![] }
}

#[test]
fn partitions() {
    let check = |away: &[i32], replicas: &[i32], in_sync: &[i32], min_in_sync: usize, says: &str| {
        let partition =
            PartitionSeen { name: "t-0".into(), replicas: ids(replicas), in_sync: ids(in_sync), min_in_sync };
        let away = ids(away).into_iter().collect();
        let said: Vec<_> =
            blockers(&away, &[partition], &quorum(&[7], &[])).iter().map(ToString::to_string).collect();
        assert_eq!(said.join("; "), says, "{away:?} of {replicas:?}, in sync {in_sync:?}, min {min_in_sync}");
    };
    let lacks =
        |left, needs| format!("t-0, which would have {left} of {needs} in-sync replicas that it needs");
    check(&[0], &[0, 1, 2], &[0, 1, 2], 2, "");
    check(&[0], &[0, 1, 2], &[0, 1], 2, &lacks(1, 2));
    check(&[2], &[0, 1, 2], &[0, 1], 2, ""); // it is out of sync: nothing is lost by its being away
    check(&[3], &[0, 1, 2], &[0], 2, ""); // not touched
    check(&[0], &[0, 1, 2], &[0, 1, 2], 3, ""); // min.insync.replicas = all: it can do with one less, or never be rolled
    check(&[0], &[0, 1, 2], &[0, 1], 1, "");
    check(&[0], &[0, 1, 2], &[0], 1, &lacks(0, 1));
    check(&[0, 1], &[0, 1, 2], &[0, 1, 2], 1, "");
    check(&[0, 1], &[0, 1, 2], &[0, 1, 2], 2, &lacks(1, 2));
    check(&[0, 1], &[0, 1, 2], &[0, 1, 2], 3, "t-0, whose replicas go one at a time");
    check(&[0], &[0], &[0], 1, ""); // one replica: it cannot be kept available, and must not hold up the roll
    check(&[0, 1], &[0], &[0], 1, "t-0, whose replicas go one at a time");
    check(&[0], &[0, 1], &[0, 1], 2, "");
    check(&[0], &[0, 1], &[0], 2, &lacks(0, 1));
}

#[test]
fn voters() {
    let check = |away: &[i32], voters: &[i32], behind: &[i32], says: &str| {
        let away = ids(away).into_iter().collect();
        let said: Vec<_> =
            blockers(&away, &[], &quorum(voters, behind)).iter().map(ToString::to_string).collect();
        assert_eq!(said.join("; "), says, "{away:?} of {voters:?}, behind {behind:?}");
    };
    let lacks =
        |left, needs| format!("the metadata quorum, which would have {left} of {needs} voters that it needs");
    check(&[0], &[0], &[], "");
    check(&[0], &[0, 1, 2], &[], "");
    check(&[0], &[0, 1, 2], &[1], &lacks(1, 2));
    check(&[1], &[0, 1, 2], &[1], "");
    check(&[3], &[0, 1, 2], &[1], ""); // not a voter
    check(&[0, 1], &[0, 1, 2], &[], &lacks(1, 2));
    check(&[0, 1], &[0, 1, 2, 3, 4], &[], "");
    check(&[0], &[0, 1], &[], &lacks(1, 2));
}
