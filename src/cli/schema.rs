//! `pipe schema [NAME]`.

use super::arguments::{Schema, SchemaName};
use super::{exit, output};
use crate::engine::session::SessionError;
use crate::logic::manifest::manifest_schema;

/// Fails never; the signature is that of all commands.
pub(super) fn run(asked: &Schema) -> Result<u8, SessionError> {
    let text = match asked.name {
        SchemaName::Manifest => manifest_schema(),
        SchemaName::CacheStats => include_str!("../../schemas/cache-stats.json").to_owned(),
        SchemaName::Check => include_str!("../../schemas/check.json").to_owned(),
        SchemaName::Diff => include_str!("../../schemas/diff.json").to_owned(),
        SchemaName::Events => include_str!("../../schemas/events.json").to_owned(),
        SchemaName::Graph => include_str!("../../schemas/graph.json").to_owned(),
        SchemaName::History => include_str!("../../schemas/history.json").to_owned(),
        SchemaName::List => include_str!("../../schemas/list.json").to_owned(),
        SchemaName::Status => include_str!("../../schemas/status.json").to_owned(),
        SchemaName::Why => include_str!("../../schemas/why.json").to_owned(),
    };
    output::data(text.as_bytes());
    Ok(exit::DONE)
}
