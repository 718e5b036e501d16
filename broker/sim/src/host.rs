//! A simulated host: a machine with a disk, a clock and an address, and at most one process on it.

use crate::{
    Death, DiskFaults, HostId, Random, Trace,
    disk::{DiskState, SimDisk},
    executor::Executor,
    life::{Incarnation, Life},
    network::{NetworkState, SimNetwork},
    ports::{ClockState, SimClock, SimEntropy, SimSpawn},
};
use klamm_types::Now;
use klamm_world::{BoxFuture, World};
use std::{
    fmt,
    future::Future,
    io,
    net::Ipv4Addr,
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};
use tokio::sync::Notify;

/// What a host runs: called anew at every start.
type Program = Arc<dyn Fn(World) -> BoxFuture<'static, ()> + Send + Sync>;

/// The machine: it outlives its processes.
pub(crate) struct Machine {
    pub(crate) id: HostId,
    pub(crate) name: String,
    pub(crate) address: Ipv4Addr,
    pub(crate) executor: Arc<Executor>,
    pub(crate) trace: Arc<Trace>,
    pub(crate) network: Arc<NetworkState>,
    pub(crate) doomed: Arc<Mutex<Vec<(Incarnation, Death)>>>,
    pub(crate) ended: Notify,
    disk: Mutex<DiskState>,
    clock: Mutex<ClockState>,
    entropy: Mutex<Random>,
    schedule: Mutex<Schedule>,
    process: Mutex<Process>,
}

/// How fast the host's threads and its disk are.
pub(crate) struct Schedule {
    pub(crate) random: Random,
    pub(crate) cores: usize,
    /// Blocking work that begins before this ends no earlier: the device stalls.
    stalled_until: u64,
}

struct Process {
    starts: u32,
    life: Option<Arc<Life>>,
    program: Option<Program>,
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Machine {
    pub(crate) fn new(
        id: HostId,
        name: &str,
        random: &Random,
        executor: Arc<Executor>,
        trace: Arc<Trace>,
        network: Arc<NetworkState>,
        doomed: Arc<Mutex<Vec<(Incarnation, Death)>>>,
    ) -> Self {
        let mut schedule = random.fork(3);
        let cores = schedule.within(1..5) as usize;
        let [_, b, c, d] = (id.0 + 1).to_be_bytes();
        Self {
            id,
            name: name.to_owned(),
            address: Ipv4Addr::new(10, b, c, d),
            executor,
            trace,
            network,
            doomed,
            ended: Notify::new(),
            disk: Mutex::new(DiskState::new(random.fork(1))),
            clock: Mutex::default(),
            entropy: Mutex::new(random.fork(2)),
            schedule: Mutex::new(Schedule { random: schedule, cores, stalled_until: 0 }),
            process: Mutex::new(Process { starts: 0, life: None, program: None }),
        }
    }

    pub(crate) fn event(&self, kind: &'static str, numbers: &[u64], text: &str) {
        self.trace.event(self.executor.now(), self.id, kind, numbers, text);
    }

    /// The host's time; a dead process's stands for nothing, so it may be anything.
    pub(crate) fn now(&self, _life: &Life) -> Now {
        self.clock().read(self.executor.now())
    }

    /// The host dies within the operation that calls this. Its tasks are dropped when the running poll returns.
    pub(crate) fn die(&self, life: &Life, death: Death) {
        if life.end() {
            self.doomed.lock().expect("held for a push").push((life.owner, death));
        }
    }

    /// When blocking work that begins now is done.
    pub(crate) fn blocking_until(&self) -> u64 {
        let now = self.executor.now();
        let mut schedule = self.schedule();
        let most = if schedule.random.once_in(100) { 300_000_000 } else { 5_000_000 };
        let delay = schedule.random.by_magnitude(10_000..most);
        schedule.stalled_until.max(now + delay)
    }

    pub(crate) fn disk(&self) -> MutexGuard<'_, DiskState> {
        self.disk.lock().expect("nothing panics under it")
    }

    pub(crate) fn clock(&self) -> MutexGuard<'_, ClockState> {
        self.clock.lock().expect("nothing panics under it")
    }

    pub(crate) fn entropy(&self) -> MutexGuard<'_, Random> {
        self.entropy.lock().expect("nothing panics under it")
    }

    pub(crate) fn schedule(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().expect("nothing panics under it")
    }

    fn process(&self) -> MutexGuard<'_, Process> {
        self.process.lock().expect("nothing panics under it")
    }

    /// Nothing is started here any more.
    pub(crate) fn forget_program(&self) {
        self.process().program = None;
    }

    /// Ends a process: after its tasks are gone only the disk and what others hold of its connections remain.
    pub(crate) fn end(&self, owner: Incarnation, death: Option<Death>) {
        let life = self.process().life.take_if(|life| life.owner == owner);
        let Some(life) = life else { return };
        life.end();
        let kind = match death {
            None => "exit",
            Some(Death::Kill) => "kill",
            Some(Death::PowerOff) => "power off",
        };
        self.event(kind, &[], "");
        if death.is_some() {
            self.trace.fault(kind);
        }
        self.network.process_ended(owner, death == Some(Death::PowerOff));
        self.executor.drop_tasks(owner);
        if death == Some(Death::PowerOff) {
            self.disk().lose_power();
        }
        self.disk().doom(None);
        self.executor.pause(self.id, false);
        self.ended.notify_waiters();
    }
}

/// A handle of a simulated host. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Host(pub(crate) Arc<Machine>);

impl Host {
    /// Its DNS name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its address.
    #[must_use]
    pub fn address(&self) -> Ipv4Addr {
        self.0.address
    }

    /// Its number, as traces print it.
    #[must_use]
    pub fn id(&self) -> HostId {
        self.0.id
    }

