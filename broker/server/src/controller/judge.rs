//! Fencing: drives the pure [`Sessions`] on the active controller. What it says is carried out here: a broker is fenced by a
//! decision like any other, and whether a process is dead is found out by a connect to its own address.
//!
//! Must never fence by itself: it asks, and the decision on the newest image may find that it is another registration by now.

use super::{Controller, Decision, Leadership};
use klamm_metadata::{
    Image,
    config::Settings,
    decide::fence_broker,
    sessions::{SessionEffect, SessionEvent, SessionSettings, Sessions},
};
use klamm_net::Closing;
use klamm_types::{BrokerEpoch, BrokerId, LeaderEpoch, Mono, Offset};
use klamm_world::World;
use std::{
    collections::BTreeMap,
    io,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::sync::{Notify, mpsc};

/// A host that says neither yes nor no within this time is not known to be dead.
const PROBE_MAX: Duration = Duration::from_secs(1);

/// The sockets of a process that dies are closed one after the other, and the one that listens may be the last: where something
/// listens, it is asked again after these milliseconds (and then, by [`Sessions`], at every heartbeat that is missing).
const ASKED_AGAIN_AFTER: [u64; 3] = [10, 20, 40];

/// The sessions of the brokers, while this node is the active controller.
pub struct Judge {
    world: World,
    /// `inter.broker.listener.name`, or whatever the broker has.
    listener: klamm_types::Str,
    state: Mutex<State>,
    effects: mpsc::UnboundedSender<SessionEffect>,
    to_do: Mutex<Option<mpsc::UnboundedReceiver<SessionEffect>>>,
    changed: Notify,
}

struct State {
    sessions: Sessions,
    /// What is committed.
    image: Arc<Image>,
    /// The epoch in which this node is the active controller.
    leads: Option<LeaderEpoch>,
    /// From where brokers send heartbeats.
    hosts: BTreeMap<BrokerId, IpAddr>,
}

/// One heartbeat connection: dropped with it, it tells the judge.
#[derive(Default)]
pub struct HeartbeatConnection {
    whose: Mutex<Option<(Arc<Judge>, BrokerId, BrokerEpoch)>>,
}

impl HeartbeatConnection {
    fn is_of(&self, judge: &Arc<Judge>, id: BrokerId, epoch: BrokerEpoch) {
        let mut whose = self.whose.lock().unwrap_or_else(PoisonError::into_inner);
        if whose.as_ref().is_none_or(|(_, known, at)| (*known, *at) != (id, epoch)) {
            *whose = Some((Arc::clone(judge), id, epoch));
        }
    }
}

impl Drop for HeartbeatConnection {
    fn drop(&mut self) {
        let whose = self.whose.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((judge, id, epoch)) = whose {
            judge.event(SessionEvent::Closed { id, epoch });
        }
    }
}

impl Judge {
    pub(super) fn new(world: World, settings: &Settings) -> Self {
        let (effects, to_do) = mpsc::unbounded_channel();
        let millis =
            |name: &str, otherwise| Duration::from_millis(settings.number(name).unwrap_or(otherwise));
        let sessions = Sessions::new(SessionSettings {
            me: settings.node_id(),
            interval: millis("broker.heartbeat.interval.ms", 150),
            timeout: millis("broker.session.timeout.ms", 600),
        });
        let state = State { sessions, image: Arc::default(), leads: None, hosts: BTreeMap::new() };
        Self {
            world,
            listener: crate::peer::inter_broker_listener(settings),
            state: Mutex::new(state),
            effects,
            to_do: Mutex::new(Some(to_do)),
            changed: Notify::new(),
        }
    }

    /// What is committed is this now.
    pub fn publish(&self, image: Arc<Image>) {
        let mut state = self.state();
        state.image = image;
        if state.leads.is_some() {
            self.follow(&mut state);
        }
    }

    /// What is committed, and whether every other broker knows that `id` leads nothing any more.
    pub(super) fn look(&self, id: BrokerId) -> (Arc<Image>, bool) {
        let now = self.now();
        let state = self.state();
        (Arc::clone(&state.image), state.sessions.is_handed_over(now, id))
    }

    /// Whether a process of this id has been heard of lately.
    pub(super) fn has_session(&self, id: BrokerId) -> bool {
        let now = self.now();
        self.state().sessions.has_session(now, id)
    }

    /// A broker has sent a heartbeat, from `host` and over `connection`, unless it is this node's own.
    pub(super) fn heard(
        self: &Arc<Self>,
        (id, epoch): (BrokerId, BrokerEpoch),
        applied: Offset,
        from: Option<(IpAddr, &HeartbeatConnection)>,
    ) {
        if let Some((host, connection)) = from {
            connection.is_of(self, id, epoch);
            self.state().hosts.insert(id, host);
        }
        self.event(SessionEvent::Heard { id, epoch, applied });
    }

    /// A broker hands over; `at` is the record that says so.
    pub(super) fn leaving(&self, id: BrokerId, at: Offset) {
        self.event(SessionEvent::Leaving { id, at });
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> Mono {
        self.world.clock.now().mono
    }

    fn event(&self, event: SessionEvent<'_>) {
        self.on_event(&mut self.state(), event);
    }

    fn on_event(&self, state: &mut State, event: SessionEvent<'_>) {
        let mut effects = Vec::new();
        state.sessions.on_event(self.now(), event, &mut effects);
        for effect in effects {
            let _ = self.effects.send(effect); // nobody carries it out when the node ends
        }
    }

    fn follow(&self, state: &mut State) {
        let before = state.sessions.deadline();
        let image = Arc::clone(&state.image);
        state.hosts.retain(|id, _| image.broker(*id).is_some());
        self.on_event(state, SessionEvent::Image(&image));
        if state.sessions.deadline() != before {
            self.changed.notify_one();
        }
    }

    /// Every leadership of this node begins with whole sessions.
    fn lead(&self, seen: &Leadership) {
        let mut state = self.state();
        let leads = seen.active.then_some(seen.epoch);
        if state.leads != leads {
            self.on_event(&mut state, SessionEvent::Resigned);
            state.leads = leads;
        }
        if leads.is_some() {
            self.follow(&mut state);
        }
    }

    /// Judges until `closing`.
    pub async fn run(self: Arc<Self>, controller: Controller, closing: Closing) {
        let Some(mut to_do) = self.to_do.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return; // it runs already
        };
        loop {
            let seen = controller.leadership();
            self.lead(&seen);
            let deadline = self.state().sessions.deadline();
            let tick = async {
                match deadline {
                    Some(deadline) => self.world.clock.sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = closing.wait() => return,
                Some(effect) = to_do.recv() => self.carry_out(&controller, effect),
                _ = controller.leadership_changed(&seen) => {}
                () = self.changed.notified() => {}
                () = tick => self.event(SessionEvent::Tick),
            }
        }
    }

    fn carry_out(self: &Arc<Self>, controller: &Controller, effect: SessionEffect) {
        let this = Arc::clone(self);
        let spawn = &self.world.spawn;
        match effect {
            SessionEffect::Fence { id, epoch } => {
                let controller = controller.clone();
                spawn.spawn("fence", Box::pin(async move { controller.fence(id, epoch).await }));
            }
            SessionEffect::Probe { id, epoch, closed } => {
                let probe = async move {
                    let dead = this.is_dead(id).await;
                    tracing::info!(broker = %id, %epoch, dead, "a broker's heartbeats have stopped");
                    if dead {
                        this.event(SessionEvent::Dead { id, epoch, closed });
                    }
                };
                spawn.spawn("probe", Box::pin(probe));
            }
        }
    }

    /// Whether its process is dead.
    async fn is_dead(&self, id: BrokerId) -> bool {
        for millis in ASKED_AGAIN_AFTER {
            if self.refuses(id).await {
                return true;
            }
            self.world.sleep(Duration::from_millis(millis)).await;
        }
        self.refuses(id).await
    }

    /// Whether nothing listens any more where a broker's heartbeats came from; where none came yet, at the address that it
    /// registered. The host's own, where it is known: something else may refuse at the address of a Service.
    async fn refuses(&self, id: BrokerId) -> bool {
        let address = {
            let state = self.state();
            let endpoints =
                state.image.broker(id).map(|broker| broker.endpoints.as_slice()).unwrap_or_default();
            let endpoint = endpoints.iter().find(|one| one.listener == self.listener).or(endpoints.first());
            let host = state.hosts.get(&id).map(ToString::to_string);
            endpoint.map(|one| (host.unwrap_or_else(|| one.host.to_string()), one.port))
        };
        let Some((host, port)) = address else { return false };
        let deadline = self.now().plus(PROBE_MAX);
        let connecting = self.world.network.connect(&host, port);
        let connected = self.world.deadline(deadline, connecting).await;
        matches!(connected, Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused)
    }
}

impl Controller {
    /// Fences a broker whose session is over.
    async fn fence(&self, id: BrokerId, epoch: BrokerEpoch) {
        let context = self.context.clone();
        let fenced = self.try_decide(move |image| {
            let records = fence_broker(context.rules(image), id, epoch)?;
            Ok(Decision { records, answer: () })
        });
        match fenced.await {
            Ok(()) => tracing::warn!(broker = %id, %epoch, "a broker is fenced: nothing is heard of it"),
            // another node judges by now, or it has registered anew
            Err(refused) => tracing::info!(broker = %id, %epoch, %refused, "a silent broker is not fenced"),
        }
    }
}
