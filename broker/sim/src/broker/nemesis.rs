//! What goes wrong in a cluster: faults on several brokers at once, within what the promise of an acknowledgement allows.
//!
//! A fault is *mild* when the process goes on, *unclean* when the process ends but its disk keeps what was acknowledged, and
//! *lossy* when a disk loses some of that. Mild and unclean ones strike whenever they like. A lossy one takes everything that
//! one broker has, so every record must be on another: it waits until all is in sync, and until all is in sync again nobody
//! else may end uncleanly either — a broker cannot tell whether only its process has died, and does not count as one that has
//! everything (KIP-966).

use super::{
    client::Client,
    cluster::{Cluster, Durability, Layout, Node},
    faults::{self, pause},
    release, voters,
    workload::Workload,
};
use crate::{Death, DiskFaults, Host, Simulation, Violation};
use klamm_metadata::METADATA_VERSION;
use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// A class of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Kill,
    KillAll,
    TornWrite,
    Restart,
    WriteErrors,
    FullDisk,
    PowerLoss,
    PowerLossOfAll,
    TornPowerLoss,
    FailedSync,
    LostVolume,
    Pause,
    OneWay,
    TwoWay,
    Alone,
    Reset,
    Refusal,
    ClockJump,
    Stall,
    SlowDisk,
    /// A restart as the other release.
    OtherRelease,
    /// A leader dies while a follower is frozen, then the other follower, which led meanwhile, does: in the end the first one may
    /// lead, and have records of the first leader where the second has its own (KIP-279).
    Cascade,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Mild,
    Unclean,
    Lossy,
}

const FAULTS: &[Fault] = &[
    Fault::Kill,
    Fault::Kill,
    Fault::KillAll,
    Fault::TornWrite,
    Fault::Restart,
    Fault::Restart,
    Fault::WriteErrors,
    Fault::FullDisk,
    Fault::PowerLoss,
    Fault::PowerLossOfAll,
    Fault::TornPowerLoss,
    Fault::FailedSync,
    Fault::LostVolume,
    Fault::Pause,
    Fault::Pause,
    Fault::OneWay,
    Fault::OneWay,
    Fault::TwoWay,
    Fault::Alone,
    Fault::Reset,
    Fault::Refusal,
    Fault::ClockJump,
    Fault::Stall,
    Fault::SlowDisk,
];

/// More of them, where a scenario is about these.
const BESIDE_ANOTHER_RELEASE: &[Fault] = &[Fault::OtherRelease; 3];
const CASCADES: &[Fault] = &[Fault::Cascade; 12];

/// How long a lossy fault waits until all is in sync, before it gives up.
const QUIET_LIMIT: Duration = Duration::from_secs(60);
/// How long all may take to be in sync again after one, while mild faults go on.
const SYNC_LIMIT: Duration = Duration::from_secs(600);
/// How long an orderly shutdown may take before the machine's patience ends.
const STOP_LIMIT: Duration = Duration::from_secs(30);
const CHECK: Duration = Duration::from_millis(100);

impl Fault {
    fn kind(self, durability: Durability) -> Kind {
        match self {
            Fault::LostVolume => Kind::Lossy,
            Fault::PowerLoss | Fault::TornPowerLoss | Fault::FailedSync => match durability {
                Durability::Replicated => Kind::Lossy,
                Durability::Fsync => Kind::Unclean,
            },
            Fault::Kill
            | Fault::KillAll
            | Fault::TornWrite
            | Fault::Restart
            | Fault::OtherRelease
            | Fault::Cascade
            | Fault::WriteErrors
            | Fault::FullDisk
            | Fault::PowerLossOfAll => Kind::Unclean,
            Fault::Pause
            | Fault::OneWay
            | Fault::TwoWay
            | Fault::Alone
            | Fault::Reset
            | Fault::Refusal
            | Fault::ClockJump
            | Fault::Stall
            | Fault::SlowDisk => Kind::Mild,
        }
    }

    /// Whether it needs all brokers for itself.
    fn strikes_all(self) -> bool {
        matches!(self, Fault::KillAll | Fault::PowerLossOfAll | Fault::Cascade)
    }

    /// Whether the promise covers it at all.
    fn is_covered(self, cluster: &Cluster, victim: &Node) -> bool {
        let Layout { brokers, durability, .. } = cluster.layout;
        match self {
            Fault::PowerLossOfAll => durability == Durability::Fsync,
            Fault::Cascade => brokers > 2,
            // the only voter has the only metadata
            Fault::LostVolume => cluster.layout.voters() > 1 || victim.id > cluster.layout.voters(),
            Fault::PowerLoss | Fault::TornPowerLoss | Fault::FailedSync => {
                brokers > 1 || durability == Durability::Fsync
            }
            _ => true,
        }
    }
}

