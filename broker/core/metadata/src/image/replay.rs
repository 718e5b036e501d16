//! A start from the disk: records one by one, without an image between any two.

use super::{ApplyError, Delta, Image, Position};
use crate::Record;

/// The image in the making, and everything in it as what changed.
#[derive(Debug, Default)]
pub struct Replay {
    image: Image,
    delta: Delta,
}

impl Replay {
    /// Takes the next record.
    ///
    /// # Errors
    /// [`ApplyError`] when it does not fit.
    pub fn push(&mut self, record: &Record) -> Result<(), ApplyError> {
        self.image.take(record, &mut self.delta)
    }

    /// The image up to `position`, and the step to it from nothing.
    #[must_use]
    pub fn finish(mut self, position: Position) -> (Image, Delta) {
        self.image.position = position;
        self.delta.deleted.clear(); // made and deleted before the snapshot's end or within the log: nobody has seen them
        self.delta.deleted_names.clear();
        (self.image, self.delta)
    }
}
