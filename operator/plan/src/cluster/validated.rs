//! A Cluster's spec, checked and with the defaults filled in: inside of the plan only valid things exist.

use super::{Names, broker_config};
use crate::{Refusal, kafka_settings};
use k8s_openapi::api::core::v1::ResourceRequirements;
use klamm_operator_api::{Cluster, ClusterSpec, OnDelete, Pool, Storage, annotation};
use klamm_types::BrokerId;
use std::collections::BTreeMap;

mod limits;
mod template;

pub(crate) use template::merge;

/// What a Cluster shall be.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidatedCluster {
    /// Its names.
    pub names: Names,
    /// The object's uid: what is made is owned by it.
    pub uid: String,
    /// The version of Klamm.
    pub version: String,
    /// The brokers' image.
    pub image: String,
    /// The pools.
    pub pools: Vec<ValidatedPool>,
    /// Where clients connect.
    pub listeners: Vec<ValidatedListener>,
    /// Changes wait.
    pub rollout_paused: bool,
    /// Any new value restarts the brokers.
    pub restart: Option<String>,
    /// Where the operator runs.
    pub operator_namespace: String,
    /// The label that tells a broker's rack.
    pub rack_key: String,
    /// The spec that all this was made of, with the version that was chosen.
    pub accepted: ClusterSpec,
}

/// A pool, with defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct ValidatedPool {
    /// Its name.
    pub name: String,
    /// The ids of its brokers, in order.
    pub brokers: Vec<BrokerId>,
    /// The volume of each.
    pub storage: ValidatedStorage,
    /// What each may take.
    pub resources: ResourceRequirements,
    /// Merged into the pods' template.
    pub template: serde_json::Value,
    /// The settings of each broker.
    pub settings: BTreeMap<BrokerId, BTreeMap<String, String>>,
}

/// A volume, with defaults.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatedStorage {
    /// How large.
    pub size: String,
    /// The StorageClass, when it is not the default one.
    pub class: Option<String>,
    /// What becomes of it.
    pub on_delete: OnDelete,
}

/// A listener inside the Kubernetes cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValidatedListener {
    /// Its name.
    pub name: String,
    /// Its port.
    pub port: i32,
}

/// What the operator has when the spec says nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defaults {
    /// The operator's own version.
    pub version: String,
    /// Where images come from, e.g. registry.example.com/klamm.
    pub registry: String,
    /// The operator's own namespace: from there it reaches the brokers.
    pub namespace: String,
    /// As many brokers as the program klamm-broker can be of one cluster.
    pub brokers_max: usize,
}

impl ValidatedCluster {
    /// Checks `spec`, which is the Cluster's or one that was accepted before.
    ///
    /// # Errors
    /// Names the first field that is wrong or not served.
    pub fn new(
        cluster: &Cluster,
        spec: &ClusterSpec,
        accepted: Option<&ClusterSpec>,
        defaults: &Defaults,
    ) -> Result<Self, Refusal> {
        let names = names(cluster);
        limits::check_name(&names.cluster)?;
        limits::check_spec(spec)?;
        let version = version(spec, accepted, defaults)?;
        let listeners = limits::listeners(spec)?;
        let pools = limits::pools(spec, defaults.brokers_max)?;
        if let Some(before) = accepted {
            limits::check_changes(&pools, &limits::pools(before, defaults.brokers_max)?)?;
        }
        let hosts = |pool: &Pool| limits::ids(pool).map(|id| names.controller_host(&pool.name, id)).collect();
        let controllers = pools.iter().flat_map::<Vec<String>, _>(hosts).collect::<Vec<_>>();
        let pools = pools.iter().map(|pool| validated_pool(&names, spec, pool, &listeners, &controllers));
        let image = spec.image.clone();
        Ok(Self {
            image: image.unwrap_or_else(|| format!("{}/klamm-broker:{version}", defaults.registry)),
            pools: pools.collect::<Result<_, _>>()?,
            uid: cluster.metadata.uid.clone().unwrap_or_default(),
            rollout_paused: spec.rollout.as_ref().and_then(|rollout| rollout.pause).unwrap_or_default(),
            restart: cluster
                .metadata
                .annotations
                .as_ref()
                .and_then(|all| all.get(annotation::RESTART).cloned()),
            rack_key: spec.rack_key.clone().unwrap_or_else(|| limits::ZONE.to_owned()),
            operator_namespace: defaults.namespace.clone(),
            accepted: ClusterSpec { version: Some(version.clone()), ..spec.clone() },
            names,
            version,
            listeners,
        })
    }

    /// All brokers, with their pools.
    pub fn brokers(&self) -> impl Iterator<Item = (&ValidatedPool, BrokerId)> {
        self.pools.iter().flat_map(|pool| pool.brokers.iter().map(move |id| (pool, *id)))
    }
}

/// The names within `cluster`.
#[must_use]
pub fn names(cluster: &Cluster) -> Names {
    Names {
        namespace: cluster.metadata.namespace.clone().unwrap_or_default(),
        cluster: cluster.metadata.name.clone().unwrap_or_default(),
    }
}

/// Chosen when the Cluster is made and kept: an operator's upgrade rolls nothing.
fn version(
    spec: &ClusterSpec,
    accepted: Option<&ClusterSpec>,
    defaults: &Defaults,
) -> Result<String, Refusal> {
    let kept = accepted.and_then(|before| before.version.clone());
    let version = spec.version.clone().or(kept).unwrap_or_else(|| defaults.version.clone());
    let is_tag = |text: &str| {
        !text.is_empty()
            && text.chars().all(|letter| letter.is_ascii_alphanumeric() || "._-".contains(letter))
    };
    if is_tag(&version) {
        Ok(version)
    } else {
        let message = format!("spec.version: {version:?} is no version; for example {}", defaults.version);
        Err(Refusal::new("InvalidSpec", message))
    }
}

fn validated_pool(
    names: &Names,
    spec: &ClusterSpec,
    pool: &Pool,
    listeners: &[ValidatedListener],
    controllers: &[String],
) -> Result<ValidatedPool, Refusal> {
    let field = format!("spec.pools[{}]", pool.name);
    let mut config = kafka_settings::text("spec.config", spec.config.as_ref())?;
    config.extend(kafka_settings::text(&format!("{field}.config"), pool.config.as_ref())?);
    let brokers: Vec<BrokerId> = limits::ids(pool).collect();
    let mut settings = BTreeMap::new();
    for id in &brokers {
        let all = broker_config::settings(names, &pool.name, *id, listeners, &config, controllers);
        kafka_settings::check_broker("spec.config", &all)?;
        settings.insert(*id, all);
    }
    Ok(ValidatedPool {
        name: pool.name.clone(),
        brokers,
        storage: validated_storage(pool.storage.as_ref()),
        resources: pool.resources.clone().unwrap_or_else(limits::default_resources),
        template: template::checked(&field, pool.template.as_ref().map(|template| &template.0))?,
        settings,
    })
}

fn validated_storage(storage: Option<&Storage>) -> ValidatedStorage {
    let storage = storage.cloned().unwrap_or_default();
    ValidatedStorage {
        size: storage.size.unwrap_or_else(|| "10Gi".to_owned()),
        class: storage.class,
        on_delete: storage.on_delete.unwrap_or(OnDelete::Retain),
    }
}
