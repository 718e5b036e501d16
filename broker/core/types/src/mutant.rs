//! Seeded bugs, by which the simulation and the tests of the pure machines prove that they would find such bugs. They exist only with the cargo feature `mutants`,
//! which no product binary has, and there only on threads that chose one.

#[cfg(feature = "mutants")]
thread_local! {
    static CHOSEN: std::cell::Cell<Option<&'static str>> = const { std::cell::Cell::new(None) };
}

/// Whether this thread plays with the bug of this name.
#[cfg(feature = "mutants")]
#[must_use]
pub fn active(name: &str) -> bool {
    CHOSEN.get() == Some(name)
}

/// Whether this thread plays with the bug of this name: never, in this build.
#[cfg(not(feature = "mutants"))]
#[must_use]
#[inline(always)]
pub const fn active(_name: &str) -> bool {
    false
}

/// From now on this thread plays with that bug.
#[cfg(feature = "mutants")]
pub fn choose(name: Option<&'static str>) {
    CHOSEN.set(name);
}
