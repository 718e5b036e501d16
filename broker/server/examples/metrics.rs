//! Prints the metrics as rows of a table: `cargo xtask gen metrics` makes `docs/metrics.md` of them.

use klamm_server::{api::SERVED, metrics::Metrics};

fn main() {
    let metrics = Metrics::new(SERVED.iter().map(|(key, _)| *key));
    for metric in metrics.definitions() {
        let labels: Vec<_> = metric.labels.iter().map(|label| format!("`{label}`")).collect();
        let kafka = if metric.kafka.is_empty() { String::new() } else { format!("`{}`", metric.kafka) };
        let (name, kind, labels, help) = (&metric.name, metric.kind, labels.join(", "), metric.help);
        println!("| `{name}` | {kind} | {labels} | {help} | {kafka} |");
    }
}
