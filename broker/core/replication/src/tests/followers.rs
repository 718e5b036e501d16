//! A follower, by examples.

use super::*;
use crate::{EpochEnd, Position};

fn follow(epoch: i32, leader: i32) -> Event<Token> {
    Event::Follow { epoch: LeaderEpoch(epoch), leader: Some(BrokerId(leader)) }
}

fn told(high_watermark: i64, log_start: i64) -> Event<Token> {
    let (high_watermark, log_start) = (Offset(high_watermark), Offset(log_start));
    Event::LeaderOffsets { high_watermark, log_start, own_start: Offset(0) }
}

fn diverged(leader: (i32, i64), own: Option<(i32, i64)>) -> Event<Token> {
    let end = |(epoch, end)| EpochEnd { epoch: LeaderEpoch(epoch), end: Offset(end) };
    Event::Diverged { leader: end(leader), own: own.map(end) }
}

#[test]
fn follows() {
    let replica = check(vec![
        (follow(1, 2), Ok(vec![])),
        (told(8, 0), Ok(vec![high(8)])),
        (Event::Truncated { end: Offset(7) }, Ok(vec![])),
        (told(9, 6), Ok(vec![Effect::LogStart(Offset(6))])), // committed no further than its own log
        (appended(9), Ok(vec![])),
        (told(9, 0), Ok(vec![high(9)])),
        (lead(2, 0, &[1], &[1]), Ok(vec![])),
        (told(9, 0), Err(Rejected::IsLeader)),
        (diverged((1, 3), None), Err(Rejected::IsLeader)),
    ]);
    assert_eq!((replica.epoch(), replica.end()), (LeaderEpoch(2), Offset(9)));
    assert_eq!(replica.position(), None);
}

#[test]
fn cuts_where_the_logs_part() {
    check(vec![
        (follow(4, 2), Ok(vec![])),
        // both have the epoch: the shorter one ends it
        (diverged((3, 8), Some((3, 9))), Ok(vec![Effect::Truncate(Offset(8))])),
        (diverged((3, 9), Some((3, 6))), Ok(vec![Effect::Truncate(Offset(6))])),
        // only the leader has it: ours ends with the one before (KIP-279)
        (diverged((3, 9), Some((1, 4))), Ok(vec![Effect::Truncate(Offset(4))])),
        // none of ours is as old
        (diverged((0, 2), None), Ok(vec![Effect::Truncate(Offset(2))])),
        // an epoch of ours without records
        (diverged((3, 12), Some((3, 10))), Ok(vec![Effect::Truncate(Offset(10))])),
        (diverged((-1, -1), None), Err(Rejected::NoOffset(Offset(-1)))),
    ]);
}

#[test]
fn begins_anew_behind_a_log_that_was_shortened() {
    let bounds = |start, end| Event::OutOfRange { start: Offset(start), end: Offset(end) };
    check(vec![
        (follow(4, 2), Ok(vec![])),
        (bounds(20, 30), Ok(vec![Effect::BeginAt(Offset(20))])),
        (bounds(0, 7), Ok(vec![Effect::Truncate(Offset(7))])),
        (bounds(5, 30), Ok(vec![])), // it can be read again
    ]);
}

#[test]
fn asks_for_more_when_the_disk_has_what_the_leader_may_count() {
    let replica = check(vec![(follow(4, 2), Ok(vec![])), (appended(12), Ok(vec![]))]);
    let at = |offset| Some(Position { leader: BrokerId(2), epoch: LeaderEpoch(4), offset: Offset(offset) });
    assert_eq!(replica.position(), at(12));
    let fsync = ReplicaSettings { durability: Durability::Fsync, ..Default::default() };
    let mut replica = check(vec![
        (Event::Configured(fsync), Ok(vec![])),
        (follow(4, 2), Ok(vec![])),
        (appended(12), Ok(vec![])),
    ]);
    assert_eq!(replica.position(), None);
    check_on(&mut replica, Now::default(), vec![(Event::Synced { end: Offset(12) }, Ok(vec![]))]);
    assert_eq!(replica.position(), at(12));
    check_on(
        &mut replica,
        Now::default(),
        vec![(Event::Follow { epoch: LeaderEpoch(5), leader: None }, Ok(vec![]))],
    );
    assert_eq!(replica.position(), None);
}

#[test]
fn knows_how_far_it_is_behind_and_whether_it_waits() {
    use crate::Throttled::{Counts, No, Waits};
    let named = |throttled_follower| {
        Event::Configured(ReplicaSettings { throttled_follower, ..ReplicaSettings::default() })
    };
    let mut replica = check(vec![(follow(4, 2), Ok(vec![]))]);
    let mut check = |event, expected| {
        replica.on_event(Now::default(), event, &mut Vec::new()).expect("it is no old news");
        assert_eq!((replica.lag(), replica.throttled()), expected);
    };
    check(named(true), (None, Waits));
    check(told(14, 0), (Some(4), Waits));
    check(appended(13), (Some(1), Waits));
    check(follow(4, 2), (Some(1), Waits)); // other news of the partition
    check(named(false), (Some(1), No));
    check(named(true), (Some(1), Waits));
    check(appended(15), (Some(0), Counts));
    check(follow(5, 3), (None, Waits));
    check(told(20, 0), (Some(5), Waits));
    check(lead(6, 0, &[1], &[1]), (None, Waits));
}

#[test]
fn holds_back_who_is_not_in_sync() {
    use crate::Throttled::{Counts, No, Waits};
    let throttled_leader = ReplicaSettings { throttled_leader: true, ..ReplicaSettings::default() };
    let leads = || (lead(4, 0, &[1, 2, 3], &[1, 2]), Ok(vec![]));
    let throttled = check(vec![(Event::Configured(throttled_leader), Ok(vec![])), leads()]);
    assert_eq!([2, 3].map(|id| throttled.throttled_for(BrokerId(id))), [Counts, Waits]);
    let free = check(vec![leads()]);
    assert_eq!([2, 3].map(|id| free.throttled_for(BrokerId(id))), [No, No]);
}
