//! docs/protocol.md: which messages the schema knows.

use super::names;
use klamm_schema::{Kind, Message};

/// The page.
pub fn page(messages: &[Message]) -> String {
    let mut page = String::from(
        "# The protocol that Klamm knows\n\n\
        Generated from `broker/core/protocol/schema` by `cargo xtask gen protocol`. Known is what can be read and written; what a broker\n\
        serves it says in its answer to ApiVersions.\n\n\
        ## APIs\n\n| Key | API | Versions | Flexible from |\n|--:|---|---|---|\n",
    );
    let mut requests: Vec<_> = messages.iter().filter(|message| message.kind == Kind::Request).collect();
    requests.sort_by_key(|message| message.key);
    for message in requests {
        let key = message.key.unwrap_or_default();
        page += &format!(
            "| {key} | {} | {} | {} |\n",
            names::api(&message.name),
            message.versions,
            flexible(message)
        );
    }
    page += "\n## Records and other data\n\n| Message | Where | Type | Versions | Flexible from |\n|---|---|--:|---|---|\n";
    let mut others: Vec<_> =
        messages.iter().filter_map(|message| Some((place(message.kind)?, message))).collect();
    others.sort_by_key(|(place, message)| (*place, message.key));
    for (place, message) in others {
        let key = message.key.map_or("–".to_owned(), |key| key.to_string());
        page += &format!(
            "| {} | {place} | {key} | {} | {} |\n",
            message.name,
            message.versions,
            flexible(message)
        );
    }
    page
}

fn flexible(message: &Message) -> String {
    message.flexible.map_or("–".to_owned(), |from| from.to_string())
}

fn place(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Request | Kind::Response => return None,
        Kind::Header => "header",
        Kind::Data => "data",
        Kind::Metadata => "`__cluster_metadata`",
        Kind::CoordinatorKey => "`__consumer_offsets`, key",
        Kind::CoordinatorValue => "`__consumer_offsets`, value",
    })
}
