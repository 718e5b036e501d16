//! What is counted of consumer groups: by the coordinators as it happens, and when somebody asks.

use super::book::{Book, Labels};
use klamm_group::{Census, Phase, Tally};
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
};
use std::time::Duration;

/// Upper bounds of how long a coordinator reads its log, in seconds: from an empty partition to one that was never compacted.
const LOAD_BUCKETS: [f64; 8] = [0.005, 0.02, 0.1, 0.5, 2.0, 10.0, 60.0, 300.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct StateLabel {
    state: &'static str,
}

impl Labels for StateLabel {
    const NAMES: &'static [&'static str] = &["state"];
}

/// What coordinators count as it happens. Cheap to clone: all count together.
#[derive(Clone, Debug)]
pub struct GroupCounters {
    rebalances: Counter,
    commits: Counter,
    removals: Counter,
    load_seconds: Histogram,
    load_failures: Counter,
}

impl GroupCounters {
    /// A coordinator has done this.
    pub fn done(&self, tally: Tally) {
        self.rebalances.inc_by(tally.rebalances);
        self.commits.inc_by(tally.commits);
        self.removals.inc_by(tally.removals);
    }

    /// A coordinator has read its log.
    pub fn loaded(&self, elapsed: Duration) {
        self.load_seconds.observe(elapsed.as_secs_f64());
    }

    /// A coordinator could not read its log.
    pub fn load_failed(&self) {
        self.load_failures.inc();
    }
}

/// All of them.
pub(super) struct GroupMetrics {
    pub(super) counters: GroupCounters,
    coordinators: Family<StateLabel, Gauge>,
    groups: Family<StateLabel, Gauge>,
    offsets: Gauge,
}

impl GroupMetrics {
    pub(super) fn new(book: &mut Book) -> Self {
        let coordinators = book.add::<StateLabel, _>(
            "group_coordinators",
            "Partitions of __consumer_offsets coordinated here: loading, active, or failed because their log cannot be read",
            "kafka.server:type=group-coordinator-metrics,name=num-partitions",
            Family::default(),
        );
        let groups = book.add::<StateLabel, _>(
            "group_count",
            "Groups coordinated here, by state: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead",
            "kafka.server:type=group-coordinator-metrics,name=group-count",
            Family::default(),
        );
        let offsets = book.add::<(), _>(
            "group_offsets",
            "Committed offsets of the groups coordinated here",
            "kafka.coordinator.group:type=GroupMetadataManager,name=NumOffsets",
            Gauge::default(),
        );
        let counters = GroupCounters {
            rebalances: book.add::<(), _>(
                "group_rebalances",
                "Rebalances completed: all members could have their assignment",
                "kafka.server:type=group-coordinator-metrics,name=group-completed-rebalance-count",
                Counter::default(),
            ),
            commits: book.add::<(), _>(
                "group_offset_commits",
                "Offsets committed",
                "kafka.server:type=group-coordinator-metrics,name=offset-commit-count",
                Counter::default(),
            ),
            removals: book.add::<(), _>(
                "group_offset_removals",
                "Offsets forgotten: too old, deleted, or of a deleted topic or group",
                "kafka.server:type=group-coordinator-metrics,name=offset-expiration-count and offset-deletion-count",
                Counter::default(),
            ),
            load_seconds: book.add::<(), _>(
                "group_load_duration_seconds",
                "Time that a coordinator took to read its partition of __consumer_offsets",
                "kafka.server:type=group-coordinator-metrics,name=partition-load-time-max",
                Histogram::new(LOAD_BUCKETS),
            ),
            load_failures: book.add::<(), _>(
                "group_load_failures",
                "Partitions of __consumer_offsets that could not be read: their groups are not available",
                "",
                Counter::default(),
            ),
        };
        Self { counters, coordinators, groups, offsets }
    }

    /// Sets the gauges from what the coordinators say.
    pub(super) fn show(&self, censuses: &[Census]) {
        let set = |family: &Family<StateLabel, Gauge>, state, count: u64| {
            family.get_or_create(&StateLabel { state }).set(count as i64);
        };
        for (state, phase) in
            [("loading", Phase::Loading), ("active", Phase::Active), ("failed", Phase::Elsewhere)]
        {
            let count = censuses.iter().filter(|census| census.phase == phase).count();
            set(&self.coordinators, state, count as u64);
        }
        for (slot, (state, _)) in Census::default().groups.into_iter().enumerate() {
            set(&self.groups, state, censuses.iter().map(|census| census.groups[slot].1).sum());
        }
        self.offsets.set(censuses.iter().map(|census| census.offsets as i64).sum());
    }
}
