//! Where each metric is defined, once: for the registry and for `docs/metrics.md`.

use prometheus_client::{
    encoding::text::encode,
    metrics::{MetricType, TypedMetric},
    registry::{Metric, Registry},
};

/// In front of every name.
const PREFIX: &str = "klamm";

/// One metric, as people who write queries need to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// Its name, as it is scraped.
    pub name: String,
    /// Prometheus' type.
    pub kind: &'static str,
    /// The labels that tell its series apart.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
    /// The metric of Apache Kafka that says the same, or nearly; empty where there is none.
    pub kafka: &'static str,
}

/// The labels of a metric, by name.
pub trait Labels {
    /// The names, in the order in which they are written.
    const NAMES: &'static [&'static str];
}

impl Labels for () {
    const NAMES: &'static [&'static str] = &[];
}

/// All metrics.
pub struct Book {
    registry: Registry,
    definitions: Vec<Definition>,
}

impl Default for Book {
    fn default() -> Self {
        Self { registry: Registry::with_prefix(PREFIX), definitions: Vec::new() }
    }
}

impl Book {
    /// Defines a metric whose series have the labels `L`. A counter's name is scraped with `_total` behind it.
    pub fn add<L: Labels, M: Metric + TypedMetric + Clone>(
        &mut self,
        name: &'static str,
        help: &'static str,
        kafka: &'static str,
        metric: M,
    ) -> M {
        let (kind, suffix) = match M::TYPE {
            MetricType::Counter => ("counter", "_total"),
            MetricType::Gauge => ("gauge", ""),
            MetricType::Histogram => ("histogram", ""),
            _ => ("unknown", ""),
        };
        let name_scraped = format!("{PREFIX}_{name}{suffix}");
        self.definitions.push(Definition { name: name_scraped, kind, labels: L::NAMES, help, kafka });
        self.registry.register(name, help, metric.clone());
        metric
    }

    /// What was defined.
    pub fn definitions(&self) -> &[Definition] {
        &self.definitions
    }

    /// Everything as Prometheus' text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a String takes everything");
        text
    }
}
