//! One file per command.

pub mod consume;
pub mod down;
pub mod groups;
pub mod produce;
pub mod topics;
pub mod up;
