//! The way of this node to the active controller, wherever that is: on this node without a socket, else over its controller
//! listener. Requests follow the leadership of the quorum until they are answered, or until their time is over.
//!
//! Owns the connections. Must never decide anything, nor keep an answer.

use super::{Controller, Leadership};
use crate::peer::Peers;
use klamm_client::{ClientError, Connection};
use klamm_metadata::config::{Settings, elements};
use klamm_protocol::{
    AllocateProducerIdsRequest, AlterPartitionRequest, AssignReplicasToDirsRequest, BrokerHeartbeatRequest,
    BrokerRegistrationRequest, ControllerRegistrationRequest, ErrorCode, Request,
};
use klamm_types::{BrokerId, LeaderEpoch, Mono, Str};
use klamm_world::World;
use std::{
    future::Future,
    sync::{Mutex, PoisonError},
    time::Duration,
};

/// Connections kept for the next requests.
const IDLE_MAX: usize = 4;

/// What nodes ask the active controller.
pub trait Duty: Request {
    /// Carried out on this node, which is the active controller, or thinks so.
    fn carry_out(self, controller: &Controller) -> impl Future<Output = Self::Response> + Send;

    /// The error of a whole response.
    fn error(response: &Self::Response) -> i16;
}

macro_rules! duties {
    ($($request:ident => $method:ident;)*) => {$(
        impl Duty for $request {
            fn carry_out(self, controller: &Controller) -> impl Future<Output = Self::Response> + Send {
                controller.$method(self)
            }

            fn error(response: &Self::Response) -> i16 {
                response.error_code
            }
        }
    )*};
}

duties! {
    AlterPartitionRequest => alter_partition;
    AllocateProducerIdsRequest => allocate_producer_ids;
    AssignReplicasToDirsRequest => assign_replicas_to_dirs;
    BrokerHeartbeatRequest => heartbeat_of_this_node;
    BrokerRegistrationRequest => register_this_node;
    ControllerRegistrationRequest => controller_registration;
}

/// Why one try had no answer of the active controller. All but [`Missed::Failed`] may be otherwise a moment later.
#[derive(Debug, thiserror::Error)]
pub enum Missed {
    /// Nobody is known to lead the quorum.
    #[error("no active controller is known")]
    NoController,
    /// Who was asked is not, or not yet, the active controller.
    #[error("node {0} is not the active controller")]
    NotController(BrokerId),
    /// Another leads by now. Whether the former has done what was asked is not known.
    #[error("the active controller has moved")]
    Moved,
    /// It cannot be reached, or did not answer. Whether it has done what was asked is not known.
    #[error(transparent)]
    Unreachable(ClientError),
    /// It can never be asked that.
    #[error(transparent)]
    Failed(ClientError),
}

impl From<ClientError> for Missed {
    fn from(error: ClientError) -> Self {
        if error.is_retriable() { Self::Unreachable(error) } else { Self::Failed(error) }
    }
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// Its time is over.
    #[error("no answer of the active controller in time: {0}")]
    TimedOut(Missed),
    /// It can never be asked that.
    #[error(transparent)]
    Failed(ClientError),
}

/// Connections to one leader of the quorum, in one epoch.
#[derive(Default)]
struct Idle {
    leader: Option<(BrokerId, LeaderEpoch)>,
    connections: Vec<Connection>,
}

/// The way to the active controller.
pub struct ControllerChannel {
    world: World,
    controller: Controller,
    peers: Peers,
    /// `controller.listener.names`
    listeners: Vec<Str>,
    /// `controller.quorum.retry.backoff.ms`
    backoff: Duration,
    idle: Mutex<Idle>,
}

impl ControllerChannel {
    /// A way with connections of its own.
    #[must_use]
    pub fn new(world: World, settings: &Settings, controller: Controller, peers: Peers) -> Self {
        let listeners = settings.get("controller.listener.names").unwrap_or_default();
        let backoff = settings.number("controller.quorum.retry.backoff.ms").unwrap_or(20);
        Self {
            world,
            controller,
            peers,
            listeners: elements(&listeners).map(Str::from).collect(),
            backoff: Duration::from_millis(backoff),
            idle: Mutex::default(),
        }
    }

