//! The throttle, by examples and over time.

use crate::Throttle;
use klamm_types::Mono;
use proptest::prelude::*;

fn millis(millis: u64) -> Mono {
    Mono(millis * 1_000_000)
}

#[test]
fn lets_go_what_a_second_gives_and_waits_for_what_was_too_much() {
    let mut throttle = Throttle::new(millis(0), 1000);
    assert!(!throttle.is_exceeded(millis(0)));
    throttle.record(millis(0), 999);
    assert!(!throttle.is_exceeded(millis(0)));
    throttle.record(millis(0), 501);
    assert!(throttle.is_exceeded(millis(0)));
    assert_eq!(throttle.free_at(), Mono(millis(500).0 + 1));
    assert!(throttle.is_exceeded(millis(500)), "that is what was too much");
    assert!(!throttle.is_exceeded(throttle.free_at()));
    throttle.record(millis(9000), 1001);
    assert!(throttle.is_exceeded(millis(9000)), "what nobody took is gone after a second");
}

#[test]
fn follows_the_rate_that_is_set() {
    let mut throttle = Throttle::new(millis(0), Throttle::UNLIMITED);
    throttle.record(millis(0), 1 << 40);
    assert!(!throttle.is_exceeded(millis(0)));
    throttle.set_rate(millis(0), 1000);
    throttle.record(millis(0), 3000);
    assert_eq!(throttle.free_at(), Mono(millis(2000).0 + 1));
    throttle.set_rate(millis(1000), 10_000);
    assert_eq!(throttle.free_at(), Mono(millis(1100).0 + 1), "1000 bytes are owed, and come sooner");
    throttle.set_rate(millis(1000), Throttle::UNLIMITED);
    assert!(!throttle.is_exceeded(millis(1001)));
}

#[test]
fn nothing_goes_at_a_rate_of_zero() {
    let mut throttle = Throttle::new(millis(0), 0);
    assert!(throttle.is_exceeded(millis(1 << 40)));
    assert_eq!(throttle.free_at(), Mono(u64::MAX));
}

proptest! {
    /// Whoever takes a piece as soon as he may gets the rate to the nanosecond, and the bytes of the first second before.
    #[test]
    fn a_rate_is_a_rate(rate in 1u64..10_000_000, pieces in prop::collection::vec(1u64..2_000_000, 1..200)) {
        let mut throttle = Throttle::new(Mono(0), rate);
        let (mut gone, mut now) = (0, Mono(0));
        for piece in pieces {
            if throttle.is_exceeded(now) {
                now = throttle.free_at();
                prop_assert!(!throttle.is_exceeded(now));
                let left = i128::from(rate) * (1_000_000_000 + i128::from(now.0)) - gone * 1_000_000_000;
                prop_assert!(left > 0 && left <= i128::from(rate), "{} left", left);
            }
            throttle.record(now, piece);
            gone += i128::from(piece);
        }
    }
}
