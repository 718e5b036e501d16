//! What this version serves of the contract; what it does not is refused by name, never ignored.

use super::ValidatedListener;
use crate::Refusal;
use k8s_openapi::{api::core::v1::ResourceRequirements, apimachinery::pkg::api::resource::Quantity};
use klamm_operator_api::{
    AuthenticationType, BalanceMode, ClusterSpec, Listener, ListenerType, Pool, Role, Storage,
};
use klamm_types::BrokerId;

/// The label that tells a rack when the spec does not say which.
pub(super) const ZONE: &str = "topology.kubernetes.io/zone";

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
    // Kubernetes copies these two onto the pods (1.35); for any other key nodes would have to be read
    let copied = |key: &String| [ZONE, "topology.kubernetes.io/region"].contains(&key.as_str());
    let other = spec.rack_key.as_ref().is_some_and(|key| !copied(key));
    refuse(other, "spec.rackKey", "topology.kubernetes.io/zone and topology.kubernetes.io/region")?;
    if let Some(authorization) = &spec.authorization {
        let some = authorization.enabled == Some(true) || authorization.super_users.is_some();
        refuse(some, "spec.authorization", "enabled: false, everyone may do everything")?;
    }
    if let Some(rollout) = &spec.rollout {
        refuse(
            rollout.strategy.is_some(),
            "spec.rollout.strategy",
            "brokers are restarted one at a time when a change needs it",
        )?;
        refuse(
            rollout.soak.is_some(),
            "spec.rollout.soak",
            "brokers are restarted one at a time when a change needs it",
        )?;
    }
    let balanced = spec.balance.as_ref().and_then(|balance| balance.mode);
    refuse(matches!(balanced, Some(BalanceMode::Auto | BalanceMode::Suggest)), "spec.balance.mode", "Off")?;
    let otlp = spec.metrics.as_ref().is_some_and(|metrics| metrics.otlp.is_some());
    refuse(otlp, "spec.metrics.otlp", "Prometheus, on port 9644 of every broker at /metrics")
}

/// The pools, or the default one.
pub(super) fn pools(spec: &ClusterSpec, brokers_max: usize) -> Result<Vec<Pool>, Refusal> {
    let pools = match spec.pools.as_deref().unwrap_or_default() {
        [] => vec![Pool { name: "brokers".to_owned(), ..Pool::default() }],
        pools => pools.to_vec(),
    };
    pools.iter().try_for_each(check_pool)?;
    if let (Some(pool), true) = (pools.iter().find(|pool| pool.first_id.is_none()), pools.len() > 1) {
        return Err(invalid(format!(
            "spec.pools[{}].firstId: every pool needs it once there are two",
            pool.name
        )));
    }
    for (index, pool) in pools.iter().enumerate() {
        let taken = pools[..index].iter().find(|other| ids(other).any(|id| ids(pool).any(|own| own == id)));
        if let Some(other) = taken {
            let message =
                format!("spec.pools[{}]: its ids are also those of the pool {}", pool.name, other.name);
            return Err(invalid(format!("{message}; choose firstId so that the ranges are apart")));
        }
    }
    match pools.iter().map(|pool| ids(pool).count()).sum::<usize>() {
        0 => Err(invalid("spec.pools: at least one pool needs replicas")),
        count if count > brokers_max => Err(Refusal::not_yet(
            format!("spec.pools: a Cluster of {count} brokers"),
            format!("up to {brokers_max} brokers"),
        )),
        _ => Ok(pools),
    }
}

fn check_pool(pool: &Pool) -> Result<(), Refusal> {
    let field = format!("spec.pools[{}]", pool.name);
    let both = |roles: &Vec<Role>| roles.contains(&Role::Broker) && roles.contains(&Role::Controller);
    let split = pool.roles.as_ref().is_some_and(|roles| !both(roles));
    refuse(split, &format!("{field}.roles"), "brokers that are controllers too, [broker, controller]")?;
    let grows = pool.storage.as_ref().is_some_and(|storage| storage.max_size.is_some());
    refuse(grows, &format!("{field}.storage.maxSize"), "a volume of fixed size, storage.size")?;
    let first = pool.first_id.unwrap_or_default();
    if !(0..=9999).contains(&first) {
        return Err(invalid(format!("{field}.firstId takes a number from 0 to 9999, not {first}")));
    }
    Ok(())
}

/// The ids of a pool's brokers.
pub(super) fn ids(pool: &Pool) -> impl Iterator<Item = BrokerId> {
    let first = pool.first_id.unwrap_or_default();
    (first..first + pool.replicas.unwrap_or(3)).map(BrokerId)
}

/// What cannot be changed once it is there.
pub(super) fn check_changes(pools: &[Pool], before: &[Pool]) -> Result<(), Refusal> {
    before.iter().try_for_each(|before| check_change(pools, before))
}

fn check_change(pools: &[Pool], before: &Pool) -> Result<(), Refusal> {
    let first = |pool: &Pool| pool.first_id.unwrap_or(0);
    let same = |pool: &&Pool| pool.name == before.name && first(pool) == first(before);
    let Some(pool) = pools.iter().find(same) else {
        let message = format!(
            "spec.pools: a pool was named {} with firstId {}; its brokers and their data would be gone under another name \
             or id",
            before.name,
            first(before)
        );
        return Err(Refusal::new("ImmutableField", message));
    };
    let (now, was) = (ids(pool).count(), ids(before).count());
    let fewer = format!("spec.pools[{}].replicas: {now}, when there are {was},", pool.name);
    refuse(now < was, &fewer, "as many or more: brokers are added, not taken away")?;
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
