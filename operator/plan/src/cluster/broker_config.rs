//! `broker.yaml`: what a broker's process reads.

use super::{Names, ValidatedListener, names::port};
use klamm_types::BrokerId;
use std::collections::BTreeMap;

/// Where the volume is mounted in a broker's pod.
pub const DATA_FOLDER: &str = "/var/lib/klamm";
/// Where ConfigMap and Secrets are mounted.
pub const CONFIG_FOLDER: &str = "/etc/klamm";

/// The settings of one broker: what the operator decides, over what the spec says, over defaults.
pub(crate) fn settings(
    names: &Names,
    pool: &str,
    id: BrokerId,
    listeners: &[ValidatedListener],
    config: &BTreeMap<String, String>,
    brokers: usize,
) -> BTreeMap<String, String> {
    let host = names.host(&names.broker(pool, id));
    let certificates = format!("{CONFIG_FOLDER}/certs");
    let all = listeners.iter().map(|listener| (listener.name.to_uppercase(), listener.port, "PLAINTEXT"));
    let own = [("BROKERS".to_owned(), port::BROKERS, "SSL")];
    let advertised: Vec<_> = all.chain(own).collect();
    let bound = [advertised.clone(), vec![("CONTROLLER".to_owned(), port::CONTROLLER, "SSL")]].concat();

    let mut settings: BTreeMap<String, String> =
        [("auto.create.topics.enable".to_owned(), "false".to_owned())].into();
    if brokers >= 3 {
        settings.insert("min.insync.replicas".to_owned(), "2".to_owned());
        // what is made without a number could not be written to with one replica
        settings.insert("default.replication.factor".to_owned(), "3".to_owned());
    }
    settings.extend(config.clone());
    let mut set = |key: &str, value: String| settings.insert(key.to_owned(), value);
    set("advertised.listeners", joined(&advertised, |(name, port, _)| format!("{name}://{host}:{port}")));
    set("controller.listener.names", "CONTROLLER".to_owned());
    set(
        "controller.quorum.bootstrap.servers",
        format!("{}:{}", names.host(&names.headless()), port::CONTROLLER),
    );
    set("inter.broker.listener.name", "BROKERS".to_owned());
    set("klamm.control.listener", format!("0.0.0.0:{}", port::CONTROL));
    set("klamm.http.listener", format!("0.0.0.0:{}", port::HTTP));
    set("klamm.tls.certificate.file", format!("{certificates}/broker-{}.crt", id.0));
    set("klamm.tls.key.file", format!("{certificates}/broker-{}.key", id.0));
    set("klamm.tls.trust.file", format!("{certificates}/ca.crt"));
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
