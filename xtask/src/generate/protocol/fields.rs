//! One field in Rust: its type, its default, how it is read and how it is written.

use super::names;
use klamm_schema::{Default, Field, Message, Type, Versions};

/// What the code around a field knows about the version.
#[derive(Clone, Copy)]
pub struct Around<'a> {
    pub message: &'a Message,
    pub versions: Versions,
}

impl Around<'_> {
    /// The condition on `version`, within these versions; `None` where it always holds.
    pub fn condition(&self, wanted: Versions) -> Option<String> {
        let all = self.versions;
        match (wanted.from <= all.from, wanted.to >= all.to) {
            (true, true) => None,
            (false, true) => Some(format!("version >= {}", wanted.from)),
            (true, false) => Some(format!("version <= {}", wanted.to)),
            (false, false) if wanted.from == wanted.to => Some(format!("version == {}", wanted.from)),
            (false, false) => Some(format!("({}..={}).contains(&version)", wanted.from, wanted.to)),
        }
    }

    /// The opposite of [`Around::condition`].
    pub fn lacks(&self, wanted: Versions) -> Option<String> {
        let all = self.versions;
        match (wanted.from <= all.from, wanted.to >= all.to) {
            (true, true) => None,
            (false, true) => Some(format!("version < {}", wanted.from)),
            (true, false) => Some(format!("version > {}", wanted.to)),
            (false, false) => Some(format!("!({}..={}).contains(&version)", wanted.from, wanted.to)),
        }
    }

    /// Whether a field is encoded the flexible way: an expression.
    pub fn flexible(&self, field: &Field) -> &'static str {
        match self.message.flexible {
            _ if field.inflexible => "false",
            Some(from) if from <= field.versions.from.max(self.versions.from) => "true",
            Some(from) if from <= self.versions.to => "flexible",
            _ => "false",
        }
    }
}

/// The field's type in Rust.
pub fn rust_type(field: &Field) -> String {
    let plain = plain_type(&field.kind);
    if field.nullable.is_some() { format!("Option<{plain}>") } else { plain }
}

fn plain_type(kind: &Type) -> String {
    match kind {
        Type::Bool => "bool".into(),
        Type::Number(name) => (*name).into(),
        Type::String => "Str".into(),
        Type::Bytes => "Bytes".into(),
        Type::Records => "Records".into(),
        Type::Uuid => "Uuid".into(),
        Type::Structure(name) => name.clone(),
        Type::Array(element) => format!("Vec<{}>", plain_type(element)),
    }
}

/// The value of a field that is not there. Kafka's default, but text, bytes and structures that may be null are null until set.
pub fn default(field: &Field) -> String {
    match (&field.default, &field.kind) {
        (Default::Null, _) => "None".into(),
        (Default::True, _) => "true".into(),
        (Default::Number(number), _) => number_literal(*number, &field.kind),
        (Default::Zero, Type::Array(_)) if field.nullable.is_some() => "Some(Vec::new())".into(),
        (Default::Zero, _) if field.nullable.is_some() => "None".into(),
        (Default::Zero, Type::Bool) => "false".into(),
        (Default::Zero, Type::Number("f64")) => "0.0".into(),
        (Default::Zero, Type::Number(_)) => "0".into(),
        (Default::Zero, Type::Uuid) => "Uuid::ZERO".into(),
        (Default::Zero, Type::Array(_)) => "Vec::new()".into(),
        (Default::Zero, kind) => format!("{}::default()", plain_type(kind)),
    }
}

fn number_literal(number: i64, kind: &Type) -> String {
    match (kind, number) {
        (Type::Number("i64"), i64::MAX) => "i64::MAX".into(),
        (Type::Number("i32"), n) if n == i64::from(i32::MAX) => "i32::MAX".into(),
        (Type::Number("i32"), n) if n == i64::from(i32::MIN) => "i32::MIN".into(),
        _ => number.to_string(),
    }
}

/// Whether Rust's derived default is the field's.
pub fn default_is_rusts(field: &Field) -> bool {
    let default = default(field);
    matches!(default.as_str(), "None" | "false" | "0" | "0.0" | "Uuid::ZERO" | "Vec::new()")
        || (default.ends_with("::default()") && default == format!("{}::default()", rust_type(field)))
}

