//! Random operations against a model that is a list of batches.
#![allow(missing_docs)]

mod common;

use common::*;
use klamm_storage::{Checkpoint, FlushDepth, Log, LogConfig, LogDir};
use klamm_types::Offset;
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

#[derive(Clone, Debug)]
enum Step {
    Append {
        records: usize,
        bytes: usize,
    },
    Idempotent,
    Flush {
        checkpoint: bool,
    },
    Roll,
    /// Cut this many batches from the end, and begin a new epoch.
    Truncate {
        batches: usize,
    },
    DeleteRecords {
        part: i64,
    },
    Retain,
    Stop,
    /// A kill that leaves this many bytes of garbage at the end.
    Kill {
        garbage: usize,
    },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (1usize..6, 0usize..400).prop_map(|(records, bytes)| Step::Append { records, bytes }),
        6 => Just(Step::Idempotent),
        2 => any::<bool>().prop_map(|checkpoint| Step::Flush { checkpoint }),
        1 => Just(Step::Roll),
        2 => (0usize..12).prop_map(|batches| Step::Truncate { batches }),
        1 => (0i64..100).prop_map(|part| Step::DeleteRecords { part }),
        1 => Just(Step::Retain),
        1 => Just(Step::Stop),
        2 => (0usize..200).prop_map(|garbage| Step::Kill { garbage }),
    ];
    proptest::collection::vec(step, 1..80)
}

/// One batch of the model.
#[derive(Clone, Copy, Debug)]
struct Known {
    base: i64,
    next: i64,
    epoch: i32,
    sequence: Option<i32>,
}

struct Run {
    folder: Folder,
    config: Arc<LogConfig>,
    dir: Option<LogDir>,
    log: Option<Log>,
    batches: Vec<Known>,
    start: i64,
    epoch: i32,
}

impl Run {
    fn new() -> Self {
        let folder = Folder::new();
        format(real_disk().as_ref(), &folder.0);
        let dir = LogDir::open(real_disk(), &folder.0).expect("formatted");
        let config = Arc::new(LogConfig {
            segment_bytes: 2500,
            index_interval_bytes: 100,
            retention_ms: -1,
            ..small()
        });
        let log = dir.create_log(&name(0), topic(), config.clone(), now(0)).expect("created");
        Self { folder, config, dir: Some(dir), log: Some(log), batches: vec![], start: 0, epoch: 0 }
    }

    fn log(&mut self) -> &mut Log {
        self.log.as_mut().expect("open")
    }

    fn end(&self) -> i64 {
        self.batches.last().map_or(self.start, |batch| batch.next.max(self.start))
    }

    fn checkpoint(&mut self, which: Checkpoint, offset: Offset) {
        let offsets = BTreeMap::from([(name(0), offset)]);
        self.log().device().write_checkpoint(which, &offsets).expect("writes");
    }

    fn flush(&mut self) {
        flush(self.log());
        let point = self.log().recovery_point();
        self.checkpoint(Checkpoint::RecoveryPoints, point);
    }

    fn restart(&mut self, clean: bool, garbage: usize) {
        let start = self.log().start();
        self.checkpoint(Checkpoint::LogStarts, start);
        if clean {
            self.flush();
            self.log().device().mark_clean_shutdown(None).expect("writes");
        }
        let path = self.log().directory().to_owned();
        self.log = None;
        self.dir = None;
        if garbage > 0 {
            let names = std::fs::read_dir(path).expect("there").map(|entry| entry.expect("readable").path());
            let last = names.filter(|path| path.extension().is_some_and(|e| e == "log")).max().expect("one");
            let mut bytes = std::fs::read(&last).expect("reads");
            bytes.extend((0..garbage).map(|index| index as u8));
            std::fs::write(&last, bytes).expect("writes");
        }
        let dir = LogDir::open(real_disk(), &self.folder.0).expect("formatted");
        let mut log = dir.open_log(&name(0), self.config.clone(), now(0)).expect("opens");
        log.set_high_watermark(log.end());
        (self.dir, self.log) = (Some(dir), Some(log));
    }

