//! Reads our schema. One line per field:
//!
//! ```text
//! request FetchRequest 1 versions 4-18 flexible 12+ {
//!     ClusterId: string? 12+ tag 0 ignorable = null
//!     Topics: []FetchTopic {
//!         Topic: string 4-12 ignorable
//!     }
//!     struct Shared 2+ {
//! ```
//! `name: type[?nullable versions] [versions] [tag n] [ignorable] [inflexible] [= default]`; versions that are not given are those
//! of what surrounds the field. `#` begins a comment.

use anyhow::{Context, Result, bail, ensure};

use crate::model::{Default, Field, Kind, Message, Structure, Type, Versions};

/// The messages of a file.
///
/// # Errors
/// With the line that is not understood.
pub fn messages(text: &str) -> Result<Vec<Message>> {
    let mut lines = text
        .lines()
        .enumerate()
        .map(|(number, line)| (number + 1, line.split('#').next().unwrap_or("").trim()))
        .filter(|(_, line)| !line.is_empty());
    let mut messages = Vec::new();
    while let Some((number, head)) = lines.next() {
        let mut message = self::head(head).with_context(|| format!("line {number}: {head}"))?;
        let versions = message.versions;
        let name = message.name.clone();
        block(&mut lines, &mut message, name, versions)?;
        resolve(&message)?;
        messages.push(message);
    }
    Ok(messages)
}

fn head(line: &str) -> Result<Message> {
    let words: Vec<_> = line.strip_suffix('{').context("no { at its end")?.split_whitespace().collect();
    let (kind, name, rest) = match words.as_slice() {
        [kind, name, rest @ ..] => (kind, name, rest),
        _ => bail!("a message begins with its kind and its name"),
    };
    let kind = match *kind {
        "header" => Kind::Header,
        "request" => Kind::Request,
        "response" => Kind::Response,
        "data" => Kind::Data,
        "metadata" => Kind::Metadata,
        "coordinator-key" => Kind::CoordinatorKey,
        "coordinator-value" => Kind::CoordinatorValue,
        other => bail!("{other} is no kind of message"),
    };
    let (key, rest) = match rest.first().and_then(|word| word.parse().ok()) {
        Some(key) => (Some(key), &rest[1..]),
        None => (None, rest),
    };
    let all = Versions { from: 0, to: i16::MAX };
    let (valid, flexible) = match rest {
        ["versions", valid] => (*valid, None),
        ["versions", valid, "flexible", from] => (*valid, Some(versions(from, all)?.from)),
        _ => bail!("expected: versions A-B [flexible C+]"),
    };
    Ok(Message {
        kind,
        name: (*name).to_owned(),
        key,
        versions: versions(valid, all)?,
        flexible,
        structures: Vec::new(),
    })
}

/// Reads the fields of a structure up to its closing brace, and puts it and what is nested in it into the message.
fn block<'a>(
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
    message: &mut Message,
    name: String,
    outer: Versions,
) -> Result<()> {
    let place = message.structures.len();
    ensure!(message.structure(&name).is_none(), "{name} is described twice in {}", message.name);
    message.structures.push(Structure { name, versions: outer, fields: Vec::new() });
    while let Some((number, line)) = lines.next() {
        if line == "}" {
            return Ok(());
        }
        let at = || format!("line {number}: {line}");
        let (text, opens) = match line.strip_suffix('{') {
            Some(text) => (text.trim(), true),
            None => (line, false),
        };
        if let Some(shared) = text.strip_prefix("struct ") {
            let (name, given) = shared.split_once(' ').unwrap_or((shared, ""));
            block(lines, message, name.to_owned(), versions(given, outer).with_context(at)?)?;
            continue;
        }
        let field = field(text, outer).with_context(at)?;
        let nested = element(&field.kind).map(str::to_owned);
        let inner = field.versions;
        message.structures[place].fields.push(field);
        if opens {
            block(lines, message, nested.with_context(at)?, inner)?;
        }
    }
    bail!("{} has no closing brace", message.name)
}