    /// Asks the active controller until it answers, or until `deadline`. Errors other than NOT_CONTROLLER are in the answer.
    ///
    /// # Errors
    /// [`ChannelError`].
    pub async fn request<R: Duty>(&self, request: &R, deadline: Mono) -> Result<R::Response, ChannelError> {
        loop {
            let seen = self.controller.leadership();
            match self.attempt(&seen, request, deadline).await {
                Ok(response) => return Ok(response),
                Err(Missed::Failed(error)) => return Err(ChannelError::Failed(error)),
                Err(missed) if !self.pause(&seen, deadline).await => {
                    return Err(ChannelError::TimedOut(missed));
                }
                Err(_) => {}
            }
        }
    }

    /// Asks once whom `seen` says to lead.
    ///
    /// # Errors
    /// [`Missed`].
    pub async fn attempt<R: Duty>(
        &self,
        seen: &Leadership,
        request: &R,
        deadline: Mono,
    ) -> Result<R::Response, Missed> {
        let response = match seen.active {
            true => request.clone().carry_out(&self.controller).await,
            false => self.ask(seen, request, deadline).await?,
        };
        if R::error(&response) == ErrorCode::NotController.code() {
            return Err(seen.leader.map_or(Missed::NoController, Missed::NotController));
        }
        Ok(response)
    }

    /// Asks once, over a socket, whom `seen` says to lead.
    ///
    /// # Errors
    /// [`Missed`].
    pub async fn ask<R: Request>(
        &self,
        seen: &Leadership,
        request: &R,
        deadline: Mono,
    ) -> Result<R::Response, Missed> {
        self.ask_over(seen, deadline, async |connection| Ok(connection.call(request).await?)).await
    }

    /// As [`ControllerChannel::ask`], where what is asked depends on what the other side serves.
    ///
    /// # Errors
    /// `ask`'s, or a [`Missed`].
    pub async fn ask_over<T, E: From<Missed>>(
        &self,
        seen: &Leadership,
        deadline: Mono,
        ask: impl AsyncFnOnce(&mut Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let asking = async {
            let mut connection = self.connection(seen).await?;
            let response = ask(&mut connection).await?;
            self.give_back(seen, connection);
            Ok(response)
        };
        tokio::select! {
            biased;
            asked = self.world.deadline(deadline, asking) => asked.unwrap_or(Err(Missed::NoController.into())),
            () = self.moved(seen) => Err(Missed::Moved.into()),
        }
    }

    /// Waits a little, or until the leadership is another than `seen`. False when it is too late for another try.
    pub async fn pause(&self, seen: &Leadership, deadline: Mono) -> bool {
        let now = self.world.clock.now().mono;
        let until = match seen.leader {
            Some(_) => now.plus(self.backoff).min(deadline),
            None => deadline,
        };
        let _ = self.world.deadline(until, self.controller.leadership_changed(seen)).await;
        self.world.clock.now().mono < deadline
    }

    /// Resolves when another node, or the same in another epoch, leads.
    async fn moved(&self, seen: &Leadership) {
        let mut now = seen.clone();
        while (now.leader, now.epoch) == (seen.leader, seen.epoch) {
            now = self.controller.leadership_changed(&now).await;
        }
    }

    async fn connection(&self, seen: &Leadership) -> Result<Connection, Missed> {
        let leader = seen.leader.ok_or(Missed::NoController)?;
        if let Some(connection) = self.take_idle(leader, seen.epoch) {
            return Ok(connection);
        }
        let listens = |name: &Str| seen.endpoints.iter().find(|one| one.listener == *name);
        let endpoint = self.listeners.iter().find_map(listens).or(seen.endpoints.first());
        let endpoint = endpoint.ok_or(Missed::NoController)?;
        Ok(self.peers.connect(&endpoint.listener, &endpoint.host, endpoint.port).await?)
    }

    fn take_idle(&self, leader: BrokerId, epoch: LeaderEpoch) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.leader != Some((leader, epoch)) {
            *idle = Idle { leader: Some((leader, epoch)), connections: Vec::new() };
        }
        idle.connections.pop()
    }

    fn give_back(&self, seen: &Leadership, connection: Connection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.leader == seen.leader.map(|leader| (leader, seen.epoch)) && idle.connections.len() < IDLE_MAX
        {
            idle.connections.push(connection);
        }
    }
}
