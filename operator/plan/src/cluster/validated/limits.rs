//! What this version serves of the contract; what it does not is refused by name, never ignored.

use super::ValidatedListener;
use crate::Refusal;
use k8s_openapi::{api::core::v1::ResourceRequirements, apimachinery::pkg::api::resource::Quantity};
use klamm_operator_api::{
    AuthenticationType, BalanceMode, ClusterSpec, Listener, ListenerType, Pool, Role, Storage,
};
use klamm_types::BrokerId;

const ONE_BROKER: &str = "one broker, pools: [{name: brokers, replicas: 1}]";

/// The same as the rule in the CRD, for `klamm up` and for objects older than the rule.
pub(super) fn check_name(name: &str) -> Result<(), Refusal> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.len() <= 30 && name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(letter) {
        return Ok(());
    }
    Err(invalid("metadata.name: at most 30 lower-case letters, digits and hyphens, beginning with a letter"))
}

/// Fields beside pools and listeners.
pub(super) fn check_spec(spec: &ClusterSpec) -> Result<(), Refusal> {
    refuse(spec.rack_key.is_some(), "spec.rackKey", "one broker, which has no racks to be spread over")?;
    if let Some(authorization) = &spec.authorization {
        let some = authorization.enabled == Some(true) || authorization.super_users.is_some();
        refuse(some, "spec.authorization", "enabled: false, everyone may do everything")?;
    }
    if let Some(rollout) = &spec.rollout {
        refuse(
            rollout.strategy.is_some(),
            "spec.rollout.strategy",
            "one broker, restarted when a change needs it",
        )?;
        refuse(rollout.soak.is_some(), "spec.rollout.soak", "one broker, restarted when a change needs it")?;
    }
    let balanced = spec.balance.as_ref().and_then(|balance| balance.mode);
    refuse(matches!(balanced, Some(BalanceMode::Auto | BalanceMode::Suggest)), "spec.balance.mode", "Off")?;
    let otlp = spec.metrics.as_ref().is_some_and(|metrics| metrics.otlp.is_some());
    refuse(otlp, "spec.metrics.otlp", "Prometheus, on port 9644 of every broker at /metrics")
}

/// The only pool.
pub(super) fn the_pool(spec: &ClusterSpec) -> Result<&Pool, Refusal> {
    let pools = spec.pools.as_deref().unwrap_or_default();
    let pool = match pools {
        [] => {
            return Err(Refusal::not_yet(
                "spec.pools: a Cluster of three brokers, which is the default,",
                ONE_BROKER,
            ));
        }
        [pool] => pool,
        _ => {
            return Err(Refusal::not_yet(
                format!("spec.pools: a Cluster of {} pools", pools.len()),
                ONE_BROKER,
            ));
        }
    };
    let field = format!("spec.pools[{}]", pool.name);
    let replicas = pool.replicas.unwrap_or(3);
    refuse(replicas != 1, &format!("{field}.replicas: {replicas}"), ONE_BROKER)?;
    let both = |roles: &Vec<Role>| roles.contains(&Role::Broker) && roles.contains(&Role::Controller);
    let split = pool.roles.as_ref().is_some_and(|roles| !both(roles));
    refuse(split, &format!("{field}.roles"), "brokers that are controllers too, [broker, controller]")?;
    let grows = pool.storage.as_ref().is_some_and(|storage| storage.max_size.is_some());
    refuse(grows, &format!("{field}.storage.maxSize"), "a volume of fixed size, storage.size")?;
    let first = pool.first_id.unwrap_or_default();
    if !(0..=9999).contains(&first) {
        return Err(invalid(format!("{field}.firstId takes a number from 0 to 9999, not {first}")));
    }
    Ok(pool)
}

/// The ids of a pool's brokers.
pub(super) fn ids(pool: &Pool) -> impl Iterator<Item = BrokerId> {
    let first = pool.first_id.unwrap_or_default();
    (first..first + pool.replicas.unwrap_or(3)).map(BrokerId)
}

/// What cannot be changed once it is there.
pub(super) fn check_change(pool: &Pool, before: &Pool) -> Result<(), Refusal> {
    if pool.name != before.name || pool.first_id.unwrap_or(0) != before.first_id.unwrap_or(0) {
        let message = format!(
            "spec.pools: the pool was named {} with firstId {}; its brokers and their data would be gone under another \
             name or id",
            before.name,
            before.first_id.unwrap_or(0)
        );
        return Err(Refusal::new("ImmutableField", message));
    }
    let volume = |pool: &Pool| {
        let storage = pool.storage.clone().unwrap_or_default();
        Storage { size: storage.size.or_else(|| Some("10Gi".to_owned())), on_delete: None, ..storage }
    };
    let field = format!("spec.pools[{}].storage: changing size or class of a volume that exists", pool.name);
    let served = format!("the size that it has, {}", volume(before).size.unwrap_or_default());
    refuse(volume(pool) != volume(before), &field, &served)
}

/// The listeners, or the default one.
pub(super) fn listeners(spec: &ClusterSpec) -> Result<Vec<ValidatedListener>, Refusal> {
    let Some(listeners) = &spec.listeners else {
        return Ok(vec![ValidatedListener { name: "plain".to_owned(), port: 9092 }]);
    };
    listeners.iter().map(listener).collect()
}

fn listener(listener: &Listener) -> Result<ValidatedListener, Refusal> {
    let field = |name: &str| format!("spec.listeners[{}].{name}", listener.name);
    let plain = "type: internal without TLS and authentication";
    let external = !matches!(listener.kind, None | Some(ListenerType::Internal));
    refuse(external, &field("type"), plain)?;
    let tls =
        listener.tls.as_ref().is_some_and(|tls| tls.enabled == Some(true) || tls.certificate_ref.is_some());
    refuse(tls, &field("tls"), plain)?;
    let kind = listener.authentication.as_ref().map(|authentication| authentication.kind);
    refuse(!matches!(kind, None | Some(AuthenticationType::None)), &field("authentication"), plain)?;
    refuse(
        listener.advertised.is_some(),
        &field("advertised"),
        "the broker's Service, <cluster>-<pool>-<id>",
    )?;
    if ["bootstrap", "brokers", "controller"].contains(&listener.name.as_str()) {
        return Err(invalid(format!(
            "{}: bootstrap, brokers and controller are Klamm's own names",
            field("name")
        )));
    }
    if !(9000..=65535).contains(&listener.port) || [9090, 9091, 9190, 9644].contains(&listener.port) {
        let message = format!("{} takes 9000 to 65535 but 9090, 9091, 9190 and 9644", field("port"));
        return Err(invalid(message));
    }
    Ok(ValidatedListener { name: listener.name.clone(), port: listener.port })
}

/// Enough for a small cluster. No limit on CPU: throttling shows as latency.
pub(super) fn default_resources() -> ResourceRequirements {
    let quantities = |pairs: &[(&str, &str)]| {
        Some(
            pairs.iter().map(|(name, amount)| ((*name).to_owned(), Quantity((*amount).to_owned()))).collect(),
        )
    };
    ResourceRequirements {
        requests: quantities(&[("cpu", "250m"), ("memory", "512Mi")]),
        limits: quantities(&[("memory", "1Gi")]),
        ..ResourceRequirements::default()
    }
}

fn refuse(refused: bool, field: &str, served: &str) -> Result<(), Refusal> {
    if refused { Err(Refusal::not_yet(field, served)) } else { Ok(()) }
}

fn invalid(message: impl Into<String>) -> Refusal {
    Refusal::new("InvalidSpec", message)
}
