//! Who votes when a node's metadata log begins (KIP-853): Kafka's `--standalone`, `--initial-controllers` and
//! `--no-initial-controllers`.

use super::ControllerError;
use klamm_metadata::config::{Settings, elements};
use klamm_quorum::{Endpoint, ReplicaKey, Voter, Voters};
use klamm_types::{BrokerId, DirectoryId, Str, Uuid};
use thiserror::Error;

/// Ids below this one have a meaning of their own in Kafka (KIP-858).
const RESERVED_IDS: u128 = 100;

/// Who votes when a node's metadata log begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InitialVoters {
    /// This node, and nobody else.
    Standalone,
    /// These: each is formatted with the same list, which says what its metadata directory's id is.
    Controllers(Voters),
    /// Nobody: the node follows the quorum that is there.
    None,
}

/// A list of voters is none.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "initial controllers: {entry} {reason}; each is id@host:port:directoryId, such as 1@localhost:9090:JEXY6aqzQY-32P5TStzaFg"
)]
pub struct BadVoters {
    /// The element.
    pub entry: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl InitialVoters {
    /// Reads Kafka's list `id@host:port:directoryId,…`; the addresses are those of the first controller listener.
    ///
    /// # Errors
    /// [`BadVoters`] that names the first wrong element.
    pub fn parse(settings: &Settings, list: &str) -> Result<Self, BadVoters> {
        let names = settings.get("controller.listener.names").unwrap_or_default();
        let listener = elements(&names).next().unwrap_or_default();
        let mut voters = Voters::default();
        for entry in elements(list) {
            let bad = |reason| BadVoters { entry: entry.to_owned(), reason };
            let voter = voter(listener, entry).map_err(bad)?;
            let twice = |one: &Voter| one.key.id == voter.key.id || one.key.directory == voter.key.directory;
            if voters.iter().any(twice) {
                return Err(bad("has an id that the list has already"));
            }
            voters = voters.with(voter);
        }
        if voters.is_empty() {
            return Err(BadVoters { entry: "the list".to_owned(), reason: "is empty" });
        }
        Ok(Self::Controllers(voters))
    }

    /// The id that a node's metadata directory must have; none where any does.
    pub(super) fn directory_of(&self, node: BrokerId) -> Result<Option<DirectoryId>, ControllerError> {
        let Self::Controllers(voters) = self else { return Ok(None) };
        let voter = voters.get(node).ok_or(ControllerError::NotInitial(node))?;
        Ok(Some(voter.key.directory))
    }
}

fn voter(listener: &str, entry: &str) -> Result<Voter, &'static str> {
    let (id, address) = entry.split_once('@').ok_or("has no @")?;
    let (address, directory) = address.rsplit_once(':').ok_or("has no directory id")?;
    let (host, port) = address.rsplit_once(':').ok_or("has no port")?;
    let id = id.parse().ok().filter(|id| *id >= 0).ok_or("does not begin with a node's id")?;
    let directory = directory.parse::<Uuid>().map_err(|_| "does not end with a directory id")?;
    if u128::from_be_bytes(directory.0) < RESERVED_IDS {
        return Err("has a reserved directory id");
    }
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if host.is_empty() {
        return Err("has no host");
    }
    let port = port.parse().ok().filter(|port| *port > 0).ok_or("has no port")?;
    Ok(Voter {
        key: ReplicaKey { id: BrokerId(id), directory: DirectoryId(directory) },
        endpoints: vec![Endpoint { listener: Str::from(listener), host: Str::from(host), port }],
        kraft_versions: (0, 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "JEXY6aqzQY-32P5TStzaFg";
    const B: &str = "MvDxzVmcRsaTz33bUuRU6A";

    fn check(list: &str, expected: &str) {
        let settings = Settings::new([("node.id", "1"), ("log.dirs", "/x")]).expect("they are valid");
        let got = match InitialVoters::parse(&settings, list) {
            Ok(InitialVoters::Controllers(voters)) => {
                let told = voters.iter().map(|one| {
                    let at = &one.endpoints[0];
                    format!("{} {} {}:{} {}", one.key.id, at.listener, at.host, at.port, one.key.directory)
                });
                told.collect::<Vec<_>>().join(", ")
            }
            Ok(other) => format!("{other:?}"),
            Err(error) => format!("{} {}", error.entry, error.reason),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn kafkas_list_is_read() {
        check(
            &format!("2@[::1]:9093:{B},1@a.b:9090:{A}"),
            &format!("1 CONTROLLER a.b:9090 {A}, 2 CONTROLLER ::1:9093 {B}"),
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        check("", "the list is empty");
        check("1", "1 has no @");
        check("1@a:9", "1@a:9 has no port");
        check("x@a:9:b", "x@a:9:b does not begin with a node's id");
        check("1@a:9:b", "1@a:9:b does not end with a directory id");
        check("1@a:9:AAAAAAAAAAAAAAAAAAAAAQ", "1@a:9:AAAAAAAAAAAAAAAAAAAAAQ has a reserved directory id");
        check(&format!("1@a:0:{A}"), &format!("1@a:0:{A} has no port"));
        check(&format!("1@:9:{A}"), &format!("1@:9:{A} has no host"));
        check(&format!("1@a:9:{A},2@a:9:{A}"), &format!("2@a:9:{A} has an id that the list has already"));
    }
}
