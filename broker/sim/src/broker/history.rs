//! The oracle: what clients were told, and what the log may therefore say.
//!
//! While no disk loses anything (a kill, a pause, a broken network), every acknowledged record is at its offset for ever, and
//! whatever was once read stays. After a *loss* (power, a failed sync) the log of each partition must be a prefix of what was
//! known: everything up to the recovery point that the disk promised is there, and a record that is gone does not come back.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

/// A record's value: which producer's, and its number there, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Value {
    /// Whose it is.
    pub producer: u32,
    /// Its number.
    pub number: u64,
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}#{}", self.producer, self.number)
    }
}

impl Value {
    /// Its bytes: 12 that name it, then as many as its number says, so that batches differ in size.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        let mut bytes = [&self.producer.to_be_bytes()[..], &self.number.to_be_bytes()].concat();
        let filling = self.number.wrapping_mul(0x9e37_79b9) % 1500;
        bytes.extend((0..filling).map(|index| (index ^ self.number) as u8));
        bytes
    }

    /// The value of these bytes; none when they are not one.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let producer = u32::from_be_bytes(bytes.get(..4)?.try_into().ok()?);
        let number = u64::from_be_bytes(bytes.get(4..12)?.try_into().ok()?);
        let value = Self { producer, number };
        (value.to_bytes() == bytes).then_some(value)
    }
}

/// The number of losses so far: what was told on a connection from before a loss belongs before it.
pub type Era = u32;

/// What is known of one partition.
#[derive(Debug, Default)]
pub struct PartitionHistory {
    known: BTreeMap<i64, (Value, Era)>,
    acked: BTreeMap<Value, Era>,
    lost: BTreeSet<Value>,
    /// In each era after the first, what its loss must have left: everything before this offset.
    floors: Vec<i64>,
}

/// What is known of a topic, by partition.
#[derive(Debug, Default)]
pub struct History {
    partitions: BTreeMap<i32, PartitionHistory>,
    era: Era,
}

impl History {
    /// The current era.
    #[must_use]
    pub fn era(&self) -> Era {
        self.era
    }

    /// A partition's history.
    pub fn partition(&mut self, index: i32) -> &mut PartitionHistory {
        let partition = self.partitions.entry(index).or_default();
        partition.floors.resize(self.era as usize, 0);
        partition
    }

    /// A loss: `floor` tells, for each partition, up to where the disk promised to have everything.
    pub fn loss(&mut self, floor: impl Fn(i32) -> i64) {
        for (index, partition) in &mut self.partitions {
            partition.floors.resize(self.era as usize, 0);
            partition.floors.push(floor(*index));
        }
        self.era += 1;
    }

    /// How many records were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> usize {
        self.partitions.values().map(|partition| partition.acked.len()).sum()
    }

    /// How many records losses took.
    #[must_use]
    pub fn lost(&self) -> usize {
        self.partitions.values().map(|partition| partition.lost.len()).sum()
    }
}

impl PartitionHistory {
    /// The broker said that `value` is in the log, at `offset` if it told one.
    ///
    /// # Errors
    /// When that cannot be.
    pub fn acknowledged(&mut self, offset: Option<i64>, value: Value, era: Era) -> Result<(), String> {
        let observed = offset.map_or(Ok(()), |offset| self.observe(offset, value, era));
        self.acked.insert(value, era); // after: what the observation shows to be lost is what was acknowledged before
        observed
    }

    /// `value` is (or, on a connection of an earlier era, was) at `offset`.
    ///
    /// # Errors
    /// When that cannot be.
    pub fn observe(&mut self, offset: i64, value: Value, era: Era) -> Result<(), String> {
        match self.known.get(&offset).copied() {
            Some((other, _)) if other == value => return Ok(()),
            Some((other, told)) if told >= era => {
                if told == era {
                    return Err(format!("offset {offset} has {value}, but had {other}"));
                }
                return Ok(()); // late news from before a loss
            }
            Some((other, told)) => {
                let floor = self.floors[told as usize..era as usize].iter().min().copied().unwrap_or(0);
                if offset < floor {
                    return Err(format!(
                        "offset {offset}, durable up to {floor}, has {value}, but had {other}"
                    ));
                }
                self.cut(offset, era);
            }
            None => {}
        }
        if self.lost.contains(&value) && era as usize == self.floors.len() {
            return Err(format!("{value} was lost and came back at offset {offset}"));
        }
        self.known.insert(offset, (value, era));
        Ok(())
    }

    /// The log was cut at or before `offset`: what was known from there on is lost, for ever.
    fn cut(&mut self, offset: i64, era: Era) {
        let after = self.known.split_off(&offset);
        for (offset, (value, told)) in after {
            if told < era {
                // one that was read but never acknowledged is sent again, and may well come back
                if self.acked.remove(&value).is_some() {
                    self.lost.insert(value);
                }
            } else {
                self.known.insert(offset, (value, told));
            }
        }
    }

