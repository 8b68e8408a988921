//! Which files match a pattern.
//!
//! Does not read any file.

use super::{Observer, raw, walk_trouble};
use crate::base::path::{OWN_PREFIX, PathPattern, ProjectPath, STATE_FOLDER};
use crate::world::trouble::{Trouble, is_absence};
use std::path::Path;
use walkdir::WalkDir;

/// The files and links that match a pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// Sorted.
    pub files: Vec<ProjectPath>,
    /// Names that would match but cannot be written in a manifest, made readable.
    pub not_utf8: Vec<String>,
}

impl Observer {
    /// The files that match `pattern`, and links to files. Never looks into `.pipe`.
    ///
    /// # Errors
    /// A folder on the way cannot be read.
    pub fn list(&self, pattern: &PathPattern) -> Result<Listing, Trouble> {
        let base = pattern.base().under(&self.root);
        let mut listing = Listing::default();
        let state = self.root.join(STATE_FOLDER);
        for entry in WalkDir::new(&base).into_iter().filter_entry(|entry| {
            entry.path() != state
                && !raw(entry.file_name().as_ref()).starts_with(OWN_PREFIX.as_bytes())
        }) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error)
                    if error
                        .io_error()
                        .is_some_and(|error| is_absence(error.kind())) =>
                {
                    continue;
                }
                Err(error) => return Err(walk_trouble(&base, error)),
            };
            let is_file = entry.file_type().is_file()
                || (entry.file_type().is_symlink()
                    && entry.path().metadata().is_ok_and(|target| target.is_file()));
            if is_file {
                listing.add(
                    pattern,
                    entry
                        .path()
                        .strip_prefix(&self.root)
                        .unwrap_or(entry.path()),
                );
            }
        }
        listing.files.sort();
        listing.not_utf8.sort();
        Ok(listing)
    }
}

impl Listing {
    fn add(&mut self, pattern: &PathPattern, path: &Path) {
        match std::str::from_utf8(raw(path)) {
            Ok(text) => {
                let path = ProjectPath::from_normal(text);
                if pattern.matches(&path) {
                    self.files.push(path);
                }
            }
            Err(_) => {
                let readable = path.to_string_lossy().into_owned();
                if pattern.matches(&ProjectPath::from_normal(&readable)) {
                    self.not_utf8.push(readable);
                }
            }
        }
    }
}
