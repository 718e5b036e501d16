//! Producer state as a file, `<offset>.snapshot`: the state after all records below that offset.
//!
//! ```text
//! version i16 = 1 ┆ crc32c of all that follows, u32 ┆ count i32 ┆ entries
//! entry: producer id i64 ┆ epoch i16 ┆ last sequence i32 ┆ last offset i64 ┆ offset delta i32 ┆ timestamp i64
//!        ┆ coordinator epoch i32 ┆ open transaction's first offset i64 (−1: none)
//! ```
//! That is Kafka's, which keeps only the last batch of each producer, so that a batch sent again after a restart may be taken
//! for one out of order. After the entries, where Kafka's reader does not look, come the batches before the last:
//! ```text
//! "KLMM" ┆ for each entry, in the same order: count u8 ┆ (last sequence i32 ┆ last offset i64 ┆ offset delta i32 ┆ timestamp i64)*
//! ```

use crate::{BatchTrace, ProducerEntry, ProducerState, producer::BATCHES_KEPT};
use klamm_types::{Buf, BufMut, Offset, ProducerEpoch, ProducerId, Sequence, Wall};
use thiserror::Error;

const VERSION: i16 = 1;
/// Where what the CRC covers begins.
const ENTRIES_AT: usize = 6;
const ENTRY_BYTES: usize = 46;
const TRACE_BYTES: usize = 24;
const EXTENSION: &[u8; 4] = b"KLMM";

/// A snapshot cannot be read. It is then deleted, and the state is read from an older one and the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BadSnapshot {
    /// Of another version.
    #[error("the producer snapshot has version {0}; only 1 is known")]
    Version(i16),
    /// Its bytes are not those that were written.
    #[error("the producer snapshot's CRC is not that of its bytes")]
    Crc,
    /// It ends early.
    #[error("the producer snapshot is cut")]
    Cut,
}

/// The file's bytes.
#[must_use]
pub fn encode_snapshot(state: &ProducerState) -> Vec<u8> {
    let producers = state.iter();
    let mut out = Vec::with_capacity(ENTRIES_AT + 4 + producers.len() * (ENTRY_BYTES + 1 + 4 * TRACE_BYTES));
    out.put_i16(VERSION);
    out.put_u32(0);
    out.put_i32(producers.len() as i32);
    for (id, entry) in producers {
        let last = entry.batches.last().copied().unwrap_or(BatchTrace {
            last_sequence: Sequence::NONE,
            last_offset: Offset::NONE,
            offset_delta: 0,
            timestamp: entry.last_timestamp,
        });
        out.put_i64(id.0);
        out.put_i16(entry.epoch.0);
        put_trace(&mut out, &BatchTrace { timestamp: entry.last_timestamp, ..last });
        out.put_i32(entry.coordinator_epoch);
        out.put_i64(entry.transaction_start.unwrap_or(Offset::NONE).0);
    }
    out.put_slice(EXTENSION);
    for (_, entry) in state.iter() {
        let older = &entry.batches[..entry.batches.len().saturating_sub(1)];
        out.put_u8(older.len() as u8);
        older.iter().for_each(|trace| put_trace(&mut out, trace));
    }
    let crc = crc32c::crc32c(&out[ENTRIES_AT..]);
    out[2..ENTRIES_AT].copy_from_slice(&crc.to_be_bytes());
    out
}

fn put_trace(out: &mut Vec<u8>, trace: &BatchTrace) {
    out.put_i32(trace.last_sequence.0);
    out.put_i64(trace.last_offset.0);
    out.put_i32(trace.offset_delta);
    out.put_i64(trace.timestamp.0);
}

fn get_trace(bytes: &mut &[u8]) -> BatchTrace {
    BatchTrace {
        last_sequence: Sequence(bytes.get_i32()),
        last_offset: Offset(bytes.get_i64()),
        offset_delta: bytes.get_i32(),
        timestamp: Wall(bytes.get_i64()),
    }
}

