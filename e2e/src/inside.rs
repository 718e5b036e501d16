//! Client programs inside the cluster's network, where its names resolve and pods can be reached.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// Words before every program, where the tests themselves do not run inside: what enters the cluster's network.
const PREFIX: &str = "KLAMM_E2E_INSIDE";

/// How long a client may take: a test that hangs tells nothing.
const WITHIN: Duration = Duration::from_secs(120);

/// A program that runs inside. It ends when the value is dropped.
pub fn command(program: &str) -> Command {
    let prefix = std::env::var(PREFIX).unwrap_or_default();
    let mut words = prefix.split_whitespace().chain([program]);
    let mut command = Command::new(words.next().expect("a program was named"));
    command.args(words).kill_on_drop(true).stdin(Stdio::null());
    command
}

/// Runs a program to its end for what it prints; what it complained of is the error.
pub async fn output(command: &mut Command) -> Result<String> {
    given(command, "").await
}

/// Runs a program to its end with this as its input.
pub async fn given(command: &mut Command, input: &str) -> Result<String> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("{command:?} could not be started"))?;
    let mut stdin = child.stdin.take().context("the program has no input")?;
    let feed = async {
        let _ = stdin.write_all(input.as_bytes()).await; // one that ends early says so by its status
        drop(stdin);
    };
    let finished = async { tokio::join!(feed, child.wait_with_output()).1 };
    let output = tokio::time::timeout(WITHIN, finished).await;
    let output =
        output.with_context(|| format!("{command:?} did not end within {} s", WITHIN.as_secs()))??;
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if !output.status.success() {
        bail!("{command:?} failed ({}): {}{}", output.status, text(&output.stderr), text(&output.stdout));
    }
    Ok(text(&output.stdout))
}
