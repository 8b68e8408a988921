//! Bringing an output back from the cache: built aside, checked while it is copied, then renamed into place.
//!
//! Never follows a link when it writes, and leaves alone what is right already. Does not know whose output it is; what
//! the user put in its place has been moved away before.

use super::cache::LocalCache;
use super::copy::{copy_and_hash, copy_patched};
use super::pack::{Pack, write_new};
use super::state::remove_place;
use super::temporary;
use crate::base::content::{Content, EntryKind, Tree, TreeEntry};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::world::clock;
use crate::world::observe::{Observer, SET_BACK};
use crate::world::trouble::Trouble;
use rayon::prelude::*;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use walkdir::WalkDir;

/// Why an output could not be restored.
#[derive(Debug)]
pub enum RestoreTrouble {
    /// A blob is not there.
    MissingBlob(Digest),
    /// A blob is not what its name says; it has been removed, where that may be done.
    DamagedBlob(Digest),
    /// The project's folder refused.
    Trouble(Trouble),
}

impl fmt::Display for RestoreTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RestoreTrouble::MissingBlob(digest) => {
                write!(f, "the blob {} is not there", digest.short())
            }
            RestoreTrouble::DamagedBlob(digest) => {
                write!(f, "the blob {} is damaged", digest.short())
            }
            RestoreTrouble::Trouble(trouble) => trouble.fmt(f),
        }
    }
}

impl From<Trouble> for RestoreTrouble {
    fn from(trouble: Trouble) -> Self {
        RestoreTrouble::Trouble(trouble)
    }
}

impl LocalCache {
    /// Makes `content` stand at `path` of the project at `root`, whose parent folder stands. What was written is made
    /// known to `observer`, so that nobody has to read it again.
    ///
    /// # Errors
    /// See [`RestoreTrouble`]. What stands at `path` may then be part of old and new; it has to be removed or written.
    pub fn restore_output(
        &self,
        root: &Path,
        path: &ProjectPath,
        content: &Content,
        observer: &Observer,
    ) -> Result<(), RestoreTrouble> {
        let place = path.under(root);
        let mut restoring = Restoring {
            packs: Vec::new(),
            cache: self,
            observer,
            key: path.as_str().as_bytes(),
            aside: self.aside_for(&place),
        };
        match content {
            Content::File {
                digest, executable, ..
            } => {
                if place
                    .symlink_metadata()
                    .is_ok_and(|metadata| metadata.is_dir())
                {
                    remove_place(&place)?;
                }
                restoring.file(&place, restoring.key.to_vec(), digest, *executable)
            }
            Content::Tree { digest, .. } => {
                let tree = self
                    .tree(digest)?
                    .ok_or(RestoreTrouble::MissingBlob(*digest))?;
                restoring.packs = self.packs(digest, &tree)?;
                restoring.directory(&place, &tree)
            }
            Content::Absent | Content::Special => Ok(remove_place(&place)?),
        }
    }

    /// Where to make what goes to `place`: apart from the project's files where a rename from there will do, else in
    /// the same folder.
    fn aside_for(&self, place: &Path) -> PathBuf {
        let folder = place.parent().unwrap_or(Path::new("."));
        let device = |path: &Path| path.metadata().map(|metadata| metadata.dev()).ok();
        let apart =
            fs::create_dir_all(&self.aside).is_ok() && device(&self.aside) == device(folder);
        (if apart { &self.aside } else { folder }).to_path_buf()
    }

    /// Writes a blob's bytes, from one of `packs` if they are there, to a new file, whose modification time is set back; see [`SET_BACK`].
    fn copy_blob(
        &self,
        made: &Path,
        digest: &Digest,
        executable: bool,
        packs: &[Option<Pack>],
    ) -> Result<File, RestoreTrouble> {
        // Each cache with its pack.
        let (pack, packs) = match packs.split_first() {
            Some((pack, rest)) => (pack.as_ref(), rest),
            None => (None, packs),
        };
        let own = self.copy_own_blob(made, digest, executable, pack);
        match (own, &self.behind) {
            (Err(_), Some(behind)) => {
                // Of a damaged one a copy may stand there.
                let _ = fs::remove_file(made);
                behind.copy_blob(made, digest, executable, packs)
            }
            (own, _) => own,
        }
    }

