//! What idempotent producers have appended to one log: the last five batches of each, so that a batch sent again is
//! recognised and one out of order refused (KIP-98).

use klamm_records::BatchHeader;
use klamm_types::{Offset, ProducerEpoch, ProducerId, Sequence, Wall};
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// As many batches as a producer may have in flight (`max.in.flight.requests.per.connection` ≤ 5).
pub(crate) const BATCHES_KEPT: usize = 5;

/// What is kept of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchTrace {
    /// Its last sequence number.
    pub last_sequence: Sequence,
    /// Its last offset.
    pub last_offset: Offset,
    /// Its last offset relative to its first.
    pub offset_delta: i32,
    /// Its greatest timestamp.
    pub timestamp: Wall,
}

/// What is kept of a producer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProducerEntry {
    /// Its epoch.
    pub epoch: ProducerEpoch,
    /// The epoch of the transaction coordinator that last wrote a marker; −1 without any.
    pub coordinator_epoch: i32,
    /// The timestamp of its last batch: by it, it expires.
    pub last_timestamp: Wall,
    /// Where its open transaction began.
    pub transaction_start: Option<Offset>,
    /// Its last batches, oldest first; never more than five, all of this epoch.
    pub batches: Vec<BatchTrace>,
}

/// How a batch is checked, by whom it is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProducerCheck {
    /// From a client: sequence numbers and epochs.
    Full,
    /// Fetched from the leader, or read back from the log: it was checked there.
    None,
}

/// Whether a batch is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is to be appended.
    New,
    /// It is in the log already.
    Duplicate(BatchTrace),
}

/// Why a batch of an idempotent producer is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ProducerError {
    /// INVALID_PRODUCER_EPOCH: a newer incarnation has taken over.
    #[error("producer {id} comes with epoch {epoch}, and epoch {current} has written already")]
    Fenced {
        /// The producer.
        id: ProducerId,
        /// The batch's epoch.
        epoch: ProducerEpoch,
        /// The epoch known.
        current: ProducerEpoch,
    },
    /// OUT_OF_ORDER_SEQUENCE_NUMBER.
    #[error("producer {id} sends sequence number {sequence} after {last}")]
    OutOfOrder {
        /// The producer.
        id: ProducerId,
        /// The batch's first sequence number.
        sequence: Sequence,
        /// The last one appended.
        last: Sequence,
    },
}

impl BatchTrace {
    /// The first offset of the batch.
    #[must_use]
    pub fn base_offset(&self) -> Offset {
        self.last_offset.plus(-i64::from(self.offset_delta))
    }

    fn base_sequence(&self) -> Sequence {
        let base = i64::from(self.last_sequence.0) - i64::from(self.offset_delta);
        Sequence(if base < 0 { base + (1 << 31) } else { base } as i32)
    }
}

/// The producers of one log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProducerState {
    producers: BTreeMap<ProducerId, ProducerEntry>,
    open_transactions: BTreeSet<(Offset, ProducerId)>,
}

impl ProducerState {
    /// Whether a batch is new, known or wrong.
    ///
    /// # Errors
    /// [`ProducerError`].
    pub fn check(&self, header: &BatchHeader, check: ProducerCheck) -> Result<Verdict, ProducerError> {
        if check == ProducerCheck::None || !header.has_producer() || header.attributes.is_control() {
            return Ok(Verdict::New);
        }
        let Some(entry) = self.producers.get(&header.producer_id) else {
            // unknown, perhaps expired or deleted with its records: any sequence number is taken
            return Ok(Verdict::New);
        };
        let (id, sequence) = (header.producer_id, header.base_sequence);
        let duplicate = |trace: &&BatchTrace| {
            trace.base_sequence() == sequence && trace.last_sequence == header.last_sequence()
        };
        if header.producer_epoch == entry.epoch
            && let Some(trace) = entry.batches.iter().find(duplicate)
        {
            return Ok(Verdict::Duplicate(*trace));
        }
        if header.producer_epoch < entry.epoch {
            return Err(ProducerError::Fenced { id, epoch: header.producer_epoch, current: entry.epoch });
        }
        let last = entry.batches.last().map_or(Sequence::NONE, |trace| trace.last_sequence);
        let in_order = if header.producer_epoch == entry.epoch {
            sequence == last.plus(1)
        } else {
            sequence == Sequence(0)
        };
        if in_order { Ok(Verdict::New) } else { Err(ProducerError::OutOfOrder { id, sequence, last }) }
    }

    /// Notes a batch that is in the log at the offsets of its header.
    pub fn appended(&mut self, header: &BatchHeader) {
        if !header.has_producer() {
            return;
        }
        let id = header.producer_id;
        let entry = self.producers.entry(id).or_insert_with(|| ProducerEntry {
            epoch: header.producer_epoch,
            coordinator_epoch: -1,
            last_timestamp: header.max_timestamp,
            transaction_start: None,
            batches: Vec::new(),
        });
        if header.producer_epoch != entry.epoch {
            entry.epoch = header.producer_epoch;
            entry.batches.clear();
        }
        entry.last_timestamp = header.max_timestamp;
        if header.attributes.is_control() {
            // the end of a transaction: a marker has no sequence number
            if let Some(start) = entry.transaction_start.take() {
                self.open_transactions.remove(&(start, id));
            }
            return;
        }
        if entry.batches.len() == BATCHES_KEPT {
            entry.batches.remove(0);
        }
        entry.batches.push(BatchTrace {
            last_sequence: header.last_sequence(),
            last_offset: header.last_offset(),
            offset_delta: header.last_offset_delta,
            timestamp: header.max_timestamp,
        });
        if header.attributes.is_transactional() && entry.transaction_start.is_none() {
            entry.transaction_start = Some(header.base_offset);
            self.open_transactions.insert((header.base_offset, id));
        }
    }

