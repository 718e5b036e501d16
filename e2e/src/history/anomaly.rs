//! What cannot be, with the operations that show it.

use std::fmt::{Display, Formatter};

use super::{Action, Operation, Outcome};

/// The kinds of anomalies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An acknowledged record was read by nobody, though records behind it were.
    LostWrite,
    /// A record is at two places.
    Duplicate,
    /// Two records are at one place, in different eyes.
    OffsetDivergence,
    /// A record was read that was refused.
    FailedWrite,
    /// A record was read that nobody sent there.
    NeverSent,
    /// A process's later record lies before its earlier one.
    SendInversion,
    /// A process read on at a place that it had passed already.
    PollInversion,
    /// A process read on behind a record that it was not given.
    Skip,
    /// An acknowledged record never came to an audience that read to the end.
    Unseen,
}

/// Something that cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anomaly<'h> {
    /// What kind of.
    pub kind: Kind,
    /// What exactly, in one sentence.
    pub what: String,
    /// The operations that show it, in the order in which the sentence speaks of them.
    pub operations: Vec<&'h Operation>,
}

/// Records that are shown of a poll.
const SHOWN: usize = 6;

impl Display for Anomaly<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.what)?;
        self.operations.iter().try_for_each(|operation| write!(f, "\n    {operation}"))
    }
}

impl Display for Operation {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let ms = |ns: u64| ns / 1_000_000;
        write!(f, "{} {}–{} ms ", self.process, ms(self.begin), ms(self.end))?;
        match &self.action {
            Action::Send { partition, value, outcome } => {
                write!(f, "sends {value} to {partition}: ")?;
                match outcome {
                    Outcome::Ok { offset } => write!(f, "at {offset}"),
                    Outcome::Fail => f.write_str("refused"),
                    Outcome::Unknown => f.write_str("never learned"),
                }
            }
            Action::Assign { partitions } => write!(f, "is assigned {partitions:?}"),
            Action::Revoke { partitions } => write!(f, "gives up {partitions:?}"),
            Action::Poll { records } => {
                write!(f, "reads")?;
                for (partition, offset, value) in records.iter().take(SHOWN) {
                    write!(f, " {partition}:{offset}={value}")?;
                }
                if records.len() > SHOWN { write!(f, " and {} more", records.len() - SHOWN) } else { Ok(()) }
            }
        }
    }
}
