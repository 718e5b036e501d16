//! `klamm-broker`: reads the configuration, hands it in, runs until SIGTERM. Exit 0 done, 1 failed with one sentence, 2 wrong usage.

use anyhow::{Context, anyhow};
use clap::{Args, Parser, Subcommand};
use klamm_metadata::config::Settings;
use klamm_server::{
    Machine, config,
    controller::{self, BadVoters, InitialVoters},
    start,
};
use klamm_storage::LogDir;
use klamm_world::real;
use std::{io::IsTerminal, path::PathBuf, process::ExitCode};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A Kafka broker.
#[derive(Parser)]
#[command(name = "klamm-broker", version)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// The configuration file: flat Kafka keys, .properties or YAML
    #[arg(long, short, global = true, value_name = "FILE", default_value = "/etc/klamm/broker.yaml")]
    config: PathBuf,
    /// A setting over that of the file, as in Kafka's start script; may be given again
    #[arg(long = "override", global = true, value_name = "KEY=VALUE", value_parser = setting)]
    overrides: Vec<(String, String)>,
    /// Log as JSON
    #[arg(long, global = true, env = "KLAMM_LOG_JSON")]
    log_json: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Make the log directories those of a node of a cluster
    Format {
        /// The cluster's id [default: that of the directory, else a new one]
        #[arg(long)]
        cluster_id: Option<String>,
        #[command(flatten)]
        voters: FormatVoters,
    },
}

/// Who votes in the metadata quorum.
#[derive(Args)]
#[group(multiple = false)]
struct FormatVoters {
    /// This node is the only voter of a new cluster [default of a controller]
    #[arg(long)]
    standalone: bool,
    /// The voters of a new cluster, each of which is formatted with this list: id@host:port:directoryId,…
    #[arg(long, value_name = "VOTERS", requires = "cluster_id")]
    initial_controllers: Option<String>,
    /// This node joins the cluster of that id, without a vote [default of a node that is only a broker]
    #[arg(long, requires = "cluster_id")]
    no_initial_controllers: bool,
}

impl FormatVoters {
    fn initial(&self, settings: &Settings) -> Result<InitialVoters, BadVoters> {
        match &self.initial_controllers {
            Some(list) => InitialVoters::parse(settings, list),
            None if self.no_initial_controllers => Ok(InitialVoters::None),
            None if !self.standalone && !settings.is_controller() => Ok(InitialVoters::None),
            None => Ok(InitialVoters::Standalone),
        }
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let filter = EnvFilter::try_from_env("KLAMM_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    if arguments.log_json {
        log.json().init()
    } else {
        log.init()
    }
    match run(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("klamm-broker: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn setting(text: &str) -> Result<(String, String), String> {
    let (key, value) = text.split_once('=').ok_or("it takes KEY=VALUE, such as broker.rack=a")?;
    Ok((key.trim().to_owned(), value.trim().to_owned()))
}

fn run(arguments: Arguments) -> anyhow::Result<()> {
    let file = arguments.config.display().to_string();
    let text = std::fs::read_to_string(&arguments.config)
        .with_context(|| format!("cannot read {file} (--config)"))?;
    let settings = config::parse_with(&file, &text, &arguments.overrides)?;
    real::raise_open_files();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("klamm").build()?;
    runtime.block_on(async {
        match arguments.command {
            Some(Command::Format { cluster_id, voters }) => {
                format(&settings, cluster_id, &voters.initial(&settings)?)
            }
            None => serve(settings).await,
        }
    })
}

fn format(settings: &Settings, cluster_id: Option<String>, initial: &InitialVoters) -> anyhow::Result<()> {
    let world = real::world();
    // who formats once more without an id means the cluster that the directory is of
    let known = LogDir::identity(world.disk.as_ref(), &controller::metadata_directory(settings))?;
    let cluster_id = cluster_id
        .or_else(|| known.map(|meta| meta.cluster_id))
        .unwrap_or_else(|| controller::random_id(&world).to_string());
    let formatted = controller::format(&world, settings, &cluster_id, initial)?;
    for directory in &formatted {
        println!("formatted {} for cluster {cluster_id}, node {}", directory.display(), settings.node_id());
    }
    if formatted.is_empty() {
        println!("already formatted for cluster {cluster_id}");
    }
    Ok(())
}

async fn serve(settings: Settings) -> anyhow::Result<()> {
    let machine = Machine { memory_bytes: real::memory_limit_bytes(), hostname: real::hostname() };
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut running = tokio::select! {
        biased;
        _ = terminate.recv() => return Ok(()),
        _ = interrupt.recv() => return Ok(()),
        running = start(real::world(), settings, &machine) => running?,
    };
    for (listener, address) in &running.addresses {
        tracing::info!(%listener, %address, "listening");
    }
    tokio::select! {
        biased;
        _ = terminate.recv() => tracing::info!("stopping: SIGTERM"),
        _ = interrupt.recv() => tracing::info!("stopping: SIGINT"),
        Some(reason) = running.failed.recv() => return Err(anyhow!("{reason}")),
    }
    running.stop().await;
    tracing::info!("stopped cleanly");
    Ok(())
}
