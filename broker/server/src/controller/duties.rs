//! What brokers ask of the active controller: each answer is a pure decision, carried out. On a node that is not the active
//! controller, each answers NOT_CONTROLLER.

use super::{Controller, Decision, NotController, judge::HeartbeatConnection};
use klamm_metadata::{
    Endpoint, FeatureRange, Image, Record,
    decide::{
        Heartbeat, HeartbeatAnswer, NewInSync, Refused, Registration, allocate_producer_ids, alter_partition,
        apply, assign_directory, heartbeat, register_broker, register_controller, registered,
    },
};
use klamm_protocol::{
    AllocateProducerIdsRequest, AllocateProducerIdsResponse, AlterPartitionRequest, AlterPartitionResponse,
    AssignReplicasToDirsRequest, AssignReplicasToDirsResponse, BrokerHeartbeatRequest,
    BrokerHeartbeatResponse, BrokerRegistrationRequest, BrokerRegistrationResponse,
    ControllerRegistrationRequest, ControllerRegistrationResponse, ErrorCode, alter_partition_request,
    alter_partition_response, assign_replicas_to_dirs_response,
};
use klamm_types::{
    BrokerEpoch, BrokerId, DirectoryId, LeaderEpoch, Offset, PartitionIndex, Str, TopicId, TopicIdPartition,
};
use std::net::IpAddr;

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
                .map(|one| Endpoint::told(&one.name, &one.host, one.port, one.security_protocol))
                .collect(),
            features: request
                .features
                .iter()
                .map(|one| {
                    FeatureRange::told(&one.name, one.min_supported_version, one.max_supported_version)
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

    /// BrokerRegistration (KIP-631) of another node.
    pub async fn broker_registration(
        &self,
        request: BrokerRegistrationRequest,
    ) -> BrokerRegistrationResponse {
        let has_session = self.context.judge.has_session(BrokerId(request.broker_id));
        self.register(request, has_session).await
    }

    /// BrokerRegistration of the broker in this process: one that is known by its id is its own former life, and dead.
    pub(super) async fn register_this_node(
        &self,
        request: BrokerRegistrationRequest,
    ) -> BrokerRegistrationResponse {
        self.register(request, false).await
    }

    async fn register(
        &self,
        request: BrokerRegistrationRequest,
        has_session: bool,
    ) -> BrokerRegistrationResponse {
        let context = self.context.clone();
        let id = BrokerId(request.broker_id);
        let cluster_id = self.meta.cluster_id.clone();
        let decided = self.try_decide(move |image| {
            if request.cluster_id.as_str() != cluster_id {
                let text =
                    format!("broker {id} is of cluster {}, this one is {cluster_id}", request.cluster_id);
                return Err(Refused::new(ErrorCode::InconsistentClusterId, text));
            }
            let new = as_registered(&request);
            let (epoch, records) =
                register_broker(context.rules(image), &new, has_session, image.position.end)?;
            Ok(Decision { records, answer: epoch })
        });
        match decided.await {
            Ok(epoch) => {
                tracing::info!(broker = %id, %epoch, "a broker has registered");
                BrokerRegistrationResponse { broker_epoch: epoch.0, ..Default::default() }
            }
            Err(refused) => {
                tracing::info!(broker = %id, %refused, "a broker is not registered");
                BrokerRegistrationResponse { error_code: refused.code.code(), ..Default::default() }
            }
        }
    }

    /// BrokerHeartbeat of the broker in this process.
    pub(super) async fn heartbeat_of_this_node(
        &self,
        request: BrokerHeartbeatRequest,
    ) -> BrokerHeartbeatResponse {
        self.broker_heartbeat(request, None).await
    }

    /// BrokerHeartbeat (KIP-631), from a host over a connection unless it is of the broker in this process. One that changes
    /// nothing is answered from what is committed.
    pub async fn broker_heartbeat(
        &self,
        request: BrokerHeartbeatRequest,
        from: Option<(IpAddr, &HeartbeatConnection)>,
    ) -> BrokerHeartbeatResponse {
        let beat = Heartbeat {
            id: BrokerId(request.broker_id),
            epoch: BrokerEpoch(request.broker_epoch),
            applied: Offset(request.current_metadata_offset),
            want_fence: request.want_fence,
            want_shut_down: request.want_shut_down,
            offline: request.offline_log_dirs.iter().copied().map(DirectoryId).collect(),
        };
        match self.answer_heartbeat(&beat, from).await {
            Ok(answer) => BrokerHeartbeatResponse {
                is_caught_up: answer.is_caught_up,
                is_fenced: answer.is_fenced,
                should_shut_down: answer.should_shut_down,
                ..Default::default()
            },
            Err(refused) => BrokerHeartbeatResponse { error_code: refused.code.code(), ..Default::default() },
        }
    }

    async fn answer_heartbeat(
        &self,
        beat: &Heartbeat,
        from: Option<(IpAddr, &HeartbeatConnection)>,
    ) -> Result<HeartbeatAnswer, Refused> {
        if !self.leadership().active {
            return Err(NotController.into());
        }
        let judge = &self.context.judge;
        let (image, handed_over) = judge.look(beat.id);
        let (answer, records) = heartbeat(self.context.rules(&image), beat, handed_over)?;
        judge.heard((beat.id, beat.epoch), beat.applied, from);
        // another may have been elected that does not hear it: an answer would say that its session lasts
        if !self.is_followed() {
            return Err(NotController.into());
        }
        if records.is_empty() {
            // a controller that has just become the active one learns here of a hand-over that goes on
            if beat.want_shut_down && !answer.should_shut_down {
                judge.leaving(beat.id, image.offset());
            }
            return Ok(answer);
        }
        let (context, wanted) = (self.context.clone(), beat.clone());
        let decided = self.try_decide(move |image| {
            let (answer, records) = heartbeat(context.rules(image), &wanted, handed_over)?;
            let last = image.position.end.plus(records.len() as i64 - 1);
            Ok(Decision { records, answer: (answer, last) })
        });
        let (answer, last) = decided.await?;
        if beat.want_shut_down && !answer.should_shut_down {
            judge.leaving(beat.id, last);
        }
        Ok(answer)
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

fn as_registered(request: &BrokerRegistrationRequest) -> Registration {
    Registration {
        id: BrokerId(request.broker_id),
        incarnation: request.incarnation_id,
        endpoints: request
            .listeners
            .iter()
            .map(|one| Endpoint::told(&one.name, &one.host, one.port, one.security_protocol))
            .collect(),
        features: request
            .features
            .iter()
            .map(|one| FeatureRange::told(&one.name, one.min_supported_version, one.max_supported_version))
            .collect(),
        rack: request.rack.as_ref().map(Str::detached),
        directories: request.log_dirs.iter().copied().map(DirectoryId).collect(),
        previous_epoch: BrokerEpoch(request.previous_broker_epoch),
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
