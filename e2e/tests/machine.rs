//! The local Kubernetes itself, from outside: two stand side by side, and an ended one leaves nothing on the machine, even
//! when it was killed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

#[test]
fn two_stand_side_by_side_and_leave_nothing() -> Result<()> {
    let before = traces()?;
    let (one, two) = (up()?, up()?);
    for folder in [&one, &two] {
        let nodes =
            program(&["enter", &folder.to_string_lossy(), &kubectl()?, "get", "nodes", "-o", "name"])?;
        ensure!(nodes == "node/n1", "{nodes}");
    }
    program(&["down", &one.to_string_lossy()])?;
    ensure!(!one.exists() && two.exists(), "one was ended, the other not");

    // The other is killed as by someone who knows nothing of it; the next start sweeps what is left.
    let outer = fs::read_to_string(two.join("outer"))?;
    let pid = outer.split(' ').next().unwrap_or_default();
    ensure!(Command::new("kill").args(["-9", pid]).status()?.success());
    program(&["down", &up()?.to_string_lossy()])?;
    let after = traces()?;
    ensure!(after == before, "left: {:#?}", after.difference(&before));
    Ok(())
}

/// What a Kubernetes could leave: runs, mounts, cgroups, interfaces and namespaces of the network, loop devices in use.
fn traces() -> Result<BTreeSet<String>> {
    let mut traces: BTreeSet<String> =
        fs::read_to_string("/proc/mounts")?.lines().map(str::to_owned).collect();
    let cgroups = names("/sys/fs/cgroup").into_iter().flat_map(names);
    traces.extend(cgroups.map(|path| path.display().to_string()).filter(|path| path.contains("klamm-")));
    for folder in ["/sys/class/net", "/run/netns", "/var/lib/cni", "/var/log/containers"] {
        traces.extend(names(folder).into_iter().map(|path| path.display().to_string()));
    }
    traces.extend(program(&["list"])?.lines().map(str::to_owned));
    let loops = Command::new("losetup").args(["-n", "-O", "BACK-FILE"]).output()?;
    traces.extend(String::from_utf8_lossy(&loops.stdout).lines().map(str::to_owned));
    Ok(traces)
}

fn names(folder: impl AsRef<Path>) -> Vec<PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn up() -> Result<PathBuf> {
    Ok(program(&["up", "--nodes", "1"])?.into())
}

fn kubectl() -> Result<String> {
    let kube = PathBuf::from(program(&["program"])?);
    let kubectl = kube.parent().context("the program lies in a folder")?.join("bin/kubectl");
    Ok(kubectl.display().to_string())
}

fn program(arguments: &[&str]) -> Result<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_local-kubernetes")).args(arguments).output()?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{arguments:?}: {said}");
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
