//! Settings under Kafka's names.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap};

/// Settings under Kafka's names. A value is any scalar, so that `true`, `"true"`, `2` and `"2"` all work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Config(pub BTreeMap<String, serde_json::Value>);

/// A value that is not a scalar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotScalar {
    /// The setting's name.
    pub key: String,
}

impl Config {
    /// Every setting as the text that Kafka takes.
    ///
    /// # Errors
    /// Names the first setting whose value is a list, a map or null.
    pub fn text(&self) -> Result<BTreeMap<String, String>, NotScalar> {
        use serde_json::Value;
        let text = |(key, value): (&String, &Value)| match value {
            Value::String(text) => Ok((key.clone(), text.clone())),
            Value::Bool(_) | Value::Number(_) => Ok((key.clone(), value.to_string())),
            Value::Null | Value::Array(_) | Value::Object(_) => Err(NotScalar { key: key.clone() }),
        };
        self.0.iter().map(text).collect()
    }
}

impl JsonSchema for Config {
    fn schema_name() -> Cow<'static, str> {
        "Config".into()
    }

    fn inline_schema() -> bool {
        true
    }

    // A map of scalars cannot be said in a structural schema without a type per value: the plan refuses what is none.
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "maxProperties": 512, "x-kubernetes-preserve-unknown-fields": true })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn scalars_become_kafkas_text() {
        let check = |value: serde_json::Value, expected: Result<&str, &str>| {
            let config = Config([("key".to_owned(), value)].into());
            let text = config.text().map(|text| text["key"].clone());
            assert_eq!(text.as_deref().map_err(|error| error.key.as_str()), expected);
        };
        check(json!("compact"), Ok("compact"));
        check(json!(true), Ok("true"));
        check(json!(2), Ok("2"));
        check(json!(0.5), Ok("0.5"));
        check(json!(9_223_372_036_854_775_807_i64), Ok("9223372036854775807"));
        check(json!(["a"]), Err("key"));
        check(json!({"a": 1}), Err("key"));
        check(json!(null), Err("key"));
    }
}