/// Whether the field holds something that must not be lost: a condition on `value` (`self.name`). `exact`: as tagged fields need it.
pub fn is_set(field: &Field, value: &str, exact: bool) -> String {
    let zero = field.default == Default::Zero;
    match (&field.kind, field.nullable.is_some()) {
        (Type::Array(_), true) if zero && exact => {
            format!("{value}.as_ref().is_none_or(|value| !value.is_empty())")
        }
        (Type::Structure(_), true) => format!("{value}.is_some()"),
        (_, true) if zero && !exact => format!("{value}.as_ref().is_some_and(|value| !value.is_empty())"),
        (_, true) => format!("{value}.is_some()"),
        (Type::Bool, _) if zero => value.into(),
        (Type::Bool, _) => format!("!{value}"),
        (Type::String, _) => format!("!{value}.bytes().is_empty()"),
        (Type::Bytes | Type::Records | Type::Array(_), _) => format!("!{value}.is_empty()"),
        _ => format!("{value} != {}", default(field)),
    }
}

/// An expression of type `Result` that reads the field in the versions `around`, all of which have it.
pub fn read(around: Around<'_>, field: &Field) -> String {
    let Some(nullable) = field.nullable else { return read_as(around, field, false) };
    match around.condition(nullable) {
        None => read_as(around, field, true),
        Some(condition) => format!(
            "if {condition} {{ {} }} else {{ {}.map(Some) }}",
            read_as(around, field, true),
            read_as(around, field, false)
        ),
    }
}

fn read_as(around: Around<'_>, field: &Field, nullable: bool) -> String {
    let flexible = around.flexible(field);
    match &field.kind {
        Type::Structure(name) if nullable => {
            format!("reader.nullable(|reader| {name}::read(reader, version))")
        }
        Type::Array(element) => {
            let function = if nullable { "nullable_array" } else { "array" };
            let least = match &**element {
                Type::Structure(name) => format!("{name}::LEAST"),
                kind => around.message.least(kind, around.message.versions.to).to_string(),
            };
            format!("reader.{function}({flexible}, {least}, |reader| {})", read_plain(element, flexible, ""))
        }
        kind => read_plain(kind, flexible, if nullable { "nullable_" } else { "" }),
    }
}

fn read_plain(kind: &Type, flexible: &str, prefix: &str) -> String {
    match kind {
        Type::Bool => "reader.bool()".into(),
        Type::Number(name) => format!("reader.{name}()"),
        Type::Uuid => "reader.uuid()".into(),
        Type::String => format!("reader.{prefix}str({flexible})"),
        Type::Bytes => format!("reader.{prefix}bytes({flexible})"),
        Type::Records => format!("reader.{prefix}records({flexible})"),
        Type::Structure(name) => format!("{name}::read(reader, version)"),
        Type::Array(_) => unreachable!("Kafka has no arrays of arrays"),
    }
}

/// An expression of type `Result` that writes the field to `out`.
pub fn write(around: Around<'_>, structure: &str, field: &Field, out: &str) -> String {
    let flexible = around.flexible(field);
    let value = format!("self.{}", names::field(&field.name));
    let Some(nullable) = field.nullable else {
        return write_as(field, &format!("&{value}"), flexible, "", out);
    };
    let as_nullable = write_as(field, &format!("{value}.as_ref()"), flexible, "nullable_", out);
    let Some(condition) = around.condition(nullable) else { return as_nullable };
    format!(
        "if {condition} {{ {as_nullable} }} else {{
            let Some(value) = &{value} else {{
                return Err(EncodeError::Null {{ structure: \"{structure}\", field: \"{}\", version }});
            }};
            {}
        }}",
        field.name,
        write_as(field, "value", flexible, "", out)
    )
}

fn write_as(field: &Field, value: &str, flexible: &str, prefix: &str, out: &str) -> String {
    match &field.kind {
        Type::Structure(_) if prefix.is_empty() => {
            format!("{}.write({out}, version)", value.trim_start_matches('&'))
        }
        Type::Structure(_) => format!("{out}.nullable({value}, |out, value| value.write(out, version))"),
        Type::Array(element) => {
            let write = write_plain(element, "element", true, flexible, "", "out");
            format!("{out}.{prefix}array({value}, {flexible}, |out, element| {write})")
        }
        kind => write_plain(kind, value, false, flexible, prefix, out),
    }
}

fn write_plain(kind: &Type, value: &str, reference: bool, flexible: &str, prefix: &str, out: &str) -> String {
    match kind {
        Type::Bool | Type::Number(_) => {
            let name = if let Type::Number(name) = kind { name } else { "bool" };
            let value =
                if reference { format!("*{value}") } else { value.trim_start_matches('&').to_owned() };
            format!("{out}.{name}({value})")
        }
        Type::Uuid => format!("{out}.uuid({value})"),
        Type::String => format!("{out}.{prefix}str({value}, {flexible})"),
        Type::Bytes => format!("{out}.{prefix}bytes({value}, {flexible})"),
        Type::Records => format!("{out}.{prefix}records({value}, {flexible})"),
        Type::Structure(_) => format!("{value}.write({out}, version)"),
        Type::Array(_) => unreachable!("Kafka has no arrays of arrays"),
    }
}
