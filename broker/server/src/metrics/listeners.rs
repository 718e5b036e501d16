//! What listeners have counted, shown when somebody asks.

use super::book::{Book, Labels};
use klamm_net::Counters;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge},
};
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ListenerLabel {
    listener: String,
}

impl Labels for ListenerLabel {
    const NAMES: &'static [&'static str] = &["listener"];
}

/// Name, help, Kafka's name, and where a listener counts it.
type Counted = (&'static str, &'static str, &'static str, fn(&Counters) -> &AtomicU64);

const COUNTED: [Counted; 7] = [
    (
        "connections_accepted",
        "Connections accepted",
        "kafka.server:type=socket-server-metrics,name=connection-creation-total",
        |all| &all.accepted,
    ),
    ("connections_refused", "Connections closed at once because of max.connections", "", |all| &all.refused),
    ("frames_refused", "Frames refused because of their length; their connections were closed", "", |all| {
        &all.bad_frames
    }),
    ("requests_malformed", "Requests that could not be read; their connections were closed", "", |all| {
        &all.malformed
    }),
    (
        "tls_handshakes_failed",
        "TLS handshakes that failed",
        "kafka.server:type=socket-server-metrics,name=failed-authentication-total",
        |all| &all.failed_handshakes,
    ),
    (
        "network_received_bytes",
        "Bytes of requests received",
        "kafka.server:type=socket-server-metrics,name=incoming-byte-total",
        |all| &all.received_bytes,
    ),
    (
        "network_sent_bytes",
        "Bytes of answers sent",
        "kafka.server:type=socket-server-metrics,name=outgoing-byte-total",
        |all| &all.sent_bytes,
    ),
];

/// All of them.
pub(super) struct ListenerMetrics {
    open: Family<ListenerLabel, Gauge>,
    counted: [Family<ListenerLabel, Counter>; COUNTED.len()],
}

impl ListenerMetrics {
    pub(super) fn new(book: &mut Book) -> Self {
        let open = book.add::<ListenerLabel, _>(
            "connections_open",
            "Connections open",
            "kafka.server:type=socket-server-metrics,name=connection-count",
            Family::default(),
        );
        let counted = COUNTED
            .map(|(name, help, kafka, _)| book.add::<ListenerLabel, _>(name, help, kafka, Family::default()));
        Self { open, counted }
    }

    /// Sets the series of one listener to what it has counted.
    pub(super) fn show(&self, listener: &str, counters: &Counters) {
        let label = ListenerLabel { listener: listener.to_owned() };
        self.open.get_or_create(&label).set(counters.open.load(Ordering::Relaxed) as i64);
        for (family, (_, _, _, counter)) in self.counted.iter().zip(COUNTED) {
            let counted = counter(counters).load(Ordering::Relaxed);
            family.get_or_create(&label).inner().store(counted, Ordering::Relaxed);
        }
    }
}
