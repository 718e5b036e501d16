//! One run: a world of hosts made of a seed, and the scenario that plays in it.

use crate::{
    Counts, Host, HostId, Random, Trace,
    executor::{Executor, Step},
    getrandom,
    host::Machine,
    life::{Death, Incarnation},
    log::Recorder,
    network::{NetworkState, Tap},
};
use std::{
    fmt,
    future::Future,
    ops::Range,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

/// The owner of the scenario's own tasks: it stands outside of the world and is never killed.
const SCENARIO: Incarnation = Incarnation { host: HostId(0), number: 0 };

/// A scenario that plays longer waits for what will never come, while some timer keeps it going.
const LIMIT: Duration = Duration::from_secs(24 * 3600);

/// What a scenario found to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(pub String);

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What came out of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The seed that replays it.
    pub seed: u64,
    /// The hash over all port calls, in order, with their times.
    pub hash: u64,
    /// How many there were.
    pub events: u64,
    /// How much time passed in the simulation.
    pub simulated: Duration,
    /// Faults and what was reached.
    pub counts: Counts,
    /// What the scenario found.
    pub result: Result<(), Violation>,
    /// The trace for reading, when it was asked for.
    pub lines: Vec<String>,
}

/// The world of one run. Cheap to clone.
#[derive(Clone)]
pub struct Simulation(Arc<State>);

struct State {
    executor: Arc<Executor>,
    trace: Arc<Trace>,
    network: Arc<NetworkState>,
    hosts: Mutex<Vec<Host>>,
    doomed: Arc<Mutex<Vec<(Incarnation, Death)>>>,
    seed: Random,
    random: Mutex<Random>,
}

/// Runs a scenario in the world of `seed`, twice, and requires that both runs are the same.
///
/// # Panics
/// When the scenario panics, or the two runs differ: then something outside of the seed got in.
pub fn run<F>(seed: u64, scenario: fn(Simulation) -> F) -> Report
where
    F: Future<Output = Result<(), Violation>> + Send + 'static,
{
    let (first, second) = (run_once(seed, scenario, false), run_once(seed, scenario, false));
    assert_eq!(first, second, "two runs of seed {seed} differ: something in it does not come from the seed");
    first
}

