//! Prints the definitions of all kinds as a JSON map from file name to YAML: `cargo xtask gen crds` writes them.

use std::collections::BTreeMap;

fn main() {
    let files: BTreeMap<String, String> = klamm_operator_api::definitions()
        .into_iter()
        .map(|crd| {
            let name = format!("{}.yaml", crd.metadata.name.as_deref().expect("derived with a name"));
            // through a value, so that keys are sorted and fields that are not set are left out
            let value = serde_json::to_value(crd).expect("a definition is JSON");
            (name, serde_saphyr::to_string(&value).expect("JSON is YAML"))
        })
        .collect();
    println!("{}", serde_json::to_string(&files).expect("texts are JSON"));
}
