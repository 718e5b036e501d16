//! One connection: frames in, replies out, in the same order.
//!
//! Two halves run side by side. The reading half hands every frame to the [`Service`], which *starts* it there and then (so
//! that what one connection produces is appended in the order of its arrival) and gives a [`Reply`] to wait for. The writing
//! half waits for the replies in turn. What a client does not read stays in its socket: at most `unanswered_max` requests
//! are under way, and answers that come from files are not in memory at all.

use crate::{
    Counters, FrameError, FrameReader, Limits, Reservation,
    limits::count,
    line::Line,
    listener::{Closing, Gate},
    send::{send_all, shutdown},
};
use futures::future::{Either, select};
use klamm_types::{Bytes, Chunk, Str, chunks_len};
use klamm_world::{BoxFuture, ByteSink, Connection, World};
use std::{net::SocketAddr, pin::pin, time::Duration};
use tracing::{debug, warn};

/// How long the sender of a request may pause within it: much longer than a network forgets a packet, much shorter than clients wait
/// for the answers that the memory is needed for (`delivery.timeout.ms`).
const STALL_MAX: Duration = Duration::from_secs(20);

/// Who is on the other side.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The address.
    pub address: SocketAddr,
    /// The listener's name, upper case as in Kafka's settings.
    pub listener: Str,
    /// The identity of the client's certificate: the first URI in its subject alternative names, where TLS asked for one.
    pub identity: Option<Str>,
}

/// What comes back for a frame.
#[derive(Debug)]
pub enum Answer {
    /// A frame, its length in front.
    Send(Vec<Chunk>),
    /// Nothing is to be sent (a produce with acks=0).
    Nothing,
    /// The connection must end, for this reason; what was answered before is sent first.
    Close(String),
}

/// An answer to wait for.
pub type Reply = BoxFuture<'static, Answer>;

/// What a listener serves: one per connection.
pub trait Service: Send {
    /// Starts the work of one frame and gives its answer to wait for. What must happen in order of arrival happens before
    /// this returns; the rest happens when the reply's turn comes. `reservation` is the memory of the frame: dropped when the
    /// bytes are.
    fn start(&mut self, frame: Bytes, reservation: Reservation) -> Reply;
}

pub(crate) async fn run(world: World, connection: Connection, mut service: Box<dyn Service>, gate: &Gate) {
    let Gate { limits, counters, closing, .. } = gate;
    let peer = connection.peer;
    let line = Line::new(limits.unanswered_max);
    let reading = async {
        let mut frames = FrameReader::new(connection.stream, limits.frame_bytes_max);
        loop {
            line.room().await;
            match next_frame(&world, &mut frames, limits, closing, &line).await {
                Ok(Some((frame, reservation))) => {
                    count(&counters.received_bytes, frame.len() as u64);
                    line.push(service.start(frame, reservation));
                }
                Ok(None) | Err(FrameError::Closed) => return,
                Err(FrameError::Broken(error)) => return debug!(%peer, %error, "connection broke"),
                Err(error) => {
                    count(&counters.bad_frames, 1);
                    return warn!(%peer, %error, "closing a connection");
                }
            }
        }
    };
    line.run(reading, write(connection.sink, &line, counters, peer)).await;
}

/// The next frame; nothing when the connection has been idle for too long or the listener closes.
async fn next_frame(
    world: &World,
    frames: &mut FrameReader,
    limits: &Limits,
    closing: &Closing,
    line: &Line,
) -> Result<Option<(Bytes, Reservation)>, FrameError> {
    loop {
        let deadline = world.clock.now().mono.plus(limits.idle_max);
        match select(pin!(world.deadline(deadline, frames.length())), pin!(closing.wait())).await {
            Either::Left((Ok(Ok(_)), _)) => break,
            Either::Left((Ok(Err(error)), _)) => return Err(error),
            Either::Left((Err(_), _)) if !line.is_empty() => {} // it waits for us
            Either::Left((Err(_), _)) | Either::Right(_) => return Ok(None),
        }
    }
    body(world, frames, limits).await.map(Some)
}

/// The body of the next frame, in memory that is reserved for it. Who holds memory must go on sending: others wait for it.
async fn body(
    world: &World,
    frames: &mut FrameReader,
    limits: &Limits,
) -> Result<(Bytes, Reservation), FrameError> {
    let reservation = frames.reserve(&limits.budget).await?;
    loop {
        let deadline = world.clock.now().mono.plus(STALL_MAX);
        match world.deadline(deadline, frames.advance()).await {
            Ok(Ok(Some(frame))) => return Ok((frame, reservation)),
            Ok(Ok(None)) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => return Err(FrameError::Stalled(STALL_MAX)),
        }
    }
}

async fn write(mut sink: Box<dyn ByteSink>, line: &Line, counters: &Counters, peer: SocketAddr) {
    while let Some(reply) = line.next().await {
        match reply.await {
            Answer::Send(chunks) => {
                if let Err(error) = send_all(&mut *sink, &chunks).await {
                    return debug!(%peer, %error, "connection broke");
                }
                count(&counters.sent_bytes, chunks_len(&chunks) as u64);
            }
            Answer::Nothing => {}
            Answer::Close(reason) => {
                count(&counters.malformed, 1);
                warn!(%peer, %reason, "closing a connection");
                break;
            }
        }
        line.answered();
    }
    shutdown(&mut *sink).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Budget;
    use klamm_types::{Mono, Now, Wall};
    use std::{
        future::{pending, ready},
        sync::Arc,
        task::Poll,
    };

    /// Gives what it has, piece by piece, then nothing ever, like a client whose host is gone.
    struct Stalling(Vec<&'static [u8]>);

    impl tokio::io::AsyncRead for Stalling {
        fn poll_read(
            mut self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
            buffer: &mut tokio::io::ReadBuf<'_>,
        ) -> Poll<std::io::Result<()>> {
            if self.0.is_empty() {
                return Poll::Pending;
            }
            buffer.put_slice(self.0.remove(0));
            Poll::Ready(Ok(()))
        }
    }

    /// Each timer is over as soon as somebody waits for it.
    struct Over;

    impl klamm_world::Clock for Over {
        fn now(&self) -> Now {
            Now { mono: Mono(0), wall: Wall(0) }
        }

        fn sleep_until(&self, deadline: Mono) -> BoxFuture<'static, ()> {
            if deadline == Mono(0).plus(STALL_MAX) { Box::pin(ready(())) } else { Box::pin(pending()) }
        }
    }

    #[tokio::test]
    async fn who_holds_memory_must_go_on_sending() {
        let world = World { clock: Arc::new(Over), ..klamm_world::real::world() };
        let limits = Limits {
            frame_bytes_max: 4096,
            connections_max: 1,
            unanswered_max: 1,
            idle_max: STALL_MAX * 2,
            budget: Budget::new(4096),
        };
        let pieces: Vec<&'static [u8]> = vec![b"\0\0\0\x04", b"ab", b"cd", b"\0\0\x08\0", b"ef"];
        let mut frames = FrameReader::new(Box::new(Stalling(pieces)), limits.frame_bytes_max);
        let (whole, reservation) = body(&world, &mut frames, &limits).await.expect("it is all there");
        assert_eq!(whole, b"abcd"[..]);
        drop(reservation);
        let stalled = body(&world, &mut frames, &limits).await.expect_err("it does not come");
        assert!(matches!(stalled, FrameError::Stalled(STALL_MAX)), "{stalled}");
        assert_eq!(limits.budget.free_bytes(), 4096, "its memory is free for others");
    }
}
