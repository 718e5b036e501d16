//! Appends on their way: what to do when they are committed, and whom to answer.
//!
//! Owns the rule that an answer about a change goes out only when the change is committed. Never touches a group.

use crate::{
    classic::Before,
    config::GroupConfig,
    event::{AppendId, Caller, Effect, LogRecord, Response},
    offsets::OffsetChange,
};
use klamm_protocol::EncodeError;
use klamm_types::{Bytes, Mono, Now, Str};
use std::collections::BTreeMap;

/// What an append is for, to carry on when its fate is known.
#[derive(Debug)]
pub(crate) enum Purpose {
    /// The leader's assignment of a generation.
    Assignment { generation: i32, assignment: BTreeMap<Str, Bytes> },
    /// The group has become empty.
    Empty,
    /// A static member has come back under a new member id (KIP-345), and no rebalance is needed.
    Replacement { instance: Str, old_id: Str, new_id: Str, before: Before },
    /// Offsets were committed or forgotten.
    Offsets(Vec<OffsetChange>),
    /// The group and all its offsets are deleted.
    Deletion,
}

/// An append on its way.
#[derive(Debug)]
pub(crate) struct Append {
    pub(crate) group: Str,
    pub(crate) purpose: Purpose,
    /// Who gets which answer when it is committed. On failure the same answer goes out with the error in it.
    pub(crate) answer: Option<(Caller, Response)>,
    /// Until when the caller is made to wait; `None` when it was told already.
    pub(crate) patience: Option<Mono>,
}

/// All appends on their way, in the order of the log.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    next: u64,
    appends: BTreeMap<AppendId, Append>,
    /// Those that failed before they were appended.
    unwritable: Vec<AppendId>,
}

impl InFlight {
    pub(crate) fn take(&mut self, id: AppendId) -> Option<Append> {
        self.appends.remove(&id)
    }

    /// Forgets all, but goes on with its numbers: a late word of an old append must not be taken for a new one.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Append> {
        std::mem::take(&mut self.appends).into_values()
    }

    pub(crate) fn take_unwritable(&mut self) -> Option<AppendId> {
        self.unwritable.pop()
    }

    pub(crate) fn concerns(&self, group: &str) -> bool {
        self.appends.values().any(|append| append.group == *group)
    }

    /// When the next caller runs out of patience. Appends are made in the order of time, with one patience for all.
    pub(crate) fn next_deadline(&self) -> Option<Mono> {
        self.appends.values().find_map(|append| append.patience)
    }

    /// The first append whose caller has waited too long by now.
    pub(crate) fn overdue(&mut self, now: Mono) -> Option<AppendId> {
        let (id, append) = self.appends.iter_mut().find(|(_, append)| append.patience.is_some())?;
        append.patience.take_if(|deadline| *deadline <= now).map(|_| *id)
    }

    pub(crate) fn get_mut(&mut self, id: AppendId) -> Option<&mut Append> {
        self.appends.get_mut(&id)
    }
}

/// What handlers work with while one event is handled.
pub(crate) struct Turn<'a> {
    pub(crate) now: Now,
    pub(crate) config: &'a GroupConfig,
    pub(crate) in_flight: &'a mut InFlight,
    pub(crate) out: &'a mut Vec<Effect>,
}

impl Turn<'_> {
    pub(crate) fn answer(&mut self, caller: Caller, response: Response) {
        self.out.push(Effect::Answer { caller, response });
    }

    /// Writes to the log; `answer` goes out when it is committed. What no record can hold (a text that is too long)
    /// fails as an append does.
    pub(crate) fn append(
        &mut self,
        group: &Str,
        records: Result<Vec<LogRecord>, EncodeError>,
        purpose: Purpose,
        answer: Option<(Caller, Response)>,
    ) {
        let id = AppendId(self.in_flight.next);
        self.in_flight.next += 1;
        let patience = Some(self.now.mono.plus(self.config.commit_timeout));
        self.in_flight.appends.insert(id, Append { group: group.clone(), purpose, answer, patience });
        match records {
            Ok(records) => self.out.push(Effect::Append { id, records }),
            Err(_) => self.in_flight.unwritable.push(id),
        }
    }
}
