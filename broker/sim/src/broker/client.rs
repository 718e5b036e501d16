//! The simulation's own client: one connection, requests in pipeline, every wait bounded. It decides nothing about retries:
//! what is told to the oracle must be what was on the wire.

use super::workload::TOPIC;
use klamm_protocol::{
    ErrorCode, Message, MetadataRequest, MetadataResponse, Request, decode_response, encode_request,
    metadata_request::MetadataRequestTopic,
};
use klamm_types::{Bytes, Chunk, Str};
use klamm_world::{Connection, World};
use std::{fmt, time::Duration};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The port of the broker's client listener.
pub const PORT: u16 = 9092;

/// Names, ids and leader epochs.
const METADATA_VERSION: i16 = 12;

/// How long a client waits for a connection or an answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// The connection is of no more use.
#[derive(Debug)]
pub struct Broken(pub String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The leader of a partition, as a broker told it.
#[derive(Clone, Debug)]
pub struct Leader {
    /// Its host.
    pub host: String,
    /// Its epoch.
    pub epoch: i32,
}

/// A connection to a broker.
pub struct Client {
    world: World,
    connection: Connection,
    sent: i32,
    answered: i32,
}

impl Client {
    /// Connects to the broker on `host`.
    ///
    /// # Errors
    /// When there is no answer in time, or a refusal.
    pub async fn connect(world: &World, host: &str) -> Result<Self, Broken> {
        let deadline = world.clock.now().mono.plus(PATIENCE);
        let connecting = world.network.connect(host, PORT);
        let connection =
            world.deadline(deadline, connecting).await.map_err(|_| Broken("no connection".into()))?;
        let connection = connection.map_err(|error| Broken(error.to_string()))?;
        Ok(Self { world: world.clone(), connection, sent: 0, answered: 0 })
    }

    /// Connects to the leader of a partition, which any of `brokers` may tell.
    ///
    /// # Errors
    /// When none is told, or it does not answer.
    pub async fn connect_to_leader(
        world: &World,
        brokers: &[String],
        partition: i32,
    ) -> Result<(Self, Leader), Broken> {
        let told = Self::any(world, brokers).await?.metadata().await?;
        let leader = leader_of(&told, partition).ok_or_else(|| Broken("no leader".into()))?;
        Ok((Self::connect(world, &leader.host).await?, leader))
    }

    /// Connects to any of `brokers`.
    ///
    /// # Errors
    /// When there is no answer in time, or a refusal.
    pub async fn any(world: &World, brokers: &[String]) -> Result<Self, Broken> {
        let chosen = (world.random_u64() % brokers.len() as u64) as usize;
        Self::connect(world, &brokers[chosen]).await
    }

    /// What the broker says of the topic and of the cluster.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn metadata(&mut self) -> Result<MetadataResponse, Broken> {
        let topic = MetadataRequestTopic { name: Some(TOPIC.into()), ..Default::default() };
        let request = MetadataRequest {
            topics: Some(vec![topic]),
            allow_auto_topic_creation: false,
            ..Default::default()
        };
        self.call(METADATA_VERSION, &request).await
    }

    /// What the broker says of all topics and of the cluster.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn metadata_of_all(&mut self) -> Result<MetadataResponse, Broken> {
        self.call(METADATA_VERSION, &MetadataRequest { topics: None, ..Default::default() }).await
    }

    /// Sends a request; its answer is the next after those of the requests before it.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn send<R: Request>(&mut self, version: i16, request: &R) -> Result<(), Broken> {
        let client = Some(Str::from_static("sim"));
        let chunks =
            encode_request(self.sent, client, version, request).map_err(|e| Broken(e.to_string()))?;
        self.sent += 1;
        let deadline = self.world.clock.now().mono.plus(PATIENCE);
        for chunk in chunks {
            let Chunk::Bytes(bytes) = chunk else { return Err(Broken("a request has no files".into())) };
            let writing = self.connection.sink.write_all(&bytes);
            let written = self.world.deadline(deadline, writing).await.map_err(|_| Broken("stuck".into()))?;
            written.map_err(|error| Broken(error.to_string()))?;
        }
        Ok(())
    }

    /// The answer to the oldest request that has none.
    ///
    /// # Errors
    /// When the connection breaks, or says what no broker may say.
    pub async fn receive<R: Request>(&mut self, version: i16) -> Result<R::Response, Broken> {
        let deadline = self.world.clock.now().mono.plus(PATIENCE);
        let stream = &mut self.connection.stream;
        let frame = async {
            let length = stream.read_i32().await?;
            let mut frame = vec![0; usize::try_from(length).unwrap_or(0)];
            stream.read_exact(&mut frame).await?;
            Ok::<_, std::io::Error>(frame)
        };
        let frame = self.world.deadline(deadline, frame).await.map_err(|_| Broken("no answer".into()))?;
        let frame = Bytes::from(frame.map_err(|error| Broken(error.to_string()))?);
        let (correlation, response) = decode_response::<R::Response>(frame, version)
            .map_err(|error| Broken(format!("{} is malformed: {error}", <R::Response as Message>::NAME)))?;
        if correlation != self.answered {
            return Err(Broken(format!("answer {correlation} instead of {}", self.answered)));
        }
        self.answered += 1;
        Ok(response)
    }

    /// Asks and waits.
    ///
    /// # Errors
    /// When the connection breaks.
    pub async fn call<R: Request>(&mut self, version: i16, request: &R) -> Result<R::Response, Broken> {
        self.send(version, request).await?;
        self.receive::<R>(version).await
    }
}

fn leader_of(told: &MetadataResponse, partition: i32) -> Option<Leader> {
    let topic = told.topics.first().filter(|topic| topic.error_code == ErrorCode::None.code())?;
    let partition = topic.partitions.iter().find(|one| one.partition_index == partition)?;
    let broker = told.brokers.iter().find(|broker| broker.node_id == partition.leader_id)?;
    Some(Leader { host: broker.host.to_string(), epoch: partition.leader_epoch })
}
