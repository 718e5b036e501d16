//! What brokers ask of the active controller: each answer is a pure decision, carried out. On a node that is not the active
//! controller, each answers NOT_CONTROLLER.

use super::{Controller, Decision, NotController};
use klamm_metadata::{
    Endpoint, FeatureRange, Image, Record,
    decide::{
        NewInSync, Refused, Registration, allocate_producer_ids, alter_partition, apply, assign_directory,
        register_controller, registered,
    },
};
use klamm_protocol::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse, AlterPartitionRequest, AlterPartitionResponse,
    AssignReplicasToDirsRequest, AssignReplicasToDirsResponse, ControllerRegistrationRequest,
    ControllerRegistrationResponse, ErrorCode, alter_partition_request, alter_partition_response,
    assign_replicas_to_dirs_response,
};
use klamm_types::{
    BrokerEpoch, BrokerId, DirectoryId, LeaderEpoch, PartitionIndex, Str, TopicId, TopicIdPartition,
};

impl Controller {
    /// AlterPartition (KIP-497): a leader changes its ISR.
    pub async fn alter_partition(&self, request: AlterPartitionRequest) -> AlterPartitionResponse {
        let context = self.context.clone();
        let decided = self.try_decide(move |image| {
            registered(image, BrokerId(request.broker_id), BrokerEpoch(request.broker_epoch))?;
            let (mut next, mut records) = (image.clone(), Vec::new());
            let mut topics = Vec::with_capacity(request.topics.len());
            for topic in &request.topics {
                let mut partitions = Vec::with_capacity(topic.partitions.len());
                for partition in &topic.partitions {
                    let new = new_in_sync(TopicId(topic.topic_id), partition);
                    let altered = alter_partition(context.rules(&next), BrokerId(request.broker_id), &new);
                    apply(&mut next, &altered.records)?;
                    records.extend(altered.records);
                    partitions.push(altered_partition(partition.partition_index, altered.result));
                }
                topics.push(alter_partition_response::TopicData { topic_id: topic.topic_id, partitions });
            }
            Ok(Decision { records, answer: AlterPartitionResponse { topics, ..Default::default() } })
        });
        decided.await.unwrap_or_else(|refused| AlterPartitionResponse {
            error_code: refused.code.code(),
            ..Default::default()
        })
    }

    /// AllocateProducerIds (KIP-730): the next block of producer ids.
    pub async fn allocate_producer_ids(
        &self,
        request: AllocateProducerIdsRequest,
    ) -> AllocateProducerIdsResponse {
        let decided = self.try_decide(move |image| {
            let (id, epoch) = (BrokerId(request.broker_id), BrokerEpoch(request.broker_epoch));
            let (block, records) = allocate_producer_ids(image, id, epoch)?;
            Ok(Decision { records, answer: block.range() })
        });
        match decided.await {
            Ok((start, len)) => AllocateProducerIdsResponse {
                producer_id_start: start.0,
                producer_id_len: len,
                ..Default::default()
            },
            Err(refused) => {
                AllocateProducerIdsResponse { error_code: refused.code.code(), ..Default::default() }
            }
        }
    }

    /// AssignReplicasToDirs (KIP-858): a broker says in which directories it has its replicas.
    pub async fn assign_replicas_to_dirs(
        &self,
        request: AssignReplicasToDirsRequest,
    ) -> AssignReplicasToDirsResponse {
        let context = self.context.clone();
        let decided = self.try_decide(move |image| {
            registered(image, BrokerId(request.broker_id), BrokerEpoch(request.broker_epoch))?;
            let (mut next, mut records) = (image.clone(), Vec::new());
            let mut directories = Vec::with_capacity(request.directories.len());
            for directory in &request.directories {
                let mut topics = Vec::with_capacity(directory.topics.len());
                for topic in &directory.topics {
                    let mut partitions = Vec::with_capacity(topic.partitions.len());
                    for partition in &topic.partitions {
                        let index = partition.partition_index;
                        let id = TopicIdPartition {
                            topic: TopicId(topic.topic_id),
                            partition: PartitionIndex(index),
                        };
                        let (broker, dir) = (BrokerId(request.broker_id), DirectoryId(directory.id));
                        let assigned = assign_directory(context.rules(&next), broker, id, dir);
                        let error = assigned.as_ref().err().map_or(ErrorCode::None, |refused| refused.code);
                        let made: Vec<Record> = assigned.ok().flatten().into_iter().collect();
                        apply(&mut next, &made)?;
                        records.extend(made);
                        partitions.push(assign_replicas_to_dirs_response::PartitionData {
                            partition_index: index,
                            error_code: error.code(),
                        });
                    }
                    topics.push(assign_replicas_to_dirs_response::TopicData {
                        topic_id: topic.topic_id,
                        partitions,
                    });
                }
                directories
                    .push(assign_replicas_to_dirs_response::DirectoryData { id: directory.id, topics });
            }
            Ok(Decision {
                records,
                answer: AssignReplicasToDirsResponse { directories, ..Default::default() },
            })
        });
        decided.await.unwrap_or_else(|refused| AssignReplicasToDirsResponse {
            error_code: refused.code.code(),
            ..Default::default()
        })
    }

