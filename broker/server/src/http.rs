//! HTTP for kubelets, Prometheus and people: `/livez /readyz /metrics /version`. A shell: what it answers comes from [`Health`].

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, header::CONTENT_TYPE, service::service_fn,
};
use hyper_util::rt::TokioIo;
use klamm_net::{Closing, Duplex, accept};
use klamm_world::{BoxFuture, Listener, World};
use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Connections at once: a kubelet, some scrapers, a person. More are closed.
const CONNECTIONS_MAX: usize = 64;

/// A request must be here, and be answered, within this time.
const REQUEST_MAX: Duration = Duration::from_secs(10);

/// What there is to say. `Err` is a 503 with the reason.
pub trait Health: Send + Sync {
    /// Whether the process should go on living: never depends on recovery or the quorum.
    fn live(&self) -> Result<String, String>;
    /// Whether the broker is unfenced and in the in-sync replicas of all it hosts.
    fn ready(&self) -> Result<String, String>;
    /// Prometheus' text.
    fn metrics(&self) -> BoxFuture<'_, String>;
    /// JSON.
    fn version(&self) -> String;
}

/// Serves until `closing`.
pub async fn serve(world: World, mut listener: Box<dyn Listener>, health: Arc<dyn Health>, closing: Closing) {
    let open = Arc::new(AtomicUsize::new(0));
    while let Some(connection) = accept(&world, &mut *listener, "HTTP", &closing).await {
        if open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS_MAX {
            open.fetch_sub(1, Ordering::Relaxed);
            continue;
        }
        let (health, open, clock) = (Arc::clone(&health), Arc::clone(&open), world.clone());
        let task = async move {
            let service = service_fn(|request| answer(Arc::clone(&health), request));
            let serving = hyper::server::conn::http1::Builder::new()
                .keep_alive(false)
                .serve_connection(TokioIo::new(Duplex::from(connection)), service);
            let deadline = clock.clock.now().mono.plus(REQUEST_MAX);
            let _ = clock.deadline(deadline, serving).await; // whoever asked is gone, or too slow
            open.fetch_sub(1, Ordering::Relaxed);
        };
        world.spawn.spawn("http", Box::pin(task));
    }
}

async fn answer(
    health: Arc<dyn Health>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    const TEXT: &str = "text/plain; charset=utf-8";
    let state = |state: Result<String, String>| match state {
        Ok(text) => (StatusCode::OK, TEXT, text + "\n"),
        Err(text) => (StatusCode::SERVICE_UNAVAILABLE, TEXT, text + "\n"),
    };
    let (status, kind, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/livez") => state(health.live()),
        (&Method::GET, "/readyz") => state(health.ready()),
        (&Method::GET, "/metrics") => {
            let text = health.metrics().await;
            (StatusCode::OK, "application/openmetrics-text; version=1.0.0; charset=utf-8", text)
        }
        (&Method::GET, "/version") => (StatusCode::OK, "application/json", health.version()),
        (&Method::GET, _) => {
            (StatusCode::NOT_FOUND, TEXT, "here are /livez, /readyz, /metrics and /version\n".to_owned())
        }
        _ => (StatusCode::METHOD_NOT_ALLOWED, TEXT, "only GET\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, kind.parse().expect("a constant of ours"));
    Ok(response)
}