/// Reads the file's bytes.
///
/// # Errors
/// [`BadSnapshot`].
pub fn decode_snapshot(mut bytes: &[u8]) -> Result<ProducerState, BadSnapshot> {
    if bytes.len() < ENTRIES_AT + 4 {
        return Err(BadSnapshot::Cut);
    }
    let version = bytes.get_i16();
    if version != VERSION {
        return Err(BadSnapshot::Version(version));
    }
    if bytes.get_u32() != crc32c::crc32c(bytes) {
        return Err(BadSnapshot::Crc);
    }
    let count = usize::try_from(bytes.get_i32()).map_err(|_| BadSnapshot::Cut)?;
    if count > bytes.len() / ENTRY_BYTES {
        return Err(BadSnapshot::Cut);
    }
    let mut producers: Vec<_> = (0..count).map(|_| get_entry(&mut bytes)).collect();
    if let Some(mut extension) = bytes.strip_prefix(EXTENSION) {
        for (_, entry) in &mut producers {
            get_older(&mut extension, entry)?;
        }
    }
    let mut state = ProducerState::default();
    for (id, entry) in producers {
        state.restore(id, Some(entry));
    }
    Ok(state)
}

fn get_entry(bytes: &mut &[u8]) -> (ProducerId, ProducerEntry) {
    let id = ProducerId(bytes.get_i64());
    let epoch = ProducerEpoch(bytes.get_i16());
    let last = get_trace(bytes);
    let coordinator_epoch = bytes.get_i32();
    let transaction_start = Offset(bytes.get_i64());
    let batches = if last.last_offset.0 >= 0 { vec![last] } else { Vec::new() };
    let entry = ProducerEntry {
        epoch,
        coordinator_epoch,
        last_timestamp: last.timestamp,
        transaction_start: (transaction_start.0 >= 0).then_some(transaction_start),
        batches,
    };
    (id, entry)
}

fn get_older(bytes: &mut &[u8], entry: &mut ProducerEntry) -> Result<(), BadSnapshot> {
    let count = usize::from(bytes.try_get_u8().map_err(|_| BadSnapshot::Cut)?);
    if count >= BATCHES_KEPT || count * TRACE_BYTES > bytes.len() {
        return Err(BadSnapshot::Cut);
    }
    let last = std::mem::take(&mut entry.batches);
    entry.batches.extend((0..count).map(|_| get_trace(bytes)));
    entry.batches.extend(last);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(batches: i32) -> ProducerState {
        let trace = |n: i32| BatchTrace {
            last_sequence: Sequence(n),
            last_offset: Offset(i64::from(n)),
            offset_delta: 0,
            timestamp: Wall(i64::from(n)),
        };
        let mut state = ProducerState::default();
        for (id, transaction_start) in [(7, None), (8, Some(Offset(1)))] {
            let entry = ProducerEntry {
                epoch: ProducerEpoch(2),
                coordinator_epoch: -1,
                last_timestamp: Wall(i64::from(batches) - 1),
                transaction_start,
                batches: (0..batches).map(trace).collect(),
            };
            state.restore(ProducerId(id), Some(entry));
        }
        state
    }

    #[test]
    fn round_trips() {
        for state in [ProducerState::default(), state(0), state(1), state(5)] {
            assert_eq!(decode_snapshot(&encode_snapshot(&state)), Ok(state));
        }
    }

    #[test]
    fn kafkas_own_are_read() {
        let mut bytes = encode_snapshot(&state(3));
        bytes.truncate(10 + 2 * ENTRY_BYTES);
        let crc = crc32c::crc32c(&bytes[6..]).to_be_bytes();
        bytes[2..6].copy_from_slice(&crc);
        let read = decode_snapshot(&bytes).expect("whole");
        assert_eq!(read.get(ProducerId(7)).expect("there").batches.len(), 1);
        assert_eq!(read.first_unstable_offset(), Some(Offset(1)));
    }

    #[test]
    fn damage_is_found() {
        let good = encode_snapshot(&state(2));
        for cut in 0..good.len() {
            assert!(decode_snapshot(&good[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 0x10;
            assert!(decode_snapshot(&bytes).is_err(), "flipped at {at}");
        }
    }
}
