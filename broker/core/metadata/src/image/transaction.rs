//! Metadata transactions (KIP-868): what Apache Kafka's controllers write in more than one batch becomes true at once, or never.
//! Klamm's own decisions are one batch each and need none.

use super::{ApplyError, Delta, Image};
use crate::Record;
use std::sync::Arc;

impl Image {
    /// Whether the log ends within a transaction here: what is in it is not true yet. A new active controller aborts it, because
    /// whoever began it does not end it any more.
    #[must_use]
    pub fn in_transaction(&self) -> bool {
        self.open.is_some()
    }

    /// Takes the next record of the log: at once, or with the end of its transaction.
    pub(super) fn take(&mut self, record: &Record, delta: &mut Delta) -> Result<(), ApplyError> {
        match (record, &mut self.open) {
            (Record::BeginTransaction(_), None) => self.open = Some(Arc::default()),
            (Record::EndTransaction(_), Some(_)) => {
                let records = self.open.take().unwrap_or_default();
                for record in records.iter() {
                    self.apply_one(record, delta)?;
                }
            }
            (Record::AbortTransaction(_), Some(_)) => self.open = None,
            (Record::BeginTransaction(_), Some(_))
            | (Record::EndTransaction(_) | Record::AbortTransaction(_), None) => {
                return Err(ApplyError::Transaction(record.name()));
            }
            (record, Some(open)) => Arc::make_mut(open).push(record.clone()),
            (record, None) => self.apply_one(record, delta)?,
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{METADATA_VERSION, Position, Replay};
    use klamm_protocol::{
        AbortTransactionRecord, BeginTransactionRecord, EndTransactionRecord, FeatureLevelRecord,
    };

    fn begin() -> Record {
        BeginTransactionRecord::default().into()
    }

    fn end() -> Record {
        EndTransactionRecord::default().into()
    }

    fn abort() -> Record {
        AbortTransactionRecord::default().into()
    }

    fn level(level: i16) -> Record {
        FeatureLevelRecord { name: METADATA_VERSION.into(), feature_level: level }.into()
    }

    /// Applies the batches one after the other, and as a start from the disk does; the level after each.
    fn check(batches: &[&[Record]], expected: &[i16]) {
        let (mut image, mut replay) = (Image::default(), Replay::default());
        for (records, expected) in batches.iter().zip(expected) {
            let (next, delta) = image.apply(records, Position::default()).expect("they fit");
            assert_eq!(next.features.level(METADATA_VERSION), *expected, "{records:?}");
            assert_eq!(delta.features, next.features != image.features, "{records:?}");
            image = next;
            records.iter().for_each(|record| replay.push(record).expect("it fits"));
        }
        assert_eq!(replay.finish(Position::default()).0, image);
    }

    #[test]
    fn a_transaction_becomes_true_at_its_end() {
        check(&[&[level(25)], &[begin(), level(26)], &[level(27)], &[end()]], &[25, 25, 25, 27]);
        check(&[&[begin(), level(26), end(), level(28)]], &[28]);
        check(&[&[level(25)], &[begin(), level(26)], &[abort()], &[level(27)]], &[25, 25, 25, 27]);
    }

    #[test]
    fn the_log_tells_whether_one_is_open() {
        let (open, _) = Image::default().apply(&[begin(), level(26)], Position::default()).expect("they fit");
        let (closed, _) = open.apply(&[abort()], Position::default()).expect("it fits");
        assert_eq!((open.in_transaction(), closed.in_transaction()), (true, false));
        assert_eq!(closed, Image::default());
    }

    #[test]
    fn what_was_not_begun_does_not_end() {
        for (records, name) in [
            (vec![end()], "EndTransactionRecord"),
            (vec![abort()], "AbortTransactionRecord"),
            (vec![begin(), begin()], "BeginTransactionRecord"),
        ] {
            let applied = Image::default().apply(&records, Position::default());
            assert_eq!(applied.err(), Some(ApplyError::Transaction(name)));
        }
    }
}
