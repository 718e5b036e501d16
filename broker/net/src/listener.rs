//! One listening socket and its connections.

use crate::{Counters, Limits, Peer, Service, accept, connection, limits::count, tls::TlsAcceptor};
use klamm_types::Str;
use klamm_world::{Connection, Listener, World};
use std::{
    io,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::sync::Semaphore;
use tracing::{debug, warn};

/// Handshakes that take longer are given up: a client that says nothing must not hold a place.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// Tells listeners and connections to end. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Closing(Arc<Semaphore>);

impl Default for Closing {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }
}

impl Closing {
    /// Ends whatever waits, and whatever will wait.
    pub fn close(&self) {
        self.0.close();
    }

    /// Resolves once [`Closing::close`] was called.
    pub async fn wait(&self) {
        let _ = self.0.acquire().await; // there are no permits: it resolves with an error when closed
    }

    /// Whether [`Closing::close`] was called.
    #[must_use]
    pub fn is_closing(&self) -> bool {
        self.0.is_closed()
    }
}

/// How one listener treats connections.
pub struct Gate {
    /// The listener's name, upper case as in Kafka's settings.
    pub name: Str,
    /// TLS, where the listener has it.
    pub tls: Option<TlsAcceptor>,
    /// What is allowed.
    pub limits: Limits,
    /// What is counted.
    pub counters: Arc<Counters>,
    /// Ends the listener and its connections.
    pub closing: Closing,
}

/// Accepts connections until the gate closes, and serves each with what `service` makes for its peer.
pub async fn serve<F>(world: World, mut listener: Box<dyn Listener>, gate: Arc<Gate>, service: F)
where
    F: Fn(Peer) -> Box<dyn Service> + Send + Sync + 'static,
{
    let service = Arc::new(service);
    while let Some(connection) = accept(&world, &mut *listener, &gate.name, &gate.closing).await {
        count(&gate.counters.accepted, 1);
        let (peer, max) = (connection.peer, gate.limits.connections_max);
        if gate.counters.open.load(Ordering::Relaxed) >= max {
            count(&gate.counters.refused, 1);
            warn!(listener = %gate.name, %peer, max, "too many connections (max.connections)");
            continue;
        }
        count(&gate.counters.open, 1);
        let (world_, gate, service) = (world.clone(), Arc::clone(&gate), Arc::clone(&service));
        let task = async move {
            match admit(&world_, connection, &gate).await {
                Ok((connection, identity)) => {
                    let peer = Peer { address: peer, listener: gate.name.clone(), identity };
                    connection::run(world_, connection, service(peer), &gate).await;
                }
                Err(error) => {
                    count(&gate.counters.failed_handshakes, 1);
                    debug!(listener = %gate.name, %peer, %error, "TLS handshake failed");
                }
            }
            gate.counters.open.fetch_sub(1, Ordering::Relaxed);
        };
        world.spawn.spawn("connection", Box::pin(task));
    }
}

/// The connection, inside of TLS where the gate has it, and the identity that the client proved.
async fn admit(world: &World, connection: Connection, gate: &Gate) -> io::Result<(Connection, Option<Str>)> {
    let Some(tls) = &gate.tls else { return Ok((connection, None)) };
    let deadline = world.clock.now().mono.plus(HANDSHAKE_MAX);
    world
        .deadline(deadline, tls.accept(connection))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
