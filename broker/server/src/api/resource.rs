//! What has settings, as the config requests name it.

use klamm_metadata::{Resource, ResourceKind, decide::Refused};
use klamm_protocol::ErrorCode;
use klamm_types::Str;

/// The resource of a request.
pub(super) fn wanted(kind: i8, name: &Str) -> Result<Resource, Refused> {
    let kind = ResourceKind::from_wire(kind).ok_or_else(|| {
        let text = format!("resources of type {kind} have no settings here: topics (2) and brokers (4) do");
        Refused::new(ErrorCode::InvalidRequest, text)
    })?;
    Ok(Resource { kind, name: name.detached() })
}
