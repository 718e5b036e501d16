//! The machine, by examples and against its invariants.

mod cluster;
mod followers;
mod history;
mod isr;
mod nearest;
mod throttle;

use crate::{
    Acks, Durability, Effect, Event, Leadership, Member, PartitionEpoch, Refusal, Rejected, Replica,
    ReplicaSettings,
};
use Effect::{Acknowledge, HighWatermark, Refuse};
use klamm_types::{BrokerEpoch, BrokerId, LeaderEpoch, Mono, Now, Offset};
use proptest::prelude::*;
use std::time::Duration;

type Token = &'static str;
type Outcome = Result<Vec<Effect<Token>>, Rejected>;

/// A broker that takes part.
fn member(id: i32, epoch: i64) -> Member {
    Member { id: BrokerId(id), epoch: Some(BrokerEpoch(epoch)), eligible: true, adding: false }
}

fn lead(epoch: i32, partition_epoch: i32, replicas: &[i32], in_sync: &[i32]) -> Event<Token> {
    Event::Lead(Leadership {
        epoch: LeaderEpoch(epoch),
        partition_epoch: PartitionEpoch(partition_epoch),
        replicas: replicas.iter().map(|id| member(*id, 7)).collect(),
        in_sync: in_sync.iter().copied().map(BrokerId).collect(),
    })
}

fn appended(end: i64) -> Event<Token> {
    Event::Appended { end: Offset(end) }
}

fn wait(end: i64, token: Token) -> Event<Token> {
    Event::Await { end: Offset(end), token }
}

fn fetched(follower: i32, end: i64) -> Event<Token> {
    fetched_since(follower, 0, end)
}

/// A follower whose log starts at `start`.
fn fetched_since(follower: i32, start: i64, end: i64) -> Event<Token> {
    let (log_start, end) = (Offset(start), Offset(end));
    Event::Fetched { follower: BrokerId(follower), broker_epoch: None, log_start, end }
}

fn fetched_as(follower: i32, epoch: i64, end: i64) -> Event<Token> {
    let broker_epoch = Some(BrokerEpoch(epoch));
    Event::Fetched { follower: BrokerId(follower), broker_epoch, log_start: Offset(0), end: Offset(end) }
}

fn configured(min_in_sync: u32) -> Event<Token> {
    Event::Configured(ReplicaSettings { min_in_sync, ..ReplicaSettings::default() })
}

/// No later than any follower fell out of sync.
const LATER: Now = Now { mono: Mono(Duration::from_secs(31).as_nanos() as u64), wall: klamm_types::Wall(0) };

fn high(offset: i64) -> Effect<Token> {
    HighWatermark(Offset(offset))
}

/// Plays events on broker 1, whose log ends at 10 with 5 committed; each has its expected effects or its rejection.
fn check(steps: Vec<(Event<Token>, Outcome)>) -> Replica<Token> {
    let mut replica = Replica::new(BrokerId(1), Offset(5), Offset(10), Offset(10));
    check_on(&mut replica, Now::default(), steps);
    replica
}

fn check_on(replica: &mut Replica<Token>, now: Now, steps: Vec<(Event<Token>, Outcome)>) {
    for (index, (event, expected)) in steps.into_iter().enumerate() {
        let mut out = Vec::new();
        let text = format!("step {index}: {event:?}");
        let result = replica.on_event(now, event, &mut out).map(|()| out);
        assert_eq!(result, expected, "{text}");
    }
}

#[test]
fn one_broker_commits_what_it_appends() {
    let replica = check(vec![
        (lead(0, 0, &[1], &[1]), Ok(vec![high(10)])),
        (appended(12), Ok(vec![high(12)])),
        (wait(12, "a"), Ok(vec![Acknowledge("a")])),
        (configured(2), Ok(vec![])),
        (appended(13), Ok(vec![high(13)])), // a minimum above the number of replicas counts as that number
    ]);
    assert_eq!(replica.admit(Acks::All), Ok(()));
    assert!(replica.high_watermark_is_known());
}

