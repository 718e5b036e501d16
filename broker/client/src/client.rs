//! A cluster as a client sees it: brokers found from some first addresses, asked by id.

use crate::{ClientError, Connection, connection::check};
use klamm_net::tls::TlsConnector;
use klamm_protocol::{
    ErrorCode, MetadataRequest, MetadataResponse, Request, metadata_request::MetadataRequestTopic,
};
use klamm_types::{BrokerId, PartitionIndex, Str};
use klamm_world::World;
use std::{collections::BTreeMap, time::Duration};

/// Between two tries.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// How to reach a cluster.
#[derive(Clone)]
pub struct Settings {
    /// Addresses to begin with, `host` and port.
    pub bootstrap: Vec<(String, u16)>,
    /// TLS, where the listener has it.
    pub tls: Option<TlsConnector>,
    /// What this program calls itself.
    pub client_id: Str,
    /// How long one request may take, and how long retriable errors are retried.
    pub timeout: Duration,
}

impl Settings {
    /// Reads `host:port,host:port`.
    ///
    /// # Errors
    /// A sentence on the element that is not an address.
    pub fn parse_bootstrap(text: &str) -> Result<Vec<(String, u16)>, String> {
        let address = |element: &str| {
            let (host, port) = element.trim().rsplit_once(':')?;
            Some((host.trim_start_matches('[').trim_end_matches(']').to_owned(), port.parse().ok()?))
        };
        text.split(',')
            .map(|element| {
                address(element)
                    .ok_or_else(|| format!("{element:?} is not an address such as localhost:9092"))
            })
            .collect()
    }
}

/// A client of one cluster. Its methods take it mutably: connections are not `Sync`, and so no reference that is shared may
/// live across an await of a task that moves between threads.
pub struct Client {
    pub(crate) world: World,
    pub(crate) settings: Settings,
    addresses: BTreeMap<BrokerId, (String, u16)>,
    connections: BTreeMap<BrokerId, Connection>,
    any: Option<Connection>,
}

impl Client {
    /// A client; it connects when it is asked something.
    #[must_use]
    pub fn new(world: World, settings: Settings) -> Self {
        Self { world, settings, addresses: BTreeMap::new(), connections: BTreeMap::new(), any: None }
    }

