//! From records in the log to the image that the broker works with: what is committed is applied, in order, published, and only
//! then answered.

use super::{Answer, ControllerError, metadata_log::Decoded};
use klamm_metadata::{Delta, Image, Position, Record, Release, Replay};
use klamm_quorum::{Quorum, SnapshotId};
use klamm_types::Offset;
use klamm_world::BoxFuture;
use std::{collections::VecDeque, sync::Arc};
use tokio::sync::mpsc;

/// Who works with what is committed.
pub trait Publish: Send + Sync {
    /// A new image and what has changed since the last: resolves when every part of the broker has applied it. The first
    /// delta holds everything that the image holds.
    fn publish(&self, image: Arc<Image>, delta: Delta) -> BoxFuture<'_, ()>;
}

/// Records that are in the log and not yet committed.
struct Pending {
    end: Offset,
    records: Vec<Record>,
    answer: Option<Answer>,
}

/// What the broker is told: in order, and away from the driver, whom nothing may keep from voting.
pub(super) struct Step {
    image: Option<(Arc<Image>, Delta)>,
    answers: Vec<Answer>,
}

/// Tells the broker one step after the other, until there are no more.
pub(super) async fn publish_all(mut steps: mpsc::UnboundedReceiver<Step>, broker: Arc<dyn Publish>) {
    while let Some(step) = steps.recv().await {
        if let Some((image, delta)) = step.image {
            broker.publish(image, delta).await;
        }
        step.answers.into_iter().for_each(|answer| answer());
    }
}

/// The images of one node.
pub(super) struct Applying {
    /// Until this node has heard what is committed: a broker that began with an old image would take back what is true.
    loading: Option<Replay>,
    committed: Arc<Image>,
    /// With what is not committed yet: a leader decides on it.
    newest: Image,
    pending: VecDeque<Pending>,
    release: &'static Release,
    steps: mpsc::UnboundedSender<Step>,
}

impl Applying {
    /// Begins with what a node has on its disk: a snapshot, and batches behind it that may be taken back.
    pub fn new(
        snapshot: Replay,
        batches: Vec<Decoded>,
        release: &'static Release,
        steps: mpsc::UnboundedSender<Step>,
    ) -> Self {
        let mut this = Self {
            loading: Some(snapshot),
            committed: Arc::default(),
            newest: Image::default(),
            pending: VecDeque::new(),
            release,
            steps,
        };
        batches.into_iter().for_each(|batch| this.appended(batch));
        this
    }

    /// A batch is in the log that this node did not decide on.
    pub fn appended(&mut self, batch: Decoded) {
        self.pending.push_back(Pending { end: batch.end, records: batch.records, answer: None });
    }

    /// What this node decided on is in the log up to `end`, or changes nothing: then what is before it is waited for.
    pub fn decided(
        &mut self,
        end: Offset,
        records: Vec<Record>,
        answer: Option<Answer>,
        newest: Option<Image>,
    ) {
        if let Some(newest) = newest {
            self.newest = newest;
        }
        self.pending.push_back(Pending { end, records, answer });
    }

    /// The image to decide on, at the log's end.
    pub fn newest(&mut self, end: Offset) -> &Image {
        self.newest.position.end = end; // control records count too
        &self.newest
    }

    /// Whether the cluster has been begun: its features are there.
    pub fn has_begun(&self) -> bool {
        self.newest.features.iter().next().is_some()
    }

    /// Whether the leader before this one has left a transaction open (KIP-868).
    pub fn in_transaction(&self) -> bool {
        self.newest.in_transaction()
    }

    /// The image of what is committed; none while this node does not know that.
    pub fn committed(&self) -> Option<&Arc<Image>> {
        self.loading.is_none().then_some(&self.committed)
    }

    /// This node decides from here on: everything before is committed.
    pub fn lead(&mut self) {
        self.newest = Image::clone(&self.committed);
    }

    /// This node decides no more: who waits hears that (an answer that is dropped says so), and the truth is what is committed.
    pub fn resign(&mut self) {
        self.pending.iter_mut().for_each(|one| drop(one.answer.take()));
        self.newest = Image::default();
    }

    /// The log has lost what is behind `end`.
    pub fn truncated(&mut self, end: Offset) {
        while self.pending.back().is_some_and(|last| last.end > end) {
            self.pending.pop_back();
        }
    }

    /// A snapshot has taken the place of the log.
    pub fn installed(&mut self, id: SnapshotId, records: &[Record]) -> Result<(), ControllerError> {
        self.pending.clear();
        let mut replay = Replay::default();
        for record in records {
            replay.push(record)?;
        }
        if self.loading.is_some() {
            self.loading = Some(replay);
            return Ok(());
        }
        let (image, _) = replay.finish(Position { end: id.end, epoch: id.epoch });
        let delta = Delta::between(&self.committed, &image);
        self.publish(image, delta, Vec::new())
    }

    /// Applies what is committed, and answers.
    pub fn release(&mut self, quorum: &Quorum) -> Result<(), ControllerError> {
        let Some(committed) = quorum.committed() else { return Ok(()) };
        let (mut records, mut answers) = (Vec::new(), Vec::new());
        while self.pending.front().is_some_and(|first| first.end <= committed) {
            let Some(first) = self.pending.pop_front() else { break };
            records.extend(first.records);
            answers.extend(first.answer);
        }
        let position = Position { end: committed, epoch: quorum.epoch_before(committed) };
        if let Some(mut replay) = self.loading.take() {
            for record in &records {
                replay.push(record)?;
            }
            if !quorum.is_caught_up() {
                self.loading = Some(replay);
                return Ok(());
            }
            let (image, delta) = replay.finish(position);
            self.publish(image, delta, answers)?;
        } else if !records.is_empty() {
            let (image, delta) = self.committed.apply(&records, position)?;
            self.publish(image, delta, answers)?;
        } else {
            self.answer(answers);
        }
        Ok(())
    }

    fn publish(&mut self, image: Image, delta: Delta, answers: Vec<Answer>) -> Result<(), ControllerError> {
        self.release.check(&image.features)?;
        self.committed = Arc::new(image);
        let image = Some((Arc::clone(&self.committed), delta));
        let _ = self.steps.send(Step { image, answers }); // who published has ended, and so does the driver
        Ok(())
    }

    /// Answers when everything before is published.
    pub fn answer(&self, answers: Vec<Answer>) {
        if !answers.is_empty() {
            let _ = self.steps.send(Step { image: None, answers });
        }
    }
}
