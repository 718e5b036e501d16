//! /livez, /readyz, /metrics and /version of the operator itself.

use crate::metrics::Metrics;
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode, body::Bytes, body::Incoming, server::conn::http1, service::service_fn,
};
use hyper_util::rt::TokioIo;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::net::TcpListener;

/// A request must be here, and be answered, within this time.
const REQUEST_MAX: Duration = Duration::from_secs(10);

/// Serves for ever. The operator is alive and ready as soon as it serves: one that waits for the Lease is well.
pub(crate) async fn serve(listener: TcpListener, metrics: Arc<Metrics>) {
    loop {
        let Ok((connection, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(100)).await; // too many open files
            continue;
        };
        let metrics = Arc::clone(&metrics);
        tokio::spawn(async move {
            let service = service_fn(|request| answer(request, Arc::clone(&metrics)));
            let serving =
                http1::Builder::new().keep_alive(false).serve_connection(TokioIo::new(connection), service);
            let _ = tokio::time::timeout(REQUEST_MAX, serving).await; // whoever asked is gone, or too slow
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    metrics: Arc<Metrics>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, body) = match request.uri().path() {
        "/livez" | "/readyz" => (StatusCode::OK, "ok\n".to_owned()),
        "/metrics" => (StatusCode::OK, metrics.text()),
        "/version" => (StatusCode::OK, format!("{{\"version\":\"{}\"}}\n", env!("CARGO_PKG_VERSION"))),
        _ => (StatusCode::NOT_FOUND, "take /livez, /readyz, /metrics or /version\n".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    Ok(response)
}