    /// ControllerRegistration (KIP-919): a controller says where it is and what it serves.
    pub async fn controller_registration(
        &self,
        request: ControllerRegistrationRequest,
    ) -> ControllerRegistrationResponse {
        let new = Registration {
            id: BrokerId(request.controller_id),
            incarnation: request.incarnation_id,
            endpoints: request
                .listeners
                .iter()
                .map(|one| Endpoint {
                    listener: one.name.detached(),
                    host: one.host.detached(),
                    port: one.port,
                    security_protocol: one.security_protocol,
                })
                .collect(),
            features: request
                .features
                .iter()
                .map(|one| FeatureRange {
                    name: one.name.detached(),
                    min: one.min_supported_version,
                    max: one.max_supported_version,
                })
                .collect(),
            ..Registration::default()
        };
        let decided = self.try_decide(move |image: &Image| {
            Ok(Decision { records: register_controller(image, &new)?, answer: () })
        });
        match decided.await {
            Ok(()) => ControllerRegistrationResponse::default(),
            Err(refused) => ControllerRegistrationResponse {
                error_code: refused.code.code(),
                error_message: Some(Str::from(refused.message)),
                ..Default::default()
            },
        }
    }

    /// Decides with the rules of this controller.
    ///
    /// # Errors
    /// [`NotController`].
    pub(crate) async fn decide_by_rules<T: Send + 'static>(
        &self,
        decision: impl FnOnce(klamm_metadata::decide::Rules<'_>) -> Decision<T> + Send + 'static,
    ) -> Result<T, NotController> {
        let context = self.context.clone();
        self.decide(move |image| decision(context.rules(image))).await
    }
}

fn new_in_sync(topic: TopicId, partition: &alter_partition_request::PartitionData) -> NewInSync {
    // version 2 has ids only, version 3 the registrations too; −1 is "not known"
    let bare = partition.new_isr.iter().map(|id| (BrokerId(*id), None));
    let with_epochs = partition.new_isr_with_epochs.iter().map(|one| {
        (BrokerId(one.broker_id), Some(BrokerEpoch(one.broker_epoch)).filter(|epoch| epoch.0 >= 0))
    });
    NewInSync {
        topic,
        index: PartitionIndex(partition.partition_index),
        leader_epoch: LeaderEpoch(partition.leader_epoch),
        partition_epoch: partition.partition_epoch,
        isr: bare.chain(with_epochs).collect(),
        recovery_state: partition.leader_recovery_state,
    }
}

fn altered_partition(
    partition_index: i32,
    result: Result<klamm_metadata::Partition, Refused>,
) -> alter_partition_response::PartitionData {
    match result {
        Ok(after) => alter_partition_response::PartitionData {
            partition_index,
            leader_id: after.leader.0,
            leader_epoch: after.leader_epoch.0,
            isr: after.isr.iter().map(|id| id.0).collect(),
            leader_recovery_state: after.recovery_state,
            partition_epoch: after.partition_epoch,
            ..Default::default()
        },
        Err(refused) => alter_partition_response::PartitionData {
            partition_index,
            error_code: refused.code.code(),
            ..Default::default()
        },
    }
}
