//! Loss of power at any moment: what was reported durable is there, and what is there is what was written.
#![allow(missing_docs)]

mod common;

use common::{
    memory::{Die, MemoryDisk},
    *,
};
use klamm_storage::{Checkpoint, FlushDepth, Limit, Log, LogConfig, LogDir};
use klamm_types::{LeaderEpoch, Offset};
use klamm_world::Disk;
use std::{collections::BTreeMap, path::Path, sync::Arc};

const FOLDER: &str = "/data";

/// Base offset, leader epoch and first sequence number of a batch.
type Known = (i64, i32, i32);

struct Run {
    die: Die,
    disk: MemoryDisk,
    config: Arc<LogConfig>,
    dir: Option<LogDir>,
    log: Option<Log>,
    /// Base offset and epoch of each batch; the last one's sequence number is the producer's next but one.
    batches: Vec<Known>,
    /// What the log was before truncations that are not yet durable: they may be undone, but not in part.
    undone: Vec<Vec<Known>>,
    end: i64,
    durable: i64,
    epoch: i32,
    sequence: i32,
    losses: u32,
    lost: u32,
}

impl Run {
    fn new(seed: u64) -> Self {
        let disk = MemoryDisk::default();
        disk.create_directory(Path::new(FOLDER)).expect("made");
        format(&disk, Path::new(FOLDER));
        let config = Arc::new(LogConfig {
            segment_bytes: 3000,
            index_interval_bytes: 200,
            retention_bytes: 9000,
            ..small()
        });
        let dir = LogDir::open(Arc::new(disk.clone()), Path::new(FOLDER)).expect("formatted");
        let mut log = dir.create_log(&name(0), topic(), config.clone(), now(0)).expect("created");
        // a partition exists once its names are durable
        append(&mut log, idempotent(7, 0, 0, 1)).expect("appends");
        let die = Die(seed);
        let mut run = Self {
            die,
            disk,
            config,
            dir: Some(dir),
            log: Some(log),
            batches: vec![(0, 0, 0)],
            undone: vec![],
            end: 1,
            durable: 0,
            epoch: 0,
            sequence: 1,
            losses: 0,
            lost: 0,
        };
        run.flush(FlushDepth::RecoveryPoint);
        run
    }

    fn log(&mut self) -> &mut Log {
        self.log.as_mut().expect("open")
    }

    fn flush(&mut self, depth: FlushDepth) {
        if let Some(work) = self.log().begin_flush(depth).expect("works") {
            let flushed = work.run();
            let moved = self.log().flushed(&flushed).expect("synced");
            if moved && self.die.throw(4) > 0 {
                let point = self.log().recovery_point();
                self.checkpoint(Checkpoint::RecoveryPoints, point);
            }
        }
        self.durable = self.log().durable_end().0;
        if self.durable == self.end {
            self.undone.clear();
        }
    }

    fn checkpoint(&mut self, which: Checkpoint, offset: Offset) {
        let offsets = BTreeMap::from([(name(0), offset)]);
        self.log().device().write_checkpoint(which, &offsets).expect("writes");
    }

    fn step(&mut self) {
        match self.die.throw(22) {
            0..10 => {
                let records = 1 + self.die.throw(3) as usize;
                let (epoch, sequence) = (self.epoch, self.sequence);
                let appended =
                    append_in(self.log(), epoch, idempotent(7, 0, sequence, records)).expect("in order");
                assert_eq!((appended.base_offset.0, appended.duplicate), (self.end, false));
                self.batches.push((self.end, epoch, sequence));
                self.end += records as i64;
                self.sequence += records as i32;
            }
            10 | 11 => self.flush(FlushDepth::Log),
            12 | 13 => self.flush(FlushDepth::RecoveryPoint),
            14 => self.epoch += 1,
            15 => self.log().roll(now(0)).expect("rolls"),
            16 => self.log().retain(now(0)).expect("retains").run(),
            17 => self.restart(false),
            18 | 19 => self.restart(true),
            _ => self.truncate(),
        }
    }

