//! DescribeLogDirs (KIP-113, KIP-827): which logs are where, and how large.

use super::Call;
use crate::shard::LogSize;
use klamm_protocol::{
    DescribeLogDirsRequest, DescribeLogDirsResponse, ErrorCode,
    describe_log_dirs_response::{DescribeLogDirsPartition, DescribeLogDirsResult, DescribeLogDirsTopic},
};
use klamm_storage::Device;
use klamm_types::Str;
use std::{collections::BTreeMap, sync::Arc};

/// "Not known", as the response says it.
const UNKNOWN: i64 = -1;

pub async fn handle(call: Arc<Call>, request: DescribeLogDirsRequest) -> DescribeLogDirsResponse {
    let mut sizes = Vec::new();
    for shard in call.broker.shards.all() {
        sizes.extend(shard.ask(|shard| shard.sizes()).await.unwrap_or_default());
    }
    sizes.retain(|size| wanted(&request, size));
    let mut results = Vec::new();
    for device in call.broker.shards.dirs().devices() {
        let looked_at = Arc::clone(device);
        let free = call.broker.world.blocking(move || looked_at.disk().free_bytes(looked_at.path())).await;
        results.push(directory(
            device,
            &sizes,
            free.map_or(UNKNOWN, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        ));
    }
    DescribeLogDirsResponse { results, ..Default::default() }
}

/// Whether the request asks for the log: for all without a list, for none with an empty one.
fn wanted(request: &DescribeLogDirsRequest, size: &LogSize) -> bool {
    let Some(topics) = &request.topics else { return true };
    topics
        .iter()
        .any(|topic| topic.topic == size.name.topic && topic.partitions.contains(&size.name.partition.0))
}

fn directory(device: &Device, sizes: &[LogSize], usable_bytes: i64) -> DescribeLogDirsResult {
    let error = if device.failure().is_some() { ErrorCode::KafkaStorageError } else { ErrorCode::None };
    let mut topics: BTreeMap<Str, Vec<DescribeLogDirsPartition>> = BTreeMap::new();
    let here = sizes.iter().filter(|size| size.directory == device.path());
    let mut used = 0;
    for size in here {
        used += size.bytes as i64;
        topics.entry(size.name.topic.clone()).or_default().push(DescribeLogDirsPartition {
            partition_index: size.name.partition.0,
            partition_size: size.bytes as i64,
            ..Default::default()
        });
    }
    let topic = |(name, partitions)| DescribeLogDirsTopic { name, partitions };
    DescribeLogDirsResult {
        error_code: error.code(),
        log_dir: Str::from(device.path().display().to_string()),
        topics: topics.into_iter().map(topic).collect(),
        total_bytes: if usable_bytes == UNKNOWN { UNKNOWN } else { usable_bytes.saturating_add(used) },
        usable_bytes,
        ..Default::default()
    }
}
