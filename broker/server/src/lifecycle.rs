//! A broker takes part, for as long as it lives: it registers, says that it is alive, is unfenced when it has caught up, and hands
//! over before it ends. The pure side is `klamm_metadata::Membership`; this is the task that says it, on a connection of its own, so
//! that nothing queues before a heartbeat (architecture, decision 7).

use crate::{
    broker::Broker,
    controller::{ChannelError, ControllerChannel, Missed, metadata_directory},
};
use klamm_metadata::{
    Endpoint, Image, Membership, Say,
    decide::{HeartbeatAnswer, Refused, Registration},
};
use klamm_net::Closing;
use klamm_protocol::{
    BrokerHeartbeatRequest, BrokerRegistrationRequest, ControllerRegistrationRequest, ErrorCode,
    broker_registration_request, controller_registration_request,
};
use klamm_types::{BrokerEpoch, BrokerId, Mono};
use std::{path::PathBuf, sync::Arc, time::Duration};
use tokio::sync::{Notify, mpsc, watch};

/// How long one registration may take: it is tried again after it.
const REGISTER_MAX: Duration = Duration::from_secs(5);

/// Into how many parts a broker that wants to end divides a heartbeat's interval: it wants to know soon.
const HASTE: u32 = 5;

/// How far a broker has come.
#[derive(Clone, Debug)]
enum Progress {
    Takes(Membership),
    Refused(Refused),
}

/// The way to the task of a broker that takes part.
pub struct Lifecycle {
    progress: watch::Receiver<Progress>,
    leave: Arc<Notify>,
}

/// What a node says of itself as broker, and as controller.
pub struct Identity {
    /// As broker; with the epoch that its former life ended in.
    pub broker: Registration,
    /// As controller.
    pub controller: Registration,
}

/// Begins to take part. Ends when `closing` does, when the broker is released, or when it cannot go on: `fail` is told why.
pub fn start(
    broker: &Arc<Broker>,
    channel: ControllerChannel,
    identity: Identity,
    closing: &Closing,
    fail: mpsc::Sender<String>,
) -> Lifecycle {
    let membership = Membership::new(identity.broker.previous_epoch);
    let (tell, progress) = watch::channel(Progress::Takes(membership));
    let leave = Arc::new(Notify::new());
    let millis = |name: &str, otherwise: u64| {
        Duration::from_millis(broker.settings.number(name).unwrap_or(otherwise).max(1))
    };
    let task = Task {
        broker: Arc::clone(broker),
        channel,
        identity,
        membership,
        tell,
        leave: Arc::clone(&leave),
        fail,
        metadata: metadata_directory(&broker.settings),
        interval: millis("broker.heartbeat.interval.ms", 150),
        session: millis("broker.session.timeout.ms", 600),
        patience: millis("initial.broker.registration.timeout.ms", 60_000),
    };
    let closing = closing.clone();
    let running = async move {
        tokio::select! {
            biased;
            () = closing.wait() => {}
            () = task.run() => {}
        }
    };
    broker.world.spawn.spawn("lifecycle", Box::pin(running));
    Lifecycle { progress, leave }
}

impl Lifecycle {
    /// Resolves when the active controller has unfenced the broker.
    ///
    /// # Errors
    /// Its refusal, where it never takes this broker.
    pub async fn active(&mut self) -> Result<(), Refused> {
        let done = |progress: &Progress| match progress {
            Progress::Takes(membership) => membership.is_active(),
            Progress::Refused(_) => true,
        };
        match self.progress.wait_for(done).await.as_deref() {
            Ok(Progress::Refused(refused)) => Err(refused.clone()),
            Ok(Progress::Takes(_)) => Ok(()),
            Err(_) => Err(Refused::new(ErrorCode::NotController, "the broker ends before it takes part")),
        }
    }

    /// Hands over; resolves when nobody expects anything of this broker any more, false where that is not so by `deadline`. Where
    /// all others have left too, nobody can take over, and soon there is no quorum that could say so.
    pub async fn leave(&mut self, broker: &Broker, deadline: Mono) -> bool {
        self.leave.notify_one();
        let done = |progress: &Progress| matches!(progress, Progress::Takes(member) if member.is_released());
        let alone = |image: &Image| !others_are_active(image, broker.id);
        tokio::select! {
            biased;
            released = self.progress.wait_for(done) => released.is_ok(),
            left = broker.image_when(deadline, alone) => left,
        }
    }
}

