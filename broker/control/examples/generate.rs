//! Prints the Rust for `proto/control.proto`: `cargo xtask gen control` writes it. Needs no protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
    let descriptors = protox::compile(["control.proto"], [folder])?;
    let out = std::env::temp_dir().join(format!("klamm-control-{}", std::process::id()));
    std::fs::create_dir_all(&out)?;
    tonic_prost_build::configure().out_dir(&out).compile_fds(descriptors)?;
    let generated = std::fs::read_to_string(out.join("klamm.control.v1.rs"))?;
    std::fs::remove_dir_all(&out)?;
    print!("{generated}");
    Ok(())
}
