//! What leaders on this broker ask of the controller: other ISRs (AlterPartition, KIP-497), many in one request.
//!
//! A leader's machine asks again for as long as nobody says what became of it; here it is only carried.

use super::session::named;
use crate::{broker::Broker, shard::Asked};
use klamm_net::Closing;
use klamm_protocol::{
    AlterPartitionRequest, AlterPartitionResponse, ErrorCode,
    alter_partition_request::{BrokerState, PartitionData, TopicData},
    alter_partition_response::PartitionData as Altered,
};
use klamm_replication::{Fate, PartitionEpoch};
use klamm_types::{BrokerEpoch, BrokerId, TopicIdPartition};
use std::{collections::BTreeMap, future::Future, sync::Arc, time::Duration};

/// Changes in one request, at most.
const AT_ONCE_MAX: usize = 1000;

/// After no answer, so much time passes before a leader may ask again.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// Carries what leaders ask for to the controller, which `ask` reaches, until `closing`. `ask` gives none when nobody answered in
/// time.
pub fn start<A, F>(broker: &Arc<Broker>, closing: &Closing, ask: A)
where
    A: Fn(AlterPartitionRequest) -> F + Send + Sync + 'static,
    F: Future<Output = Option<AlterPartitionResponse>> + Send,
{
    let Some(mut asked) = broker.shards.outbox().take_asked() else { return };
    let (broker, closing) = (Arc::clone(broker), closing.clone());
    let spawn = Arc::clone(&broker.world.spawn);
    let task = async move {
        let mut batch = Vec::new();
        loop {
            let carried = async {
                if asked.recv_many(&mut batch, AT_ONCE_MAX).await > 0 {
                    carry(&broker, batch.drain(..), &ask).await;
                }
            };
            tokio::select! {
                biased;
                () = closing.wait() => return,
                () = carried => {}
            }
        }
    };
    spawn.spawn("isr", Box::pin(task));
}

async fn carry<A, F>(broker: &Broker, asked: impl Iterator<Item = Asked>, ask: &A)
where
    A: Fn(AlterPartitionRequest) -> F,
    F: Future<Output = Option<AlterPartitionResponse>>,
{
    // of one partition only the newest counts: it was asked for in another epoch, or after the fate of the one before
    let asked: BTreeMap<TopicIdPartition, Asked> = asked.map(|asked| (asked.id, asked)).collect();
    let response = match broker.epoch() {
        Some(epoch) => ask(request(broker.id, epoch, asked.values())).await,
        None => None,
    };
    let mut fates = response.map(fates_of).unwrap_or_default();
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for (id, asked) in asked {
        match fates.remove(&id) {
            Some(fate) => known.push((asked, fate)),
            None => unknown.push((asked, Fate::NoAnswer)),
        }
    }
    tell(broker, known).await;
    if !unknown.is_empty() {
        broker.world.sleep(AGAIN_AFTER).await;
        tell(broker, unknown).await;
    }
}

async fn tell(broker: &Broker, fates: Vec<(Asked, Fate)>) {
    let mut by_shard: BTreeMap<usize, Vec<(Asked, Fate)>> = BTreeMap::new();
    for (asked, fate) in fates {
        tracing::debug!(topic = %asked.id.topic, partition = %asked.id.partition, proposal = ?asked.proposal, ?fate, "an ISR was asked for");
        by_shard.entry(broker.shards.index_of(asked.id)).or_default().push((asked, fate));
    }
    let told = by_shard.into_iter().map(|(shard, fates)| {
        broker.shards.get(shard).ask(move |shard| {
            fates.into_iter().for_each(|(asked, fate)| shard.decided(&asked, fate));
        })
    });
    futures::future::join_all(told).await; // a thread that has stopped belongs to a broker that is stopping
}

fn request<'a>(
    me: BrokerId,
    epoch: BrokerEpoch,
    asked: impl Iterator<Item = &'a Asked>,
) -> AlterPartitionRequest {
    let mut request = AlterPartitionRequest { broker_id: me.0, broker_epoch: epoch.0, ..Default::default() };
    for Asked { id, proposal } in asked {
        if request.topics.last().is_none_or(|last| last.topic_id != id.topic.0) {
            request.topics.push(TopicData { topic_id: id.topic.0, ..Default::default() });
        }
        let topic = request.topics.last_mut().expect("it was just put there");
        let member = |one: &klamm_replication::Candidate| BrokerState {
            broker_id: one.id.0,
            broker_epoch: if one.id == me { epoch.0 } else { one.epoch.map_or(-1, |epoch| epoch.0) },
        };
        topic.partitions.push(PartitionData {
            partition_index: id.partition.0,
            leader_epoch: proposal.epoch.0,
            new_isr_with_epochs: proposal.in_sync.iter().map(member).collect(),
            partition_epoch: proposal.partition_epoch.0,
            ..Default::default()
        });
    }
    request
}

fn fates_of(response: AlterPartitionResponse) -> BTreeMap<TopicIdPartition, Fate> {
    if response.error_code != ErrorCode::None.code() {
        let error = ErrorCode::from_code(response.error_code);
        tracing::warn!(?error, "the controller refuses changes of ISRs");
        return BTreeMap::new();
    }
    let each = response.topics.iter().flat_map(|topic| {
        topic.partitions.iter().map(|one| (named(topic.topic_id, one.partition_index), one))
    });
    each.filter_map(|(id, one)| Some((id, fate_of(one)?))).collect()
}

/// What an answer says; none where it says nothing.
fn fate_of(altered: &Altered) -> Option<Fate> {
    match ErrorCode::from_code(altered.error_code)? {
        ErrorCode::None => Some(Fate::Taken {
            partition_epoch: PartitionEpoch(altered.partition_epoch),
            in_sync: altered.isr.iter().copied().map(BrokerId).collect(),
        }),
        ErrorCode::IneligibleReplica | ErrorCode::OperationNotAttempted | ErrorCode::InvalidRequest => {
            Some(Fate::NotTaken)
        }
        ErrorCode::FencedLeaderEpoch
        | ErrorCode::InvalidUpdateVersion
        | ErrorCode::NewLeaderElected
        | ErrorCode::UnknownTopicId
        | ErrorCode::UnknownTopicOrPartition => Some(Fate::Outdated),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_definite_answer_is_a_fate() {
        let check = |code: ErrorCode, expected: Option<Fate>| {
            let altered = Altered {
                error_code: code.code(),
                partition_epoch: 7,
                isr: vec![1, 2],
                ..Default::default()
            };
            assert_eq!(fate_of(&altered), expected, "{code:?}");
        };
        let taken =
            Fate::Taken { partition_epoch: PartitionEpoch(7), in_sync: vec![BrokerId(1), BrokerId(2)] };
        check(ErrorCode::None, Some(taken));
        check(ErrorCode::IneligibleReplica, Some(Fate::NotTaken));
        check(ErrorCode::OperationNotAttempted, Some(Fate::NotTaken));
        check(ErrorCode::InvalidUpdateVersion, Some(Fate::Outdated));
        check(ErrorCode::FencedLeaderEpoch, Some(Fate::Outdated));
        check(ErrorCode::NewLeaderElected, Some(Fate::Outdated));
        check(ErrorCode::NotController, None);
        check(ErrorCode::UnknownServerError, None);
        let refused =
            AlterPartitionResponse { error_code: ErrorCode::StaleBrokerEpoch.code(), ..Default::default() };
        assert!(fates_of(refused).is_empty());
    }
}
