//! Addresses and links. No namespace has a route to the outside.

use std::fs;

use anyhow::Result;

use super::process::line;

/// Where the control plane, and so the cluster's DNS, is.
pub const CONTROL_PLANE: &str = "10.77.0.1";
/// The virtual addresses of Services.
pub const SERVICES: &str = "10.79.0.0/16";
/// The first of them: the API server as pods see it.
pub const API_SERVICE: &str = "10.79.0.1";

pub fn address(node: usize) -> String {
    format!("10.77.0.1{node}")
}

/// The machine's own namespace: a bridge that all nodes hang on.
pub fn control_plane() -> Result<()> {
    line("ip link set lo up")?;
    line("ip link add fabric type bridge")?;
    line(&format!("ip addr add {CONTROL_PLANE}/24 dev fabric"))?;
    line("ip link set fabric up")?;
    // An address that no component translates is refused here, not routed.
    line(&format!("ip route add {SERVICES} dev fabric"))?;
    fs::write("/proc/sys/net/ipv4/ip_forward", "1")?;
    Ok(())
}

/// A node's namespace `n<i>`, its link `v<i>` to the bridge, and who has the pods of which node.
pub fn node(node: usize, nodes: usize) -> Result<()> {
    let own = address(node);
    for words in [
        format!("ip netns add n{node}"),
        format!("ip -n n{node} link set lo up"),
        format!("ip link add v{node} type veth peer name eth0 netns n{node}"),
        format!("ip link set v{node} master fabric up"),
        format!("ip -n n{node} addr add {own}/24 dev eth0"),
        format!("ip -n n{node} link set eth0 up"),
        format!("ip -n n{node} route add default via {CONTROL_PLANE}"),
        format!("ip route add 10.78.{node}.0/24 via {own}"),
        format!("nsenter --net=/run/netns/n{node} sysctl -qw net.ipv4.ip_forward=1"),
    ] {
        line(&words)?;
    }
    for other in (1..=nodes).filter(|other| *other != node) {
        line(&format!("ip -n n{node} route add 10.78.{other}.0/24 via {}", address(other)))?;
    }
    Ok(())
}

/// Cuts a node off, without a word to anyone, or joins it again.
pub fn link(node: usize, up: bool) -> Result<()> {
    line(&format!("ip link set v{node} {}", if up { "up" } else { "down" })).map(drop)
}
