//! Which replica a consumer is sent to, by examples.

use super::*;

/// Where a consumer at `offset` with these brokers in its rack is sent by broker 1. Its log ends at 10; brokers 2 to 4 are in sync
/// and 5 is not, and they have fetched as `fetches` say: each with the start and the end of its log.
fn check(fetches: &[(i32, i64, i64)], (near, offset): (&[i32], i64), expected: Option<i32>) {
    let mut replica = Replica::new(BrokerId(1), Offset(5), Offset(10), Offset(10));
    let events = std::iter::once(lead(0, 0, &[1, 2, 3, 4, 5], &[1, 2, 3, 4]));
    let events = events.chain(fetches.iter().map(|&(id, start, end)| fetched_since(id, start, end)));
    for (millis, event) in events.enumerate() {
        let now = Now { mono: Mono(millis as u64 * 1_000_000), ..Now::default() };
        replica.on_event(now, event, &mut Vec::new()).expect("it leads");
    }
    let near: Vec<_> = near.iter().copied().map(BrokerId).collect();
    assert_eq!(
        replica.nearest(&near, Offset(offset)),
        expected.map(BrokerId),
        "{fetches:?} {near:?} {offset}"
    );
}

#[test]
fn one_in_sync_and_near_that_has_the_offset() {
    let all = [(2, 0, 10), (3, 0, 10), (4, 0, 10), (5, 0, 10)];
    check(&all, (&[], 7), None);
    check(&all, (&[2], 7), Some(2));
    check(&all, (&[5], 7), None); // not in sync
    check(&all, (&[9], 7), None); // no replica
    check(&all, (&[1, 2], 7), None); // the leader itself is near
    check(&[], (&[2], 7), None); // it has not fetched yet
    check(&[(2, 3, 8)], (&[2], 2), None); // dropped there already
    check(&[(2, 3, 8)], (&[2], 3), Some(2));
    check(&[(2, 3, 8)], (&[2], 8), Some(2)); // the next that it will have
    check(&[(2, 3, 8)], (&[2], 9), None);
}

#[test]
fn of_several_the_one_that_lags_least() {
    check(&[(2, 0, 9), (3, 0, 8), (4, 0, 7)], (&[2, 3, 4], 7), Some(2));
    check(&[(3, 0, 10), (2, 0, 10)], (&[2, 3], 7), Some(2)); // it had everything later
    check(&[(2, 0, 9), (3, 0, 9)], (&[2, 3], 7), Some(3)); // Kafka's last word is the id
}

#[test]
fn a_follower_sends_nobody_away() {
    let mut replica = Replica::<Token>::new(BrokerId(1), Offset(5), Offset(10), Offset(10));
    let follow = Event::Follow { epoch: LeaderEpoch(1), leader: Some(BrokerId(2)) };
    replica.on_event(Now::default(), follow, &mut Vec::new()).expect("a new epoch");
    assert_eq!(replica.nearest(&[BrokerId(2)], Offset(5)), None);
}
