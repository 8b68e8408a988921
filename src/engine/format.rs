//! The texts that `pipe fmt` lays out: which there are, and how one is written back.
//!
//! Does not lay out; `logic/manifest/format` does.

use super::project::{OpenError, Place};
use super::sources;
use crate::world::store::state;
use crate::world::trouble::Trouble;
use std::path::PathBuf;

/// A manifest as it stands.
pub struct ManifestFile {
    /// Where.
    pub path: PathBuf,
    /// As messages name it.
    pub shown: String,
    /// What it says.
    pub text: String,
}

/// The manifest and those that it includes.
///
/// # Errors
/// See [`OpenError`].
pub fn manifest_files(place: &Place) -> Result<Vec<ManifestFile>, OpenError> {
    sources::manifest_files(place)
}

/// A file that is named on the command line.
///
/// # Errors
/// It cannot be read.
pub fn named_file(path: PathBuf) -> Result<ManifestFile, OpenError> {
    let shown = path.display().to_string();
    let text = sources::utf8(&shown, state::read_file(&path)?)?;
    Ok(ManifestFile { path, shown, text })
}

/// Replaces a file's text as a whole; a link to it stays one.
///
/// # Errors
/// It cannot be written; the old text stands.
pub fn write(file: &ManifestFile, text: &str) -> Result<(), Trouble> {
    state::replace_file(&file.path, text.as_bytes())
}
