//! What stands on the disk: digests of files and directories, with stamps as a shortcut, and listings for globs.
//!
//! Does not know what a path is for, nor whether what stands there is right.

mod bytes;
mod listing;
mod many;
mod names;
mod tree;

pub use bytes::SET_BACK;
pub use listing::Listing;
pub use many::Asked;
pub use names::NameSet;
pub use tree::never_counts;

use crate::base::content::Content;
use crate::base::digest::{Digest, DigestWriter};
use crate::base::path::ProjectPath;
use crate::base::record::{Stamp, StampedDigest};
use crate::world::stamps::{Reading, Recall, stamp_of};
use crate::world::trouble::{Trouble, is_absence};
use std::collections::HashMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use walkdir::{DirEntry, WalkDir};

/// How links inside a directory count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// In what people write: a link that leads out of the directory stands for what it leads to.
    Through,
    /// In what nodes write: a link is its text.
    Verbatim,
}

/// Looks at a project's files. Shared by all threads.
pub struct Observer {
    root: PathBuf,
    known: Recall,
    learned: Mutex<HashMap<Vec<u8>, StampedDigest>>,
    files_read: AtomicU64,
    bytes_read: AtomicU64,
}

impl Observer {
    /// An observer for the project at `root`, which trusts the stamps that `known` tells.
    pub fn new(root: PathBuf, known: Recall) -> Self {
        Observer {
            root,
            known,
            learned: Mutex::default(),
            files_read: AtomicU64::new(0),
            bytes_read: AtomicU64::new(0),
        }
    }

    /// What stands at `path`. A link there counts as what it leads to; one that leads nowhere is [`Content::Absent`].
    ///
    /// # Errors
    /// Something stands there that cannot be read.
    pub fn observe(&self, path: &ProjectPath, links: Links) -> Result<Content, Trouble> {
        self.observe_without(path, links, &NameSet::default())
    }

    /// The same, but names in `ignored` do not count inside a directory.
    ///
    /// # Errors
    /// See [`Observer::observe`].
    pub fn observe_without(
        &self,
        path: &ProjectPath,
        links: Links,
        ignored: &NameSet,
    ) -> Result<Content, Trouble> {
        let place = path.under(&self.root);
        let metadata = match place.metadata() {
            Ok(metadata) => metadata,
            Err(error) if is_absence(error.kind()) => return Ok(Content::Absent),
            Err(error) => return Err(Trouble::on("look at", &place)(error)),
        };
        if metadata.is_file() {
            self.file(&place, path.as_str().as_bytes(), &stamp_of(&metadata))
        } else if metadata.is_dir() {
            tree::observe(self, &place, path, links, ignored)
        } else {
            Ok(Content::Special)
        }
    }

    /// A digest of the stamps of all that stands at `path` and below it: it is another one when anything there was
    /// written meanwhile, even if the bytes are what they were. Reads no file; what cannot be looked at is left out.
    /// Where names are `ignored`, a folder's own stamp says nothing: an ignored name may have come or gone.
    pub fn stamps_at(&self, path: &ProjectPath, ignored: &NameSet) -> Digest {
        let place = path.under(&self.root);
        let mut writer = DigestWriter::new("pipe stamps 1");
        match place.metadata() {
            Ok(metadata) if !metadata.is_dir() => put_stamp(&mut writer, &place, &metadata),
            _ => put_stamps_below(&mut writer, &place, ignored),
        }
        writer.finish()
    }

    /// Takes note of what somebody else has read, under the same rule as for our own reading.
    pub fn remember(&self, reading: Reading) {
        if bytes::is_settled(&reading.stamped.stamp, reading.begun_ns) {
            self.learned
                .lock()
                .expect("no thread dies with it")
                .insert(reading.path, reading.stamped);
        }
    }

    /// Takes note of a file that was written apart with the bytes of `digest`, whose modification time was set back by
    /// [`SET_BACK`], and that has its name now. `key` is its path in the project, as raw bytes.
    pub fn remember_restored(&self, key: Vec<u8>, metadata: &Metadata, digest: Digest) {
        let stamp = stamp_of(metadata);
        if bytes::is_set_back(&stamp) {
            let stamped = StampedDigest { stamp, digest };
            self.learned
                .lock()
                .expect("no thread dies with it")
                .insert(key, stamped);
        }
    }

    /// The plain file at `place`, no link, which is `key` in the project; `None` when there is none that can be read.
    pub fn plain_file(&self, place: &Path, key: &[u8]) -> Option<Content> {
        let metadata = place.symlink_metadata().ok()?;
        metadata
            .is_file()
            .then(|| self.file(place, key, &stamp_of(&metadata)).ok())?
    }

    /// Stamps learned since the last call that were not known before.
    pub fn learned(&self) -> Vec<(Vec<u8>, StampedDigest)> {
        let learned = std::mem::take(&mut *self.learned.lock().expect("no thread dies with it"));
        learned
            .into_iter()
            .filter(|(path, stamped)| (self.known)(path) != Some(*stamped))
            .collect()
    }

