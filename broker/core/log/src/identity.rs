//! Who a directory belongs to: `meta.properties` of a log directory, `partition.metadata` of a partition's.

use klamm_types::{BrokerId, DirectoryId, TopicId};
use thiserror::Error;

/// `meta.properties`, version 1 (KIP-631, KIP-858).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaProperties {
    /// `cluster.id`
    pub cluster_id: String,
    /// `node.id`
    pub node_id: BrokerId,
    /// `directory.id`: a recreated volume has another.
    pub directory_id: DirectoryId,
}

/// A file that says whose a directory is cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BadIdentity {
    /// A key is missing.
    #[error("{file} has no {key}")]
    Missing {
        /// The file's name.
        file: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A value is not what its key takes.
    #[error("{file} has {key}={value}; it must be {must}")]
    Value {
        /// The file's name.
        file: &'static str,
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What would be right.
        must: &'static str,
    },
}

struct Fields<'a> {
    file: &'static str,
    fields: Vec<(&'a str, &'a str)>,
}

impl<'a> Fields<'a> {
    fn new(file: &'static str, text: &'a str, separator: char) -> Self {
        let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', '!']));
        let fields = lines
            .filter_map(|line| line.split_once(separator))
            .map(|(key, value)| (key.trim(), value.trim()));
        Self { file, fields: fields.collect() }
    }

    fn text(&self, key: &'static str) -> Result<&'a str, BadIdentity> {
        let found = self.fields.iter().rev().find(|(name, _)| *name == key);
        found.map(|(_, value)| *value).ok_or(BadIdentity::Missing { file: self.file, key })
    }

    fn parsed<T: std::str::FromStr>(&self, key: &'static str, must: &'static str) -> Result<T, BadIdentity> {
        let value = self.text(key)?;
        value.parse().map_err(|_| BadIdentity::Value { file: self.file, key, value: value.to_owned(), must })
    }

    fn version(&self, want: &'static str) -> Result<(), BadIdentity> {
        match self.text("version")? {
            value if value == want => Ok(()),
            value => Err(BadIdentity::Value {
                file: self.file,
                key: "version",
                value: value.to_owned(),
                must: want,
            }),
        }
    }
}

impl MetaProperties {
    /// The file's name.
    pub const FILE: &'static str = "meta.properties";

    /// The file's text.
    #[must_use]
    pub fn format(&self) -> String {
        let Self { cluster_id, node_id, directory_id } = self;
        format!("cluster.id={cluster_id}\ndirectory.id={directory_id}\nnode.id={node_id}\nversion=1\n")
    }

    /// Reads the file's text.
    ///
    /// # Errors
    /// [`BadIdentity`].
    pub fn parse(text: &str) -> Result<Self, BadIdentity> {
        let fields = Fields::new(Self::FILE, text, '=');
        fields.version("1")?;
        Ok(Self {
            cluster_id: fields.text("cluster.id")?.to_owned(),
            node_id: BrokerId(fields.parsed("node.id", "a number from 0 on")?),
            directory_id: DirectoryId(fields.parsed("directory.id", "an id of 22 base64 characters")?),
        })
    }
}

/// The text of `partition.metadata`.
#[must_use]
pub fn format_partition_metadata(topic: TopicId) -> String {
    format!("version: 0\ntopic_id: {topic}")
}

/// Reads the text of `partition.metadata`.
///
/// # Errors
/// [`BadIdentity`].
pub fn parse_partition_metadata(text: &str) -> Result<TopicId, BadIdentity> {
    let fields = Fields::new("partition.metadata", text, ':');
    fields.version("0")?;
    Ok(TopicId(fields.parsed("topic_id", "an id of 22 base64 characters")?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use klamm_types::Uuid;

    #[test]
    fn meta_properties_round_trip() {
        let meta = MetaProperties {
            cluster_id: "MkU3OEVBNTcwNTJENDM2Qg".into(),
            node_id: BrokerId(3),
            directory_id: DirectoryId(Uuid([7; 16])),
        };
        assert_eq!(MetaProperties::parse(&meta.format()), Ok(meta.clone()));
        let kafkas = format!("#\n#Mon Nov 23 01:00:00 UTC 2026\n{}", meta.format());
        assert_eq!(MetaProperties::parse(&kafkas), Ok(meta.clone()));
        let check = |from: &str, to: &str, key: &str| {
            let error = MetaProperties::parse(&meta.format().replace(from, to)).expect_err(to);
            assert!(error.to_string().contains(key), "{error}");
        };
        check("version=1", "version=0", "version");
        check("cluster.id", "cluster", "cluster.id");
        check("node.id=3", "node.id=three", "node.id");
    }

    #[test]
    fn partition_metadata_round_trips() {
        let topic = TopicId(Uuid([9; 16]));
        assert_eq!(parse_partition_metadata(&format_partition_metadata(topic)), Ok(topic));
        assert!(parse_partition_metadata("").is_err());
    }
}
