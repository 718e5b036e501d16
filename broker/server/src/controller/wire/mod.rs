//! What replicas of the metadata log say to each other, as Kafka's messages: both directions of each, side by side.
//!
//! Conversions only. Must never decide anything: an answer's meaning is the machine's affair.

mod epochs;
mod log;
mod voters;

pub(crate) use epochs::{begin_asked, begin_response, end_asked, end_response, vote_asked, vote_response};
pub(crate) use log::{fetch_asked, fetch_response, snapshot_asked, snapshot_response};
pub(crate) use voters::{add_asked, remove_asked, update_asked, update_response};

use klamm_client::{ClientError, Connection};
use klamm_metadata::decide::METADATA_TOPIC;
use klamm_protocol::ErrorCode;
use klamm_quorum::{Answer, Body, Endpoint, ReplicaKey, Request};
use klamm_types::{BrokerId, DirectoryId, LeaderEpoch, Str, Uuid};
use std::time::Duration;

/// The most bytes of the log, or of a snapshot, in one answer.
const BYTES_MAX: u32 = 1 << 20;

/// The one partition of a request or response, where it is that of the metadata log.
macro_rules! only {
    ($topics:expr, $name:ident, $index:ident) => {
        match &$topics[..] {
            [topic] if topic.$name == super::METADATA_TOPIC => match &topic.partitions[..] {
                [one] if one.$index == 0 => Ok(one),
                _ => Err(klamm_protocol::ErrorCode::InvalidRequest),
            },
            _ => Err(klamm_protocol::ErrorCode::InvalidRequest),
        }
    };
}
use only;

/// Asks another node, at its listener `listener`.
///
/// # Errors
/// [`ClientError`], also where the answer is not one to this request.
pub(super) async fn ask(
    connection: &mut Connection,
    cluster_id: &Str,
    listener: &Str,
    request: &Request,
) -> Result<Answer, ClientError> {
    let cluster = Some(cluster_id.clone());
    let none = Duration::ZERO;
    let answer = match request {
        Request::Vote { .. } => {
            let asked = epochs::vote_request(cluster, request);
            epochs::vote_answer(connection.call(&asked).await?, listener)
        }
        Request::BeginEpoch { .. } => {
            epochs::begin_answer(connection.call(&epochs::begin_request(cluster, request)).await?, listener)
        }
        Request::EndEpoch { .. } => {
            epochs::end_answer(connection.call(&epochs::end_request(cluster, request)).await?, listener)
        }
        Request::Fetch { max_wait, log, .. } => {
            let asked = log::fetch_request(cluster, request);
            let response = connection.call_capped(&asked, i16::MAX, *max_wait).await?;
            log::fetch_answer(log.end, response, listener)
        }
        Request::FetchSnapshot { .. } => {
            let asked = log::snapshot_request(cluster, request);
            log::snapshot_answer(connection.call_capped(&asked, i16::MAX, none).await?, listener)
        }
        Request::UpdateVoter { .. } => {
            voters::update_answer(connection.call(&voters::update_request(cluster, request)).await?, listener)
        }
        // tools ask these, and nodes never do
        Request::AddVoter { .. } | Request::RemoveVoter { .. } => Err(ErrorCode::InvalidRequest),
    };
    answer.map_err(|code| ClientError::Refused {
        what: format!("{}: a request of the metadata quorum", connection.broker()),
        code,
        message: None,
    })
}

/// Whether a request is for this cluster.
pub(crate) fn of_cluster(given: Option<&Str>, ours: &str) -> Result<(), ErrorCode> {
    match given {
        Some(given) if *given != *ours => Err(ErrorCode::InconsistentClusterId),
        _ => Ok(()),
    }
}

fn key(id: i32, directory: Uuid) -> ReplicaKey {
    ReplicaKey { id: BrokerId(id), directory: DirectoryId(directory) }
}

/// The node that is spoken to, as an older request names it: without its directory, or not at all.
fn addressed(me: ReplicaKey, id: i32, directory: Uuid) -> ReplicaKey {
    let id = if id < 0 { me.id.0 } else { id };
    if directory.is_zero() { ReplicaKey { id: BrokerId(id), ..me } } else { key(id, directory) }
}

fn code_of(code: i16) -> ErrorCode {
    ErrorCode::from_code(code).unwrap_or(ErrorCode::UnknownServerError)
}

fn leader_of(answer: &Answer) -> i32 {
    answer.leader.map_or(-1, |leader| leader.0)
}

/// Where a node of the quorum is, on the listener that was asked; else wherever it is.
pub(crate) fn endpoint_on<'a>(endpoints: &'a [Endpoint], listener: &str) -> Option<&'a Endpoint> {
    endpoints.iter().find(|one| one.listener.eq_ignore_ascii_case(listener)).or(endpoints.first())
}

/// What a response tells of the leader.
fn told(
    code: i16,
    (leader, epoch): (i32, i32),
    listener: &Str,
    nodes: impl IntoIterator<Item = (i32, Str, u16)>,
    body: Body,
) -> Answer {
    let nodes = nodes.into_iter().filter(|(id, ..)| *id == leader);
    Answer {
        error: code_of(code),
        message: None,
        epoch: LeaderEpoch(epoch),
        leader: (leader >= 0).then_some(BrokerId(leader)),
        endpoints: nodes
            .map(|(_, host, port)| Endpoint { listener: listener.clone(), host: host.detached(), port })
            .collect(),
        body,
    }
}

/// The error of a whole response.
fn check(code: i16) -> Result<(), ErrorCode> {
    match code_of(code) {
        ErrorCode::None => Ok(()),
        code => Err(code),
    }
}
