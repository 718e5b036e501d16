//! A network of byte streams: TCP as programs see it. Bytes come late, in other pieces than they were sent in, or, when the
//! link is cut, not before it heals; they are never reordered or lost while the connection stands.

mod connection;
mod pipe;
mod tap;

use crate::{
    HostId, Random, Trace,
    executor::Executor,
    host::Machine,
    life::{Incarnation, Life},
};
use connection::{SimSink, SimStream};
use klamm_world::{BoxFuture, Connection, Listener, Network};
use pipe::Pipe;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    future::poll_fn,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::Duration,
};
pub use tap::{Sent, Tap};

/// How long Linux sends its SYN again before a connect fails (tcp_syn_retries = 6).
const CONNECT_LIMIT: Duration = Duration::from_secs(127);
const SYN_AGAIN: Duration = Duration::from_secs(1);
const FIRST_EPHEMERAL: u16 = 32768;
const MILLISECOND: u64 = 1_000_000;

/// All links and connections.
pub(crate) struct NetworkState {
    executor: Arc<Executor>,
    trace: Arc<Trace>,
    links: Mutex<Links>,
    tap: Mutex<Option<Tap>>,
}

struct Links {
    random: Random,
    /// Nanoseconds that bytes take, at least and at most.
    latency: std::ops::Range<u64>,
    names: BTreeMap<String, HostId>,
    addresses: BTreeMap<Ipv4Addr, HostId>,
    listeners: BTreeMap<(HostId, u16), Listening>,
    connections: BTreeMap<u64, Wire>,
    next_connection: u64,
    next_port: u16,
    /// Links on which nothing arrives, by direction.
    cut: BTreeSet<(HostId, HostId)>,
    refused: BTreeSet<(HostId, u16)>,
    off: BTreeSet<HostId>,
}

struct Listening {
    owner: Incarnation,
    waiting: VecDeque<(u64, Connection)>,
    waker: Option<Waker>,
}

/// A connection: two pipes. Pipe 0 carries what the side that connected sends.
struct Wire {
    owners: [Incarnation; 2],
    /// The port that was connected to.
    port: u16,
    pipes: [Pipe; 2],
    open_halves: u8,
}

