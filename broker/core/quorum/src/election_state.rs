//! What a voter must never forget: the epoch, whom it voted for, who leads. The file `quorum-state`, as Kafka writes it.
//!
//! ```text
//! {"leaderId":0,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}
//! ```

use crate::ReplicaKey;
use klamm_types::{BrokerId, DirectoryId, LeaderEpoch, Uuid};
use serde_json::Value;
use thiserror::Error;

/// The epoch, the vote in it, and its leader.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ElectionState {
    /// The epoch; 0 before the first election.
    pub epoch: LeaderEpoch,
    /// Its leader, where known.
    pub leader: Option<BrokerId>,
    /// Whom this replica voted for in it; not kept once the leader is known.
    pub voted: Option<ReplicaKey>,
}

/// The file is not a `quorum-state` of version 1.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("quorum-state has no valid {field}: it is JSON as Kafka 3.9 and later write it (data_version 1)")]
pub struct BadElectionState {
    /// The field that is missing or wrong.
    pub field: &'static str,
}

impl ElectionState {
    /// The file's text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let voted =
            self.voted.unwrap_or(ReplicaKey { id: BrokerId::NONE, directory: DirectoryId::default() });
        format!(
            "{{\"leaderId\":{},\"leaderEpoch\":{},\"votedId\":{},\"votedDirectoryId\":\"{}\",\"data_version\":1}}",
            self.leader.unwrap_or(BrokerId::NONE),
            self.epoch,
            voted.id,
            voted.directory,
        )
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// [`BadElectionState`] that names the first field that is missing or wrong.
    pub fn from_json(text: &str) -> Result<Self, BadElectionState> {
        let bad = |field| BadElectionState { field };
        let file: Value = serde_json::from_str(text).map_err(|_| bad("JSON"))?;
        let number = |field| {
            let number =
                file.get(field).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok());
            number.ok_or(bad(field))
        };
        if number("data_version")? != 1 {
            return Err(bad("data_version"));
        }
        let some = |id: i32| (id >= 0).then_some(BrokerId(id));
        let directory =
            file.get("votedDirectoryId").and_then(Value::as_str).and_then(|id| id.parse::<Uuid>().ok());
        let directory = DirectoryId(directory.ok_or(bad("votedDirectoryId"))?);
        let epoch = LeaderEpoch(number("leaderEpoch")?);
        if epoch.0 < 0 {
            return Err(bad("leaderEpoch"));
        }
        Ok(Self {
            epoch,
            leader: some(number("leaderId")?),
            voted: some(number("votedId")?).map(|id| ReplicaKey { id, directory }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_kafkas() {
        // as Kafka 4.3.1 wrote it
        let text = r#"{"leaderId":0,"leaderEpoch":1,"votedId":-1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA","data_version":1}"#;
        let state = ElectionState { epoch: LeaderEpoch(1), leader: Some(BrokerId(0)), voted: None };
        assert_eq!(ElectionState::from_json(text), Ok(state));
        assert_eq!(state.to_json(), text);
        let directory = DirectoryId(Uuid(*b"0123456789abcdef"));
        let voted =
            ElectionState { leader: None, voted: Some(ReplicaKey { id: BrokerId(3), directory }), ..state };
        assert_eq!(ElectionState::from_json(&voted.to_json()), Ok(voted));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let check = |text, field| assert_eq!(ElectionState::from_json(text), Err(BadElectionState { field }));
        check("", "JSON");
        check(r#"{"data_version":0}"#, "data_version");
        check(r#"{"data_version":1,"votedDirectoryId":"x"}"#, "votedDirectoryId");
        check(r#"{"data_version":1,"votedDirectoryId":"AAAAAAAAAAAAAAAAAAAAAA"}"#, "leaderEpoch");
    }
}
