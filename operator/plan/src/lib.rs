//! Observed state to resources, steps and status: pure.