/// Whether there is anybody to hand over to.
pub(crate) fn others_are_active(image: &Image, me: BrokerId) -> bool {
    image.brokers().any(|other| other.id != me && other.is_active())
}

struct Task {
    broker: Arc<Broker>,
    channel: ControllerChannel,
    identity: Identity,
    membership: Membership,
    tell: watch::Sender<Progress>,
    leave: Arc<Notify>,
    fail: mpsc::Sender<String>,
    /// Where the metadata log is.
    metadata: PathBuf,
    interval: Duration,
    session: Duration,
    patience: Duration,
}

impl Task {
    async fn run(mut self) {
        let mut give_up = self.now().plus(self.patience);
        loop {
            let began = self.now();
            if let Some(why) = self.broker.shards.dirs().beyond_use(&self.metadata) {
                let _ = self.fail.try_send(why); // it may end for another reason already
                return;
            }
            match self.membership.say() {
                Say::Nothing => return,
                Say::Register { previous_epoch } => match self.register(previous_epoch).await {
                    Ok(epoch) => {
                        tracing::info!(%epoch, "the broker is registered");
                        self.membership.registered(epoch);
                        self.tell();
                        self.catch_up(epoch).await;
                        continue;
                    }
                    // nobody has refused it: the quorum has no leader, or is far
                    Err(None) => give_up = self.now().plus(self.patience),
                    Err(Some(refused)) if is_final(&refused) || self.now() >= give_up => {
                        tracing::error!(%refused, "the broker cannot take part");
                        let _ = self.tell.send(Progress::Refused(refused)); // nobody may ask
                        return;
                    }
                    Err(Some(refused)) => tracing::info!(%refused, "the broker is not registered yet"),
                },
                Say::Beat { epoch, want_shut_down } => {
                    let answer = self.beat(epoch, want_shut_down).await;
                    if answer.is_ok_and(|answer| !answer.is_fenced) {
                        self.broker.session_lasts(began.plus(self.session));
                    }
                    self.heed(epoch, answer);
                    self.tell();
                }
            }
            self.wait(began).await;
        }
    }

    /// Until the next heartbeat is due, or the broker wants to end.
    async fn wait(&mut self, began: Mono) {
        let interval = match self.membership.say() {
            Say::Nothing => return,
            Say::Beat { want_shut_down: true, .. } => self.interval / HASTE,
            _ => self.interval,
        };
        let due = began.plus(interval);
        if self.broker.world.deadline(due, self.leave.notified()).await.is_ok() {
            self.membership.leave();
            self.tell();
        }
    }

    /// A moment for the metadata to come, up to the broker's own registration: until then it stays fenced.
    async fn catch_up(&self, epoch: BrokerEpoch) {
        let until = self.now().plus(self.interval);
        self.broker.image_when(until, |image| image.offset().0 >= epoch.0).await;
    }

    fn heed(&mut self, epoch: BrokerEpoch, answer: Result<HeartbeatAnswer, ErrorCode>) {
        let was_active = self.membership.is_active();
        self.membership.answered(epoch, answer);
        match answer {
            Ok(_) if !was_active && self.membership.is_active() => {
                tracing::info!(%epoch, "the broker is unfenced");
            }
            Ok(_) if was_active && !self.membership.is_active() && !self.membership.is_released() => {
                tracing::warn!(%epoch, "the broker was fenced: the active controller had not heard of it");
            }
            Err(code) if self.membership.epoch().is_none() => {
                tracing::warn!(%epoch, %code, "the active controller does not know this registration: the broker registers anew");
            }
            _ => {}
        }
    }

    fn now(&self) -> Mono {
        self.broker.world.clock.now().mono
    }

    fn tell(&self) {
        self.broker.set_epoch(self.membership.epoch());
        let _ = self.tell.send(Progress::Takes(self.membership)); // nobody may ask
    }

    /// The node's controller, where it has one, then the broker. Without a refusal where nobody answers.
    async fn register(&self, previous_epoch: BrokerEpoch) -> Result<BrokerEpoch, Option<Refused>> {
        let deadline = self.now().plus(REGISTER_MAX);
        let Identity { broker, controller } = &self.identity;
        if !controller.endpoints.is_empty() {
            let request = as_controller(controller);
            let response = self.channel.request(&request, deadline).await.map_err(unanswered)?;
            refusal(response.error_code, response.error_message.as_deref())?;
        }
        let request = as_broker(broker, self.broker.cluster_id.clone(), previous_epoch);
        let response = self.channel.request(&request, deadline).await.map_err(unanswered)?;
        refusal(response.error_code, None)?;
        Ok(BrokerEpoch(response.broker_epoch))
    }

