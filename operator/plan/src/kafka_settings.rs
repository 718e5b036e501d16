//! Checks settings against the brokers' own table, so that a wrong one is refused before a broker sees it.

use crate::Refusal;
use klamm_metadata::config::{Settings, topic_def};
use klamm_operator_api::Config;
use std::collections::BTreeMap;

/// Settings that the operator makes itself; a Cluster cannot set them.
const OWN: &[&str] = &[
    "advertised.listeners",
    "broker.id",
    "broker.rack",
    "controller.listener.names",
    "controller.quorum.bootstrap.servers",
    "controller.quorum.voters",
    "inter.broker.listener.name",
    "klamm.control.listener",
    "klamm.http.listener",
    "klamm.tls.certificate.file",
    "klamm.tls.key.file",
    "klamm.tls.trust.file",
    "listener.security.protocol.map",
    "listeners",
    "log.dir",
    "log.dirs",
    "metadata.log.dir",
    "node.id",
    "process.roles",
];

/// Kafka's text of each setting of `config`, none of which may be the operator's own.
pub(crate) fn text(field: &str, config: Option<&Config>) -> Result<BTreeMap<String, String>, Refusal> {
    let Some(config) = config else { return Ok(BTreeMap::new()) };
    let text = config.text().map_err(|error| {
        invalid(format!("{field}: {} takes a text, a number, true or false, not a list or a map", error.key))
    })?;
    match text.keys().find(|key| OWN.contains(&key.as_str())) {
        Some(key) => Err(invalid(format!("{field}: {key} is set by the operator; leave it out"))),
        None => Ok(text),
    }
}

/// A whole broker's settings, checked as the broker will check them.
pub(crate) fn check_broker(field: &str, settings: &BTreeMap<String, String>) -> Result<(), Refusal> {
    Settings::new(settings).map(|_| ()).map_err(|error| invalid(format!("{field}: {error}")))
}

/// A topic's settings.
pub(crate) fn topic(field: &str, config: Option<&Config>) -> Result<BTreeMap<String, String>, Refusal> {
    let Some(config) = config else { return Ok(BTreeMap::new()) };
    let text = config.text().map_err(|error| {
        invalid(format!("{field}: {} takes a text, a number, true or false, not a list or a map", error.key))
    })?;
    for (key, value) in &text {
        topic_def(key)
            .and_then(|definition| definition.check(value))
            .map_err(|error| invalid(format!("{field}: {error}")))?;
    }
    Ok(text)
}

fn invalid(message: String) -> Refusal {
    Refusal::new("InvalidConfig", message)
}
