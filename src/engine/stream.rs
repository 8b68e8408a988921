//! A stream for a program that wants to know what happens: opened here, filled by the caller.
//!
//! Does not know what is written to it.

use super::session::SessionError;
use crate::world::nearby;
use crate::world::stream;
pub use crate::world::stream::Stream;
use crate::world::trouble::Trouble;
use std::path::Path;

/// Opens a file, a FIFO or a descriptor's path.
///
/// # Errors
/// It cannot be opened.
pub fn open(path: &Path) -> Result<Stream, SessionError> {
    Ok(Stream::open(path)?)
}

/// Writes `text` behind what a file holds.
///
/// # Errors
/// It cannot be opened or written.
pub fn append(path: &Path, text: &str) -> Result<(), Trouble> {
    nearby::append(path, text)
}

/// Writes a document to a file.
///
/// # Errors
/// It cannot be written.
pub fn save(path: &Path, text: &str) -> Result<(), SessionError> {
    Ok(stream::save(path, text.as_bytes())?)
}
