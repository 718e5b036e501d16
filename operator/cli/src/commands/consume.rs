//! `klamm consume`: prints records of all partitions, or of one, without joining a group.

use crate::target::Target;
use anyhow::anyhow;
use clap::Args;
use klamm_client::Position;
use klamm_types::{Offset, PartitionIndex, Str};
use std::{
    io::Write,
    time::{Duration, Instant},
};

/// How long one broker may wait for records before the next partition is asked.
const WAIT: Duration = Duration::from_millis(500);

#[derive(Args)]
pub struct Arguments {
    /// The topic
    topic: String,
    /// Only this partition
    #[arg(long, short)]
    partition: Option<i32>,
    /// Begin with the oldest records, not with the next ones
    #[arg(long, short = 'f')]
    from_beginning: bool,
    /// Begin at this offset
    #[arg(long, conflicts_with = "from_beginning")]
    offset: Option<i64>,
    /// End after so many records
    #[arg(long, short = 'n', value_name = "COUNT")]
    max: Option<u64>,
    /// End when nothing has come for so many seconds
    #[arg(long, short, value_name = "SECONDS")]
    exit_after: Option<u64>,
    /// Print the key and this text before each value
    #[arg(long, short = 'k', value_name = "TEXT")]
    key_separator: Option<String>,
    #[command(flatten)]
    target: Target,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut client = arguments.target.client()?;
    let topic = Str::from(arguments.topic.as_str());
    let found = client.topic(&topic).await?.ok_or_else(|| anyhow!("there is no topic {topic}"))?;
    let mut positions = Vec::new();
    for index in 0..found.partitions {
        let partition = PartitionIndex(index);
        if arguments.partition.is_some_and(|asked| asked != index) {
            continue;
        }
        let offset = match (arguments.offset, arguments.from_beginning) {
            (Some(offset), _) => Offset(offset),
            (None, true) => client.offset(&topic, partition, Position::Start).await?,
            (None, false) => client.offset(&topic, partition, Position::End).await?,
        };
        positions.push((partition, offset));
    }
    if positions.is_empty() {
        return Err(anyhow!(
            "{topic} has the partitions 0 to {}, not {:?}",
            found.partitions - 1,
            arguments.partition
        ));
    }
    let wait = WAIT / u32::try_from(positions.len()).unwrap_or(u32::MAX);
    let mut left = arguments.max.unwrap_or(u64::MAX);
    let mut last = Instant::now();
    let mut out = std::io::stdout().lock();
    while left > 0 {
        for (partition, offset) in &mut positions {
            let fetched = client.fetch(&topic, *partition, *offset, wait).await?;
            *offset = fetched.next;
            for record in fetched.records.iter().take(usize::try_from(left).unwrap_or(usize::MAX)) {
                if let Some(separator) = &arguments.key_separator {
                    out.write_all(record.key.as_deref().unwrap_or_default())?;
                    out.write_all(separator.as_bytes())?;
                }
                out.write_all(record.value.as_deref().unwrap_or_default())?;
                out.write_all(b"\n")?;
                last = Instant::now();
                left -= 1;
            }
            out.flush()?;
        }
        if arguments.exit_after.is_some_and(|seconds| last.elapsed() >= Duration::from_secs(seconds)) {
            break;
        }
    }
    Ok(())
}