/// Runs a scenario once, on a thread of its own so that nothing thread-local is left of other runs; with `record`, the
/// report has the trace's lines.
///
/// # Panics
/// When the scenario panics.
pub fn run_once<F>(seed: u64, scenario: fn(Simulation) -> F, record: bool) -> Report
where
    F: Future<Output = Result<(), Violation>> + Send + 'static,
{
    let report = play_on_thread(seed, scenario, record, || {});
    report.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Runs a scenario once with a seeded bug in the program. A panic counts as found, as everywhere.
#[cfg(feature = "mutants")]
pub fn run_mutant<F>(seed: u64, scenario: fn(Simulation) -> F, mutant: &'static str) -> Result<(), Violation>
where
    F: Future<Output = Result<(), Violation>> + Send + 'static,
{
    let choose = move || klamm_world::mutant::choose(Some(mutant));
    let report = play_on_thread(seed, scenario, false, choose);
    report.map_err(|_| Violation("panic".into())).and_then(|report| report.result)
}

fn play_on_thread<F>(
    seed: u64,
    scenario: fn(Simulation) -> F,
    record: bool,
    before: impl FnOnce() + Send + 'static,
) -> std::thread::Result<Report>
where
    F: Future<Output = Result<(), Violation>> + Send + 'static,
{
    let body = move || {
        before();
        getrandom::seed_this_thread(Random::new(seed).fork(0));
        let simulation = Simulation::new(seed, record);
        let (trace, executor) = (simulation.0.trace.clone(), simulation.0.executor.clone());
        let most = if record { tracing::Level::DEBUG } else { tracing::Level::WARN };
        let _recording = tracing::subscriber::set_default(Recorder { trace, executor, most });
        let result = simulation.play(scenario);
        simulation.finish(seed, result)
    };
    let thread = std::thread::Builder::new().name(format!("seed {seed}"));
    thread.spawn(body).expect("a thread can be made").join()
}

impl Simulation {
    fn new(seed: u64, record: bool) -> Self {
        let seed = Random::new(seed);
        let trace = Arc::new(Trace::new(record));
        let executor = Executor::new(seed.fork(1), trace.clone());
        let network = Arc::new(NetworkState::new(seed.fork(2), executor.clone(), trace.clone()));
        let random = Mutex::new(seed.fork(3));
        Self(Arc::new(State {
            executor,
            trace,
            network,
            hosts: Mutex::default(),
            doomed: Arc::default(),
            seed,
            random,
        }))
    }

    fn play<F>(&self, scenario: fn(Simulation) -> F) -> Result<(), Violation>
    where
        F: Future<Output = Result<(), Violation>> + Send + 'static,
    {
        let done = Arc::new(Mutex::new(None));
        let (future, result) = (scenario(self.clone()), done.clone());
        let task = async move {
            let outcome = future.await;
            *result.lock().expect("held for an assignment only") = Some(outcome);
        };
        self.0.executor.spawn(SCENARIO, "scenario", Box::pin(task));
        loop {
            let step = self.0.executor.step();
            self.bury_doomed();
            if let Some(result) = done.lock().expect("held for an assignment only").take() {
                return result;
            }
            assert!(!matches!(step, Step::Idle), "the scenario waits for what will never come");
            assert!(self.elapsed() < LIMIT, "the scenario does not end: {LIMIT:?} have passed in it");
        }
    }

    /// Ends the processes whose hosts died within an operation.
    fn bury_doomed(&self) {
        let doomed = std::mem::take(&mut *self.0.doomed.lock().expect("held for a push"));
        for (owner, death) in doomed {
            let host = self.hosts().iter().find(|host| host.id() == owner.host).cloned();
            if let Some(host) = host {
                host.0.end(owner, Some(death));
            }
        }
    }

    fn finish(self, seed: u64, result: Result<(), Violation>) -> Report {
        let report = Report {
            seed,
            hash: self.0.trace.hash(),
            events: self.0.trace.events(),
            simulated: Duration::from_nanos(self.0.executor.now()),
            counts: self.0.trace.counts(),
            result,
            lines: self.0.trace.take_lines(),
        };
        // programs, tasks and taps may hold the simulation that holds them: a sweep would keep every disk of every run
        self.0.executor.clear();
        self.0.network.clear();
        self.hosts().drain(..).for_each(|host| host.0.forget_program());
        report
    }

    fn hosts(&self) -> MutexGuard<'_, Vec<Host>> {
        self.0.hosts.lock().expect("nothing panics under it")
    }

    /// A new host, reachable by `name`. Nothing runs on it yet.
    #[must_use]
    pub fn host(&self, name: &str) -> Host {
        let mut hosts = self.hosts();
        let id = HostId(hosts.len() as u32 + 1);
        let State { executor, trace, network, doomed, .. } = &*self.0;
        let random = self.0.seed.fork(1000 + u64::from(id.0));
        let machine =
            Machine::new(id, name, &random, executor.clone(), trace.clone(), network.clone(), doomed.clone());
        network.add(&machine);
        let host = Host(Arc::new(machine));
        hosts.push(host.clone());
        host
    }

    /// Resolves after `duration`.
    pub async fn sleep(&self, duration: Duration) {
        let executor = &self.0.executor;
        executor.sleep_until(executor.now() + duration.as_nanos() as u64).await;
    }

    /// How much time has passed.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        Duration::from_nanos(self.0.executor.now())
    }

    /// Runs a task of the scenario beside it: a fault injector, say.
    pub fn spawn(&self, name: &str, task: impl Future<Output = ()> + Send + 'static) {
        self.0.executor.spawn(SCENARIO, name, Box::pin(task));
    }

    /// The scenario's own chance.
    pub fn random(&self) -> MutexGuard<'_, Random> {
        self.0.random.lock().expect("nothing panics under it")
    }

    /// The trace: to count faults and what was reached.
    #[must_use]
    pub fn trace(&self) -> &Trace {
        &self.0.trace
    }

    /// Writes a line of the scenario into the trace.
    pub fn note(&self, text: &str) {
        self.0.trace.event(self.0.executor.now(), SCENARIO.host, "note", &[], text);
    }

    /// How long bytes take on every link.
    pub fn set_latency(&self, latency: Range<Duration>) {
        self.0.network.set_latency(latency);
    }

    /// From now on `tap` hears all that is sent between hosts. A run has at most one.
    pub fn set_tap(&self, tap: Tap) {
        self.0.network.set_tap(tap);
    }

    /// Nothing that `from` sends arrives at `to` until [`Simulation::heal`].
    pub fn cut(&self, from: &Host, to: &Host) {
        self.0.network.cut(from.id(), to.id());
    }

    /// What `from` sends arrives at `to` again.
    pub fn heal_link(&self, from: &Host, to: &Host) {
        self.0.network.heal_link(from.id(), to.id());
    }

    /// All links carry again.
    pub fn heal(&self) {
        self.0.network.heal();
    }

    /// Resets every connection between two hosts.
    pub fn reset(&self, one: &Host, other: &Host) {
        self.0.network.reset(one.id(), other.id());
    }

    /// From now on connects to this port are refused, or no more.
    pub fn refuse(&self, host: &Host, port: u16, refuse: bool) {
        self.0.network.refuse(host.id(), port, refuse);
    }
}