    fn push(&mut self, records: i64, sequence: Option<i32>) {
        let base = self.end();
        self.batches.push(Known { base, next: base + records, epoch: self.epoch, sequence });
    }

    fn apply(&mut self, step: Step) {
        match step {
            Step::Append { records, bytes } => {
                let epoch = self.epoch;
                append_in(self.log(), epoch, batch(records, bytes, 0)).expect("appends");
                self.push(records as i64, None);
            }
            Step::Idempotent => {
                let last = self.batches.iter().rev().find_map(|batch| batch.sequence);
                let epoch = self.epoch;
                let sequence = match last {
                    None => {
                        let known = self.log().producer(klamm_types::ProducerId(7));
                        known
                            .and_then(|known| known.batches.last())
                            .map_or(0, |batch| batch.last_sequence.0 + 1)
                    }
                    Some(last) => last + 1,
                };
                let appended = append_in(self.log(), epoch, idempotent(7, 0, sequence, 1)).expect("in order");
                assert!(!appended.duplicate);
                self.push(1, Some(sequence));
            }
            Step::Flush { checkpoint: true } => self.flush(),
            Step::Flush { checkpoint: false } => flush(self.log()),
            Step::Roll => self.log().roll(now(0)).expect("rolls"),
            Step::Truncate { batches } => {
                let keep = self.batches.len().saturating_sub(batches);
                let to = self.batches.get(keep).map_or(self.end(), |batch| batch.base.max(self.start));
                self.batches.retain(|batch| batch.base < to);
                self.log().truncate_to(Offset(to), now(0)).expect("truncates").run();
                let point = self.log().recovery_point();
                self.checkpoint(Checkpoint::RecoveryPoints, point);
                self.epoch += 1;
            }
            Step::DeleteRecords { part } => {
                // at batches only: what a truncation into the middle of one leaves is not the model's matter
                let to = self.start + (self.end() - self.start) * part / 100;
                let to = self.batches.iter().map(|batch| batch.base).filter(|base| *base <= to).max();
                self.start = self.start.max(to.unwrap_or(0));
                let start = Offset(self.start);
                self.log().delete_records(start).expect("below the high watermark");
            }
            Step::Retain => self.log().retain(now(0)).expect("retains").run(),
            Step::Stop => self.restart(true, 0),
            Step::Kill { garbage } => self.restart(false, garbage),
        }
    }

    fn check(&mut self) {
        let (start, end) = (self.start, self.end());
        let want: Vec<_> =
            self.batches.iter().filter(|b| b.next > start).map(|b| (b.base, b.epoch)).collect();
        let epochs: BTreeMap<i32, i64> =
            self.batches.iter().filter(|b| b.next > start).map(|b| (b.epoch, b.next)).collect();
        let sequences: Vec<_> = self.batches.iter().filter_map(|b| b.sequence).collect();
        let log = self.log();
        assert_eq!((log.start().0, log.end().0), (start, end));
        assert_eq!(batches_from(log, start), want);
        for (epoch, end) in epochs {
            let found = log.end_of_epoch(klamm_types::LeaderEpoch(epoch)).expect("known");
            assert_eq!((found.epoch.0, found.end.0), (epoch, end));
        }
        if let Some(last) = sequences.last().copied() {
            let base = self.batches.iter().rev().find(|b| b.sequence == Some(last)).map(|b| b.base);
            let again = append(self.log(), idempotent(7, 0, last, 1)).expect("a duplicate");
            assert_eq!((Some(again.base_offset.0), again.duplicate), (base, true));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn the_log_is_what_the_model_says(steps in steps()) {
        let mut run = Run::new();
        for step in steps {
            run.apply(step);
            run.check();
        }
        let _ = run.log().begin_flush(FlushDepth::RecoveryPoint).expect("works");
    }
}
