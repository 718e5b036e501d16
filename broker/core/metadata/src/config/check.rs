//! Is this a setting, and does it take this value? If not: one sentence that names it and says what it takes.

use super::{ConfigDef, Kind, Scope, Served, Valid, broker, topic};
use thiserror::Error;

/// A key or a value is wrong. Its text is what the user reads.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ConfigError {
    /// There is no such setting.
    #[error("there is no {what} setting {name}{}", hint.map(|name| format!("; did you mean {name}?")).unwrap_or_default())]
    Unknown {
        /// "topic" or "broker".
        what: &'static str,
        /// The key.
        name: String,
        /// A setting whose name is close.
        hint: Option<&'static str>,
    },
    /// Kafka has the setting, Klamm does not do it yet.
    #[error("{name} is not served yet: {why}")]
    NotServed {
        /// The key.
        name: String,
        /// What Klamm does instead.
        why: &'static str,
    },
    /// The setting does not take this value.
    #[error("{name} takes {takes}, not {value:?}")]
    Value {
        /// The key.
        name: &'static str,
        /// What it takes.
        takes: String,
        /// The value.
        value: String,
    },
    /// Kafka takes the value, Klamm does not do it yet.
    #[error("{name}={value} is not served yet: {why}; it takes {}", takes.join(", "))]
    ValueNotServed {
        /// The key.
        name: &'static str,
        /// The value.
        value: String,
        /// What Klamm does instead.
        why: &'static str,
        /// What it takes.
        takes: &'static [&'static str],
    },
    /// The setting is for a broker's file.
    #[error(
        "{name} cannot be changed while the broker runs: set it in the broker's configuration and restart it"
    )]
    ReadOnly {
        /// The key.
        name: &'static str,
    },
    /// The broker's file lacks a setting.
    #[error("{name} is missing: it takes {takes}")]
    Missing {
        /// The key.
        name: &'static str,
        /// What it takes.
        takes: String,
    },
    /// Two settings contradict each other.
    #[error("{0}")]
    Together(String),
}

/// The topic's setting `name`.
///
/// # Errors
/// [`ConfigError`] when there is none.
pub fn topic_def(name: &str) -> Result<&'static ConfigDef, ConfigError> {
    find(topic::TOPIC.iter(), name, "topic")
}

/// The broker's setting `name`.
///
/// # Errors
/// [`ConfigError`] when there is none, or when Kafka has it and Klamm does not.
pub fn broker_def(name: &str) -> Result<&'static ConfigDef, ConfigError> {
    let found = find(broker::definitions(), name, "broker");
    match broker::NOT_SERVED.iter().find(|(prefix, _)| name.starts_with(prefix)) {
        Some((_, why)) if found.is_err() => Err(ConfigError::NotServed { name: name.to_owned(), why }),
        _ => found,
    }
}

fn find(
    mut definitions: impl Iterator<Item = &'static ConfigDef> + Clone,
    name: &str,
    what: &'static str,
) -> Result<&'static ConfigDef, ConfigError> {
    let near = definitions.clone();
    definitions.find(|definition| definition.name == name).ok_or_else(|| ConfigError::Unknown {
        what,
        name: name.to_owned(),
        hint: near
            .map(|definition| (distance(definition.name, name), definition.name))
            .min()
            .filter(|(distance, _)| *distance <= 3)
            .map(|(_, name)| name),
    })
}

/// How many letters differ (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in other.bytes().enumerate() {
            let substituted = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

impl ConfigDef {
    /// Whether the setting takes `value`.
    ///
    /// # Errors
    /// [`ConfigError`] that names it and says what it takes.
    pub fn check(&self, value: &str) -> Result<(), ConfigError> {
        let value = value.trim();
        if !self.takes_value(value) {
            let shown = if self.is_sensitive() { "[hidden]" } else { value };
            return Err(ConfigError::Value { name: self.name, takes: self.takes(), value: shown.to_owned() });
        }
        match self.served {
            Served::Only(takes, why) if !takes.iter().any(|taken| taken.eq_ignore_ascii_case(value)) => {
                Err(ConfigError::ValueNotServed { name: self.name, value: value.to_owned(), why, takes })
            }
            _ => Ok(()),
        }
    }

    /// Whether it may be changed while brokers run.
    ///
    /// # Errors
    /// [`ConfigError::ReadOnly`].
    pub fn check_dynamic(&self) -> Result<(), ConfigError> {
        match self.scope {
            Scope::ReadOnly => Err(ConfigError::ReadOnly { name: self.name }),
            _ => Ok(()),
        }
    }

    fn takes_value(&self, value: &str) -> bool {
        match self.kind {
            Kind::Boolean => value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("false"),
            Kind::Int => value.parse::<i32>().is_ok_and(|number| self.valid.takes_number(number.into())),
            Kind::Short => value.parse::<i16>().is_ok_and(|number| self.valid.takes_number(number.into())),
            Kind::Long => value.parse::<i64>().is_ok_and(|number| self.valid.takes_number(number)),
            Kind::Double => value.parse::<f64>().is_ok_and(|number| self.valid.takes_double(number)),
            Kind::List => self.valid.takes_list(value),
            Kind::String | Kind::Class | Kind::Password => self.valid.takes_text(value),
        }
    }

