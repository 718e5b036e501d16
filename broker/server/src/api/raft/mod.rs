//! What replicas of the metadata log ask each other: served on controller listeners only.

mod replicas;

use super::{Call, close, serve};
use crate::controller::{NotController, Reply, wire};
use klamm_metadata::decide::Refused;
use klamm_net::Reservation;
use klamm_protocol::{ApiKey, ErrorCode, RequestFrame};
use klamm_quorum::{ReplicaKey, Request};
use klamm_types::Str;
use std::ops::RangeInclusive;

macro_rules! served {
    ($($key:ident $versions:expr => $handler:path;)*) => {
        /// The APIs served on controller listeners besides those that brokers serve too.
        pub const SERVED: &[(ApiKey, RangeInclusive<i16>)] = &[$((ApiKey::$key, $versions)),*];

        /// Starts the answer to a request that came to a controller listener.
        pub fn dispatch(call: Call, frame: &RequestFrame, reservation: Reservation) -> klamm_net::Reply {
            match call.key {
                $(ApiKey::$key => serve(call, frame, reservation, $handler),)*
                key => close(format!("the API {} is not served", key.name())),
            }
        }
    };
}

served! {
    Fetch 4..=18 => replicas::fetch;
    Vote 0..=2 => replicas::vote;
    BeginQuorumEpoch 0..=1 => replicas::begin_epoch;
    EndQuorumEpoch 0..=1 => replicas::end_epoch;
    FetchSnapshot 0..=1 => replicas::fetch_snapshot;
    UpdateRaftVoter 0..=0 => replicas::update_voter;
}

/// Whether an API is served here.
pub fn serves(key: ApiKey) -> bool {
    SERVED.iter().any(|(served, _)| *served == key)
}

/// This node as a replica of the metadata log.
fn me(call: &Call) -> ReplicaKey {
    ReplicaKey { id: call.broker.id, directory: call.broker.controller.meta().directory_id }
}

/// Asks the quorum, where the request is for this cluster and a request at all.
async fn ask(
    call: &Call,
    cluster_id: Option<&Str>,
    asked: Result<(Request, u32), ErrorCode>,
) -> Result<Reply, ErrorCode> {
    wire::of_cluster(cluster_id, &call.broker.cluster_id)?;
    let (request, bytes_max) = asked?;
    let reply = call.broker.controller.ask_quorum(request, bytes_max).await;
    reply.map_err(|_| ErrorCode::BrokerNotAvailable) // it is ending
}

/// Has the voters changed, where this node leads.
pub async fn change(
    call: &Call,
    cluster_id: Option<&Str>,
    asked: Request,
) -> Result<Result<(), Refused>, NotController> {
    let answer = match ask(call, cluster_id, Ok((asked, 0))).await {
        Ok(reply) => reply.answer,
        Err(ErrorCode::BrokerNotAvailable) => return Err(NotController),
        Err(code) => return Ok(Err(Refused::new(code, code.message()))),
    };
    Ok(match answer.error {
        ErrorCode::None => Ok(()),
        ErrorCode::NotLeaderOrFollower => return Err(NotController),
        code => Err(Refused::new(code, answer.message.unwrap_or_else(|| code.message().to_owned()))),
    })
}
