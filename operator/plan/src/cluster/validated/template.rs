//! What users may merge into the pods' template.

use crate::Refusal;
use serde_json::{Value, json};

/// Fields of a pod that do not touch what the operator makes of it.
const SPEC: &[&str] = &[
    "affinity",
    "imagePullSecrets",
    "nodeSelector",
    "preemptionPolicy",
    "priorityClassName",
    "runtimeClassName",
    "schedulerName",
    "tolerations",
    "topologySpreadConstraints",
];

/// The template with nothing in it but `metadata.labels`, `metadata.annotations` and the fields of [`SPEC`].
pub(super) fn checked(field: &str, template: Option<&Value>) -> Result<Value, Refusal> {
    let Some(template) = template else { return Ok(json!({})) };
    only(&format!("{field}.template"), template, &["metadata", "spec"])?;
    only(&format!("{field}.template.metadata"), &template["metadata"], &["labels", "annotations"])?;
    only(&format!("{field}.template.spec"), &template["spec"], SPEC)?;
    let own = |key: &&String| key.starts_with("klamm.dev/") || key.starts_with("app.kubernetes.io/");
    let labels = template["metadata"]["labels"].as_object().into_iter().flatten();
    match labels.map(|(key, _)| key).find(own) {
        Some(key) => Err(Refusal::new(
            "InvalidSpec",
            format!("{field}.template.metadata.labels: {key} is set by the operator; leave it out"),
        )),
        None => Ok(template.clone()),
    }
}

fn only(field: &str, value: &Value, served: &[&str]) -> Result<(), Refusal> {
    let keys = value.as_object().into_iter().flatten().map(|(key, _)| key);
    match keys.into_iter().find(|key| !served.contains(&key.as_str())) {
        Some(key) => Err(Refusal::not_yet(format!("{field}.{key}"), served.join(", "))),
        None => Ok(()),
    }
}

/// Merges `patch` into `target` as RFC 7386 says.
pub(crate) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (key, value) in patch {
        if value.is_null() {
            if let Some(fields) = target.as_object_mut() {
                fields.remove(key);
            }
        } else {
            merge(&mut target[key], value);
        }
    }
}