fn field(text: &str, outer: Versions) -> Result<Field> {
    let (text, default) =
        text.split_once(" = ").map_or((text, None), |(text, default)| (text, Some(default)));
    let (name, rest) = text.split_once(": ").context("expected: name: type")?;
    let mut words = rest.split_whitespace().peekable();
    let (kind, null) = words.next().context("no type")?.split_once('?').map_or_else(
        || (rest.split_whitespace().next().unwrap_or(""), None),
        |(kind, null)| (kind, Some(null)),
    );
    let given = words.next_if(|word| word.starts_with(|first: char| first.is_ascii_digit()));
    let present = versions(given.unwrap_or(""), outer)?;
    let mut field = Field {
        name: name.to_owned(),
        kind: Type::named(kind),
        versions: present,
        nullable: null.map(|null| versions(null, present)).transpose()?,
        tag: None,
        ignorable: false,
        inflexible: false,
        default: default.map_or(Ok(Default::Zero), self::default)?,
    };
    while let Some(word) = words.next() {
        match word {
            "tag" => field.tag = Some(words.next().context("no number after tag")?.parse()?),
            "ignorable" => field.ignorable = true,
            "inflexible" => field.inflexible = true,
            other => bail!("{other} is not understood"),
        }
    }
    Ok(field)
}

fn default(text: &str) -> Result<Default> {
    Ok(match text {
        "null" => Default::Null,
        "true" => Default::True,
        number => Default::Number(number.parse().with_context(|| format!("{number} is no default"))?),
    })
}

/// `3`, `3+`, `3-5`, or nothing, which is all of `outer`.
fn versions(text: &str, outer: Versions) -> Result<Versions> {
    let number = |text: &str| text.parse::<i16>().with_context(|| format!("{text} is no version"));
    let given = if text.is_empty() {
        outer
    } else if let Some(from) = text.strip_suffix('+') {
        Versions { from: number(from)?, to: outer.to }
    } else if let Some((from, to)) = text.split_once('-') {
        Versions { from: number(from)?, to: number(to)? }
    } else {
        Versions { from: number(text)?, to: number(text)? }
    };
    ensure!(given.clip(outer) == Some(given), "{given} is not within {outer}");
    Ok(given)
}

/// The structure that a field holds or lists.
#[must_use]
pub fn element(kind: &Type) -> Option<&str> {
    match kind {
        Type::Structure(name) => Some(name),
        Type::Array(element) => self::element(element),
        _ => None,
    }
}

/// Every structure that is named must be described.
fn resolve(message: &Message) -> Result<()> {
    for structure in &message.structures {
        for field in &structure.fields {
            if let Some(name) = element(&field.kind) {
                ensure!(message.structure(name).is_some(), "{}: {name} is not described", message.name);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_what_surrounds() {
        let text = "request ARequest 1 versions 2-5 flexible 4+ {\n A: []B? 3+ ignorable = null {\n C: int8 = -1\n }\n}";
        let message = &messages(text).unwrap()[0];
        let a = &message.structures[0].fields[0];
        assert_eq!((a.versions.from, a.versions.to), (3, 5));
        assert_eq!((a.nullable, &a.default), (Some(a.versions), &Default::Null));
        assert_eq!(message.structures[1].fields[0].versions, a.versions);
        assert_eq!(message.structures[1].fields[0].default, Default::Number(-1));
        assert_eq!(message.flexible, Some(4));
    }

    fn refused(text: &str, why: &str) {
        let refusal = format!("{:#}", messages(text).unwrap_err());
        assert!(refusal.contains(why), "{refusal}");
    }

    #[test]
    fn says_what_is_wrong() {
        refused("request A 1 versions 2-5 {\n a: int8 1+\n}", "not within");
        refused("request A 1 versions 2-5 {\n a: B\n}", "not described");
        refused("request A 1 versions 2-5 {\n a: int8 often\n}", "often is not understood");
        refused("request A 1 versions 2-5 {\n a: int8", "no closing brace");
        refused("wish A 1 versions 2-5 {\n}", "no kind of message");
    }
}
