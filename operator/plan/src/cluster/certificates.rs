//! Which certificates there shall be; the controller makes them, since keys are random.

use super::{Authority, Names, Observed, Step, ValidatedCluster};
use klamm_types::BrokerId;

/// A certificate of a broker, signed by the cluster's CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    /// The name of its files in the Secret, without .crt and .key.
    pub file: String,
    /// The names under which the broker is reached.
    pub dns_names: Vec<String>,
    /// Who it is: klamm://<namespace>/<cluster>/broker/<id>.
    pub identity: String,
}

/// A certificate for every broker.
#[must_use]
pub fn certificate_requests(cluster: &ValidatedCluster) -> Vec<CertificateRequest> {
    cluster.brokers().map(|(pool, id)| request(&cluster.names, &pool.name, id)).collect()
}

fn request(names: &Names, pool: &str, id: BrokerId) -> CertificateRequest {
    let (headless, broker) = (names.headless(), names.broker(pool, id));
    let pod = format!("{broker}.{headless}");
    // as a neighbour, from another namespace, and in full for whoever does not use the search list
    let forms = |name: &str| {
        let host = names.host(name);
        [
            name.to_owned(),
            format!("{name}.{}", names.namespace),
            host.clone(),
            format!("{host}.cluster.local"),
        ]
    };
    let dns_names = [pod, broker, headless, names.bootstrap()].iter().flat_map(|name| forms(name)).collect();
    CertificateRequest { file: format!("broker-{}", id.0), dns_names, identity: names.broker_identity(id) }
}

/// Tells whether certificates that exist were made for these requests.
#[must_use]
pub fn requests_hash(requests: &[CertificateRequest]) -> String {
    crate::hash(&format!("{requests:?}"))
}

pub(super) fn steps(cluster: &ValidatedCluster, observed: &Observed) -> Vec<Step> {
    let missing = Authority::ALL.into_iter().filter(|authority| !observed.authorities.contains(authority));
    let mut steps: Vec<Step> = missing.map(Step::CreateAuthority).collect();
    let requests = certificate_requests(cluster);
    if observed.certificates.as_deref() != Some(&requests_hash(&requests)) {
        steps.push(Step::IssueCertificates(requests));
    }
    steps
}
