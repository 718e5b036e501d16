//! What the broker remembers between the fetches of a client. Must never read a log.

mod session;

pub use session::{Ask, Named, Resolved, Sessions, Told, Wanted};
