//! A broker's own side of taking part: what it says to the active controller next, and what it makes of the answers. The other
//! side is in [`crate::sessions`] and in `decide`.
//!
//! Invariants: without an epoch it is neither active nor released; released is for ever.

use crate::decide::HeartbeatAnswer;
use klamm_protocol::ErrorCode;
use klamm_types::BrokerEpoch;

/// What a broker says next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Say {
    /// It registers.
    Register {
        /// The epoch that its former life ended in, in good order; −1 where it did not (KIP-966).
        previous_epoch: BrokerEpoch,
    },
    /// It is alive.
    Beat {
        /// Its registration.
        epoch: BrokerEpoch,
        /// It wants to end.
        want_shut_down: bool,
    },
    /// Nothing any more: it may end.
    Nothing,
}

/// How far a broker's taking part has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    epoch: Option<BrokerEpoch>,
    previous_epoch: BrokerEpoch,
    active: bool,
    leaving: bool,
    released: bool,
}

impl Membership {
    /// A broker that is not registered yet, and whose former life ended in `previous_epoch`.
    #[must_use]
    pub fn new(previous_epoch: BrokerEpoch) -> Self {
        Self { epoch: None, previous_epoch, active: false, leaving: false, released: false }
    }

    /// Its registration.
    #[must_use]
    pub fn epoch(&self) -> Option<BrokerEpoch> {
        self.epoch
    }

    /// Whether it may lead: the active controller has unfenced it.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active
    }

    /// Whether nobody expects anything of it any more: it may end.
    #[must_use]
    pub fn is_released(&self) -> bool {
        self.released
    }

    /// From now on it wants to end.
    pub fn leave(&mut self) {
        self.leaving = true;
        // who is not registered owes nobody anything
        self.released |= self.epoch.is_none();
    }

    /// What it says next.
    #[must_use]
    pub fn say(&self) -> Say {
        match self.epoch {
            _ if self.released => Say::Nothing,
            None => Say::Register { previous_epoch: self.previous_epoch },
            Some(epoch) => Say::Beat { epoch, want_shut_down: self.leaving },
        }
    }

    /// It is registered: fenced, until it has caught up with the metadata.
    pub fn registered(&mut self, epoch: BrokerEpoch) {
        (self.epoch, self.previous_epoch, self.active) = (Some(epoch), epoch, false);
    }

    /// A heartbeat of `epoch` was answered.
    pub fn answered(&mut self, epoch: BrokerEpoch, answer: Result<HeartbeatAnswer, ErrorCode>) {
        if self.epoch != Some(epoch) {
            return; // it was about another registration
        }
        match answer {
            Ok(answer) => {
                self.active = !answer.is_fenced;
                self.released = self.leaving && answer.should_shut_down;
            }
            // forgotten, or another process has come and gone in its name: it registers anew. While that other one lives, it
            // is refused
            Err(ErrorCode::BrokerIdNotRegistered | ErrorCode::StaleBrokerEpoch) => {
                (self.epoch, self.active, self.released) = (None, false, self.leaving);
            }
            Err(_) => {} // it says the same again
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: BrokerEpoch = BrokerEpoch(-1);

    fn answer(is_fenced: bool, should_shut_down: bool) -> Result<HeartbeatAnswer, ErrorCode> {
        Ok(HeartbeatAnswer { is_caught_up: !is_fenced, is_fenced, should_shut_down })
    }

    fn beat(epoch: i64, want_shut_down: bool) -> Say {
        Say::Beat { epoch: BrokerEpoch(epoch), want_shut_down }
    }

    #[test]
    fn a_life() {
        let mut member = Membership::new(BrokerEpoch(3));
        assert_eq!(member.say(), Say::Register { previous_epoch: BrokerEpoch(3) });
        member.registered(BrokerEpoch(10));
        assert_eq!((member.say(), member.is_active()), (beat(10, false), false));
        member.answered(BrokerEpoch(10), answer(true, false));
        assert!(!member.is_active(), "it has not caught up");
        member.answered(BrokerEpoch(10), answer(false, false));
        assert!(member.is_active());
        member.answered(BrokerEpoch(10), Err(ErrorCode::NotController));
        assert!(member.is_active(), "that says nothing of it");
        member.leave();
        assert_eq!((member.say(), member.is_released()), (beat(10, true), false));
        member.answered(BrokerEpoch(10), answer(false, false));
        assert!(!member.is_released(), "the others do not know yet");
        member.answered(BrokerEpoch(10), answer(true, true));
        assert_eq!((member.say(), member.is_released()), (Say::Nothing, true));
    }

    #[test]
    fn who_is_forgotten_registers_anew() {
        for code in [ErrorCode::BrokerIdNotRegistered, ErrorCode::StaleBrokerEpoch] {
            let mut member = Membership::new(NONE);
            member.registered(BrokerEpoch(10));
            member.answered(BrokerEpoch(10), answer(false, false));
            member.answered(BrokerEpoch(10), Err(code));
            assert_eq!(member.say(), Say::Register { previous_epoch: BrokerEpoch(10) }, "nothing was lost");
            assert!(!member.is_active() && member.epoch().is_none());
            member.registered(BrokerEpoch(20));
            member.answered(BrokerEpoch(10), answer(false, false));
            assert!(!member.is_active(), "that answer is of the former registration");
            // and where it wanted to end, it may
            member.leave();
            member.answered(BrokerEpoch(20), Err(code));
            assert!(member.is_released());
        }
        let mut member = Membership::new(NONE);
        member.leave();
        assert!(member.is_released(), "it was never registered");
    }
}
