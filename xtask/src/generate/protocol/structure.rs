//! One structure in Rust: the struct, its default, and how it is read and written.

use std::fmt::Write as _;

use super::fields::{self, Around};
use super::names;
use klamm_schema::{Field, Message, Structure, Type};

/// The structure as Rust.
pub fn rust(message: &Message, structure: &Structure) -> String {
    let around = Around { message, versions: structure.versions };
    let mut rust = declaration(message, structure);
    if !structure.fields.iter().all(fields::default_is_rusts) {
        rust += &default(structure);
    }
    let least = (structure.versions.from..=structure.versions.to)
        .map(|version| message.least_of(structure, version))
        .min()
        .unwrap_or(0);
    let name = &structure.name;
    let (read, write) = (read(around, structure), write(around, structure));
    let flexible = |body: &str| match message.flexible {
        Some(from) if mentions(body, "flexible") => format!("let flexible = version >= {from};"),
        _ => String::new(),
    };
    let silence = |body: &str, name: &'static str| {
        if mentions(body, name) { name.to_owned() } else { format!("_{name}") }
    };
    write!(
        rust,
        "impl Structure for {name} {{
            const LEAST: usize = {least};

            fn read({}: &mut Reader, {}: i16) -> Result<Self, DecodeError> {{ {} {read} }}

            fn write<S: Sink>(&self, {}: &mut S, {}: i16) -> Result<(), EncodeError> {{ {} {write} }}
        }}\n",
        silence(&read, "reader"),
        silence(&(flexible(&read) + &read), "version"),
        flexible(&read),
        silence(&write, "out"),
        silence(&(flexible(&write) + &write), "version"),
        flexible(&write),
    )
    .expect("a String takes everything");
    rust
}

/// Whether Rust code mentions a name, other than as a field.
fn mentions(rust: &str, name: &str) -> bool {
    rust.match_indices(name).any(|(at, _)| {
        let part = |letter: char| letter.is_alphanumeric() || letter == '_';
        let before = rust[..at].ends_with(|letter| part(letter) || letter == '.');
        let after = rust[at + name.len()..].starts_with(|letter| part(letter) || letter == ':');
        !before && !after
    })
}

/// A field's name as a variable; not one that the code around it uses.
fn local(field: &Field) -> String {
    let name = names::field(&field.name);
    match name.as_str() {
        "version" | "flexible" | "reader" | "tag" => format!("{name}_"),
        _ => name,
    }
}

/// `name`, or `name: variable` where they differ.
fn initialise(field: &Field) -> String {
    let (name, local) = (names::field(&field.name), local(field));
    if name == local { name } else { format!("{name}: {local}") }
}

fn declaration(message: &Message, structure: &Structure) -> String {
    let default = if structure.fields.iter().all(fields::default_is_rusts) {
        "Clone, Debug, Default, PartialEq"
    } else {
        "Clone, Debug, PartialEq"
    };
    let body = structure.name == message.name;
    let what =
        if body { format!("Kafka's `{}`", message.name) } else { format!("A part of `{}`", message.name) };
    let mut rust = format!("/// {what}, versions {}.\n", structure.versions);
    write!(rust, "#[derive({default})] pub struct {} {{", structure.name).expect("a String takes everything");
    for field in &structure.fields {
        let mut doc = Vec::new();
        if field.versions != structure.versions {
            doc.push(format!("In versions {}.", field.versions));
        }
        if let Some(tag) = field.tag {
            doc.push(format!("Tag {tag}."));
        }
        if !doc.is_empty() {
            write!(rust, "\n/// {}\n", doc.join(" ")).expect("a String takes everything");
        }
        writeln!(rust, "pub {}: {},", names::field(&field.name), fields::rust_type(field))
            .expect("a String takes everything");
    }
    rust + "}\n\n"
}

fn default(structure: &Structure) -> String {
    let fields: Vec<_> = structure
        .fields
        .iter()
        .map(|field| format!("{}: {}", names::field(&field.name), fields::default(field)))
        .collect();
    format!(
        "impl Default for {} {{ fn default() -> Self {{ Self {{ {} }} }} }}\n\n",
        structure.name,
        fields.join(", ")
    )
}

fn read(around: Around<'_>, structure: &Structure) -> String {
    let mut rust = String::new();
    for field in structure.fields.iter().filter(|field| field.tag.is_none()) {
        let inner = Around { versions: field.versions, ..around };
        let name = local(field);
        let read = fields::read(inner, field);
        let read = if read.starts_with("if ") { format!("({read})") } else { read };
        let line = match around.condition(field.versions) {
            None => format!("let {name} = {read}?;"),
            Some(condition) => {
                format!("let {name} = if {condition} {{ {read}? }} else {{ {} }};", fields::default(field))
            }
        };
        rust += &line;
    }
    let tagged: Vec<_> = structure.fields.iter().filter(|field| field.tag.is_some()).collect();
    for field in &tagged {
        rust += &format!("let mut {} = {};", local(field), fields::default(field));
    }
    rust += &read_tags(around, &tagged);
    let names: Vec<_> = structure.fields.iter().map(initialise).collect();
    rust + &format!("Ok(Self {{ {} }})", names.join(", "))
}

