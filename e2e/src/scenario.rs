//! The frame of a test: a fresh namespace before, what the cluster knows when it failed, nothing left after it.

use std::panic::{AssertUnwindSafe, resume_unwind};

use anyhow::Result;
use futures::FutureExt;

use crate::report;
use crate::space::Space;

/// Runs one behaviour in a namespace of its own. When it fails, the state and the logs of the namespace are shown.
pub fn scenario(name: &str, behaviour: impl AsyncFnOnce(&Space) -> Result<()>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let space = Space::fresh(name).await?;
        let outcome = AssertUnwindSafe(behaviour(&space)).catch_unwind().await;
        if !matches!(outcome, Ok(Ok(()))) {
            eprintln!("--- {name}: what the cluster knew when it failed\n{}", report::of(&space).await);
        }
        let removed = space.remove().await;
        match outcome {
            Ok(result) => result.and(removed),
            Err(panic) => resume_unwind(panic),
        }
    })
}
