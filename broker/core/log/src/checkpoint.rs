//! Offset checkpoints: `recovery-point-offset-checkpoint`, `log-start-offset-checkpoint`, `replication-offset-checkpoint`.
//! Lines `0` (version), the number of entries, then `topic partition offset` each.

use klamm_types::{Offset, PartitionIndex, Str, TopicPartition};
use std::{collections::BTreeMap, fmt::Write};
use thiserror::Error;

/// A checkpoint file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadCheckpoint {
    /// Its version is not 0.
    #[error("the checkpoint's first line is {0:?}; it must be its version, 0")]
    Version(String),
    /// Its last line does not end.
    #[error("the checkpoint's last line does not end: it was not written to its end")]
    Cut,
    /// Not as many entries as it says.
    #[error("the checkpoint says {said:?} entries and has {found}")]
    Count {
        /// Its second line.
        said: String,
        /// The lines after it.
        found: usize,
    },
    /// A line that is no entry.
    #[error("line {number} of the checkpoint is {line:?}; it must be `{form}`")]
    Line {
        /// From 1.
        number: usize,
        /// The line.
        line: String,
        /// What it should be.
        form: &'static str,
    },
}

/// The lines of a checkpoint after version and count, with their numbers.
pub(crate) fn entries(text: &str) -> Result<Vec<(usize, &str)>, BadCheckpoint> {
    let mut lines = text.lines();
    let version = lines.next().unwrap_or("");
    if version.trim() != "0" {
        return Err(BadCheckpoint::Version(version.to_owned()));
    }
    if !text.ends_with('\n') {
        return Err(BadCheckpoint::Cut); // the last number may be one of more digits
    }
    let said = lines.next().unwrap_or("").trim();
    let entries: Vec<_> = lines.enumerate().map(|(index, line)| (index + 3, line.trim())).collect();
    if said.parse() != Ok(entries.len()) {
        return Err(BadCheckpoint::Count { said: said.to_owned(), found: entries.len() });
    }
    Ok(entries)
}

/// The text of an offset checkpoint.
#[must_use]
pub fn format_offsets<'a>(
    offsets: impl ExactSizeIterator<Item = (&'a TopicPartition, &'a Offset)>,
) -> String {
    let mut text = format!("0\n{}\n", offsets.len());
    for (name, offset) in offsets {
        writeln!(text, "{} {} {offset}", name.topic, name.partition)
            .expect("writing to a String cannot fail");
    }
    text
}

/// Reads the text of an offset checkpoint.
///
/// # Errors
/// [`BadCheckpoint`].
pub fn parse_offsets(text: &str) -> Result<BTreeMap<TopicPartition, Offset>, BadCheckpoint> {
    let mut offsets = BTreeMap::new();
    for (number, line) in entries(text)? {
        let bad = || BadCheckpoint::Line { number, line: line.to_owned(), form: "topic partition offset" };
        let mut words = line.split(' ');
        let (Some(topic), Some(partition), Some(offset), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err(bad());
        };
        let partition = PartitionIndex(partition.parse().map_err(|_| bad())?);
        let offset = Offset(offset.parse().map_err(|_| bad())?);
        offsets.insert(TopicPartition { topic: Str::from(topic), partition }, offset);
    }
    Ok(offsets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let name = |topic: &str, partition| TopicPartition {
            topic: topic.into(),
            partition: PartitionIndex(partition),
        };
        let offsets = BTreeMap::from([(name("a.b-c", 3), Offset(7)), (name("z", 0), Offset(0))]);
        let text = format_offsets(offsets.iter());
        assert_eq!(text, "0\n2\na.b-c 3 7\nz 0 0\n");
        assert_eq!(parse_offsets(&text), Ok(offsets));
    }

    #[test]
    fn bad_files_are_refused() {
        for bad in [
            "",
            "2\n0\n",
            "0\n",
            "0\n1\n",
            "0\n1\na 1\n",
            "0\n1\na b 1\n",
            "0\n1\na 1 1 1\n",
            "0\n-1\n",
            "0\n1\na 1 1",
        ] {
            assert!(parse_offsets(bad).is_err(), "{bad:?}");
        }
    }
}
