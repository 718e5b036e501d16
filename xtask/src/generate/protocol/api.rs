//! What lists all messages: the enum of API keys, the enum of metadata records, the module of modules.

use super::names;
use klamm_schema::{Kind, Message};

const HEAD: &str = "generated from the schema by `cargo xtask gen protocol`.\n\n";

/// The module of modules.
pub fn modules(messages: &[Message]) -> String {
    let mut rust = format!("//! Kafka's messages: {HEAD}");
    rust += "pub(crate) mod api_key;\npub(crate) mod metadata_record;\n";
    for message in messages {
        rust += &format!("pub mod {};\n", names::module(&message.name));
    }
    rust.push('\n');
    for message in messages {
        rust += &format!("pub use {}::{};\n", names::module(&message.name), message.name);
    }
    rust
}

/// The enum of API keys.
pub fn keys(messages: &[Message]) -> String {
    let mut requests: Vec<_> = messages.iter().filter(|message| message.kind == Kind::Request).collect();
    requests.sort_by_key(|message| message.key);
    let each = |line: &dyn Fn(&Message, &str, i16) -> String| -> String {
        requests.iter().map(|m| line(m, names::api(&m.name), m.key.unwrap_or_default())).collect()
    };
    format!(
        "//! The API keys that the schema knows: {HEAD}
use std::ops::RangeInclusive;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(i16)]
pub enum ApiKey {{ {} }}

impl ApiKey {{
    /// All of them, by key.
    pub const ALL: &'static [ApiKey] = &[{}];

    /// By its number on the wire.
    #[must_use]
    pub fn from_code(code: i16) -> Option<ApiKey> {{ Some(match code {{ {} _ => return None }}) }}

    /// Kafka's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {{ match self {{ {} }} }}

    /// The versions that the schema knows. What is served is the server's choice.
    #[must_use]
    pub fn versions(self) -> RangeInclusive<i16> {{ match self {{ {} }} }}

    /// The first version with compact lengths and tagged fields (KIP-482); `i16::MAX` when there is none.
    #[must_use]
    pub fn flexible_from(self) -> i16 {{ match self {{ {} }} }}
}}",
        each(&|m, api, key| format!("#[doc = \"Versions {}.\"] {api} = {key},", m.versions)),
        each(&|_, api, _| format!("ApiKey::{api},")),
        each(&|_, api, key| format!("{key} => ApiKey::{api},")),
        each(&|_, api, _| format!("ApiKey::{api} => \"{api}\",")),
        each(&|m, api, _| format!("ApiKey::{api} => {}..={},", m.versions.from, m.versions.to)),
        each(&|m, api, _| {
            let from = m.flexible.map_or("i16::MAX".to_owned(), |from| from.to_string());
            format!("ApiKey::{api} => {from},")
        }),
    )
}

/// The enum of metadata records.
pub fn metadata_records(messages: &[Message]) -> String {
    let mut records: Vec<_> = messages.iter().filter(|message| message.kind == Kind::Metadata).collect();
    records.sort_by_key(|message| message.key);
    let each = |line: &dyn Fn(&str, &str, i16) -> String| -> String {
        records
            .iter()
            .map(|m| {
                line(&m.name, m.name.strip_suffix("Record").unwrap_or(&m.name), m.key.unwrap_or_default())
            })
            .collect()
    };
    let imports = each(&|name, _, _| format!("{name}, "));
    format!(
        "//! Any record of the metadata log: {HEAD}
use super::{{{imports}}};
use crate::{{DecodeError, EncodeError, Message as _, Reader, Size, Writer}};

/// Any record of the metadata log.
#[derive(Clone, Debug, PartialEq)]
pub enum MetadataRecord {{ {} }}

impl MetadataRecord {{
    /// Its type, as its frame says it.
    #[must_use]
    pub fn kind(&self) -> u32 {{ match self {{ {} }} }}

    /// Kafka's name for it.
    #[must_use]
    pub fn name(&self) -> &'static str {{ match self {{ {} }} }}

    pub(crate) fn read(reader: &mut Reader, kind: u32, version: i16) -> Result<Self, DecodeError> {{
        Ok(match kind {{ {}
            _ => return Err(DecodeError::UnknownRecord {{ kind: i64::from(kind) }}),
        }})
    }}

    pub(crate) fn write(&self, writer: &mut Writer, version: i16) -> Result<(), EncodeError> {{
        match self {{ {} }}
    }}

    pub(crate) fn size(&self, version: i16) -> Result<Size, EncodeError> {{
        match self {{ {} }}
    }}
}}

{}",
        each(&|name, short, key| format!("#[doc = \"Type {key}.\"] {short}({name}),")),
        each(&|_, short, key| format!("MetadataRecord::{short}(_) => {key},")),
        each(&|name, short, _| format!("MetadataRecord::{short}(_) => \"{name}\",")),
        each(&|name, short, key| format!(
            "{key} => MetadataRecord::{short}({name}::decode(reader, version)?),"
        )),
        each(&|_, short, _| format!("MetadataRecord::{short}(record) => record.encode(writer, version),")),
        each(&|_, short, _| format!("MetadataRecord::{short}(record) => record.encoded_size(version),")),
        each(&|name, short, _| format!(
            "impl From<{name}> for MetadataRecord {{ fn from(record: {name}) -> Self {{ MetadataRecord::{short}(record) }} }}\n\n"
        )),
    )
}
