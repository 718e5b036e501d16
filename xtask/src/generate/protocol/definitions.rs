//! Our schema against the definitions that Kafka ships in its jars, field by field.
//!
//! Facts are compared (names, types, versions, nullability, defaults, tags); order within a message too, since it is the wire's.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::kafka;
use klamm_schema::{Default, Field, Kind, Message, Structure, Type, Versions};

/// Compares.
pub fn compare() -> Result<()> {
    let theirs = fetch()?;
    let ours = super::read_schema()?;
    let mut differences = Vec::new();
    for message in &ours {
        match theirs.get(&message.name) {
            Some(definition) => differences.extend(differ(message, definition)),
            None => differences.push(format!("{} is not Kafka's", message.name)),
        }
    }
    let fields: usize = ours.iter().flat_map(|m| &m.structures).map(|s| s.fields.len()).sum();
    println!(
        "{} of {} messages of Kafka {} are described, with {fields} fields; {} differences",
        ours.len(),
        theirs.len(),
        kafka::VERSION,
        differences.len()
    );
    if !differences.is_empty() {
        bail!("the schema is not Kafka's:\n  {}", differences.join("\n  "));
    }
    Ok(())
}

/// Kafka's messages by name.
fn fetch() -> Result<BTreeMap<String, Message>> {
    let mut messages = BTreeMap::new();
    for folder in kafka::definitions()? {
        for path in files(&folder.join("common"))? {
            let at = || path.display().to_string();
            let value: Value =
                serde_json::from_str(&uncommented(&std::fs::read_to_string(&path)?)).with_context(at)?;
            // messages that Kafka has given up have no versions; we describe none of them
            if value["validVersions"] != "none" {
                let message = message(&value).with_context(at)?;
                messages.insert(message.name.clone(), message);
            }
        }
    }
    Ok(messages)
}

