//! The program klamm-operator.
fn main() {}
