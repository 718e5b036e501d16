//! `docs/metrics.md`, from where the broker defines its metrics.

use std::path::PathBuf;

use anyhow::Result;

use super::Generated;
use crate::shell;

const HEAD: &str = "<!-- Generated from broker/server/src/metrics by `cargo xtask gen metrics`. -->
# Metrics of a broker

`GET /metrics` on the HTTP port (9644 under the operator, `klamm.http.listener` by hand) answers in Prometheus' text format. The last column names the metric of Apache Kafka
that says the same, or nearly. Counters begin at 0 with the process. A consumer's lag is not a broker's to know: it is the difference of two offsets that clients can read
(`klamm groups describe`, `kafka-consumer-groups --describe`).

| name | type | labels | what it says | in Apache Kafka |
|---|---|---|---|---|
";

pub fn generate() -> Result<Generated> {
    let mut program = shell::cargo();
    let rows =
        shell::read(program.args(["run", "--quiet", "--package", "klamm-server", "--example", "metrics"]))?;
    Ok(Generated { files: vec![(PathBuf::from("docs/metrics.md"), format!("{HEAD}{rows}"))], folder: None })
}
