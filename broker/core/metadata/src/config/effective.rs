//! Which value counts, and where it comes from, as DescribeConfigs tells it (KIP-226).

use super::{ConfigDef, TOPIC, broker_definitions};
use klamm_types::Str;
use std::collections::BTreeMap;

/// Settings that somebody set, by name.
pub type Values = BTreeMap<Str, Str>;

/// Where a value comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// Set on the topic.
    Topic,
    /// Set on this broker while it ran.
    Broker,
    /// Set on all brokers while they ran.
    AllBrokers,
    /// The broker's file.
    File,
    /// Nobody set it.
    Default,
}

impl Source {
    /// The number of the source in DescribeConfigs.
    #[must_use]
    pub const fn wire(self) -> i8 {
        match self {
            Source::Topic => 1,
            Source::Broker => 2,
            Source::AllBrokers => 3,
            Source::File => 4,
            Source::Default => 5,
        }
    }
}

/// What a broker's settings are made of, the strongest first.
#[derive(Clone, Copy, Debug)]
pub struct Layers<'a> {
    /// Set on this broker while it ran.
    pub broker: &'a Values,
    /// Set on all brokers while they ran.
    pub all_brokers: &'a Values,
    /// The broker's file.
    pub file: &'a Values,
}

/// One of the values behind the one that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SynonymValue {
    /// The setting's name: a broker's where a topic's is asked for.
    pub name: Str,
    /// Its value; none where it is not to be shown.
    pub value: Option<Str>,
    /// Where it comes from.
    pub source: Source,
}

/// One setting as DescribeConfigs tells it.
#[derive(Clone, Debug)]
pub struct Described {
    /// Its definition.
    pub definition: &'static ConfigDef,
    /// The value that counts; none where there is none, or where it is not to be shown.
    pub value: Option<Str>,
    /// Where it comes from.
    pub source: Source,
    /// All values, the one that counts first.
    pub synonyms: Vec<SynonymValue>,
}

impl Layers<'_> {
    fn in_order(&self) -> [(Source, &Values); 3] {
        [(Source::Broker, self.broker), (Source::AllBrokers, self.all_brokers), (Source::File, self.file)]
    }

    /// The value of the topic's setting that counts, and where it comes from, without the descriptions around it.
    #[must_use]
    pub fn topic_value(&self, definition: &'static ConfigDef, topic: &Values) -> Option<Str> {
        topic.get(definition.name).cloned().or_else(|| {
            let set = self.in_order().into_iter().find_map(|(_, values)| {
                definition
                    .synonyms
                    .iter()
                    .find_map(|synonym| scaled(values.get(synonym.name)?, synonym.factor))
            });
            set.or_else(|| definition.default.map(Str::from_static))
        })
    }

    /// The value of the broker's setting that counts.
    #[must_use]
    pub fn broker_value(&self, definition: &'static ConfigDef) -> Option<Str> {
        let set = self.in_order().into_iter().find_map(|(_, values)| values.get(definition.name).cloned());
        set.or_else(|| definition.default.map(Str::from_static))
    }

    /// All settings of a topic.
    #[must_use]
    pub fn describe_topic(&self, topic: &Values) -> Vec<Described> {
        TOPIC.iter().map(|definition| self.describe_topic_setting(definition, topic)).collect()
    }

    fn describe_topic_setting(&self, definition: &'static ConfigDef, topic: &Values) -> Described {
        let mut synonyms = Vec::new();
        if let Some(value) = topic.get(definition.name) {
            synonyms.push(shown(definition, definition.name, value, Source::Topic));
        }
        let broker_names = definition.synonyms.iter().map(|synonym| synonym.name);
        self.add_values(definition, broker_names.clone(), &mut synonyms);
        for behind in broker_names.filter_map(|name| super::broker_def(name).ok()) {
            if let Some(default) = behind.default {
                synonyms.push(shown(definition, behind.name, &Str::from_static(default), Source::Default));
            }
        }
        Described {
            definition,
            value: self.topic_value(definition, topic),
            source: synonyms.first().map_or(Source::Default, |first| first.source),
            synonyms,
        }
    }

    /// All settings of a broker.
    #[must_use]
    pub fn describe_broker(&self) -> Vec<Described> {
        broker_definitions().map(|definition| self.describe_broker_setting(definition)).collect()
    }

    fn describe_broker_setting(&self, definition: &'static ConfigDef) -> Described {
        let mut synonyms = Vec::new();
        self.add_values(definition, std::iter::once(definition.name), &mut synonyms);
        if let Some(default) = definition.default {
            synonyms.push(shown(definition, definition.name, &Str::from_static(default), Source::Default));
        }
        let first = synonyms.first();
        Described {
            definition,
            source: first.map_or(Source::Default, |first| first.source),
            value: self.broker_value(definition).filter(|_| !definition.is_sensitive()),
            synonyms,
        }
    }

    fn add_values(
        &self,
        definition: &'static ConfigDef,
        names: impl Iterator<Item = &'static str> + Clone,
        synonyms: &mut Vec<SynonymValue>,
    ) {
        for (source, values) in self.in_order() {
            let set =
                names.clone().filter_map(|name| Some(shown(definition, name, values.get(name)?, source)));
            synonyms.extend(set);
        }
    }
}

