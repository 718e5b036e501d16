//! What all reconciliations share.

use crate::{broker_admin::BrokerAdmins, metrics::Metrics};
use klamm_plan::cluster::Defaults;
use klamm_world::World;
use kube::{
    Client,
    runtime::events::{Recorder, Reporter},
};
use std::sync::Arc;

/// What all reconciliations share.
pub(crate) struct Context {
    /// Kubernetes.
    pub(crate) client: Client,
    /// Announces.
    pub(crate) recorder: Recorder,
    /// What a spec does not say.
    pub(crate) defaults: Defaults,
    /// Clock, randomness, network.
    pub(crate) world: World,
    /// Connections to brokers.
    pub(crate) admins: BrokerAdmins,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
}

/// The end-to-end tests go through faults with three; more are of the same kind.
const BROKERS_MAX: usize = 9;

impl Context {
    pub(crate) fn new(
        client: Client,
        registry: String,
        namespace: String,
        identity: String,
        metrics: Arc<Metrics>,
    ) -> Self {
        let reporter = Reporter { controller: "klamm-operator".to_owned(), instance: Some(identity) };
        let world = klamm_world::real::world();
        Self {
            recorder: Recorder::new(client.clone(), reporter),
            defaults: Defaults {
                version: env!("CARGO_PKG_VERSION").to_owned(),
                registry,
                namespace,
                brokers_max: BROKERS_MAX,
            },
            admins: BrokerAdmins::new(world.clone()),
            client,
            world,
            metrics,
        }
    }
}