    /// How many files and bytes were really read, rather than known by their stamp.
    pub fn read_so_far(&self) -> (u64, u64) {
        (
            self.files_read.load(Ordering::Relaxed),
            self.bytes_read.load(Ordering::Relaxed),
        )
    }

    /// A plain file that has this stamp, links followed.
    fn file(&self, place: &Path, key: &[u8], stamp: &Stamp) -> Result<Content, Trouble> {
        if let Some(digest) = self.known_digest(key, stamp) {
            return Ok(Content::File {
                digest,
                executable: stamp.mode & 0o100 != 0,
                size: stamp.size,
            });
        }
        let Some(read) = bytes::digest(place, stamp)? else {
            return Ok(Content::Special);
        };
        self.note(key, &read);
        Ok(Content::File {
            digest: read.digest,
            executable: read.stamp.mode & 0o100 != 0,
            size: read.stamp.size,
        })
    }

    /// The bytes of a file and their digest.
    ///
    /// # Errors
    /// It is no plain file, or cannot be read.
    pub fn read(&self, path: &ProjectPath) -> Result<(Vec<u8>, Digest), Trouble> {
        let place = path.under(&self.root);
        let Some((read, bytes)) = bytes::whole(&place)? else {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "it is no file");
            return Err(Trouble::on("read", &place)(error));
        };
        self.note(path.as_str().as_bytes(), &read);
        Ok((bytes, read.digest))
    }

    fn note(&self, key: &[u8], read: &bytes::FileRead) {
        self.files_read.fetch_add(1, Ordering::Relaxed);
        self.bytes_read
            .fetch_add(read.stamp.size, Ordering::Relaxed);
        if read.held_still {
            let stamped = StampedDigest {
                stamp: read.stamp,
                digest: read.digest,
            };
            self.remember(Reading {
                path: key.to_vec(),
                stamped,
                begun_ns: read.begun_ns,
            });
        }
    }

    /// What a plain file at `path` holds while it has this stamp, if that is known.
    pub fn recall(&self, path: &str, stamp: &Stamp) -> Option<Content> {
        Some(Content::File {
            digest: self.known_digest(path.as_bytes(), stamp)?,
            executable: stamp.mode & 0o100 != 0,
            size: stamp.size,
        })
    }

    /// The stamp that may stand for a plain file at `path` that holds `content`, if there is one.
    pub fn vouch(&self, path: &str, content: &Content) -> Option<Stamp> {
        let stamp = self.stamped(path)?.stamp;
        (self.recall(path, &stamp) == Some(*content)).then_some(stamp)
    }

    /// The digest that was last learned for `path`, and the stamp that may stand for it.
    pub fn stamped(&self, path: &str) -> Option<StampedDigest> {
        let key = path.as_bytes();
        self.just_learned(key).or_else(|| (self.known)(key))
    }

    fn just_learned(&self, key: &[u8]) -> Option<StampedDigest> {
        let learned = self.learned.lock().expect("no thread dies with it");
        learned.get(key).copied()
    }

    fn known_digest(&self, key: &[u8], stamp: &Stamp) -> Option<Digest> {
        let same = |known: StampedDigest| (known.stamp == *stamp).then_some(known.digest);
        let known = (self.known)(key).and_then(same);
        known.or_else(|| self.just_learned(key).and_then(same))
    }
}

/// What a walk over folders ran into.
fn walk_trouble(place: &Path, error: walkdir::Error) -> Trouble {
    let path = error.path().unwrap_or(place).to_path_buf();
    let cause = error
        .into_io_error()
        .unwrap_or_else(|| io::Error::other("a circle of links"));
    Trouble::on("list", &path)(cause)
}

fn raw(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

/// Adds the stamps of all that stands at `place` and below it.
fn put_stamps_below(writer: &mut DigestWriter, place: &Path, ignored: &NameSet) {
    let wanted = |entry: &DirEntry| entry.depth() == 0 || !ignored.has(entry.file_name());
    let walk = WalkDir::new(place).sort_by_file_name();
    for entry in walk.into_iter().filter_entry(wanted) {
        let Ok(entry) = entry else {
            continue;
        };
        if !ignored.is_empty() && entry.file_type().is_dir() {
            continue;
        }
        let path = entry.path();
        // Links are looked through, as they are when they are read.
        if let Ok(metadata) = path.metadata().or_else(|_| path.symlink_metadata()) {
            put_stamp(writer, path, &metadata);
        }
    }
}

fn put_stamp(writer: &mut DigestWriter, path: &Path, metadata: &Metadata) {
    let stamp = stamp_of(metadata);
    for number in [
        stamp.size,
        stamp.mtime_ns.cast_unsigned(),
        stamp.ctime_ns.cast_unsigned(),
        stamp.inode,
    ] {
        writer.field("", &number.to_le_bytes());
    }
    writer.field("path", raw(path));
}

#[cfg(test)]
mod tests;