    /// The whole log was read, in the current era.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn verify(&mut self, log: &BTreeMap<i64, Value>, end: i64) -> Result<(), String> {
        let era = self.floors.len() as Era;
        let promised = self.floors.last().copied().unwrap_or(0);
        if end < promised {
            return Err(format!("the log ends at {end}, but the recovery point was {promised}"));
        }
        for (offset, value) in log {
            self.observe(*offset, *value, era)?;
        }
        let beyond = self.known.range(end..).next().map(|(offset, (value, told))| (*offset, *value, *told));
        if let Some((offset, value, told)) = beyond {
            if told == era {
                return Err(format!("{value} was at offset {offset}, but the log ends at {end}"));
            }
            self.cut(end, era);
        }
        self.all_there(log)?;
        in_order_and_once(log)
    }

    fn all_there(&mut self, log: &BTreeMap<i64, Value>) -> Result<(), String> {
        let era = self.floors.len() as Era;
        let there: BTreeSet<Value> = log.values().copied().collect();
        for (value, told) in self.acked.clone() {
            if there.contains(&value) {
                self.acked.insert(value, era);
            } else if told < era {
                self.acked.remove(&value);
                self.lost.insert(value);
            } else {
                return Err(format!("{value} was acknowledged and is not in the log"));
            }
        }
        for (offset, (value, _)) in &mut self.known {
            if log.get(offset) != Some(value) {
                return Err(format!("offset {offset} had {value} and now has {:?}", log.get(offset)));
            }
        }
        self.known.values_mut().for_each(|(_, told)| *told = era); // it survived: from now on it stays
        Ok(())
    }
}

/// Each producer's records are there in the order of their numbers, each at most once.
fn in_order_and_once(log: &BTreeMap<i64, Value>) -> Result<(), String> {
    let mut last: BTreeMap<u32, (u64, i64)> = BTreeMap::new();
    for (offset, value) in log {
        if let Some((number, before)) = last.insert(value.producer, (value.number, *offset))
            && number >= value.number
        {
            return Err(format!("{value} at offset {offset} comes after #{number} at offset {before}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(number: u64) -> Value {
        Value { producer: 1, number }
    }

    fn log(numbers: &[u64]) -> BTreeMap<i64, Value> {
        (0..).zip(numbers.iter().map(|number| value(*number))).collect()
    }

    /// Acknowledges 0..acked at their offsets, loses down to `floor` if given, and verifies `numbers`.
    fn check(acked: i64, floor: Option<i64>, numbers: &[u64], expected: Result<(), &str>) {
        let mut history = History::default();
        for offset in 0..acked {
            history.partition(0).acknowledged(Some(offset), value(offset as u64), 0).unwrap();
        }
        if let Some(floor) = floor {
            history.loss(|_| floor);
        }
        let result = history.partition(0).verify(&log(numbers), numbers.len() as i64);
        assert_eq!(result, expected.map_err(str::to_owned), "{acked} {floor:?} {numbers:?}");
    }

    #[test]
    fn finds_what_is_wrong() {
        check(3, None, &[0, 1, 2, 3], Ok(()));
        check(3, None, &[0, 1], Err("p1#2 was at offset 2, but the log ends at 2"));
        check(3, None, &[0, 1, 5], Err("offset 2 has p1#5, but had p1#2"));
        check(2, None, &[0, 1, 1], Err("p1#1 at offset 2 comes after #1 at offset 1"));
        check(1, None, &[0, 3, 2], Err("p1#2 at offset 2 comes after #3 at offset 1"));
        check(3, Some(2), &[0, 1], Ok(()));
        check(3, Some(2), &[0, 1, 7], Ok(()));
        check(3, Some(2), &[0], Err("the log ends at 1, but the recovery point was 2"));
        check(3, Some(2), &[0, 7, 8], Err("offset 1, durable up to 2, has p1#7, but had p1#1"));
        check(4, Some(1), &[0, 7, 2, 8], Err("p1#2 was lost and came back at offset 2"));
    }

    #[test]
    fn late_news_from_before_a_loss_change_nothing() {
        let mut history = History::default();
        history.partition(0).observe(0, value(0), 0).unwrap();
        history.loss(|_| 0);
        history.partition(0).observe(0, value(5), 1).unwrap();
        history.partition(0).observe(0, value(0), 0).unwrap();
        assert!(history.partition(0).observe(0, value(6), 1).is_err());
    }

    #[test]
    fn what_was_only_read_may_be_sent_again() {
        let mut history = History::default();
        history.partition(0).observe(0, value(0), 0).unwrap();
        history.partition(0).observe(1, value(1), 0).unwrap();
        history.loss(|_| 0);
        history.partition(0).acknowledged(Some(0), value(1), 1).unwrap();
    }

    #[test]
    fn values_name_themselves() {
        for number in [0, 1, 77, 12345] {
            assert_eq!(Value::of(&value(number).to_bytes()), Some(value(number)));
        }
        let mut broken = value(77).to_bytes();
        broken[20] ^= 1;
        assert_eq!(Value::of(&broken), None);
    }
}
