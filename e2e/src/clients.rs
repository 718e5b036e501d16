//! Kafka's clients that no one here wrote, inside the cluster's network: kcat is librdkafka, the tools are Java's.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::inside;

/// How long a client may wait for a broker that was killed or whose address is new.
const PATIENCE: Duration = Duration::from_secs(60);

/// Clients of one Cluster. kcat reads with `-E`: librdkafka connects again until it can, where kcat itself would give up at
/// the first connection that is refused.
pub struct Clients {
    bootstrap: String,
}

impl Clients {
    /// Clients that start at this address.
    pub fn new(bootstrap: String) -> Clients {
        Clients { bootstrap }
    }

    /// Waits until a client is answered: a ready pod is behind its Services only when kube-proxy has heard of it, and for a
    /// Service that was made anew DNS keeps the former address for 30 s.
    pub async fn answered(&self) -> Result<()> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let listed = inside::output(self.kcat(&["-L", "-m", "5"]).args(["-b", &self.bootstrap])).await;
            match listed {
                Ok(_) => return Ok(()),
                Err(error) if tokio::time::Instant::now() > deadline => return Err(error),
                Err(_) => {} // kcat itself waits
            }
        }
    }

    /// Produces lines with acks=all, each a record, and returns when the last is acknowledged.
    pub async fn produce(&self, topic: &str, lines: &[String]) -> Result<()> {
        let timeout = format!("message.timeout.ms={}", PATIENCE.as_millis());
        let arguments =
            ["-P", "-t", topic, "-X", "acks=all", "-X", &timeout, "-X", "enable.idempotence=true"];
        inside::given(self.kcat(&arguments).args(["-b", &self.bootstrap]), &lines.join("\n")).await.map(drop)
    }

    /// Every record of a topic, from its beginning to its end.
    pub async fn consume(&self, topic: &str) -> Result<Vec<String>> {
        let mut kcat = self.kcat(&["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-E"]);
        self.lines(kcat.args(["-b", &self.bootstrap])).await
    }

    /// What a group has not read yet, to the end, committed when it leaves.
    pub async fn consume_as(&self, group: &str, topic: &str) -> Result<Vec<String>> {
        let mut kcat = self.kcat(&["-e", "-q", "-E", "-X", "auto.offset.reset=earliest"]);
        self.lines(kcat.args(["-b", &self.bootstrap, "-G", group, topic])).await
    }

    /// How many partitions a topic has; none if there is no such topic.
    pub async fn partitions(&self, topic: &str) -> Result<Option<usize>> {
        let listed = inside::output(self.kcat(&["-L", "-J"]).args(["-b", &self.bootstrap])).await?;
        let listed: Value = serde_json::from_str(&listed).context("kcat -J prints JSON")?;
        let topics = listed["topics"].as_array().context("kcat lists topics")?;
        let topic = topics.iter().find(|found| found["topic"] == topic);
        Ok(topic.and_then(|topic| topic["partitions"].as_array()).map(Vec::len))
    }

    /// Waits until a topic has so many partitions, or is not there.
    pub async fn until_partitions(&self, topic: &str, expected: Option<usize>) -> Result<()> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let found = self.partitions(topic).await?;
            if found == expected {
                return Ok(());
            }
            if tokio::time::Instant::now() > deadline {
                bail!("topic {topic} has {found:?} partitions, not {expected:?}");
            }
        }
    }

    /// The leader of a partition, as the brokers tell it.
    pub async fn leader(&self, topic: &str, partition: usize) -> Result<i64> {
        let listed =
            inside::output(self.kcat(&["-L", "-J", "-t", topic]).args(["-b", &self.bootstrap])).await?;
        let listed: Value = serde_json::from_str(&listed).context("kcat -J prints JSON")?;
        let leader = listed["topics"][0]["partitions"][partition]["leader"].as_i64();
        leader.filter(|id| *id >= 0).with_context(|| format!("{topic}-{partition} has no leader: {listed}"))
    }

    /// Every record of a topic in kcat's format, from its beginning to its end.
    pub async fn dump(&self, topic: &str, format: &str) -> Result<String> {
        let mut kcat = self.kcat(&["-C", "-t", topic, "-o", "beginning", "-e", "-q", "-E", "-f", format]);
        inside::output(kcat.args(["-b", &self.bootstrap])).await
    }

    /// kcat on this cluster, for somebody who ends it.
    pub(crate) fn kcat_started(&self, arguments: &[&str]) -> std::process::Command {
        let mut kcat = inside::command("kcat").into_std();
        kcat.args(["-b", &self.bootstrap]).args(arguments);
        kcat
    }

    /// Runs one of Kafka's own tools, such as `kafka-topics`, for what it prints.
    pub async fn tool(&self, name: &str, arguments: &[&str]) -> Result<String> {
        let mut tool = inside::command(name);
        inside::output(tool.args(arguments).args(["--bootstrap-server", &self.bootstrap])).await
    }

    /// Runs one of Kafka's own tools with this as its input.
    pub async fn tool_given(&self, name: &str, arguments: &[&str], input: &str) -> Result<String> {
        let mut tool = inside::command(name);
        inside::given(tool.args(arguments).args(["--bootstrap-server", &self.bootstrap]), input).await
    }

    fn kcat(&self, arguments: &[&str]) -> tokio::process::Command {
        let mut kcat = inside::command("kcat");
        kcat.args(arguments);
        kcat
    }

    async fn lines(&self, command: &mut tokio::process::Command) -> Result<Vec<String>> {
        Ok(inside::output(command).await?.lines().map(str::to_owned).collect())
    }
}

/// `from..to` as records.
pub fn records(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("record {number}")).collect()
}
