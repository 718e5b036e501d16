//! Random messages from our schema, read and written by Kafka's own classes: byte for byte the same, or the schema is wrong.
//!
//! The same random messages go through our codec in the tests of klamm-protocol; so the three agree.

use std::ffi::OsString;
use std::fmt::Write as _;

use anyhow::{Result, bail};
use klamm_schema::{Kind, Message};

use super::kafka;
use crate::shell;

/// How many messages of each version.
const EACH: u64 = 50;

/// Compares.
pub fn compare() -> Result<()> {
    let mut lines = String::new();
    klamm_schema::samples(&super::read_schema()?, EACH, |message, version, bytes| {
        write!(lines, "{} {version} ", class(message)).expect("a String takes everything");
        bytes.iter().for_each(|byte| write!(lines, "{byte:02x}").expect("a String takes everything"));
        lines.push('\n');
    });
    let classes = std::env::join_paths(kafka::classes()?)?;
    let folder = kafka::cache();
    let (program, input) = (folder.join("CompareBytes.java"), folder.join("messages"));
    std::fs::write(&program, include_str!("CompareBytes.java"))?;
    std::fs::write(&input, lines)?;
    let arguments: [OsString; 4] = ["-cp".into(), classes, program.into(), input.into()];
    if !shell::command("java").args(arguments).status()?.success() {
        bail!("the schema's messages are not Kafka {}'s", kafka::VERSION);
    }
    Ok(())
}

/// Where Kafka generates the class of a message, and how it names it.
fn class(message: &Message) -> String {
    let name = &message.name;
    match message.kind {
        Kind::Header | Kind::Request | Kind::Response => {
            format!("org.apache.kafka.common.message.{name}Data")
        }
        Kind::Data if name == "QuorumStateData" => format!("org.apache.kafka.raft.generated.{name}"),
        Kind::Data => format!("org.apache.kafka.common.message.{name}"),
        Kind::Metadata => format!("org.apache.kafka.common.metadata.{name}"),
        Kind::CoordinatorKey | Kind::CoordinatorValue => {
            format!("org.apache.kafka.coordinator.group.generated.{name}")
        }
    }
}
