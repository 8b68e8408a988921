//! `pipe schema`.

use super::{exit, output};
use crate::engine::session::SessionError;
use crate::logic::manifest::manifest_schema;

/// Fails never; the signature is that of all commands.
pub(super) fn run() -> Result<u8, SessionError> {
    output::data(manifest_schema().as_bytes());
    Ok(exit::DONE)
}
