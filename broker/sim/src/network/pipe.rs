//! One direction of a connection.

use super::Wire;
use crate::Random;
use bytes::{Buf, Bytes};
use std::{collections::VecDeque, io, task::Waker};

/// Bytes that are on their way or unread, at most: then the sender waits, as for a TCP window.
const WINDOW: usize = 256 << 10;

#[derive(Default)]
pub(super) struct Pipe {
    segments: VecDeque<(u64, Bytes)>,
    buffered: usize,
    /// Nothing arrives before what was sent earlier.
    last_arrival: u64,
    /// When the reader learns that the sender is done.
    end: Option<u64>,
    /// When both learn that the connection is reset.
    pub(super) reset: Option<u64>,
    /// The sender is done.
    closed: bool,
    /// The reader reads no more.
    deaf: bool,
    /// Nobody is there on the other side, and nobody says so.
    silent: bool,
    reader: Option<Waker>,
    writer: Option<Waker>,
}

/// What a reader finds.
pub(super) enum Read {
    Bytes(Bytes),
    End,
    Reset,
    /// Nothing before this instant, if it is known.
    Later(Option<u64>),
}

impl Pipe {
    /// What the reader gets at `now`, at most `most` bytes.
    pub(super) fn read(&mut self, now: u64, most: usize, random: &mut Random) -> Read {
        if self.reset.is_some_and(|at| at <= now) {
            return Read::Reset;
        }
        if let Some((at, bytes)) = self.segments.front_mut() {
            if *at > now {
                return Read::Later(Some(*at));
            }
            let most = if random.once_in(8) { random.within(1..most as u64 + 1) as usize } else { most };
            let piece = bytes.split_to(most.min(bytes.remaining()));
            if bytes.is_empty() {
                self.segments.pop_front();
            }
            self.buffered -= piece.len();
            return Read::Bytes(piece);
        }
        match (self.end, self.reset) {
            (Some(at), _) if at <= now => Read::End,
            (end, reset) => Read::Later(end.or(reset)),
        }
    }

    /// How many of `wanted` bytes can be sent now; 0 to wait.
    pub(super) fn room(&self, now: u64, wanted: usize, random: &mut Random) -> io::Result<usize> {
        if self.reset.is_some_and(|at| at <= now) {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        if self.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let room = (WINDOW - self.buffered).min(wanted);
        let short = room > 1 && random.once_in(8);
        Ok(if short { random.within(1..room as u64 + 1) as usize } else { room })
    }

    /// Sends; says when it arrives and whom to wake then.
    pub(super) fn send(&mut self, bytes: Bytes, arrival: u64) -> (u64, Option<Waker>) {
        self.last_arrival = self.last_arrival.max(arrival);
        self.buffered += bytes.len();
        self.segments.push_back((self.last_arrival, bytes));
        (self.last_arrival, self.reader.take())
    }

    /// Nothing that was sent arrives before `at`.
    pub(super) fn delay_until(&mut self, at: u64) {
        self.last_arrival = self.last_arrival.max(at);
        for (arrival, _) in &mut self.segments {
            *arrival = (*arrival).max(at);
        }
        self.end = self.end.map(|end| end.max(at));
        self.reset = self.reset.map(|reset| reset.max(at));
    }

    /// Whether bytes wait for a reader that is gone for good.
    pub(super) fn unheard(&self) -> bool {
        self.silent && self.buffered > 0
    }

    pub(super) fn deaf(&self) -> bool {
        self.deaf
    }

    pub(super) fn silent(&self) -> bool {
        self.silent
    }

    pub(super) fn await_bytes(&mut self, waker: &Waker) {
        self.reader = Some(waker.clone());
    }

    pub(super) fn await_room(&mut self, waker: &Waker) {
        self.writer = Some(waker.clone());
    }

    pub(super) fn wake_writer(&mut self) -> Option<Waker> {
        self.writer.take()
    }

    pub(super) fn wakers(&mut self) -> impl Iterator<Item = Waker> + use<> {
        [self.reader.take(), self.writer.take()].into_iter().flatten()
    }

    /// The sender is done; the reader learns it at `at`.
    pub(super) fn finish(&mut self, at: u64) {
        if !std::mem::replace(&mut self.closed, true) && !self.silent {
            self.end = Some(self.last_arrival.max(at));
        }
    }
}

impl Wire {
    /// Both sides learn at `at` that the connection is no more. The wakers must be called then or before.
    pub(super) fn reset(&mut self, at: u64) -> Vec<Waker> {
        for pipe in &mut self.pipes {
            pipe.reset = Some(pipe.reset.map_or(at, |before| before.min(at)));
        }
        self.pipes.iter_mut().flat_map(Pipe::wakers).collect()
    }

    /// The kernel of `side` closes both directions: bytes that it had not read make it a reset (RFC 1122 §4.2.2.13).
    pub(super) fn close(&mut self, side: usize, at: u64) -> Vec<Waker> {
        self.pipes[1 - side].deaf = true;
        if self.pipes[1 - side].buffered > 0 {
            return self.reset(at);
        }
        self.pipes[side].finish(at);
        self.pipes.iter_mut().flat_map(Pipe::wakers).collect()
    }

    /// The machine of `side` has lost its power: nothing more is heard of it.
    pub(super) fn silence(&mut self, side: usize, now: u64) -> Vec<Waker> {
        let pipe = &mut self.pipes[side];
        pipe.segments.retain(|(arrival, _)| *arrival <= now);
        pipe.buffered = pipe.segments.iter().map(|(_, bytes)| bytes.len()).sum();
        pipe.closed = true;
        self.pipes[1 - side].silent = true;
        Vec::new()
    }

    /// `side` reads no more.
    pub(super) fn stop_reading(&mut self, side: usize) {
        self.pipes[1 - side].deaf = true;
    }
}
