//! Bringing an output back from the cache: built aside, checked while it is copied, then renamed into place.
//!
//! Never follows a link when it writes, and leaves alone what is right already. Does not know whose output it is; what
//! the user put in its place has been moved away before.

use super::cache::LocalCache;
use super::keep::copy_and_hash;
use super::state::remove_place;
use super::temporary;
use crate::base::content::{Content, EntryKind, Tree, TreeEntry};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::world::trouble::Trouble;
use rayon::prelude::*;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// Why an output could not be restored.
#[derive(Debug)]
pub enum RestoreTrouble {
    /// A blob is not there.
    MissingBlob(Digest),
    /// A blob is not what its name says; it has been removed.
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
    /// Makes `content` stand at `path` of the project at `root`, whose parent folder stands.
    ///
    /// # Errors
    /// See [`RestoreTrouble`]. What stands at `path` may then be part of old and new; it has to be removed or written.
    pub fn restore_output(
        &self,
        root: &Path,
        path: &ProjectPath,
        content: &Content,
    ) -> Result<(), RestoreTrouble> {
        let place = path.under(root);
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
                self.restore_file(&place, digest, *executable)
            }
            Content::Tree { digest, .. } => {
                let tree = self
                    .tree(digest)?
                    .ok_or(RestoreTrouble::MissingBlob(*digest))?;
                self.restore_directory(&place, &tree)
            }
            Content::Absent | Content::Special => Ok(remove_place(&place)?),
        }
    }

    fn restore_file(
        &self,
        place: &Path,
        digest: &Digest,
        executable: bool,
    ) -> Result<(), RestoreTrouble> {
        let made = self.made_for(place);
        self.copy_blob(&made, digest, executable)
            .and_then(|()| {
                fs::rename(&made, place).map_err(|error| Trouble::on("create", place)(error).into())
            })
            .inspect_err(|_| drop(fs::remove_file(&made)))
    }

    /// A name for what is being made for `place`: apart from the project's files where a rename from there will do,
    /// else in the same folder.
    fn made_for(&self, place: &Path) -> PathBuf {
        let folder = place.parent().unwrap_or(Path::new("."));
        let device = |path: &Path| path.metadata().map(|metadata| metadata.dev()).ok();
        let apart =
            fs::create_dir_all(&self.aside).is_ok() && device(&self.aside) == device(folder);
        temporary(if apart { &self.aside } else { folder })
    }

    fn copy_blob(
        &self,
        made: &Path,
        digest: &Digest,
        executable: bool,
    ) -> Result<(), RestoreTrouble> {
        let blob = self.blob_path(digest);
        let mut from = match File::open(&blob) {
            Ok(from) => from,
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(RestoreTrouble::MissingBlob(*digest));
            }
            Err(error) => return Err(Trouble::on("read", &blob)(error).into()),
        };
        let size = from
            .metadata()
            .map_err(Trouble::on("look at", &blob))?
            .len();
        let (found, _) =
            copy_and_hash(&mut from, made, size).map_err(Trouble::on("write", made))?;
        if found != *digest {
            let _ = fs::remove_file(&blob);
            return Err(RestoreTrouble::DamagedBlob(*digest));
        }
        if executable {
            let mode = made
                .metadata()
                .map_err(Trouble::on("look at", made))?
                .permissions()
                .mode();
            // Whoever may read it may execute it, as far as the caller's mask lets anybody read it.
            let mode = mode | (mode & 0o444) >> 2;
            fs::set_permissions(made, fs::Permissions::from_mode(mode))
                .map_err(Trouble::on("set the mode of", made))?;
        }
        Ok(())
    }

    fn restore_directory(&self, place: &Path, tree: &Tree) -> Result<(), RestoreTrouble> {
        let stands = place
            .symlink_metadata()
            .is_ok_and(|metadata| metadata.is_dir());
        if stands {
            remove_others(place, tree)?;
            return self.fill_directory(place, tree);
        }
        remove_place(place)?;
        let made = self.made_for(place);
        fs::create_dir(&made).map_err(Trouble::on("create", &made))?;
        self.fill_directory(&made, tree)
            .and_then(|()| {
                fs::rename(&made, place).map_err(|error| Trouble::on("create", place)(error).into())
            })
            .inspect_err(|_| drop(remove_place(&made)))
    }

    /// Writes every entry that is not there as it should be. No entry is a link or file in a folder's place any more.
    fn fill_directory(&self, place: &Path, tree: &Tree) -> Result<(), RestoreTrouble> {
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
                    let place = at(entry);
                    if is_already(&place, digest, *executable, *size) {
                        return Ok(());
                    }
                    self.restore_file(&place, digest, *executable)
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

fn is_already(place: &Path, digest: &Digest, executable: bool, size: u64) -> bool {
    let Ok(metadata) = place.symlink_metadata() else {
        return false;
    };
    metadata.is_file()
        && metadata.len() == size
        && (metadata.permissions().mode() & 0o100 != 0) == executable
        && fs::read(place).is_ok_and(|bytes| Digest::of(&bytes) == *digest)
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
