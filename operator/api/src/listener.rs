//! Listeners: where clients connect, and how they prove who they are.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A port on every broker for clients.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("!(self.name in ['bootstrap', 'brokers', 'controller'])")
    .message("the names bootstrap, brokers and controller are Klamm's own").field_path(".name"))]
#[x_kube(validation = Rule::new("!(self.port in [9090, 9091, 9190, 9644])")
    .message("9090, 9091, 9190 and 9644 are Klamm's own ports").field_path(".port"))]
pub struct Listener {
    /// The listener's name: at most 11 lower-case letters and digits.
    #[schemars(length(max = 11), regex(pattern = "^[a-z0-9]{1,11}$"))]
    pub name: String,
    /// The port: 9000 to 65535, but 9090, 9091, 9190 and 9644.
    #[schemars(range(min = 9000, max = 65535))]
    pub port: i32,
    /// How clients reach it. Default: internal.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<ListenerType>,
    /// Encryption.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ListenerTls>,
    /// How clients prove who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub authentication: Option<Authentication>,
    /// The addresses that clients are told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advertised: Option<Advertised>,
}

/// How clients reach a listener.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ListenerType {
    /// From inside the Kubernetes cluster.
    #[default]
    Internal,
    /// Through a port of every node.
    Nodeport,
    /// Through a load balancer for every broker.
    Loadbalancer,
    /// Through one address for all, told apart by the TLS server name.
    Sni,
}

/// Encryption of a listener.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListenerTls {
    /// Whether the listener speaks TLS. Default: false.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// A Secret of type kubernetes.io/tls. Default: a certificate of the Cluster's own CA.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate_ref: Option<CertificateRef>,
}

/// Names a Secret of type kubernetes.io/tls in the same namespace.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct CertificateRef {
    /// The Secret's name.
    #[schemars(length(max = 253))]
    pub name: String,
}

/// How clients of a listener prove who they are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct Authentication {
    /// The mechanism. Default: none.
    #[serde(rename = "type")]
    pub kind: AuthenticationType,
}

/// A way to prove who one is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AuthenticationType {
    /// Nobody proves anything.
    #[default]
    None,
    /// SASL SCRAM-SHA-512.
    #[serde(rename = "scram-sha-512")]
    ScramSha512,
    /// SASL SCRAM-SHA-256.
    #[serde(rename = "scram-sha-256")]
    ScramSha256,
    /// SASL PLAIN.
    Plain,
    /// A client's certificate.
    Mtls,
    /// SASL OAUTHBEARER.
    Oauth,
    /// SASL GSSAPI (Kerberos).
    Gssapi,
}

/// The addresses that clients are told; `{id}`, `{pod}` and `{node}` stand for the broker's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
pub struct Advertised {
    /// The host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub host: Option<String>,
    /// The port.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 65535))]
    pub port: Option<i32>,
}