    async fn beat(&self, epoch: BrokerEpoch, want_shut_down: bool) -> Result<HeartbeatAnswer, ErrorCode> {
        let request = BrokerHeartbeatRequest {
            broker_id: self.broker.id.0,
            broker_epoch: epoch.0,
            current_metadata_offset: self.broker.image().offset().0,
            want_shut_down,
            offline_log_dirs: self.broker.shards.dirs().offline().into_iter().map(|id| id.0).collect(),
            ..Default::default()
        };
        let seen = self.broker.controller.leadership();
        // an answer that takes longer than a session is none
        let deadline = self.now().plus(self.session);
        let response = self.channel.attempt(&seen, &request, deadline).await.map_err(|missed| {
            if let Missed::Failed(error) = &missed {
                tracing::error!(%error, "the active controller takes no heartbeats");
            }
            ErrorCode::NotController
        })?;
        match ErrorCode::from_code(response.error_code).unwrap_or(ErrorCode::UnknownServerError) {
            ErrorCode::None => Ok(HeartbeatAnswer {
                is_caught_up: response.is_caught_up,
                is_fenced: response.is_fenced,
                should_shut_down: response.should_shut_down,
            }),
            code => Err(code),
        }
    }
}

fn unanswered(error: ChannelError) -> Option<Refused> {
    match error {
        ChannelError::TimedOut(_) => None,
        ChannelError::Failed(error) => Some(Refused::new(ErrorCode::UnsupportedVersion, error.to_string())),
    }
}

/// Kafka's response to a registration has a code and no words: the active controller's log has them.
fn refusal(code: i16, message: Option<&str>) -> Result<(), Option<Refused>> {
    match ErrorCode::from_code(code).unwrap_or(ErrorCode::UnknownServerError) {
        ErrorCode::None => Ok(()),
        code => {
            let said = message.map_or_else(
                || format!("{}; the active controller's log says why", code.name()),
                |message| format!("{}: {message}", code.name()),
            );
            Err(Some(Refused::new(code, said)))
        }
    }
}

/// Whether asking again is in vain.
fn is_final(refused: &Refused) -> bool {
    matches!(
        refused.code,
        ErrorCode::UnsupportedVersion | ErrorCode::InvalidRegistration | ErrorCode::InconsistentClusterId
    )
}

fn as_broker(
    me: &Registration,
    cluster_id: klamm_types::Str,
    previous: BrokerEpoch,
) -> BrokerRegistrationRequest {
    let listener = |one: &Endpoint| broker_registration_request::Listener {
        name: one.listener.clone(),
        host: one.host.clone(),
        port: one.port,
        security_protocol: one.security_protocol,
    };
    let feature = |one: &klamm_metadata::FeatureRange| broker_registration_request::Feature {
        name: one.name.clone(),
        min_supported_version: one.min,
        max_supported_version: one.max,
    };
    BrokerRegistrationRequest {
        broker_id: me.id.0,
        cluster_id,
        incarnation_id: me.incarnation,
        listeners: me.endpoints.iter().map(listener).collect(),
        features: me.features.iter().map(feature).collect(),
        rack: me.rack.clone(),
        is_migrating_zk_broker: false,
        log_dirs: me.directories.iter().map(|id| id.0).collect(),
        previous_broker_epoch: previous.0,
    }
}

fn as_controller(me: &Registration) -> ControllerRegistrationRequest {
    let listener = |one: &Endpoint| controller_registration_request::Listener {
        name: one.listener.clone(),
        host: one.host.clone(),
        port: one.port,
        security_protocol: one.security_protocol,
    };
    let feature = |one: &klamm_metadata::FeatureRange| controller_registration_request::Feature {
        name: one.name.clone(),
        min_supported_version: one.min,
        max_supported_version: one.max,
    };
    ControllerRegistrationRequest {
        controller_id: me.id.0,
        incarnation_id: me.incarnation,
        zk_migration_ready: false,
        listeners: me.endpoints.iter().map(listener).collect(),
        features: me.features.iter().map(feature).collect(),
    }
}
