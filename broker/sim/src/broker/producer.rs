//! An idempotent producer on one partition, with several batches in flight, that tells the oracle what it was told.

use super::{
    client::{Broken, Client},
    history::{Era, Value},
    workload::{Shared, TOPIC},
};
use klamm_protocol::{
    ErrorCode, InitProducerIdRequest, ProduceRequest,
    produce_request::{PartitionProduceData, TopicProduceData},
};
use klamm_records::{BatchBuilder, Compression, Producer as Sender};
use klamm_types::{Bytes, Offset, ProducerEpoch, ProducerId, Sequence};
use klamm_world::World;
use std::{collections::VecDeque, time::Duration};

const PRODUCE_VERSION: i16 = 9;
const INIT_VERSION: i16 = 4;
/// As Kafka's clients: the broker remembers the last five batches of a producer.
const IN_FLIGHT_MAX: usize = 5;
const RETRY: Duration = Duration::from_millis(100);

/// A producer id and the next sequence number in it.
#[derive(Clone, Copy, Debug)]
struct Session {
    id: i64,
    epoch: i16,
    next: i32,
    /// Its first batch is in the log. Before that nothing follows it: a broker that does not know a producer takes any first
    /// sequence number (KIP-360), and were the first batch refused and the second not, the first could never be sent again.
    begun: bool,
}

/// A batch that is not answered yet.
#[derive(Clone, Debug)]
struct Sent {
    sequence: i32,
    values: Vec<Value>,
}

/// One producer.
pub struct Producer {
    world: World,
    shared: Shared,
    id: u32,
    partition: i32,
    session: Option<Session>,
    next_number: u64,
    window: VecDeque<Sent>,
}

/// Why a connection is given up.
enum End {
    Broken,
    /// The broker wants something else: try again on a new connection.
    Retry,
    /// The session is of no more use: after a loss the broker does not know what it had.
    Session(ErrorCode),
}

impl From<Broken> for End {
    fn from(_: Broken) -> Self {
        End::Broken
    }
}

impl Producer {
    /// A producer that has sent nothing.
    #[must_use]
    pub fn new(world: World, shared: Shared, id: u32, partition: i32) -> Self {
        Self { world, shared, id, partition, session: None, next_number: 0, window: VecDeque::new() }
    }

    /// Produces until the workload stops.
    pub async fn run(mut self) {
        self.produce_on_connections().await;
        self.shared.producer_ended();
    }

    async fn produce_on_connections(&mut self) {
        while !self.shared.stopping() {
            let connecting = Client::connect_to_leader(&self.world, &self.shared.brokers, self.partition);
            let Ok((mut client, _)) = connecting.await else {
                self.world.sleep(RETRY).await;
                continue;
            };
            let era = self.shared.history().era(); // not before: a connect may take longer than a loss
            match self.produce(&mut client, era).await {
                Ok(()) => return,
                Err(End::Broken) => {}
                Err(End::Retry) => self.world.sleep(RETRY).await,
                Err(End::Session(code)) => self.abandon(code),
            }
        }
    }

    async fn produce(&mut self, client: &mut Client, era: Era) -> Result<(), End> {
        if self.session.is_none() {
            self.session = Some(self.init(client).await?);
        }
        let again: Vec<_> = self.window.iter().cloned().collect();
        for sent in again {
            self.send(client, &sent).await?;
        }
        let depth = 1 + (self.world.random_u64() as usize) % IN_FLIGHT_MAX;
        while !self.shared.stopping() {
            let depth = if self.session.is_some_and(|session| session.begun) { depth } else { 1 };
            while self.window.len() < depth {
                let sent = self.next_batch();
                self.window.push_back(sent.clone());
                self.send(client, &sent).await?;
            }
            self.answer(client, era).await?;
            if self.world.random_u64().is_multiple_of(2) {
                self.world.sleep(Duration::from_millis(self.world.random_u64() % 100)).await;
            }
        }
        while !self.window.is_empty() {
            self.answer(client, era).await?;
        }
        Ok(())
    }

    async fn init(&self, client: &mut Client) -> Result<Session, End> {
        let request = InitProducerIdRequest {
            transaction_timeout_ms: 60_000,
            producer_id: -1,
            producer_epoch: -1,
            ..InitProducerIdRequest::default()
        };
        let response = client.call(INIT_VERSION, &request).await?;
        if response.error_code != 0 {
            return Err(End::Retry);
        }
        self.shared.producer_id(response.producer_id);
        Ok(Session { id: response.producer_id, epoch: response.producer_epoch, next: 0, begun: false })
    }

    fn next_batch(&mut self) -> Sent {
        let count = 1 + self.world.random_u64() % 4;
        let numbers = self.next_number..self.next_number + count;
        self.next_number += count;
        let values = numbers.map(|number| Value { producer: self.id, number }).collect();
        let session = self.session.as_mut().expect("set before batches are made");
        let sequence = session.next;
        session.next += count as i32;
        Sent { sequence, values }
    }

    async fn send(&self, client: &mut Client, sent: &Sent) -> Result<(), End> {
        let session = self.session.expect("set before batches are made");
        let mut batch = BatchBuilder::new(Offset(0), Compression::None).producer(Sender {
            id: ProducerId(session.id),
            epoch: ProducerEpoch(session.epoch),
            base_sequence: Sequence(sent.sequence),
            transactional: false,
        });
        for value in &sent.values {
            batch.push(self.world.clock.now().wall, None, Some(&value.to_bytes()), &[]);
        }
        let records: Bytes = batch.build().bytes().clone();
        let partition = PartitionProduceData { index: self.partition, records: Some(records.into()) };
        let request = ProduceRequest {
            transactional_id: None,
            acks: -1,
            timeout_ms: 10_000,
            topic_data: vec![TopicProduceData {
                name: TOPIC.into(),
                partition_data: vec![partition],
                ..TopicProduceData::default()
            }],
        };
        Ok(client.send(PRODUCE_VERSION, &request).await?)
    }

    /// The answer to the oldest batch.
    async fn answer(&mut self, client: &mut Client, era: Era) -> Result<(), End> {
        let response = client.receive::<ProduceRequest>(PRODUCE_VERSION).await?;
        let Some(answer) = response.responses.first().and_then(|topic| topic.partition_responses.first())
        else {
            return Err(End::Retry);
        };
        let code = ErrorCode::from_code(answer.error_code).unwrap_or(ErrorCode::UnknownServerError);
        self.shared.answered(code);
        if code != ErrorCode::None {
            self.shared.note(&format!("producer {}: {}", self.id, code.name()));
        }
        match code {
            ErrorCode::None | ErrorCode::DuplicateSequenceNumber => {
                let Some(sent) = self.window.pop_front() else { return Err(End::Retry) };
                if let Some(session) = &mut self.session {
                    session.begun = true;
                }
                let base = Some(answer.base_offset).filter(|base| *base >= 0);
                self.shared.acknowledged(self.partition, base, &sent.values, era);
                Ok(())
            }
            ErrorCode::OutOfOrderSequenceNumber
            | ErrorCode::UnknownProducerId
            | ErrorCode::InvalidProducerEpoch
            | ErrorCode::InvalidProducerIdMapping => Err(End::Session(code)),
            _ => Err(End::Retry),
        }
    }

    /// Begins a new session; what was in flight may or may not be in the log, and is not sent again.
    fn abandon(&mut self, code: ErrorCode) {
        self.shared.session_lost(self.id, code);
        self.session = None;
        self.window.clear();
    }
}
