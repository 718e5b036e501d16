//! Simulated hosts and the whole cluster in them.
