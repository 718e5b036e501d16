//! What the machine allows this process, and what it is called.

/// Where the kernel tells the limit: cgroup v2, then v1, then all of the machine's memory.
const SOURCES: [&str; 3] =
    ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/proc/meminfo"];

/// Assumed when nothing tells.
const FALLBACK_BYTES: u64 = 1 << 30;

/// The limit of this process's memory in bytes: the cgroup's, else the machine's.
#[must_use]
pub fn memory_limit_bytes() -> u64 {
    let limits = SOURCES.iter().filter_map(|path| parse(&std::fs::read_to_string(path).ok()?));
    limits.min().unwrap_or(FALLBACK_BYTES)
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
    use super::parse;

    #[test]
    fn reads_what_the_kernel_writes() {
        assert_eq!(parse("536870912\n"), Some(512 << 20));
        assert_eq!(parse("max\n"), None);
        assert_eq!(parse("MemTotal:       24689764 kB\nMemFree: 1 kB\n"), Some(24_689_764 * 1024));
    }
}
