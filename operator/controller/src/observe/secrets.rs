//! The Cluster's authorities, and for whom its brokers' certificates were made.

use super::cluster::is_ours;
use crate::{
    certificates::{self, Pair},
    context::Context,
    error::{During, Error},
};
use k8s_openapi::api::core::v1::Secret;
use klamm_plan::{
    HASH_ANNOTATION,
    cluster::{Authority, Names},
};
use kube::{Api, ResourceExt};
use std::collections::BTreeSet;

/// The authorities of a Cluster, as far as they are there.
#[derive(Default)]
pub(crate) struct Authorities {
    /// Key and certificate of the cluster's CA.
    pub(crate) cluster: Option<Pair>,
    /// Key and certificate of the clients' CA.
    pub(crate) clients: Option<Pair>,
}

impl Authorities {
    /// Those that are whole.
    pub(super) fn complete(&self) -> BTreeSet<Authority> {
        let cluster = self.cluster.as_ref().map(|_| Authority::Cluster);
        let clients = self.clients.as_ref().map(|_| Authority::Clients);
        cluster.into_iter().chain(clients).collect()
    }

    /// A certificate with which the operator speaks to this Cluster. It is made anew each time and stored nowhere: who
    /// could read it could read the authority's key, too.
    pub(crate) fn operator(&self, names: &Names) -> Result<Pair, Error> {
        let missing = || Error::Unreadable(format!("Cluster {} has no authority yet", names.cluster));
        certificates::operator(self.cluster.as_ref().ok_or_else(missing)?, &names.operator_identity())
    }
}

pub(crate) async fn authorities(context: &Context, names: &Names, uid: &str) -> Result<Authorities, Error> {
    Ok(Authorities {
        cluster: authority(context, names, uid, Authority::Cluster).await?,
        clients: authority(context, names, uid, Authority::Clients).await?,
    })
}

async fn authority(
    context: &Context,
    names: &Names,
    uid: &str,
    authority: Authority,
) -> Result<Option<Pair>, Error> {
    let key = field(context, names, uid, &authority.private(names), "ca.key").await?;
    let certificate = field(context, names, uid, &authority.public(names), "ca.crt").await?;
    Ok(key.zip(certificate).map(|(key, certificate)| Pair { certificate, key }))
}

/// A text in a Secret of this Cluster.
pub(crate) async fn field(
    context: &Context,
    names: &Names,
    uid: &str,
    name: &str,
    field: &str,
) -> Result<Option<String>, Error> {
    let Some(secret) = ours(context, names, uid, name).await? else { return Ok(None) };
    let bytes = secret.data.and_then(|mut data| data.remove(field));
    let text = bytes.and_then(|bytes| String::from_utf8(bytes.0).ok());
    text.map(Some).ok_or_else(|| Error::Unreadable(format!("Secret {name} has no text {field}")))
}

/// The request for which the brokers' certificates were made, as a hash.
pub(super) async fn broker_certificates(
    context: &Context,
    names: &Names,
    uid: &str,
) -> Result<Option<String>, Error> {
    let secret = ours(context, names, uid, &names.broker_certificates()).await?;
    Ok(secret.and_then(|secret| secret.annotations().get(HASH_ANNOTATION).cloned()))
}

async fn ours(context: &Context, names: &Names, uid: &str, name: &str) -> Result<Option<Secret>, Error> {
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &names.namespace);
    let secret = secrets.get_opt(name).await.during(|| format!("read Secret {name}"))?;
    match secret {
        Some(secret) if !is_ours(&secret.metadata, uid) => Err(Error::Unreadable(format!(
            "Secret {name} exists and was not made for this Cluster; rename the Cluster or delete it"
        ))),
        secret => Ok(secret),
    }
}
