//! What the broker counts, in one registry. Names are `klamm_<subsystem>_<what>_<unit>`; labels have few values.
//!
//! Counters that the hot path touches are looked up once, at start; gauges are filled in when somebody asks.

mod book;
mod groups;
mod listeners;

pub use book::Definition;
pub use groups::GroupCounters;

use book::{Book, Labels};
use groups::GroupMetrics;
use klamm_group::Census;
use klamm_net::Counters;
use klamm_protocol::ApiKey;
use klamm_types::Str;
use listeners::ListenerMetrics;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

/// Upper bounds of the latency buckets, in seconds: from a write into the page cache to a long poll.
const LATENCY_BUCKETS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ApiLabel {
    api: &'static str,
}

impl Labels for ApiLabel {
    const NAMES: &'static [&'static str] = &["api"];
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TopicLabel {
    topic: String,
}

impl Labels for TopicLabel {
    const NAMES: &'static [&'static str] = &["topic"];
}

/// What is counted of one API.
#[derive(Clone, Debug)]
pub struct ApiMetrics {
    requests: Counter,
    seconds: Histogram,
}

impl ApiMetrics {
    /// One request was answered after `elapsed`.
    pub fn answered(&self, elapsed: Duration) {
        self.requests.inc();
        self.seconds.observe(elapsed.as_secs_f64());
    }
}

/// What is known only when somebody asks.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// Partitions hosted here without a leader.
    pub offline_partitions: u64,
    /// Partitions led here whose in-sync replicas are fewer than their replicas.
    pub under_replicated_partitions: u64,
    /// Partitions led here with fewer in-sync replicas than `min.insync.replicas`, and with just as many.
    pub min_isr_partitions: (u64, u64),
    /// Partitions led here.
    pub led_partitions: u64,
    /// Partitions led here that are being moved.
    pub reassigning_partitions: u64,
    /// The most records that a follower here lacks of what its leader has committed.
    pub replica_lag_max: u64,
    /// Log directories that failed.
    pub offline_log_directories: u64,
    /// Partitions hosted here.
    pub partitions: u64,
    /// Bytes of log by topic.
    pub log_bytes: BTreeMap<String, u64>,
    /// Work that waits for log threads.
    pub queued: u64,
    /// Memory for request bodies: free and all, in bytes.
    pub budget_bytes: (u64, u64),
    /// What each listener counts, by its name.
    pub listeners: Vec<(Str, Arc<Counters>)>,
    /// What there is in each group coordinator.
    pub groups: Vec<Census>,
}

/// The registry.
pub struct Metrics {
    book: Book,
    by_api: BTreeMap<ApiKey, ApiMetrics>,
    offline_partitions: Gauge,
    under_replicated_partitions: Gauge,
    under_min_isr_partitions: Gauge,
    at_min_isr_partitions: Gauge,
    led_partitions: Gauge,
    reassigning_partitions: Gauge,
    replica_lag_max: Gauge,
    offline_log_directories: Gauge,
    isr_shrinks: Counter,
    isr_expands: Counter,
    replicas_refused: Counter,
    partitions: Gauge,
    queued: Gauge,
    budget_free_bytes: Gauge,
    budget_bytes: Gauge,
    log_bytes: Family<TopicLabel, Gauge>,
    listeners: ListenerMetrics,
    groups: GroupMetrics,
}

