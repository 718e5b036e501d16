//! Carries out the plan of a Topic.

use super::STATUS_MANAGER;
use crate::{
    context::Context,
    error::{During, Error},
    observe::TopicView,
};
use klamm_operator_api::{Topic, TopicStatus};
use klamm_plan::topic::{FINALIZER, Plan, Step, kafka_name};
use kube::{
    Api, ResourceExt,
    api::{Patch, PatchParams},
};
use serde_json::json;
use tracing::info;

pub(crate) async fn topic(context: &Context, view: &TopicView, plan: &Plan) -> Result<(), Error> {
    let topic = &view.observed.topic;
    if let Some(step) = &plan.step {
        match (step, &view.admin) {
            (Step::AddFinalizer, _) => finalizer(context, topic, true).await?,
            (Step::RemoveFinalizer, _) => finalizer(context, topic, false).await?,
            (step, Some(admin)) => admin.carry_out(&kafka_name(topic), step).await?,
            (_, None) => {} // the plan asks nothing of a Cluster that is not there
        }
        info!(namespace = topic.namespace(), topic = topic.name_any(), ?step, "done");
    }
    match &plan.status {
        Some(status) => self::status(context, topic, status).await,
        None => Ok(()),
    }
}

/// With the object's version: somebody else's finalizers are never written over.
async fn finalizer(context: &Context, topic: &Topic, held: bool) -> Result<(), Error> {
    let mut finalizers: Vec<String> = topic.finalizers().to_vec();
    finalizers.retain(|name| name != FINALIZER);
    finalizers.extend(held.then(|| FINALIZER.to_owned()));
    let patch =
        json!({ "metadata": { "resourceVersion": topic.resource_version(), "finalizers": finalizers } });
    let name = topic.name_any();
    let written = api(context, topic).patch(&name, &PatchParams::default(), &Patch::Merge(&patch)).await;
    written.map(drop).during(|| format!("write the finalizer of Topic {name}"))
}

async fn status(context: &Context, topic: &Topic, status: &TopicStatus) -> Result<(), Error> {
    let name = topic.name_any();
    let patch = json!({
        "apiVersion": "klamm.dev/v1alpha1",
        "kind": "Topic",
        "metadata": { "name": name, "uid": topic.uid() },
        "status": status,
    });
    let params = PatchParams::apply(STATUS_MANAGER).force();
    let written = api(context, topic).patch_status(&name, &params, &Patch::Apply(&patch)).await;
    written.map(drop).during(|| format!("write the status of Topic {name}"))
}

fn api(context: &Context, topic: &Topic) -> Api<Topic> {
    Api::namespaced(context.client.clone(), &topic.namespace().unwrap_or_default())
}