    /// What it takes, in words.
    #[must_use]
    pub fn takes(&self) -> String {
        let noun = match self.kind {
            Kind::Boolean => return "true or false".to_owned(),
            Kind::Int | Kind::Short | Kind::Long => "a whole number",
            Kind::Double => "a number",
            Kind::List => "a list with commas",
            Kind::String | Kind::Password => "text",
            Kind::Class => "the name of a class",
        };
        let limit = match (self.kind, self.valid) {
            (Kind::Int, Valid::Any) => format!(" from {} to {}", i32::MIN, i32::MAX),
            (Kind::Int, Valid::From(low)) => format!(" from {low} to {}", i32::MAX),
            (Kind::Short, Valid::From(low)) => format!(" from {low} to {}", i16::MAX),
            (_, Valid::Any) => String::new(),
            (_, Valid::From(low)) => format!(" from {low} on"),
            (_, Valid::Between(low, high)) => format!(" from {low} to {high}"),
            (_, Valid::BetweenOr(low, high, other)) => format!(" from {low} to {high}, or {other}"),
            (Kind::List, Valid::OneOf(texts)) => format!(" of {}", texts.join(", ")),
            (_, Valid::OneOf(texts) | Valid::OneOfAnyCase(texts)) => return texts.join(", "),
            (_, Valid::Check(_, words)) => return words.to_owned(),
        };
        format!("{noun}{limit}")
    }
}

impl Valid {
    fn takes_number(&self, number: i64) -> bool {
        match *self {
            Valid::From(low) => number >= low,
            Valid::Between(low, high) => (low..=high).contains(&number),
            Valid::BetweenOr(low, high, other) => (low..=high).contains(&number) || number == other,
            _ => true,
        }
    }

    // the bounds of Kafka's doubles are whole and small, so that the conversions are exact
    #[allow(clippy::cast_precision_loss)]
    fn takes_double(&self, number: f64) -> bool {
        match *self {
            Valid::From(low) => number >= low as f64,
            Valid::Between(low, high) => (low as f64..=high as f64).contains(&number),
            _ => !number.is_nan(),
        }
    }

    fn takes_text(&self, text: &str) -> bool {
        match self {
            Valid::OneOf(texts) => texts.contains(&text),
            Valid::OneOfAnyCase(texts) => texts.iter().any(|one| one.eq_ignore_ascii_case(text)),
            Valid::Check(takes, _) => takes(text),
            _ => true,
        }
    }

    fn takes_list(&self, value: &str) -> bool {
        let elements: Vec<&str> = elements(value).collect();
        match self {
            Valid::OneOf(texts) => elements
                .iter()
                .enumerate()
                .all(|(i, one)| texts.contains(one) && !elements[..i].contains(one)),
            Valid::Check(takes, _) => takes(value),
            _ => true,
        }
    }
}

/// The elements of a list's value.
pub fn elements(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|element| !element.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(definition: Result<&ConfigDef, ConfigError>, value: &str, expected: &str) {
        let said = definition
            .and_then(|definition| definition.check(value))
            .map_or_else(|e| e.to_string(), |()| String::new());
        assert_eq!(said, expected);
    }

    #[test]
    fn a_wrong_key_or_value_is_one_sentence() {
        check(topic_def("retention.ms"), "-1", "");
        check(topic_def("retention.ms"), "-2", "retention.ms takes a whole number from -1 on, not \"-2\"");
        check(
            topic_def("retention.ms"),
            "a day",
            "retention.ms takes a whole number from -1 on, not \"a day\"",
        );
        check(
            topic_def("segment.bytes"),
            "9999999999",
            "segment.bytes takes a whole number from 1048576 to 2147483647, not \"9999999999\"",
        );
        check(
            topic_def("retentoin.ms"),
            "1",
            "there is no topic setting retentoin.ms; did you mean retention.ms?",
        );
        check(topic_def("colour"), "1", "there is no topic setting colour");
        check(topic_def("cleanup.policy"), "compact, delete", "");
        check(
            topic_def("cleanup.policy"),
            "compact,compact",
            "cleanup.policy takes a list with commas of compact, delete, not \"compact,compact\"",
        );
        check(
            topic_def("min.cleanable.dirty.ratio"),
            "1.5",
            "min.cleanable.dirty.ratio takes a number from 0 to 1, not \"1.5\"",
        );
        check(topic_def("preallocate"), "yes", "preallocate takes true or false, not \"yes\"");
        check(
            topic_def("compression.type"),
            "zstd",
            "compression.type=zstd is not served yet: batches are kept as their producers compressed them; it takes producer",
        );
        check(
            topic_def("compression.type"),
            "lzma",
            "compression.type takes uncompressed, zstd, lz4, snappy, gzip, producer, not \"lzma\"",
        );
        check(broker_def("num.io.threads"), "16", "");
        check(
            broker_def("sasl.jaas.config"),
            "…",
            "sasl.jaas.config is not served yet: listeners have no SASL authentication",
        );
        let selector = broker_def("replica.selector.class");
        check(selector.clone(), "org.apache.kafka.common.replica.RackAwareReplicaSelector", "");
        check(
            selector,
            "com.example.Mine",
            "replica.selector.class=com.example.Mine is not served yet: Klamm loads no Java classes; it takes org.apache.kafka.common.replica.RackAwareReplicaSelector",
        );
        check(broker_def("node.idd"), "…", "there is no broker setting node.idd; did you mean node.id?");
    }
}
