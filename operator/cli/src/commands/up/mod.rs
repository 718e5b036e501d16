//! `klamm up`: the same YAML that Kubernetes takes, as processes on this machine. What is valid, which settings brokers get and what
//! happens to topics, the operator's own plan decides.

mod broker;
mod brokers;
pub mod folder;
mod manifest;
mod settings;
mod topics;

use anyhow::{Context, anyhow};
use brokers::Brokers;
use clap::Args;
use folder::Folder;
use klamm_client::{Client, Settings};
use klamm_plan::cluster::{Defaults, ValidatedCluster};
use klamm_types::Str;
use manifest::Manifest;
use std::{path::PathBuf, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

/// More than a machine has use for; each has ports of its own, 100 apart.
const BROKERS_MAX: usize = 9;

#[derive(Args)]
pub struct Arguments {
    /// The Cluster and Topics, as Kubernetes takes them
    #[arg(long, short, value_name = "FILE")]
    file: PathBuf,
    /// Where data is kept
    #[arg(long, default_value = ".klamm", value_name = "FOLDER")]
    data: PathBuf,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&arguments.file)
        .with_context(|| format!("cannot read {} (--file)", arguments.file.display()))?;
    let manifest = Manifest::parse(&text).with_context(|| arguments.file.display().to_string())?;
    let cluster = validated(&manifest)?;
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let ids = cluster.brokers().map(|(_, id)| id).collect();
    let folder = Folder::open(&klamm_world::real::world(), &arguments.data, &cluster.names.cluster, &ids)?;
    let kept = folder.path.display().to_string();
    let mut brokers = Brokers::new(folder);
    let serving = serve(&mut brokers, &manifest, &cluster, &kept);
    let result = tokio::select! {
        biased;
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        result = serving => result,
    };
    eprintln!("\nstopping");
    brokers.stop().await?;
    result
}

fn validated(manifest: &Manifest) -> anyhow::Result<ValidatedCluster> {
    let defaults = Defaults {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        registry: String::new(),
        namespace: String::new(),
        brokers_max: BROKERS_MAX,
    };
    ValidatedCluster::new(&manifest.cluster, &manifest.cluster.spec, None, &defaults)
        .map_err(|refusal| anyhow!("{}", refusal.message))
}

/// Starts the brokers, waits until they serve, makes the topics, says how to use it, and looks after the brokers.
async fn serve(
    brokers: &mut Brokers,
    manifest: &Manifest,
    cluster: &ValidatedCluster,
    kept: &str,
) -> anyhow::Result<()> {
    brokers.start(cluster).await?;
    brokers.wait_until_ready().await?;
    let settings = Settings {
        bootstrap: brokers.ports().map(|port| ("127.0.0.1".to_owned(), port)).collect(),
        tls: None,
        client_id: Str::from_static("klamm-up"),
        timeout: Duration::from_secs(15),
    };
    let mut client = Client::new(klamm_world::real::world(), settings);
    for topic in &manifest.topics {
        topics::reconcile(&mut client, topic).await?;
    }
    let topic = manifest.topics.first().map_or_else(|| "orders".to_owned(), klamm_plan::topic::kafka_name);
    say(&cluster.names.cluster, &topic, brokers.ports(), kept);
    Err(brokers.look_after(cluster).await)
}

fn say(cluster: &str, topic: &str, ports: impl Iterator<Item = u16>, kept: &str) {
    let all: Vec<_> = ports.map(|port| format!("localhost:{port}")).collect();
    let one = all.first().cloned().unwrap_or_default();
    println!("\n{cluster} is ready: bootstrap address {}\n", all.join(","));
    println!("  klamm:  date | klamm produce {topic} -b {one}  &&  klamm consume {topic} -f -n 1 -b {one}");
    println!("  kcat:   date | kcat -b {one} -P -t {topic}  &&  kcat -b {one} -C -t {topic} -c 1");
    println!("  Kafka:  kafka-console-consumer --bootstrap-server {one} --topic {topic} --from-beginning\n");
    println!("Ctrl-C stops it; its data stays in {kept}.");
}
