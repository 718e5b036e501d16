//! The controller of this node: the metadata log, its quorum, the decisions on the newest image, and the image of what is
//! committed, given to the broker.
//!
//! Decisions are pure functions of `klamm-metadata`; the quorum is the machine of `klamm-quorum`. Here they are carried out:
//! records are appended, synced, committed, applied, and only then answered. Must never decide anything itself.

mod admin;
mod applying;
mod channel;
mod checkpoint;
mod courier;
mod driver;
mod duties;
mod effects;
mod format;
mod initial_voters;
mod judge;
mod leadership;
mod metadata_log;
mod quorum_state;
#[cfg(test)]
mod tests;
pub(crate) mod upkeep;
pub(crate) mod wire;

pub use admin::random_id;
pub use applying::Publish;
pub use channel::{ChannelError, ControllerChannel, Duty, Missed};
pub use driver::Driver;
pub use format::{directories, format, metadata_directory};
pub use initial_voters::{BadVoters, InitialVoters};
pub use judge::{HeartbeatConnection, Judge};
pub use leadership::Leadership;

use format::METADATA_TOPIC_ID;
use klamm_log::MetaProperties;
use klamm_metadata::{ApplyError, Image, Outdated, Record, decide::Refused};
use klamm_protocol::ErrorCode;
use klamm_quorum::{Failure, Quorum, Rejected, RequestId};
use klamm_storage::{OpenError, StorageError};
use klamm_types::{BrokerId, Bytes, Mono, Offset};
use klamm_world::World;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

