//! Several controllers in one process, each on its own disk directory, over sockets of the loopback.

mod nodes;
mod quorum;
