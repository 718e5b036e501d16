//! Whatever happens, nothing acknowledged is lost, and everything comes together again; and seeded bugs do not get through.

use super::cluster::{Cluster, Violation};
use crate::Durability;
use klamm_types::mutant;

const STEPS: usize = 1_500;
const SEEDS: u64 = 500;

/// How many a bug may take. Those that need several rare things at once take more.
const MUTANT_SEEDS: u64 = 4_000;

const MUTANTS: &[(&str, Durability)] = &[
    ("truncate to the high watermark", Durability::Replicated),
    ("ack before replication", Durability::Replicated),
    ("high watermark over the committed isr only", Durability::Replicated),
    ("join before the epoch start", Durability::Replicated),
    ("ignore the broker epoch", Durability::Replicated),
    ("count what is not on the disk", Durability::Fsync),
];

fn play(seed: u64, durability: Durability) -> Result<Cluster, Violation> {
    let mut cluster = Cluster::new(seed, durability);
    for _ in 0..STEPS {
        cluster.step()?;
    }
    cluster.heal()?;
    Ok(cluster)
}

#[test]
fn nothing_acknowledged_is_lost() {
    let (mut elections, mut truncations, mut changes) = (0, 0, 0);
    for durability in [Durability::Replicated, Durability::Fsync] {
        for seed in 0..SEEDS {
            let cluster =
                play(seed, durability).unwrap_or_else(|error| panic!("{durability:?}, seed {seed}: {error}"));
            elections += cluster.elections;
            truncations += cluster.truncations;
            changes += cluster.changes;
        }
    }
    println!("{elections} elections, {truncations} truncations, {changes} changes of the ISR");
    assert!(elections > 2_000 && truncations > 500 && changes > 2_000, "too little was reached");
}

#[test]
fn seeded_bugs_are_found() {
    let mut missed = Vec::new();
    for (name, durability) in MUTANTS {
        mutant::choose(Some(name));
        let found = (0..MUTANT_SEEDS).find_map(|seed| Some((seed, play(seed, *durability).err()?)));
        mutant::choose(None);
        match found {
            Some((seed, violation)) => println!("{name}: seed {seed}: {violation}"),
            None => missed.push(*name),
        }
    }
    assert_eq!(missed, <[&str; 0]>::default());
}
