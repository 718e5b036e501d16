//! `klamm up`: the same YAML that Kubernetes takes, as processes on this machine. What is valid, which settings brokers get and what
//! happens to topics, the operator's own plan decides.

mod broker;
pub mod folder;
mod manifest;
mod topics;

use anyhow::{Context, anyhow};
use broker::Broker;
use clap::Args;
use folder::Folder;
use klamm_client::{Client, Settings};
use klamm_plan::cluster::{Defaults, ValidatedCluster};
use klamm_types::Str;
use manifest::Manifest;
use std::{path::PathBuf, time::Duration};
use tokio::signal::unix::{SignalKind, signal};

/// How long a broker may take to serve: a long recovery is told, not cut short.
const START_MAX: Duration = Duration::from_secs(120);

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
    let folder = Folder::open(&arguments.data, &cluster.names.cluster)?;
    let mut broker = Broker::start(&folder, &cluster).await?;
    let serving = serve(&mut broker, &manifest, &cluster);
    let result = tokio::select! {
        biased;
        _ = terminate.recv() => Ok(()),
        _ = interrupt.recv() => Ok(()),
        result = serving => result,
    };
    eprintln!("\nstopping");
    broker.stop().await?;
    result
}

fn validated(manifest: &Manifest) -> anyhow::Result<ValidatedCluster> {
    let defaults = Defaults {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        registry: String::new(),
        namespace: String::new(),
        brokers_max: 1,
    };
    ValidatedCluster::new(&manifest.cluster, &manifest.cluster.spec, None, &defaults)
        .map_err(|refusal| anyhow!("{}", refusal.message))
}

/// Waits until the broker serves, makes the topics, says how to use it, and waits for its end.
async fn serve(broker: &mut Broker, manifest: &Manifest, cluster: &ValidatedCluster) -> anyhow::Result<()> {
    broker.wait_until_ready(START_MAX).await?;
    let settings = Settings {
        bootstrap: vec![("127.0.0.1".to_owned(), broker.port)],
        tls: None,
        client_id: Str::from_static("klamm-up"),
        timeout: Duration::from_secs(15),
    };
    let mut client = Client::new(klamm_world::real::world(), settings);
    for topic in &manifest.topics {
        topics::reconcile(&mut client, topic).await?;
    }
    let topic = manifest.topics.first().map_or_else(|| "orders".to_owned(), klamm_plan::topic::kafka_name);
    println!("\n{} is ready: bootstrap address {}\n", cluster.names.cluster, broker.address());
    println!(
        "  klamm:  date | klamm produce {topic} -b {0}  &&  klamm consume {topic} -f -n 1 -b {0}",
        broker.address()
    );
    println!(
        "  kcat:   date | kcat -b {0} -P -t {topic}  &&  kcat -b {0} -C -t {topic} -c 1",
        broker.address()
    );
    println!(
        "  Kafka:  kafka-console-consumer --bootstrap-server {} --topic {topic} --from-beginning\n",
        broker.address()
    );
    println!("Ctrl-C stops it; its data stays in {}.", broker.folder.display());
    Err(broker.ended().await)
}
