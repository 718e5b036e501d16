//! One connection to one broker: versions are agreed upon once, then requests go one after the other.

use klamm_net::{Budget, FrameError, FrameReader, send_all, tls::TlsConnector};
use klamm_protocol::{
    ApiKey, ApiVersionsRequest, ApiVersionsResponse, DecodeError, EncodeError, ErrorCode, Request,
    decode_response, encode_request,
};
use klamm_types::{Bytes, Str};
use klamm_world::{ByteSink, World};
use std::{collections::BTreeMap, io, ops::RangeInclusive, time::Duration};

/// The largest response taken: what a broker with default settings may send, and room.
const RESPONSE_BYTES_MAX: usize = 128 << 20;

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The broker cannot be reached, or the connection broke.
    #[error("{broker}: {error}")]
    Io {
        /// The broker's address.
        broker: String,
        /// The operating system's error.
        error: io::Error,
    },
    /// No answer came in time.
    #[error("{broker} did not answer {api} within {after:?}")]
    TimedOut {
        /// The broker's address.
        broker: String,
        /// The request.
        api: &'static str,
        /// The time given.
        after: Duration,
    },
    /// What came is no response.
    #[error("{broker} answered what is no {api} response: {error}")]
    Malformed {
        /// The broker's address.
        broker: String,
        /// The request.
        api: &'static str,
        /// What is wrong.
        error: DecodeError,
    },
    /// The request cannot be said in the version agreed upon.
    #[error("{api}: {error}")]
    Unsayable {
        /// The request.
        api: &'static str,
        /// What cannot be said.
        error: EncodeError,
    },
    /// The broker serves no version of the request that we know.
    #[error("{broker} does not serve {api} in a version that this program knows")]
    NotServed {
        /// The broker's address.
        broker: String,
        /// The request.
        api: &'static str,
    },
    /// The broker said no.
    #[error("{what}: {}{}", code.name(), message.as_deref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused {
        /// What was asked for.
        what: String,
        /// Kafka's code.
        code: ErrorCode,
        /// The broker's own words.
        message: Option<String>,
    },
    /// No broker could be reached.
    #[error("none of {brokers} can be reached; the last said: {error}")]
    Unreachable {
        /// The addresses tried.
        brokers: String,
        /// The last error.
        error: Box<ClientError>,
    },
}

impl ClientError {
    /// The code, when the broker said no.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            ClientError::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether asking again, perhaps another broker, may help.
    #[must_use]
    pub fn is_retriable(&self) -> bool {
        match self {
            ClientError::Refused { code, .. } => code.is_retriable(),
            ClientError::Io { .. } | ClientError::TimedOut { .. } | ClientError::Unreachable { .. } => true,
            ClientError::Malformed { .. } | ClientError::Unsayable { .. } | ClientError::NotServed { .. } => {
                false
            }
        }
    }
}

/// Gives `code` as an error, unless it is none.
pub(crate) fn check(
    code: i16,
    message: Option<&Str>,
    what: impl FnOnce() -> String,
) -> Result<(), ClientError> {
    // a code that is not known yet is as bad as one that says nothing
    match ErrorCode::from_code(code).unwrap_or(ErrorCode::UnknownServerError) {
        ErrorCode::None => Ok(()),
        code => Err(ClientError::Refused { what: what(), code, message: message.map(ToString::to_string) }),
    }
}

/// One connection.
pub struct Connection {
    world: World,
    broker: String,
    client_id: Str,
    frames: FrameReader,
    sink: Box<dyn ByteSink>,
    budget: Budget,
    versions: BTreeMap<ApiKey, RangeInclusive<i16>>,
    correlation: i32,
    timeout: Duration,
}

impl Connection {
    /// Connects and agrees upon versions. `timeout` holds for this and for every request (a long poll adds its own time).
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn open(
        world: &World,
        (host, port): (&str, u16),
        tls: Option<&TlsConnector>,
        client_id: Str,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let broker = format!("{host}:{port}");
        let io = |error| ClientError::Io { broker: broker.clone(), error };
        let connecting = async {
            let connection = world.network.connect(host, port).await?;
            match tls {
                None => Ok(connection),
                Some(tls) => tls.connect(host, connection).await,
            }
        };
        let deadline = world.clock.now().mono.plus(timeout);
        let connection = world
            .deadline(deadline, connecting)
            .await
            .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
            .map_err(io)?;
        let mut this = Self {
            world: world.clone(),
            broker,
            client_id,
            frames: FrameReader::new(connection.stream, RESPONSE_BYTES_MAX),
            sink: connection.sink,
            budget: Budget::new(RESPONSE_BYTES_MAX),
            versions: BTreeMap::from([(ApiKey::ApiVersions, 0..=3)]),
            correlation: 0,
            timeout,
        };
        this.agree().await?;
        Ok(this)
    }

