//! The records that the quorum itself writes into the log and into snapshots.

use crate::{Endpoint, ReplicaKey, Voter, Voters};
use klamm_protocol::{
    DecodeError, KRaftVersionRecord, LeaderChangeMessage, Message, SnapshotFooterRecord,
    SnapshotHeaderRecord, VotersRecord, leader_change_message, voters_record,
};
use klamm_records::ControlKind;
use klamm_types::{BrokerId, Bytes, DirectoryId, Wall};
use std::collections::BTreeSet;

/// A control record of the metadata log or of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ControlRecord {
    /// An epoch begins.
    LeaderChange {
        /// Its leader.
        leader: BrokerId,
        /// Who may vote.
        voters: BTreeSet<BrokerId>,
        /// Who voted for the leader.
        granted: BTreeSet<BrokerId>,
    },
    /// The first record of a snapshot.
    SnapshotHeader {
        /// The time of the last record that the snapshot holds.
        last_contained: Wall,
    },
    /// The last record of a snapshot.
    SnapshotFooter,
    /// The finalised level of `kraft.version`.
    KRaftVersion(i16),
    /// The voters from here on.
    Voters(Voters),
}

/// The version of all control records: Kafka 4.3 writes and reads no other, LeaderChange's directories (1) included.
const VERSION: i16 = 0;

impl ControlRecord {
    /// Which key it has.
    #[must_use]
    pub fn kind(&self) -> ControlKind {
        match self {
            ControlRecord::LeaderChange { .. } => ControlKind::LeaderChange,
            ControlRecord::SnapshotHeader { .. } => ControlKind::SnapshotHeader,
            ControlRecord::SnapshotFooter => ControlKind::SnapshotFooter,
            ControlRecord::KRaftVersion(_) => ControlKind::KraftVersion,
            ControlRecord::Voters(_) => ControlKind::KraftVoters,
        }
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> Bytes {
        let value = match self {
            ControlRecord::LeaderChange { leader, voters, granted } => {
                let message = LeaderChangeMessage {
                    version: VERSION,
                    leader_id: leader.0,
                    voters: voters.iter().map(leader_change_voter).collect(),
                    granting_voters: granted.iter().map(leader_change_voter).collect(),
                };
                message.to_bytes(VERSION)
            }
            ControlRecord::SnapshotHeader { last_contained } => {
                SnapshotHeaderRecord { version: VERSION, last_contained_log_timestamp: last_contained.0 }
                    .to_bytes(VERSION)
            }
            ControlRecord::SnapshotFooter => SnapshotFooterRecord { version: VERSION }.to_bytes(VERSION),
            ControlRecord::KRaftVersion(level) => {
                KRaftVersionRecord { version: VERSION, kraft_version: *level }.to_bytes(VERSION)
            }
            ControlRecord::Voters(voters) => {
                VotersRecord { version: VERSION, voters: voters.iter().map(voter_record).collect() }
                    .to_bytes(VERSION)
            }
        };
        value.expect("these versions have all the fields that are set")
    }

    /// Reads a control record of the metadata log; none when it is of a kind that does not belong there.
    ///
    /// # Errors
    /// When the value is not a message of its kind.
    pub fn read(kind: ControlKind, value: Bytes) -> Result<Option<Self>, DecodeError> {
        Ok(Some(match kind {
            ControlKind::LeaderChange => {
                let message = LeaderChangeMessage::from_bytes(value, VERSION)?;
                ControlRecord::LeaderChange {
                    leader: BrokerId(message.leader_id),
                    voters: message.voters.iter().map(|voter| BrokerId(voter.voter_id)).collect(),
                    granted: message.granting_voters.iter().map(|voter| BrokerId(voter.voter_id)).collect(),
                }
            }
            ControlKind::SnapshotHeader => {
                let header = SnapshotHeaderRecord::from_bytes(value, VERSION)?;
                ControlRecord::SnapshotHeader { last_contained: Wall(header.last_contained_log_timestamp) }
            }
            ControlKind::SnapshotFooter => {
                SnapshotFooterRecord::from_bytes(value, VERSION)?;
                ControlRecord::SnapshotFooter
            }
            ControlKind::KraftVersion => {
                ControlRecord::KRaftVersion(KRaftVersionRecord::from_bytes(value, VERSION)?.kraft_version)
            }
            ControlKind::KraftVoters => {
                let record = VotersRecord::from_bytes(value, VERSION)?;
                ControlRecord::Voters(record.voters.into_iter().map(voter).collect())
            }
            ControlKind::Abort | ControlKind::Commit => return Ok(None),
        }))
    }
}

fn leader_change_voter(id: &BrokerId) -> leader_change_message::Voter {
    leader_change_message::Voter { voter_id: id.0, ..Default::default() }
}

fn voter_record(voter: &Voter) -> voters_record::Voter {
    let endpoint = |one: &Endpoint| voters_record::Endpoint {
        name: one.listener.clone(),
        host: one.host.clone(),
        port: one.port,
    };
    let (min, max) = voter.kraft_versions;
    voters_record::Voter {
        voter_id: voter.key.id.0,
        voter_directory_id: voter.key.directory.0,
        endpoints: voter.endpoints.iter().map(endpoint).collect(),
        kraft_version_feature: voters_record::KRaftVersionFeature {
            min_supported_version: min,
            max_supported_version: max,
        },
    }
}

fn voter(record: voters_record::Voter) -> Voter {
    let endpoint =
        |one: voters_record::Endpoint| Endpoint { listener: one.name, host: one.host, port: one.port };
    let feature = record.kraft_version_feature;
    Voter {
        key: ReplicaKey { id: BrokerId(record.voter_id), directory: DirectoryId(record.voter_directory_id) },
        endpoints: record.endpoints.into_iter().map(endpoint).collect(),
        kraft_versions: (feature.min_supported_version, feature.max_supported_version),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_types::Uuid;

    #[test]
    fn records_round_trip() {
        let key = ReplicaKey { id: BrokerId(3), directory: DirectoryId(Uuid([7; 16])) };
        let endpoint = Endpoint { listener: "CONTROLLER".into(), host: "127.0.0.1".into(), port: 39_090 };
        let voters = Voters::from_iter([Voter { key, endpoints: vec![endpoint], kraft_versions: (0, 1) }]);
        for record in [
            ControlRecord::LeaderChange {
                leader: BrokerId(3),
                voters: [key.id].into(),
                granted: [key.id].into(),
            },
            ControlRecord::SnapshotHeader { last_contained: Wall(5) },
            ControlRecord::SnapshotFooter,
            ControlRecord::KRaftVersion(1),
            ControlRecord::Voters(voters),
        ] {
            let read = ControlRecord::read(record.kind(), record.value()).expect("it was written here");
            assert_eq!(read, Some(record.clone()));
            assert!(ControlRecord::read(record.kind(), Bytes::new()).is_err());
        }
    }

    #[test]
    fn values_are_kafkas() {
        // as in a log of Kafka 4.3.1
        assert_eq!(&ControlRecord::KRaftVersion(1).value()[..], b"\0\0\0\x01\0");
        assert_eq!(&ControlRecord::SnapshotFooter.value()[..], b"\0\0\0");
        let leader_change = Bytes::from_static(b"\0\0\0\0\0\0\x02\0\0\0\0\0\x02\0\0\0\0\0\0");
        assert!(matches!(
            ControlRecord::read(ControlKind::LeaderChange, leader_change),
            Ok(Some(ControlRecord::LeaderChange { leader: BrokerId(0), voters, .. })) if voters.len() == 1
        ));
    }
}
