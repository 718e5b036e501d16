//! The two commands of the README: install, apply the example, and a client's record is acknowledged. How long it takes
//! is part of the promise.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use klamm_e2e::clients::records;
use klamm_e2e::space::title;
use klamm_e2e::{Clients, documents, operator, scenario};

#[test]
fn quickstart() -> Result<()> {
    check("quickstart", "manifests/examples/quickstart.yaml", 15, 20)
}

#[test]
fn quickstart_with_one_broker() -> Result<()> {
    check("one-broker", "manifests/examples/one-broker.yaml", 10, 15)
}

/// Applies the example; seconds within which it must be Ready and have acknowledged a record.
fn check(test: &str, example: &str, ready_max: u64, acked_max: u64) -> Result<()> {
    scenario(test, async |space| {
        operator::install().await?;
        let began = Instant::now();
        let applied = space.apply(&documents::file(example)?).await?;
        let name = applied.iter().map(title).find_map(|t| t.strip_prefix("Cluster/").map(str::to_owned));
        let name = name.unwrap_or_default();
        let clusters = space.dynamic("klamm.dev/v1alpha1", "Cluster").await?;
        space.wait_condition(&clusters, &name, "Ready", Duration::from_secs(60)).await?;
        let ready = began.elapsed();
        let clients = Clients::new(format!("{name}-bootstrap.{}.svc.cluster.local:9092", space.name()));
        clients.answered().await?; // kcat would give up where kube-proxy has not heard of the ready pod yet; it counts as waiting
        clients.produce("first", &records(0..1)).await?;
        let acked = began.elapsed();
        println!(
            "Ready after {:.1} s, first acked record after {:.1} s",
            ready.as_secs_f64(),
            acked.as_secs_f64()
        );
        ensure!(clients.consume("first").await? == records(0..1));
        ensure!(ready <= Duration::from_secs(ready_max), "Ready only after {ready:?}");
        ensure!(acked <= Duration::from_secs(acked_max), "a record was acknowledged only after {acked:?}");
        Ok(())
    })
}
