//! Topics become what their resources say, by the operator's own plan.

use anyhow::{anyhow, bail};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use klamm_client::{Client, NewTopic};
use klamm_operator_api::Topic;
use klamm_plan::topic::{ClusterSeen, FINALIZER, Observed, Replicas, Step, TopicSeen, kafka_name, plan};
use klamm_types::Str;
use std::collections::BTreeMap;

/// More steps than this no topic needs.
const STEPS_MAX: usize = 8;

/// Makes the topic, or makes it what the resource says.
pub async fn reconcile(client: &mut Client, topic: &Topic) -> anyhow::Result<()> {
    let name = Str::from(kafka_name(topic));
    // the plan holds what it makes by a finalizer; here nothing can be deleted behind its back
    let mut held = topic.clone();
    held.metadata.finalizers = Some(vec![FINALIZER.to_owned()]);
    for _ in 0..STEPS_MAX {
        let observed = observe(client, &held, &name).await?;
        let plan = plan(&observed);
        match plan.step {
            None => return settled(&name, plan.status),
            Some(step) => carry_out(client, &name, step).await?,
        }
    }
    bail!("topic {name} does not become what its resource says")
}

async fn observe(client: &mut Client, topic: &Topic, name: &Str) -> anyhow::Result<Observed> {
    let placement = client.placement(name).await?;
    let racks = placement.brokers.into_iter().map(|(id, rack)| (id, rack.map(|rack| rack.to_string())));
    let racks: BTreeMap<_, _> = racks.collect();
    let seen = |one: klamm_client::Replicas| Replicas {
        all: one.all,
        adding: one.adding.into_iter().collect(),
        removing: one.removing.into_iter().collect(),
    };
    let actual = match client.topic(name).await? {
        None => None,
        Some(info) => Some(TopicSeen {
            id: info.id.to_string(),
            partitions: placement.partitions.into_iter().map(|(index, one)| (index, seen(one))).collect(),
            config: client.topic_config(name).await?,
        }),
    };
    Ok(Observed {
        topic: topic.clone(),
        now: Time(Timestamp::now()),
        cluster: ClusterSeen::There { brokers: racks.len() as i32 },
        older: None,
        actual,
        racks,
        failed: None,
    })
}

async fn carry_out(client: &mut Client, name: &Str, step: Step) -> anyhow::Result<()> {
    match step {
        Step::Create { partitions, replicas, config } => {
            let replicas = i16::try_from(replicas)?;
            client.create_topic(&NewTopic { name: name.clone(), partitions, replicas, config }).await?;
            eprintln!("topic {name} made, {partitions} partitions");
        }
        Step::Grow { partitions } => {
            client.grow_topic(name, partitions).await?;
            eprintln!("topic {name} grown to {partitions} partitions");
        }
        Step::Reassign { targets } => {
            client.reassign(name, &targets).await?;
            eprintln!("replicas of topic {name} move");
        }
        Step::Configure { set, reset } => {
            let set = set.into_iter().map(|(key, value)| (key, Some(value)));
            let changes = set.chain(reset.into_iter().map(|key| (key, None))).collect();
            client.alter_topic_config(name, &changes).await?;
            eprintln!("settings of topic {name} changed");
        }
        Step::AddFinalizer | Step::RemoveFinalizer | Step::Delete { .. } => {
            return Err(anyhow!("topic {name}: nothing is to be deleted or held here"));
        }
    }
    Ok(())
}

fn settled(name: &Str, status: Option<klamm_operator_api::TopicStatus>) -> anyhow::Result<()> {
    let conditions = status.and_then(|status| status.conditions).unwrap_or_default();
    match conditions.into_iter().find(|condition| condition.type_ == "Stalled" && condition.status == "True")
    {
        Some(stalled) => Err(anyhow!("topic {name}: {}", stalled.message)),
        None => Ok(()),
    }
}
