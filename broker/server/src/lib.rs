//! The program klamm-broker.
