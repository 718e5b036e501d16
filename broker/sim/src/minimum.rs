//! What a sweep must have done and reached at the least: a class with few hits is a hole, whatever the total.

use klamm_sim::Counts;

/// Fewer runs of clusters say nothing of what is rare.
const RUNS_MIN: u64 = 200;

/// Injected at least so often in 100 runs of clusters.
const INJECTED: &[(&str, u64)] = &[
    ("Kill", 100),
    ("KillAll", 30),
    ("TornWrite", 50),
    ("Restart", 100),
    ("WriteErrors", 50),
    ("FullDisk", 50),
    ("PowerLoss", 30),
    ("PowerLossOfAll", 6), // in `fsync` alone
    ("TornPowerLoss", 30),
    ("FailedSync", 30),
    ("LostVolume", 30),
    ("Pause", 150),
    ("OneWay", 150),
    ("TwoWay", 75),
    ("Alone", 75),
    ("Reset", 75),
    ("Refusal", 75),
    ("ClockJump", 75),
    ("Stall", 75),
    ("SlowDisk", 75),
    ("OtherRelease", 15),
    ("Cascade", 20),
];

/// Reached at least so often in 100 runs of clusters.
const REACHED: &[(&str, u64)] = &[
    ("follower truncated by epoch", 100),
    ("metadata log truncated by epoch", 10),
    ("ISR shrank", 500),
    ("ISR grew", 500),
    ("new leader of a partition", 500),
    ("new controller", 100),
    ("failed election of a controller", 20),
    ("coordinator loads", 100),
    ("offset fetch: COORDINATOR_LOAD_IN_PROGRESS", 5),
    ("snapshot fetched", 5),
    ("NOT_ENOUGH_REPLICAS", 100),
    ("orderly shutdown", 50),
    ("consumer sent to its rack", 100),
    ("metadata.version raised", 20),
];

/// Directory losses: volumes that came back empty, at least so often in 100 runs of clusters.
const LOST: (&str, u64) = ("empty disk", 20);

/// What `runs` runs of clusters did too seldom.
pub fn holes(counts: &Counts, runs: u64) -> Vec<String> {
    if runs < RUNS_MIN {
        return Vec::new();
    }
    let injected = INJECTED.iter().map(|(what, least)| (*what, *least, counts.injected.get(*what)));
    let reached = REACHED.iter().map(|(what, least)| (*what, *least, counts.reached.get(*what)));
    let lost = std::iter::once((LOST.0, LOST.1, counts.faults.get(LOST.0)));
    let all = injected.chain(reached).chain(lost).map(|(what, least, count)| {
        let (least, count) = (least * runs / 100, count.copied().unwrap_or_default());
        (count < least)
            .then(|| format!("{what}: {count} times in {runs} runs of clusters, {least} are the least"))
    });
    all.flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_seldom_is_named() {
        let mut counts = Counts::default();
        assert_eq!(holes(&counts, RUNS_MIN - 1), [""; 0]);
        assert_eq!(holes(&counts, RUNS_MIN).len(), INJECTED.len() + REACHED.len() + 1);
        counts.injected.extend(INJECTED.iter().map(|(what, least)| ((*what).to_owned(), least * 2)));
        counts.reached.extend(REACHED.iter().map(|(what, least)| ((*what).to_owned(), least * 2)));
        counts.faults.insert(LOST.0, LOST.1 * 2 - 1);
        assert_eq!(holes(&counts, 200), ["empty disk: 39 times in 200 runs of clusters, 40 are the least"]);
    }
}
