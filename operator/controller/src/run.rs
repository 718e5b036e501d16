//! From start to end of the process.

use crate::{Command, Options, context::Context, health, lease::Lease, metrics::Metrics, uninstall, watch};
use anyhow::{Context as _, Result, bail};
use futures::{FutureExt, future::join_all};
use kube::{Client, Config};
use std::sync::Arc;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch as channel,
};
use tracing::info;

/// Runs until SIGTERM or SIGINT, or until another process holds the Lease; or does what the command says.
///
/// # Errors
/// Kubernetes cannot be reached at all, the HTTP port is taken, or the Lease is lost.
pub async fn run(options: Options) -> Result<()> {
    let (client, namespace, identity) = kubernetes(&options).await?;
    if options.command == Some(Command::Uninstall) {
        return uninstall::run(&client, &options.namespaces(&namespace), namespace.clone(), identity).await;
    }

    let metrics = Arc::new(Metrics::default());
    let listener = TcpListener::bind(options.http_listener)
        .await
        .with_context(|| format!("{} cannot be listened on", options.http_listener))?;
    let http = tokio::spawn(health::serve(listener, Arc::clone(&metrics)));

    let (stop, stopping) = channel::channel(false);
    tokio::spawn(signals(stop.clone()));
    let lease = Lease::new(client.clone(), namespace.clone(), identity.clone());
    let outcome = tokio::select! {
        outcome = lead(&options, &namespace, client, identity, &lease, &metrics, stopping.clone()) => outcome,
        () = stopped(stopping) => Ok(()), // it never led, or its controllers are still ending
    };
    lease.release().await;
    http.abort();
    info!("stopped");
    outcome
}

/// A client, the operator's own namespace, and the name under which it holds the Lease.
async fn kubernetes(options: &Options) -> Result<(Client, String, String)> {
    let config = Config::infer().await.context("neither a KUBECONFIG nor a service account was found")?;
    let namespace = options.namespace.clone().unwrap_or_else(|| config.default_namespace.clone());
    let identity = options.identity.clone().or_else(|| std::env::var("HOSTNAME").ok());
    Ok((Client::try_from(config)?, namespace, identity.unwrap_or_else(|| "klamm-operator".to_owned())))
}

/// Waits for the Lease, then reconciles until asked to stop.
async fn lead(
    options: &Options,
    namespace: &str,
    client: Client,
    identity: String,
    lease: &Lease,
    metrics: &Arc<Metrics>,
    stopping: channel::Receiver<bool>,
) -> Result<()> {
    lease.acquire().await;
    metrics.lead();
    let namespaces = options.namespaces(namespace);
    info!(?namespaces, version = env!("CARGO_PKG_VERSION"), "leading");
    let registry = options.image_registry.clone();
    let context =
        Arc::new(Context::new(client, registry, namespace.to_owned(), identity, Arc::clone(metrics)));
    let watched =
        namespaces.iter().map(|name| watch::namespace(Arc::clone(&context), name, stopping.clone()));
    let controllers = join_all(watched).map(drop);
    tokio::select! {
        () = controllers => Ok(()),
        holder = lease.keep() => bail!("the Lease went to {holder}"),
    }
}

async fn signals(stop: channel::Sender<bool>) {
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return; // then only SIGKILL ends it, which every step survives
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    info!("stopping");
    let _ = stop.send(true);
}

/// Resolves a moment after the stop was asked for: reconciliations that run get that long to end.
async fn stopped(mut stopping: channel::Receiver<bool>) {
    if stopping.wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await; // nobody can ask any more
    }
    tokio::time::sleep(ENDING_MAX).await;
}

/// How long a reconciliation may go on after the stop was asked for. Every step survives being cut.
const ENDING_MAX: std::time::Duration = std::time::Duration::from_secs(5);
