//! The cache on this machine: results found by key, blobs found by digest. Many checkouts may share it.
//!
//! Entries appear whole, by rename, under names that say what they hold; so it needs no lock, and writing the same
//! entry twice is harmless. Whatever is read is checked against its name. Nothing is flushed: a lost entry costs a
//! run, and a damaged one is found out when it is read. Does not know nodes.

use super::format;
pub use super::restore::RestoreTrouble;
use super::room::touch;
use super::{sweep, temporary, write_whole};
use crate::base::content::{Content, EntryKind, Tree};
use crate::base::digest::Digest;
use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::record::{Key, RunResult};
use crate::world::trouble::{Trouble, is_absence};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};

/// Changes when the meaning of an entry changes; other versions live beside it.
const VERSION: &str = "v1";
/// Blobs are nobody's to write.
const BLOB_MODE: u32 = 0o444;

/// See the module.
pub struct LocalCache {
    folder: PathBuf,
    /// Where outputs are built before they are renamed into place, when it is on the same file system.
    pub(super) aside: PathBuf,
    swept: Once,
    /// How many bytes of blobs were added.
    added: AtomicU64,
}

/// What the cache has for a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup {
    /// A whole entry.
    Hit(RunResult),
    /// None.
    Miss,
    /// One that is damaged; keeping a result for the key replaces it. Says which.
    Damaged(String),
}

impl LocalCache {
    /// The cache in `folder`, which need not stand yet; outputs are put together in `aside`.
    pub fn new(folder: &Path, aside: &Path) -> Self {
        LocalCache {
            folder: folder.join(VERSION),
            aside: aside.to_path_buf(),
            swept: Once::new(),
            added: AtomicU64::new(0),
        }
    }

