//! The program klamm-operator.
