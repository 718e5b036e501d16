//! What happened, as a hash that two runs of one seed must share and, when asked for, as lines for people.

use crate::HostId;
use std::{collections::BTreeMap, fmt::Write, sync::Mutex};

/// Every port call and every fault goes through here.
#[derive(Debug, Default)]
pub struct Trace(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    hash: u64,
    events: u64,
    lines: Option<Vec<String>>,
    counts: Counts,
}

/// How often each class of fault was injected and each state of interest was reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// What a scenario did to the world, by its name of it.
    pub injected: BTreeMap<String, u64>,
    /// What that was to hosts, links and disks, by class: one partition may cut eight links.
    pub faults: BTreeMap<&'static str, u64>,
    /// What was reached, by name.
    pub reached: BTreeMap<String, u64>,
}

impl Counts {
    /// Adds the counts of another run.
    pub fn add(&mut self, other: &Counts) {
        for (name, count) in &other.faults {
            *self.faults.entry(name).or_default() += count;
        }
        for (name, count) in &other.injected {
            *self.injected.entry(name.clone()).or_default() += count;
        }
        for (name, count) in &other.reached {
            *self.reached.entry(name.clone()).or_default() += count;
        }
    }
}

impl Trace {
    /// A trace that keeps its lines when `record` is set.
    pub(crate) fn new(record: bool) -> Self {
        Self(Mutex::new(State { lines: record.then(Vec::new), ..State::default() }))
    }

    /// One event: what kind, on which host, with which numbers and which text.
    pub(crate) fn event(&self, now: u64, host: HostId, kind: &'static str, numbers: &[u64], text: &str) {
        let mut state = self.state();
        let mut hash = mix(mix(state.hash, now), u64::from(host.0));
        hash = hash_bytes(hash, kind.as_bytes());
        hash = numbers.iter().fold(hash, |hash, number| mix(hash, *number));
        state.hash = hash_bytes(hash, text.as_bytes());
        state.events += 1;
        if let Some(lines) = &mut state.lines {
            let mut line = format!("{:>14.6} {host} {kind}", now as f64 / 1e9);
            for number in numbers {
                let _ = write!(line, " {number}");
            }
            let _ = write!(line, " {text}");
            lines.push(line);
        }
    }

    /// A line for people only.
    pub(crate) fn line(&self, now: u64, host: Option<HostId>, text: &str) {
        if let Some(lines) = &mut self.state().lines {
            let host = host.map_or(String::new(), |host| host.to_string());
            lines.push(format!("{:>14.6} {host} {text}", now as f64 / 1e9));
        }
    }

    /// Counts what a scenario does to the world.
    pub fn injected(&self, what: &str) {
        *self.state().counts.injected.entry(what.to_owned()).or_default() += 1;
    }

    /// Counts a fault of a host, a link or a disk.
    pub fn fault(&self, class: &'static str) {
        *self.state().counts.faults.entry(class).or_default() += 1;
    }

    /// Counts that a state of interest was reached.
    pub fn reached(&self, what: &str) {
        self.reached_times(what, 1);
    }

    /// Counts that it was reached so many times.
    pub fn reached_times(&self, what: &str, times: u64) {
        let mut state = self.state();
        match state.counts.reached.get_mut(what) {
            Some(count) => *count += times,
            None => {
                state.counts.reached.insert(what.to_owned(), times);
            }
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.state().hash
    }

    pub(crate) fn events(&self) -> u64 {
        self.state().events
    }

    pub(crate) fn counts(&self) -> Counts {
        self.state().counts.clone()
    }

    pub(crate) fn take_lines(&self) -> Vec<String> {
        self.state().lines.take().unwrap_or_default()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics while it holds the trace")
    }
}

/// Mixes a word into a hash.
fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(23) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Mixes bytes into a hash.
pub(crate) fn hash_bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        hash = mix(hash, u64::from_le_bytes(word));
    }
    mix(hash, bytes.len() as u64)
}
