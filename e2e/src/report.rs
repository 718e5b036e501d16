//! What a person would look at first when a test failed: objects with their status, events, logs.

use std::fmt::Write;

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::ResourceExt;
use kube::api::{ListParams, LogParams};
use serde_json::Value;

use crate::space::{Space, title};

/// Lines of each container's log, which must not hide the rest.
const LINES: i64 = 40;

/// The state of a namespace as text; what cannot be read is said so, never an error.
pub async fn of(space: &Space) -> String {
    let mut text = String::new();
    match space.objects().await {
        Ok(objects) => {
            for object in objects {
                let _ = writeln!(text, "{} {}", title(&object), conditions(&object.data["status"]));
            }
        }
        Err(error) => drop(writeln!(text, "its objects could not be listed: {error:#}")),
    }
    let events =
        space.api::<Event>().list(&ListParams::default()).await.map(|list| list.items).unwrap_or_default();
    for event in events {
        let subject = format!(
            "{}/{}",
            event.involved_object.kind.unwrap_or_default(),
            event.involved_object.name.unwrap_or_default()
        );
        let _ = writeln!(
            text,
            "event {subject}: {}: {}",
            event.reason.unwrap_or_default(),
            event.message.unwrap_or_default()
        );
    }
    let pods = space.api::<Pod>();
    for pod in pods.list(&ListParams::default()).await.map(|list| list.items).unwrap_or_default() {
        for previous in [true, false] {
            let parameters = LogParams { tail_lines: Some(LINES), previous, ..LogParams::default() };
            if let Ok(log) = pods.logs(&pod.name_any(), &parameters).await {
                let _ = writeln!(
                    text,
                    "log of {}{}:\n{log}",
                    pod.name_any(),
                    if previous { " before" } else { "" }
                );
            }
        }
    }
    text
}

/// A status's conditions, as `Ready=False (Reason: message)`.
fn conditions(status: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let one = |condition: &Value| {
        let [kind, status, reason, message] =
            ["type", "status", "reason", "message"].map(|key| text(&condition[key]));
        if reason.is_empty() {
            format!("{kind}={status}")
        } else {
            format!("{kind}={status} ({reason}: {message})")
        }
    };
    status["conditions"].as_array().into_iter().flatten().map(one).collect::<Vec<_>>().join(" ")
}
