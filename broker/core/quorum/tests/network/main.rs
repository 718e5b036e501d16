//! Small networks of the machine under faults, checked against the published invariants of Raft and KIP-853; seeded bugs must be
//! found.

mod disk;
mod simulated;

mod oracle;

use klamm_types::mutant;
use simulated::{Network, Reached};

fn run(seed: u64) -> Result<Reached, String> {
    Network::new(seed).run().map_err(|violation| format!("seed {seed}: {violation}"))
}

/// Seeds in CI; `KLAMM_QUORUM_SEEDS` at compile time for more.
fn seeds() -> u64 {
    option_env!("KLAMM_QUORUM_SEEDS").and_then(|text| text.parse().ok()).unwrap_or(300)
}

#[test]
fn invariants_hold_under_faults() {
    let mut all = Reached::default();
    for seed in 0..seeds() {
        match run(seed) {
            Ok(reached) => all.add(&reached),
            Err(violation) => panic!("{violation}"),
        }
    }
    println!("{all:#?}");
    let least = seeds() / 10;
    for (what, count) in all.counts() {
        assert!(
            count >= least,
            "{what} was reached {count} times in {} seeds: the network plays too little",
            seeds()
        );
    }
}

#[test]
fn a_seed_replays() {
    for seed in [3, 4, 5] {
        let trace = || run(seed).map(|reached| reached.trace).expect("the invariants hold");
        assert_eq!(trace(), trace());
    }
}

#[test]
fn seeded_bugs_are_found() {
    const BUGS: [&str; 4] = [
        "forget the vote",
        "count records of older epochs",
        "vote for a shorter log",
        "two changes of the voters at once",
    ];
    for bug in BUGS {
        mutant::choose(Some(bug));
        let found = (0..seeds()).find_map(|seed| run(seed).err().map(|violation| (seed, violation)));
        mutant::choose(None);
        let Some((seed, violation)) = found else {
            panic!("the bug {bug:?} is not found in {} seeds", seeds())
        };
        println!("{bug}: {violation}");
        run(seed).expect("the seed passes without the bug");
    }
}
