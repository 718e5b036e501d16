//! The program klamm.
