//! What is counted.

use super::Room;
use crate::{Census, Phase, Tally};

/// Runs commands, then compares the groups that are there, by state, and what was done since the last look.
fn check(room: &mut Room, commands: &[&str], groups: &[(&str, u64)], offsets: u64, tally: [u64; 3]) {
    commands.iter().for_each(|command| drop(room.run(command)));
    let Census { phase, groups: all, offsets: counted } = room.coordinator.census();
    let some: Vec<_> = all.into_iter().filter(|(_, count)| *count > 0).collect();
    assert_eq!((phase, some.as_slice(), counted), (Phase::Active, groups, offsets), "{}", room.history());
    let [rebalances, commits, removals] = tally;
    let done = room.coordinator.take_tally();
    assert_eq!(done, Tally { rebalances, commits, removals }, "{}", room.history());
}

#[test]
fn groups_count_by_state_and_deeds_when_they_are_committed() {
    let room = &mut Room::new();
    check(room, &[], &[], 0, [0, 0, 0]);
    check(room, &["a join", "a join"], &[("PreparingRebalance", 1)], 0, [0, 0, 0]);
    check(room, &["wait 3000"], &[("CompletingRebalance", 1)], 0, [0, 0, 0]);
    check(room, &["hold", "a sync"], &[("CompletingRebalance", 1)], 0, [0, 0, 0]);
    check(room, &["commit", "flow"], &[("Stable", 1)], 0, [1, 0, 0]);
    check(room, &["a commit t/0=1", "a commit t/1=1", "a commit t/0=2"], &[("Stable", 1)], 2, [0, 3, 0]);
    check(room, &["hold", "a commit t/2=1", "fail NotEnoughReplicas", "flow"], &[("Stable", 1)], 2, [0; 3]);
    check(room, &["a leave"], &[("Empty", 1)], 2, [0, 0, 0]);
    check(room, &["a drop t/1"], &[("Empty", 1)], 1, [0, 0, 1]);
    check(room, &["hold", "delete"], &[("Dead", 1)], 1, [0, 0, 0]);
    check(room, &["commit", "flow"], &[], 0, [0, 0, 1]);
}

#[test]
fn what_is_loaded_was_done_before() {
    let room = &mut Room::new();
    check(room, &["x alone t/0=5", "x alone t/1=5"], &[("Empty", 1)], 2, [0, 2, 0]);
    check(room, &["reload"], &[("Empty", 1)], 2, [0, 0, 0]);
    room.run("load");
    assert_eq!(room.coordinator.census().phase, Phase::Loading);
    room.run("unload");
    assert_eq!(room.coordinator.census().phase, Phase::Elsewhere);
}
