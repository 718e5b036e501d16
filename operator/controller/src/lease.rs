//! One active operator: a Lease that is renewed while it is held.
//!
//! Who waits believes its own clock only: the Lease is free once it has not changed for its whole duration.

use k8s_openapi::{
    api::coordination::v1::{Lease as Object, LeaseSpec},
    apimachinery::pkg::apis::meta::v1::MicroTime,
    jiff::Timestamp,
};
use kube::{
    Api, Client,
    api::{DeleteParams, ObjectMeta, PostParams},
};
use std::time::Duration;
use tokio::time::Instant;
use tracing::{info, warn};

const NAME: &str = "klamm-operator";
/// A holder that is silent for so long has lost it.
const DURATION: Duration = Duration::from_secs(15);
/// Renewed a few times within the duration.
const RENEW_EVERY: Duration = Duration::from_secs(4);
/// The holder gives up before another may begin.
const GIVE_UP_AFTER: Duration = Duration::from_secs(12);
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The Lease of this process.
pub(crate) struct Lease {
    api: Api<Object>,
    namespace: String,
    identity: String,
}

impl Lease {
    pub(crate) fn new(client: Client, namespace: String, identity: String) -> Self {
        Self { api: Api::namespaced(client, &namespace), namespace, identity }
    }

    /// Waits until it is held.
    pub(crate) async fn acquire(&self) {
        let mut seen: Option<(Option<String>, Instant)> = None;
        loop {
            match self.try_acquire(&mut seen).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => warn!(%error, lease = NAME, "cannot ask for the Lease"),
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn try_acquire(&self, seen: &mut Option<(Option<String>, Instant)>) -> Result<bool, kube::Error> {
        let Some(lease) = self.api.get_opt(NAME).await? else {
            let metadata = ObjectMeta {
                name: Some(NAME.to_owned()),
                namespace: Some(self.namespace.clone()),
                ..ObjectMeta::default()
            };
            let lease = Object { metadata, spec: Some(self.spec(None)) };
            return Ok(self.api.create(&PostParams::default(), &lease).await.is_ok());
        };
        let version = lease.metadata.resource_version.clone();
        if seen.as_ref().map(|(seen, _)| seen) != Some(&version) {
            *seen = Some((version, Instant::now()));
        }
        let silent = seen.as_ref().is_some_and(|(_, since)| since.elapsed() > DURATION);
        let holder = holder(&lease);
        if !(holder.is_empty() || holder == self.identity || silent) {
            return Ok(false);
        }
        info!(before = holder, identity = self.identity, "taking the Lease");
        Ok(self.take(lease).await.is_ok())
    }

    /// Renews it; resolves with the holder's name once it is somebody else's.
    pub(crate) async fn keep(&self) -> String {
        let mut renewed = Instant::now();
        loop {
            tokio::time::sleep(RENEW_EVERY).await;
            let asked = tokio::time::timeout(RENEW_EVERY, self.renew()).await;
            match asked {
                Ok(Ok(None)) => renewed = Instant::now(),
                Ok(Ok(Some(other))) => return other,
                Ok(Err(error)) => warn!(%error, "cannot renew the Lease"),
                Err(_) => warn!("cannot renew the Lease in time"),
            }
            if renewed.elapsed() > GIVE_UP_AFTER {
                return "nobody: it could not be renewed in time".to_owned();
            }
        }
    }

    async fn renew(&self) -> Result<Option<String>, kube::Error> {
        let lease = self.api.get(NAME).await?;
        let holder = holder(&lease).to_owned();
        if holder != self.identity {
            return Ok(Some(holder));
        }
        self.take(lease).await.map(|_| None)
    }

    /// Lets another operator begin at once.
    pub(crate) async fn release(&self) {
        let Ok(mut lease) = self.api.get(NAME).await else { return };
        if holder(&lease) == self.identity {
            if let Some(spec) = &mut lease.spec {
                spec.holder_identity = Some(String::new());
            }
            let _ = self.api.replace(NAME, &PostParams::default(), &lease).await; // else it runs out
        }
    }

    /// Takes it out of Kubernetes, once nobody will need it any more.
    pub(crate) async fn delete(&self) {
        if let Err(error) = self.api.delete(NAME, &DeleteParams::default()).await {
            warn!(%error, lease = NAME, "the Lease is left");
        }
    }

    /// Fails when somebody changed it meanwhile: the object carries its version.
    async fn take(&self, mut lease: Object) -> Result<Object, kube::Error> {
        lease.spec = Some(self.spec(lease.spec.take()));
        self.api.replace(NAME, &PostParams::default(), &lease).await
    }

    fn spec(&self, before: Option<LeaseSpec>) -> LeaseSpec {
        let now = MicroTime(Timestamp::now());
        let before = before.unwrap_or_default();
        let mine = before.holder_identity.as_deref() == Some(&self.identity);
        let transitions = before.lease_transitions.unwrap_or_default();
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: Some(DURATION.as_secs() as i32),
            acquire_time: if mine { before.acquire_time } else { Some(now.clone()) },
            renew_time: Some(now),
            lease_transitions: Some(transitions + i32::from(!mine)),
            ..LeaseSpec::default()
        }
    }
}

fn holder(lease: &Object) -> &str {
    lease.spec.as_ref().and_then(|spec| spec.holder_identity.as_deref()).unwrap_or_default()
}
