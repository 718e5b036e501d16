//! The pods of a pool: restricted Pod Security, read-only root, one volume for data, one for configuration.

use crate::cluster::{
    Authority, BOOTSTRAP_SERVERS, CONFIG_FOLDER, DATA_FOLDER, ValidatedCluster, ValidatedPool, merge, port,
    yaml,
};
use klamm_operator_api::annotation;
use serde_json::{Value, json};

/// Where pods carry [`config_hash`].
pub const CONFIG_ANNOTATION: &str = "klamm.dev/config-hash";
/// Where pods carry [`template_hash`].
pub const TEMPLATE_ANNOTATION: &str = "klamm.dev/template-hash";

/// The user in the image, and the group that owns the volume.
const USER: i64 = 65532;

/// Tells whether brokers run with other settings than they shall. Of the pool's first broker: the others' differ only
/// in what follows from their ids, and a broker that is added must not restart those that are there.
#[must_use]
pub fn config_hash(pool: &ValidatedPool) -> String {
    let Some(mut settings) = pool.settings.values().next().cloned() else { return String::new() };
    settings.remove(BOOTSTRAP_SERVERS);
    crate::hash(&yaml(&settings))
}

/// Tells whether a pod was made from another template.
#[must_use]
pub fn template_hash(cluster: &ValidatedCluster, pool: &ValidatedPool) -> String {
    crate::hash(&plain(cluster, pool).to_string())
}

pub(super) fn build(cluster: &ValidatedCluster, pool: &ValidatedPool, restart: Option<String>) -> Value {
    let mut template = plain(cluster, pool);
    let hash = crate::hash(&template.to_string());
    template["metadata"]["annotations"][TEMPLATE_ANNOTATION] = json!(hash);
    if let Some(restart) = restart {
        template["metadata"]["annotations"][annotation::RESTART] = json!(restart);
    }
    template
}

fn plain(cluster: &ValidatedCluster, pool: &ValidatedPool) -> Value {
    let mut template = json!({
        "metadata": {
            "labels": cluster.names.pool_labels(&pool.name),
            "annotations": { CONFIG_ANNOTATION: config_hash(pool), "kubectl.kubernetes.io/default-container": "broker" },
        },
        "spec": {
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "terminationGracePeriodSeconds": 300,
            "securityContext": {
                "runAsNonRoot": true,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": { "type": "RuntimeDefault" },
            },
            "topologySpreadConstraints": [spread(cluster, &cluster.rack_key), spread(cluster, "kubernetes.io/hostname")],
            "containers": [container(cluster, pool)],
            "volumes": [configuration(cluster)],
        },
    });
    merge(&mut template, &pool.template);
    template
}

fn container(cluster: &ValidatedCluster, pool: &ValidatedPool) -> Value {
    let own = [
        ("controller", port::CONTROLLER),
        ("brokers", port::BROKERS),
        ("control", port::CONTROL),
        ("http", port::HTTP),
    ];
    let listeners = cluster.listeners.iter().map(|listener| (listener.name.as_str(), listener.port));
    let port =
        |(name, number): (&str, i32)| json!({ "name": name, "containerPort": number, "protocol": "TCP" });
    let probe = |path: &str, period: i32, failures: i32| {
        json!({
            "httpGet": { "path": path, "port": "http" },
            "periodSeconds": period,
            "timeoutSeconds": 5,
            "failureThreshold": failures,
        })
    };
    json!({
        "name": "broker",
        "image": cluster.image,
        "args": [
            "--config",
            format!("{CONFIG_FOLDER}/broker-$(KLAMM_BROKER_ID).yaml"),
            "--override",
            "broker.rack=$(KLAMM_RACK)",
        ],
        "env": [
            // the ordinal, which is the broker's id; Kubernetes sets the label (1.28)
            label("KLAMM_BROKER_ID", "apps.kubernetes.io/pod-index"),
            // Kubernetes copies it from the node (1.35); empty where there is none
            label("KLAMM_RACK", &cluster.rack_key),
        ],
        "ports": listeners.chain(own).map(port).collect::<Vec<_>>(),
        "livenessProbe": probe("/livez", 10, 6),
        "readinessProbe": probe("/readyz", 1, 3),
        "resources": pool.resources,
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "runAsNonRoot": true,
            "capabilities": { "drop": ["ALL"] },
        },
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [
            { "name": "data", "mountPath": DATA_FOLDER },
            { "name": "config", "mountPath": CONFIG_FOLDER, "readOnly": true },
        ],
    })
}

/// Brokers stand apart where they can: a rack or a node that is lost takes as few of them as possible. It never keeps a pod from
/// being scheduled; who wants that says so in the pool's template.
fn spread(cluster: &ValidatedCluster, topology: &str) -> Value {
    json!({
        "maxSkew": 1,
        "topologyKey": topology,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": { "matchLabels": cluster.names.selector() },
    })
}

/// A variable that has the value of the pod's label.
fn label(variable: &str, label: &str) -> Value {
    let path = format!("metadata.labels['{label}']");
    json!({ "name": variable, "valueFrom": { "fieldRef": { "fieldPath": path } } })
}

/// ConfigMap and Secrets in one folder.
fn configuration(cluster: &ValidatedCluster) -> Value {
    let names = &cluster.names;
    let authority = |authority: Authority, file: &str| {
        let items = json!([{ "key": "ca.crt", "path": format!("certs/{file}") }]);
        json!({ "secret": { "name": authority.public(names), "items": items } })
    };
    json!({
        "name": "config",
        "projected": {
            "defaultMode": 0o440,
            "sources": [
                { "configMap": { "name": names.config() } },
                // all of it, not one item for each broker: another broker must not change the others' template
                { "secret": { "name": names.broker_certificates() } },
                authority(Authority::Cluster, "ca.crt"),
                authority(Authority::Clients, "clients-ca.crt"),
            ],
        },
    })
}
