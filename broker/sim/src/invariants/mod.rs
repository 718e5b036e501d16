//! What must hold at every moment, whatever fails: one rule per file. Rules on what hosts say hear every message on the wire
//! ([`Rule`]); rules on what they keep look at disks ([`log_matching`]).
//!
//! A rule is sound or it is none: it may miss a bug, but what it calls a violation is one whatever the interleaving.

mod committed;
mod epochs;
mod high_watermark;
mod in_sync;
pub mod log_matching;
mod one_leader;
mod one_vote;
mod reached;
mod readers;
mod topics;

use crate::{
    Sent, Simulation, Violation,
    wire::{Said, Speech, Wiretap},
};
use committed::Committed;
use klamm_protocol::fetch_response;
use klamm_records::{Batch, Batches};
use klamm_types::Bytes;
use std::sync::{Arc, Mutex};
use topics::Topics;

/// A rule on what hosts say.
trait Rule: Send {
    /// A message was sent.
    ///
    /// # Errors
    /// What is wrong.
    fn hear(&mut self, speech: &Speech, said: &Said, topics: &Topics) -> Result<(), String>;
}

/// What must be kept for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Records below the high watermark, and metadata: no disk loses more than the replicas have.
    Everything,
    /// Metadata alone, which is durable before it is committed: records may be lost.
    Metadata,
}

/// All rules on what hosts say, listening. Cheap to clone.
#[derive(Clone)]
pub struct Invariants(Arc<Mutex<State>>);

struct State {
    wiretap: Wiretap,
    topics: Topics,
    rules: Vec<(&'static str, Box<dyn Rule>)>,
    committed: Committed,
    reached: reached::Reached,
    violation: Option<String>,
}

impl Invariants {
    /// Listens to a simulation from now on.
    #[must_use]
    pub fn listen(simulation: &Simulation, promise: Promise) -> Self {
        let rules: Vec<(&'static str, Box<dyn Rule>)> = vec![
            ("at most one leader per epoch", Box::<one_leader::OneLeader>::default()),
            ("one vote per epoch", Box::<one_vote::OneVote>::default()),
            ("ISR within replicas", Box::<in_sync::InSync>::default()),
            ("high watermark never goes back", Box::<high_watermark::HighWatermark>::default()),
            ("leader epochs never go back", Box::<epochs::Epochs>::default()),
            ("consumers get what is committed", Box::new(readers::Readers)),
        ];
        let state = State {
            wiretap: Wiretap::default(),
            topics: Topics::default(),
            rules,
            committed: Committed::new(promise == Promise::Everything),
            reached: reached::Reached::default(),
            violation: None,
        };
        let all = Self(Arc::new(Mutex::new(state)));
        let (listening, notes) = (all.clone(), simulation.clone());
        simulation.set_tap(Arc::new(move |sent, bytes| listening.hear(&notes, sent, bytes)));
        all
    }

    fn hear(&self, simulation: &Simulation, sent: &Sent, bytes: &Bytes) {
        let mut state = self.0.lock().expect("nothing panics under it");
        let State { wiretap, topics, rules, committed, reached, violation } = &mut *state;
        wiretap.hear(sent, bytes, |speech, said| {
            topics.learn(&said);
            reached.hear(&said, topics, |what| simulation.trace().reached(what));
            let told = rules.iter_mut().map(|(name, rule)| (*name, rule.hear(speech, &said, topics)));
            let mut wrong: Vec<_> =
                told.filter_map(|(name, told)| told.err().map(|what| format!("{name}: {what}"))).collect();
            let kept = committed.hear(&said, topics);
            wrong.extend(kept.err().map(|what| format!("committed is for ever: {what}")));
            for what in wrong {
                let what = format!("{what} ({} to {})", speech.from, speech.to);
                simulation.note(&what);
                violation.get_or_insert(what);
            }
        });
    }

    /// What was found so far.
    ///
    /// # Errors
    /// The first violation.
    pub fn found(&self) -> Result<(), Violation> {
        let state = self.0.lock().expect("nothing panics under it");
        state.violation.clone().map_or(Ok(()), |what| Err(Violation(what)))
    }
}

/// The whole batches that an answer to a fetch has of a partition.
fn batches(one: &fetch_response::PartitionData) -> impl Iterator<Item = Batch> + use<> {
    let bytes = one.records.as_ref().and_then(|records| records.bytes()).cloned();
    Batches::new(bytes.unwrap_or_default()).map_while(Result::ok)
}

/// An answer to a fetch that has one batch of topic `t`.
#[cfg(test)]
fn fetched(batch: &Batch, high_watermark: i64) -> klamm_protocol::FetchResponse {
    let records = Some(batch.bytes().clone().into());
    let told = fetch_response::PartitionData { high_watermark, records, ..Default::default() };
    let topic = fetch_response::FetchableTopicResponse {
        topic: "t".into(),
        partitions: vec![told],
        ..Default::default()
    };
    klamm_protocol::FetchResponse { responses: vec![topic], ..Default::default() }
}

/// An answer that tells of one partition of topic `t`.
#[cfg(test)]
fn metadata(partition: klamm_protocol::metadata_response::MetadataResponsePartition) -> Said {
    let topic = klamm_protocol::metadata_response::MetadataResponseTopic {
        name: Some("t".into()),
        partitions: vec![partition],
        ..Default::default()
    };
    let answer = klamm_protocol::MetadataResponse { topics: vec![topic], ..Default::default() };
    Said::Answered(crate::wire::Answered::Metadata(klamm_protocol::MetadataRequest::default(), answer))
}

/// Calls a rule's messages wrong or right in tests.
#[cfg(test)]
fn check(rule: &mut dyn Rule, said: Said, expected: Result<(), &str>) {
    let speech = Speech { connection: 1, from: crate::HostId(1), to: crate::HostId(2) };
    let told = rule.hear(&speech, &said, &Topics::default());
    assert_eq!(told, expected.map_err(str::to_owned), "{said:?}");
}
