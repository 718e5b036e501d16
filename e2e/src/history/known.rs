//! What all operations together say is where.

use std::collections::BTreeMap;
use std::ops::Bound::Excluded;

use super::{Action, Operation, Outcome, Place};

/// Which record is where, each with the first operation that says so.
pub struct Known<'h> {
    by_place: BTreeMap<Place, BTreeMap<u64, &'h Operation>>,
    by_value: BTreeMap<u64, BTreeMap<Place, &'h Operation>>,
    sent: BTreeMap<u64, Sent<'h>>,
    read: BTreeMap<u64, &'h Operation>,
    /// By partition, the last place that somebody read.
    last_read: BTreeMap<i32, (Place, &'h Operation)>,
}

/// How a record was sent.
pub struct Sent<'h> {
    pub partition: i32,
    pub outcome: Outcome,
    pub operation: &'h Operation,
}

impl<'h> Known<'h> {
    pub fn of(history: &'h [Operation]) -> Known<'h> {
        let mut known = Known {
            by_place: BTreeMap::new(),
            by_value: BTreeMap::new(),
            sent: BTreeMap::new(),
            read: BTreeMap::new(),
            last_read: BTreeMap::new(),
        };
        for operation in history {
            known.learn(operation);
        }
        known
    }

    fn learn(&mut self, operation: &'h Operation) {
        if let Action::Send { partition, value, outcome } = operation.action {
            self.sent.insert(value, Sent { partition, outcome, operation });
        }
        for (place, value) in operation.read() {
            self.read.entry(value).or_insert(operation);
            let last = self.last_read.entry(place.partition).or_insert((place, operation));
            if place > last.0 {
                *last = (place, operation);
            }
        }
        for (place, value) in operation.acknowledged().into_iter().chain(operation.read()) {
            self.by_place.entry(place).or_default().entry(value).or_insert(operation);
            self.by_value.entry(value).or_default().entry(place).or_insert(operation);
        }
    }

    /// Every place with the records that are said to be there: one, if all is well.
    pub fn places(&self) -> impl Iterator<Item = (Place, &BTreeMap<u64, &'h Operation>)> {
        self.by_place.iter().map(|(place, values)| (*place, values))
    }

    /// Every record with the places where it is said to be: one, if all is well.
    pub fn values(&self) -> impl Iterator<Item = (u64, &BTreeMap<Place, &'h Operation>)> {
        self.by_value.iter().map(|(value, places)| (*value, places))
    }

    /// How a record was sent; none if nobody did.
    pub fn sent(&self, value: u64) -> Option<&Sent<'h>> {
        self.sent.get(&value)
    }

    /// Every acknowledged record and its place.
    pub fn acknowledged(&self) -> impl Iterator<Item = (Place, u64, &'h Operation)> {
        self.sent.values().filter_map(|sent| {
            let (place, value) = sent.operation.acknowledged()?;
            Some((place, value, sent.operation))
        })
    }

    /// Every record that was read, and who read it first.
    pub fn read(&self) -> impl Iterator<Item = (u64, &'h Operation)> {
        self.read.iter().map(|(value, operation)| (*value, *operation))
    }

    /// Whether anybody read it.
    pub fn is_read(&self, value: u64) -> bool {
        self.read.contains_key(&value)
    }

    /// The last place of a partition that somebody read.
    pub fn last_read(&self, partition: i32) -> Option<(Place, &'h Operation)> {
        self.last_read.get(&partition).copied()
    }

    /// The first record between two offsets of a partition.
    pub fn between(&self, partition: i32, after: i64, before: i64) -> Option<(Place, &'h Operation)> {
        let place = |offset| Excluded(Place { partition, offset });
        if before <= after + 1 {
            return None; // a range must not be empty in this way
        }
        let (place, values) = self.by_place.range((place(after), place(before))).next()?;
        values.values().next().map(|operation| (*place, *operation))
    }
}
