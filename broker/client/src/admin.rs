//! What people and the operator do to topics.

use crate::{Client, ClientError, connection::check};
use klamm_protocol::{
    CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest, DescribeConfigsRequest, ErrorCode,
    IncrementalAlterConfigsRequest, MetadataRequest,
    create_partitions_request::CreatePartitionsTopic,
    create_topics_request::{CreatableTopic, CreatableTopicConfig},
    delete_topics_request::DeleteTopicState,
    describe_configs_request::DescribeConfigsResource,
    incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig},
    metadata_request::MetadataRequestTopic,
    metadata_response::{MetadataResponsePartition, MetadataResponseTopic},
};
use klamm_types::{Str, TopicId};
use std::collections::BTreeMap;

/// The resource type of a topic in config requests.
const TOPIC: i8 = 2;

/// The source of a value that somebody set on the topic.
const DYNAMIC_TOPIC: i8 = 1;

/// IncrementalAlterConfigs' operations (KIP-339).
const SET: i8 = 0;
const DELETE: i8 = 1;

/// A topic to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTopic {
    /// Its name.
    pub name: Str,
    /// How many partitions; −1 for the cluster's default.
    pub partitions: i32,
    /// How many replicas of each; −1 for the cluster's default.
    pub replicas: i16,
    /// Its settings.
    pub config: BTreeMap<String, String>,
}

/// A topic that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicInfo {
    /// Its name.
    pub name: Str,
    /// Its id.
    pub id: TopicId,
    /// Whether it is one of the broker's own.
    pub internal: bool,
    /// How many partitions it has.
    pub partitions: i32,
    /// The smallest number of replicas among its partitions.
    pub replicas: i16,
    /// Partitions without a leader.
    pub offline: i32,
    /// Partitions with replicas that are not in sync.
    pub under_replicated: i32,
}

impl From<&MetadataResponseTopic> for TopicInfo {
    fn from(topic: &MetadataResponseTopic) -> Self {
        let count =
            |bad: fn(&&MetadataResponsePartition) -> bool| topic.partitions.iter().filter(bad).count() as i32;
        Self {
            name: topic.name.clone().unwrap_or_default(),
            id: TopicId(topic.topic_id),
            internal: topic.is_internal,
            partitions: topic.partitions.len() as i32,
            replicas: topic.partitions.iter().map(|one| one.replica_nodes.len()).min().unwrap_or(0) as i16,
            offline: count(|one| one.leader_id < 0),
            under_replicated: count(|one| one.isr_nodes.len() < one.replica_nodes.len()),
        }
    }
}

