//! Conditions with the meanings of kstatus: Ready, Reconciling, Stalled; and others beside them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use klamm_operator_api::Condition;

/// What a condition says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// True or False.
    pub holds: bool,
    /// In PascalCase.
    pub reason: String,
    /// For people.
    pub message: String,
}

impl Fact {
    /// It holds.
    pub fn yes(reason: &str, message: impl Into<String>) -> Self {
        Self { holds: true, reason: reason.to_owned(), message: message.into() }
    }

    /// It does not hold.
    pub fn no(reason: &str, message: impl Into<String>) -> Self {
        Self { holds: false, reason: reason.to_owned(), message: message.into() }
    }
}

/// Gathers conditions; those that say what they said before keep the time of their last transition.
pub struct Conditions<'a> {
    before: &'a [Condition],
    generation: Option<i64>,
    now: Time,
    now_on: Vec<Condition>,
}

impl<'a> Conditions<'a> {
    /// Begins with what was said `before`.
    #[must_use]
    pub fn new(before: Option<&'a Vec<Condition>>, generation: Option<i64>, now: Time) -> Self {
        Self { before: before.map_or(&[], Vec::as_slice), generation, now, now_on: Vec::new() }
    }

    /// Says `fact` of `kind`.
    #[must_use]
    pub fn say(mut self, kind: &str, fact: Fact) -> Self {
        let status = if fact.holds { "True" } else { "False" };
        let before = self.before.iter().find(|c| c.type_ == kind && c.status == status);
        self.now_on.push(Condition {
            type_: kind.to_owned(),
            status: status.to_owned(),
            reason: fact.reason,
            message: truncated(fact.message),
            observed_generation: self.generation,
            last_transition_time: before.map_or_else(|| self.now.clone(), |c| c.last_transition_time.clone()),
        });
        self
    }

    /// Says `fact` of `kind` where there is one.
    #[must_use]
    pub fn say_if(self, kind: &str, fact: Option<Fact>) -> Self {
        match fact {
            Some(fact) => self.say(kind, fact),
            None => self,
        }
    }

    /// All that was said.
    #[must_use]
    pub fn done(self) -> Vec<Condition> {
        self.now_on
    }
}

/// The API takes no longer message (metav1.Condition).
const MESSAGE_MAX: usize = 32_768;

fn truncated(mut message: String) -> String {
    while message.len() > MESSAGE_MAX {
        message.pop();
    }
    message
}
