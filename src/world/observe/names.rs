//! Names that do not count inside a directory, by patterns.
//!
//! Does not know which names never count; `tree` does.

use globset::{Glob, GlobSet, GlobSetBuilder};
use std::ffi::OsStr;

/// Patterns for the names of files and folders, wherever they stand.
#[derive(Debug, Clone, Default)]
pub struct NameSet(GlobSet);

impl NameSet {
    /// Reads patterns; one that cannot be read matches nothing.
    pub fn new(patterns: &[String]) -> Self {
        let mut set = GlobSetBuilder::new();
        for glob in patterns
            .iter()
            .filter_map(|pattern| Glob::new(pattern).ok())
        {
            set.add(glob);
        }
        NameSet(set.build().unwrap_or_default())
    }

    /// Whether it matches nothing at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this name does not count.
    pub fn has(&self, name: &OsStr) -> bool {
        !self.0.is_empty() && self.0.is_match(name)
    }
}
