//! Seeds of every scenario, each played twice.

use super::SCENARIOS;
use crate::run;
#[cfg(feature = "mutants")]
use std::ops::Range;

/// So many seeds of each scenario run with the tests; `cargo xtask sim` runs more.
const SEEDS: u64 = 8;

fn check(name: &str) {
    let scenario = SCENARIOS.iter().find(|scenario| scenario.name == name).unwrap();
    for seed in 0..SEEDS {
        let report = run(seed, scenario.play);
        assert_eq!(report.result, Ok(()), "{name}, seed {seed}");
    }
}

#[test]
fn nothing_is_lost_while_disks_keep_what_they_have() {
    check("lossless");
}

#[test]
fn a_loss_leaves_a_prefix() {
    check("lossy");
}

#[test]
fn a_disk_that_refuses_loses_nothing() {
    check("refusing");
}

#[test]
fn nothing_is_lost_that_was_synced() {
    check("durable");
}

#[test]
fn faults_beside_each_other_lose_nothing() {
    check("replicated");
    check("fsync");
}

#[test]
fn readers_in_their_rack_see_what_others_see() {
    check("racks");
}

#[test]
fn two_releases_lose_nothing_side_by_side() {
    check("mixed");
}

#[test]
fn leaders_that_die_one_after_the_other_lose_nothing() {
    check("cascades");
}

/// Seeds that once found what was wrong in the broker or in the simulation (docs/simulation.md); those below [`SEEDS`] play anyway.
const FOUND: &[(&str, u64)] = &[
    ("replicated", 9),
    ("replicated", 154),
    ("replicated", 254),
    ("replicated", 681),
    ("replicated", 6388),
    ("fsync", 13),
    ("fsync", 3191),
    ("fsync", 3541),
    ("fsync", 7285),
];

#[test]
fn what_was_found_stays_found() {
    for (name, seed) in FOUND {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.name == *name).unwrap();
        assert_eq!(run(*seed, scenario.play).result, Ok(()), "{name}, seed {seed}");
    }
}

/// Bugs, the scenario that must find each, and among which seeds.
#[cfg(feature = "mutants")]
const MUTANTS: &[(&str, &str, Range<u64>)] = &[
    ("acknowledge before the append", "lossless", 0..20),
    ("forget producers", "lossless", 0..20),
    ("keep the torn tail", "lossless", 0..20),
    ("believe every batch", "lossy", 0..20),
    ("recovery point before sync", "lossy", 0..20),
    ("count what is not on the disk", "durable", 0..20),
    ("believe the log is on the disk", "durable", 0..100),
    ("truncate to the high watermark", "replicated", 0..10),
    ("forget the high watermarks", "replicated", 0..10),
    ("believe every follower's log", "replicated", 0..10),
    ("believe that every shutdown was clean", "replicated", 0..25),
    ("everybody that left is eligible", "replicated", 0..50),
    ("move the high watermark below the minimum", "replicated", 0..200),
    ("elect an empty disk", "replicated", 0..25),
    ("serve groups while they are loaded", "replicated", 0..10),
    ("ack before replication", "replicated", 0..10),
    ("count what is not on the disk", "fsync", 0..10),
    ("lead what an earlier life led", "replicated", 0..10),
    ("vote for a shorter log", "replicated", 0..50),
    ("count records of older epochs", "replicated", 0..10),
    ("ask the first address again", "replicated", 0..250),
    ("follow and serve everything", "racks", 0..10),
    ("speak for a log that is old", "replicated", 681..682),
    ("answer heartbeats when nobody follows", "fsync", 7285..7286),
    ("write what older nodes do not read", "mixed", 0..10),
    ("cut where the leader says", "cascades", 0..10),
    ("keep the mark of a clean shutdown", "fsync", 0..20),
];

#[cfg(feature = "mutants")]
#[test]
fn seeded_bugs_are_found() {
    let mut missed = Vec::new();
    for (mutant, name, seeds) in MUTANTS {
        let scenario = SCENARIOS.iter().find(|scenario| scenario.name == *name).unwrap();
        let found = seeds
            .clone()
            .find_map(|seed| Some((seed, crate::run_mutant(seed, scenario.play, mutant).err()?)));
        match found {
            Some((seed, violation)) => println!("{mutant}: seed {seed}: {violation}"),
            None => missed.push(*mutant),
        }
    }
    assert_eq!(missed, [""; 0]);
}