/// Why the controller cannot go on. The process ends: a controller that cannot write must not lead.
#[derive(Clone, Debug, Error)]
pub enum ControllerError {
    /// There is no snapshot to begin with.
    #[error("the metadata log has no snapshot: format the log directory first, with klamm-broker format")]
    NotFormatted,
    /// The command lacks it.
    #[error("a cluster id is needed: every node of a cluster is formatted with the same")]
    NoClusterId,
    /// Another node's directory.
    #[error("{} belongs to another: its {what} is {has}, not {wanted}", directory.display())]
    Belongs {
        /// The directory.
        directory: PathBuf,
        /// `cluster.id`, `node.id` or `directory.id`.
        what: &'static str,
        /// What its meta.properties says.
        has: String,
        /// What it was to be.
        wanted: String,
    },
    /// The node is formatted as what it is not.
    #[error("node {0} is not among the initial controllers: each of them is formatted with the whole list")]
    NotInitial(BrokerId),
    /// A broker is formatted as what only a controller can be.
    #[error(
        "process.roles is broker, and only a controller votes: a broker is formatted without --standalone and --initial-controllers"
    )]
    NoVoter,
    /// A file is not what it must be.
    #[error("{file} is damaged: {reason}")]
    Damaged {
        /// The file.
        file: String,
        /// In which way.
        reason: String,
    },
    /// The disk's.
    #[error("{what}: {error}")]
    Io {
        /// The file.
        what: String,
        /// What the operating system says.
        error: String,
    },
    /// The log's.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The directory's.
    #[error(transparent)]
    Directory(#[from] OpenError),
    /// The quorum's.
    #[error(transparent)]
    Quorum(#[from] Rejected),
    /// The log does not fit itself.
    #[error(transparent)]
    Apply(#[from] ApplyError),
    /// The cluster has been upgraded beyond this program.
    #[error(transparent)]
    Outdated(#[from] Outdated),
    /// A fault of this program.
    #[error("a metadata record cannot be written: {0}")]
    Unwritable(String),
}

/// What is decided: records for the log, and the answer once they are committed.
#[derive(Debug)]
pub struct Decision<T> {
    /// The records, all or none; empty where nothing changes.
    pub records: Vec<Record>,
    /// What is said then.
    pub answer: T,
}

/// The controller does not answer: this node does not lead the quorum, or it is ending.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("this node is not the active controller")]
pub struct NotController;

impl From<NotController> for Refused {
    fn from(error: NotController) -> Self {
        Refused::new(ErrorCode::NotController, error.to_string())
    }
}

type Deciding = Box<dyn FnOnce(&Image) -> (Vec<Record>, Answer) + Send>;
type Answer = Box<dyn FnOnce() + Send>;

/// What the quorum answers to another node or a tool.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The answer. Batches are not in it.
    pub answer: klamm_quorum::Answer,
    /// The batches as they are in the log; the last may be cut.
    pub records: Bytes,
    /// The first offset that is in the log.
    pub log_start: Offset,
}

/// What comes to the driver.
enum Command {
    /// Decide, and answer once it is committed.
    Decide(Deciding),
    /// Another node or a tool asks the quorum.
    Asked {
        /// What.
        request: klamm_quorum::Request,
        /// The most bytes of log or snapshot that the answer may have.
        bytes_max: u32,
        /// Who waits.
        reply: oneshot::Sender<Reply>,
    },
    /// What became of a request to another node.
    Answered(RequestId, Result<klamm_quorum::Answer, Failure>),
    /// Hand over, where this node leads and there is somebody to hand over to.
    Resign,
    /// A snapshot was written, or not.
    Snapshotted(klamm_quorum::SnapshotId, bool),
    /// The node ends: flush everything, then answer.
    Stop(Answer),
}

/// The way to this node's controller. Cheap to clone.
#[derive(Clone)]
pub struct Controller {
    mailbox: mpsc::UnboundedSender<Command>,
    view: Arc<Mutex<Quorum>>,
    leadership: Arc<leadership::LeadershipView>,
    meta: Arc<MetaProperties>,
    context: Arc<admin::Context>,
}

impl Controller {
    /// Decides on the newest image; resolves when the records are committed and every part of the broker has applied them.
    ///
    /// # Errors
    /// [`NotController`].
    pub async fn decide<T: Send + 'static>(
        &self,
        decision: impl FnOnce(&Image) -> Decision<T> + Send + 'static,
    ) -> Result<T, NotController> {
        let (send, receive) = oneshot::channel();
        let deciding: Deciding = Box::new(move |image| {
            let Decision { records, answer } = decision(image);
            // who asked may be gone
            (records, Box::new(move || drop(send.send(answer))))
        });
        self.mailbox.send(Command::Decide(deciding)).map_err(|_| NotController)?;
        receive.await.map_err(|_| NotController)
    }

    /// As [`Controller::decide`], for a decision that may refuse.
    ///
    /// # Errors
    /// The decision's, or `NOT_CONTROLLER`.
    pub async fn try_decide<T: Send + 'static>(
        &self,
        decision: impl FnOnce(&Image) -> Result<Decision<T>, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let decided = self.decide(|image| match decision(image) {
            Ok(Decision { records, answer }) => Decision { records, answer: Ok(answer) },
            Err(refused) => Decision { records: Vec::new(), answer: Err(refused) },
        });
        decided.await?
    }

    /// The quorum as it is now.
    #[must_use]
    pub fn quorum(&self) -> Quorum {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether this node leads and a majority follows it ([`Quorum::is_followed`]).
    pub(super) fn is_followed(&self) -> bool {
        let now = self.context.judge.now();
        self.view.lock().unwrap_or_else(PoisonError::into_inner).is_followed(now)
    }

    /// Where the active controller is, as far as this node knows.
    #[must_use]
    pub fn leadership(&self) -> Leadership {
        self.leadership.get()
    }

    /// Resolves when the leadership is another than `seen`: at once, where it is already.
    pub async fn leadership_changed(&self, seen: &Leadership) -> Leadership {
        self.leadership.changed_from(seen).await
    }

    /// Who judges which brokers are alive, while this node is the active controller.
    #[must_use]
    pub fn judge(&self) -> &Arc<Judge> {
        &self.context.judge
    }

    /// Asks the quorum's machine on behalf of another node or a tool. A fetch waits there for news.
    ///
    /// # Errors
    /// [`NotController`] when this node is ending.
    pub(crate) async fn ask_quorum(
        &self,
        request: klamm_quorum::Request,
        bytes_max: u32,
    ) -> Result<Reply, NotController> {
        let (reply, receive) = oneshot::channel();
        let asked = Command::Asked { request, bytes_max, reply };
        self.mailbox.send(asked).map_err(|_| NotController)?;
        receive.await.map_err(|_| NotController)
    }

    /// Hands the leadership of the quorum over, where this node has it and another could: resolves when another has it, or
    /// `deadline` has come.
    pub async fn resign(&self, world: &World, deadline: Mono) {
        let me = self.context.me;
        let mut seen = self.leadership();
        if seen.leader != Some(me) || self.mailbox.send(Command::Resign).is_err() {
            return;
        }
        let alone = self.quorum().voters().len() < 2;
        while !alone && seen.leader.is_none_or(|leader| leader == me) {
            match world.deadline(deadline, self.leadership_changed(&seen)).await {
                Ok(now) => seen = now,
                Err(_) => return,
            }
        }
    }

    /// Whose directory the metadata log is in.
    #[must_use]
    pub fn meta(&self) -> &MetaProperties {
        &self.meta
    }

    /// Flushes the metadata log and ends the driver. Call it before the mark of a clean shutdown.
    pub async fn stop(&self) {
        let (send, receive) = oneshot::channel::<()>();
        let answer: Answer = Box::new(move || {
            let _ = send.send(());
        });
        if self.mailbox.send(Command::Stop(answer)).is_ok() {
            let _ = receive.await; // it has ended, one way or the other
        }
    }
}
