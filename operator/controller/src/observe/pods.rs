//! The brokers' pods: whether they run, from which template, and if not, why.

use crate::{
    context::Context,
    error::{During, Error},
};
use k8s_openapi::api::core::v1::{ContainerStatus, Pod, PodStatus};
use klamm_plan::{
    cluster::{PodSeen, ValidatedCluster},
    resources::{CONFIG_ANNOTATION, TEMPLATE_ANNOTATION},
};
use klamm_types::BrokerId;
use kube::{Api, ResourceExt};
use std::collections::BTreeMap;

/// A pod, and where it is.
pub(super) struct PodView {
    pub(super) seen: PodSeen,
    /// Its IP, while it runs.
    pub(super) address: Option<String>,
}

pub(super) async fn of(
    context: &Context,
    valid: &ValidatedCluster,
) -> Result<BTreeMap<BrokerId, PodView>, Error> {
    let pods: Api<Pod> = Api::namespaced(context.client.clone(), &valid.names.namespace);
    let mut views = BTreeMap::new();
    for (pool, id) in valid.brokers() {
        let name = valid.names.broker(&pool.name, id);
        let pod = pods.get_opt(&name).await.during(|| format!("read pod {name}"))?;
        views.extend(pod.map(|pod| (id, view(&pod, &valid.rack_key))));
    }
    Ok(views)
}

fn view(pod: &Pod, rack_key: &str) -> PodView {
    let status = pod.status.clone().unwrap_or_default();
    let annotation = |name: &str| pod.annotations().get(name).cloned().unwrap_or_default();
    let broker = status.container_statuses.iter().flatten().find(|container| container.name == "broker");
    let spec = pod.spec.as_ref();
    let image = spec.and_then(|spec| spec.containers.first()).and_then(|container| container.image.clone());
    let terminating = pod.metadata.deletion_timestamp.is_some();
    let running = broker.and_then(|container| container.state.as_ref()).is_some_and(|s| s.running.is_some());
    let seen = PodSeen {
        uid: pod.uid().unwrap_or_default(),
        resource_version: pod.resource_version().unwrap_or_default(),
        ready: is(&status, "Ready"),
        terminating,
        rack: pod.labels().get(rack_key).cloned(),
        revision: pod.labels().get("controller-revision-hash").cloned().unwrap_or_default(),
        image: image.unwrap_or_default(),
        config_hash: annotation(CONFIG_ANNOTATION),
        template_hash: annotation(TEMPLATE_ANNOTATION),
        trouble: broker.and_then(stopped).or_else(|| unschedulable(&status)),
        crashed: broker.is_some_and(|container| last_words(container).is_some()),
    };
    PodView { seen, address: status.pod_ip.filter(|_| running && !terminating) }
}

fn is(status: &PodStatus, kind: &str) -> bool {
    let conditions = status.conditions.as_deref().unwrap_or_default();
    conditions.iter().any(|condition| condition.type_ == kind && condition.status == "True")
}

fn unschedulable(status: &PodStatus) -> Option<String> {
    let conditions = status.conditions.as_deref().unwrap_or_default();
    let found = conditions.iter().find(|c| c.type_ == "PodScheduled" && c.status == "False")?;
    Some(found.message.clone().or_else(|| found.reason.clone()).unwrap_or_default())
}

/// Why the container does not run, when it should: the broker's own last words tell more than Kubernetes' back-off.
fn stopped(container: &ContainerStatus) -> Option<String> {
    let state = container.state.as_ref()?;
    if state.running.is_some() {
        return None;
    }
    let waiting = state.waiting.as_ref();
    let reason = waiting.and_then(|waiting| waiting.reason.clone()).unwrap_or_default();
    if matches!(reason.as_str(), "ContainerCreating" | "PodInitializing") {
        return None;
    }
    let said = last_words(container).or_else(|| waiting.and_then(|waiting| waiting.message.clone()));
    Some(match said {
        Some(said) if reason.is_empty() => said,
        Some(said) => format!("{reason}: {said}"),
        None => reason,
    })
}

fn last_words(container: &ContainerStatus) -> Option<String> {
    let ended = |state: Option<&k8s_openapi::api::core::v1::ContainerState>| state?.terminated.clone();
    let ended = ended(container.state.as_ref()).or_else(|| ended(container.last_state.as_ref()))?;
    let message = ended.message.unwrap_or_default();
    // the last lines of the log: the error is the last one
    let last = message.trim().lines().last().unwrap_or_default().to_owned();
    (ended.exit_code != 0).then(|| format!("it ended with exit code {}: {last}", ended.exit_code))
}