fn read_tags(around: Around<'_>, tagged: &[&Field]) -> String {
    let Some(from) = around.message.flexible.filter(|from| *from <= around.versions.to) else {
        return String::new();
    };
    let mut arms = String::new();
    for field in tagged {
        let inner = Around { versions: field.versions, ..around };
        let tag = field.tag.unwrap_or_default();
        let versions = klamm_schema::Versions { from: from.max(around.versions.from), ..around.versions };
        let guard = Around { versions, ..around }
            .condition(field.versions)
            .map_or(String::new(), |condition| format!(" if {condition}"));
        arms += &format!("{tag}{guard} => {} = {}?,", local(field), fields::read(inner, field));
    }
    let known = if arms.is_empty() {
        "|_, _| Ok(false)".to_owned()
    } else {
        format!("|reader, tag| {{ match tag {{ {arms} _ => return Ok(false) }} Ok(true) }}")
    };
    let read = format!("reader.tagged({known})?;");
    if from <= around.versions.from { read } else { format!("if flexible {{ {read} }}") }
}

fn write(around: Around<'_>, structure: &Structure) -> String {
    let mut rust = String::new();
    for field in structure.fields.iter().filter(|field| field.tag.is_none()) {
        let inner = Around { versions: field.versions, ..around };
        let write = fields::write(inner, &structure.name, field, "out");
        let write = if write.starts_with("if ") { format!("({write})") } else { write };
        match around.condition(field.versions) {
            None => rust += &format!("{write}?;"),
            Some(condition) => rust += &format!("if {condition} {{ {write}?; }}"),
        }
    }
    rust += &refuse_absent(around, structure);
    rust += &write_tags(around, structure);
    rust + "Ok(())"
}

/// The errors for fields that are set in a version without them and may not be dropped.
fn refuse_absent(around: Around<'_>, structure: &Structure) -> String {
    let mut rust = String::new();
    for field in structure.fields.iter().filter(|field| !field.ignorable) {
        let Some(lacks) = around.lacks(field.versions) else { continue };
        let set = fields::is_set(field, &format!("self.{}", names::field(&field.name)), false);
        rust += &format!(
            "if {lacks} && {set} {{
                return Err(EncodeError::FieldAbsent {{ structure: \"{}\", field: \"{}\", version }});
            }}",
            structure.name, field.name
        );
    }
    rust
}

fn write_tags(around: Around<'_>, structure: &Structure) -> String {
    let Some(from) = around.message.flexible.filter(|from| *from <= around.versions.to) else {
        return String::new();
    };
    let mut tagged: Vec<_> = structure.fields.iter().filter(|field| field.tag.is_some()).collect();
    tagged.sort_by_key(|field| field.tag);
    let flexible = klamm_schema::Versions { from: from.max(around.versions.from), ..around.versions };
    let conditions: Vec<_> = tagged
        .iter()
        .map(|field| {
            let set = fields::is_set(field, &format!("self.{}", names::field(&field.name)), true);
            match (Around { versions: flexible, ..around }).condition(field.versions) {
                None => set,
                Some(condition) => format!("{condition} && {set}"),
            }
        })
        .collect();
    let body = match tagged.as_slice() {
        [] => "out.uvarint(0);".to_owned(),
        _ => {
            let count: Vec<_> =
                conditions.iter().map(|condition| format!("u32::from({condition})")).collect();
            let mut body = format!("out.uvarint({});", count.join(" + "));
            for (field, condition) in tagged.iter().zip(&conditions) {
                body += &format!("if {condition} {{ {} }}", write_tag(around, &structure.name, field));
            }
            body
        }
    };
    if from <= around.versions.from { body } else { format!("if flexible {{ {body} }}") }
}

fn write_tag(around: Around<'_>, structure: &str, field: &Field) -> String {
    let inner = Around { versions: field.versions, ..around };
    let tag = field.tag.unwrap_or_default();
    let write = fields::write(inner, structure, field, "out");
    let measure = match &field.kind {
        // the size of a number is known
        kind @ (Type::Bool | Type::Number(_) | Type::Uuid) => {
            return format!("out.uvarint({tag}); out.uvarint({}); {write}?;", around.message.least(kind, 0));
        }
        _ => write.clone(),
    };
    format!("out.tag({tag}, |out| {measure})?; {write}?;")
}
