//! What a cache is used for, and the caches behind it: what is not found in one is looked for in the next, which is only
//! read.
//!
//! Does not know how an entry is written, nor what it says.

use super::{LocalCache, Lookup};
use crate::base::content::Tree;
use crate::base::digest::Digest;
use crate::base::record::Key;
use crate::world::store::pack::{Layout, Pack};
use crate::world::store::patch;
use crate::world::trouble::Trouble;
use std::fs;
use std::path::PathBuf;

/// What a cache is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Results in it are used.
    pub read: bool,
    /// New results go into it.
    pub write: bool,
}

impl Default for Access {
    fn default() -> Self {
        Access {
            read: true,
            write: true,
        }
    }
}

impl LocalCache {
    /// The same cache, used for this only, over the caches in the folders `behind`, the nearest first.
    pub fn over(mut self, access: Access, behind: &[PathBuf]) -> Self {
        self.access = access;
        let only_read = Access {
            read: true,
            write: false,
        };
        self.behind = behind.split_first().map(|(next, rest)| {
            let cache = LocalCache::new(next, &self.aside);
            Box::new(cache.over(only_read, rest))
        });
        self
    }

    /// Whether new results go into it.
    pub fn is_written(&self) -> bool {
        self.access.write
    }

    fn readable_behind(&self) -> Option<&LocalCache> {
        self.behind.as_deref().filter(|_| self.access.read)
    }

    /// What is known to come of `key`.
    pub fn result(&self, key: &Key) -> Lookup {
        if !self.access.read {
            return Lookup::Miss;
        }
        match (self.own_result(key), self.readable_behind()) {
            (Lookup::Hit(result), _) => Lookup::Hit(result),
            (own, None) => own,
            (own, Some(behind)) => match (behind.result(key), own) {
                (Lookup::Miss, own) => own,
                (found, _) => found,
            },
        }
    }

    /// The bytes of a blob; `None` when it is not there or damaged.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Trouble> {
        match (self.own_blob(digest), &self.behind) {
            (Ok(None) | Err(_), Some(behind)) => behind.blob(digest),
            (own, _) => own,
        }
    }

    /// The file of a blob of this size, or of any where none is given, here or behind. Says nothing about its bytes.
    pub(in crate::world::store) fn find_blob(
        &self,
        digest: &Digest,
        size: Option<u64>,
    ) -> Option<(PathBuf, u64)> {
        let path = self.blob_path(digest);
        let found = path.metadata().ok().filter(fs::Metadata::is_file);
        let found = found.map(|found| found.len());
        match found.filter(|found| size.is_none_or(|size| size == *found)) {
            Some(found) => Some((path, found)),
            None => self.readable_behind()?.find_blob(digest, size),
        }
    }

    /// Whether a blob of this size can be had, here or behind.
    pub(super) fn can_read(&self, digest: &Digest, size: u64) -> bool {
        self.access.read && self.find_size(digest, Some(size)).is_some()
    }

    /// The size of a blob that is here or behind, itself or as a patch; the one asked for, where one is.
    pub(in crate::world::store) fn find_size(
        &self,
        digest: &Digest,
        size: Option<u64>,
    ) -> Option<u64> {
        let found = self.find_blob(digest, size).map(|(_, found)| found);
        found.or_else(|| self.find_patch(digest, size))
    }

    fn find_patch(&self, digest: &Digest, size: Option<u64>) -> Option<u64> {
        if size.is_some_and(|size| size < patch::LARGE) {
            return None;
        }
        let found = self.patch(digest).map(|patch| patch.size());
        match found.filter(|found| size.is_none_or(|size| size == *found)) {
            Some(found) => Some(found),
            None => self.readable_behind()?.find_patch(digest, size),
        }
    }

    /// What the pack of a listing holds, if that can be had, here or behind. Says nothing about its bytes.
    pub(in crate::world::store) fn packed(&self, digest: &Digest, tree: &Tree) -> Option<Layout> {
        let layout = Layout::of(tree).filter(|_| self.access.read)?;
        self.find_pack(digest, &layout).map(|_| layout)
    }

    /// The file of a pack of the right size, here or behind.
    pub(in crate::world::store) fn find_pack(
        &self,
        digest: &Digest,
        layout: &Layout,
    ) -> Option<PathBuf> {
        match self.has_pack(digest, layout) {
            true => Some(self.pack_path(digest)),
            false => self.readable_behind()?.find_pack(digest, layout),
        }
    }

    /// The packs of a listing, by cache: here first, then behind.
    ///
    /// # Errors
    /// One is there and cannot be read, and there is nothing behind it.
    pub(in crate::world::store) fn packs(
        &self,
        digest: &Digest,
        tree: &Tree,
    ) -> Result<Vec<Option<Pack>>, Trouble> {
        let Some(behind) = &self.behind else {
            return Ok(vec![self.pack(digest, tree)?]);
        };
        let mut packs = vec![self.pack(digest, tree).ok().flatten()];
        packs.extend(behind.packs(digest, tree)?);
        Ok(packs)
    }
}