    fn copy_own_blob(
        &self,
        made: &Path,
        digest: &Digest,
        executable: bool,
        pack: Option<&Pack>,
    ) -> Result<File, RestoreTrouble> {
        let file = match pack.and_then(|pack| Some((pack, pack.read(digest)?))) {
            Some((pack, bytes)) => {
                let bytes = bytes.map_err(|error| self.pack_trouble(pack, digest, error))?;
                write_new(made, &bytes).map_err(Trouble::on("write", made))?
            }
            None => self.copy_loose(made, digest)?,
        };
        if executable {
            let metadata = file.metadata();
            let mode = metadata
                .map_err(Trouble::on("look at", made))?
                .permissions()
                .mode();
            // Whoever may read it may execute it, as far as the caller's mask lets anybody read it.
            let mode = mode | (mode & 0o444) >> 2;
            file.set_permissions(fs::Permissions::from_mode(mode))
                .map_err(Trouble::on("set the mode of", made))?;
        }
        // Where that fails, the file is read again by the next build.
        let now = UNIX_EPOCH + Duration::from_nanos(clock::now_ns().unsigned_abs());
        let _ = file.set_modified(now - SET_BACK);
        Ok(file)
    }

    /// Why a pack does not give a content. A damaged one is removed, where that may be done.
    fn pack_trouble(&self, pack: &Pack, digest: &Digest, error: io::Error) -> RestoreTrouble {
        if error.kind() != ErrorKind::InvalidData {
            return Trouble::on("read", pack.path())(error).into();
        }
        self.suspect();
        if self.is_written() {
            let _ = fs::remove_file(pack.path());
        }
        RestoreTrouble::DamagedBlob(*digest)
    }

    fn copy_loose(&self, made: &Path, digest: &Digest) -> Result<File, RestoreTrouble> {
        let blob = self.blob_path(digest);
        let mut from = match File::open(&blob) {
            Ok(from) => from,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return self.put_together(made, digest);
            }
            Err(error) => return Err(Trouble::on("read", &blob)(error).into()),
        };
        let copy = copy_and_hash(&mut from, made).map_err(Trouble::on("write", made))?;
        if copy.digest != *digest {
            self.suspect();
            if self.is_written() {
                let _ = fs::remove_file(&blob);
            }
            return Err(RestoreTrouble::DamagedBlob(*digest));
        }
        Ok(copy.file)
    }

    /// Writes a file that is kept as a patch.
    fn put_together(&self, made: &Path, digest: &Digest) -> Result<File, RestoreTrouble> {
        let patched = self.open_patch(digest)?;
        let patched = patched.ok_or(RestoreTrouble::MissingBlob(*digest))?;
        let copy = match copy_patched(&patched, made) {
            // One of its blobs has become shorter.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => None,
            copy => Some(copy.map_err(Trouble::on("write", made))?),
        };
        match copy.filter(|copy| copy.digest == *digest) {
            Some(copy) => Ok(copy.file),
            None => {
                self.suspect();
                if self.is_written() {
                    self.remove_patch(digest);
                }
                Err(RestoreTrouble::DamagedBlob(*digest))
            }
        }
    }
}

/// An output on its way back.
struct Restoring<'a> {
    cache: &'a LocalCache,
    observer: &'a Observer,
    /// Its path in the project.
    key: &'a [u8],
    aside: PathBuf,
    /// Where the tiny files of a directory are, cache by cache.
    packs: Vec<Option<Pack>>,
}

