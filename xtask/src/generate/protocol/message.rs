//! One message in Rust: a module with its structures and what it is.

use super::{names, structure};
use klamm_schema::{Kind, Message};

/// The module of a message.
pub fn rust(message: &Message) -> String {
    let structures: String =
        message.structures.iter().map(|structure| structure::rust(message, structure)).collect();
    let body = structures + &traits(message);
    format!(
        "//! `{}`: generated from the schema by `cargo xtask gen protocol`.\n\n{}\n{body}",
        message.name,
        imports(message.kind, &body)
    )
}

fn traits(message: &Message) -> String {
    let name = &message.name;
    let flexible = message.flexible.map_or("i16::MAX".to_owned(), |from| from.to_string());
    let mut rust = format!(
        "impl Message for {name} {{
            const NAME: &'static str = \"{name}\";
            const VERSIONS: RangeInclusive<i16> = {}..={};
            const FLEXIBLE_FROM: i16 = {flexible};

            fn encode(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {{
                write(self, writer, version)
            }}

            fn encoded_size(&self, version: i16) -> Result<Size, EncodeError> {{
                let mut size = Size::default();
                write(self, &mut size, version)?;
                Ok(size)
            }}
        }}\n\n",
        message.versions.from, message.versions.to
    );
    let api = names::api(name);
    let key = message.key.unwrap_or_default();
    rust += &match message.kind {
        Kind::Request => format!(
            "impl Request for {name} {{ const KEY: ApiKey = ApiKey::{api};
            type Response = super::{}::{api}Response; }}",
            names::module(&format!("{api}Response"))
        ),
        Kind::Response => format!("impl Response for {name} {{ const KEY: ApiKey = ApiKey::{api}; }}"),
        Kind::Metadata => format!("impl Metadata for {name} {{ const TYPE: u32 = {key}; }}"),
        Kind::CoordinatorKey | Kind::CoordinatorValue => {
            format!("impl Coordinator for {name} {{ const TYPE: i16 = {key}; }}")
        }
        Kind::Header | Kind::Data => String::new(),
    };
    rust
}

/// Only what is used.
fn imports(kind: Kind, body: &str) -> String {
    let words: std::collections::BTreeSet<&str> =
        body.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
    let used = |names: &[&str]| -> String {
        names.iter().filter(|name| words.contains(**name)).map(|name| format!("{name}, ")).collect()
    };
    let what = match kind {
        Kind::Request => "ApiKey, Request, ",
        Kind::Response => "ApiKey, Response, ",
        Kind::Metadata => "Metadata, ",
        Kind::CoordinatorKey | Kind::CoordinatorValue => "Coordinator, ",
        Kind::Header | Kind::Data => "",
    };
    let records = used(&["Records"]);
    // Sink alone counts tagged fields
    let fields = if body.replace("out.uvarint(0)", "").contains("out.") { "Fields as _, " } else { "" };
    let types = used(&["Bytes", "Str", "Uuid"]);
    let types = if types.is_empty() { types } else { format!("use klamm_types::{{{types}}};\n") };
    format!(
        "use crate::{{DecodeError, EncodeError, Message, Reader, {records} Size, {what} Writer, message::{{Structure, write}}, writer::{{{fields} Sink}}}};
        {types}use std::ops::RangeInclusive;\n"
    )
}