    /// Another leader's log differs from here on.
    fn truncate(&mut self) {
        let start = self.log().start().0;
        let keep = self.batches.len() - self.die.throw(6).min(self.batches.len() as u64 - 1) as usize;
        let Some((to, _, sequence)) = self.batches.get(keep).copied().filter(|(base, _, _)| *base > start)
        else {
            return;
        };
        self.undone.push(self.batches.clone());
        self.batches.truncate(keep);
        self.log().truncate_to(Offset(to), now(0)).expect("truncates").run();
        let point = self.log().recovery_point();
        self.checkpoint(Checkpoint::RecoveryPoints, point);
        (self.end, self.sequence) = (to, sequence);
        self.epoch += 1;
        self.durable = self.durable.min(to);
    }

    /// A kill, or a loss of power.
    fn restart(&mut self, power: bool) {
        self.log = None;
        self.dir = None;
        if power {
            self.disk.lose_power(&mut self.die);
            self.losses += 1;
        }
        let dir = LogDir::open(Arc::new(self.disk.clone()), Path::new(FOLDER)).expect("formatted");
        let mut log = dir.open_log(&name(0), self.config.clone(), now(0)).expect("opens");
        log.set_high_watermark(log.end());
        let (start, end) = (log.start(), log.end().0);
        assert!(end >= if power { self.durable } else { self.end });
        self.lost += u32::from(end < self.end);
        let found = batches_from(&mut log, start.0);
        let matching = |known: &Vec<Known>| {
            let kept =
                known.iter().filter(|(base, _, _)| *base >= start.0).map(|(base, epoch, _)| (*base, *epoch));
            kept.take(found.len()).eq(found.iter().copied())
        };
        let earlier = if power { std::mem::take(&mut self.undone) } else { Vec::new() };
        let candidates = earlier.into_iter().chain([std::mem::take(&mut self.batches)]);
        let known = candidates.rev().find(matching).expect("what is there is what was written");
        self.batches = known.into_iter().filter(|(base, _, _)| *base < end).collect();
        let want = found;
        self.sequence = self.batches.last().map_or(0, |(base, _, sequence)| sequence + (end - base) as i32);
        self.check_epochs(&log, &want);
        for (base, _) in &want {
            let first = log.read(Offset((*base).max(start.0)), Limit::End, 1, true).expect("in range").first;
            assert_eq!(first.map(|first| first.base_offset.0), Some(*base), "by the index");
        }
        self.end = end;
        let known = log.producer(klamm_types::ProducerId(7)).and_then(|entry| entry.batches.last().copied());
        let known = known.map(|batch| (batch.last_offset.0, batch.last_sequence.0));
        if !want.is_empty() {
            assert_eq!(known, Some((end - 1, self.sequence - 1)));
        }
        assert_eq!(log.topic_id(), Some(topic()));
        (self.dir, self.log) = (Some(dir), Some(log));
        self.durable = self.durable.min(end).max(self.log().durable_end().0);
    }

    fn check_epochs(&self, log: &Log, batches: &[(i64, i32)]) {
        for (index, (base, epoch)) in batches.iter().enumerate() {
            assert_eq!(log.epoch_of(Offset(*base)), Some(LeaderEpoch(*epoch)), "epoch of {base}");
            let next = batches.get(index + 1);
            if next.is_none_or(|(_, next)| next != epoch) {
                let end = next.map_or(log.end().0, |(base, _)| *base);
                assert_eq!(
                    log.end_of_epoch(LeaderEpoch(*epoch)).map(|found| found.end.0),
                    Some(end),
                    "end of {epoch}"
                );
            }
        }
    }
}

#[test]
fn what_is_durable_survives_the_loss_of_power() {
    let (mut losses, mut lost) = (0, 0);
    for seed in 0..300 {
        let mut run = Run::new(seed);
        for _ in 0..100 {
            run.step();
        }
        losses += run.losses;
        lost += run.lost;
    }
    assert!(
        losses > 2000 && lost > 500,
        "the test must reach what it is about: {losses} losses of power, {lost} cut logs"
    );
}
