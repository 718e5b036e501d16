//! Replicas on real logs: log threads' states of several brokers, with this test as their network and controller.

use super::*;
use crate::fetch::Wanted;
use futures::FutureExt;
use klamm_records::{BatchBuilder, Compression};
use klamm_replication::{EpochEnd, Leadership, Member, PartitionEpoch, ReplicaSettings};
use klamm_storage::{Limit, LogConfig, LogDir, MetaProperties};
use klamm_types::{Chunk, DirectoryId, PartitionIndex, TopicId, TopicPartition, Wall};
use klamm_world::real;
use std::path::PathBuf;

struct Node {
    id: BrokerId,
    shard: Shard,
    path: PathBuf,
    settings: ReplicaSettings,
    /// Whether its throttle of leaders is exceeded.
    over_rate: bool,
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

const TOPIC: TopicId = TopicId(klamm_types::Uuid([7; 16]));
const PARTITION: TopicIdPartition = TopicIdPartition { topic: TOPIC, partition: PartitionIndex(0) };

impl Node {
    fn new(test: &str, id: i32) -> Self {
        let world = real::world();
        let path = std::env::temp_dir().join(format!("klamm-{test}-{id}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        let directory_id = DirectoryId(world.uuid());
        let meta = MetaProperties { cluster_id: "c".to_owned(), node_id: BrokerId(id), directory_id };
        LogDir::format(world.disk.as_ref(), &path, &meta).expect("it is new");
        let dir = LogDir::open(Arc::clone(&world.disk), &path).expect("it is formatted");
        let outbox = Arc::new(Outbox::new(world.clone()));
        let shard = Shard::new(world, BrokerId(id), Arc::new(LogDirs::new(vec![dir])), outbox);
        let settings = ReplicaSettings { min_in_sync: 1, ..ReplicaSettings::default() };
        Self { id: BrokerId(id), shard, path, settings, over_rate: false }
    }

    fn host(&mut self, role: Role) {
        let name = TopicPartition { topic: "t".into(), partition: PARTITION.partition };
        let (settings, config) = (self.settings, Arc::new(LogConfig::default()));
        let hosting = Hosting { id: PARTITION, name, role, settings, config };
        self.shard.host(hosting).expect("the directory works");
    }

    fn lead(&mut self, epoch: i32, partition_epoch: i32, in_sync: &[i32]) {
        let member = |id| Member { id: BrokerId(id), epoch: None, eligible: true, adding: false };
        self.host(Role::Leader(Leadership {
            epoch: LeaderEpoch(epoch),
            partition_epoch: PartitionEpoch(partition_epoch),
            replicas: [1, 2].map(member).to_vec(),
            in_sync: in_sync.iter().copied().map(BrokerId).collect(),
        }));
    }

    fn follow(&mut self, epoch: i32, leader: &Node) {
        self.host(Role::Follower { epoch: LeaderEpoch(epoch), leader: Some(leader.id) });
    }

    /// One record, with acks=all.
    fn produce(&mut self, text: &str) -> PendingProduce {
        let mut batch = BatchBuilder::new(Offset(0), Compression::None);
        batch.push(Wall(0), None, Some(text.as_bytes()), &[]);
        let pending = PendingProduce::new(1);
        self.shard.stage(ProduceWork {
            items: vec![ProduceItem {
                slot: 0,
                partition: PARTITION,
                batch: ValidatedBatch::own(batch.build()),
            }],
            origin: Origin::Broker,
            wait_for_all: true,
            cut_off: false,
            pending: pending.clone(),
            reservation: None,
        });
        self.shard.write_staged();
        pending
    }

    /// One fetch, as a follower does.
    fn fetch_from(&mut self, leader: &mut Node) {
        let at = self.shard.positions(&[PARTITION])[0].1.expect("it follows");
        assert_eq!(at.leader, leader.id);
        let wanted = Wanted {
            offset: at.offset,
            bytes_max: 1 << 20,
            current_leader_epoch: at.epoch,
            last_fetched_epoch: at.last_epoch,
            log_start: at.log_start,
        };
        let asker = Asker::Follower(FollowerId { id: self.id, epoch: None });
        let item = ReadItem {
            partition: PARTITION,
            wanted,
            limit: Limit::End,
            asker,
            over_rate: leader.over_rate,
            interest: None,
            waits: true,
        };
        let read = leader.shard.read_all(vec![(0, item)], 1 << 20, true).remove(0).1.expect("in range");
        let records = match read.records.first() {
            Some(Chunk::File(slice)) => klamm_storage::read_slice(slice).expect("it can be read"),
            _ => Default::default(),
        };
        let diverging = read
            .diverging
            .map(|found| EpochEnd { epoch: LeaderEpoch(found.epoch), end: Offset(found.end_offset) });
        let sent = Sent {
            epoch: at.epoch,
            offset: at.offset,
            high_watermark: read.high_watermark,
            log_start: read.log_start,
            diverging,
            records,
        };
        self.shard.sent(vec![(PARTITION, sent)]);
    }

    /// One fetch of a consumer that knows `epoch`: where else to read, how many bytes there are, and the high watermark.
    fn consume(
        &mut self,
        near: &[i32],
        epoch: i32,
        offset: i64,
    ) -> Result<(Option<BrokerId>, bool, i64), ErrorCode> {
        let wanted = Wanted {
            offset: Offset(offset),
            bytes_max: 1 << 20,
            current_leader_epoch: LeaderEpoch(epoch),
            last_fetched_epoch: LeaderEpoch::NONE,
            log_start: Offset::NONE,
        };
        let near = near.iter().copied().map(BrokerId).collect();
        let item = ReadItem {
            partition: PARTITION,
            wanted,
            limit: Limit::HighWatermark,
            asker: Asker::OfAny { near },
            over_rate: false,
            interest: None,
            waits: true,
        };
        let read = self.shard.read_all(vec![(0, item)], 1 << 20, true).remove(0).1?;
        Ok((read.preferred, read.bytes() > 0, read.high_watermark.0))
    }

    fn ends(&self) -> (i64, i64) {
        let log = self.shard.partitions[&PARTITION].log();
        (log.end().0, log.high_watermark().0)
    }
}

fn acknowledged(pending: &PendingProduce) -> bool {
    pending.clone().now_or_never().is_some()
        && pending.outcomes_or(ErrorCode::RequestTimedOut).iter().all(Result::is_ok)
}

#[tokio::test]
async fn a_follower_takes_over_and_the_former_leader_is_cut() {
    let (mut one, mut two) = (Node::new("takeover", 1), Node::new("takeover", 2));
    one.lead(0, 0, &[1, 2]);
    two.follow(0, &one);
    let first = one.produce("a");
    two.fetch_from(&mut one);
    assert!(!acknowledged(&first), "who sent it does not know yet that it arrived");
    assert_eq!((one.ends(), two.ends()), ((1, 0), (1, 0)));
    two.fetch_from(&mut one);
    assert!(acknowledged(&first));
    let lost = one.produce("never acknowledged");
    assert_eq!((one.ends(), two.ends()), ((2, 1), (1, 1)));

    two.lead(1, 1, &[2]);
    let second = two.produce("b");
    assert!(acknowledged(&second), "nobody else is in sync");
    one.follow(1, &two);
    assert!(!acknowledged(&lost), "its leader was deposed");
    one.fetch_from(&mut two); // hears where the logs part
    assert_eq!(one.ends(), (1, 1));
    one.fetch_from(&mut two);
    assert_eq!(one.ends(), (2, 2));
    one.fetch_from(&mut two);
    let asked = two.shard.outbox.take_asked().and_then(|mut asked| asked.try_recv().ok());
    let asked = asked.expect("it has everything, and is to be in sync again");
    assert_eq!(asked.proposal.in_sync.len(), 2);
    let taken = Fate::Taken { partition_epoch: PartitionEpoch(2), in_sync: vec![BrokerId(1), BrokerId(2)] };
    two.shard.decided(&asked, taken);
    let third = two.produce("c");
    assert!(!acknowledged(&third), "the other is in sync, and has it not yet");
    one.fetch_from(&mut two);
    one.fetch_from(&mut two);
    assert!(acknowledged(&third));
    let epochs = |node: &Node| {
        let log = node.shard.partitions[&PARTITION].log();
        (0..3).map(|at| log.epoch_of(Offset(at)).map(|epoch| epoch.0)).collect::<Vec<_>>()
    };
    assert_eq!(epochs(&one), [Some(0), Some(1), Some(1)]);
    assert_eq!(epochs(&one), epochs(&two));
}

#[tokio::test]
async fn a_hand_over_holds_what_comes_and_waits_for_the_isr() {
    let (mut one, mut two) = (Node::new("drain", 1), Node::new("drain", 2));
    one.lead(0, 0, &[1, 2]);
    two.follow(0, &one);
    let before = one.produce("a");
    let until = one.shard.world.clock.now().mono.plus(std::time::Duration::from_secs(3600));
    let mut drained = one.shard.drain(until).remove(0);
    let held = one.produce("b");
    two.fetch_from(&mut one);
    assert!(drained.try_recv().is_err());
    two.fetch_from(&mut one);
    assert!(acknowledged(&before));
    assert_eq!(drained.try_recv(), Ok(()));
    assert_eq!(one.ends(), (1, 1), "nothing was appended since");
    two.lead(1, 1, &[1, 2]);
    one.follow(1, &two);
    let outcome = held.outcomes_or(ErrorCode::RequestTimedOut).remove(0);
    assert_eq!(outcome.map_err(|error| error.code), Err(ErrorCode::NotLeaderOrFollower));
}

#[tokio::test]
async fn consumers_read_from_a_follower_what_it_knows_to_be_committed() {
    let (mut one, mut two) = (Node::new("near", 1), Node::new("near", 2));
    one.lead(3, 0, &[1, 2]);
    two.follow(3, &one);
    one.produce("a");
    two.fetch_from(&mut one);
    let here = BrokerId(2);
    assert_eq!(one.consume(&[2], 3, 0), Ok((Some(here), false, 0)), "it fetched from there");
    assert_eq!(one.consume(&[2], 3, 1), Ok((None, false, 0)), "it has not said that it has more");
    assert_eq!(two.consume(&[2], 3, 0), Ok((None, false, 0)), "it does not know that it is committed");
    two.fetch_from(&mut one);
    assert_eq!((one.ends(), two.ends()), ((1, 1), (1, 1)));
    assert_eq!(one.consume(&[2], 3, 1), Ok((Some(here), false, 1)));
    assert_eq!(one.consume(&[1, 2], 3, 0), Ok((None, true, 1)));
    assert_eq!(one.consume(&[], 3, 0), Ok((None, true, 1)));
    assert_eq!(two.consume(&[2], 3, 0), Ok((None, true, 1)));
    assert_eq!(two.consume(&[1], -1, 1), Ok((None, false, 1)), "a follower sends nobody away");
    assert_eq!(two.consume(&[], 3, 2), Err(ErrorCode::OffsetOutOfRange));
    assert_eq!(two.consume(&[], 2, 0), Err(ErrorCode::FencedLeaderEpoch));
    assert_eq!(two.consume(&[], 4, 0), Err(ErrorCode::UnknownLeaderEpoch));
}

#[tokio::test]
async fn who_is_not_in_sync_waits_while_too_much_has_gone() {
    let (mut one, mut two) = (Node::new("throttled", 1), Node::new("throttled", 2));
    one.settings.throttled_leader = true;
    one.over_rate = true;
    one.lead(0, 0, &[1]);
    two.follow(0, &one);
    one.produce("a");
    two.fetch_from(&mut one);
    assert_eq!(two.ends(), (0, 0), "it is held back");
    one.over_rate = false;
    two.fetch_from(&mut one);
    assert_eq!(two.ends(), (1, 1));
    one.over_rate = true;
    one.lead(0, 1, &[1, 2]);
    let second = one.produce("b");
    two.fetch_from(&mut one);
    two.fetch_from(&mut one);
    assert!(acknowledged(&second), "who is in sync is never held back");
    one.settings.throttled_leader = false;
    one.lead(0, 2, &[1]);
    one.produce("c");
    two.fetch_from(&mut one);
    assert_eq!(two.ends().0, 3, "nor is who is not named");
}