impl NetworkState {
    pub(crate) fn new(mut random: Random, executor: Arc<Executor>, trace: Arc<Trace>) -> Self {
        let least = random.by_magnitude(5_000..500_000);
        let most = least * random.within(2..20);
        let links = Links {
            random,
            latency: least..most,
            names: BTreeMap::new(),
            addresses: BTreeMap::new(),
            listeners: BTreeMap::new(),
            connections: BTreeMap::new(),
            next_connection: 0,
            next_port: FIRST_EPHEMERAL,
            cut: BTreeSet::new(),
            refused: BTreeSet::new(),
            off: BTreeSet::new(),
        };
        Self { executor, trace, links: Mutex::new(links), tap: Mutex::default() }
    }

    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().expect("no waker is called under it")
    }

    fn tap(&self) -> MutexGuard<'_, Option<Tap>> {
        self.tap.lock().expect("no tap is called under it")
    }

    /// From now on `tap` hears all that is sent.
    pub(crate) fn set_tap(&self, tap: Tap) {
        *self.tap() = Some(tap);
    }

    pub(crate) fn add(&self, machine: &Machine) {
        let mut links = self.links();
        links.names.insert(machine.name.clone(), machine.id);
        links.addresses.insert(machine.address, machine.id);
    }

    pub(crate) fn set_latency(&self, latency: std::ops::Range<Duration>) {
        self.links().latency = latency.start.as_nanos() as u64..latency.end.as_nanos() as u64;
    }

    /// Nothing that `from` sends arrives at `to` until the link heals.
    pub(crate) fn cut(&self, from: HostId, to: HostId) {
        self.trace.fault("one-way partition");
        self.trace.event(self.executor.now(), from, "cut", &[u64::from(to.0)], "");
        self.links().cut.insert((from, to));
    }

    /// All links carry again; what was sent meanwhile comes late, as TCP sends it again.
    pub(crate) fn heal(&self) {
        self.heal_links(|_| true);
    }

    /// What `from` sends arrives at `to` again.
    pub(crate) fn heal_link(&self, from: HostId, to: HostId) {
        self.heal_links(|link| link == (from, to));
    }

    fn heal_links(&self, heals: impl Fn((HostId, HostId)) -> bool) {
        let now = self.executor.now();
        let mut links = self.links();
        let Links { cut, connections, random, .. } = &mut *links;
        let mut wakers = Vec::new();
        for wire in connections.values_mut() {
            for (side, pipe) in wire.pipes.iter_mut().enumerate() {
                let link = (wire.owners[side].host, wire.owners[1 - side].host);
                if cut.contains(&link) && heals(link) {
                    pipe.delay_until(now + random.within(MILLISECOND..400 * MILLISECOND));
                    wakers.extend(pipe.wakers());
                }
            }
        }
        cut.retain(|link| !heals(*link));
        drop(links);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Resets every connection between two hosts.
    pub(crate) fn reset(&self, one: HostId, other: HostId) {
        let now = self.executor.now();
        let mut wakers = Vec::new();
        for wire in self.links().connections.values_mut() {
            let hosts = wire.owners.map(|owner| owner.host);
            if hosts == [one, other] || hosts == [other, one] {
                self.trace.fault("reset");
                wakers.extend(wire.reset(now));
            }
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    pub(crate) fn refuse(&self, host: HostId, port: u16, refuse: bool) {
        let mut links = self.links();
        if refuse {
            self.trace.fault("refusal");
            links.refused.insert((host, port));
        } else {
            links.refused.remove(&(host, port));
        }
    }

    /// A process ended. Its kernel, if it still runs, closes its sockets; from a machine without power nothing is heard.
    pub(crate) fn process_ended(&self, owner: Incarnation, power_off: bool) {
        let now = self.executor.now();
        let mut links = self.links();
        if power_off {
            links.off.insert(owner.host);
        }
        let gone: Vec<_> =
            links.listeners.iter().filter(|(_, of)| of.owner == owner).map(|(key, _)| *key).collect();
        let gone: Vec<_> = gone.iter().filter_map(|key| links.listeners.remove(key)).collect();
        let mut wakers = Vec::new();
        for id in links.connections.keys().copied().collect::<Vec<_>>() {
            let at = now + links.delay();
            let Some(wire) = links.connections.get_mut(&id) else { continue };
            let owners = wire.owners;
            for side in (0..2).filter(|side| owners[*side] == owner) {
                wakers.extend(if power_off { wire.silence(side, now) } else { wire.close(side, at) });
            }
        }
        drop(links);
        wakers.into_iter().for_each(Waker::wake);
        drop(gone); // connections that nobody accepted: their destructors take the lock
    }

    /// Forgets every connection, and who listens: the end of a run. A tap may hold the simulation that holds it.
    pub(crate) fn clear(&self) {
        *self.tap() = None;
        let listeners = std::mem::take(&mut self.links().listeners);
        drop(listeners); // their destructors take the lock
        self.links().connections.clear();
    }

    /// A machine without a process loses its power.
    pub(crate) fn machine_off(&self, host: HostId) {
        self.links().off.insert(host);
    }

    /// A machine runs again: it answers what old connections send with a reset.
    pub(crate) fn machine_on(&self, host: HostId) {
        let now = self.executor.now();
        let mut links = self.links();
        if !links.off.remove(&host) {
            return;
        }
        let Links { connections, random, .. } = &mut *links;
        let mut wakers = Vec::new();
        for wire in connections.values_mut() {
            for side in 0..2 {
                if wire.owners[1 - side].host == host && wire.pipes[side].unheard() {
                    let at = now + random.within(MILLISECOND..400 * MILLISECOND);
                    wakers.extend(wire.reset(at));
                }
            }
        }
        drop(links);
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Links {
    fn delay(&mut self) -> u64 {
        let latency = self.latency.clone();
        self.random.by_magnitude(latency)
    }

    fn reachable(&self, one: HostId, other: HostId) -> bool {
        !self.cut.contains(&(one, other)) && !self.cut.contains(&(other, one)) && !self.off.contains(&other)
    }

    fn resolve(&self, from: HostId, host: &str) -> io::Result<HostId> {
        if host == "localhost" {
            return Ok(from);
        }
        let id = match host.parse::<IpAddr>() {
            Ok(address) if address.is_loopback() => Some(from),
            Ok(IpAddr::V4(address)) => self.addresses.get(&address).copied(),
            Ok(IpAddr::V6(_)) => None,
            Err(_) => self.names.get(host).copied(),
        };
        id.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, format!("no host is named {host}")))
    }

    fn free_port(&mut self, host: HostId) -> u16 {
        loop {
            let port = self.next_port;
            self.next_port = self.next_port.checked_add(1).unwrap_or(FIRST_EPHEMERAL);
            if !self.listeners.contains_key(&(host, port)) {
                return port;
            }
        }
    }
}

/// The network as one incarnation of a host sees it.
pub(crate) struct SimNetwork {
    pub(crate) machine: Arc<Machine>,
    pub(crate) life: Arc<Life>,
}

impl Network for SimNetwork {
    fn listen(&self, address: SocketAddr) -> io::Result<Box<dyn Listener>> {
        let host = self.machine.id;
        let mut links = self.machine.network.links();
        let port = if address.port() == 0 { links.free_port(host) } else { address.port() };
        if !self.life.alive() || links.listeners.contains_key(&(host, port)) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let owner = self.life.owner;
        links.listeners.insert((host, port), Listening { owner, waiting: VecDeque::new(), waker: None });
        drop(links);
        self.machine.event("listen", &[u64::from(port)], "");
        let address = SocketAddr::new(address.ip(), port);
        Ok(Box::new(SimListener { machine: self.machine.clone(), life: self.life.clone(), address }))
    }

    fn connect(&self, host: &str, port: u16) -> BoxFuture<'static, io::Result<Connection>> {
        let (machine, life, host) = (self.machine.clone(), self.life.clone(), host.to_owned());
        Box::pin(async move {
            let executor = machine.executor.clone();
            let limit = executor.now() + CONNECT_LIMIT.as_nanos() as u64;
            loop {
                let there = machine.network.links().delay();
                executor.sleep_until(executor.now() + there).await;
                if let Some(done) = try_connect(&machine, &life, &host, port) {
                    let back = machine.network.links().delay();
                    executor.sleep_until(executor.now() + back).await;
                    return done;
                }
                if executor.now() > limit {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                executor.sleep_until(executor.now() + SYN_AGAIN.as_nanos() as u64).await;
            }
        })
    }
}

/// One SYN: its answer, or nothing when none comes back.
fn try_connect(
    machine: &Arc<Machine>,
    life: &Arc<Life>,
    host: &str,
    port: u16,
) -> Option<io::Result<Connection>> {
    let network = &machine.network;
    let now = network.executor.now();
    let mut links = network.links();
    let target = match links.resolve(machine.id, host) {
        Ok(target) => target,
        Err(error) => return Some(Err(error)),
    };
    if !life.alive() || !links.reachable(machine.id, target) {
        return None;
    }
    let refused = links.refused.contains(&(target, port));
    let listening =
        links.listeners.get(&(target, port)).filter(|_| !refused).map(|listening| listening.owner);
    let Some(server) = listening else {
        drop(links);
        machine.event("refused", &[u64::from(target.0), u64::from(port)], "");
        return Some(Err(io::ErrorKind::ConnectionRefused.into()));
    };
    let id = links.next_connection;
    links.next_connection += 1;
    let pipes = [Pipe::default(), Pipe::default()];
    let wire = Wire { owners: [life.owner, server], port, pipes, open_halves: 4 };
    links.connections.insert(id, wire);
    let from = SocketAddr::from((machine.address, links.free_port(machine.id)));
    let to = links.addresses.iter().find(|(_, id)| **id == target).map(|(address, _)| *address);
    let to = SocketAddr::from((to.unwrap_or(Ipv4Addr::LOCALHOST), port));
    let at = now + links.delay();
    let accepted = connection(network, id, 1, from);
    let listening = links.listeners.get_mut(&(target, port))?;
    listening.waiting.push_back((at, accepted));
    let waker = listening.waker.take();
    drop(links);
    if let Some(waker) = waker {
        network.executor.wake_at(at, waker);
    }
    machine.event("connect", &[id, u64::from(target.0), u64::from(port)], "");
    Some(Ok(connection(network, id, 0, to)))
}

fn connection(network: &Arc<NetworkState>, id: u64, side: usize, peer: SocketAddr) -> Connection {
    let stream = Box::new(SimStream { network: network.clone(), id, side });
    Connection { peer, stream, sink: Box::new(SimSink { network: network.clone(), id, side }) }
}

struct SimListener {
    machine: Arc<Machine>,
    life: Arc<Life>,
    address: SocketAddr,
}

impl SimListener {
    fn poll_accept(&self, context: &mut Context<'_>) -> Poll<io::Result<Connection>> {
        let executor = &self.machine.executor;
        let mut links = self.machine.network.links();
        let key = (self.machine.id, self.address.port());
        let Some(listening) = links.listeners.get_mut(&key).filter(|of| of.owner == self.life.owner) else {
            return Poll::Pending; // the process is dead
        };
        match listening.waiting.front() {
            Some((at, _)) if *at > executor.now() => {
                let at = *at;
                drop(links);
                executor.wake_at(at, context.waker().clone());
                return Poll::Pending;
            }
            Some(_) => {}
            None => {
                listening.waker = Some(context.waker().clone());
                return Poll::Pending;
            }
        }
        let connection = listening.waiting.pop_front();
        drop(links);
        let (_, connection) = connection.expect("its front was there");
        self.machine.event("accept", &[u64::from(self.address.port())], "");
        Poll::Ready(Ok(connection))
    }
}

impl Listener for SimListener {
    fn accept(&mut self) -> BoxFuture<'_, io::Result<Connection>> {
        Box::pin(poll_fn(|context| self.poll_accept(context)))
    }

    fn local_address(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

impl Drop for SimListener {
    fn drop(&mut self) {
        let key = (self.machine.id, self.address.port());
        let mut links = self.machine.network.links();
        let mine = links.listeners.get(&key).is_some_and(|of| of.owner == self.life.owner);
        let gone = if mine { links.listeners.remove(&key) } else { None };
        drop(links);
        drop(gone);
    }
}
