//! Numbers that name or order things.

use crate::{Str, TopicId};
use std::fmt;

macro_rules! number {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<$inner> for $name {
            fn from(value: $inner) -> Self {
                Self(value)
            }
        }
    };
}

number! {
    /// The position of a record in a partition's log, counted in records from 0. −1 is "none" on the wire.
    Offset(i64)
}
number! {
    /// How often a partition (or the metadata quorum) has changed its leader. −1 is "unknown" on the wire.
    LeaderEpoch(i32)
}
number! {
    /// A broker's `node.id`. −1 is "none" on the wire.
    BrokerId(i32)
}
number! {
    /// One incarnation of a registered broker: the metadata offset of its registration (KIP-841).
    BrokerEpoch(i64)
}
number! {
    /// The index of a partition in its topic, from 0.
    PartitionIndex(i32)
}
number! {
    /// An idempotent or transactional producer (KIP-98). −1 is "none".
    ProducerId(i64)
}
number! {
    /// The incarnation of a producer id (KIP-98). −1 is "none".
    ProducerEpoch(i16)
}
number! {
    /// The sequence number of a record within (producer id, epoch, partition); wraps from `i32::MAX` to 0. −1 is "none".
    Sequence(i32)
}

impl Offset {
    /// "No offset", as Kafka's wire and disk formats say it.
    pub const NONE: Offset = Offset(-1);

    /// The offset `records` records later.
    #[must_use]
    pub fn plus(self, records: i64) -> Offset {
        Offset(self.0 + records)
    }
}

impl LeaderEpoch {
    /// "Unknown epoch", as Kafka's wire and disk formats say it.
    pub const NONE: LeaderEpoch = LeaderEpoch(-1);
}

impl BrokerId {
    /// "No broker", as Kafka's wire formats say it.
    pub const NONE: BrokerId = BrokerId(-1);
}

impl ProducerId {
    /// A batch of a producer that is not idempotent.
    pub const NONE: ProducerId = ProducerId(-1);
}

impl Sequence {
    /// A batch of a producer that is not idempotent.
    pub const NONE: Sequence = Sequence(-1);

    /// The sequence number `records` records later; wraps to 0 after `i32::MAX` as Kafka's clients do.
    #[must_use]
    pub fn plus(self, records: i32) -> Sequence {
        let (sum, overflow) = self.0.overflowing_add(records);
        if overflow { Sequence(sum & i32::MAX) } else { Sequence(sum) }
    }
}

/// A partition by its topic's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicPartition {
    /// The topic's name.
    pub topic: Str,
    /// The partition's index.
    pub partition: PartitionIndex,
}

impl fmt::Display for TopicPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.topic, self.partition)
    }
}

/// A partition by its topic's id (KIP-516): a topic that was deleted and made anew is another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TopicIdPartition {
    /// The topic's id.
    pub topic: TopicId,
    /// The partition's index.
    pub partition: PartitionIndex,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_wrap_to_zero() {
        assert_eq!(Sequence(i32::MAX).plus(1), Sequence(0));
        assert_eq!(Sequence(i32::MAX - 1).plus(3), Sequence(1));
        assert_eq!(Sequence(5).plus(2), Sequence(7));
    }
}
