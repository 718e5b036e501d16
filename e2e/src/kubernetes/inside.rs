//! The first process of the machine: it sets the namespaces up, starts the components and buries what others leave.
//!
//! It must never end before the machine should: the kernel then ends everything in it.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rustix::io::Errno;
use rustix::process::{WaitOptions, wait};

use super::certificates::Authority;
use super::folder::Folder;
use super::node::Node;
use super::process::{line, start};
use super::tools::Tools;
use super::{control_plane, network};

/// Makes the machine of which this process is the first. Says `ready` on standard output, then stays.
pub fn run(folder: &Path, nodes: usize) -> Result<()> {
    let (tools, folder) = (Tools::prepare()?, Folder::new(folder));
    mounts(&folder)?;
    network::control_plane()?;
    let authority = Authority::create(&folder)?;
    control_plane::certificates(&authority)?;
    let all: Vec<_> = (1..=nodes).map(|number| Node::new(&tools, &folder, number)).collect();
    for node in &all {
        node.create(nodes, &authority)?;
    }
    control_plane::bring_up(&tools, &folder)?;
    for node in &all {
        node.start()?;
    }
    // The tests run here, and so need Services' addresses here whatever node dies.
    let values = [("node", "n1")];
    folder.fill("kube-proxy.yaml", include_str!("../../kubernetes/config/kube-proxy.yaml"), &values)?;
    start(&folder, None, "kube-proxy", &[&tools.program("kube-proxy"), "--config=kube-proxy.yaml"])?;
    for node in &all {
        let wait = format!("wait --for=create --timeout=60s node/{}", node.name());
        control_plane::kubectl(&tools, &folder, &wait)?;
    }
    control_plane::kubectl(&tools, &folder, "wait --for=condition=Ready --timeout=60s nodes --all")?;
    println!("ready");
    std::io::stdout().flush()?;
    bury()
}

/// Folders that programs write to whatever they are told: here they are the machine's own, and vanish with it.
fn mounts(folder: &Folder) -> Result<()> {
    let names = fs::canonicalize("/etc/resolv.conf").unwrap_or_else(|_| PathBuf::from("/etc/resolv.conf"));
    line("mount --make-rshared /")?;
    line("mount -t tmpfs tmpfs /run")?;
    for (name, shared) in [("lib", "/var/lib"), ("log", "/var/log")] {
        if folder.path().starts_with(shared) {
            continue; // the run itself has to stay visible from outside
        }
        let (upper, work) = (format!("/run/overlay/{name}"), format!("/run/overlay/.{name}"));
        fs::create_dir_all(&upper)?;
        fs::create_dir_all(&work)?;
        line(&format!(
            "mount -t overlay overlay -o lowerdir={shared},upperdir={upper},workdir={work} {shared}"
        ))?;
    }
    let search = "default.svc.cluster.local svc.cluster.local cluster.local";
    let cluster = format!("nameserver {}\nsearch {search}\noptions ndots:5\n", network::CONTROL_PLANE);
    let cluster = folder.write("resolv.conf", cluster)?;
    if !names.exists() {
        let parent = names.parent().context("/etc/resolv.conf lies nowhere")?;
        fs::create_dir_all(parent)?; // it was a link into /run
        fs::write(&names, "")?;
    }
    line(&format!("mount --bind {} {}", cluster.display(), names.display())).map(drop)
}

/// Waits for the children that were left to the first process, for ever.
fn bury() -> Result<()> {
    loop {
        match wait(WaitOptions::empty()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error).context("the machine has no process left"),
        }
    }
}
