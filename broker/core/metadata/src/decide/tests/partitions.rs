//! One partition through the lives of its brokers: what happens, and what it is then.

use super::*;
use crate::Partition;
use klamm_protocol::FeatureLevelRecord;
use klamm_types::LeaderEpoch;

#[derive(Clone, Copy, Debug)]
enum Step {
    Fence(i32),
    Unfence(i32),
    /// A new process, fenced: after a shutdown in good order, or a crash, or on another volume.
    Restart(i32),
    Crash(i32),
    NewVolume(i32),
    Unregister(i32),
    /// The leader makes this the ISR.
    InSync(&'static [i32]),
    Move(&'static [i32]),
    Cancel,
    Prefer,
    Unclean,
    Balance,
    AllowUnclean,
    MinInSync(&'static str),
}
use Step::*;

struct Cluster {
    image: Image,
    life: u8,
}

impl Cluster {
    /// Brokers 0 to 4, and topic "a" with one partition on 1, 2, 3 whose minimum of in-sync replicas is 2.
    fn new(elr: bool) -> Self {
        let mut image = brokers(&[None; 5]);
        if !elr {
            let off = FeatureLevelRecord { name: crate::ELR_VERSION.into(), feature_level: 0 };
            image = then(&image, &[off.into()]);
        }
        let new = NewTopic {
            assignments: vec![(PartitionIndex(0), vec![BrokerId(1), BrokerId(2), BrokerId(3)])],
            configs: vec![("min.insync.replicas".into(), Some("2".into()))],
            ..wanted("a", -1, -1)
        };
        Self { image: create(&image, DEFAULTS, &new).expect("it is right"), life: 10 }
    }

    fn partition(&self) -> &Partition {
        self.image.partition("a", PartitionIndex(0)).expect("it is there")
    }

    fn epoch(&self, id: i32) -> BrokerEpoch {
        self.image.broker(BrokerId(id)).map_or(BrokerEpoch(-1), |one| one.epoch)
    }

    fn next_life(
        &mut self,
        id: i32,
        previous: BrokerEpoch,
        directory: DirectoryId,
    ) -> Result<Vec<Record>, Refused> {
        self.life += 1;
        let new = Registration {
            id: BrokerId(id),
            incarnation: Uuid([self.life; 16]),
            directories: vec![directory],
            previous_epoch: previous,
            ..Registration::default()
        };
        register_broker(rules(&self.image), &new, false, Offset(i64::from(self.life)))
            .map(|(_, records)| records)
    }

    fn step(&mut self, step: Step) -> Result<(), Refused> {
        let none = BrokerEpoch(-1);
        let wanted = [(Str::from("a"), vec![PartitionIndex(0)])];
        let image = self.image.clone();
        let rules = rules(&image);
        let records = match step {
            Fence(id) => fence_broker(rules, BrokerId(id), self.epoch(id))?,
            Unfence(id) => unfence_broker(rules, BrokerId(id), self.epoch(id))?,
            Restart(id) => self.next_life(id, self.epoch(id), volume(id))?,
            Crash(id) => self.next_life(id, none, volume(id))?,
            NewVolume(id) => self.next_life(id, self.epoch(id), volume(50 + id))?,
            Unregister(id) => unregister_broker(rules, BrokerId(id))?,
            InSync(isr) => {
                let altered = alter_partition(rules, self.partition().leader, &self.in_sync(isr));
                self.image = then(&self.image, &altered.records);
                return altered.result.map(|_| ());
            }
            Move(target) => {
                let target: Vec<_> = target.iter().copied().map(BrokerId).collect();
                reassign_partition(rules, "a", PartitionIndex(0), Some(&target), true)?.into_iter().collect()
            }
            Cancel => reassign_partition(rules, "a", PartitionIndex(0), None, true)?.into_iter().collect(),
            Prefer | Unclean => {
                let kind =
                    if matches!(step, Prefer) { WantedLeader::Preferred } else { WantedLeader::Unclean };
                let (results, records) = elect_leaders(rules, kind, Some(&wanted));
                results.into_iter().try_for_each(|one| one.result)?;
                records
            }
            Balance => rebalance_leaders(rules),
            AllowUnclean => {
                let mut records = self.set("unclean.leader.election.enable", "true")?;
                let next = then(&self.image, &records);
                records.extend(elect_where_leaderless(super::rules(&next)));
                records
            }
            MinInSync(number) => self.set("min.insync.replicas", number)?,
        };
        self.image = then(&self.image, &records);
        Ok(())
    }

    fn set(&self, name: &'static str, value: &'static str) -> Result<Vec<Record>, Refused> {
        let set = Alteration { name: name.into(), operation: Operation::Set, value: Some(value.into()) };
        alter_configs(&self.image, &Resource::topic("a".into()), &[set], &Values::new())
    }

    fn in_sync(&self, isr: &[i32]) -> NewInSync {
        let partition = self.partition();
        NewInSync {
            topic: self.image.topic("a").expect("it is there").id,
            index: PartitionIndex(0),
            leader_epoch: partition.leader_epoch,
            partition_epoch: partition.partition_epoch,
            isr: isr.iter().map(|id| (BrokerId(*id), Some(self.epoch(*id)))).collect(),
            recovery_state: 0,
        }
    }

    fn told(&self) -> String {
        let one = self.partition();
        let list = |name: &str, ids: &[BrokerId]| match ids {
            [] => String::new(),
            ids => format!(" {name} {}", ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
        };
        let parts = [
            list("of", &one.replicas),
            list("isr", &one.isr),
            list("elr", &one.elr),
            list("last", &one.last_known_elr),
            list("adding", &one.adding),
            list("removing", &one.removing),
        ];
        let recovering = if one.recovery_state == 1 { " recovering" } else { "" };
        format!("{}@{}{}{recovering}", one.leader, one.leader_epoch, parts.concat())
    }
}

fn check_in(elr: bool, steps: &[(Step, &str)]) {
    let mut cluster = Cluster::new(elr);
    for (place, (step, expected)) in steps.iter().enumerate() {
        let before = cluster.partition().clone();
        let told = match cluster.step(*step) {
            Ok(()) => cluster.told(),
            Err(refused) => refused.code.name().to_owned(),
        };
        assert_eq!(
            told,
            *expected,
            "after {:?}",
            &steps[..=place].iter().map(|(step, _)| step).collect::<Vec<_>>()
        );
        let after = cluster.partition();
        assert!(after.isr.iter().chain(&after.elr).all(|id| after.replicas.contains(id)), "{after:?}");
        assert!(after.isr.iter().all(|id| !after.elr.contains(id)), "{after:?}");
        assert!(!after.has_leader() || after.isr.contains(&after.leader), "{after:?}");
        assert_eq!(after.directories.len(), after.replicas.len());
        assert_eq!(after.partition_epoch > before.partition_epoch, *after != before, "{after:?}");
    }
}

fn check(steps: &[(Step, &str)]) {
    check_in(true, steps);
}

#[test]
fn brokers_leave_and_come_back() {
    check(&[
        (Fence(1), "2@1 of 1,2,3 isr 2,3"),
        (Fence(1), "2@1 of 1,2,3 isr 2,3"),
        (Unfence(1), "2@1 of 1,2,3 isr 2,3"),
        (Balance, "2@1 of 1,2,3 isr 2,3"),
        (Prefer, "PREFERRED_LEADER_NOT_AVAILABLE"),
        (InSync(&[1, 2, 3]), "2@1 of 1,2,3 isr 1,2,3"),
        (Prefer, "1@2 of 1,2,3 isr 1,2,3"),
        (Prefer, "ELECTION_NOT_NEEDED"),
        (Restart(1), "2@3 of 1,2,3 isr 2,3"),
        (Unfence(1), "2@3 of 1,2,3 isr 2,3"),
        (InSync(&[2, 3, 1]), "2@3 of 1,2,3 isr 2,3,1"),
        (Balance, "1@4 of 1,2,3 isr 2,3,1"),
        (Unregister(1), "2@5 of 1,2,3 isr 2,3"),
    ]);
}

#[test]
fn below_the_minimum_who_leaves_stays_eligible() {
    check(&[
        (Fence(1), "2@1 of 1,2,3 isr 2,3"),
        (Fence(2), "3@2 of 1,2,3 isr 3 elr 2"),
        (Fence(3), "-1@3 of 1,2,3 elr 2,3 last 3"),
        (Unfence(1), "-1@3 of 1,2,3 elr 2,3 last 3"),
        (Unclean, "1@4 of 1,2,3 isr 1 recovering"),
    ]);
    check(&[
        (Fence(1), "2@1 of 1,2,3 isr 2,3"),
        (InSync(&[2]), "2@1 of 1,2,3 isr 2 elr 3"),
        (Fence(2), "3@2 of 1,2,3 isr 3 elr 2"),
        (Fence(3), "-1@3 of 1,2,3 elr 2,3 last 3"),
        (Unfence(2), "2@4 of 1,2,3 isr 2 elr 3"),
        (Unfence(3), "2@4 of 1,2,3 isr 2 elr 3"),
        (InSync(&[2, 3]), "2@4 of 1,2,3 isr 2,3"),
    ]);
    // another minimum: who is eligible was decided with the old one
    check(&[
        (Fence(1), "2@1 of 1,2,3 isr 2,3"),
        (Fence(2), "3@2 of 1,2,3 isr 3 elr 2"),
        (MinInSync("1"), "3@2 of 1,2,3 isr 3"),
    ]);
}

#[test]
fn who_crashed_is_not_eligible_and_the_last_leader_is_the_last_resort() {
    check(&[
        (Fence(1), "2@1 of 1,2,3 isr 2,3"),
        (Fence(2), "3@2 of 1,2,3 isr 3 elr 2"),
        (Crash(2), "3@2 of 1,2,3 isr 3"),
        (Crash(3), "-1@3 of 1,2,3 last 3"),
        (Unfence(2), "-1@3 of 1,2,3 last 3"),
        (Unfence(3), "3@4 of 1,2,3 isr 3 recovering"),
        (InSync(&[3, 2]), "3@4 of 1,2,3 isr 3,2"),
    ]);
    check(&[(Crash(1), "2@1 of 1,2,3 isr 2,3"), (Restart(2), "3@2 of 1,2,3 isr 3 elr 2")]);
}

#[test]
fn an_empty_volume_never_leads() {
    check(&[
        (Fence(1), "2@1 of 1,2,3 isr 2,3"),
        (Fence(2), "3@2 of 1,2,3 isr 3 elr 2"),
        (Fence(3), "-1@3 of 1,2,3 elr 2,3 last 3"),
        (NewVolume(2), "-1@3 of 1,2,3 elr 3 last 3"),
        (Unfence(2), "-1@3 of 1,2,3 elr 3 last 3"),
        (NewVolume(3), "-1@3 of 1,2,3"),
        (Unfence(3), "-1@3 of 1,2,3"),
        (Unfence(1), "-1@3 of 1,2,3"),
        (AllowUnclean, "1@4 of 1,2,3 isr 1 recovering"),
    ]);
    // while it leads: its former life was never fenced
    check(&[(NewVolume(1), "2@1 of 1,2,3 isr 2,3"), (Unfence(1), "2@1 of 1,2,3 isr 2,3")]);
    check_in(
        false,
        &[
            (Fence(1), "2@1 of 1,2,3 isr 2,3"),
            (Fence(2), "3@2 of 1,2,3 isr 3"),
            (NewVolume(3), "-1@3 of 1,2,3"),
            (Unfence(3), "-1@3 of 1,2,3"),
            (Unclean, "3@4 of 1,2,3 isr 3 recovering"),
        ],
    );
}

#[test]
fn without_the_elr_the_last_in_sync_waits() {
    check_in(
        false,
        &[
            (Fence(1), "2@1 of 1,2,3 isr 2,3"),
            (Fence(2), "3@2 of 1,2,3 isr 3"),
            (Unfence(2), "3@2 of 1,2,3 isr 3"),
            (Fence(3), "-1@3 of 1,2,3 isr 3"),
            (Crash(3), "-1@3 of 1,2,3 isr 3"),
            (Unfence(3), "3@4 of 1,2,3 isr 3"),
        ],
    );
}

#[test]
fn unclean_leaders_only_where_the_topic_takes_them() {
    check(&[
        (Fence(2), "1@0 of 1,2,3 isr 1,3"),
        (Fence(3), "1@0 of 1,2,3 isr 1 elr 3"),
        (Unfence(2), "1@0 of 1,2,3 isr 1 elr 3"),
        (Fence(1), "-1@1 of 1,2,3 elr 3,1 last 1"),
        (AllowUnclean, "2@2 of 1,2,3 isr 2 recovering"),
        (Fence(2), "-1@3 of 1,2,3 elr 2 last 2 recovering"),
        (Unfence(3), "3@4 of 1,2,3 isr 3 recovering"),
    ]);
}

#[test]
fn moving() {
    check(&[
        (Move(&[1, 2, 3]), "1@0 of 1,2,3 isr 1,2,3"),
        (Move(&[3, 2, 1]), "1@0 of 3,2,1 isr 1,2,3"),
        (Balance, "3@1 of 3,2,1 isr 1,2,3"),
        (Move(&[4, 1]), "3@1 of 4,1,3,2 isr 1,2,3 adding 4 removing 3,2"),
        (InSync(&[1, 2, 3, 4]), "NEW_LEADER_ELECTED"),
        (Prefer, "ELECTION_NOT_NEEDED"),
        (InSync(&[1, 4]), "4@2 of 4,1 isr 1,4"),
        (Cancel, "NO_REASSIGNMENT_IN_PROGRESS"),
    ]);
    // another target on the way: what comes no more goes
    check(&[
        (Move(&[1, 2, 4]), "1@0 of 1,2,4,3 isr 1,2,3 adding 4 removing 3"),
        (Move(&[1, 2, 0]), "1@1 of 1,2,0,3 isr 1,2,3 adding 0 removing 3"),
        (Cancel, "1@2 of 1,2,3 isr 1,2,3"),
    ]);
    check(&[
        (Move(&[1, 2, 4]), "1@0 of 1,2,4,3 isr 1,2,3 adding 4 removing 3"),
        (Cancel, "1@1 of 1,2,3 isr 1,2,3"),
    ]);
    check(&[(Move(&[1]), "1@1 of 1 isr 1")]);
    check(&[(Move(&[]), "INVALID_REPLICA_ASSIGNMENT"), (Move(&[9]), "INVALID_REPLICA_ASSIGNMENT")]);
    check(&[(Move(&[1, 1]), "INVALID_REPLICA_ASSIGNMENT")]);
    // only what is new is in sync: going back would lose records
    check(&[
        (Move(&[4, 0]), "1@0 of 4,0,1,2,3 isr 1,2,3 adding 4,0 removing 1,2,3"),
        (InSync(&[1, 4]), "1@0 of 4,0,1,2,3 isr 1,4 adding 4,0 removing 1,2,3"),
        (Fence(1), "4@1 of 4,0,1,2,3 isr 4 elr 1 adding 4,0 removing 1,2,3"),
        (Cancel, "INVALID_REPLICA_ASSIGNMENT"),
        (InSync(&[4, 0]), "4@2 of 4,0 isr 4,0"),
    ]);
    let mut cluster = Cluster::new(true);
    cluster.step(Move(&[1, 2, 4])).expect("broker 4 is there");
    let moving: Vec<_> =
        list_reassignments(&cluster.image, None).map(|one| one.partition.adding.clone()).collect();
    assert_eq!(moving, [vec![BrokerId(4)]]);
    let other = [(Str::from("a"), vec![PartitionIndex(7)])];
    assert_eq!(list_reassignments(&cluster.image, Some(&other)).count(), 0);
    let fewer =
        reassign_partition(rules(&cluster.image), "a", PartitionIndex(0), Some(&[BrokerId(1)]), false);
    refused(fewer, ErrorCode::InvalidReplicationFactor, "has 3 replicas and would have 1");
}

#[test]
fn who_may_change_the_in_sync_replicas() {
    let mut cluster = Cluster::new(true);
    for step in [Fence(3), Fence(1), Unfence(1), InSync(&[1, 2])] {
        cluster.step(step).expect("it can be done");
    }
    let good = cluster.in_sync(&[1, 2]);
    let check = |leader, new: NewInSync, expected: Result<&[i32], ErrorCode>| {
        let altered = alter_partition(rules(&cluster.image), BrokerId(leader), &new);
        let isr = altered.result.map(|one| one.isr.iter().map(|id| id.0).collect::<Vec<_>>());
        assert_eq!(isr.map_err(|refused| refused.code), expected.map(<[i32]>::to_vec), "{new:?}");
    };
    check(2, good.clone(), Ok(&[1, 2]));
    check(2, cluster.in_sync(&[2]), Ok(&[2]));
    let unknown = NewInSync { topic: TopicId(Uuid([9; 16])), ..good.clone() };
    check(2, unknown, Err(ErrorCode::UnknownTopicId));
    check(2, NewInSync { index: PartitionIndex(1), ..good.clone() }, Err(ErrorCode::UnknownTopicOrPartition));
    let (epoch, of_partition) = (good.leader_epoch.0, good.partition_epoch);
    let in_epoch = |epoch| NewInSync { leader_epoch: LeaderEpoch(epoch), ..good.clone() };
    check(2, in_epoch(epoch + 1), Err(ErrorCode::NotController));
    check(2, in_epoch(epoch - 1), Err(ErrorCode::FencedLeaderEpoch));
    let at = |partition_epoch| NewInSync { partition_epoch, ..good.clone() };
    check(2, at(of_partition + 1), Err(ErrorCode::NotController));
    check(2, at(of_partition - 1), Err(ErrorCode::InvalidUpdateVersion));
    check(1, good.clone(), Err(ErrorCode::InvalidRequest));
    check(2, cluster.in_sync(&[1]), Err(ErrorCode::InvalidRequest));
    check(2, cluster.in_sync(&[2, 2]), Err(ErrorCode::InvalidRequest));
    check(2, cluster.in_sync(&[2, 4]), Err(ErrorCode::InvalidRequest));
    check(2, NewInSync { recovery_state: 1, ..cluster.in_sync(&[2]) }, Err(ErrorCode::InvalidRequest));
    check(2, cluster.in_sync(&[2, 3]), Err(ErrorCode::IneligibleReplica)); // fenced
    let another_life = vec![(BrokerId(2), None), (BrokerId(1), Some(BrokerEpoch(4)))];
    check(2, NewInSync { isr: another_life, ..good.clone() }, Err(ErrorCode::IneligibleReplica));
    check(2, NewInSync { isr: vec![(BrokerId(2), None), (BrokerId(1), None)], ..good }, Ok(&[2, 1]));
}

#[test]
fn elections_of_everything() {
    let mut cluster = Cluster::new(true);
    let (results, records) = elect_leaders(rules(&cluster.image), WantedLeader::Preferred, None);
    assert_eq!((results, records.len()), (Vec::new(), 0), "where nothing is to be done, nothing is said");
    for step in [Fence(1), Unfence(1), InSync(&[1, 2, 3])] {
        cluster.step(step).expect("it can be done");
    }
    let (results, records) = elect_leaders(rules(&cluster.image), WantedLeader::Preferred, None);
    assert_eq!((results.len(), records.len()), (1, 1));
    let nowhere = [(Str::from("b"), vec![PartitionIndex(0)]), (Str::from("a"), vec![PartitionIndex(3)])];
    let (results, _) = elect_leaders(rules(&cluster.image), WantedLeader::Preferred, Some(&nowhere));
    let codes: Vec<_> = results.into_iter().map(|one| one.result.map_err(|refused| refused.code)).collect();
    assert_eq!(codes, [Err(ErrorCode::UnknownTopicOrPartition); 2]);
    refused(WantedLeader::from_wire(2), ErrorCode::InvalidRequest, "not 2");
}
