//! Taking the next connection off a listening socket: the same for clients, HTTP and the control service.

use crate::Closing;
use futures::future::{Either, select};
use klamm_world::{Connection, Listener, World};
use std::{io, pin::pin, time::Duration};
use tracing::{debug, warn};

/// How long a listener that cannot accept waits before it tries again.
const WAIT_MIN: Duration = Duration::from_millis(50);

/// The wait doubles up to this: whoever lacks file descriptors gets one log line a second, and clients come in within a second
/// of there being some again.
const WAIT_MAX: Duration = Duration::from_secs(1);

/// The next connection; none once `closing`. What cannot be accepted because of this process or machine (no file descriptors, no
/// memory) stays in the socket's queue and would be offered again at once: it is logged, and tried again after a wait that grows.
pub async fn accept(
    world: &World,
    listener: &mut dyn Listener,
    name: &str,
    closing: &Closing,
) -> Option<Connection> {
    let mut wait = WAIT_MIN;
    loop {
        match select(listener.accept(), pin!(closing.wait())).await {
            Either::Left((Ok(connection), _)) => return Some(connection),
            Either::Left((Err(error), _)) if is_the_clients(&error) => {
                debug!(listener = name, %error, "a connection ended before it was accepted");
                continue;
            }
            Either::Left((Err(error), _)) => {
                let wait_ms = wait.as_millis() as u64;
                warn!(listener = name, %error, wait_ms, "cannot accept connections; trying again");
            }
            Either::Right(_) => return None,
        }
        if let Either::Right(_) = select(world.sleep(wait), pin!(closing.wait())).await {
            return None;
        }
        wait = (wait * 2).min(WAIT_MAX);
    }
}

/// Whether it is the connection that failed, and not the accepting of any (accept(2) reports both).
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, NotConnected};
    // setting options on, or asking the address of, a connection that was reset in the queue gives the latter two
    matches!(error.kind(), ConnectionAborted | ConnectionReset | NotConnected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;
    use klamm_types::{Mono, Now, Wall};
    use klamm_world::{BoxFuture, Clock};
    use std::{
        net::{Ipv4Addr, SocketAddr},
        sync::{
            Arc, Mutex,
            atomic::{AtomicBool, AtomicU64, Ordering},
        },
    };

    const PEER: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 1);

    /// Gives one error after the other, then a connection, then nothing ever.
    struct Scripted(Vec<io::Error>, bool);

    impl Listener for Scripted {
        fn accept(&mut self) -> BoxFuture<'_, io::Result<Connection>> {
            Box::pin(async {
                if !self.0.is_empty() {
                    return Err(self.0.remove(0));
                }
                if std::mem::replace(&mut self.1, false) {
                    let sink = Box::new(NoSink);
                    return Ok(Connection { peer: PEER, stream: Box::new(tokio::io::empty()), sink });
                }
                std::future::pending().await
            })
        }

        fn local_address(&self) -> io::Result<SocketAddr> {
            Ok(PEER)
        }
    }

    struct NoSink;

    impl tokio::io::AsyncWrite for NoSink {
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &[u8],
        ) -> std::task::Poll<io::Result<usize>> {
            std::task::Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
        }

        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn poll_shutdown(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<io::Result<()>> {
            std::task::Poll::Ready(Ok(()))
        }
    }

    impl klamm_world::ByteSink for NoSink {
        fn poll_send_file(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            _: &klamm_types::FileSlice,
        ) -> std::task::Poll<io::Result<usize>> {
            std::task::Poll::Ready(Err(io::ErrorKind::Unsupported.into()))
        }
    }

    /// Time goes on by sleeping only, and each sleep is written down.
    #[derive(Default)]
    struct Written {
        now: AtomicU64,
        slept: Mutex<Vec<Duration>>,
        stands_still: AtomicBool,
    }

    impl Clock for Written {
        fn now(&self) -> Now {
            Now { mono: Mono(self.now.load(Ordering::Relaxed)), wall: Wall(0) }
        }

        fn sleep_until(&self, deadline: Mono) -> BoxFuture<'static, ()> {
            if self.stands_still.load(Ordering::Relaxed) {
                return Box::pin(std::future::pending());
            }
            let nanos = deadline.0 - self.now.swap(deadline.0, Ordering::Relaxed);
            self.slept.lock().unwrap().push(Duration::from_nanos(nanos));
            Box::pin(std::future::ready(()))
        }
    }

    fn world(clock: &Arc<Written>) -> World {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let _inside = runtime.enter();
        World { clock: Arc::clone(clock) as Arc<dyn Clock>, ..klamm_world::real::world() }
    }

    fn no_descriptors() -> io::Error {
        io::Error::from_raw_os_error(24) // EMFILE
    }

    /// What a listener that gives `errors`, then a connection, slept before it gave the connection.
    fn check(errors: Vec<io::Error>, slept_ms: &[u64]) {
        let clock = Arc::new(Written::default());
        let mut listener = Scripted(errors, true);
        let closing = Closing::default();
        let accepted = accept(&world(&clock), &mut listener, "TEST", &closing).now_or_never();
        assert!(accepted.expect("time goes on by itself").is_some());
        let slept: Vec<_> = clock.slept.lock().unwrap().iter().map(|one| one.as_millis() as u64).collect();
        assert_eq!(slept, slept_ms);
    }

    #[test]
    fn a_listener_without_descriptors_waits_longer_each_time_and_goes_on() {
        check(vec![], &[]);
        check(vec![no_descriptors()], &[50]);
        let many = (0..8).map(|_| no_descriptors()).collect();
        check(many, &[50, 100, 200, 400, 800, 1000, 1000, 1000]);
    }

    #[test]
    fn a_connection_that_ended_in_the_queue_holds_up_nobody() {
        let gone = [io::ErrorKind::ConnectionAborted, io::ErrorKind::NotConnected];
        check(gone.map(io::Error::from).into(), &[]);
    }

    #[test]
    fn a_listener_that_closes_does_not_wait_for_its_turn() {
        let clock = Arc::new(Written { stands_still: AtomicBool::new(true), ..Written::default() });
        let (world, closing) = (world(&clock), Closing::default());
        let mut listener = Scripted(vec![no_descriptors()], false);
        let mut accepting = Box::pin(accept(&world, &mut listener, "TEST", &closing));
        assert!(accepting.as_mut().now_or_never().is_none(), "it sleeps");
        closing.close();
        assert!(accepting.now_or_never().expect("it was told to end").is_none());
    }
}
