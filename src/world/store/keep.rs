//! Putting an output into the cache: what is published under a digest is a copy that was hashed itself.
//!
//! Does not know whose output it is.

use super::cache::LocalCache;
use super::{copy, pack, patch};
use crate::base::content::{Content, EntryKind, Tree, TreeEntry};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::base::record::StampedDigest;
use crate::world::clock;
use crate::world::stamps::{Reading, stamp_of};
use crate::world::trouble::Trouble;
use rayon::prelude::*;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use walkdir::WalkDir;

/// The large files that an output had the last time.
#[derive(Default)]
struct Last {
    /// A file of such a size is probably what it was, and is hashed before it is copied.
    sizes: HashSet<u64>,
    /// What may be large enough for a patch, by path in the project, with digest and size.
    files: HashMap<Vec<u8>, (Digest, u64)>,
}

/// An output that is in the cache now.
pub struct Kept {
    /// What was kept.
    pub content: Content,
    /// The files that it was kept from, those that held still.
    pub readings: Vec<Reading>,
}

/// The tiny files of a directory, held back until it is known how many they are.
#[derive(Default)]
struct Tiny {
    held: Mutex<HashMap<Digest, Vec<u8>>>,
    size: AtomicU64,
}

/// Holds bytes back, if there is a place for them; else they are given back.
fn hold(tiny: Option<&Tiny>, digest: Digest, bytes: Vec<u8>) -> Option<Vec<u8>> {
    let size = bytes.len() as u64;
    let Some(tiny) = tiny.filter(|_| size <= pack::TINY) else {
        return Some(bytes);
    };
    if tiny.size.fetch_add(size, Ordering::Relaxed) + size > pack::MOST {
        return Some(bytes);
    }
    let mut held = tiny.held.lock().unwrap_or_else(PoisonError::into_inner);
    held.insert(digest, bytes);
    None
}

/// One file, kept.
struct KeptFile {
    digest: Digest,
    executable: bool,
    size: u64,
    reading: Option<Reading>,
}

impl LocalCache {
    /// Keeps the file or directory at `path` of the project at `root`. `last` is what it was the last time, if that is
    /// known: a hint, which makes it cheaper to keep the same again.
    ///
    /// # Errors
    /// Something could not be read or written, or is neither file, folder nor link.
    pub fn keep_output(
        &self,
        root: &Path,
        path: &ProjectPath,
        last: Option<&Content>,
    ) -> Result<Kept, Trouble> {
        let place = path.under(root);
        let last = &self.last_of(path.as_str(), last);
        let metadata = place.metadata().map_err(Trouble::on("look at", &place))?;
        if metadata.is_dir() {
            return self.keep_directory(&place, path.as_str(), last);
        }
        let kept = self.keep_file(&place, path.as_str().as_bytes().to_vec(), last, None)?;
        let KeptFile {
            digest,
            executable,
            size,
            reading,
        } = kept;
        Ok(Kept {
            content: Content::File {
                digest,
                executable,
                size,
            },
            readings: reading.into_iter().collect(),
        })
    }

    fn keep_directory(&self, place: &Path, key: &str, last: &Last) -> Result<Kept, Trouble> {
        let entries: Vec<_> = WalkDir::new(place)
            .min_depth(1)
            .into_iter()
            .collect::<Result<_, walkdir::Error>>()
            .map_err(|error| Trouble::on("list", place)(error.into()))?;
        let tiny = Tiny::default();
        let kept: Vec<_> = entries
            .par_iter()
            .map(|entry| {
                let relative = entry
                    .path()
                    .strip_prefix(place)
                    .unwrap_or(entry.path())
                    .as_os_str()
                    .as_bytes()
                    .to_vec();
                let (kind, reading) = self.keep_entry(
                    entry,
                    [key.as_bytes(), b"/", &relative].concat(),
                    last,
                    &tiny,
                )?;
                Ok((
                    TreeEntry {
                        path: relative,
                        kind,
                    },
                    reading,
                ))
            })
            .collect::<Result<_, Trouble>>()?;
        let (mut entries, readings): (Vec<TreeEntry>, Vec<_>) = kept.into_iter().unzip();
        entries.sort_by(|one, other| one.path.cmp(&other.path));
        let tree = Tree { entries };
        self.keep_tiny(&tree, tiny)?;
        self.put_blob(&tree.encode())?;
        Ok(Kept {
            content: tree.content(),
            readings: readings.into_iter().flatten().collect(),
        })
    }

    fn keep_entry(
        &self,
        entry: &walkdir::DirEntry,
        key: Vec<u8>,
        last: &Last,
        tiny: &Tiny,
    ) -> Result<(EntryKind, Option<Reading>), Trouble> {
        let place = entry.path();
        if entry.file_type().is_dir() {
            return Ok((EntryKind::Folder, None));
        }
        if entry.file_type().is_symlink() {
            let text = place
                .read_link()
                .map_err(Trouble::on("read the link", place))?;
            return Ok((
                EntryKind::Link {
                    text: text.as_os_str().as_bytes().to_vec(),
                    through: None,
                },
                None,
            ));
        }
        let KeptFile {
            digest,
            executable,
            size,
            reading,
        } = self.keep_file(place, key, last, Some(tiny))?;
        Ok((
            EntryKind::File {
                digest,
                executable,
                size,
            },
            reading,
        ))
    }

