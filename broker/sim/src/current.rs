//! Which host's task this thread is polling: for panic messages and log lines.

use crate::HostId;
use std::cell::Cell;

thread_local! {
    static HOST: Cell<Option<HostId>> = const { Cell::new(None) };
}

/// The host whose task runs now.
#[must_use]
pub fn host() -> Option<HostId> {
    HOST.get()
}

/// Runs `body` as that host.
pub(crate) fn with_host<T>(host: HostId, body: impl FnOnce() -> T) -> T {
    let before = HOST.replace(Some(host));
    let result = body();
    HOST.set(before);
    result
}