    /// Starts `program` in a new process; a process that runs is killed first. [`Host::restart`] starts it again. When its
    /// future is done the process has exited.
    pub fn start<F>(&self, program: impl Fn(World) -> F + Send + Sync + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.process().program = Some(Arc::new(move |world| Box::pin(program(world))));
        self.restart();
    }

    /// Starts the program again in a new process (and switches the machine on).
    pub fn restart(&self) {
        self.kill();
        let program = self.0.process().program.clone();
        let world = self.boot();
        let machine = self.0.clone();
        let owner = machine.process().life.as_ref().map(|life| life.owner);
        let (Some(program), Some(owner)) = (program, owner) else { return };
        let task = async move {
            program(world).await;
            machine.exited(owner);
        };
        self.0.executor.spawn(owner, "main", Box::pin(task));
    }

    /// A new process without a program, and its world: for tests that call the ports themselves.
    #[must_use]
    pub fn boot(&self) -> World {
        self.kill();
        let machine = &self.0;
        let mut process = machine.process();
        process.starts += 1;
        let owner = Incarnation { host: machine.id, number: process.starts };
        let life = Arc::new(Life::new(owner));
        process.life = Some(life.clone());
        drop(process);
        let mono = machine.schedule().random.within(0..1 << 40);
        machine.clock().restart(machine.executor.now(), mono);
        machine.network.machine_on(machine.id);
        machine.event("boot", &[u64::from(owner.number)], &machine.name);
        World {
            clock: Arc::new(SimClock { machine: machine.clone(), life: life.clone() }),
            entropy: Arc::new(SimEntropy { machine: machine.clone() }),
            network: Arc::new(SimNetwork { machine: machine.clone(), life: life.clone() }),
            disk: Arc::new(SimDisk { machine: machine.clone(), life: life.clone() }),
            spawn: Arc::new(SimSpawn { machine: machine.clone(), life }),
        }
    }

    /// Whether a process runs.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.0.process().life.as_ref().is_some_and(|life| life.alive())
    }

    /// Resolves when no process runs.
    pub async fn ended(&self) {
        loop {
            let notified = self.0.ended.notified();
            if !self.is_running() && self.0.process().life.is_none() {
                return;
            }
            notified.await;
        }
    }

    /// SIGKILL, between two operations.
    pub fn kill(&self) {
        self.end(Death::Kill);
    }

    /// The machine loses its power, between two operations; also one on which no process runs.
    pub fn power_off(&self) {
        if self.0.process().life.is_some() {
            return self.end(Death::PowerOff);
        }
        self.0.event("power off", &[], "");
        self.0.trace.fault("power off");
        self.0.network.machine_off(self.0.id);
        self.0.disk().lose_power();
    }

    /// The process dies within one of its next changes to the disk, which is done in part. [`Host::ended`] tells when.
    pub fn die_in_disk_operation(&self, death: Death) {
        self.0.disk().doom(Some(death));
    }

    fn end(&self, death: Death) {
        let owner = self.0.process().life.as_ref().map(|life| life.owner);
        if let Some(owner) = owner {
            self.0.end(owner, Some(death));
        }
    }

    /// Freezes the process (SIGSTOP): its sockets stay open, nobody answers.
    pub fn pause(&self) {
        self.0.trace.fault("pause");
        self.0.event("pause", &[], "");
        self.0.executor.pause(self.0.id, true);
    }

    /// Lets a frozen process go on.
    pub fn resume(&self) {
        self.0.event("resume", &[], "");
        self.0.executor.pause(self.0.id, false);
    }

    /// Moves its wall time.
    pub fn jump_clock(&self, milliseconds: i64) {
        self.0.trace.fault("clock jump");
        self.0.event("clock jump", &[milliseconds as u64], "");
        self.0.clock().jump(milliseconds);
    }

    /// Lets its clock run fast (or slow) by so many parts in a million.
    pub fn drift_clock(&self, fast_ppm: i32) {
        self.0.event("clock drift", &[fast_ppm as u64], "");
        self.0.clock().set_drift(self.0.executor.now(), i64::from(fast_ppm));
    }

    /// Changes what goes wrong with its disk.
    pub fn disk_faults(&self, change: impl FnOnce(&mut DiskFaults)) {
        change(&mut self.0.disk().faults);
    }

    /// Bytes that can still be written to its disk.
    #[must_use]
    pub fn disk_room(&self) -> u64 {
        self.0.disk().room()
    }

    /// Its device does nothing for `duration`: syncs that run or begin meanwhile end after it.
    pub fn stall_disk(&self, duration: Duration) {
        self.0.trace.fault("disk stall");
        let until = self.0.executor.now() + duration.as_nanos() as u64;
        self.0.schedule().stalled_until = until;
    }

    /// Its disk is replaced by an empty one. The process must not run.
    pub fn replace_disk(&self) {
        self.kill();
        self.0.trace.fault("empty disk");
        self.0.event("empty disk", &[], "");
        self.0.disk().wipe();
    }

    /// Flips a bit of a file where it lies.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn rot(&self, path: &Path, position: u64) -> io::Result<()> {
        self.0.trace.fault("bit rot");
        self.0.event("bit rot", &[position], &path.to_string_lossy());
        self.0.disk().rot(path, position)
    }

    /// A file on its disk, as a process there would see it.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn read_file(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.disk().read_file(path)
    }

    /// The names in a directory on its disk, in order.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn list_directory(&self, path: &Path) -> io::Result<Vec<String>> {
        self.0.disk().list(path)
    }
}

impl Machine {
    /// The program's future is done: the process exits, and with it its other tasks.
    fn exited(&self, owner: Incarnation) {
        self.end(owner, None);
    }
}