#[test]
fn acknowledges_in_order_when_all_in_sync_have_it() {
    check(vec![
        (lead(0, 0, &[1, 2, 3], &[1, 2]), Ok(vec![])),
        (appended(12), Ok(vec![])),
        (wait(12, "a"), Ok(vec![])),
        (appended(14), Ok(vec![])),
        (wait(14, "b"), Ok(vec![])),
        (wait(12, "a again"), Ok(vec![])), // a duplicate waits as long as the first
        (fetched(3, 3), Ok(vec![])),       // not in sync: does not count
        (fetched(2, 11), Ok(vec![high(11)])),
        (fetched(2, 13), Ok(vec![high(13), Acknowledge("a"), Acknowledge("a again")])),
        (fetched(2, 3), Ok(vec![])), // the high watermark never goes back
        (fetched(2, 14), Ok(vec![high(14), Acknowledge("b")])),
    ]);
}

#[test]
fn who_is_left_alone_may_be_deposed() {
    let at = |millis: u64| Now { mono: Mono(millis * 1_000_000), ..Now::default() };
    let settings = ReplicaSettings { fetch_wait_max: Duration::from_secs(1), ..ReplicaSettings::default() };
    let mut replica = check(vec![
        (Event::Configured(settings), Ok(vec![])),
        (lead(0, 0, &[1, 2, 3], &[1, 2, 3]), Ok(vec![])),
    ]);
    let fetch = |replica: &mut _, millis, follower, end| {
        check_on(replica, at(millis), vec![(fetched(follower, end), Ok(vec![]))]);
    };
    assert!(!replica.may_be_deposed(at(1200).mono, false), "they were in sync when it began to lead");
    assert!(replica.may_be_deposed(at(1201).mono, false));
    assert!(replica.may_be_deposed(at(1200).mono, true), "whom nobody tells that it is fenced");
    fetch(&mut replica, 1201, 2, 3);
    assert!(!replica.may_be_deposed(at(2401).mono, false), "one is enough");
    assert!(replica.may_be_deposed(at(2402).mono, false));
    // who is not in sync elects nobody, and who leads alone is not left alone
    check_on(&mut replica, at(2402), vec![(lead(0, 1, &[1, 2, 3], &[1, 2]), Ok(vec![]))]);
    fetch(&mut replica, 2500, 3, 3);
    assert!(replica.may_be_deposed(at(2501).mono, false));
    check_on(&mut replica, at(2600), vec![(lead(0, 2, &[1, 2, 3], &[1]), Ok(vec![]))]);
    assert!(!replica.may_be_deposed(at(9000).mono, false));
    assert!(!replica.may_be_deposed(at(9000).mono, true), "nobody else may lead");
}

#[test]
fn stands_still_below_the_minimum() {
    let replica = check(vec![
        (configured(2), Ok(vec![])),
        (lead(0, 0, &[1, 2], &[1, 2]), Ok(vec![])),
        (appended(12), Ok(vec![])),
        (wait(12, "a"), Ok(vec![])),
        (lead(0, 1, &[1, 2], &[1]), Ok(vec![])), // KIP-966: the last replica standing commits nothing
        (lead(0, 0, &[1, 2], &[1, 2]), Ok(vec![])), // an older version changes nothing
    ]);
    assert_eq!(replica.admit(Acks::All), Err(Refusal::NotEnoughReplicas { in_sync: 1, needed: 2 }));
    assert_eq!(replica.admit(Acks::Leader), Ok(()));
    assert_eq!(replica.waiting(), 1);
    assert!(!replica.high_watermark_is_known());
}

#[test]
fn answers_only_within_the_epoch_of_the_append() {
    check(vec![
        (wait(6, "nobody leads"), Ok(vec![Refuse("nobody leads", Refusal::NotLeader)])),
        (lead(3, 0, &[1, 2], &[1, 2]), Ok(vec![])),
        (wait(10, "a"), Ok(vec![])),
        (lead(4, 1, &[1, 2], &[1, 2]), Ok(vec![Refuse("a", Refusal::NotLeader)])),
        (wait(10, "b"), Ok(vec![])),
        (fetched(2, 9), Ok(vec![high(9)])),
        (Event::Follow { epoch: LeaderEpoch(5), leader: None }, Ok(vec![Refuse("b", Refusal::NotLeader)])),
        (lead(4, 9, &[1], &[1]), Err(Rejected::OldEpoch { told: LeaderEpoch(4), known: LeaderEpoch(5) })),
        (fetched(2, 10), Err(Rejected::NotLeader)),
    ]);
}