fn shown(definition: &ConfigDef, name: &'static str, value: &Str, source: Source) -> SynonymValue {
    let value = (!definition.is_sensitive()).then(|| value.clone());
    SynonymValue { name: Str::from_static(name), value, source }
}

fn scaled(value: &Str, factor: i64) -> Option<Str> {
    if factor == 1 {
        return Some(value.clone());
    }
    let number: i64 = value.trim().parse().ok()?;
    // Kafka: a negative retention in hours or minutes is "for ever" in milliseconds too
    Some(Str::from(if number < 0 { -1 } else { number.saturating_mul(factor) }.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(pairs: &[(&str, &str)]) -> Values {
        pairs.iter().map(|(name, value)| (Str::from(*name), Str::from(*value))).collect()
    }

    #[test]
    fn the_strongest_layer_counts() {
        let check = |topic: &[(&str, &str)],
                     broker: &[(&str, &str)],
                     all: &[(&str, &str)],
                     file: &[(&str, &str)],
                     expected: (&str, Source)| {
            let (topic, broker, all_brokers, file) =
                (values(topic), values(broker), values(all), values(file));
            let layers = Layers { broker: &broker, all_brokers: &all_brokers, file: &file };
            let all = layers.describe_topic(&topic);
            let found =
                all.iter().find(|one| one.definition.name == "retention.ms").expect("it is in the table");
            assert_eq!((found.value.as_deref(), found.source), (Some(expected.0), expected.1));
        };
        check(&[], &[], &[], &[], ("604800000", Source::Default));
        check(&[], &[], &[], &[("log.retention.hours", "1")], ("3600000", Source::File));
        check(
            &[],
            &[],
            &[],
            &[("log.retention.hours", "1"), ("log.retention.minutes", "1")],
            ("60000", Source::File),
        );
        check(&[], &[], &[], &[("log.retention.hours", "-1")], ("-1", Source::File));
        check(
            &[],
            &[],
            &[("log.retention.ms", "7")],
            &[("log.retention.hours", "1")],
            ("7", Source::AllBrokers),
        );
        check(&[], &[("log.retention.ms", "8")], &[("log.retention.ms", "7")], &[], ("8", Source::Broker));
        check(&[("retention.ms", "9")], &[("log.retention.ms", "8")], &[], &[], ("9", Source::Topic));
    }

    #[test]
    fn synonyms_are_listed_as_kafka_lists_them() {
        let (none, file) = (values(&[]), values(&[("log.retention.hours", "1")]));
        let layers = Layers { broker: &none, all_brokers: &none, file: &file };
        let all = layers.describe_topic(&values(&[("retention.ms", "9")]));
        let found = all.iter().find(|one| one.definition.name == "retention.ms").expect("it is in the table");
        let listed: Vec<(&str, &str, Source)> = found
            .synonyms
            .iter()
            .map(|s| (s.name.as_str(), s.value.as_deref().unwrap_or(""), s.source))
            .collect();
        assert_eq!(
            listed,
            [
                ("retention.ms", "9", Source::Topic),
                ("log.retention.hours", "1", Source::File),
                ("log.retention.hours", "168", Source::Default)
            ]
        );
    }

    #[test]
    fn every_synonym_is_a_setting_of_brokers() {
        for definition in TOPIC {
            for synonym in definition.synonyms {
                assert!(
                    super::super::broker_def(synonym.name).is_ok(),
                    "{} of {}",
                    synonym.name,
                    definition.name
                );
            }
        }
    }

    #[test]
    fn every_setting_is_defined_once() {
        let check = |names: Vec<&str>| {
            let once: std::collections::BTreeSet<_> = names.iter().collect();
            assert_eq!(once.len(), names.len(), "{names:?}");
        };
        check(TOPIC.iter().map(|definition| definition.name).collect());
        check(broker_definitions().map(|definition| definition.name).collect());
    }

    #[test]
    fn every_default_is_a_value() {
        for definition in TOPIC.iter().chain(broker_definitions()).filter(|definition| !definition.required) {
            if let Some(default) = definition.default {
                assert_eq!(definition.check(default), Ok(()), "{}", definition.name);
            }
        }
    }
}
