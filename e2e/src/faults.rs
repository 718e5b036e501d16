//! What goes wrong on purpose: a pod's process killed, a node lost and back.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::core::v1::{Node, PersistentVolumeClaim, Pod};
use kube::api::DeleteParams;
use kube::{Api, ResourceExt};
use rustix::process::{Pid, Signal, kill_process};

use crate::cluster::{pod_ready, restarts};
use crate::kubernetes::Machine;
use crate::space::Space;

/// Kubernetes calls a node lost after 12 s here (node-monitor-grace-period).
const NODE_WITHIN: Duration = Duration::from_secs(60);

/// The local Kubernetes that the tests run in; on someone's own cluster no node can be killed.
pub fn machine() -> Result<Machine> {
    Machine::around()?
        .context("this needs the local Kubernetes: run it with `cargo xtask e2e` and without KUBECONFIG")
}

/// How a node is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Its processes are killed: whoever is connected hears of it.
    Heard,
    /// It is cut off before: nobody hears anything.
    Silent,
}

/// The node of a pod is lost without a word and comes back: noticed by Kubernetes, started, joined.
pub async fn lose_node_of(space: &Space, pod: &str) -> Result<()> {
    lose_node(space, pod, Loss::Silent).await
}

/// The node of a pod is lost and comes back, and the pod with it: started again on it, and ready.
pub async fn lose_node(space: &Space, pod: &str, loss: Loss) -> Result<()> {
    let machine = machine()?;
    let pods = space.api::<Pod>();
    let lost = pods.get(pod).await?;
    let (uid, starts) = (lost.uid(), restarts(&lost));
    let name = lost.spec.and_then(|spec| spec.node_name).context("the pod runs nowhere")?;
    let node = machine.node(name.trim_start_matches('n').parse()?);
    let nodes: Api<Node> = Api::all(space.client().clone());
    if loss == Loss::Silent {
        node.cut()?;
    }
    node.kill()?;
    space.wait(&nodes, &name, "lost", NODE_WITHIN, |node| node.and_then(ready) == Some("Unknown")).await?;
    if loss == Loss::Silent {
        node.join()?;
    }
    node.start()?;
    space.wait(&nodes, &name, "back", NODE_WITHIN, |node| node.and_then(ready) == Some("True")).await?;
    let again = |pod: Option<&Pod>| {
        pod.is_some_and(|pod| (pod.uid() != uid || restarts(pod) > starts) && pod_ready(pod))
    };
    space.wait(&pods, pod, "started again and ready", NODE_WITHIN, again).await.map(drop)
}

/// The volume of a pod is lost with all that is on it: its claim is deleted, and the pod, which gets a new claim.
pub async fn lose_volume_of(space: &Space, pod: &str) -> Result<()> {
    let claims = space.api::<PersistentVolumeClaim>();
    let name = format!("data-{pod}");
    let before = claims.get(&name).await?.uid();
    claims.delete(&name, &DeleteParams::default()).await?;
    kill_pod_for_good(space, pod).await?;
    let another = |claim: Option<&PersistentVolumeClaim>| {
        claim.is_some_and(|claim| claim.uid() != before && claim.metadata.deletion_timestamp.is_none())
    };
    space.wait(&claims, &name, "made anew", NODE_WITHIN, another).await.map(drop)
}

fn ready(node: &Node) -> Option<&str> {
    let conditions = node.status.as_ref()?.conditions.as_ref()?;
    conditions.iter().find(|condition| condition.type_ == "Ready").map(|condition| condition.status.as_str())
}

/// SIGKILL for every process of a pod's containers, as the kernel sends it when memory is short. The pod stays.
pub async fn kill_pod(space: &Space, name: &str) -> Result<()> {
    let pod = space.api::<Pod>().get(name).await?;
    let uid = pod.uid().context("a pod has a uid")?;
    let pids = processes(&uid)?;
    ensure!(!pids.is_empty(), "no process of pod {name} was found on this machine");
    for pid in pids {
        kill_process(pid, Signal::KILL)
            .with_context(|| format!("process {pid:?} of pod {name} could not be killed"))?;
    }
    Ok(())
}

/// As [`kill_pod`], and the pod goes too, so that whoever owns it makes a new one at once: a container that dies again
/// and again is started ever later.
pub async fn kill_pod_for_good(space: &Space, name: &str) -> Result<()> {
    kill_pod(space, name).await?;
    space.api::<Pod>().delete(name, &DeleteParams::default().grace_period(0)).await?;
    Ok(())
}

/// As [`kill_pod_for_good`], and waits until the one that is made instead is ready.
pub async fn replace_pod(space: &Space, name: &str) -> Result<()> {
    let pods = space.api::<Pod>();
    let before = pods.get(name).await?.uid();
    kill_pod_for_good(space, name).await?;
    let another = |pod: Option<&Pod>| pod.is_some_and(|pod| pod.uid() != before && pod_ready(pod));
    space.wait(&pods, name, "made anew and ready", NODE_WITHIN, another).await.map(drop)
}

/// Waits until the operator has given the empty volume of a pod to its cluster.
pub async fn volume_is_taken(space: &Space, pod: &str) -> Result<()> {
    let marked = |claim: Option<&PersistentVolumeClaim>| {
        claim.is_some_and(|claim| claim.annotations().contains_key("klamm.dev/cluster-id"))
    };
    let claims = space.api::<PersistentVolumeClaim>();
    space.wait(&claims, &format!("data-{pod}"), "marked", NODE_WITHIN, marked).await.map(drop)
}

/// The processes of a pod but for the one that holds its namespaces, found by their cgroups.
fn processes(uid: &str) -> Result<Vec<Pid>> {
    let pod = format!("pod{uid}/");
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()).and_then(Pid::from_raw)
        else {
            continue;
        };
        // Processes come and go while we look.
        let cgroup = fs::read_to_string(entry.path().join("cgroup")).unwrap_or_default();
        let program = fs::read_to_string(entry.path().join("comm")).unwrap_or_default();
        if cgroup.contains(&pod) && program.trim() != "pause" {
            found.push(pid);
        }
    }
    Ok(found)
}
