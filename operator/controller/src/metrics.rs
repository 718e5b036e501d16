//! What the operator counts (docs/contracts.md §5).

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};
use std::time::Duration;

/// One registry.
pub(crate) struct Metrics {
    registry: Registry,
    reconciliations: Family<Outcome, Counter>,
    duration: Histogram,
    leading: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    kind: &'static str,
    outcome: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("klamm_operator");
        let reconciliations = Family::<Outcome, Counter>::default();
        registry.register("reconciliations", "How often an object was reconciled", reconciliations.clone());
        let duration = Histogram::new([0.005, 0.02, 0.1, 0.5, 2.0, 10.0]);
        registry.register("reconciliation_duration_seconds", "How long it took", duration.clone());
        let leading = Gauge::default();
        registry.register("leading", "Whether this process holds the Lease", leading.clone());
        Self { registry, reconciliations, duration, leading }
    }
}

impl Metrics {
    pub(crate) fn lead(&self) {
        self.leading.set(1);
    }

    pub(crate) fn reconciled(&self, kind: &'static str, ok: bool, took: Duration) {
        let outcome = if ok { "done" } else { "failed" };
        self.reconciliations.get_or_create(&Outcome { kind, outcome }).inc();
        self.duration.observe(took.as_secs_f64());
    }

    /// Prometheus' text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("writing to a String cannot fail");
        text
    }
}
