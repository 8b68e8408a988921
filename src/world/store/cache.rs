//! The cache on this machine: results found by key, blobs found by digest. Many checkouts may share it.
//!
//! Entries appear whole, by rename, under names that say what they hold; so it needs no lock, and writing the same
//! entry twice is harmless. Whatever is read is checked against its name. An entry that a power cut takes costs a run, and a
//! damaged one is found out when it is read; `flush` makes a cut less likely to take any. May lie over others that are
//! only read. Does not know nodes.

mod access;

pub use super::restore::RestoreTrouble;
use super::room::touch;
use super::{copy, format, sweep, temporary, write_whole};
use crate::base::content::{Content, EntryKind, Tree};
use crate::base::digest::Digest;
use crate::base::record::{Key, RunResult};
use crate::world::trouble::{Trouble, is_absence};
pub use access::Access;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

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
    /// An entry was found damaged: others may be too.
    suspect: AtomicBool,
    access: Access,
    /// What is not found here is looked for there; never written.
    pub(super) behind: Option<Box<LocalCache>>,
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
            suspect: AtomicBool::new(false),
            access: Access::default(),
            behind: None,
        }
    }

    /// What is known of it here, not behind.
    pub(super) fn own_result(&self, key: &Key) -> Lookup {
        let path = self.result_path(key);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if is_absence(error.kind()) => {
                return Lookup::Miss;
            }
            Err(error) => return Lookup::Damaged(Trouble::on("read", &path)(error).to_string()),
        };
        match format::decode_result(key, &bytes) {
            Some(result) => Lookup::Hit(result),
            None => {
                self.suspect();
                Lookup::Damaged(format!("the result {} is damaged", key.0.short()))
            }
        }
    }

    /// Keeps what came of `key`. Its blobs have to be kept first.
    ///
    /// # Errors
    /// The entry cannot be written.
    pub fn keep_result(&self, key: &Key, result: &RunResult) -> Result<(), Trouble> {
        if !self.access.write {
            return Ok(());
        }
        let path = self.result_path(key);
        self.folder_of(&path)?;
        write_whole(&path, &[&format::encode_result(key, result)], false)
    }

    /// Forgets what came of `key`, if anything is kept.
    ///
    /// # Errors
    /// The entry cannot be removed.
    pub fn forget_result(&self, key: &Key) -> Result<(), Trouble> {
        let path = self.result_path(key);
        let own = match self.access.write {
            true => fs::remove_file(&path),
            false => match self.own_result(key) {
                Lookup::Miss => Ok(()),
                _ => Err(only_read()),
            },
        };
        // Both are tried, whatever came of the one.
        let behind = match &self.behind {
            Some(behind) => behind.forget_result(key),
            None => Ok(()),
        };
        match own {
            Err(error) if !is_absence(error.kind()) => Err(Trouble::on("remove", &path)(error)),
            _ => behind,
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
            Content::File { digest, size, .. } => self.can_read(digest, *size),
            Content::Tree { digest, .. } => self.tree(digest).is_ok_and(|tree| {
                tree.is_some_and(|tree| {
                    let packed = self.packed(digest, &tree);
                    let packed = |file| packed.as_ref().is_some_and(|pack| pack.holds(file));
                    tree.entries.iter().all(|entry| match &entry.kind {
                        EntryKind::File { digest, size, .. } => {
                            packed(digest) || self.can_read(digest, *size)
                        }
                        EntryKind::Folder | EntryKind::Link { .. } => true,
                    })
                })
            }),
            Content::Absent | Content::Special => false,
        }
    }

    /// What of a result is there and damaged, as far as names, sizes and listings tell. What is gone is not damaged:
    /// pruning takes it too.
    pub fn damage_in(&self, result: &RunResult) -> Option<RestoreTrouble> {
        let cut = |digest: &Digest, size: u64| {
            let damaged = match self.blob_path(digest).symlink_metadata() {
                Ok(_) => !self.has(digest, size),
                Err(_) => self.has_damaged_patch(digest, size),
            };
            damaged.then_some(RestoreTrouble::DamagedBlob(*digest))
        };
        let damage = |content: &Content| match content {
            Content::File { digest, size, .. } => cut(digest, *size),
            Content::Tree { digest, .. } => match self.tree(digest) {
                Ok(Some(tree)) if self.has_cut_pack(digest, &tree) => {
                    Some(RestoreTrouble::DamagedBlob(*digest))
                }
                Ok(Some(tree)) => tree.entries.iter().find_map(|entry| match &entry.kind {
                    EntryKind::File { digest, size, .. } => cut(digest, *size),
                    EntryKind::Folder | EntryKind::Link { .. } => None,
                }),
                _ => {
                    let there = self.blob_path(digest).symlink_metadata().is_ok();
                    there.then_some(RestoreTrouble::DamagedBlob(*digest))
                }
            },
            Content::Absent | Content::Special => None,
        };
        result
            .outputs
            .iter()
            .find_map(|(_, content)| damage(content))
    }

    /// Keeps bytes. A blob that is there and damaged is replaced.
    ///
    /// # Errors
    /// The blob cannot be written.
    pub fn put_blob(&self, bytes: &[u8]) -> Result<Digest, Trouble> {
        let digest = Digest::of(bytes);
        let found = matches!(self.own_blob(&digest), Ok(Some(_)));
        if !(found && self.reuse(&digest)) {
            self.publish_bytes(bytes, &digest)?;
        }
        Ok(digest)
    }

    /// Writes a blob, whatever stands there.
    pub(super) fn publish_bytes(&self, bytes: &[u8], digest: &Digest) -> Result<(), Trouble> {
        self.publish_bytes_at(bytes, &self.blob_path(digest))
    }

    /// The same for any file of ours.
    pub(super) fn publish_bytes_at(&self, bytes: &[u8], path: &Path) -> Result<(), Trouble> {
        let made = self.make_temporary()?;
        let write = || File::create_new(&made)?.write_all(bytes);
        write()
            .inspect_err(|_| drop(fs::remove_file(&made)))
            .map_err(Trouble::on("write", &made))?;
        self.publish_at(&made, path, bytes.len() as u64)
    }

    fn own_blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, Trouble> {
        let path = self.blob_path(digest);
        match fs::read(&path) {
            Ok(bytes) if Digest::of(&bytes) == *digest => Ok(Some(bytes)),
            Ok(_) => {
                self.suspect();
                Ok(None)
            }
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

    /// Whether a blob of this size is here, not behind. Says nothing about its bytes.
    pub(super) fn has(&self, digest: &Digest, size: u64) -> bool {
        self.blob_path(digest)
            .metadata()
            .is_ok_and(|metadata| metadata.is_file() && metadata.len() == size)
    }

    /// From now on what is there is kept again unless its bytes are right: damage seldom comes alone, and what is not
    /// mended now costs another run when it is found.
    pub(super) fn suspect(&self) {
        self.suspect.store(true, Ordering::Relaxed);
    }

    /// Whether a blob need not be kept again, since it is there, itself or as a patch. Says that it is used now.
    pub(super) fn holds(&self, digest: &Digest, size: u64) -> bool {
        self.holds_whole(digest, size) || self.holds_patch(digest, size)
    }

    fn holds_whole(&self, digest: &Digest, size: u64) -> bool {
        let path = self.blob_path(digest);
        let is_right = || {
            let found = File::open(&path).and_then(|blob| copy::hash(&blob, size));
            found.is_ok_and(|found| found == *digest)
        };
        self.has(digest, size) && (!self.is_suspect() || is_right()) && self.reuse(digest)
    }

    pub(super) fn is_suspect(&self) -> bool {
        self.suspect.load(Ordering::Relaxed)
    }

    /// Says of a blob that is there that it is used now, so that no pruning takes it. False when it has just gone.
    pub(super) fn reuse(&self, digest: &Digest) -> bool {
        self.reuse_at(&self.blob_path(digest))
    }

    /// The same for any file of ours.
    pub(super) fn reuse_at(&self, path: &Path) -> bool {
        // Where nobody may say so, there is nobody here who could prune either.
        let touched = touch(path);
        !touched.is_err_and(|error| is_absence(error.kind()))
    }

    /// How many bytes of blobs were added through this value.
    pub fn added(&self) -> u64 {
        self.added.load(Ordering::Relaxed)
    }

    /// Has the disk write down all that was kept. One call for all of it: a flush of each file costs several times as much
    /// where they are many.
    ///
    /// # Errors
    /// The disk cannot write it; it is kept all the same, as long as there is power.
    pub fn flush(&self) -> Result<(), Trouble> {
        let flush = || -> io::Result<()> {
            let folder = File::open(&self.folder)?;
            #[cfg(target_os = "linux")]
            rustix::fs::syncfs(&folder)?;
            #[cfg(not(target_os = "linux"))]
            folder.sync_all()?;
            Ok(())
        };
        flush().map_err(Trouble::on("flush", &self.folder))
    }

    /// Where entries of this version lie.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn blob_path(&self, digest: &Digest) -> PathBuf {
        self.entry_path("blobs", digest)
    }

    /// Where the pack of a listing lies.
    pub(super) fn pack_path(&self, tree: &Digest) -> PathBuf {
        self.entry_path("packs", tree)
    }

    /// Where the patch of a file lies.
    pub(super) fn patch_path(&self, whole: &Digest) -> PathBuf {
        self.entry_path("patches", whole)
    }

    /// A name for a blob that is being made.
    pub(super) fn make_temporary(&self) -> Result<PathBuf, Trouble> {
        let folder = self.folder.join("tmp");
        if !self.access.write {
            return Err(Trouble::on("write to", &self.folder)(only_read()));
        }
        have_folder(&folder)?;
        self.swept.call_once(|| sweep(&folder));
        Ok(temporary(&folder))
    }

    /// Gives a finished blob its name.
    pub(super) fn publish(&self, made: &Path, digest: &Digest) -> Result<(), Trouble> {
        let size = made.metadata().map_or(0, |metadata| metadata.len());
        self.publish_at(made, &self.blob_path(digest), size)
    }

    /// Gives a finished file of ours its name; it has so many bytes.
    pub(super) fn publish_at(&self, made: &Path, path: &Path, size: u64) -> Result<(), Trouble> {
        let publish = || {
            fs::set_permissions(made, fs::Permissions::from_mode(BLOB_MODE))
                .map_err(Trouble::on("protect", made))?;
            // The folder is nearly always there.
            fs::rename(made, path).or_else(|_| {
                self.folder_of(path)?;
                fs::rename(made, path).map_err(Trouble::on("create", path))
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
        have_folder(path.parent().unwrap_or(&self.folder))
    }
}

/// Makes a folder where there is none. It nearly always stands, and a look at it costs less than to try.
fn have_folder(folder: &Path) -> Result<(), Trouble> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(Trouble::on("create", folder))
}

fn only_read() -> io::Error {
    io::Error::other("this cache is only read")
}

#[cfg(test)]
mod tests;
