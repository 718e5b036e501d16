//! Kafka's jars, unpacked: its definitions of messages and the classes that it generates from them.

use std::path::PathBuf;

use anyhow::Result;

use crate::shell;

/// The version of Kafka that is the reference.
pub const VERSION: &str = "4.4.0";

/// Those that define messages.
const DEFINING: &[&str] = &["kafka-clients", "kafka-raft", "kafka-metadata", "kafka-group-coordinator"];
/// What their classes cannot do without.
const LOGGING: &str = "org.slf4j:slf4j-api:1.7.36";

/// The folders of the jars that define messages.
pub fn definitions() -> Result<Vec<PathBuf>> {
    DEFINING.iter().map(|jar| folder(&format!("org.apache.kafka:{jar}:{VERSION}"))).collect()
}

/// The folders of all that the classes need.
pub fn classes() -> Result<Vec<PathBuf>> {
    let mut folders = definitions()?;
    folders.push(folder(LOGGING)?);
    Ok(folders)
}

/// Where things of this module lie.
pub fn cache() -> PathBuf {
    shell::cache().join("kafka-messages")
}

/// Maven fetches what is not there yet.
fn folder(artifact: &str) -> Result<PathBuf> {
    let folder = cache().join(artifact.replace(':', "_"));
    if folder.is_dir() {
        return Ok(folder);
    }
    // Beside, and then renamed, so that a folder that is there is whole. Maven runs in the cache: where it runs, it leaves marks of what
    // it has unpacked, and does not do that again.
    std::fs::create_dir_all(cache())?;
    let beside = cache().join("part");
    let target = format!("-DoutputDirectory={}", beside.display());
    let maven = ["-q", "-B", "dependency:unpack", &format!("-Dartifact={artifact}"), &target];
    shell::run(shell::command("mvn").args(maven).current_dir(cache()))?;
    std::fs::rename(beside, &folder)?;
    Ok(folder)
}
