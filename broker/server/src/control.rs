//! The control service (gRPC, mutual TLS): who this broker is, and formatting its empty directory. Spoken by the operator only.

use crate::{
    broker::Broker,
    controller::{self, InitialVoters},
    life::{Life, Stage},
    tls::Members,
};
use klamm_control::{
    FormatRequest, IdentifyRequest, Identity, Partitions, Quorum, State,
    control_server::{Control, ControlServer},
};
use klamm_metadata::config::Settings;
use klamm_net::{Closing, Duplex, tls::TlsAcceptor};
use klamm_storage::LogDir;
use klamm_world::{Connection, Listener, World};
use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::{Notify, mpsc},
};
use tonic::{
    Request, Response, Status,
    transport::server::{Connected, Server},
};

/// Connections that have shaken hands and wait to be served, at most.
const WAITING_MAX: usize = 16;

/// A handshake must be done within this time.
const HANDSHAKE_MAX: Duration = Duration::from_secs(10);

/// The service.
pub struct ControlService {
    world: World,
    settings: Settings,
    life: Arc<Life>,
    formatted: Arc<Notify>,
}

impl ControlService {
    /// The service of a process; `formatted` is told when it has formatted the directory.
    #[must_use]
    pub fn new(world: World, settings: Settings, life: Arc<Life>, formatted: Arc<Notify>) -> Self {
        Self { world, settings, life, formatted }
    }

    fn identity(&self) -> Result<Identity, Status> {
        let path = controller::metadata_directory(&self.settings);
        let meta =
            LogDir::identity(self.world.disk.as_ref(), &path).map_err(|e| Status::internal(e.to_string()))?;
        let state = match (&meta, self.life.stage()) {
            (None, _) => State::Empty,
            (Some(_), Stage::Serving) => State::Serving,
            (Some(_), _) => State::Formatted,
        };
        let serving = self.life.broker().filter(|_| state == State::Serving);
        Ok(Identity {
            node_id: self.life.id.0,
            state: state.into(),
            cluster_id: meta.as_ref().map(|meta| meta.cluster_id.clone()).unwrap_or_default(),
            directory_id: meta.map(|meta| meta.directory_id.to_string()).unwrap_or_default(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            recovery: None,
            quorum: serving.map(|broker| quorum(broker)),
            partitions: serving.map(|broker| partitions(broker)),
        })
    }

    fn format(&self, request: &FormatRequest) -> Result<Identity, Status> {
        let initial = match request.initial_voters.as_slice() {
            [] => InitialVoters::None,
            [only] if only.node_id == self.life.id.0 => InitialVoters::Standalone,
            _ => {
                return Err(Status::invalid_argument(format!(
                    "initial_voters: a quorum begins with one voter, and that is node {}; all others are formatted without \
                     voters, follow it, and are made voters by AddRaftVoter",
                    self.life.id
                )));
            }
        };
        let formatted = controller::format(&self.world, &self.settings, &request.cluster_id, &initial);
        formatted.map_err(|error| Status::failed_precondition(error.to_string()))?;
        self.formatted.notify_one();
        self.identity()
    }
}

/// Who leads, as far as this node knows: the operator asks each broker, and one that knows of no leader is not well.
fn quorum(broker: &Broker) -> Quorum {
    let leadership = broker.controller.leadership();
    Quorum { leader_id: leadership.leader.map_or(-1, |id| id.0), epoch: leadership.epoch.0 }
}

fn partitions(broker: &Broker) -> Partitions {
    let image = broker.image();
    let all = || image.topics().flat_map(|topic| topic.partitions.iter());
    Partitions {
        total: all().count() as u64,
        offline: all().filter(|one| !one.has_leader()).count() as u64,
        under_replicated: all().filter(|one| one.isr.len() < one.replicas.len()).count() as u64,
    }
}

#[tonic::async_trait]
impl Control for ControlService {
    async fn identify(&self, _: Request<IdentifyRequest>) -> Result<Response<Identity>, Status> {
        self.identity().map(Response::new)
    }

    async fn format(&self, request: Request<FormatRequest>) -> Result<Response<Identity>, Status> {
        ControlService::format(self, request.get_ref()).map(Response::new)
    }
}

/// Serves until `closing`. Only members of the cluster get past the handshake.
pub async fn serve(
    listener: Box<dyn Listener>,
    tls: TlsAcceptor,
    members: Members,
    service: ControlService,
    closing: Closing,
) {
    let (send, mut receive) = mpsc::channel(WAITING_MAX);
    let world = service.world.clone();
    let accepting = accept(world.clone(), listener, tls, members, closing.clone(), send);
    world.spawn.spawn("control listener", Box::pin(accepting));
    let incoming = futures::stream::poll_fn(move |context| receive.poll_recv(context));
    let serving = Server::builder().add_service(ControlServer::new(service)).serve_with_incoming(incoming);
    let (serving, closed) = (Box::pin(serving), Box::pin(closing.wait()));
    if let futures::future::Either::Left((Err(error), _)) = futures::future::select(serving, closed).await {
        tracing::error!(%error, "the control service has ended");
    }
}

async fn accept(
    world: World,
    mut listener: Box<dyn Listener>,
    tls: TlsAcceptor,
    members: Members,
    closing: Closing,
    accepted: mpsc::Sender<io::Result<Member>>,
) {
    while let Some(connection) = klamm_net::accept(&world, &mut *listener, "CONTROL", &closing).await {
        let (world_, tls, members, accepted) =
            (world.clone(), tls.clone(), members.clone(), accepted.clone());
        let shaking = async move {
            match shake_hands(&world_, &tls, &members, connection).await {
                // when nobody takes it the service has ended
                Ok(member) => drop(accepted.send(Ok(member)).await),
                Err(error) => tracing::warn!(%error, "the control service refused a connection"),
            }
        };
        world.spawn.spawn("control handshake", Box::pin(shaking));
    }
}

async fn shake_hands(
    world: &World,
    tls: &TlsAcceptor,
    members: &Members,
    connection: Connection,
) -> io::Result<Member> {
    let deadline = world.clock.now().mono.plus(HANDSHAKE_MAX);
    let shaken = world.deadline(deadline, tls.accept(connection)).await;
    let (connection, identity) = shaken.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    if members.contains(identity.as_ref()) {
        return Ok(Member(connection.into()));
    }
    let who = identity.as_deref().unwrap_or("a client without an identity").to_owned();
    Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("{who} is not a member of this cluster")))
}

/// A connection of a member.
struct Member(Duplex);

impl Connected for Member {
    type ConnectInfo = ();
    fn connect_info(&self) {}
}

impl AsyncRead for Member {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

impl AsyncWrite for Member {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
