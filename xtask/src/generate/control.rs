//! The Rust for the gRPC service between operator and broker, from its proto; products need no protoc to build.

use std::path::PathBuf;

use anyhow::Result;

use super::Generated;
use crate::shell;

pub fn generate() -> Result<Generated> {
    let mut program = shell::cargo();
    let rust =
        shell::read(program.args(["run", "--quiet", "--package", "klamm-control", "--example", "generate"]))?;
    let file = PathBuf::from("broker/control/src/generated.rs");
    let head = "// Generated from proto/control.proto by `cargo xtask gen control`.\n";
    Ok(Generated { files: vec![(file, format!("{head}{rust}"))], folder: None })
}