    fn keep_file(
        &self,
        place: &Path,
        key: Vec<u8>,
        last: &Last,
        tiny: Option<&Tiny>,
    ) -> Result<KeptFile, Trouble> {
        let nonblocking = rustix::fs::OFlags::NONBLOCK.bits() as i32;
        let mut from = OpenOptions::new()
            .read(true)
            .custom_flags(nonblocking)
            .open(place)
            .map_err(Trouble::on("open", place))?;
        let before = from.metadata().map_err(Trouble::on("look at", place))?;
        if !before.is_file() {
            return Err(Trouble::on("keep", place)(io::Error::other(
                "it is not a plain file",
            )));
        }
        let begun_ns = clock::now_ns();
        let (digest, size) = if before.len() <= copy::WHOLE {
            self.keep_small(&mut from, before.len(), place, tiny)?
        } else {
            self.keep_large(&mut from, before.len(), place, (last, &key))?
        };
        let after = from.metadata().map_err(Trouble::on("look at", place))?;
        let stamp = stamp_of(&before);
        let held_still = stamp_of(&after) == stamp && size == stamp.size;
        let reading = held_still.then_some(Reading {
            path: key,
            stamped: StampedDigest { stamp, digest },
            begun_ns,
        });
        Ok(KeptFile {
            digest,
            executable: before.mode() & 0o100 != 0,
            size,
            reading,
        })
    }

    fn keep_small(
        &self,
        from: &mut File,
        size: u64,
        place: &Path,
        tiny: Option<&Tiny>,
    ) -> Result<(Digest, u64), Trouble> {
        let bytes = copy::read_whole(from, size).map_err(Trouble::on("read", place))?;
        let digest = Digest::of(&bytes);
        let size = bytes.len() as u64;
        let Some(bytes) = hold(tiny, digest, bytes) else {
            return Ok((digest, size));
        };
        if !self.holds(&digest, size) {
            self.publish_bytes(&bytes, &digest)?;
        }
        Ok((digest, size))
    }

    /// Keeps the tiny files of a directory: as a pack where they are many, else each by itself.
    fn keep_tiny(&self, tree: &Tree, tiny: Tiny) -> Result<(), Trouble> {
        let held = tiny.held.into_inner().unwrap_or_default();
        if self.keep_pack(tree, &held)? {
            return Ok(());
        }
        held.par_iter().try_for_each(|(digest, bytes)| {
            match self.holds(digest, bytes.len() as u64) {
                true => Ok(()),
                false => self.publish_bytes(bytes, digest),
            }
        })
    }

    fn keep_large(
        &self,
        from: &mut File,
        size: u64,
        place: &Path,
        (last, key): (&Last, &[u8]),
    ) -> Result<(Digest, u64), Trouble> {
        // A file that does not hold still may fail here, and is then copied as it is.
        if last.sizes.contains(&size)
            && let Ok(digest) = copy::hash(from, size)
            && self.holds(&digest, size)
        {
            return Ok((digest, size));
        }
        if let Some(old) = last.files.get(key)
            && let Some(digest) = self.keep_patch(from, size, old)?
        {
            return Ok((digest, size));
        }
        let made = self.make_temporary()?;
        let copied = copy::copy_and_hash(from, &made).map_err(Trouble::on("keep", place));
        let copy = copied.inspect_err(|_| drop(fs::remove_file(&made)))?;
        if self.holds(&copy.digest, copy.size) {
            let _ = fs::remove_file(&made);
        } else {
            self.publish(&made, &copy.digest)?;
        }
        Ok((copy.digest, copy.size))
    }

    /// See [`Last`].
    fn last_of(&self, path: &str, content: Option<&Content>) -> Last {
        let mut last = Last::default();
        let mut add = |key: Vec<u8>, digest: Digest, size: u64| {
            if size > copy::WHOLE {
                last.sizes.insert(size);
            }
            if size >= patch::LARGE {
                last.files.insert(key, (digest, size));
            }
        };
        match content {
            Some(Content::File { digest, size, .. }) => {
                add(path.as_bytes().to_vec(), *digest, *size);
            }
            Some(Content::Tree { digest, .. }) => {
                let tree = self.tree(digest).ok().flatten().unwrap_or_default();
                for entry in &tree.entries {
                    if let EntryKind::File { digest, size, .. } = entry.kind {
                        add([path.as_bytes(), b"/", &entry.path].concat(), digest, size);
                    }
                }
            }
            Some(Content::Absent | Content::Special) | None => {}
        }
        last
    }
}
