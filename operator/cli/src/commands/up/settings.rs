//! The settings of a broker on this machine: those that the operator would give, with addresses, folders and plain text of it.

use super::folder::Folder;
use anyhow::anyhow;
use klamm_plan::cluster::ValidatedCluster;
use klamm_types::BrokerId;
use std::{collections::BTreeMap, path::Path};

/// Each broker's listeners are this many ports after those of the one before.
const PORTS_APART: u16 = 100;

/// Settings that have no meaning here.
const ELSEWHERE: [&str; 4] =
    ["klamm.control.listener", "klamm.tls.certificate.file", "klamm.tls.key.file", "klamm.tls.trust.file"];

/// The port of a listener of the spec.
pub fn local_port(port: i32, id: BrokerId) -> anyhow::Result<u16> {
    let port = i32::from(PORTS_APART) * id.0 + port;
    u16::try_from(port).map_err(|_| anyhow!("broker {id} would have the port {port}, and there are 65535"))
}

/// The settings of broker `id`, whose files are in `home`.
pub fn local(
    cluster: &ValidatedCluster,
    id: BrokerId,
    folder: &Folder,
    home: &Path,
) -> anyhow::Result<BTreeMap<String, String>> {
    let ports = folder.node(id)?.ports;
    let given = cluster.pools.iter().find_map(|pool| pool.settings.get(&id));
    let mut local = given.cloned().ok_or_else(|| anyhow!("the Cluster has no broker {id}"))?;
    local.retain(|key, _| !ELSEWHERE.contains(&key.as_str()));
    let mut clients = Vec::new();
    for listener in &cluster.listeners {
        clients.push((listener.name.to_uppercase(), "localhost", local_port(listener.port, id)?));
    }
    let own = [("BROKERS".to_owned(), "127.0.0.1", ports.brokers)];
    let advertised = [clients.as_slice(), &own].concat();
    let controller = [("CONTROLLER".to_owned(), "127.0.0.1", ports.controller)];
    let all = [advertised.as_slice(), &controller].concat();
    let joined = |all: &[(String, &str, u16)], text: fn(&(String, &str, u16)) -> String| {
        all.iter().map(text).collect::<Vec<_>>().join(",")
    };
    let controllers = folder.state.brokers.values().filter(|node| node.votes);
    let controllers = controllers.map(|node| format!("127.0.0.1:{}", node.ports.controller));
    let mut set = |key: &str, value: String| local.insert(key.to_owned(), value);
    set("listeners", joined(&all, |(name, _, port)| format!("{name}://127.0.0.1:{port}")));
    set("advertised.listeners", joined(&advertised, |(name, host, port)| format!("{name}://{host}:{port}")));
    set("listener.security.protocol.map", joined(&all, |(name, ..)| format!("{name}:PLAINTEXT")));
    set("controller.quorum.bootstrap.servers", controllers.collect::<Vec<_>>().join(","));
    set("klamm.http.listener", format!("127.0.0.1:{}", ports.http));
    set("log.dirs", home.join("data").display().to_string());
    Ok(local)
}
