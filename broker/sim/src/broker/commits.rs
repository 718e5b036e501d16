//! Committed offsets of groups: a member-less group per partition whose offset only ever grows, and what may be read of it.

use super::{
    client::{Broken, Client},
    workload::{Shared, TOPIC},
};
use klamm_protocol::{
    ErrorCode, FindCoordinatorRequest, OffsetCommitRequest, OffsetFetchRequest,
    offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic},
    offset_fetch_request::OffsetFetchRequestTopic,
};
use klamm_world::World;
use std::{collections::BTreeSet, time::Duration};

const FIND_VERSION: i16 = 3;
const COMMIT_VERSION: i16 = 8;
const FETCH_VERSION: i16 = 7;
const RETRY: Duration = Duration::from_millis(100);
/// What a group has that never committed.
const NONE: i64 = -1;

/// What is known of a group's offset.
#[derive(Debug)]
pub struct Commits {
    next: i64,
    acked: i64,
    /// Sent and never answered: they may be there, also late.
    in_doubt: BTreeSet<i64>,
    /// Failed after they may have been appended: they may be there until the next one is.
    failed: BTreeSet<i64>,
}

impl Default for Commits {
    fn default() -> Self {
        Self { next: 0, acked: NONE, in_doubt: BTreeSet::new(), failed: BTreeSet::new() }
    }
}

impl Commits {
    /// An offset that is sent now.
    fn send(&mut self) -> i64 {
        let offset = self.next;
        self.next += 1;
        self.in_doubt.insert(offset);
        offset
    }

    /// The coordinator has it.
    fn acknowledged(&mut self, offset: i64) {
        self.in_doubt.remove(&offset);
        self.failed.clear(); // whatever is in the log is before it
        self.acked = self.acked.max(offset);
    }

    /// The coordinator has given it up: it lost the leadership, or waited in vain, perhaps with the record in the log.
    fn failed(&mut self, offset: i64) {
        self.in_doubt.remove(&offset);
        self.failed.insert(offset);
    }

    /// The coordinator has refused it, and will never have it.
    fn refused(&mut self, offset: i64) {
        self.in_doubt.remove(&offset);
    }

    /// The coordinator says that this is committed.
    ///
    /// # Errors
    /// When that cannot be: what was acknowledged last is gone.
    fn read(&self, offset: i64) -> Result<(), String> {
        if offset == self.acked || self.in_doubt.contains(&offset) || self.failed.contains(&offset) {
            return Ok(());
        }
        Err(format!("offset {offset} is committed, but {} was acknowledged last", self.acked))
    }
}

/// Commits and reads until the workload stops.
pub(super) async fn commit_for_ever(world: World, shared: Shared, partition: i32) {
    while !shared.stopping() {
        if let Ok(mut client) = coordinator(&world, &shared, partition).await {
            while !shared.stopping() && matches!(step(&mut client, &shared, partition).await, Ok(true)) {
                world.sleep(Duration::from_millis(world.random_u64() % 300)).await;
            }
        }
        world.sleep(RETRY).await;
    }
}

fn group(partition: i32) -> String {
    format!("group-{partition}")
}

async fn coordinator(world: &World, shared: &Shared, partition: i32) -> Result<Client, Broken> {
    let mut client = Client::any(world, &shared.brokers).await?;
    let request = FindCoordinatorRequest { key: group(partition).into(), ..Default::default() };
    let told = client.call(FIND_VERSION, &request).await?;
    if told.error_code != 0 {
        return Err(Broken("no coordinator".into()));
    }
    Client::connect(world, &told.host).await
}

/// Reads what is committed and commits the next; false when the coordinator is another now, or not yet one.
async fn step(client: &mut Client, shared: &Shared, partition: i32) -> Result<bool, Broken> {
    let topic = OffsetFetchRequestTopic { name: TOPIC.into(), partition_indexes: vec![partition] };
    let request = OffsetFetchRequest {
        group_id: group(partition).into(),
        topics: Some(vec![topic]),
        ..Default::default()
    };
    let told = client.call(FETCH_VERSION, &request).await?;
    let one = told.topics.first().and_then(|topic| topic.partitions.first());
    let Some(one) = one.filter(|one| told.error_code == 0 && one.error_code == 0) else {
        let code = ErrorCode::from_code(told.error_code).unwrap_or(ErrorCode::UnknownServerError);
        shared.reached(&format!("offset fetch: {}", code.name()));
        return Ok(false);
    };
    if let Err(what) = shared.commits(partition, |commits| commits.read(one.committed_offset)) {
        shared.violation(&format!("{}: {what}", group(partition)));
    }
    let offset = shared.commits(partition, Commits::send);
    let committed = OffsetCommitRequestPartition {
        partition_index: partition,
        committed_offset: offset,
        ..Default::default()
    };
    let topic =
        OffsetCommitRequestTopic { name: TOPIC.into(), partitions: vec![committed], ..Default::default() };
    let request =
        OffsetCommitRequest { group_id: group(partition).into(), topics: vec![topic], ..Default::default() };
    let told = client.call(COMMIT_VERSION, &request).await?;
    let code = told.topics.first().and_then(|topic| topic.partitions.first()).map(|one| one.error_code);
    let code = code.and_then(ErrorCode::from_code).unwrap_or(ErrorCode::UnknownServerError);
    shared.reached(&format!("offset commit: {}", code.name()));
    shared.note(&format!("{} offset {offset}: {}", group(partition), code.name()));
    match code {
        ErrorCode::None => shared.commits(partition, |commits| commits.acknowledged(offset)),
        // a coordinator that still reads its log appends nothing
        ErrorCode::CoordinatorLoadInProgress => shared.commits(partition, |commits| commits.refused(offset)),
        // Kafka maps NOT_LEADER_OR_FOLLOWER to NOT_COORDINATOR, also for who waited for replicas when the leader resigned
        _ => shared.commits(partition, |commits| commits.failed(offset)),
    }
    Ok(code == ErrorCode::None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_back_is_found() {
        let mut commits = Commits::default();
        assert_eq!(commits.read(NONE), Ok(()));
        let first = commits.send();
        assert_eq!((commits.read(NONE), commits.read(first)), (Ok(()), Ok(())));
        commits.acknowledged(first);
        let second = commits.send();
        assert_eq!((commits.read(first), commits.read(second)), (Ok(()), Ok(())));
        assert!(commits.read(NONE).is_err(), "a loading coordinator has nothing");
        commits.acknowledged(second);
        assert!(commits.read(first).is_err());
        let (third, fourth) = (commits.send(), commits.send());
        commits.failed(third);
        assert_eq!((commits.read(second), commits.read(third)), (Ok(()), Ok(())));
        commits.acknowledged(fourth);
        assert!(commits.read(third).is_err(), "it was before the fourth");
    }
}
