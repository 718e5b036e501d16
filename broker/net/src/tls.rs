//! TLS around a connection. Only who holds a certificate of the clients' CA gets past an acceptor that has one.

use crate::Duplex;
use klamm_types::{FileSlice, Str};
use klamm_world::{ByteSink, Connection};
use rustls::pki_types::{CertificateDer, ServerName};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, ReadHalf, WriteHalf, split};

/// The server's side.
#[derive(Clone)]
pub struct TlsAcceptor(tokio_rustls::TlsAcceptor);

/// The client's side.
#[derive(Clone)]
pub struct TlsConnector(tokio_rustls::TlsConnector);

impl TlsAcceptor {
    /// Accepts as `config` says.
    #[must_use]
    pub fn new(config: Arc<rustls::ServerConfig>) -> Self {
        Self(config.into())
    }

    /// The connection inside of TLS, and the identity of the client's certificate (see [`identity`]).
    ///
    /// # Errors
    /// The handshake's.
    pub async fn accept(&self, connection: Connection) -> io::Result<(Connection, Option<Str>)> {
        let peer = connection.peer;
        let stream = self.0.accept(Duplex::from(connection)).await?;
        let identity = stream.get_ref().1.peer_certificates().and_then(|chain| identity(chain.first()?));
        Ok((inside(peer, stream), identity))
    }
}

impl TlsConnector {
    /// Connects as `config` says.
    #[must_use]
    pub fn new(config: Arc<rustls::ClientConfig>) -> Self {
        Self(config.into())
    }

    /// The connection inside of TLS; the server must prove to be `host`.
    ///
    /// # Errors
    /// The handshake's; `InvalidInput` when `host` is not a name.
    pub async fn connect(&self, host: &str, connection: Connection) -> io::Result<Connection> {
        let peer = connection.peer;
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
        let stream = self.0.connect(name, Duplex::from(connection)).await?;
        Ok(inside(peer, stream))
    }
}

/// The first URI among a certificate's subject alternative names: `klamm://<namespace>/<cluster>/broker/3` and the like.
#[must_use]
pub fn identity(certificate: &CertificateDer<'_>) -> Option<Str> {
    use x509_parser::{extensions::GeneralName, prelude::*};
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let names = certificate.subject_alternative_name().ok()??;
    names.value.general_names.iter().find_map(|name| match name {
        GeneralName::URI(uri) => Some(Str::from(*uri)),
        _ => None,
    })
}

fn inside<S: AsyncRead + AsyncWrite + Send + 'static>(peer: std::net::SocketAddr, stream: S) -> Connection {
    let (read, write) = split(stream);
    Connection {
        peer,
        stream: Box::new(Unpinned(Box::pin(read))),
        sink: Box::new(TlsSink { write, pending: Vec::new() }),
    }
}

struct Unpinned<S>(Pin<Box<ReadHalf<S>>>);

/// Bytes of files must pass through memory to be encrypted: a piece at a time.
struct TlsSink<S> {
    write: WriteHalf<S>,
    pending: Vec<u8>,
}

/// How much of a file is encrypted at once: some TLS records.
const PIECE_BYTES: u32 = 64 * 1024;

impl<S: AsyncRead> AsyncRead for Unpinned<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.0.as_mut().poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite> AsyncWrite for TlsSink<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.write).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_shutdown(context)
    }
}

impl<S: AsyncRead + AsyncWrite + Send> ByteSink for TlsSink<S> {
    fn poll_send_file(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slice: &FileSlice,
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if this.pending.is_empty() {
            this.pending.resize(slice.length.min(PIECE_BYTES) as usize, 0);
            let read = slice.file.read_at(&mut this.pending, slice.position)?;
            this.pending.truncate(read);
        }
        let written = std::task::ready!(Pin::new(&mut this.write).poll_write(context, &this.pending))?;
        // the caller comes back with the rest of the slice, which begins with what is left here
        this.pending.drain(..written);
        Poll::Ready(Ok(written))
    }
}
