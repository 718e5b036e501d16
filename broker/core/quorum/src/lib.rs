//! The Raft of the metadata log, shaped as KRaft.
