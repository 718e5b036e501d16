//! `klamm topics`.

use crate::{
    output::{Form, print},
    target::Target,
};
use anyhow::{anyhow, bail};
use clap::{Args, Subcommand};
use klamm_client::{NewTopic, TopicInfo};
use klamm_types::Str;
use serde_json::Value;
use std::collections::BTreeMap;

#[derive(Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    target: Target,
    /// The form of the output
    #[arg(long, short = 'o', value_enum, default_value_t = Form::Table, global = true)]
    output: Form,
}

#[derive(Subcommand)]
enum Action {
    /// All topics (the default)
    List,
    /// One topic and its settings
    Describe { topic: String },
    /// A new topic
    Create {
        topic: String,
        /// How many partitions [default: the cluster's]
        #[arg(long, short, default_value_t = -1)]
        partitions: i32,
        /// How many replicas of each partition [default: the cluster's]
        #[arg(long, short, default_value_t = -1)]
        replicas: i16,
        /// A setting, as name=value
        #[arg(long, short, value_name = "NAME=VALUE")]
        config: Vec<String>,
    },
    /// More partitions
    Grow { topic: String, partitions: i32 },
    /// Delete a topic with all its records
    Delete { topic: String },
}

pub async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let mut client = arguments.target.client()?;
    match arguments.action.unwrap_or(Action::List) {
        Action::List => {
            print_topics(arguments.output, client.topics().await?.iter().filter(|topic| !topic.internal))
        }
        Action::Describe { topic } => {
            let info = found(&mut client, &topic).await?;
            print_topics(arguments.output, std::iter::once(&info))?;
            let config = client.topic_config(&info.name).await?;
            let rows: Vec<_> =
                config.into_iter().map(|(name, value)| vec![name.into(), value.into()]).collect();
            if rows.is_empty() { Ok(()) } else { print(arguments.output, &["SETTING", "VALUE"], &rows) }
        }
        Action::Create { topic, partitions, replicas, config } => {
            let new = NewTopic { name: Str::from(topic), partitions, replicas, config: pairs(&config)? };
            let id = client.create_topic(&new).await?;
            println!("topic {} created, id {id}", new.name);
            Ok(())
        }
        Action::Grow { topic, partitions } => {
            client.grow_topic(&Str::from(topic.as_str()), partitions).await?;
            println!("topic {topic} has {partitions} partitions");
            Ok(())
        }
        Action::Delete { topic } => {
            let info = found(&mut client, &topic).await?;
            client.delete_topic(info.id).await?;
            println!("topic {topic} deleted");
            Ok(())
        }
    }
}

async fn found(client: &mut klamm_client::Client, topic: &str) -> anyhow::Result<TopicInfo> {
    client
        .topic(&Str::from(topic))
        .await?
        .ok_or_else(|| anyhow!("there is no topic {topic}; `klamm topics` lists them"))
}

fn print_topics<'a>(form: Form, topics: impl Iterator<Item = &'a TopicInfo>) -> anyhow::Result<()> {
    let row = |topic: &TopicInfo| -> Vec<Value> {
        vec![
            topic.name.as_str().into(),
            topic.partitions.into(),
            topic.replicas.into(),
            topic.offline.into(),
            topic.under_replicated.into(),
            topic.id.to_string().into(),
        ]
    };
    let heads = ["TOPIC", "PARTITIONS", "REPLICAS", "OFFLINE", "UNDER-REPLICATED", "ID"];
    print(form, &heads, &topics.map(row).collect::<Vec<_>>())
}

fn pairs(config: &[String]) -> anyhow::Result<BTreeMap<String, String>> {
    let mut pairs = BTreeMap::new();
    for pair in config {
        let Some((name, value)) = pair.split_once('=') else {
            bail!("--config {pair}: name=value is expected")
        };
        pairs.insert(name.trim().to_owned(), value.trim().to_owned());
    }
    Ok(pairs)
}
