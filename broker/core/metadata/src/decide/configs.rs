//! Settings of topics and brokers change.

use super::Refused;
use crate::{
    Image, Record, Resource, ResourceKind,
    config::{ConfigDef, ConfigError, Kind, Layers, Values, broker_def, check_topic, elements, topic_def},
};
use klamm_protocol::{ClearElrRecord, ConfigRecord, ErrorCode};
use klamm_types::{BrokerId, Str};

/// What to do with a setting (KIP-339), with Kafka's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Set it.
    Set = 0,
    /// Take it back: the next weaker value counts.
    Delete = 1,
    /// Add elements to a list.
    Append = 2,
    /// Take elements from a list.
    Subtract = 3,
}

impl Operation {
    /// The operation with Kafka's number.
    #[must_use]
    pub fn from_wire(number: i8) -> Option<Self> {
        [Operation::Set, Operation::Delete, Operation::Append, Operation::Subtract]
            .into_iter()
            .find(|operation| *operation as i8 == number)
    }
}

/// One change of a setting.
#[derive(Clone, Debug)]
pub struct Alteration {
    /// The setting.
    pub name: Str,
    /// What to do.
    pub operation: Operation,
    /// The value, where the operation has one.
    pub value: Option<Str>,
}

/// The records that change some settings of a resource and leave the others (IncrementalAlterConfigs). `file` is the broker's
/// file: what a list is appended to where nothing else is set.
///
/// # Errors
/// Kafka's codes for an unknown resource, a setting that cannot be changed, or a wrong value.
pub fn alter_configs(
    image: &Image,
    resource: &Resource,
    alterations: &[Alteration],
    file: &Values,
) -> Result<Vec<Record>, Refused> {
    check_resource(image, resource)?;
    let mut values = image.config(resource).clone();
    for (place, alteration) in alterations.iter().enumerate() {
        let name = &alteration.name;
        if alterations[..place].iter().any(|other| other.name == *name) {
            return Err(Refused::new(
                ErrorCode::InvalidRequest,
                format!("{name} is altered twice in one request"),
            ));
        }
        match altered(image, resource, alteration, file)? {
            Some(value) => values.insert(name.clone(), value),
            None => values.remove(name),
        };
    }
    let touched = alterations.iter().map(|alteration| &alteration.name);
    changed_to(image, resource, values, touched.collect::<Vec<_>>().as_slice())
}

/// The records that give a resource these settings and no others (the older AlterConfigs).
///
/// # Errors
/// As [`alter_configs`].
pub fn replace_configs(image: &Image, resource: &Resource, values: Values) -> Result<Vec<Record>, Refused> {
    check_resource(image, resource)?;
    for name in values.keys() {
        definition(resource, name)?.check_dynamic()?;
    }
    let touched: Vec<Str> = values.keys().cloned().collect();
    changed_to(image, resource, values, touched.iter().collect::<Vec<_>>().as_slice())
}

fn check_resource(image: &Image, resource: &Resource) -> Result<(), Refused> {
    let name = &resource.name;
    match resource.kind {
        ResourceKind::Topic if image.topic(name).is_none() => {
            Err(Refused::new(ErrorCode::UnknownTopicOrPartition, format!("there is no topic {name}")))
        }
        ResourceKind::Topic => Ok(()),
        ResourceKind::Broker if name.is_empty() => Ok(()),
        ResourceKind::Broker => {
            let id: i32 = name.parse().map_err(|_| {
                Refused::new(
                    ErrorCode::InvalidRequest,
                    format!("a broker is named by its id, or by nothing for all brokers, not by {name:?}"),
                )
            })?;
            let known = image.broker(BrokerId(id)).is_some();
            known.then_some(()).ok_or_else(|| {
                Refused::new(ErrorCode::BrokerIdNotRegistered, format!("there is no broker {id}"))
            })
        }
    }
}

fn definition(resource: &Resource, name: &str) -> Result<&'static ConfigDef, ConfigError> {
    match resource.kind {
        ResourceKind::Topic => topic_def(name),
        ResourceKind::Broker => broker_def(name),
    }
}

/// The value of a setting after an alteration; none when it is taken back.
fn altered(
    image: &Image,
    resource: &Resource,
    alteration: &Alteration,
    file: &Values,
) -> Result<Option<Str>, Refused> {
    let name = &alteration.name;
    // what an older version accepted must be removable
    if alteration.operation == Operation::Delete {
        return Ok(None);
    }
    let definition = definition(resource, name)?;
    definition.check_dynamic()?;
    let value = alteration.value.as_ref().ok_or_else(|| {
        Refused::new(
            ErrorCode::InvalidRequest,
            format!("{name} has no value: the operation DELETE takes it back"),
        )
    })?;
    if alteration.operation == Operation::Set {
        return Ok(Some(value.clone()));
    }
    if definition.kind != Kind::List {
        return Err(Refused::new(
            ErrorCode::InvalidConfig,
            format!("{name} is not a list: only lists are appended to and subtracted from"),
        ));
    }
    let current = current_value(image, resource, definition, file);
    let mut list: Vec<&str> = elements(&current).collect();
    if alteration.operation == Operation::Append {
        for element in elements(value) {
            if !list.contains(&element) {
                list.push(element);
            }
        }
    } else {
        list.retain(|element| !elements(value).any(|taken| taken == *element));
    }
    Ok(Some(Str::from(list.join(","))))
}

fn current_value(image: &Image, resource: &Resource, definition: &'static ConfigDef, file: &Values) -> Str {
    let own = image.config(resource);
    let all_brokers = image.config(&Resource::all_brokers());
    match resource.kind {
        ResourceKind::Topic => {
            Layers { broker: &Values::new(), all_brokers, file }.topic_value(definition, own)
        }
        ResourceKind::Broker => Layers { broker: own, all_brokers, file }.broker_value(definition),
    }
    .unwrap_or_default()
}

/// The records from what is set to `values`, once those are checked.
fn changed_to(
    image: &Image,
    resource: &Resource,
    values: Values,
    touched: &[&Str],
) -> Result<Vec<Record>, Refused> {
    for name in touched {
        if let Some(value) = values.get(*name) {
            definition(resource, name)?.check(value)?;
        }
    }
    if resource.kind == ResourceKind::Topic {
        check_topic(
            &values
                .iter()
                .filter(|(name, _)| topic_def(name).is_ok())
                .map(|(n, v)| (n.clone(), v.clone()))
                .collect(),
        )?;
    }
    let before = image.config(resource);
    let record = |name: &Str, value: Option<&Str>| {
        Record::from(ConfigRecord {
            resource_type: resource.kind.wire(),
            resource_name: resource.name.clone(),
            name: name.clone(),
            value: value.cloned(),
        })
    };
    let min_in_sync = Str::from_static("min.insync.replicas");
    // who is eligible was decided with another minimum (KIP-966)
    let clears =
        image.features.level(crate::ELR_VERSION) > 0 && before.get(&min_in_sync) != values.get(&min_in_sync);
    let topic_name =
        if resource.kind == ResourceKind::Topic { resource.name.clone() } else { Str::default() };
    let cleared = clears.then(|| Record::from(ClearElrRecord { topic_name }));
    let removed = before.keys().filter(|name| !values.contains_key(*name)).map(|name| record(name, None));
    let set = values.iter().filter(|(name, value)| before.get(*name) != Some(value));
    Ok(removed.chain(set.map(|(name, value)| record(name, Some(value)))).chain(cleared).collect())
}
