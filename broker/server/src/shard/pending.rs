//! A produce request between its appends and its answer.

use klamm_protocol::ErrorCode;
use klamm_types::{Offset, Wall};
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

/// What became of one partition's batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Produced {
    /// The offset of its first record.
    pub base_offset: Offset,
    /// The time of the append where the topic has LogAppendTime, else −1.
    pub append_time: Wall,
    /// The log's start.
    pub log_start: Offset,
}

/// Why a batch was not produced: the code, and a sentence where the protocol has room for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProduceError {
    /// Kafka's code.
    pub code: ErrorCode,
    /// What is wrong, for a person.
    pub message: Option<String>,
    /// Which records of the batch are wrong, where that is known (KIP-467).
    pub records: Vec<usize>,
}

impl From<ErrorCode> for ProduceError {
    fn from(code: ErrorCode) -> Self {
        Self { code, message: None, records: Vec::new() }
    }
}

/// The result of one partition.
pub type Outcome = Result<Produced, ProduceError>;

struct State {
    outcomes: Vec<Option<Outcome>>,
    left: usize,
    waker: Option<Waker>,
}

/// The outcomes of one request's partitions, in the request's order. Resolves when all are known.
#[derive(Clone)]
pub struct PendingProduce(Arc<Mutex<State>>);

impl PendingProduce {
    /// Waits for `partitions` outcomes.
    #[must_use]
    pub fn new(partitions: usize) -> Self {
        Self(Arc::new(Mutex::new(State { outcomes: vec![None; partitions], left: partitions, waker: None })))
    }

    /// The outcome of the partition at `slot` is known. Only the first one counts.
    pub fn complete(&self, slot: usize, outcome: Outcome) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.outcomes[slot].is_none() {
            state.outcomes[slot] = Some(outcome);
            state.left -= 1;
            if state.left == 0
                && let Some(waker) = state.waker.take()
            {
                waker.wake();
            }
        }
    }

    /// What is known now; `missing` stands for what is not.
    #[must_use]
    pub fn outcomes_or(&self, missing: ErrorCode) -> Vec<Outcome> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state
            .outcomes
            .iter_mut()
            .map(|outcome| outcome.take().unwrap_or_else(|| Err(missing.into())))
            .collect()
    }
}

impl Future for PendingProduce {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.left == 0 {
            return Poll::Ready(());
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
