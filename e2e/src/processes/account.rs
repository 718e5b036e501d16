//! What a run amounts to: faults, records, gaps.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};

use super::schedule::Step;
use crate::history::{Action, Operation};

/// The figures of a run.
pub struct Account {
    faults: BTreeMap<&'static str, usize>,
    sent: usize,
    acknowledged: usize,
    /// By audience: how many records it was given, and how many of them again.
    read: BTreeMap<String, (usize, usize)>,
    /// In ns: the longest time in which nothing was acknowledged at all, and in any one partition.
    gaps: (u64, u64),
    /// In ns: the longest time until a record was acknowledged.
    slowest: u64,
}

impl Account {
    pub fn of(steps: &[Step], history: &[Operation]) -> Account {
        let mut account = Account {
            faults: BTreeMap::new(),
            sent: 0,
            acknowledged: 0,
            read: BTreeMap::new(),
            gaps: (0, 0),
            slowest: 0,
        };
        steps.iter().for_each(|step| *account.faults.entry(step.fault.name()).or_default() += 1);
        let mut ends: BTreeMap<Option<i32>, Vec<u64>> = BTreeMap::new();
        let mut seen: BTreeMap<&str, (usize, BTreeSet<u64>)> = BTreeMap::new();
        for operation in history {
            if matches!(operation.action, Action::Send { .. }) {
                account.sent += 1;
            } else {
                let (given, values) = seen.entry(operation.audience()).or_default();
                for (_, value) in operation.read() {
                    *given += 1;
                    values.insert(value);
                }
            }
            if let Some((place, _)) = operation.acknowledged() {
                account.acknowledged += 1;
                account.slowest = account.slowest.max(operation.end - operation.begin);
                ends.entry(None).or_default().push(operation.end);
                ends.entry(Some(place.partition)).or_default().push(operation.end);
            }
        }
        for (partition, mut ends) in ends {
            ends.sort_unstable();
            let gap = ends.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
            let longest = if partition.is_none() { &mut account.gaps.0 } else { &mut account.gaps.1 };
            *longest = gap.max(*longest);
        }
        let given = |(given, values): (usize, BTreeSet<u64>)| (values.len(), given - values.len());
        account.read = seen.into_iter().map(|(name, seen)| (name.to_owned(), given(seen))).collect();
        account
    }

    /// Whether anything happened at all: a run without load or without faults shows nothing.
    pub fn is_worth_something(&self) -> bool {
        let read = self.read.values().all(|(read, _)| *read > 0);
        !self.faults.is_empty() && self.acknowledged > 0 && self.read.len() == 3 && read
    }
}

impl Display for Account {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let s = |ns: u64| ns as f64 / 1e9;
        let kinds: Vec<_> = self.faults.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
        writeln!(f, "{} faults: {}", self.faults.values().sum::<usize>(), kinds.join(", "))?;
        let unknown = self.sent - self.acknowledged;
        writeln!(f, "{} records sent, {} acknowledged, {unknown} not", self.sent, self.acknowledged)?;
        for (audience, (read, again)) in &self.read {
            writeln!(f, "{audience}: {read} records read, {again} of them again")?;
        }
        let (all, one) = (s(self.gaps.0), s(self.gaps.1));
        writeln!(
            f,
            "longest time without an acknowledgement: {all:.2} s in all partitions, {one:.2} s in one"
        )?;
        write!(f, "the slowest acknowledgement took {:.2} s", s(self.slowest))
    }
}
