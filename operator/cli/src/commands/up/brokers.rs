//! All brokers of a cluster on this machine: started, looked after, stopped together.

use super::{broker::Broker, folder::Folder};
use anyhow::bail;
use futures::future::{join_all, select_all, try_join_all};
use klamm_plan::cluster::ValidatedCluster;
use std::time::Duration;

/// How long a broker may take to serve: a long recovery is told, not cut short.
const START_MAX: Duration = Duration::from_secs(120);

/// A broker that ends with an error sooner after its start would only end again.
const LIVES_AT_LEAST: Duration = Duration::from_secs(5);

/// The brokers.
pub struct Brokers {
    folder: Folder,
    running: Vec<Broker>,
}

impl Brokers {
    /// Brokers in `folder`; none runs yet.
    pub fn new(folder: Folder) -> Self {
        Self { folder, running: Vec::new() }
    }

    /// Starts all of them.
    pub async fn start(&mut self, cluster: &ValidatedCluster) -> anyhow::Result<()> {
        for (_, id) in cluster.brokers() {
            self.running.push(Broker::start(&mut self.folder, cluster, id).await?);
        }
        Ok(())
    }

    /// Waits until all of them serve.
    pub async fn wait_until_ready(&mut self) -> anyhow::Result<()> {
        try_join_all(self.running.iter_mut().map(|broker| broker.wait_until_ready(START_MAX))).await.map(drop)
    }

    /// Where clients connect, each on this machine.
    pub fn ports(&self) -> impl Iterator<Item = u16> {
        self.running.iter().map(|broker| broker.port)
    }

    /// Looks after them: of several, one that ended by itself is started again, as Kubernetes would; the others serve meanwhile.
    /// Returns when none is left, or when it is no use to go on.
    pub async fn look_after(&mut self, cluster: &ValidatedCluster) -> anyhow::Error {
        loop {
            let (ended, at, _) =
                select_all(self.running.iter_mut().map(|broker| Box::pin(broker.ended()))).await;
            let broker = self.running.remove(at);
            let outcome = match ended {
                Ok(status) if cluster.brokers().count() == 1 || !status.success() => {
                    self.again(broker, status, cluster).await
                }
                Ok(_) => self.stopped(&broker),
                Err(error) => Err(error),
            };
            if let Err(error) = outcome {
                return error;
            }
        }
    }

    async fn again(
        &mut self,
        broker: Broker,
        status: std::process::ExitStatus,
        cluster: &ValidatedCluster,
    ) -> anyhow::Result<()> {
        self.folder.set_pid(broker.id, None)?;
        let fails = status.code().is_some() && broker.age() < LIVES_AT_LEAST; // a signal is no verdict
        if self.running.is_empty() || fails {
            return Err(broker.told(status));
        }
        eprintln!("{}; it is started again", broker.told(status));
        self.running.push(Broker::start(&mut self.folder, cluster, broker.id).await?);
        Ok(())
    }

    /// Somebody stopped it in order: it stays stopped.
    fn stopped(&mut self, broker: &Broker) -> anyhow::Result<()> {
        self.folder.set_pid(broker.id, None)?;
        eprintln!("broker {} was stopped", broker.id);
        if self.running.is_empty() {
            bail!("all brokers were stopped");
        }
        Ok(())
    }

    /// Stops all of them in order.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.running.iter().for_each(Broker::terminate);
        let ids: Vec<_> = self.running.iter().map(|broker| broker.id).collect();
        let stopped = join_all(self.running.into_iter().map(Broker::stopped)).await;
        ids.into_iter().try_for_each(|id| self.folder.set_pid(id, None))?;
        stopped.into_iter().collect()
    }
}
