//! Scenarios: what clients do, and what they are told.

mod admin;
mod census;
mod failures;
mod log;
mod membership;
mod offsets;
mod property;
mod room;
mod static_members;

use room::Room;

/// Runs a scenario: each step is what someone does and what is said then, to whom.
fn check(steps: &[(&str, &[&str])]) {
    let mut room = Room::new();
    for (number, (step, expected)) in steps.iter().enumerate() {
        let said = room.run(step);
        assert_eq!(said, *expected, "step {number}: {step}\n{}", room.history());
    }
}