    /// What is known to come of `key`.
    pub fn result(&self, key: &Key) -> Lookup {
        let path = self.result_path(key);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if is_absence(error.kind()) => {
                return Lookup::Miss;
            }
            Err(error) => return Lookup::Damaged(Trouble::on("read", &path)(error).to_string()),
        };
        match decode_result(key, &bytes) {
            Some(result) => Lookup::Hit(result),
            None => Lookup::Damaged(format!("the result {} is damaged", key.0.short())),
        }
    }

    /// Keeps what came of `key`. Its blobs have to be kept first.
    ///
    /// # Errors
    /// The entry cannot be written.
    pub fn keep_result(&self, key: &Key, result: &RunResult) -> Result<(), Trouble> {
        let path = self.result_path(key);
        self.folder_of(&path)?;
        write_whole(&path, &[&encode_result(key, result)], false)
    }

    /// Forgets what came of `key`, if anything is kept.
    ///
    /// # Errors
    /// The entry cannot be removed.
    pub fn forget_result(&self, key: &Key) -> Result<(), Trouble> {
        let path = self.result_path(key);
        match fs::remove_file(&path) {
            Err(error) if !is_absence(error.kind()) => Err(Trouble::on("remove", &path)(error)),
            _ => Ok(()),
        }
    }

    /// Whether every blob of a result is there with the right size, so that restoring it can be expected to work.
    pub fn has_all(&self, result: &RunResult) -> bool {
        result
            .outputs
            .iter()
            .all(|(_, content)| self.has_output(content))
    }

    /// The same for one output.
    pub fn has_output(&self, content: &Content) -> bool {
        match content {
            Content::File { digest, size, .. } => self.has(digest, *size),
            Content::Tree { digest, .. } => self.tree(digest).is_ok_and(|tree| {
                tree.is_some_and(|tree| {
                    tree.entries.iter().all(|entry| match &entry.kind {
                        EntryKind::File { digest, size, .. } => self.has(digest, *size),
                        EntryKind::Folder | EntryKind::Link { .. } => true,
                    })
                })
            }),
            Content::Absent | Content::Special => false,
        }
    }

    /// Keeps bytes. A blob that is there and damaged is replaced.
    ///
    /// # Errors
    /// The blob cannot be written.
    pub fn put_blob(&self, bytes: &[u8]) -> Result<Digest, Trouble> {
        let digest = Digest::of(bytes);
        if !(matches!(self.blob(&digest), Ok(Some(_))) && self.reuse(&digest)) {
            self.publish_bytes(bytes, &digest)?;
        }
        Ok(digest)
    }

    /// Writes a blob, whatever stands there.
    pub(super) fn publish_bytes(&self, bytes: &[u8], digest: &Digest) -> Result<(), Trouble> {
        let made = self.make_temporary()?;
        let write = || File::create_new(&made)?.write_all(bytes);
        write()
            .inspect_err(|_| drop(fs::remove_file(&made)))
            .map_err(Trouble::on("write", &made))?;
        self.publish(&made, digest)
    }

    /// The bytes of a blob; `None` when it is not there or damaged.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Trouble> {
        let path = self.blob_path(digest);
        match fs::read(&path) {
            Ok(bytes) => Ok((Digest::of(&bytes) == *digest).then_some(bytes)),
            Err(error) if is_absence(error.kind()) => Ok(None),
            Err(error) => Err(Trouble::on("read", &path)(error)),
        }
    }

    /// The listing of a directory output that is kept, for whoever wants to know what was in it.
    pub fn listing(&self, digest: &Digest) -> Option<Tree> {
        self.tree(digest).ok().flatten()
    }

    /// The listing of a directory that is kept.
    pub(super) fn tree(&self, digest: &Digest) -> Result<Option<Tree>, Trouble> {
        Ok(self.blob(digest)?.and_then(|bytes| Tree::decode(&bytes)))
    }

    /// Whether a blob of this size is there. Says nothing about its bytes.
    pub(super) fn has(&self, digest: &Digest, size: u64) -> bool {
        self.blob_path(digest)
            .metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.len() == size)
    }

    /// Says of a blob that is there that it is used now, so that no pruning takes it. False when it has just gone.
    pub(super) fn reuse(&self, digest: &Digest) -> bool {
        // Where nobody may say so, there is nobody here who could prune either.
        let touched = touch(&self.blob_path(digest));
        !touched.is_err_and(|error| is_absence(error.kind()))
    }

    /// How many bytes of blobs were added through this value.
    pub fn added(&self) -> u64 {
        self.added.load(Ordering::Relaxed)
    }

    /// Where entries of this version lie.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.entry_path("blobs", digest)
    }

    /// A name for a blob that is being made.
    pub(super) fn make_temporary(&self) -> Result<PathBuf, Trouble> {
        let folder = self.folder.join("tmp");
        fs::create_dir_all(&folder).map_err(Trouble::on("create", &folder))?;
        self.swept.call_once(|| sweep(&folder));
        Ok(temporary(&folder))
    }

    /// Gives a finished blob its name.
    pub(super) fn publish(&self, made: &Path, digest: &Digest) -> Result<(), Trouble> {
        let path = self.blob_path(digest);
        let publish = || {
            fs::set_permissions(made, fs::Permissions::from_mode(BLOB_MODE))
                .map_err(Trouble::on("protect", made))?;
            let size = made.metadata().map_or(0, |metadata| metadata.len());
            // The folder is nearly always there.
            fs::rename(made, &path).or_else(|_| {
                self.folder_of(&path)?;
                fs::rename(made, &path).map_err(Trouble::on("create", &path))
            })?;
            self.added.fetch_add(size, Ordering::Relaxed);
            Ok(())
        };
        publish().inspect_err(|_| drop(fs::remove_file(made)))
    }

    pub(super) fn result_path(&self, key: &Key) -> PathBuf {
        self.entry_path("results", &key.0)
    }

    fn entry_path(&self, kind: &str, digest: &Digest) -> PathBuf {
        let name = digest.to_string();
        self.folder.join(kind).join(&name[..2]).join(&name[2..])
    }

    fn folder_of(&self, path: &Path) -> Result<(), Trouble> {
        let folder = path.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(Trouble::on("create", folder))
    }
}

const RESULT_HEADER: &str = "pipe result 3";

pub(super) fn encode_result(key: &Key, result: &RunResult) -> Vec<u8> {
    let mut body = FlatWriter::default();
    body.text(RESULT_HEADER).digest(&key.0);
    format::put_result(&mut body, result);
    let mut out = FlatWriter::default();
    out.digest(&Digest::of(&body.0));
    out.0.extend_from_slice(&body.0);
    out.0
}

pub(super) fn decode_result(key: &Key, bytes: &[u8]) -> Option<RunResult> {
    let mut from = FlatReader(bytes);
    if from.digest()? != Digest::of(from.0)
        || from.text()? != RESULT_HEADER
        || from.digest()? != key.0
    {
        return None;
    }
    format::take_result(&mut from).filter(|_| from.is_empty())
}

#[cfg(test)]
mod tests;