/// Who is struck at the moment.
#[derive(Debug, Default)]
struct Struck {
    /// Brokers whose process or disk a fault has.
    busy: Vec<i32>,
    /// Faults under way that end a process.
    unclean: u32,
    /// A lossy fault is under way or waits for its turn: no process ends beside it.
    guarded: bool,
    under_way: u32,
    /// All brokers are newer ones, and what they write older ones do not read.
    are_upgraded: bool,
}

/// Injects faults. Cheap to clone.
#[derive(Clone)]
pub struct Nemesis {
    simulation: Simulation,
    cluster: Cluster,
    workload: Workload,
    struck: Arc<Mutex<Struck>>,
}

impl Nemesis {
    /// One that has done nothing yet.
    #[must_use]
    pub fn new(simulation: &Simulation, cluster: &Cluster, workload: &Workload) -> Self {
        Self {
            simulation: simulation.clone(),
            cluster: cluster.clone(),
            workload: workload.clone(),
            struck: Arc::default(),
        }
    }

    /// Injects `count` faults, and returns when all are over and everything has healed (which does not mean recovered).
    ///
    /// # Errors
    /// What the clients found meanwhile.
    pub async fn rage(&self, count: u32) -> Result<(), Violation> {
        let mut injected = 0;
        while injected < count {
            pause(&self.simulation, 1..1_500).await;
            self.workload.found()?;
            self.revive();
            if self.begin() {
                injected += 1;
            }
        }
        while self.struck().under_way > 0 {
            self.workload.found()?;
            self.simulation.sleep(CHECK).await;
        }
        self.simulation.heal();
        self.revive();
        Ok(())
    }

    /// What an operator does: all brokers become newer ones, one after the other, and then the feature level is raised.
    ///
    /// # Errors
    /// When it is not raised in time.
    pub async fn upgrade(&self) -> Result<(), Violation> {
        for node in self.cluster.nodes.iter().filter(|node| node.is_older()) {
            self.stop(node).await;
            node.becomes_older(false);
            node.host.restart();
            pause(&self.simulation, 1..3_000).await;
        }
        self.struck().are_upgraded = true;
        let deadline = self.simulation.elapsed() + super::workload::HEALED_WITHIN;
        while !release::raise(self.workload.world(), &self.cluster).await {
            self.revive();
            if self.simulation.elapsed() > deadline {
                return Err(Violation(format!("{METADATA_VERSION} is not raised in time after an upgrade")));
            }
            self.simulation.sleep(CHECK).await;
        }
        self.simulation.trace().reached("metadata.version raised");
        Ok(())
    }