#[test]
fn counts_the_disk_where_the_topic_asks_for_it() {
    check(vec![
        (
            Event::Configured(ReplicaSettings { durability: Durability::Fsync, ..Default::default() }),
            Ok(vec![]),
        ),
        (lead(0, 0, &[1], &[1]), Ok(vec![high(10)])), // recovery left it on the disk
        (appended(14), Ok(vec![])),
        (wait(14, "a"), Ok(vec![])),
        (Event::Synced { end: Offset(12) }, Ok(vec![high(12)])),
        (Event::Synced { end: Offset(14) }, Ok(vec![high(14), Acknowledge("a")])),
    ]);
}

fn any_event() -> impl Strategy<Value = Event<u32>> {
    let brokers = || {
        proptest::sample::subsequence(vec![2, 3], 0..=2).prop_map(|mut ids| {
            ids.push(1);
            ids.into_iter().map(BrokerId).collect::<Vec<_>>()
        })
    };
    prop_oneof![
        (0..3i32, 0..5i32, brokers()).prop_map(|(epoch, version, in_sync)| Event::Lead(Leadership {
            epoch: LeaderEpoch(epoch),
            partition_epoch: PartitionEpoch(version),
            replicas: [1, 2, 3].map(|id| member(id, 7)).to_vec(),
            in_sync,
        })),
        (0..3i32).prop_map(|epoch| Event::Follow { epoch: LeaderEpoch(epoch), leader: None }),
        (0..6i64).prop_map(|more| Event::Appended { end: Offset(more) }),
        (0..6i64, 0..1000u32).prop_map(|(back, token)| Event::Await { end: Offset(back), token }),
        (0..30i64).prop_map(|end| Event::Synced { end: Offset(end) }),
        (2..4i32, 0..6i64).prop_map(|(id, back)| Event::Fetched {
            follower: BrokerId(id),
            broker_epoch: None,
            log_start: Offset(0),
            end: Offset(back),
        }),
        Just(Event::Tick),
        (1..4u32).prop_map(|min_in_sync| {
            Event::Configured(ReplicaSettings { min_in_sync, ..ReplicaSettings::default() })
        }),
    ]
}

/// Offsets in generated events are relative, so that they mean something: appends go forward, others look back.
fn settle(event: Event<u32>, end: Offset) -> Event<u32> {
    let back = |offset: Offset| Offset((end.0 - offset.0).max(0));
    match event {
        Event::Appended { end: more } => Event::Appended { end: end.plus(more.0) },
        Event::Await { end, token } => Event::Await { end: back(end), token },
        Event::Fetched { follower, broker_epoch, log_start, end } => {
            Event::Fetched { follower, broker_epoch, log_start, end: back(end) }
        }
        other => other,
    }
}

proptest! {
    /// The high watermark only rises, within the log; whoever waits is answered once, and acknowledged only below it.
    #[test]
    fn invariants_hold(events in prop::collection::vec(any_event(), 1..80)) {
        let mut replica = Replica::new(BrokerId(1), Offset(0), Offset(4), Offset(4));
        let mut waiting = std::collections::BTreeMap::new();
        for (number, event) in events.into_iter().enumerate() {
            let mut event = settle(event, replica.end());
            if let Event::Await { end, token } = &mut event {
                *token = number as u32;
                waiting.insert(*token, *end);
            }
            let (before, leads) = (replica.high_watermark(), replica.is_leader());
            let mut out = Vec::new();
            let result = replica.on_event(Now::default(), event, &mut out);
            prop_assert!(result.is_ok() || out.is_empty());
            prop_assert!(replica.high_watermark() >= before && replica.high_watermark() <= replica.end());
            let enough = replica.admit(Acks::All).is_ok();
            prop_assert!(enough || replica.high_watermark() == before || !leads);
            for effect in out {
                match effect {
                    HighWatermark(offset) => prop_assert_eq!(offset, replica.high_watermark()),
                    Acknowledge(token) => {
                        let end = waiting.remove(&token);
                        prop_assert!(end.is_some_and(|end| end <= replica.high_watermark()));
                    }
                    Refuse(token, _) => prop_assert!(waiting.remove(&token).is_some()),
                    Effect::Propose(_) => prop_assert!(replica.is_leader()),
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            prop_assert_eq!(waiting.len(), replica.waiting());
        }
    }
}
