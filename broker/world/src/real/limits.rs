//! What the machine allows this process, and what it is called.

use std::path::{Path, PathBuf};

/// Where cgroups are mounted: version 2, and the memory controller of version 1.
const UNIFIED: &str = "/sys/fs/cgroup";
const MEMORY: &str = "/sys/fs/cgroup/memory";

/// Assumed when nothing tells.
const FALLBACK_BYTES: u64 = 1 << 30;

/// The limit of this process's memory in bytes: the smallest of its cgroup and those around it, else the machine's.
#[must_use]
pub fn memory_limit_bytes() -> u64 {
    let cgroups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let files = limit_files(&cgroups).into_iter().chain([PathBuf::from("/proc/meminfo")]);
    let limits = files.filter_map(|path| parse(&std::fs::read_to_string(path).ok()?));
    limits.min().unwrap_or(FALLBACK_BYTES)
}

/// The files that may limit a process whose `/proc/self/cgroup` is given (cgroups(7)): `0::/path` in version 2,
/// `N:memory:/path` in version 1. A container that has no namespace for its cgroup sees a path that is not there, and its own cgroup at
/// the mount, which is always asked.
fn limit_files(cgroups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in cgroups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (mount, file) = match controllers {
            "" => (UNIFIED, "memory.max"),
            some if some.split(',').any(|one| one == "memory") => (MEMORY, "memory.limit_in_bytes"),
            _ => continue,
        };
        let around = Path::new(path.trim_start_matches('/')).ancestors();
        files.extend(around.map(|path| Path::new(mount).join(path).join(file)));
    }
    files
}

/// A number of bytes, `max`, or the first lines of /proc/meminfo.
fn parse(text: &str) -> Option<u64> {
    match text.strip_prefix("MemTotal:") {
        Some(rest) => rest.split_whitespace().next()?.parse::<u64>().ok().map(|kib| kib * 1024),
        None => text.trim().parse().ok(),
    }
}

/// Lets this process open as many files as its hard limit allows.
pub fn raise_open_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    // refused only without the right to: then the soft limit stands
    let _ = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
}

/// The name of this host.
#[must_use]
pub fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::{limit_files, parse};

    fn check_files(cgroups: &str, expected: &[&str]) {
        let files: Vec<_> = limit_files(cgroups).iter().map(|file| file.display().to_string()).collect();
        assert_eq!(files, expected);
    }

    #[test]
    fn a_cgroup_is_limited_by_all_around_it() {
        check_files(
            "0::/system.slice/klamm.service\n",
            &[
                "/sys/fs/cgroup/system.slice/klamm.service/memory.max",
                "/sys/fs/cgroup/system.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ],
        );
        check_files(
            "9:name=systemd:/\n4:cpu,cpuacct:/a\n3:memory:/b\n",
            &["/sys/fs/cgroup/memory/b/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.limit_in_bytes"],
        );
        check_files("0::/\n", &["/sys/fs/cgroup/memory.max"]);
        check_files("", &[]);
    }

    #[test]
    fn reads_what_the_kernel_writes() {
        assert_eq!(parse("536870912\n"), Some(512 << 20));
        assert_eq!(parse("max\n"), None);
        assert_eq!(parse("MemTotal:       24689764 kB\nMemFree: 1 kB\n"), Some(24_689_764 * 1024));
    }
}