impl Restoring<'_> {
    fn file(
        &self,
        place: &Path,
        key: Vec<u8>,
        digest: &Digest,
        executable: bool,
    ) -> Result<(), RestoreTrouble> {
        let made = temporary(&self.aside);
        let file = self
            .cache
            .copy_blob(&made, digest, executable, &self.packs)
            .and_then(|file| {
                fs::rename(&made, place).map_err(Trouble::on("create", place))?;
                Ok(file)
            })
            .inspect_err(|_| drop(fs::remove_file(&made)))?;
        self.remember(key, &file, digest);
        Ok(())
    }

    fn remember(&self, key: Vec<u8>, file: &File, digest: &Digest) {
        if let Ok(metadata) = file.metadata() {
            self.observer.remember_restored(key, &metadata, *digest);
        }
    }

    fn directory(&self, place: &Path, tree: &Tree) -> Result<(), RestoreTrouble> {
        let stands = place
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_dir());
        if stands {
            remove_others(place, tree)?;
            return self.fill(place, tree, false);
        }
        remove_place(place)?;
        let made = temporary(&self.aside);
        fs::create_dir(&made).map_err(Trouble::on("create", &made))?;
        self.fill(&made, tree, true)
            .and_then(|()| {
                fs::rename(&made, place).map_err(|error| Trouble::on("create", place)(error).into())
            })
            .inspect_err(|_| drop(remove_place(&made)))
    }

    /// Writes every entry that is not there as it should be. No entry is a link or file in a folder's place any more.
    /// In a folder that is `new` and apart nothing stands, and files need not be made apart once more.
    fn fill(&self, place: &Path, tree: &Tree, new: bool) -> Result<(), RestoreTrouble> {
        let at = |entry: &TreeEntry| place.join(OsStr::from_bytes(&entry.path));
        for entry in tree
            .entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::Folder)
        {
            match fs::create_dir(at(entry)) {
                Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                    return Err(Trouble::on("create", &at(entry))(error).into());
                }
                _ => {}
            }
        }
        tree.entries
            .par_iter()
            .try_for_each(|entry| match &entry.kind {
                EntryKind::Folder => Ok(()),
                EntryKind::File {
                    digest,
                    executable,
                    size,
                } => {
                    let (place, key) = (at(entry), [self.key, b"/", &entry.path].concat());
                    if new {
                        let file =
                            self.cache
                                .copy_blob(&place, digest, *executable, &self.packs)?;
                        self.remember(key, &file, digest);
                        return Ok(());
                    }
                    let wanted = Content::File {
                        digest: *digest,
                        executable: *executable,
                        size: *size,
                    };
                    if self.observer.plain_file(&place, &key) == Some(wanted) {
                        return Ok(());
                    }
                    self.file(&place, key, digest, *executable)
                }
                EntryKind::Link { text, .. } => restore_link(&at(entry), OsStr::from_bytes(text)),
            })
    }
}

/// Removes what the listing does not have, and what it has as another kind of thing.
fn remove_others(place: &Path, tree: &Tree) -> Result<(), Trouble> {
    let folders: HashSet<&[u8]> = paths_of(tree, |kind| *kind == EntryKind::Folder);
    let others: HashSet<&[u8]> = paths_of(tree, |kind| *kind != EntryKind::Folder);
    let mut unwanted: Vec<PathBuf> = Vec::new();
    let mut walk = WalkDir::new(place).min_depth(1).into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry.map_err(|error| Trouble::on("list", place)(error.into()))?;
        let relative = entry
            .path()
            .strip_prefix(place)
            .unwrap_or(entry.path())
            .as_os_str()
            .as_bytes();
        let is_folder = entry.file_type().is_dir();
        let wanted = if is_folder {
            folders.contains(relative)
        } else {
            others.contains(relative)
        };
        if !wanted {
            if is_folder {
                walk.skip_current_dir();
            }
            unwanted.push(entry.into_path());
        }
    }
    unwanted.iter().try_for_each(|path| remove_place(path))
}

fn paths_of(tree: &Tree, wanted: impl Fn(&EntryKind) -> bool) -> HashSet<&[u8]> {
    tree.entries
        .iter()
        .filter(|entry| wanted(&entry.kind))
        .map(|entry| &*entry.path)
        .collect()
}

fn restore_link(place: &Path, text: &OsStr) -> Result<(), RestoreTrouble> {
    if place
        .read_link()
        .is_ok_and(|found| found == Path::new(text))
    {
        return Ok(());
    }
    remove_place(place)?;
    symlink(text, place).map_err(|error| Trouble::on("create", place)(error).into())
}
