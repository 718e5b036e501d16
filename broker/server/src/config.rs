//! The broker's configuration file: flat Kafka keys, as `.properties` or as YAML. The only reader of it; what it gives out is valid.

use klamm_metadata::config::{ConfigError, Settings};
use std::collections::BTreeMap;

/// Why a configuration is refused: one sentence that names what is wrong.
#[derive(Debug, thiserror::Error)]
pub enum BadConfig {
    /// The text is not of its form.
    #[error("{file}: {reason}")]
    Form {
        /// The file's name.
        file: String,
        /// What is wrong with its form.
        reason: String,
    },
    /// A setting is wrong.
    #[error("{file}: {error}")]
    Setting {
        /// The file's name.
        file: String,
        /// Which one, and what it takes.
        error: ConfigError,
    },
}

/// Reads a configuration from the bytes of `file`, whose name tells its form: `.properties`, else YAML.
///
/// # Errors
/// See [`BadConfig`].
pub fn parse(file: &str, text: &str) -> Result<Settings, BadConfig> {
    parse_with(file, text, &[])
}

/// As [`parse`], with settings over those of the file.
///
/// # Errors
/// See [`BadConfig`].
pub fn parse_with(file: &str, text: &str, overrides: &[(String, String)]) -> Result<Settings, BadConfig> {
    let form = |reason| BadConfig::Form { file: file.to_owned(), reason };
    let pairs = if file.ends_with(".properties") { properties(text) } else { yaml(text) };
    let mut pairs = pairs.map_err(form)?;
    pairs.extend(overrides.iter().cloned());
    Settings::new(pairs).map_err(|error| BadConfig::Setting { file: file.to_owned(), error })
}

/// The lines `key=value` of a Java properties file, as far as Kafka's own files use its syntax: `#` and `!` begin comments,
/// `=` or `:` or blanks end a key, a backslash at the end of a line goes on in the next.
fn properties(text: &str) -> Result<BTreeMap<String, String>, String> {
    let mut pairs = BTreeMap::new();
    let mut logical = String::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if logical.is_empty() && (line.is_empty() || line.starts_with(['#', '!'])) {
            continue;
        }
        if let Some(open) = line.strip_suffix('\\') {
            logical.push_str(open);
            continue;
        }
        logical.push_str(line);
        let end = logical.find(|c: char| c == '=' || c == ':' || c.is_whitespace()).unwrap_or(logical.len());
        let (key, rest) = logical.split_at(end);
        let value = rest.trim_start().trim_start_matches(['=', ':']).trim();
        insert(&mut pairs, key, value.to_owned())
            .map_err(|reason| format!("line {}: {reason}", number + 1))?;
        logical.clear();
    }
    Ok(pairs)
}

/// A flat YAML mapping of names to scalars.
fn yaml(text: &str) -> Result<BTreeMap<String, String>, String> {
    let document: serde_json::Value =
        serde_saphyr::from_str(text).map_err(|error| format!("not YAML: {error}"))?;
    let serde_json::Value::Object(map) = document else {
        return Err("a mapping of settings is expected, such as `node.id: 1`".to_owned());
    };
    let mut pairs = BTreeMap::new();
    for (key, value) in map {
        let value = match value {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text,
            serde_json::Value::Bool(flag) => flag.to_string(),
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                return Err(format!("{key}: a text, number or flag is expected, not a list or mapping"));
            }
        };
        insert(&mut pairs, &key, value)?;
    }
    Ok(pairs)
}

fn insert(pairs: &mut BTreeMap<String, String>, key: &str, value: String) -> Result<(), String> {
    match pairs.insert(key.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(format!("{key} is set twice")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(file: &str, text: &str, expected: &str) {
        let got = match parse(file, text) {
            Ok(settings) => {
                settings.values().iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join(" ")
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(got, expected);
    }

    #[test]
    fn both_forms_say_the_same() {
        let expected = "log.dirs=/a,/b node.id=1 num.partitions=3";
        check("a.properties", "# me\nnode.id=1\nlog.dirs = /a,\\\n  /b\n\nnum.partitions: 3\n", expected);
        check("a.yaml", "node.id: 1\nlog.dirs: /a,/b\nnum.partitions: 3\n", expected);
    }

    #[test]
    fn overrides_win_and_are_checked() {
        let with = |key: &str, value: &str| {
            let overrides = [(key.to_owned(), value.to_owned())];
            parse_with("a.yaml", "node.id: 1\nlog.dirs: /a\n", &overrides)
        };
        assert_eq!(with("broker.rack", "b").unwrap().get("broker.rack").as_deref(), Some("b"));
        assert_eq!(with("log.dirs", "/c").unwrap().get("log.dirs").as_deref(), Some("/c"));
        assert!(with("brokr.rack", "b").unwrap_err().to_string().contains("brokr.rack"));
    }

    #[test]
    fn what_is_wrong_is_named() {
        check("a.properties", "node.id=1\nnode.id=2\n", "a.properties: line 2: node.id is set twice");
        check("a.yaml", "- 1\n", "a.yaml: a mapping of settings is expected, such as `node.id: 1`");
        check(
            "a.yaml",
            "node.id: [1]\n",
            "a.yaml: node.id: a text, number or flag is expected, not a list or mapping",
        );
        check(
            "a.yaml",
            "num.partitions: 3\n",
            "a.yaml: node.id is missing: it takes a whole number from 0 to 2147483647",
        );
    }
}
