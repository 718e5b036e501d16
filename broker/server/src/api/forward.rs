//! What a client asks of the controller is decided where the active controller is, whichever broker was asked: here, or over the
//! controller listener in an Envelope (KIP-590), with the client's principal and address. The caller never hears NOT_CONTROLLER of a
//! broker's listener while a leader is elected soon.

use super::{Call, Scope, answer, body};
use crate::{
    broker::Broker,
    controller::{Leadership, Missed, NotController},
};
use klamm_client::ClientError;
use klamm_metadata::decide::Refused;
use klamm_net::{Peer, Reply, Reservation};
use klamm_protocol::{
    ApiKey, DefaultPrincipalData, EnvelopeRequest, EnvelopeResponse, ErrorCode, Message, Request,
    RequestFrame, decode_response, encode_request, encode_response,
};
use klamm_types::{Bytes, Chunk, Mono, Str};
use std::{
    future::Future,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

/// How long it is tried: a little less than clients wait for an answer by default.
const FORWARD_MAX: Duration = Duration::from_secs(25);

/// The version of the principal's form.
const PRINCIPAL_VERSION: i16 = 0;

/// Decodes, and has it decided by the active controller when the reply's turn comes.
pub(super) fn serve<R, D, W>(
    call: Call,
    frame: &RequestFrame,
    reservation: Reservation,
    decide: D,
    refuse: fn(&R, &Refused) -> R::Response,
) -> Reply
where
    R: Request,
    D: Fn(Arc<Call>, R) -> W + Send + Sync + 'static,
    W: Future<Output = Result<R::Response, NotController>> + Send + 'static,
{
    let request: R = match body(frame) {
        Ok(request) => request,
        Err(reply) => return reply,
    };
    Box::pin(async move {
        let call = Arc::new(call);
        let response = match call.scope {
            Scope::Broker => forward(&call, &request, decide, refuse).await,
            Scope::Controller => {
                let decided = decide(Arc::clone(&call), request.clone()).await;
                decided.unwrap_or_else(|error| refuse(&request, &error.into()))
            }
        };
        drop(reservation);
        answer::<R>(&call, &response)
    })
}

/// Decides here, or asks the active controller, until there is an answer.
pub(super) async fn forward<R, D, W>(
    call: &Arc<Call>,
    request: &R,
    decide: D,
    refuse: fn(&R, &Refused) -> R::Response,
) -> R::Response
where
    R: Request,
    D: Fn(Arc<Call>, R) -> W,
    W: Future<Output = Result<R::Response, NotController>>,
{
    let (controller, channel) = (&call.broker.controller, &call.broker.channel);
    let deadline = call.broker.world.clock.now().mono.plus(FORWARD_MAX);
    loop {
        let seen = controller.leadership();
        let asked = match seen.active {
            true => decide(Arc::clone(call), request.clone()).await.map_err(|NotController| {
                Refused::new(ErrorCode::NotController, "this node is not the active controller any more")
            }),
            false => ask(call, &seen, request, deadline).await,
        };
        let refused = match asked {
            Ok(response) => return response,
            Err(refused) => refused,
        };
        if refused.code != ErrorCode::NotController {
            return refuse(request, &refused);
        }
        if !channel.pause(&seen, deadline).await {
            let text = format!("no active controller has answered within {FORWARD_MAX:?}: {refused}");
            return refuse(request, &Refused::new(ErrorCode::RequestTimedOut, text));
        }
    }
}

impl From<Missed> for Refused {
    /// What may be otherwise a moment later is NOT_CONTROLLER.
    fn from(missed: Missed) -> Self {
        let code = match &missed {
            Missed::Failed(ClientError::NotServed { .. }) => ErrorCode::UnsupportedVersion,
            Missed::Failed(error) => {
                tracing::error!(%error, "a request cannot be forwarded");
                ErrorCode::UnknownServerError
            }
            _ => ErrorCode::NotController,
        };
        Self::new(code, missed.to_string())
    }
}

/// One try over a socket, in the newest version that the client and the active controller speak: while a cluster is upgraded the
/// broker may be newer than that.
async fn ask<R: Request>(
    call: &Call,
    seen: &Leadership,
    request: &R,
    deadline: Mono,
) -> Result<R::Response, Refused> {
    let fault = |error: &dyn std::fmt::Display| {
        tracing::error!(api = R::KEY.name(), %error, "a request cannot be forwarded");
        Refused::new(ErrorCode::UnknownServerError, format!("{} cannot be forwarded: {error}", R::KEY.name()))
    };
    let principal = principal(&call.peer).map_err(|e| fault(&e))?;
    let asked = call.broker.channel.ask_over(seen, deadline, async |connection| {
        let version = connection.version::<R>(call.version).map_err(Missed::from)?;
        let client_id = Some(call.client_id.clone());
        let frame = encode_request(call.correlation_id, client_id, version, request).map_err(|error| {
            let text =
                format!("the active controller serves {} up to version {version}: {error}", R::KEY.name());
            Refused::new(ErrorCode::UnsupportedVersion, text)
        })?;
        let envelope = EnvelopeRequest {
            request_data: unframed(&frame),
            request_principal: Some(principal.clone()),
            client_host_address: octets(call.peer.address.ip()),
        };
        Ok::<_, Refused>((version, connection.call(&envelope).await.map_err(Missed::from)?))
    });
    let (version, response): (i16, EnvelopeResponse) = asked.await?;
    match (ErrorCode::from_code(response.error_code), response.response_data) {
        (Some(ErrorCode::None), Some(data)) => {
            decode_response(data, version).map(|(_, response)| response).map_err(|e| fault(&e))
        }
        (Some(ErrorCode::NotController), _) => Err(Refused::new(
            ErrorCode::NotController,
            "the node that was asked is not the active controller",
        )),
        (code, _) => {
            let code = code.unwrap_or(ErrorCode::UnknownServerError);
            Err(Refused::new(code, format!("the active controller does not take {}", R::KEY.name())))
        }
    }
}

/// Envelope, from a broker: what is in it is decided here, for the client whom it tells of.
pub(super) async fn envelope(call: Arc<Call>, request: EnvelopeRequest) -> EnvelopeResponse {
    let failed = |code: ErrorCode| EnvelopeResponse { error_code: code.code(), ..Default::default() };
    let frame = match RequestFrame::decode(request.request_data) {
        Ok(frame) => frame,
        Err(error) => {
            tracing::warn!(peer = %call.peer.address, %error, "an envelope holds no request");
            return failed(ErrorCode::InvalidRequest);
        }
    };
    let Some(address) = address(&request.client_host_address) else {
        tracing::warn!(peer = %call.peer.address, "an envelope holds no address of a client: 4 or 16 bytes");
        return failed(ErrorCode::InvalidRequest);
    };
    let Some(identity) = request.request_principal.map_or(Some(None), identity) else {
        return failed(ErrorCode::PrincipalDeserializationFailure);
    };
    let peer = Peer { address: SocketAddr::new(address, 0), listener: call.peer.listener.clone(), identity };
    let inner = Arc::new(Call {
        broker: Arc::clone(&call.broker),
        peer: Arc::new(peer),
        scope: Scope::Controller,
        version: frame.version,
        arrived: call.arrived,
        key: frame.key,
        client_id: frame.client_id.as_ref().map(Str::detached).unwrap_or_default(),
        beats: Arc::default(),
        correlation_id: frame.correlation_id,
    });
    match super::decide_embedded(inner, &frame).await {
        Ok(data) => EnvelopeResponse { response_data: Some(data), ..Default::default() },
        Err(code) => failed(code),
    }
}

/// Decides what an Envelope holds.
pub(super) async fn embedded<R, D, W>(
    call: Arc<Call>,
    frame: &RequestFrame,
    decide: D,
) -> Result<Bytes, ErrorCode>
where
    R: Request,
    D: Fn(Arc<Call>, R) -> W,
    W: Future<Output = Result<R::Response, NotController>>,
{
    let request: R = frame.body().map_err(|_| ErrorCode::InvalidRequest)?;
    let (correlation, version) = (call.correlation_id, call.version);
    let response = decide(call, request).await.map_err(|NotController| ErrorCode::NotController)?;
    let encoded = encode_response(correlation, version, &response);
    encoded.map(|frame| unframed(&frame)).map_err(|error| {
        tracing::error!(api = R::KEY.name(), version, %error, "a response cannot be encoded");
        ErrorCode::UnknownServerError
    })
}

/// Asks for the broker itself: a topic that is missing when it is used.
pub(super) fn own_call(broker: &Arc<Broker>, key: ApiKey, version: i16) -> Arc<Call> {
    let peer = Peer {
        address: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0),
        listener: Str::default(),
        identity: None,
    };
    Arc::new(Call {
        broker: Arc::clone(broker),
        peer: Arc::new(peer),
        scope: Scope::Broker,
        version,
        arrived: broker.world.clock.now().mono,
        key,
        client_id: Str::from(format!("broker-{}", broker.id).as_str()),
        beats: Arc::default(),
        correlation_id: 0,
    })
}