/// The definitions: in common/message, those of metadata records in common/metadata.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for inner in std::fs::read_dir(folder)? {
        for file in std::fs::read_dir(inner?.path())? {
            let file = file?.path();
            if file.extension().is_some_and(|extension| extension == "json") {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// JSON without the comments that Kafka puts into it.
fn uncommented(text: &str) -> String {
    let mut json = String::with_capacity(text.len());
    for line in text.lines() {
        let mut quoted = false;
        let comment = line.char_indices().find(|(at, letter)| {
            quoted ^= *letter == '"' && !line[..*at].ends_with('\\');
            !quoted && line[*at..].starts_with("//")
        });
        json.push_str(&line[..comment.map_or(line.len(), |(at, _)| at)]);
        json.push('\n');
    }
    json
}

fn message(value: &Value) -> Result<Message> {
    let all = Versions { from: 0, to: i16::MAX };
    let valid = versions(&value["validVersions"], all)?.context("no versions")?;
    let mut message = Message {
        kind: match value["type"].as_str().context("no type")? {
            "header" => Kind::Header,
            "request" => Kind::Request,
            "response" => Kind::Response,
            "data" => Kind::Data,
            "metadata" => Kind::Metadata,
            "coordinator-key" => Kind::CoordinatorKey,
            "coordinator-value" => Kind::CoordinatorValue,
            other => bail!("{other} is no type"),
        },
        name: text(&value["name"])?,
        key: value["apiKey"].as_i64().map(i16::try_from).transpose()?,
        versions: valid,
        flexible: versions(&value["flexibleVersions"], valid)?.map(|flexible| flexible.from),
        structures: Vec::new(),
    };
    structure(&mut message, text(&value["name"])?, valid, &value["fields"])?;
    for shared in value["commonStructs"].as_array().into_iter().flatten() {
        if let Some(versions) = versions(&shared["versions"], valid)? {
            structure(&mut message, text(&shared["name"])?, versions, &shared["fields"])?;
        }
    }
    Ok(message)
}

fn structure(message: &mut Message, name: String, outer: Versions, fields: &Value) -> Result<()> {
    let place = message.structures.len();
    message.structures.push(Structure { name, versions: outer, fields: Vec::new() });
    for value in fields.as_array().into_iter().flatten() {
        let given = if value["versions"].is_null() { &value["taggedVersions"] } else { &value["versions"] };
        let Some(present) = versions(given, outer)? else { continue };
        let field = field(value, present).with_context(|| format!("{}", value["name"]))?;
        let nested = klamm_schema::element(&field.kind).map(str::to_owned);
        message.structures[place].fields.push(field);
        if let Some(nested) = nested
            && value["fields"].is_array()
        {
            structure(message, nested, present, &value["fields"])?;
        }
    }
    Ok(())
}

fn field(value: &Value, present: Versions) -> Result<Field> {
    if value["tag"].is_number() && versions(&value["taggedVersions"], present)? != Some(present) {
        bail!("tagged in some of its versions only");
    }
    Ok(Field {
        name: text(&value["name"])?,
        kind: Type::named(&text(&value["type"])?),
        versions: present,
        nullable: versions(&value["nullableVersions"], present)?,
        tag: value["tag"].as_u64().map(u32::try_from).transpose()?,
        ignorable: value["ignorable"] == true || value["ignorable"] == "true",
        inflexible: value["flexibleVersions"] == "none",
        default: default(&value["default"])?,
    })
}

/// Kafka writes defaults as text or as JSON, decimal or hexadecimal.
fn default(value: &Value) -> Result<Default> {
    let text = match value {
        Value::Null => return Ok(Default::Zero),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Ok(match text.as_str() {
        "" | "false" => Default::Zero,
        "true" => Default::True,
        "null" => Default::Null,
        number => match number
            .strip_prefix("0x")
            .map_or_else(|| number.parse(), |hex| i64::from_str_radix(hex, 16))?
        {
            0 => Default::Zero,
            number => Default::Number(number),
        },
    })
}

fn versions(value: &Value, outer: Versions) -> Result<Option<Versions>> {
    let Some(text) = value.as_str().filter(|text| *text != "none") else { return Ok(None) };
    let (from, to) = match (text.strip_suffix('+'), text.split_once('-')) {
        (Some(from), _) => (from.parse()?, i16::MAX),
        (None, Some((from, to))) => (from.parse()?, to.parse()?),
        (None, None) => (text.parse()?, text.parse()?),
    };
    Ok(Versions { from, to }.clip(outer))
}

fn text(value: &Value) -> Result<String> {
    Ok(value.as_str().with_context(|| format!("{value} is no text"))?.to_owned())
}

fn differ(ours: &Message, theirs: &Message) -> Vec<String> {
    let head = |m: &Message| (m.kind, m.key, m.versions, m.flexible, m.structures.len());
    let mut differences = Vec::new();
    if head(ours) != head(theirs) {
        differences.push(format!("{}: {:?} is {:?} in Kafka", ours.name, head(ours), head(theirs)));
    }
    for (our, their) in ours.structures.iter().zip(&theirs.structures) {
        if (&our.name, our.versions, our.fields.len()) != (&their.name, their.versions, their.fields.len()) {
            differences.push(format!("{}: {our:?} is {their:?} in Kafka", ours.name));
        }
        let pairs = our.fields.iter().zip(&their.fields).filter(|(our, their)| our != their);
        differences.extend(
            pairs.map(|(our, their)| format!("{}.{}: {our:?} is {their:?} in Kafka", ours.name, our.name)),
        );
    }
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_found() {
        let json = r#"{ "name": "ARequest", "type": "request", "apiKey": 1, "validVersions": "2-5", // "no"
            "flexibleVersions": "4+", "fields": [{ "name": "A", "type": "string", "versions": "3+", "about": "a//b" }] }"#;
        let theirs = message(&serde_json::from_str(&uncommented(json)).unwrap()).unwrap();
        let ours = |field: &str| {
            klamm_schema::messages(&format!("request ARequest 1 versions 2-5 flexible 4+ {{\n{field}\n}}"))
                .unwrap()
                .remove(0)
        };
        assert_eq!(differ(&ours("A: string 3+"), &theirs), Vec::<String>::new());
        for wrong in
            ["A: string", "A: bytes 3+", "B: string 3+", "A: string?4+ 3+", "A: string 3+ ignorable", ""]
        {
            assert_ne!(differ(&ours(wrong), &theirs), Vec::<String>::new(), "{wrong}");
        }
    }
}
