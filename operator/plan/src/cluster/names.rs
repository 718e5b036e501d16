//! The names, labels and addresses of what a Cluster has: promises (docs/contracts.md §2).

use klamm_types::BrokerId;
use std::collections::BTreeMap;

/// Ports of every broker besides the listeners (docs/contracts.md §3).
pub mod port {
    /// Kafka protocol of the controllers.
    pub const CONTROLLER: i32 = 9090;
    /// Kafka protocol between brokers, and for the operator.
    pub const BROKERS: i32 = 9091;
    /// The gRPC control service.
    pub const CONTROL: i32 = 9190;
    /// /livez, /readyz, /metrics, /version.
    pub const HTTP: i32 = 9644;
}

/// Where the PVC and the pods carry the id under which the volume was formatted.
pub const CLUSTER_ID_ANNOTATION: &str = "klamm.dev/cluster-id";

/// Names within one Cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Names {
    /// The Cluster's namespace.
    pub namespace: String,
    /// The Cluster's name.
    pub cluster: String,
}

impl Names {
    /// The StatefulSet of `pool`.
    #[must_use]
    pub fn stateful_set(&self, pool: &str) -> String {
        format!("{}-{pool}", self.cluster)
    }

    /// The pod of a broker, and the Service that always leads to it.
    #[must_use]
    pub fn broker(&self, pool: &str, id: BrokerId) -> String {
        format!("{}-{pool}-{}", self.cluster, id.0)
    }

    /// The PersistentVolumeClaim of a broker.
    #[must_use]
    pub fn claim(&self, pool: &str, id: BrokerId) -> String {
        format!("data-{}", self.broker(pool, id))
    }

    /// The headless Service: the pods' own names.
    #[must_use]
    pub fn headless(&self) -> String {
        format!("{}-brokers", self.cluster)
    }

    /// The Service that clients begin with.
    #[must_use]
    pub fn bootstrap(&self) -> String {
        format!("{}-bootstrap", self.cluster)
    }

    /// The ConfigMap of the brokers.
    #[must_use]
    pub fn config(&self) -> String {
        format!("{}-config", self.cluster)
    }

    /// The ConfigMap that records how the quorum was formed.
    #[must_use]
    pub fn quorum(&self) -> String {
        format!("{}-quorum", self.cluster)
    }

    /// The Secret with the certificates of the brokers.
    #[must_use]
    pub fn broker_certificates(&self) -> String {
        format!("{}-broker-certs", self.cluster)
    }

    /// The name of a Service as pods of other namespaces know it.
    #[must_use]
    pub fn host(&self, service: &str) -> String {
        format!("{service}.{}.svc", self.namespace)
    }

    /// Where the other nodes reach a broker's controller: the broker's Service, as for everything else. A pod that was made anew
    /// has another address, and voters must not wait for a cache of names to forget the former one.
    #[must_use]
    pub fn controller_host(&self, pool: &str, id: BrokerId) -> String {
        self.host(&self.broker(pool, id))
    }

    /// The identity of a broker in its certificate.
    #[must_use]
    pub fn broker_identity(&self, id: BrokerId) -> String {
        format!("klamm://{}/{}/broker/{}", self.namespace, self.cluster, id.0)
    }

    /// The identity of the operator towards this Cluster.
    #[must_use]
    pub fn operator_identity(&self) -> String {
        format!("klamm://{}/{}/operator", self.namespace, self.cluster)
    }

    /// The labels of everything that the Cluster owns.
    #[must_use]
    pub fn labels(&self) -> BTreeMap<String, String> {
        [
            ("app.kubernetes.io/name", "klamm"),
            ("app.kubernetes.io/instance", &self.cluster),
            ("app.kubernetes.io/component", "broker"),
            ("app.kubernetes.io/managed-by", "klamm-operator"),
            ("klamm.dev/cluster", &self.cluster),
        ]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
    }

    /// What selects the Cluster's pods.
    #[must_use]
    pub fn selector(&self) -> BTreeMap<String, String> {
        let labels = self.labels().into_iter();
        labels.filter(|(key, _)| key == "klamm.dev/cluster" || key == "app.kubernetes.io/component").collect()
    }

    /// The labels of what belongs to one pool.
    #[must_use]
    pub fn pool_labels(&self, pool: &str) -> BTreeMap<String, String> {
        let mut labels = self.labels();
        labels.insert("klamm.dev/pool".to_owned(), pool.to_owned());
        labels
    }
}

/// A Secret pair that holds a certificate authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Authority {
    /// Signs the brokers and the operator.
    Cluster,
    /// Signs users.
    Clients,
}

impl Authority {
    /// Both.
    pub const ALL: [Authority; 2] = [Authority::Cluster, Authority::Clients];

    /// The Secret with the certificate.
    #[must_use]
    pub fn public(self, names: &Names) -> String {
        format!("{}-cert", self.private(names))
    }

    /// The Secret with the key.
    #[must_use]
    pub fn private(self, names: &Names) -> String {
        match self {
            Authority::Cluster => format!("{}-ca", names.cluster),
            Authority::Clients => format!("{}-clients-ca", names.cluster),
        }
    }
}