    fn more_faults(&self) -> &'static [Fault] {
        match self.cluster.layout {
            Layout { mixed: true, .. } if !self.struck().are_upgraded => BESIDE_ANOTHER_RELEASE,
            Layout { cascades: true, .. } => CASCADES,
            _ => &[],
        }
    }

    /// All voters are who they should be, and vote.
    ///
    /// # Errors
    /// When they are not in time.
    pub async fn recovered(&self) -> Result<(), Violation> {
        let deadline = self.simulation.elapsed() + super::workload::HEALED_WITHIN;
        while !self.voters_are_well().await {
            self.revive();
            if self.simulation.elapsed() > deadline {
                return Err(Violation("the voters are not well in time after the last fault".into()));
            }
            self.simulation.sleep(CHECK).await;
        }
        Ok(())
    }

    /// Brokers that ended by themselves, for what was wrong, are started again as Kubernetes does.
    fn revive(&self) {
        let busy = self.struck().busy.clone();
        for node in self.cluster.nodes.iter().filter(|node| !busy.contains(&node.id)) {
            if !node.host.is_running() {
                self.simulation.trace().reached("broker ended by itself");
                node.host.restart();
            }
        }
    }

    /// Begins a fault that may strike now; false where the one that was drawn may not.
    fn begin(&self) -> bool {
        let random = |below: usize| self.simulation.random().within(0..below as u64) as usize;
        let more = self.more_faults();
        let drawn = random(FAULTS.len() + more.len());
        let fault = FAULTS.get(drawn).copied().unwrap_or_else(|| more[drawn - FAULTS.len()]);
        let victim = self.cluster.nodes[random(self.cluster.nodes.len())].clone();
        let kind = fault.kind(self.cluster.layout.durability);
        if !fault.is_covered(&self.cluster, &victim) || !self.take(fault, kind, victim.id) {
            return false;
        }
        self.simulation.note(&format!("fault: {fault:?} on {}", victim.host.name()));
        self.simulation.trace().injected(&format!("{fault:?}"));
        let this = self.clone();
        let strike = async move {
            this.strike(fault, kind, &victim).await;
            this.give_back(fault, kind, victim.id);
        };
        self.simulation.spawn("fault", strike);
        true
    }

    /// Whether the fault may strike; then it is under way.
    fn take(&self, fault: Fault, kind: Kind, victim: i32) -> bool {
        let mut struck = self.struck();
        let all = fault.strikes_all();
        let free = if all { struck.busy.is_empty() } else { !struck.busy.contains(&victim) };
        if !free || (kind != Kind::Mild && struck.guarded) {
            return false;
        }
        match kind {
            Kind::Mild => {}
            Kind::Unclean => struck.unclean += 1,
            Kind::Lossy => struck.guarded = true,
        }
        if all {
            struck.busy.extend(self.cluster.nodes.iter().map(|node| node.id));
        } else {
            struck.busy.push(victim);
        }
        struck.under_way += 1;
        true
    }

    fn give_back(&self, fault: Fault, kind: Kind, victim: i32) {
        let mut struck = self.struck();
        let all = fault.strikes_all();
        struck.busy.retain(|id| !all && *id != victim);
        struck.under_way -= 1;
        match kind {
            Kind::Mild => {}
            Kind::Unclean => struck.unclean -= 1,
            Kind::Lossy => struck.guarded = false,
        }
    }

    async fn strike(&self, fault: Fault, kind: Kind, victim: &Node) {
        if kind == Kind::Lossy && !self.all_in_sync(QUIET_LIMIT, true).await {
            self.simulation.note(&format!("{fault:?} on {}: not all is in sync", victim.host.name()));
            return self.simulation.trace().reached("lossy fault given up: not all in sync");
        }
        let host = &victim.host;
        match fault {
            Fault::Kill => host.kill(),
            Fault::KillAll => self.cluster.nodes.iter().for_each(|node| node.host.kill()),
            Fault::TornWrite => faults::die(&self.simulation, host, Death::Kill).await,
            Fault::Restart => self.stop(victim).await,
            Fault::Cascade => self.cascade().await,
            Fault::OtherRelease => {
                self.stop(victim).await;
                victim.becomes_older(!victim.is_older());
            }
            Fault::WriteErrors => {
                host.disk_faults(|faults| faults.write_error_once_in = 20);
                pause(&self.simulation, 10..2_000).await;
                host.disk_faults(|faults| faults.write_error_once_in = 0);
                host.kill();
            }
            Fault::FullDisk => faults::full_disk(&self.simulation, host).await,
            Fault::PowerLoss => host.power_off(),
            Fault::PowerLossOfAll => self.cluster.nodes.iter().for_each(|node| node.host.power_off()),
            Fault::TornPowerLoss => faults::die(&self.simulation, host, Death::PowerOff).await,
            Fault::FailedSync => {
                host.disk_faults(|faults| faults.failing_syncs = 1);
                pause(&self.simulation, 100..5_000).await;
                host.disk_faults(|faults| faults.failing_syncs = 0);
                host.power_off(); // see faults.rs
            }
            Fault::LostVolume => victim.lose_volume(),
            Fault::Pause => {
                host.pause();
                pause(&self.simulation, 10..10_000).await;
                host.resume();
            }
            Fault::OneWay | Fault::TwoWay | Fault::Alone => self.partition(fault, host).await,
            Fault::Reset => self.others(host).iter().for_each(|other| self.simulation.reset(other, host)),
            Fault::Refusal => {
                let port = [super::client::PORT, super::node::CONTROLLER_PORT];
                let port = port[self.simulation.random().within(0..2) as usize];
                self.simulation.refuse(host, port, true);
                self.others(host).iter().for_each(|other| self.simulation.reset(other, host));
                pause(&self.simulation, 10..5_000).await;
                self.simulation.refuse(host, port, false);
            }
            Fault::ClockJump => faults::jump_clock(&self.simulation, host),
            Fault::Stall => faults::stall(&self.simulation, host).await,
            Fault::SlowDisk => {
                let stalls = self.simulation.random().within(5..50);
                for _ in 0..stalls {
                    host.stall_disk(Duration::from_millis(150));
                    self.simulation.sleep(Duration::from_millis(200)).await;
                }
            }
        }
        pause(&self.simulation, 1..3_000).await;
        let struck = if fault.strikes_all() { &self.cluster.nodes[..] } else { std::slice::from_ref(victim) };
        for node in struck.iter().filter(|node| !node.host.is_running()) {
            if struck.len() > 1 {
                pause(&self.simulation, 1..2_000).await;
            }
            node.host.disk_faults(|faults| *faults = DiskFaults::default());
            node.host.restart();
        }
        if kind == Kind::Lossy && !self.all_in_sync(SYNC_LIMIT, false).await {
            let what = format!("{fault:?} on {}: not all is in sync after {SYNC_LIMIT:?}", host.name());
            self.workload.shared().violation(&what);
        }
    }

    /// SIGTERM, and SIGKILL when it takes too long.
    async fn stop(&self, victim: &Node) {
        self.simulation.trace().fault("orderly stop");
        let limit = self.simulation.elapsed() + STOP_LIMIT;
        while victim.host.is_running() && self.simulation.elapsed() < limit {
            victim.stop();
            self.simulation.sleep(CHECK).await;
        }
        let what = if victim.host.is_running() { "shutdown took too long" } else { "orderly shutdown" };
        self.simulation.trace().reached(what);
        victim.host.kill();
    }

    /// On the replicas of one partition; nothing where nobody tells which these are.
    async fn cascade(&self) {
        let Some((first, mut others)) = self.replicas().await else { return };
        let mut draw =
            || others.swap_remove(self.simulation.random().within(0..others.len() as u64) as usize);
        let (second, third) = (draw(), draw());
        self.simulation.trace().reached("cascade");
        let link = [(&first, &second), (&second, &first)];
        link.iter().for_each(|(from, to)| self.simulation.cut(from, to)); // the third has what the second lacks
        pause(&self.simulation, 5..200).await;
        third.pause();
        first.kill();
        link.iter().for_each(|(from, to)| self.simulation.heal_link(from, to));
        pause(&self.simulation, 200..550).await;
        second.kill();
        third.resume();
    }

    /// The leader and the followers of a partition.
    async fn replicas(&self) -> Option<(Host, Vec<Host>)> {
        let mut client = Client::any(self.workload.world(), &self.cluster.names()).await.ok()?;
        let told = client.metadata().await.ok()?;
        let partitions = &told.topics.first()?.partitions;
        let partition =
            partitions.get(self.simulation.random().within(0..partitions.len().max(1) as u64) as usize)?;
        let host =
            |id: i32| self.cluster.nodes.iter().find(|node| node.id == id).map(|node| node.host.clone());
        let followers = partition.replica_nodes.iter().filter(|id| **id != partition.leader_id);
        let followers: Vec<Host> = followers.filter_map(|id| host(*id)).collect();
        Some((host(partition.leader_id)?, followers)).filter(|(_, followers)| followers.len() > 1)
    }

    async fn partition(&self, fault: Fault, host: &Host) {
        let mut others = self.others(host);
        if fault != Fault::Alone {
            let chosen = self.simulation.random().within(0..others.len() as u64) as usize;
            others = vec![others.swap_remove(chosen)];
        }
        let one_way = (fault == Fault::OneWay).then(|| self.simulation.random().once_in(2));
        let mut links = Vec::new();
        for other in others {
            if one_way != Some(false) {
                links.push((other.clone(), host.clone()));
            }
            if one_way != Some(true) {
                links.push((host.clone(), other));
            }
        }
        links.iter().for_each(|(from, to)| self.simulation.cut(from, to));
        pause(&self.simulation, 10..15_000).await;
        links.iter().for_each(|(from, to)| self.simulation.heal_link(from, to));
    }

    /// All other hosts, the clients' included.
    fn others(&self, host: &Host) -> Vec<Host> {
        let brokers = self.cluster.nodes.iter().map(|node| node.host.clone());
        let all = brokers.chain([self.workload.clients().clone()]);
        all.filter(|other| other.id() != host.id()).collect()
    }

    /// Whether within `limit` everything is in sync, all voters are who they should be, and, if `quietly`, no process is down
    /// for a fault.
    async fn all_in_sync(&self, limit: Duration, quietly: bool) -> bool {
        let deadline = self.simulation.elapsed() + limit;
        loop {
            let quiet = !quietly || self.struck().unclean == 0;
            if quiet && self.voters_are_well().await && self.workload.all_in_sync().await {
                return true;
            }
            if self.simulation.elapsed() > deadline || self.workload.found().is_err() {
                return false;
            }
            self.simulation.sleep(CHECK).await;
        }
    }

    async fn voters_are_well(&self) -> bool {
        self.cluster.layout.voters() == 1 || voters::mend(self.workload.world(), &self.cluster).await
    }

    fn struck(&self) -> MutexGuard<'_, Struck> {
        self.struck.lock().expect("nothing panics under it")
    }
}
