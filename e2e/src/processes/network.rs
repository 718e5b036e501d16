//! Addresses and links, and how they fail. No namespace has a route to the outside.

use anyhow::Result;

use crate::kubernetes::process::line;

/// Where the clients are.
const CLIENTS: &str = "10.88.0.1";

/// The address of a broker.
pub fn address(id: i32) -> String {
    format!("10.88.0.1{id}")
}

/// The run's own namespace: a bridge that all brokers hang on.
pub fn fabric() -> Result<()> {
    line("ip link set lo up")?;
    line("ip link add fabric type bridge")?;
    line(&format!("ip addr add {CLIENTS}/24 dev fabric"))?;
    line("ip link set fabric up").map(drop)
}

/// A broker's namespace `b<id>` and its link `h<id>` to the bridge.
pub fn host(id: i32) -> Result<()> {
    for words in [
        format!("ip netns add b{id}"),
        format!("ip -n b{id} link set lo up"),
        format!("ip link add h{id} type veth peer name eth0 netns b{id}"),
        format!("ip link set h{id} master fabric up"),
        format!("ip -n b{id} addr add {}/24 dev eth0", address(id)),
        format!("ip -n b{id} link set eth0 up"),
    ] {
        line(&words)?;
    }
    Ok(())
}

/// The words before a program that make it run on a broker's host.
pub fn on(id: i32) -> Vec<String> {
    vec!["nsenter".into(), format!("--net=/run/netns/b{id}")]
}

/// Cuts a host off from all others, without a word to anyone, or joins it again.
pub fn link(id: i32, up: bool) -> Result<()> {
    line(&format!("ip link set h{id} {}", if up { "up" } else { "down" })).map(drop)
}

/// Whose packets are lost at a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lost {
    /// What comes in, from anybody else.
    Incoming,
    /// What goes out, to anybody else.
    Outgoing,
    /// Both ways between the host and this broker's; all others reach it.
    Between(i32),
}

/// Packets are lost without a word from now on, or no more.
pub fn lose(id: i32, lost: Lost, begin: bool) -> Result<()> {
    let rules = match lost {
        Lost::Incoming => vec!["INPUT -i eth0".to_owned()],
        Lost::Outgoing => vec!["OUTPUT -o eth0".to_owned()],
        Lost::Between(other) => {
            vec![format!("INPUT -s {}", address(other)), format!("OUTPUT -d {}", address(other))]
        }
    };
    let change = if begin { "-A" } else { "-D" };
    for rule in rules {
        line(&format!("{} iptables -w {change} {rule} -j DROP", on(id).join(" ")))?;
    }
    Ok(())
}
