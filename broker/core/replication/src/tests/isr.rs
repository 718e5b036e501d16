//! Who is in sync, by examples.

use super::*;
use crate::{Candidate, Fate, Proposal};
use Effect::Propose;

/// In epoch 0; the leader itself has no incarnation to tell.
fn proposal(partition_epoch: i32, others: &[(i32, i64)]) -> Proposal {
    let me = Candidate { id: BrokerId(1), epoch: None };
    let others =
        others.iter().map(|(id, epoch)| Candidate { id: BrokerId(*id), epoch: Some(BrokerEpoch(*epoch)) });
    Proposal {
        epoch: LeaderEpoch(0),
        partition_epoch: PartitionEpoch(partition_epoch),
        in_sync: std::iter::once(me).chain(others).collect(),
    }
}

fn decided(partition_epoch: i32, fate: Fate) -> Event<Token> {
    Event::Decided { epoch: LeaderEpoch(0), partition_epoch: PartitionEpoch(partition_epoch), fate }
}

fn taken(partition_epoch: i32, in_sync: &[i32]) -> Fate {
    let in_sync = in_sync.iter().copied().map(BrokerId).collect();
    Fate::Taken { partition_epoch: PartitionEpoch(partition_epoch), in_sync }
}

#[test]
fn who_lags_leaves_and_comes_back() {
    let mut replica = check(vec![
        (lead(0, 0, &[1, 2, 3], &[1, 2, 3]), Ok(vec![])),
        (fetched(2, 10), Ok(vec![])),
        (fetched(3, 8), Ok(vec![high(8)])),
        (Event::Tick, Ok(vec![])), // all had time to show themselves
    ]);
    let without = proposal(0, &[(2, 7)]);
    check_on(
        &mut replica,
        LATER,
        vec![
            (fetched(2, 10), Ok(vec![])),
            (Event::Tick, Ok(vec![Propose(without.clone())])),
            (Event::Tick, Ok(vec![])), // one at a time
            (decided(0, Fate::NoAnswer), Ok(vec![Propose(without)])),
            (decided(3, Fate::NotTaken), Err(Rejected::NoProposal)),
            (decided(0, taken(1, &[1, 2])), Ok(vec![high(10)])),
            (lead(0, 1, &[1, 2, 3], &[1, 2]), Ok(vec![])), // what the answer said already
            (fetched(3, 9), Ok(vec![])),                   // not all that is committed
            (fetched(3, 10), Ok(vec![Propose(proposal(1, &[(2, 7), (3, 7)]))])),
            (decided(1, taken(2, &[1, 2, 3])), Ok(vec![])),
        ],
    );
    assert_eq!(replica.in_sync(), [1, 2, 3].map(BrokerId));
}

#[test]
fn both_are_counted_until_the_fate_is_known() {
    let mut replica = check(vec![(lead(0, 0, &[1, 2, 3], &[1, 2]), Ok(vec![]))]);
    let with = proposal(0, &[(2, 7), (3, 7)]);
    check_on(
        &mut replica,
        LATER,
        vec![
            (fetched(2, 8), Ok(vec![high(8)])),
            (fetched(3, 10), Ok(vec![Propose(with)])),
            (appended(12), Ok(vec![])),
            (fetched(2, 12), Ok(vec![high(10)])), // 3 may be in sync already
            (decided(0, Fate::Outdated), Ok(vec![])),
            (Event::Tick, Ok(vec![])),
            (lead(0, 1, &[1, 2, 3], &[1, 2]), Ok(vec![])), // it is not, but about to join: still waited for
        ],
    );
    let later = Now { mono: LATER.mono.plus(Duration::from_secs(31)), ..LATER };
    check_on(&mut replica, later, vec![(Event::Tick, Ok(vec![high(12)]))]); // no longer
}

#[test]
fn a_refusal_is_final_until_there_is_news() {
    check(vec![
        (lead(0, 0, &[1, 2], &[1]), Ok(vec![high(10)])),
        (fetched(2, 10), Ok(vec![Propose(proposal(0, &[(2, 7)]))])),
        (decided(0, Fate::NotTaken), Ok(vec![])),
        (fetched(2, 10), Ok(vec![])),
        (lead(0, 0, &[1, 2], &[1]), Ok(vec![])),
        (fetched(2, 10), Ok(vec![Propose(proposal(0, &[(2, 7)]))])),
    ]);
}