impl Metrics {
    /// A registry that knows `apis`.
    #[must_use]
    pub fn new(apis: impl Iterator<Item = ApiKey>) -> Self {
        let mut book = Book::default();
        let by_api = by_api(&mut book, apis);
        let mut gauge = |name, help, kafka| book.add::<(), _>(name, help, kafka, Gauge::default());
        let offline_partitions = gauge(
            "partitions_offline",
            "Partitions hosted here without a leader",
            "kafka.controller:type=KafkaController,name=OfflinePartitionsCount",
        );
        let under_replicated_partitions = gauge(
            "partitions_under_replicated",
            "Partitions led here with fewer in-sync replicas than replicas",
            "kafka.server:type=ReplicaManager,name=UnderReplicatedPartitions",
        );
        let under_min_isr_partitions = gauge(
            "partitions_under_min_isr",
            "Partitions led here with fewer in-sync replicas than min.insync.replicas: acks=all is refused",
            "kafka.server:type=ReplicaManager,name=UnderMinIsrPartitionCount",
        );
        let at_min_isr_partitions = gauge(
            "partitions_at_min_isr",
            "Partitions led here with just as many in-sync replicas as min.insync.replicas: one more lost, and acks=all is refused",
            "kafka.server:type=ReplicaManager,name=AtMinIsrPartitionCount",
        );
        let led_partitions = gauge(
            "partitions_led",
            "Partitions led here",
            "kafka.server:type=ReplicaManager,name=LeaderCount",
        );
        let reassigning_partitions = gauge(
            "partitions_reassigning",
            "Partitions led here whose replicas are being moved",
            "kafka.server:type=ReplicaManager,name=ReassigningPartitions",
        );
        let replica_lag_max = gauge(
            "replica_lag_max_records",
            "The most records that a follower here lacks of what its leader, when it was last heard, had committed",
            "kafka.server:type=ReplicaFetcherManager,name=MaxLag,clientId=Replica",
        );
        let offline_log_directories = gauge(
            "log_directories_offline",
            "Log directories that failed",
            "kafka.log:type=LogManager,name=OfflineLogDirectoryCount",
        );
        let partitions = gauge(
            "partitions_hosted",
            "Partitions hosted here",
            "kafka.server:type=ReplicaManager,name=PartitionCount",
        );
        let queued = gauge(
            "log_queue_length",
            "Pieces of work that wait for log threads",
            "kafka.network:type=RequestChannel,name=RequestQueueSize",
        );
        let budget_free_bytes = gauge(
            "memory_requests_free_bytes",
            "Memory for request bodies that is free",
            "kafka.network:type=SocketServer,name=MemoryPoolAvailable",
        );
        let budget_bytes = gauge("memory_requests_bytes", "Memory for request bodies", "");
        let mut counter = |name, help, kafka| book.add::<(), _>(name, help, kafka, Counter::default());
        let isr_shrinks = counter(
            "isr_shrinks",
            "Replicas of partitions led here that left the ISR, or were put out of it",
            "kafka.server:type=ReplicaManager,name=IsrShrinksPerSec",
        );
        let isr_expands = counter(
            "isr_expands",
            "Replicas of partitions led here that came into the ISR",
            "kafka.server:type=ReplicaManager,name=IsrExpandsPerSec",
        );
        let replicas_refused = counter(
            "replica_requests_refused",
            "Requests of replicas refused because they came to another listener than inter.broker.listener.name",
            "",
        );
        let log_bytes = book.add::<TopicLabel, _>(
            "log_size_bytes",
            "Bytes of log hosted here, by topic",
            "kafka.log:type=Log,name=Size",
            Family::default(),
        );
        let listeners = ListenerMetrics::new(&mut book);
        let groups = GroupMetrics::new(&mut book);
        Self {
            book,
            by_api,
            offline_partitions,
            under_replicated_partitions,
            under_min_isr_partitions,
            at_min_isr_partitions,
            led_partitions,
            reassigning_partitions,
            replica_lag_max,
            offline_log_directories,
            isr_shrinks,
            isr_expands,
            replicas_refused,
            partitions,
            queued,
            budget_free_bytes,
            budget_bytes,
            log_bytes,
            listeners,
            groups,
        }
    }

    /// What is counted of `key`; none when it is not served.
    #[must_use]
    pub fn api(&self, key: ApiKey) -> Option<&ApiMetrics> {
        self.by_api.get(&key)
    }

    /// What group coordinators count.
    #[must_use]
    pub fn groups(&self) -> GroupCounters {
        self.groups.counters.clone()
    }

    /// So many left an ISR of a partition that is led here, and so many came into it.
    pub fn isr_changed(&self, left: u64, came: u64) {
        self.isr_shrinks.inc_by(left);
        self.isr_expands.inc_by(came);
    }

    /// A request of a replica came to a listener that is not for it.
    pub fn replica_refused(&self) {
        self.replicas_refused.inc();
    }

    /// Every metric, for `docs/metrics.md`.
    #[must_use]
    pub fn definitions(&self) -> &[Definition] {
        self.book.definitions()
    }

