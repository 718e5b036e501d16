//! The operator: watches objects, observes, asks the plan, carries it out, writes the status. It decides nothing: that is
//! the plan's, which is pure. `observe` has all reads, `apply` all writes.

mod apply;
mod broker_admin;
mod certificates;
mod context;
mod control;
mod error;
mod health;
mod lease;
mod metrics;
mod observe;
mod options;
mod reconcile;
mod run;
mod uninstall;
mod watch;

pub use options::{Command, Options};
pub use run::run;
