//! Which replicas of a topic are throttled while they are moved (KIP-73).

use super::elements;
use klamm_types::{BrokerId, PartitionIndex};

/// The value of `leader.replication.throttled.replicas` or `follower.replication.throttled.replicas`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ThrottledReplicas {
    /// All: `*`.
    All,
    /// These: each is a partition and a broker.
    These(Vec<(PartitionIndex, BrokerId)>),
}

impl ThrottledReplicas {
    /// Reads `*`, or `partition:broker` pairs with commas between them; none when it is neither.
    #[must_use]
    pub fn parse(value: &str) -> Option<Self> {
        if value.trim() == "*" {
            return Some(ThrottledReplicas::All);
        }
        let number = |text: &str| text.parse::<i32>().ok().filter(|number| *number >= 0);
        let pair = |text: &str| {
            let (partition, broker) = text.split_once(':')?;
            Some((PartitionIndex(number(partition)?), BrokerId(number(broker)?)))
        };
        elements(value).map(pair).collect::<Option<_>>().map(ThrottledReplicas::These)
    }

    /// Whether the replica of `partition` on `broker` is one of them.
    #[must_use]
    pub fn names(&self, partition: PartitionIndex, broker: BrokerId) -> bool {
        match self {
            ThrottledReplicas::All => true,
            ThrottledReplicas::These(these) => these.contains(&(partition, broker)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the replicas 0:1, 0:2 and 3:1 are named.
    fn check(value: &str, expected: Option<[bool; 3]>) {
        let named = |all: ThrottledReplicas| {
            [(0, 1), (0, 2), (3, 1)]
                .map(|(partition, broker)| all.names(PartitionIndex(partition), BrokerId(broker)))
        };
        assert_eq!(ThrottledReplicas::parse(value).map(named), expected, "{value:?}");
    }

    #[test]
    fn all_or_pairs() {
        check("", Some([false; 3]));
        check("*", Some([true; 3]));
        check("0:1", Some([true, false, false]));
        check(" 3:1, 0:2", Some([false, true, true]));
        check("0:1,*", None);
        check("0", None);
        check("0:-1", None);
        check("0:1:2", None);
    }
}
