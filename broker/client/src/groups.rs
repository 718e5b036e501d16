//! What people ask of consumer groups.

use crate::{Client, ClientError, Position, admin::no_result, connection::check};
use klamm_protocol::{
    FindCoordinatorRequest, ListGroupsRequest, OffsetFetchRequest,
    offset_fetch_request::OffsetFetchRequestGroup,
};
use klamm_types::{BrokerId, Offset, PartitionIndex, Str};
use std::time::Duration;

/// The last version of OffsetFetch that names topics, not ids.
const OFFSETS_BY_NAME: i16 = 9;

/// A group that exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupInfo {
    /// Its id.
    pub id: Str,
    /// Its state: Empty, PreparingRebalance, CompletingRebalance, Stable, Dead.
    pub state: Str,
}

/// How far a group is behind in one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lag {
    /// The topic.
    pub topic: Str,
    /// The partition.
    pub partition: PartitionIndex,
    /// The committed offset.
    pub committed: Offset,
    /// The end of the partition.
    pub end: Offset,
}

impl Client {
    /// All groups, in order of their ids.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn groups(&mut self) -> Result<Vec<GroupInfo>, ClientError> {
        let brokers: Vec<_> =
            self.metadata(Some(&[])).await?.brokers.iter().map(|one| BrokerId(one.node_id)).collect();
        let mut groups = Vec::new();
        for broker in brokers {
            let response = self.ask_broker(broker, &ListGroupsRequest::default(), Duration::ZERO).await?;
            check(response.error_code, None, || format!("groups of broker {broker}"))?;
            groups.extend(
                response.groups.into_iter().map(|one| GroupInfo { id: one.group_id, state: one.group_state }),
            );
        }
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(groups)
    }

    /// The committed offsets of a group and how far behind they are.
    ///
    /// # Errors
    /// See [`ClientError`].
    pub async fn group_lags(&mut self, group: &Str) -> Result<Vec<Lag>, ClientError> {
        let coordinator = self.coordinator(group).await?;
        let request = OffsetFetchRequest {
            groups: vec![OffsetFetchRequestGroup {
                group_id: group.clone(),
                topics: None,
                ..Default::default()
            }],
            ..Default::default()
        };
        let response = self.ask_broker_capped(coordinator, &request, OFFSETS_BY_NAME, Duration::ZERO).await?;
        let what = || format!("offsets of group {group}");
        let found = response.groups.into_iter().next().ok_or_else(|| no_result(what()))?;
        check(found.error_code, None, what)?;
        let mut lags = Vec::new();
        for topic in found.topics {
            for one in topic.partitions.iter().filter(|one| one.committed_offset >= 0) {
                let partition = PartitionIndex(one.partition_index);
                let end = self.offset(&topic.name, partition, Position::End).await?;
                lags.push(Lag {
                    topic: topic.name.clone(),
                    partition,
                    committed: Offset(one.committed_offset),
                    end,
                });
            }
        }
        Ok(lags)
    }

    async fn coordinator(&mut self, group: &Str) -> Result<BrokerId, ClientError> {
        let deadline = self.deadline();
        let request = FindCoordinatorRequest { coordinator_keys: vec![group.clone()], ..Default::default() };
        loop {
            let response = self.ask(&request).await?;
            let what = || format!("the coordinator of group {group}");
            let found = response.coordinators.first().ok_or_else(|| no_result(what()))?;
            match check(found.error_code, found.error_message.as_ref(), what) {
                Ok(()) => return Ok(BrokerId(found.node_id)),
                Err(error) if self.may_retry(deadline, &error).await => {}
                Err(error) => return Err(error),
            }
        }
    }
}
