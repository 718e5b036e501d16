//! What an operator does for a voter whose volume is lost: its old directory leaves the quorum, the new one joins (KIP-853).

use super::{
    client::{Broken, Client},
    cluster::Cluster,
    node,
};
use klamm_protocol::{
    AddRaftVoterRequest, DescribeQuorumRequest, DescribeQuorumResponse, RemoveRaftVoterRequest,
    add_raft_voter_request::Listener, describe_quorum_request,
};
use klamm_types::Uuid;
use klamm_world::World;

const DESCRIBE_VERSION: i16 = 2;
const REMOVE_VERSION: i16 = 0;
const JOIN_LIMIT_MS: i32 = 10_000;

/// Takes the next step, if one is needed; true when the voters are those that should be.
pub(super) async fn mend(world: &World, cluster: &Cluster) -> bool {
    let Some(wanted) = cluster.voters() else { return false };
    step(world, cluster, &wanted).await.unwrap_or(false)
}

async fn step(world: &World, cluster: &Cluster, wanted: &[(i32, Uuid)]) -> Result<bool, Broken> {
    let mut client = Client::any(world, &cluster.names()).await?;
    let voters = voters(&client.call(DESCRIBE_VERSION, &question()).await?);
    if voters.is_empty() {
        return Ok(false); // who was asked knows no leader
    }
    if let Some((id, directory)) = voters.iter().find(|voter| !wanted.contains(voter)) {
        let request =
            RemoveRaftVoterRequest { voter_id: *id, voter_directory_id: *directory, ..Default::default() };
        client.call(REMOVE_VERSION, &request).await?;
        return Ok(false);
    }
    let Some((id, directory)) = wanted.iter().find(|voter| !voters.contains(voter)) else { return Ok(true) };
    let listener =
        Listener { name: "CONTROLLER".into(), host: node::name(*id).into(), port: node::CONTROLLER_PORT };
    let request = AddRaftVoterRequest {
        timeout_ms: JOIN_LIMIT_MS,
        voter_id: *id,
        voter_directory_id: *directory,
        listeners: vec![listener],
        ack_when_committed: true,
        ..Default::default()
    };
    let version = if cluster.layout.mixed { 0 } else { 1 }; // older brokers serve no more
    client.call(version, &request).await?;
    Ok(false)
}

fn question() -> DescribeQuorumRequest {
    let partition = describe_quorum_request::PartitionData { partition_index: 0 };
    let topic = describe_quorum_request::TopicData {
        topic_name: "__cluster_metadata".into(),
        partitions: vec![partition],
    };
    DescribeQuorumRequest { topics: vec![topic] }
}

fn voters(told: &DescribeQuorumResponse) -> Vec<(i32, Uuid)> {
    let partitions = told.topics.iter().flat_map(|topic| &topic.partitions);
    let well = partitions.filter(|one| told.error_code == 0 && one.error_code == 0);
    let voters = well.flat_map(|one| &one.current_voters);
    voters.map(|voter| (voter.replica_id, voter.replica_directory_id)).collect()
}
