//! What the broker remembers between the fetches of a client. Must never read a log.

mod session;

pub use session::{Ask, Due, Gave, Named, Resolved, Sessions, Told, Wanted};
