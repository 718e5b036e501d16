//! One file per API: a request and what the broker knows in, a response out. This file holds the table of what is served, and
//! the way from a frame to its handler and back.
//!
//! Handlers never see versions that are not in the table, and answer with Kafka's error codes: an error that has no code of its
//! own in a response closes the connection, as Kafka does.

mod api_versions;
mod fetch;
mod list_offsets;
mod metadata;
mod produce;

use crate::broker::Broker;
use klamm_net::{Answer, Peer, Reply, Reservation, Service};
use klamm_protocol::{ApiKey, Request, RequestFrame, encode_response};
use klamm_types::{Bytes, Mono, Str};
use std::{future::Future, ops::RangeInclusive, sync::Arc};

/// One request on its way: who asks whom, in which version.
pub struct Call {
    /// The broker.
    pub broker: Arc<Broker>,
    /// The client.
    pub peer: Arc<Peer>,
    /// The request's version: the response has the same.
    pub version: i16,
    /// When it arrived.
    pub arrived: Mono,
    /// What is asked.
    pub key: ApiKey,
    /// What the client calls itself.
    pub client_id: Str,
    correlation_id: i32,
}

macro_rules! served {
    ($($key:ident $versions:expr => $handler:path;)*) => {
        /// The APIs served on client listeners, with their versions. What is not here is not advertised.
        pub const SERVED: &[(ApiKey, RangeInclusive<i16>)] = &[(ApiKey::Produce, 3..=13), $((ApiKey::$key, $versions)),*];

        fn dispatch(call: Call, frame: &RequestFrame, reservation: Reservation) -> Reply {
            match call.key {
                ApiKey::Produce => produce::start(call, frame, reservation),
                $(ApiKey::$key => serve(call, frame, reservation, $handler),)*
                key => close(format!("the API {} is not served", key.name())),
            }
        }
    };
}

served! {
    Fetch 4..=18 => fetch::handle;
    ListOffsets 1..=11 => list_offsets::handle;
    Metadata 0..=13 => metadata::handle;
    ApiVersions 0..=4 => api_versions::handle;
}

/// The versions served of an API; none when it is not served.
#[must_use]
pub fn versions(key: ApiKey) -> Option<RangeInclusive<i16>> {
    SERVED.iter().find(|(served, _)| *served == key).map(|(_, versions)| versions.clone())
}

/// What a client listener serves: one per connection.
pub struct ClientService {
    broker: Arc<Broker>,
    peer: Arc<Peer>,
}

impl ClientService {
    /// Serves `peer`.
    #[must_use]
    pub fn new(broker: Arc<Broker>, peer: Peer) -> Self {
        Self { broker, peer: Arc::new(peer) }
    }
}

impl Service for ClientService {
    fn start(&mut self, frame: Bytes, reservation: Reservation) -> Reply {
        let frame = match RequestFrame::decode(frame) {
            Ok(frame) => frame,
            Err(error) => return close(format!("not a request: {error}")),
        };
        let key = frame.key;
        let call = Call {
            broker: Arc::clone(&self.broker),
            peer: Arc::clone(&self.peer),
            version: frame.version,
            arrived: self.broker.world.clock.now().mono,
            key,
            client_id: frame.client_id.as_ref().map(Str::detached).unwrap_or_default(),
            correlation_id: frame.correlation_id,
        };
        match versions(key) {
            Some(versions) if versions.contains(&call.version) => dispatch(call, &frame, reservation),
            Some(_) if key == ApiKey::ApiVersions => api_versions::unsupported(call),
            Some(versions) => close(format!(
                "{} version {} is not served, only {} to {}",
                key.name(),
                call.version,
                versions.start(),
                versions.end()
            )),
            None => close(format!("the API {} is not served", key.name())),
        }
    }
}

fn close(reason: String) -> Reply {
    Box::pin(async move { Answer::Close(reason) })
}

/// The body; what is no such request closes the connection, as Kafka does.
fn body<R: Request>(frame: &RequestFrame) -> Result<R, Reply> {
    frame.body().map_err(|error| close(format!("{} version {}: {error}", frame.key.name(), frame.version)))
}

/// Decodes, and runs `handler` when the reply's turn comes.
fn serve<R, F, W>(call: Call, frame: &RequestFrame, reservation: Reservation, handler: F) -> Reply
where
    R: Request,
    F: FnOnce(Arc<Call>, R) -> W + Send + 'static,
    W: Future<Output = R::Response> + Send + 'static,
{
    let request = match body(frame) {
        Ok(request) => request,
        Err(reply) => return reply,
    };
    Box::pin(async move {
        let call = Arc::new(call);
        let response = handler(Arc::clone(&call), request).await;
        drop(reservation);
        answer::<R>(&call, &response)
    })
}

/// The response as a frame.
fn answer<R: Request>(call: &Call, response: &R::Response) -> Answer {
    let elapsed = call.broker.world.clock.now().mono.since(call.arrived);
    if let Some(metrics) = call.broker.metrics.api(call.key) {
        metrics.answered(elapsed);
    }
    match encode_response(call.correlation_id, call.version, response) {
        Ok(chunks) => Answer::Send(chunks),
        Err(error) => {
            tracing::error!(api = call.key.name(), version = call.version, %error, "a response cannot be encoded");
            Answer::Close(format!("the response to {} cannot be encoded: {error}", call.key.name()))
        }
    }
}