    /// Everything as Prometheus' text, with the gauges of `snapshot`.
    #[must_use]
    pub fn render(&self, snapshot: &Snapshot) -> String {
        self.offline_partitions.set(snapshot.offline_partitions as i64);
        self.under_replicated_partitions.set(snapshot.under_replicated_partitions as i64);
        self.under_min_isr_partitions.set(snapshot.min_isr_partitions.0 as i64);
        self.at_min_isr_partitions.set(snapshot.min_isr_partitions.1 as i64);
        self.led_partitions.set(snapshot.led_partitions as i64);
        self.reassigning_partitions.set(snapshot.reassigning_partitions as i64);
        self.replica_lag_max.set(snapshot.replica_lag_max as i64);
        self.offline_log_directories.set(snapshot.offline_log_directories as i64);
        self.partitions.set(snapshot.partitions as i64);
        self.queued.set(snapshot.queued as i64);
        self.budget_free_bytes.set(snapshot.budget_bytes.0 as i64);
        self.budget_bytes.set(snapshot.budget_bytes.1 as i64);
        self.log_bytes.clear(); // topics come and go
        for (topic, bytes) in &snapshot.log_bytes {
            self.log_bytes.get_or_create(&TopicLabel { topic: topic.clone() }).set(*bytes as i64);
        }
        snapshot.listeners.iter().for_each(|(name, counters)| self.listeners.show(name, counters));
        self.groups.show(&snapshot.groups);
        self.book.text()
    }
}

fn by_api(book: &mut Book, apis: impl Iterator<Item = ApiKey>) -> BTreeMap<ApiKey, ApiMetrics> {
    let requests = book.add::<ApiLabel, _>(
        "requests",
        "Requests answered, by API",
        "kafka.network:type=RequestMetrics,name=RequestsPerSec",
        Family::<ApiLabel, Counter>::default(),
    );
    let seconds = book.add::<ApiLabel, _>(
        "request_duration_seconds",
        "Time from a request's arrival until its answer is ready, by API; long polls included",
        "kafka.network:type=RequestMetrics,name=TotalTimeMs",
        Family::<ApiLabel, Histogram>::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS)),
    );
    let one = |key: ApiKey| {
        let label = ApiLabel { api: key.name() };
        let requests = requests.get_or_create(&label).clone();
        (key, ApiMetrics { requests, seconds: seconds.get_or_create(&label).clone() })
    };
    apis.map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is scraped of a broker with one of everything.
    fn scraped(metrics: &Metrics) -> String {
        let log_bytes = BTreeMap::from([("orders".to_owned(), 7)]);
        let listeners = vec![(Str::from("PLAINTEXT"), Arc::new(Counters::default()))];
        let groups = vec![Census::default()];
        metrics.render(&Snapshot { log_bytes, listeners, groups, ..Snapshot::default() })
    }

    #[test]
    fn what_is_scraped_is_what_is_defined() {
        let metrics = Metrics::new([ApiKey::Produce].into_iter());
        let text = scraped(&metrics);
        for Definition { name, kind, labels, help, .. } in metrics.definitions() {
            let family = name.trim_end_matches("_total");
            assert!(text.contains(&format!("# HELP {family} {help}.\n")), "{family}\n{text}");
            assert!(text.contains(&format!("# TYPE {family} {kind}\n")), "{family} {kind}\n{text}");
            let sample = if *kind == "histogram" { format!("{name}_count") } else { name.clone() };
            let label = labels.first().map_or(" ".to_owned(), |label| format!("{{{label}=\""));
            assert!(text.contains(&format!("\n{sample}{label}")), "{sample}{label}\n{text}");
        }
        assert_eq!(text.matches("# TYPE").count(), metrics.definitions().len());
    }

    #[test]
    fn groups_of_all_coordinators_count_together() {
        let metrics = Metrics::new(std::iter::empty());
        metrics.groups().done(klamm_group::Tally { rebalances: 1, commits: 2, removals: 3 });
        let text = scraped(&metrics);
        for line in [
            "klamm_group_coordinators{state=\"failed\"} 1",
            "klamm_group_coordinators{state=\"active\"} 0",
            "klamm_group_count{state=\"Stable\"} 0",
            "klamm_group_rebalances_total 1",
            "klamm_group_offset_commits_total 2",
            "klamm_group_offset_removals_total 3",
        ] {
            assert!(text.contains(&format!("\n{line}\n")), "{line}\n{text}");
        }
    }
}
