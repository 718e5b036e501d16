//! `klamm produce`: lines of standard input become records.

use crate::target::Target;
use anyhow::anyhow;
use clap::Args;
use klamm_client::Record;
use klamm_records::Compression;
use klamm_types::{PartitionIndex, Str};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, BufReader};

/// A batch is sent when it has this many records,
const BATCH_RECORDS: usize = 10_000;

/// this many bytes,
const BATCH_BYTES: usize = 512 * 1024;

/// or when nothing more came for so long.
const LINGER: Duration = Duration::from_millis(20);

#[derive(Args)]
pub struct Arguments {
    /// The topic
    topic: String,
    /// The partition [default: by the key, or in turn]
    #[arg(long, short)]
    partition: Option<i32>,
    /// What stands between key and value; without it lines are values
    #[arg(long, short = 'k', value_name = "TEXT")]
    key_separator: Option<String>,
    #[command(flatten)]
    target: Target,
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut client = arguments.target.client()?;
    let topic = Str::from(arguments.topic.as_str());
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut partitions: Option<i32> = None;
    let (mut sent, mut turn, mut open) = (0u64, 0, true);
    while open {
        let mut batch = Vec::new();
        let mut bytes = 0;
        while batch.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
            let line = if batch.is_empty() {
                lines.next_line().await?
            } else {
                match tokio::time::timeout(LINGER, lines.next_line()).await {
                    Ok(line) => line?,
                    Err(_) => break,
                }
            };
            let Some(line) = line else {
                open = false;
                break;
            };
            bytes += line.len();
            batch.push(record(line, arguments.key_separator.as_deref())?);
        }
        if batch.is_empty() {
            break;
        }
        let count = match partitions {
            Some(count) => count,
            None => *partitions.insert(count(&mut client, &topic).await?),
        };
        turn += 1;
        for (partition, records) in spread(batch, arguments.partition, count, turn) {
            let now = klamm_world::real::world().clock.now().wall;
            let batch = Record::batch(&records, now, Compression::None);
            client.produce(&topic, PartitionIndex(partition), &batch).await?;
            sent += records.len() as u64;
        }
    }
    eprintln!("{sent} records produced to {topic}");
    Ok(())
}

/// How many partitions the topic has; asks in a way that creates it where the cluster creates topics by itself.
async fn count(client: &mut klamm_client::Client, topic: &Str) -> anyhow::Result<i32> {
    let found = client.topic_or_auto_created(topic).await?;
    Ok(found
        .ok_or_else(|| anyhow!("there is no topic {topic}; `klamm topics create {topic}` makes it"))?
        .partitions)
}

fn record(line: String, separator: Option<&str>) -> anyhow::Result<Record> {
    let Some(separator) = separator else {
        return Ok(Record { value: Some(line.into_bytes()), ..Record::default() });
    };
    let (key, value) = line
        .split_once(separator)
        .ok_or_else(|| anyhow!("the line {line:?} has no {separator:?} after its key"))?;
    Ok(Record { key: Some(key.into()), value: Some(value.into()), ..Record::default() })
}

/// The records of each partition: the one asked for, that of the key as Kafka's clients choose it, or one in turn.
fn spread(batch: Vec<Record>, asked: Option<i32>, count: i32, turn: i32) -> Vec<(i32, Vec<Record>)> {
    let mut by_partition = std::collections::BTreeMap::<i32, Vec<Record>>::new();
    for record in batch {
        let partition = match (&record.key, asked) {
            (_, Some(partition)) => partition,
            (Some(key), None) => (murmur2(key) & 0x7fff_ffff) as i32 % count,
            (None, None) => turn % count,
        };
        by_partition.entry(partition).or_default().push(record);
    }
    by_partition.into_iter().collect()
}

/// The hash by which Kafka's clients choose partitions: MurmurHash2 with Kafka's seed.
fn murmur2(bytes: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mix = |word: u32| {
        let word = word.wrapping_mul(M);
        (word ^ word >> 24).wrapping_mul(M)
    };
    let words = bytes.chunks_exact(4);
    let tail = words.remainder();
    let seed = 0x9747_b28c ^ bytes.len() as u32;
    let mut hash = words.fold(seed, |hash, word| {
        hash.wrapping_mul(M) ^ mix(u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
    });
    if !tail.is_empty() {
        let last = tail.iter().rev().fold(0, |last, byte| last << 8 | u32::from(*byte));
        hash = (hash ^ last).wrapping_mul(M);
    }
    hash = (hash ^ hash >> 13).wrapping_mul(M);
    hash ^ hash >> 15
}

#[cfg(test)]
mod tests {
    use super::murmur2;

    #[test]
    fn hashes_as_kafkas_clients_do() {
        // the values that Kafka's own tests expect of its clients' hash
        let check =
            |text: &str, expected: i32| assert_eq!(murmur2(text.as_bytes()) as i32, expected, "{text}");
        check("21", -973_932_308);
        check("foobar", -790_332_482);
        check("a-little-bit-long-string", -985_981_536);
        check("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971);
    }
}