/// A frame without its size. Requests and responses of this kind hold no files.
fn unframed(frame: &[Chunk]) -> Bytes {
    const SIZE: usize = 4;
    let bytes = frame.iter().filter_map(|chunk| match chunk {
        Chunk::Bytes(bytes) => Some(bytes.as_ref()),
        Chunk::File(_) => None,
    });
    let whole: Vec<u8> = bytes.flatten().copied().collect();
    Bytes::from(whole).slice(SIZE..)
}

/// Who a client is, as Kafka's default principal builder writes it: its version, then the principal.
fn principal(peer: &Peer) -> Result<Bytes, klamm_protocol::EncodeError> {
    let who = DefaultPrincipalData {
        r#type: Str::from_static("User"),
        name: peer.identity.clone().unwrap_or(Str::from_static(ANONYMOUS)),
        token_authenticated: false,
    };
    let mut bytes = PRINCIPAL_VERSION.to_be_bytes().to_vec();
    bytes.extend_from_slice(&who.to_bytes(PRINCIPAL_VERSION)?);
    Ok(Bytes::from(bytes))
}

/// Who has proved nothing.
const ANONYMOUS: &str = "ANONYMOUS";

/// The identity in a principal; none for who has proved nothing.
fn identity(principal: Bytes) -> Option<Option<Str>> {
    let version = i16::from_be_bytes(*principal.first_chunk()?);
    let who = DefaultPrincipalData::from_bytes(principal.slice(size_of::<i16>()..), version).ok()?;
    Some(Some(who.name.detached()).filter(|name| name != ANONYMOUS))
}

fn octets(address: IpAddr) -> Bytes {
    match address {
        IpAddr::V4(address) => Bytes::copy_from_slice(&address.octets()),
        IpAddr::V6(address) => Bytes::copy_from_slice(&address.octets()),
    }
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(octets).ok().map(IpAddr::from);
    four.or_else(|| <[u8; 16]>::try_from(octets).ok().map(IpAddr::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asks_arrives_as_it_left() {
        for who in [None, Some("klamm://shop/orders/user/ann")] {
            for host in ["192.0.2.7", "2001:db8::7"] {
                let host: IpAddr = host.parse().expect("it is an address");
                let peer = Peer {
                    address: SocketAddr::new(host, 40_000),
                    listener: Str::from_static("CLIENTS"),
                    identity: who.map(Str::from),
                };
                let written = principal(&peer).expect("it can be written");
                assert_eq!(identity(written), Some(peer.identity.clone()));
                assert_eq!(address(&octets(host)), Some(host));
            }
        }
        assert_eq!(identity(Bytes::from_static(b"\0\x09ab")), None, "a version that is not known");
        assert_eq!(identity(Bytes::from_static(b"\0")), None);
        assert_eq!(address(b"12345"), None);
    }
}
