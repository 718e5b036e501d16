//! The metadata quorum as its leader sees it, and its voters (KIP-595, KIP-853).

use crate::{Client, ClientError, admin::no_result, connection::check};
use klamm_protocol::{
    AddRaftVoterRequest, DescribeConfigsRequest, DescribeQuorumRequest, RemoveRaftVoterRequest,
    add_raft_voter_request::Listener,
    describe_configs_request::DescribeConfigsResource,
    describe_quorum_request::{PartitionData, TopicData},
    describe_quorum_response::ReplicaState,
};
use klamm_types::{BrokerId, DirectoryId, Str};
use std::collections::BTreeMap;

const METADATA_TOPIC: Str = Str::from_static("__cluster_metadata");

/// The resource type of a topic in config requests.
const TOPIC: i8 = 2;

/// The metadata quorum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuorumInfo {
    /// Who votes.
    pub voters: Vec<QuorumMember>,
    /// Who only follows.
    pub observers: Vec<QuorumMember>,
}

/// A node with its directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumMember {
    /// The node.
    pub id: BrokerId,
    /// Its directory.
    pub directory: DirectoryId,
    /// How long ago it had all of the metadata log, in milliseconds of the leader's clock; none when it never had.
    pub behind_millis: Option<u64>,
}

impl Client {
    /// The metadata quorum.
    ///
    /// # Errors
    /// See [`ClientError`]; `NOT_LEADER_OR_FOLLOWER` while it has no leader.
    pub async fn quorum(&mut self) -> Result<QuorumInfo, ClientError> {
        let partitions = vec![PartitionData { partition_index: 0 }];
        let request =
            DescribeQuorumRequest { topics: vec![TopicData { topic_name: METADATA_TOPIC, partitions }] };
        let response = self.ask(&request).await?;
        let what = || "describe the metadata quorum".to_owned();
        check(response.error_code, response.error_message.as_ref(), what)?;
        let partition = response.topics.first().and_then(|topic| topic.partitions.first());
        let partition = partition.ok_or_else(|| no_result(what()))?;
        check(partition.error_code, partition.error_message.as_ref(), what)?;
        // all times are the leader's: its own is its now
        let leader = partition.current_voters.iter().find(|one| one.replica_id == partition.leader_id);
        let now = leader.map_or(0, |leader| leader.last_caught_up_timestamp);
        let member = |one: &ReplicaState| QuorumMember {
            id: BrokerId(one.replica_id),
            directory: DirectoryId(one.replica_directory_id),
            behind_millis: Some(one.last_caught_up_timestamp)
                .filter(|at| *at >= 0)
                .map(|at| u64::try_from(now.saturating_sub(at)).unwrap_or(0)),
        };
        Ok(QuorumInfo {
            voters: partition.current_voters.iter().map(member).collect(),
            observers: partition.observers.iter().map(member).collect(),
        })
    }

    /// Lets an observer vote; `listener` is its controller listener's name, host and port.
    ///
    /// # Errors
    /// See [`ClientError`]; `DUPLICATE_VOTER`, `INVALID_REQUEST` while another change is under way.
    pub async fn add_voter(
        &mut self,
        id: BrokerId,
        directory: DirectoryId,
        listener: (&str, &str, u16),
    ) -> Result<(), ClientError> {
        let (name, host, port) = listener;
        let request = AddRaftVoterRequest {
            cluster_id: None,
            timeout_ms: i32::try_from(self.settings.timeout.as_millis()).unwrap_or(i32::MAX),
            voter_id: id.0,
            voter_directory_id: directory.0,
            listeners: vec![Listener { name: Str::from(name), host: Str::from(host), port }],
            ack_when_committed: true,
        };
        let response = self.ask(&request).await?;
        check(response.error_code, response.error_message.as_ref(), || format!("let broker {id} vote"))
    }

    /// Lets a voter vote no more.
    ///
    /// # Errors
    /// See [`ClientError`]; `VOTER_NOT_FOUND`.
    pub async fn remove_voter(&mut self, id: BrokerId, directory: DirectoryId) -> Result<(), ClientError> {
        let request =
            RemoveRaftVoterRequest { cluster_id: None, voter_id: id.0, voter_directory_id: directory.0 };
        let response = self.ask(&request).await?;
        check(response.error_code, response.error_message.as_ref(), || {
            format!("let broker {id} vote no more")
        })
    }

    /// One setting of many topics, by topic: the value that holds, wherever it was set.
    ///
    /// # Errors
    /// See [`ClientError`]; a topic that is gone has no value and is no error.
    pub async fn setting_of_topics(
        &mut self,
        topics: &[Str],
        key: &'static str,
    ) -> Result<BTreeMap<Str, String>, ClientError> {
        let resource = |topic: &Str| DescribeConfigsResource {
            resource_type: TOPIC,
            resource_name: topic.clone(),
            configuration_keys: Some(vec![Str::from_static(key)]),
        };
        let request =
            DescribeConfigsRequest { resources: topics.iter().map(resource).collect(), ..Default::default() };
        let response = self.ask(&request).await?;
        let value = |result: &klamm_protocol::describe_configs_response::DescribeConfigsResult| {
            let config = result.configs.iter().find(|config| config.name.as_str() == key)?;
            Some((result.resource_name.clone(), config.value.as_ref()?.to_string()))
        };
        Ok(response.results.iter().filter_map(value).collect())
    }
}
