//! Sockets: byte streams that can also send a stretch of a file.

use crate::BoxFuture;
use klamm_types::FileSlice;
use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite};

/// A network.
pub trait Network: Send + Sync {
    /// Listens on `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// The operating system's.
    fn listen(&self, address: SocketAddr) -> io::Result<Box<dyn Listener>>;
    /// Connects to `host:port`; `host` is a name or an address.
    fn connect(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Connection>>;
}

/// A listening socket; dropping it closes it.
pub trait Listener: Send {
    /// The next connection.
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Connection>>;
    /// The address listened on.
    ///
    /// # Errors
    /// The operating system's.
    fn local_address(&self) -> io::Result<SocketAddr>;
}

/// An open connection, its two directions apart. Dropping both closes it.
pub struct Connection {
    /// The address of the other side.
    pub peer: SocketAddr,
    /// Bytes from the other side.
    pub stream: Box<dyn ByteStream>,
    /// Bytes to the other side.
    pub sink: Box<dyn ByteSink>,
}

/// Bytes from the other side.
pub trait ByteStream: AsyncRead + Send + Unpin {}
impl<T: AsyncRead + Send + Unpin> ByteStream for T {}

/// Bytes to the other side.
pub trait ByteSink: AsyncWrite + Send + Unpin {
    /// Sends bytes of a file, at most `slice.length`, and says how many were sent (0 only when the file is shorter).
    fn poll_send_file(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slice: &FileSlice,
    ) -> Poll<io::Result<usize>>;
    /// Between `true` and `false` what is sent may be held back to go out together: an answer of several pieces is then one packet,
    /// and wakes the other side once.
    fn hold_back(&mut self, _hold: bool) {}
}
