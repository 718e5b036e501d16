//! YAML with several documents, as `kubectl apply -f` takes it.

use std::path::Path;

use anyhow::{Context, Result};
use kube::api::DynamicObject;

/// A file of the checkout, by its path from the root: what users apply.
pub fn file(path: &str) -> Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).with_context(|| format!("{} could not be read", path.display()))
}

/// The objects of a text; empty documents are none.
pub fn read(text: &str) -> Result<Vec<DynamicObject>> {
    let documents: Vec<serde_json::Value> = serde_saphyr::from_multiple(text).context("this is not YAML")?;
    let objects = documents.into_iter().filter(|document| !document.is_null());
    objects
        .map(|object| {
            serde_json::from_value(object).context("an object of Kubernetes has apiVersion and kind")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn documents_are_told_apart() {
        let objects = read("---\n# only a comment\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\n").unwrap();
        let names: Vec<_> = objects.iter().map(|object| object.metadata.name.as_deref()).collect();
        assert_eq!(names, [Some("a"), Some("b")]);
    }
}