    /// Asks any broker.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn ask<R: Request>(&mut self, request: &R) -> Result<R::Response, ClientError> {
        let mut connection = match self.any.take() {
            Some(connection) => connection,
            None => self.open_any().await?,
        };
        let response = connection.call(request).await;
        self.any = response.is_ok().then_some(connection);
        response
    }

    /// Asks the broker `id`; the broker may take `wait` before it answers.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn ask_broker<R: Request>(
        &mut self,
        id: BrokerId,
        request: &R,
        wait: Duration,
    ) -> Result<R::Response, ClientError> {
        self.ask_broker_capped(id, request, i16::MAX, wait).await
    }

    /// As [`Client::ask_broker`], in a version of at most `version_max`.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn ask_broker_capped<R: Request>(
        &mut self,
        id: BrokerId,
        request: &R,
        version_max: i16,
        wait: Duration,
    ) -> Result<R::Response, ClientError> {
        let mut connection = match self.connections.remove(&id) {
            Some(connection) => connection,
            None => {
                let (host, port) = self.address(id).await?;
                self.open(&host, port).await?
            }
        };
        let response = connection.call_capped(request, version_max, wait).await;
        if response.is_ok() {
            self.connections.insert(id, connection);
        } else {
            self.addresses.remove(&id); // it may come back elsewhere
        }
        response
    }

    /// Metadata of `topics`; of all when there is no list.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn metadata(&mut self, topics: Option<&[Str]>) -> Result<MetadataResponse, ClientError> {
        let named = |name: &Str| MetadataRequestTopic { name: Some(name.clone()), ..Default::default() };
        let request = MetadataRequest {
            topics: topics.map(|topics| topics.iter().map(named).collect()),
            allow_auto_topic_creation: false,
            ..Default::default()
        };
        let response = self.ask(&request).await?;
        self.addresses = response
            .brokers
            .iter()
            .map(|broker| (BrokerId(broker.node_id), (broker.host.to_string(), broker.port as u16)))
            .collect();
        Ok(response)
    }

    /// The leader of a partition.
    ///
    /// # Errors
    /// See [`ClientError`]; `UNKNOWN_TOPIC_OR_PARTITION`, `LEADER_NOT_AVAILABLE`.
    pub async fn leader(&mut self, topic: &Str, partition: PartitionIndex) -> Result<BrokerId, ClientError> {
        let what = || format!("the leader of {topic}-{partition}");
        let metadata = self.metadata(Some(std::slice::from_ref(topic))).await?;
        let found = metadata.topics.iter().find(|one| one.name.as_ref() == Some(topic));
        let Some(found) = found else {
            return Err(ClientError::Refused {
                what: what(),
                code: ErrorCode::UnknownTopicOrPartition,
                message: None,
            });
        };
        check(found.error_code, None, what)?;
        match found.partitions.iter().find(|one| one.partition_index == partition.0) {
            Some(one) if one.leader_id >= 0 => Ok(BrokerId(one.leader_id)),
            Some(_) => {
                Err(ClientError::Refused { what: what(), code: ErrorCode::LeaderNotAvailable, message: None })
            }
            None => Err(ClientError::Refused {
                what: what(),
                code: ErrorCode::UnknownTopicOrPartition,
                message: None,
            }),
        }
    }

    /// Whether to try again after `error`: waits a little when it may help and there is time.
    pub(crate) async fn may_retry(&mut self, deadline: klamm_types::Mono, error: &ClientError) -> bool {
        if !error.is_retriable() || self.world.clock.now().mono >= deadline {
            return false;
        }
        self.world.sleep(RETRY_AFTER).await;
        true
    }

    pub(crate) fn deadline(&self) -> klamm_types::Mono {
        self.world.clock.now().mono.plus(self.settings.timeout)
    }

    async fn address(&mut self, id: BrokerId) -> Result<(String, u16), ClientError> {
        if !self.addresses.contains_key(&id) {
            self.metadata(Some(&[])).await?;
        }
        self.addresses.get(&id).cloned().ok_or_else(|| ClientError::Refused {
            what: format!("the address of broker {id}"),
            code: ErrorCode::BrokerNotAvailable,
            message: None,
        })
    }

    async fn open(&mut self, host: &str, port: u16) -> Result<Connection, ClientError> {
        let Settings { tls, client_id, timeout, .. } = &self.settings;
        Connection::open(&self.world, (host, port), tls.as_ref(), client_id.clone(), *timeout).await
    }

    async fn open_any(&mut self) -> Result<Connection, ClientError> {
        let mut last = None;
        let known: Vec<_> = self.addresses.values().chain(&self.settings.bootstrap).cloned().collect();
        for (host, port) in known {
            match self.open(&host, port).await {
                Ok(connection) => return Ok(connection),
                Err(error) => last = Some(error),
            }
        }
        let brokers: Vec<_> =
            self.settings.bootstrap.iter().map(|(host, port)| format!("{host}:{port}")).collect();
        Err(match last {
            Some(error) => ClientError::Unreachable { brokers: brokers.join(", "), error: Box::new(error) },
            None => ClientError::Refused {
                what: "a connection without a bootstrap address".to_owned(),
                code: ErrorCode::BrokerNotAvailable,
                message: None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Settings;

    #[test]
    fn bootstrap_addresses() {
        let check = |text, expected: Result<&[(&str, u16)], &str>| {
            let got = Settings::parse_bootstrap(text);
            let expected =
                expected.map(|all| all.iter().map(|(h, p)| ((*h).to_owned(), *p)).collect::<Vec<_>>());
            assert_eq!(got, expected.map_err(ToOwned::to_owned));
        };
        check("a:1, b:2", Ok(&[("a", 1), ("b", 2)]));
        check("[::1]:9092", Ok(&[("::1", 9092)]));
        check("a", Err("\"a\" is not an address such as localhost:9092"));
    }
}
