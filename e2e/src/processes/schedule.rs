//! What goes wrong when. Pure: the same seed, the same schedule.

use std::fmt::{Display, Formatter};

use super::network::Lost;

/// The brokers, by id.
pub const BROKERS: [i32; 3] = [1, 2, 3];

/// What goes wrong with a broker, for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// SIGKILL; started again when it is over.
    Kill,
    /// SIGSTOP, then SIGCONT.
    Pause,
    /// Its host is cut off, both ways, from all others.
    CutOff,
    /// Packets are lost in one direction, or between it and one other.
    Lose(Lost),
    /// No byte is free on its disk.
    DiskFull,
    /// Its host is cut off, then dies; it is back when it is over.
    HostLoss,
}

/// A fault of a broker, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// Which broker.
    pub broker: i32,
    /// What goes wrong.
    pub fault: Fault,
    /// When it begins, in ms since the schedule did.
    pub begin: u64,
    /// When it is over, in ms since the schedule began.
    pub end: u64,
}

impl Fault {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Fault::Kill => "kill",
            Fault::Pause => "pause",
            Fault::CutOff => "cut off",
            Fault::Lose(Lost::Incoming) => "deaf (one way)",
            Fault::Lose(Lost::Outgoing) => "mute (one way)",
            Fault::Lose(Lost::Between(_)) => "split from one",
            Fault::DiskFull => "disk full",
            Fault::HostLoss => "host loss",
        }
    }
}

impl Display for Step {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let Step { broker, fault, begin, end } = self;
        write!(
            f,
            "{:6.1} s broker {broker} {} for {:.1} s",
            *begin as f64 / 1e3,
            fault.name(),
            (end - begin) as f64 / 1e3
        )
    }
}

/// Numbers of a seed (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn within(&mut self, from: u64, to: u64) -> u64 {
        from + self.below(to - from)
    }
}

/// Kinds of faults, each once.
fn deck() -> Vec<Fault> {
    let lost = [Lost::Incoming, Lost::Outgoing, Lost::Between(0)].map(Fault::Lose);
    [Fault::Kill, Fault::Pause, Fault::CutOff, Fault::DiskFull, Fault::HostLoss]
        .into_iter()
        .chain(lost)
        .collect()
}

/// One fault after the other until `length` ms are over, every kind as often as every other; a quarter has a second one beside
/// it on the same broker, so that never more than one of the three is away.
pub fn schedule(seed: u64, length: u64) -> Vec<Step> {
    let (mut numbers, mut steps, mut kinds) = (Numbers(seed), Vec::new(), Vec::new());
    let mut now = numbers.within(1000, 3000);
    while now < length {
        if kinds.is_empty() {
            kinds = deck();
        }
        let fault = kinds.swap_remove(numbers.below(kinds.len() as u64) as usize);
        let broker = BROKERS[numbers.below(3) as usize];
        let first = Step {
            broker,
            fault: aimed(fault, broker, &mut numbers),
            begin: now,
            end: now + lasts(fault, &mut numbers),
        };
        steps.push(first);
        now = first.end;
        if numbers.below(4) == 0 {
            let second = beside(first, &mut numbers);
            now = now.max(second.end);
            steps.push(second);
        }
        now += numbers.within(500, 5000);
    }
    steps
}

/// Short enough for many, often longer than a session (600 ms), sometimes than a client's timeout (6 s).
fn lasts(fault: Fault, numbers: &mut Numbers) -> u64 {
    match fault {
        Fault::Kill => numbers.within(50, 5000),
        Fault::HostLoss => numbers.within(1500, 8000), // it is cut off some time before it dies
        _ => numbers.within(300, 8000),
    }
}

fn aimed(fault: Fault, broker: i32, numbers: &mut Numbers) -> Fault {
    match fault {
        Fault::Lose(Lost::Between(_)) => {
            let others: Vec<i32> = BROKERS.into_iter().filter(|other| *other != broker).collect();
            Fault::Lose(Lost::Between(others[numbers.below(2) as usize]))
        }
        fault => fault,
    }
}

/// Another fault of the same broker that begins while the first lasts: of the network or the disk, whatever its process does.
fn beside(first: Step, numbers: &mut Numbers) -> Step {
    let fits = |fault: &Fault| {
        matches!(fault, Fault::Lose(_) | Fault::DiskFull) && fault.name() != first.fault.name()
    };
    let fits: Vec<Fault> = deck().into_iter().filter(fits).collect();
    let fault = aimed(fits[numbers.below(fits.len() as u64) as usize], first.broker, numbers);
    let begin = numbers.within(first.begin, first.end);
    Step { broker: first.broker, fault, begin, end: begin + lasts(fault, numbers) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Step, schedule};

    const LENGTH: u64 = 180_000;

    #[test]
    fn a_seed_is_a_schedule_of_every_kind_that_spares_a_majority() {
        for seed in 0..200 {
            // long enough for every kind, each with its longest time, one beside it and the longest rest
            let steps = schedule(seed, LENGTH);
            assert_eq!(steps, schedule(seed, LENGTH));
            assert_ne!(steps, schedule(seed + 1, LENGTH));
            let mut kinds = BTreeMap::new();
            for Step { fault, begin, end, .. } in &steps {
                assert!(begin < end && *begin < LENGTH + 8000, "{steps:?}");
                *kinds.entry(fault.name()).or_insert(0) += 1;
            }
            assert_eq!(kinds.len(), 8, "seed {seed}: {kinds:?}");
            for (one, other) in steps.iter().flat_map(|one| steps.iter().map(move |other| (one, other))) {
                let together = one.begin < other.end && other.begin < one.end;
                assert!(!together || one.broker == other.broker, "{one} and {other}");
                assert!(
                    !together || one == other || one.fault.name() != other.fault.name(),
                    "{one} and {other}"
                );
            }
        }
    }
}
