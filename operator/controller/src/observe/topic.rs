//! What there is of a Topic.

use super::{cluster::names_of, secrets};
use crate::{
    broker_admin::{Access, Admin, Racks},
    context::Context,
    error::{During, Error},
};
use k8s_openapi::{apimachinery::pkg::apis::meta::v1::Time, jiff::Timestamp};
use klamm_operator_api::{Cluster, Topic};
use klamm_plan::{
    cluster::{Names, port},
    topic::{ClusterSeen, Observed, TopicSeen, kafka_name},
};
use kube::{Api, ResourceExt, runtime::reflector::Store};
use std::sync::Arc;

/// What was observed, and what it takes to act on it.
pub(crate) struct TopicView {
    /// For the plan.
    pub(crate) observed: Observed,
    /// The Cluster's client, when the Cluster is there.
    pub(crate) admin: Option<Admin>,
}

/// What there is of the Topic; none when it is gone.
pub(crate) async fn topic(
    context: &Context,
    cached: &Topic,
    others: &Store<Topic>,
) -> Result<Option<TopicView>, Error> {
    let (namespace, name) = (cached.namespace().unwrap_or_default(), cached.name_any());
    let topics: Api<Topic> = Api::namespaced(context.client.clone(), &namespace);
    let Some(topic) = topics.get_opt(&name).await.during(|| format!("read Topic {name}"))? else {
        return Ok(None);
    };
    let names = names_of(&namespace, &topic.spec.cluster_ref.name);
    let (mut seen, mut admin, mut actual) = (cluster(context, &names).await?, None, None);
    let mut racks = Racks::new();
    if matches!(seen, ClusterSeen::There { .. }) {
        match ask(context, &names, &kafka_name(&topic)).await {
            Ok((client, (found, up))) => (admin, actual, racks) = (Some(client), found, up),
            Err(error) => {
                context.admins.forget(&names).await;
                seen = ClusterSeen::Away(format!(
                    "the brokers of Cluster {} do not answer: {error}",
                    names.cluster
                ));
            }
        }
    }
    let observed = Observed {
        now: Time(Timestamp::now()),
        cluster: seen,
        older: older(&topic, others),
        actual,
        racks,
        failed: None,
        topic,
    };
    Ok(Some(TopicView { observed, admin }))
}

async fn cluster(context: &Context, names: &Names) -> Result<ClusterSeen, Error> {
    let clusters: Api<Cluster> = Api::namespaced(context.client.clone(), &names.namespace);
    let found = clusters.get_opt(&names.cluster).await;
    let Some(cluster) = found.during(|| format!("read Cluster {}", names.cluster))? else {
        return Ok(ClusterSeen::Absent);
    };
    if cluster.metadata.deletion_timestamp.is_some() {
        return Ok(ClusterSeen::Absent);
    }
    let status = cluster.status.unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    match conditions.iter().find(|condition| condition.type_ == "Ready") {
        Some(ready) if ready.status == "True" => {
            let brokers = status.brokers.map_or(0, |brokers| brokers.len());
            Ok(ClusterSeen::There { brokers: i32::try_from(brokers).unwrap_or(i32::MAX) })
        }
        Some(ready) => {
            Ok(ClusterSeen::Away(format!("the Cluster {} is not ready: {}", names.cluster, ready.message)))
        }
        None => Ok(ClusterSeen::Away(format!("the Cluster {} is new", names.cluster))),
    }
}

async fn ask(
    context: &Context,
    names: &Names,
    topic: &str,
) -> Result<(Admin, (Option<TopicSeen>, Racks)), Error> {
    let admin = admin(context, names).await?;
    let found = admin.topic(topic).await?;
    Ok((admin, found))
}

/// A client of the Cluster.
pub(crate) async fn admin(context: &Context, names: &Names) -> Result<Admin, Error> {
    let clusters: Api<Cluster> = Api::namespaced(context.client.clone(), &names.namespace);
    let cluster = clusters.get(&names.cluster).await.during(|| format!("read Cluster {}", names.cluster))?;
    let uid = cluster.uid().unwrap_or_default();
    let authorities = secrets::authorities(context, names, &uid).await?;
    let operator = authorities.operator(names)?;
    let ca = authorities.cluster.map(|pair| pair.certificate).unwrap_or_default();
    if let Some(admin) = context.admins.known(names, &ca).await {
        return Ok(admin);
    }
    let brokers = cluster.status.and_then(|status| status.brokers).unwrap_or_default();
    let address = |pod: &str| (names.host(pod), port::BROKERS.unsigned_abs() as u16);
    let bootstrap = brokers.iter().map(|broker| address(&broker.pod)).collect();
    context.admins.open(names, Access { ca, operator, bootstrap }).await
}

/// The oldest other object for the same topic, if it is older than this one; of two of one age the first by name.
fn older(topic: &Topic, others: &Store<Topic>) -> Option<String> {
    let age = |topic: &Topic| (topic.creation_timestamp(), topic.name_any());
    let same = |other: &Arc<Topic>| {
        other.uid() != topic.uid()
            && other.namespace() == topic.namespace()
            && other.spec.cluster_ref == topic.spec.cluster_ref
            && kafka_name(other) == kafka_name(topic)
            && age(other) < age(topic)
    };
    others.state().into_iter().filter(same).min_by_key(|other| age(other)).map(|other| other.name_any())
}
