//! The cgroup of a node, under which its kubelet puts pods. The only thing of a run that no namespace takes away.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};

use super::process::until;

const ROOT: &str = "/sys/fs/cgroup";

/// The hierarchies: the one of cgroup v2, or each of v1 and the one of v2 beside them, which runc uses too.
fn hierarchies() -> Result<Vec<PathBuf>> {
    let mounts = fs::read_to_string("/proc/mounts")?;
    let hierarchies = mounts.lines().filter_map(|mount| {
        let mut fields = mount.split(' ').skip(1);
        let (path, kind) = (fields.next()?, fields.next()?);
        (kind == "cgroup" || kind == "cgroup2").then(|| PathBuf::from(path))
    });
    Ok(hierarchies.collect())
}

fn unified() -> bool {
    Path::new(ROOT).join("cgroup.controllers").exists()
}

/// Makes the cgroup of a node in every hierarchy.
pub fn create(name: &str) -> Result<()> {
    if unified() {
        delegate(Path::new(ROOT))?;
    }
    for hierarchy in hierarchies()? {
        let folder = hierarchy.join(name);
        fs::create_dir_all(&folder).with_context(|| format!("{} could not be made", folder.display()))?;
        // In v1 a new cpuset is empty, and a process cannot join an empty one.
        for file in ["cpuset.cpus", "cpuset.mems"].iter().filter(|_| !unified()) {
            if let Ok(all) = fs::read_to_string(hierarchy.join(file)) {
                fs::write(folder.join(file), all.trim())?;
            }
        }
    }
    Ok(())
}

/// v2 hands a controller down only where no process sits beside the children, which is so where a container is the machine.
fn delegate(root: &Path) -> Result<()> {
    let controllers = fs::read_to_string(root.join("cgroup.controllers"))?;
    let enable: Vec<String> =
        controllers.split_whitespace().map(|controller| format!("+{controller}")).collect();
    let enable = enable.join(" ");
    if fs::write(root.join("cgroup.subtree_control"), &enable).is_ok() {
        return Ok(());
    }
    let aside = root.join("klamm-machine");
    fs::create_dir_all(&aside)?;
    for pid in fs::read_to_string(root.join("cgroup.procs"))?.lines() {
        let _ = fs::write(aside.join("cgroup.procs"), pid); // threads of the kernel stay
    }
    fs::write(root.join("cgroup.subtree_control"), enable).context(
        "this machine lets no cgroup have controllers: it needs `--cgroupns=private` or a cgroup of its own",
    )
}

/// The processes of a node's pods.
pub fn processes(name: &str) -> Vec<u32> {
    let mut pids = Vec::new();
    for hierarchy in hierarchies().unwrap_or_default() {
        walk(&hierarchy.join(name), &mut |folder| {
            let members = fs::read_to_string(folder.join("cgroup.procs")).unwrap_or_default();
            pids.extend(members.lines().filter_map(|pid| pid.parse::<u32>().ok()));
        });
    }
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// Removes the cgroups whose names start so. A process that was killed holds its own for a moment.
pub fn remove(prefix: &str) -> Result<()> {
    for hierarchy in hierarchies()? {
        let entries = fs::read_dir(&hierarchy)?.flatten();
        for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix)) {
            until("the cgroup being empty", Duration::from_secs(10), || {
                walk(&entry.path(), &mut |folder| drop(fs::remove_dir(folder)));
                !entry.path().exists()
            })?;
        }
    }
    Ok(())
}

/// Visits a cgroup's children before itself.
fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&entry.path(), visit);
        }
    }
    visit(folder);
}