#[test]
fn nobody_joins_before_the_epochs_start() {
    check(vec![
        (lead(0, 0, &[1, 2, 3], &[1, 2]), Ok(vec![])), // 5 is known as committed, up to 10 may be
        (fetched(3, 9), Ok(vec![])),
        (fetched(3, 10), Ok(vec![Propose(proposal(0, &[(2, 7), (3, 7)]))])),
    ]);
}

#[test]
fn counts_no_stranger_and_no_former_incarnation() {
    let old = Rejected::OldBrokerEpoch { follower: BrokerId(2), told: BrokerEpoch(6), known: BrokerEpoch(7) };
    let registered = |epoch, eligible| {
        let two = Member { eligible, ..member(2, epoch) };
        Event::Lead(Leadership {
            epoch: LeaderEpoch(0),
            partition_epoch: PartitionEpoch(0),
            replicas: vec![member(1, 7), two],
            in_sync: vec![BrokerId(1)],
        })
    };
    check(vec![
        (lead(0, 0, &[1, 2], &[1]), Ok(vec![high(10)])),
        (fetched(9, 10), Err(Rejected::NotReplica(BrokerId(9)))),
        (fetched_as(2, 6, 10), Ok(vec![])), // not the one that is registered (KIP-903)
        (fetched_as(2, 7, 6), Ok(vec![])),
        (fetched_as(2, 6, 10), Err(old)),
        (fetched_as(2, 8, 10), Ok(vec![])), // the metadata does not know it yet
        (registered(8, false), Ok(vec![])),
        (fetched_as(2, 8, 10), Ok(vec![])), // it is fenced (KIP-841)
        (registered(8, true), Ok(vec![])),
        (fetched_as(2, 8, 10), Ok(vec![Propose(proposal(0, &[(2, 8)]))])),
    ]);
}

#[test]
fn hands_over_when_all_have_everything() {
    let mut replica = check(vec![
        (lead(0, 0, &[1, 2, 3], &[1, 2]), Ok(vec![])),
        (Event::Drain { until: LATER.mono }, Ok(vec![])),
        (Event::Tick, Ok(vec![])),
        (fetched(2, 10), Ok(vec![high(10), Effect::Drained])),
        (fetched(2, 10), Ok(vec![])),
    ]);
    assert_eq!(replica.admit(Acks::Leader), Err(Refusal::Draining));
    check_on(&mut replica, LATER, vec![(Event::Tick, Ok(vec![Effect::Resume]))]);
    assert_eq!(replica.admit(Acks::All), Ok(()));
}

#[test]
fn who_only_comes_by_a_reassignment_is_not_needed_yet() {
    let coming = |partition_epoch, adding: &[i32], in_sync: &[i32]| {
        let one = |id| Member { adding: adding.contains(&id), ..member(id, 7) };
        Event::Lead(Leadership {
            epoch: LeaderEpoch(0),
            partition_epoch: PartitionEpoch(partition_epoch),
            replicas: [1, 2, 3].map(one).to_vec(),
            in_sync: in_sync.iter().copied().map(BrokerId).collect(),
        })
    };
    let refused = |in_sync, needed| Err(Refusal::NotEnoughReplicas { in_sync, needed });
    let mut replica =
        check(vec![(configured(2), Ok(vec![])), (coming(0, &[2, 3], &[1]), Ok(vec![high(10)]))]);
    assert_eq!(replica.admit(Acks::All), Ok(()), "one replica, and two on their way");
    assert!(!replica.may_be_deposed(Mono(0), true), "nobody else may lead");
    check_on(&mut replica, LATER, vec![(fetched(2, 10), Ok(vec![Propose(proposal(0, &[(2, 7)]))]))]);
    check_on(&mut replica, LATER, vec![(decided(0, taken(1, &[1, 2])), Ok(vec![]))]);
    assert_eq!(replica.admit(Acks::All), Ok(()));
    check_on(&mut replica, LATER, vec![(fetched(3, 10), Ok(vec![Propose(proposal(1, &[(2, 7), (3, 7)]))]))]);
    check_on(&mut replica, LATER, vec![(decided(1, taken(2, &[1, 2, 3])), Ok(vec![]))]);
    // the reassignment is complete, and the metadata log is not there yet: from now on it takes two
    check_on(&mut replica, LATER, vec![(coming(3, &[], &[1]), Ok(vec![]))]);
    assert_eq!(replica.admit(Acks::All), refused(1, 2));
    check_on(&mut replica, LATER, vec![(coming(4, &[3], &[1]), Ok(vec![]))]);
    assert_eq!(replica.admit(Acks::All), refused(1, 2), "two replicas, and one on its way");
    assert!(replica.may_be_deposed(Mono(0), true), "who was in sync may be eligible");
}