impl Client {
    /// All topics, in order of their names.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn topics(&mut self) -> Result<Vec<TopicInfo>, ClientError> {
        let mut topics: Vec<_> = self.metadata(None).await?.topics.iter().map(TopicInfo::from).collect();
        topics.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(topics)
    }

    /// A topic by name; none when there is none.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn topic(&mut self, name: &Str) -> Result<Option<TopicInfo>, ClientError> {
        let metadata = self.metadata(Some(std::slice::from_ref(name))).await?;
        let Some(topic) = metadata.topics.first() else { return Ok(None) };
        if topic.error_code == ErrorCode::UnknownTopicOrPartition.code() {
            return Ok(None);
        }
        check(topic.error_code, None, || format!("topic {name}"))?;
        Ok(Some(TopicInfo::from(topic)))
    }

    /// A topic by name, created when it is not there and the cluster creates topics by itself.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn topic_or_auto_created(&mut self, name: &Str) -> Result<Option<TopicInfo>, ClientError> {
        let request = MetadataRequest {
            topics: Some(vec![MetadataRequestTopic { name: Some(name.clone()), ..Default::default() }]),
            allow_auto_topic_creation: true,
            ..Default::default()
        };
        self.ask(&request).await?;
        self.topic(name).await
    }

    /// Creates a topic and gives its id.
    ///
    /// # Errors
    /// See [`ClientError`]; `TOPIC_ALREADY_EXISTS`, `INVALID_REPLICATION_FACTOR`, `INVALID_CONFIG` …
    pub async fn create_topic(&mut self, topic: &NewTopic) -> Result<TopicId, ClientError> {
        let configs = topic.config.iter().map(|(name, value)| CreatableTopicConfig {
            name: Str::from(name.as_str()),
            value: Some(Str::from(value.as_str())),
        });
        let request = CreateTopicsRequest {
            topics: vec![CreatableTopic {
                name: topic.name.clone(),
                num_partitions: topic.partitions,
                replication_factor: topic.replicas,
                configs: configs.collect(),
                ..Default::default()
            }],
            timeout_ms: self.timeout_ms(),
            ..Default::default()
        };
        let response = self.ask(&request).await?;
        let what = || format!("create topic {}", topic.name);
        let result = response.topics.first().ok_or_else(|| no_result(what()))?;
        check(result.error_code, result.error_message.as_ref(), what)?;
        Ok(TopicId(result.topic_id))
    }

    /// Deletes a topic by its id, so that one made anew under its name is left alone.
    ///
    /// # Errors
    /// See [`ClientError`]; `UNKNOWN_TOPIC_ID`.
    pub async fn delete_topic(&mut self, id: TopicId) -> Result<(), ClientError> {
        let request = DeleteTopicsRequest {
            topics: vec![DeleteTopicState { name: None, topic_id: id.0 }],
            timeout_ms: self.timeout_ms(),
            ..Default::default()
        };
        let response = self.ask(&request).await?;
        let what = || format!("delete topic {id}");
        let result = response.responses.first().ok_or_else(|| no_result(what()))?;
        check(result.error_code, result.error_message.as_ref(), what)
    }

    /// Grows a topic to `count` partitions.
    ///
    /// # Errors
    /// See [`ClientError`]; `INVALID_PARTITIONS` when it has as many already.
    pub async fn grow_topic(&mut self, name: &Str, count: i32) -> Result<(), ClientError> {
        let request = CreatePartitionsRequest {
            topics: vec![CreatePartitionsTopic { name: name.clone(), count, assignments: None }],
            timeout_ms: self.timeout_ms(),
            ..Default::default()
        };
        let response = self.ask(&request).await?;
        let what = || format!("grow topic {name} to {count} partitions");
        let result = response.results.first().ok_or_else(|| no_result(what()))?;
        check(result.error_code, result.error_message.as_ref(), what)
    }

    /// The settings that somebody set on the topic itself.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn topic_config(&mut self, name: &Str) -> Result<BTreeMap<String, String>, ClientError> {
        let request = DescribeConfigsRequest {
            resources: vec![DescribeConfigsResource {
                resource_type: TOPIC,
                resource_name: name.clone(),
                configuration_keys: None,
            }],
            ..Default::default()
        };
        let response = self.ask(&request).await?;
        let what = || format!("settings of topic {name}");
        let result = response.results.first().ok_or_else(|| no_result(what()))?;
        check(result.error_code, result.error_message.as_ref(), what)?;
        let set = result.configs.iter().filter(|config| config.config_source == DYNAMIC_TOPIC);
        Ok(set
            .filter_map(|config| Some((config.name.to_string(), config.value.as_ref()?.to_string())))
            .collect())
    }

    /// Sets the settings with a value and takes back those without.
    ///
    /// # Errors
    /// See [`ClientError`]; `INVALID_CONFIG`.
    pub async fn alter_topic_config(
        &mut self,
        name: &Str,
        changes: &BTreeMap<String, Option<String>>,
    ) -> Result<(), ClientError> {
        let configs = changes.iter().map(|(key, value)| AlterableConfig {
            name: Str::from(key.as_str()),
            config_operation: if value.is_some() { SET } else { DELETE },
            value: value.as_deref().map(Str::from),
        });
        let request = IncrementalAlterConfigsRequest {
            resources: vec![AlterConfigsResource {
                resource_type: TOPIC,
                resource_name: name.clone(),
                configs: configs.collect(),
            }],
            ..Default::default()
        };
        let response = self.ask(&request).await?;
        let what = || format!("set settings of topic {name}");
        let result = response.responses.first().ok_or_else(|| no_result(what()))?;
        check(result.error_code, result.error_message.as_ref(), what)
    }

    pub(crate) fn timeout_ms(&self) -> i32 {
        i32::try_from(self.settings.timeout.as_millis()).unwrap_or(i32::MAX)
    }
}

pub(crate) fn no_result(what: String) -> ClientError {
    ClientError::Refused {
        what,
        code: ErrorCode::UnknownServerError,
        message: Some("the response says nothing of it".to_owned()),
    }
}
