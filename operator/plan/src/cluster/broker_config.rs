//! `broker.yaml`: what a broker's process reads.

use super::{Names, ValidatedListener, names::port};
use klamm_types::BrokerId;
use std::collections::BTreeMap;

/// Where the volume is mounted in a broker's pod.
pub const DATA_FOLDER: &str = "/var/lib/klamm";
/// Where ConfigMap and Secrets are mounted.
pub const CONFIG_FOLDER: &str = "/etc/klamm";

/// Where a broker looks for the quorum before it has heard of it: every broker by its own name, since behind a name for all of
/// them it would find itself. One that has heard of the quorum asks nobody, so that a longer list restarts nobody.
pub(crate) const BOOTSTRAP_SERVERS: &str = "controller.quorum.bootstrap.servers";

/// The settings of one broker: what the operator decides, over what the spec says, over defaults.
pub(crate) fn settings(
    names: &Names,
    pool: &str,
    id: BrokerId,
    listeners: &[ValidatedListener],
    config: &BTreeMap<String, String>,
    controllers: &[String],
) -> BTreeMap<String, String> {
    let host = names.host(&names.broker(pool, id));
    let all = listeners.iter().map(|listener| (listener.name.to_uppercase(), listener.port, "PLAINTEXT"));
    let own = [("BROKERS".to_owned(), port::BROKERS, "SSL")];
    let advertised: Vec<_> = all.chain(own).collect();
    let bound = [advertised.clone(), vec![("CONTROLLER".to_owned(), port::CONTROLLER, "SSL")]].concat();

    let mut settings: BTreeMap<String, String> =
        [("auto.create.topics.enable".to_owned(), "false".to_owned())].into();
    if controllers.len() >= 3 {
        settings.insert("min.insync.replicas".to_owned(), "2".to_owned());
        // what is made without a number could not be written to with one replica
        settings.insert("default.replication.factor".to_owned(), "3".to_owned());
    }
    settings.extend(config.clone());
    let mut set = |key: &str, value: String| settings.insert(key.to_owned(), value);
    set("advertised.listeners", joined(&advertised, |(name, port, _)| format!("{name}://{host}:{port}")));
    set("controller.listener.names", "CONTROLLER".to_owned());
    set(BOOTSTRAP_SERVERS, joined(controllers, |host| format!("{host}:{}", port::CONTROLLER)));
    set("inter.broker.listener.name", "BROKERS".to_owned());
    set("klamm.control.listener", format!("0.0.0.0:{}", port::CONTROL));
    set("klamm.http.listener", format!("0.0.0.0:{}", port::HTTP));
    set("klamm.tls.certificate.file", format!("{CONFIG_FOLDER}/broker-{}.crt", id.0));
    set("klamm.tls.key.file", format!("{CONFIG_FOLDER}/broker-{}.key", id.0));
    set("klamm.tls.trust.file", format!("{CONFIG_FOLDER}/certs/ca.crt"));
    set("listener.security.protocol.map", joined(&bound, |(name, _, protocol)| format!("{name}:{protocol}")));
    set("listeners", joined(&bound, |(name, port, _)| format!("{name}://:{port}")));
    set("log.dirs", format!("{DATA_FOLDER}/data"));
    set("node.id", id.0.to_string());
    set("process.roles", "broker,controller".to_owned());
    settings
}

fn joined<T>(all: &[T], text: impl Fn(&T) -> String) -> String {
    all.iter().map(text).collect::<Vec<_>>().join(",")
}

/// The settings as YAML: every value is a quoted text, which is JSON's and so YAML's too.
#[must_use]
pub fn yaml(settings: &BTreeMap<String, String>) -> String {
    let line =
        |(key, value): (&String, &String)| format!("{key}: {}\n", serde_json::Value::from(value.as_str()));
    settings.iter().map(line).collect()
}
