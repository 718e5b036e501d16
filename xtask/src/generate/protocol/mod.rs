//! Kafka's messages: from broker/core/protocol/schema to Rust (broker/core/protocol/src/generated) and docs/protocol.md.
//!
//! The description is read by klamm-schema. Here `fields`, `structure` and `message` write Rust, `api` what lists all messages, `docs` the
//! table for people; `definitions` and `bytes` compare the description with Kafka's own definitions and classes.

mod api;
mod bytes;
mod definitions;
mod docs;
mod fields;
mod kafka;
mod message;
mod names;
mod structure;

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use super::{File, Generated};
use crate::shell;
use klamm_schema::Message;

const SCHEMA: &str = "broker/core/protocol/schema";
const GENERATED: &str = "broker/core/protocol/src/generated";

/// All files that come from the schema.
pub fn generate() -> Result<Generated> {
    let messages = read_schema()?;
    let folder = Path::new(GENERATED);
    let mut rust: Vec<(String, String)> =
        messages.iter().map(|message| (names::module(&message.name), message::rust(message))).collect();
    rust.push(("api_key".into(), api::keys(&messages)));
    rust.push(("metadata_record".into(), api::metadata_records(&messages)));
    rust.push(("mod".into(), api::modules(&messages)));
    let formatted = |(name, text): (String, String)| -> Result<File> {
        Ok((folder.join(format!("{name}.rs")), rustfmt(&text).with_context(|| name.clone())?))
    };
    let mut files = rust.into_iter().map(formatted).collect::<Result<Vec<_>>>()?;
    files.push(("docs/protocol.md".into(), docs::page(&messages)));
    Ok(Generated { files, folder: Some(folder.to_owned()) })
}

/// Compares the schema with Kafka's definitions, and its messages with what Kafka's classes read and write.
pub fn compare() -> Result<()> {
    definitions::compare()?;
    bytes::compare()
}

/// Every message of the schema, by name.
fn read_schema() -> Result<Vec<Message>> {
    let mut messages = Vec::new();
    for entry in std::fs::read_dir(shell::root().join(SCHEMA))? {
        let path = entry?.path();
        let text = std::fs::read_to_string(&path)?;
        messages.extend(klamm_schema::messages(&text).with_context(|| path.display().to_string())?);
    }
    messages.sort_by(|one, two| one.name.cmp(&two.name));
    Ok(messages)
}

fn rustfmt(text: &str) -> Result<String> {
    let mut child = shell::command("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("rustfmt could not be started")?;
    // all is read before anything is printed, so this cannot wait for itself
    child.stdin.take().context("rustfmt has no input")?.write_all(text.as_bytes())?;
    let output = child.wait_with_output()?;
    if !output.status.success() {
        bail!("rustfmt refuses:\n{text}");
    }
    Ok(String::from_utf8(output.stdout)?)
}
