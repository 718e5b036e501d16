//! The checks, one function each.

use std::collections::{BTreeMap, BTreeSet};

use super::known::Known;
use super::{Action, Anomaly, Kind, Operation, Outcome, Place};

/// What of a history cannot be. `history` holds every operation of a run, each process's in its own order; each audience
/// read to the end.
///
/// Aborted reads are not looked for: there are no transactions yet.
pub fn check(history: &[Operation]) -> Vec<Anomaly<'_>> {
    let known = Known::of(history);
    let mut found = Vec::new();
    places(&known, &mut found);
    values(&known, &mut found);
    senders(&known, &mut found);
    let lost = lost(&known, &mut found);
    unseen(history, &known, &lost, &mut found);
    sends(history, &mut found);
    sessions(history, &known, &mut found);
    found.sort_by_key(|anomaly| anomaly.kind);
    found
}

/// A place has one record, whoever looks.
fn places<'h>(known: &Known<'h>, found: &mut Vec<Anomaly<'h>>) {
    for (place, values) in known.places().filter(|(_, values)| values.len() > 1) {
        let all: Vec<_> = values.keys().collect();
        let what = format!("at {place} are {all:?}");
        let operations = values.values().copied().collect();
        found.push(Anomaly { kind: Kind::OffsetDivergence, what, operations });
    }
}

/// A record is at one place.
fn values<'h>(known: &Known<'h>, found: &mut Vec<Anomaly<'h>>) {
    for (value, places) in known.values().filter(|(_, places)| places.len() > 1) {
        let all: Vec<_> = places.keys().map(Place::to_string).collect();
        let what = format!("{value} is at {}", all.join(" and "));
        let operations = places.values().copied().collect();
        found.push(Anomaly { kind: Kind::Duplicate, what, operations });
    }
}

/// What is read was sent, to this partition, and not refused.
fn senders<'h>(known: &Known<'h>, found: &mut Vec<Anomaly<'h>>) {
    for (value, reader) in known.read() {
        let partition = reader.read().find(|(_, read)| *read == value).map(|(place, _)| place.partition);
        match known.sent(value) {
            Some(sent) if sent.outcome == Outcome::Fail => found.push(Anomaly {
                kind: Kind::FailedWrite,
                what: format!("{value} was refused, and is there"),
                operations: vec![sent.operation, reader],
            }),
            Some(sent) if Some(sent.partition) == partition => {}
            sent => found.push(Anomaly {
                kind: Kind::NeverSent,
                what: format!("{value} was read from partition {partition:?}, and nobody sent it there"),
                operations: sent.map(|sent| sent.operation).into_iter().chain([reader]).collect(),
            }),
        }
    }
}

/// What is acknowledged was read by somebody, if anything behind it was. Returns what was not.
fn lost<'h>(known: &Known<'h>, found: &mut Vec<Anomaly<'h>>) -> BTreeSet<u64> {
    let mut lost = BTreeSet::new();
    for (place, value, sender) in known.acknowledged().filter(|(_, value, _)| !known.is_read(*value)) {
        let Some((behind, reader)) = known.last_read(place.partition).filter(|(last, _)| *last >= place)
        else {
            continue; // unseen, if anybody reads at all
        };
        lost.insert(value);
        let what = format!("{value} was acknowledged at {place} and never read; read was up to {behind}");
        found.push(Anomaly { kind: Kind::LostWrite, what, operations: vec![sender, reader] });
    }
    lost
}

/// What is acknowledged came to every audience, one member of it or another.
fn unseen<'h>(
    history: &'h [Operation],
    known: &Known<'h>,
    lost: &BTreeSet<u64>,
    found: &mut Vec<Anomaly<'h>>,
) {
    let mut seen: BTreeMap<&str, BTreeSet<u64>> = BTreeMap::new();
    for operation in history.iter().filter(|one| !matches!(one.action, Action::Send { .. })) {
        seen.entry(operation.audience()).or_default().extend(operation.read().map(|(_, value)| value));
    }
    for (audience, seen) in seen {
        for (place, value, sender) in known.acknowledged() {
            if seen.contains(&value) || lost.contains(&value) {
                continue;
            }
            let what = format!("{value}, acknowledged at {place}, never came to {audience}");
            let others = known.read().find(|(read, _)| *read == value).map(|(_, reader)| reader);
            let operations = [sender].into_iter().chain(others).collect();
            found.push(Anomaly { kind: Kind::Unseen, what, operations });
        }
    }
}

/// What a process sends to a partition lies there in the order in which it was sent.
fn sends<'h>(history: &'h [Operation], found: &mut Vec<Anomaly<'h>>) {
    let mut sent: BTreeMap<(&str, i32), Vec<(Place, &Operation)>> = BTreeMap::new();
    for operation in history {
        if let Some((place, _)) = operation.acknowledged() {
            sent.entry((&operation.process, place.partition)).or_default().push((place, operation));
        }
    }
    for mut sends in sent.into_values() {
        sends.sort_by_key(|(_, operation)| operation.begin); // they are told of in the order of their ends
        for pair in sends.windows(2) {
            let [(first, earlier), (second, later)] = pair else { continue };
            if second <= first {
                let what = format!("{second} was sent after {first}");
                let operations = vec![*earlier, *later];
                found.push(Anomaly { kind: Kind::SendInversion, what, operations });
            }
        }
    }
}

/// From an assignment on, a process is given one record after the other, none twice and none left out.
fn sessions<'h>(history: &'h [Operation], known: &Known<'h>, found: &mut Vec<Anomaly<'h>>) {
    // where each stands: the last offset that it read or passed, and the operation that says so
    let mut stands: BTreeMap<(&str, i32), (i64, &Operation)> = BTreeMap::new();
    for operation in history {
        let process = operation.process.as_str();
        match &operation.action {
            Action::Send { .. } => {}
            Action::Revoke { partitions } => {
                stands.retain(|(of, partition), _| *of != process || !partitions.contains(partition));
            }
            Action::Assign { partitions } => {
                for (partition, next) in partitions {
                    stands.remove(&(process, *partition));
                    if let Some(next) = next {
                        stands.insert((process, *partition), (next - 1, operation));
                    }
                }
            }
            Action::Poll { .. } => {
                for (place, _) in operation.read() {
                    let before = stands.insert((process, place.partition), (place.offset, operation));
                    found.extend(before.and_then(|before| step(before, place, operation, known)));
                }
            }
        }
    }
}

/// What is wrong with a step from where a process stood to what it read next.
fn step<'h>(
    (last, before): (i64, &'h Operation),
    place: Place,
    reader: &'h Operation,
    known: &Known<'h>,
) -> Option<Anomaly<'h>> {
    let process = &reader.process;
    if place.offset <= last {
        let what = format!("{process} had passed {}:{last} and read {place}", place.partition);
        return Some(Anomaly { kind: Kind::PollInversion, what, operations: vec![before, reader] });
    }
    let (skipped, witness) = known.between(place.partition, last, place.offset)?;
    let what = format!("{process} went from {}:{last} to {place} without {skipped}", place.partition);
    Some(Anomaly { kind: Kind::Skip, what, operations: vec![before, reader, witness] })
}