    /// The same connection, with another limit for every request.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The same connection, on which nothing is asked in a later version than `known` gives of those that this program knows.
    #[must_use]
    pub fn within(mut self, known: impl Fn(ApiKey, &RangeInclusive<i16>) -> RangeInclusive<i16>) -> Self {
        self.versions.iter_mut().for_each(|(key, served)| *served = known(*key, served));
        self
    }

    /// Asks and waits for the answer.
    ///
    /// # Errors
    /// See [`ClientError`]. After an error of the connection it is of no further use.
    pub async fn call<R: Request>(&mut self, request: &R) -> Result<R::Response, ClientError> {
        self.call_capped(request, i16::MAX, Duration::ZERO).await
    }

    /// Asks in a version of at most `version_max` what the broker may take `wait` to answer.
    ///
    /// # Errors
    /// As [`Connection::call`].
    pub async fn call_capped<R: Request>(
        &mut self,
        request: &R,
        version_max: i16,
        wait: Duration,
    ) -> Result<R::Response, ClientError> {
        let version = self.version::<R>(version_max)?;
        let frame = self.exchange(request, version, wait).await?;
        let malformed =
            |error| ClientError::Malformed { broker: self.broker.clone(), api: R::KEY.name(), error };
        let (correlation, response) = decode_response(frame, version).map_err(malformed)?;
        if correlation == self.correlation {
            return Ok(response);
        }
        let error =
            io::Error::new(io::ErrorKind::InvalidData, "it answered another request than the one asked");
        Err(ClientError::Io { broker: self.broker.clone(), error })
    }

    /// The newest version, up to `version_max`, that both sides know.
    ///
    /// # Errors
    /// [`ClientError::NotServed`] where there is none.
    pub fn version<R: Request>(&self, version_max: i16) -> Result<i16, ClientError> {
        let ours = R::VERSIONS;
        let newest = self.versions.get(&R::KEY).and_then(|theirs| {
            let newest = (*theirs.end()).min(*ours.end()).min(version_max);
            (theirs.contains(&newest) && ours.contains(&newest)).then_some(newest)
        });
        newest.ok_or_else(|| ClientError::NotServed { broker: self.broker.clone(), api: R::KEY.name() })
    }

    /// The broker's address.
    #[must_use]
    pub fn broker(&self) -> &str {
        &self.broker
    }

    async fn agree(&mut self) -> Result<(), ClientError> {
        let request = ApiVersionsRequest {
            client_software_name: Str::from_static("klamm"),
            client_software_version: Str::from_static(env!("CARGO_PKG_VERSION")),
            ..Default::default()
        };
        let response: ApiVersionsResponse = self.call(&request).await?;
        check(response.error_code, None, || format!("{}: ApiVersions", self.broker))?;
        let served = response
            .api_keys
            .iter()
            .filter_map(|api| Some((ApiKey::from_code(api.api_key)?, api.min_version..=api.max_version)));
        self.versions = served.collect();
        Ok(())
    }

    async fn exchange<R: Request>(
        &mut self,
        request: &R,
        version: i16,
        wait: Duration,
    ) -> Result<Bytes, ClientError> {
        self.correlation = self.correlation.wrapping_add(1);
        let frame = encode_request(self.correlation, Some(self.client_id.clone()), version, request)
            .map_err(|error| ClientError::Unsayable { api: R::KEY.name(), error })?;
        let after = self.timeout + wait;
        let deadline = self.world.clock.now().mono.plus(after);
        let (sink, frames, budget) = (&mut self.sink, &mut self.frames, &self.budget);
        let exchanging = async {
            send_all(&mut **sink, &frame).await?;
            let (body, _) = frames.frame(budget).await.map_err(|error| match error {
                FrameError::Broken(error) => error,
                FrameError::Closed => {
                    io::Error::new(io::ErrorKind::ConnectionAborted, "the broker closed the connection")
                }
                error @ (FrameError::Length { .. } | FrameError::Stalled(_)) => {
                    io::Error::new(io::ErrorKind::InvalidData, error.to_string())
                }
            })?;
            Ok(body)
        };
        match self.world.deadline(deadline, exchanging).await {
            Ok(done) => done.map_err(|error| ClientError::Io { broker: self.broker.clone(), error }),
            Err(_) => Err(ClientError::TimedOut { broker: self.broker.clone(), api: R::KEY.name(), after }),
        }
    }
}