    /// What is known of a producer.
    #[must_use]
    pub fn get(&self, id: ProducerId) -> Option<&ProducerEntry> {
        self.producers.get(&id)
    }

    /// Puts a producer back to what [`ProducerState::get`] said before an append that failed.
    pub fn restore(&mut self, id: ProducerId, entry: Option<ProducerEntry>) {
        if let Some(start) = self.producers.remove(&id).and_then(|now| now.transaction_start) {
            self.open_transactions.remove(&(start, id));
        }
        if let Some(entry) = entry {
            if let Some(start) = entry.transaction_start {
                self.open_transactions.insert((start, id));
            }
            self.producers.insert(id, entry);
        }
    }

    /// All producers, by id.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ProducerId, &ProducerEntry)> {
        self.producers.iter().map(|(id, entry)| (*id, entry))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.producers.is_empty()
    }

    /// Where the first open transaction began: read-committed readers stop before it.
    #[must_use]
    pub fn first_unstable_offset(&self) -> Option<Offset> {
        self.open_transactions.first().map(|(offset, _)| *offset)
    }

    /// Forgets producers that have not written for `producer.id.expiration.ms` and have no open transaction.
    pub fn expire(&mut self, now: Wall, expiration_ms: i64) {
        self.producers.retain(|_, entry| {
            entry.transaction_start.is_some() || now.0.saturating_sub(entry.last_timestamp.0) < expiration_ms
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_records::{BatchBuilder, Compression, Producer};

    fn header(offset: i64, epoch: i16, sequence: i32, records: usize, transactional: bool) -> BatchHeader {
        let producer = Producer {
            id: ProducerId(1),
            epoch: ProducerEpoch(epoch),
            base_sequence: Sequence(sequence),
            transactional,
        };
        let mut builder = BatchBuilder::new(Offset(offset), Compression::None).producer(producer);
        for _ in 0..records {
            builder.push(Wall(offset), None, None, &[]);
        }
        *builder.build().header()
    }

    /// Two records in each of six batches, from offset 100 and sequence number 0.
    fn six() -> ProducerState {
        let mut state = ProducerState::default();
        for batch in 0..6 {
            state.appended(&header(100 + 2 * i64::from(batch), 3, 2 * batch, 2, false));
        }
        state
    }

    #[test]
    fn duplicates_order_and_fencing() {
        let check = |epoch: i16, sequence: i32, records: usize, want: &str| {
            let verdict = six().check(&header(0, epoch, sequence, records, false), ProducerCheck::Full);
            let verdict = match verdict {
                Ok(Verdict::New) => "new".to_owned(),
                Ok(Verdict::Duplicate(trace)) => format!("duplicate of {}", trace.base_offset()),
                Err(ProducerError::OutOfOrder { last, .. }) => format!("out of order after {last}"),
                Err(ProducerError::Fenced { current, .. }) => format!("fenced by {current}"),
            };
            assert_eq!(verdict, want, "{epoch} {sequence} {records}");
        };
        check(3, 12, 1, "new");
        check(3, 10, 2, "duplicate of 110");
        check(3, 2, 2, "duplicate of 102");
        check(3, 0, 2, "out of order after 11"); // the sixth back is forgotten
        check(3, 10, 1, "out of order after 11"); // not the same batch
        check(3, 13, 1, "out of order after 11");
        check(2, 12, 1, "fenced by 3");
        check(4, 0, 1, "new");
        check(4, 12, 1, "out of order after 11");
    }

    #[test]
    fn sequences_wrap() {
        let mut state = ProducerState::default();
        let last = header(0, 0, i32::MAX - 1, 3, false);
        state.appended(&last);
        assert_eq!(last.last_sequence(), Sequence(0));
        assert!(matches!(state.check(&last, ProducerCheck::Full), Ok(Verdict::Duplicate(_))));
        assert_eq!(state.check(&header(3, 0, 1, 1, false), ProducerCheck::Full), Ok(Verdict::New));
    }

    #[test]
    fn transactions_hold_the_stable_offset() {
        let mut state = ProducerState::default();
        state.appended(&header(10, 0, 0, 1, true));
        state.appended(&header(11, 0, 1, 1, true));
        assert_eq!(state.first_unstable_offset(), Some(Offset(10)));
        let mut marker = header(12, 0, -1, 1, true);
        marker.attributes = marker.attributes.control();
        let before = state.get(ProducerId(1)).cloned();
        state.appended(&marker);
        assert_eq!(state.first_unstable_offset(), None);
        assert_eq!(state.check(&header(13, 0, 2, 1, true), ProducerCheck::Full), Ok(Verdict::New));
        state.restore(ProducerId(1), before);
        assert_eq!(state.first_unstable_offset(), Some(Offset(10)));
    }

    #[test]
    fn idle_producers_expire() {
        let mut state = six();
        state.expire(Wall(1109), 1000);
        assert!(!state.is_empty());
        state.expire(Wall(1110), 1000);
        assert!(state.is_empty());
    }
}
