//! The offsets of one group: what is committed, and what is on its way.
//!
//! Only what is committed is ever shown; only what is on its way or committed is ever deleted.

mod commit;
mod delete;
mod expire;
mod fetch;
pub(crate) use commit::refuse as refuse_commit;
pub(crate) use delete::refuse as refuse_delete;
pub(crate) use fetch::{fetch, refuse as refuse_fetch};

use klamm_types::{Offset, Str, Uuid, Wall};
use std::collections::BTreeMap;

/// What a group has committed for a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedOffset {
    /// The next record to read.
    pub offset: Offset,
    /// The epoch of the record before it (KIP-320); −1 when the client did not say.
    pub leader_epoch: i32,
    /// What the client wants to remember with it.
    pub metadata: Str,
    /// When it was committed.
    pub committed_at: Wall,
    /// When it ends, if an old client (versions 2 to 4) said so.
    pub expires_at: Option<Wall>,
    /// The topic's id; zero when it is not known.
    pub topic_id: Uuid,
}

/// A partition whose offset changes; nothing is "forgotten".
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OffsetChange {
    pub(crate) topic: Str,
    pub(crate) partition: i32,
    pub(crate) offset: Option<CommittedOffset>,
}

#[derive(Debug, Default)]
struct Slot {
    committed: Option<CommittedOffset>,
    /// How many changes of it are on their way.
    pending: u32,
}

/// A group's offsets.
#[derive(Debug, Default)]
pub(crate) struct Offsets {
    topics: BTreeMap<Str, BTreeMap<i32, Slot>>,
}

impl Offsets {
    pub(crate) fn is_empty(&self) -> bool {
        self.topics.is_empty()
    }

    /// The committed offset.
    pub(crate) fn get(&self, topic: &str, partition: i32) -> Option<&CommittedOffset> {
        self.topics.get(topic)?.get(&partition)?.committed.as_ref()
    }

    /// Whether there is, or may soon be, an offset.
    pub(crate) fn knows(&self, topic: &str, partition: i32) -> bool {
        self.topics.get(topic).is_some_and(|partitions| partitions.contains_key(&partition))
    }

    /// Topics with their committed offsets.
    pub(crate) fn committed(&self) -> impl Iterator<Item = (&Str, i32, &CommittedOffset)> {
        self.slots().filter_map(|(topic, partition, slot)| Some((topic, partition, slot.committed.as_ref()?)))
    }

    /// How many offsets are committed.
    pub(crate) fn count(&self) -> u64 {
        self.committed().count() as u64
    }

    /// Every partition that has, or may soon have, an offset.
    pub(crate) fn partitions(&self) -> impl Iterator<Item = (&Str, i32)> {
        self.slots().map(|(topic, partition, _)| (topic, partition))
    }

    fn slots(&self) -> impl Iterator<Item = (&Str, i32, &Slot)> {
        self.topics.iter().flat_map(|(topic, partitions)| {
            partitions.iter().map(move |(partition, slot)| (topic, *partition, slot))
        })
    }

    /// Notes changes that are on their way.
    pub(crate) fn begin(&mut self, changes: &[OffsetChange]) {
        for change in changes {
            let partitions = self.topics.entry(change.topic.clone()).or_default();
            partitions.entry(change.partition).or_default().pending += 1;
        }
    }

    /// Changes that were on their way are committed.
    pub(crate) fn commit(&mut self, changes: Vec<OffsetChange>) {
        self.end(changes, |slot, offset| slot.committed = offset);
    }

    /// Changes that were on their way did not happen.
    pub(crate) fn abandon(&mut self, changes: Vec<OffsetChange>) {
        self.end(changes, |_, _| {});
    }

    fn end(&mut self, changes: Vec<OffsetChange>, then: impl Fn(&mut Slot, Option<CommittedOffset>)) {
        for change in changes {
            let Some(partitions) = self.topics.get_mut(&change.topic) else { continue };
            if let Some(slot) = partitions.get_mut(&change.partition) {
                slot.pending = slot.pending.saturating_sub(1);
                then(slot, change.offset);
                if slot.pending == 0 && slot.committed.is_none() {
                    partitions.remove(&change.partition);
                }
            }
            if partitions.is_empty() {
                self.topics.remove(&change.topic);
            }
        }
    }

    /// Takes a change from the log.
    pub(crate) fn replay(&mut self, change: OffsetChange) {
        let changes = vec![change];
        self.begin(&changes);
        self.commit(changes);
    }
}
