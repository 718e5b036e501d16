//! What the broker counts, in one registry. Names are `klamm_<subsystem>_<what>_<unit>`; labels have few values.
//!
//! Counters that the hot path touches are looked up once, at start; gauges are filled in when somebody asks.

use klamm_protocol::ApiKey;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use std::{collections::BTreeMap, time::Duration};

/// Upper bounds of the latency buckets, in seconds: from a write into the page cache to a long poll.
const LATENCY_BUCKETS: [f64; 12] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ApiLabel {
    api: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct TopicLabel {
    topic: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ListenerLabel {
    listener: String,
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
    /// Partitions hosted here.
    pub partitions: u64,
    /// Bytes of log by topic.
    pub log_bytes: BTreeMap<String, u64>,
    /// Work that waits for log threads.
    pub queued: u64,
    /// Memory for request bodies: free and all, in bytes.
    pub budget_bytes: (u64, u64),
    /// Of each listener by name: open, accepted, refused, bad frames, malformed requests, failed handshakes, bytes received and sent.
    pub listeners: BTreeMap<String, [u64; 8]>,
}

/// The registry.
pub struct Metrics {
    registry: Registry,
    by_api: BTreeMap<ApiKey, ApiMetrics>,
    offline_partitions: Gauge,
    under_replicated_partitions: Gauge,
    partitions: Gauge,
    queued: Gauge,
    budget_free_bytes: Gauge,
    budget_bytes: Gauge,
    log_bytes: Family<TopicLabel, Gauge>,
    listeners: [Family<ListenerLabel, Gauge>; 8],
}

impl Metrics {
    /// A registry that knows `apis`.
    #[must_use]
    pub fn new(apis: impl Iterator<Item = ApiKey>) -> Self {
        let mut registry = Registry::with_prefix("klamm");
        let requests = Family::<ApiLabel, Counter>::default();
        let seconds = Family::<ApiLabel, Histogram>::new_with_constructor(|| Histogram::new(LATENCY_BUCKETS));
        registry.register("requests", "Requests answered, by API", requests.clone());
        registry.register(
            "request_duration_seconds",
            "Time from a request's arrival until its answer is ready, by API; long polls included",
            seconds.clone(),
        );
        let by_api = apis
            .map(|key| {
                let label = ApiLabel { api: key.name().to_owned() };
                let one = ApiMetrics {
                    requests: requests.get_or_create(&label).clone(),
                    seconds: seconds.get_or_create(&label).clone(),
                };
                (key, one)
            })
            .collect();
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let offline_partitions = gauge("partitions_offline", "Partitions hosted here without a leader");
        let under_replicated_partitions = gauge(
            "partitions_under_replicated",
            "Partitions led here with fewer in-sync replicas than replicas",
        );
        let partitions = gauge("partitions_hosted", "Partitions hosted here");
        let queued = gauge("log_queue_length", "Pieces of work that wait for log threads");
        let budget_free_bytes = gauge("memory_requests_free_bytes", "Memory for request bodies that is free");
        let budget_bytes = gauge("memory_requests_bytes", "Memory for request bodies");
        let log_bytes = Family::<TopicLabel, Gauge>::default();
        registry.register("log_size_bytes", "Bytes of log hosted here, by topic", log_bytes.clone());
        let listeners = [
            ("connections_open", "Connections open"),
            ("connections_accepted", "Connections accepted since start"),
            ("connections_refused", "Connections closed at once because of max.connections"),
            ("frames_refused", "Frames refused because of their length"),
            ("requests_malformed", "Requests that could not be read; their connections were closed"),
            ("tls_handshakes_failed", "TLS handshakes that failed"),
            ("network_received_bytes", "Bytes of requests received"),
            ("network_sent_bytes", "Bytes of answers sent"),
        ]
        .map(|(name, help)| {
            let family = Family::<ListenerLabel, Gauge>::default();
            registry.register(name, help, family.clone());
            family
        });
        Self {
            registry,
            by_api,
            offline_partitions,
            under_replicated_partitions,
            partitions,
            queued,
            budget_free_bytes,
            budget_bytes,
            log_bytes,
            listeners,
        }
    }

    /// What is counted of `key`; none when it is not served.
    #[must_use]
    pub fn api(&self, key: ApiKey) -> Option<&ApiMetrics> {
        self.by_api.get(&key)
    }

    /// Everything as Prometheus' text, with the gauges of `snapshot`.
    #[must_use]
    pub fn render(&self, snapshot: &Snapshot) -> String {
        self.offline_partitions.set(snapshot.offline_partitions as i64);
        self.under_replicated_partitions.set(snapshot.under_replicated_partitions as i64);
        self.partitions.set(snapshot.partitions as i64);
        self.queued.set(snapshot.queued as i64);
        self.budget_free_bytes.set(snapshot.budget_bytes.0 as i64);
        self.budget_bytes.set(snapshot.budget_bytes.1 as i64);
        self.log_bytes.clear(); // topics come and go
        for (topic, bytes) in &snapshot.log_bytes {
            self.log_bytes.get_or_create(&TopicLabel { topic: topic.clone() }).set(*bytes as i64);
        }
        for (name, values) in &snapshot.listeners {
            for (family, value) in self.listeners.iter().zip(values) {
                family.get_or_create(&ListenerLabel { listener: name.clone() }).set(*value as i64);
            }
        }
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a String takes everything");
        text
    }
}
