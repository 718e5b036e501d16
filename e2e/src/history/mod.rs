//! What clients did and what they were told, and what of it cannot be: the anomalies that Jepsen's workload for Kafka looks
//! for. Pure: operations in, [anomalies](Anomaly) out; no clock, no files, no clients.
//!
//! Every record has a value of its own, so that a value names a record wherever it turns up. Processes that share what they
//! read (the members of a group) have names that are alike up to `/`: together they are one *audience*.

mod anomaly;
mod check;
mod known;
#[cfg(test)]
mod tests;

use std::fmt::{Display, Formatter};

use anyhow::{Context, Result};
use serde::Deserialize;

pub use anomaly::{Anomaly, Kind};
pub use check::check;

/// One operation of one client.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Operation {
    /// Who did it: `produce/1`, `group/2`. It does one thing after the other, but for sends, which overlap.
    pub process: String,
    /// When it began, in ns of the machine's monotonic clock.
    pub begin: u64,
    /// When its outcome was known, in ns of the same clock.
    pub end: u64,
    /// What it was.
    #[serde(flatten)]
    pub action: Action,
}

/// What a client does.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Action {
    /// A record is sent.
    Send {
        /// Where to.
        partition: i32,
        /// Its value, which no other record has.
        value: u64,
        /// What became of it.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// From now on the process reads these partitions too; of those that it read before it forgets where it was.
    Assign {
        /// Each with the offset that is read next, if the client chose one and did not ask the group for it.
        partitions: Vec<(i32, Option<i64>)>,
    },
    /// From now on it reads these partitions no more.
    Revoke {
        /// Which.
        partitions: Vec<i32>,
    },
    /// Records are read, in this order.
    Poll {
        /// Partition, offset and value of each.
        records: Vec<(i32, i64, u64)>,
    },
}

/// What became of a record that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// It is acknowledged, at this offset.
    Ok {
        /// Where the broker says that it is.
        offset: i64,
    },
    /// It was refused: it must not be there.
    Fail,
    /// The client never learned; it may be there or not.
    Unknown,
}

/// A place in a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The partition's index.
    pub partition: i32,
    /// The offset in it.
    pub offset: i64,
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.partition, self.offset)
    }
}

impl Operation {
    /// With whom the process shares what it reads: its name up to `/`.
    pub fn audience(&self) -> &str {
        self.process.split('/').next().unwrap_or_default()
    }

    /// What was read, by place; nothing if it is no poll.
    pub fn read(&self) -> impl Iterator<Item = (Place, u64)> + '_ {
        let records = match &self.action {
            Action::Poll { records } => records.as_slice(),
            _ => &[],
        };
        records
            .iter()
            .map(|(partition, offset, value)| (Place { partition: *partition, offset: *offset }, *value))
    }

    /// Where a record was acknowledged, and its value; none if it is no send, or was not acknowledged.
    pub fn acknowledged(&self) -> Option<(Place, u64)> {
        match self.action {
            Action::Send { partition, value, outcome: Outcome::Ok { offset } } => {
                Some((Place { partition, offset }, value))
            }
            _ => None,
        }
    }
}

/// Reads operations, one per line as JSON.
///
/// # Errors
/// Names the line that is none. A last line without its end is still being written, and is left out.
pub fn parse(lines: &str) -> Result<Vec<Operation>> {
    let whole = lines.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let parsed = |line| serde_json::from_str(line).with_context(|| format!("{line:?} is no operation"));
    whole.lines().map(parsed).collect()
}
