//! Putting an output into the cache: what is published under a digest is a copy that was hashed itself.
//!
//! Does not know whose output it is.

use super::cache::LocalCache;
use crate::base::content::{Content, EntryKind, Tree, TreeEntry};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::base::record::StampedDigest;
use crate::world::clock;
use crate::world::stamps::{Reading, stamp_of};
use crate::world::trouble::Trouble;
use rayon::prelude::*;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use walkdir::WalkDir;

/// Above this size a clone is tried before a copy, in bytes; below it a copy is faster.
const CLONE_FROM: u64 = 128 * 1024;
/// Files are copied in pieces of this size, in bytes.
const PIECE: usize = 1024 * 1024;

/// An output that is in the cache now.
pub struct Kept {
    /// What was kept.
    pub content: Content,
    /// The files that it was kept from, those that held still.
    pub readings: Vec<Reading>,
}

/// One file, kept.
struct KeptFile {
    digest: Digest,
    executable: bool,
    size: u64,
    reading: Option<Reading>,
}

impl LocalCache {
    /// Keeps the file or directory at `path` of the project at `root`.
    ///
    /// # Errors
    /// Something could not be read or written, or is neither file, folder nor link.
    pub fn keep_output(&self, root: &Path, path: &ProjectPath) -> Result<Kept, Trouble> {
        let place = path.under(root);
        let metadata = place.metadata().map_err(Trouble::on("look at", &place))?;
        if metadata.is_dir() {
            return self.keep_directory(&place, path.as_str());
        }
        let kept = self.keep_file(&place, path.as_str().as_bytes().to_vec())?;
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

    fn keep_directory(&self, place: &Path, key: &str) -> Result<Kept, Trouble> {
        let entries: Vec<_> = WalkDir::new(place)
            .min_depth(1)
            .into_iter()
            .collect::<Result<_, walkdir::Error>>()
            .map_err(|error| Trouble::on("list", place)(error.into()))?;
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
                let (kind, reading) =
                    self.keep_entry(entry, [key.as_bytes(), b"/", &relative].concat())?;
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
        } = self.keep_file(place, key)?;
        Ok((
            EntryKind::File {
                digest,
                executable,
                size,
            },
            reading,
        ))
    }

    fn keep_file(&self, place: &Path, key: Vec<u8>) -> Result<KeptFile, Trouble> {
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
        let made = self.make_temporary()?;
        let copied =
            copy_and_hash(&mut from, &made, before.len()).map_err(Trouble::on("keep", place));
        let (digest, size) = copied.inspect_err(|_| drop(fs::remove_file(&made)))?;
        if self.has(&digest, size) {
            let _ = fs::remove_file(&made);
        } else {
            self.publish(&made, &digest)?;
        }
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
}

/// Copies `from` to the new file `made` and hashes the copy. A clone where the file system makes one, else one pass.
/// Returns the copy's digest and its size.
pub(super) fn copy_and_hash(from: &mut File, made: &Path, size: u64) -> io::Result<(Digest, u64)> {
    let mut to = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(made)?;
    let mut hasher = blake3::Hasher::new();
    let mut copied = 0;
    let mut buffer = vec![0; PIECE.min(size as usize + 1)];
    let cloned = size >= CLONE_FROM && rustix::fs::ioctl_ficlone(&to, &*from).is_ok();
    loop {
        let count = if cloned {
            to.read(&mut buffer)?
        } else {
            from.read(&mut buffer)?
        };
        if count == 0 {
            return Ok((Digest::from_bytes(*hasher.finalize().as_bytes()), copied));
        }
        if size >= CLONE_FROM {
            hasher.update_rayon(&buffer[..count]);
        } else {
            hasher.update(&buffer[..count]);
        }
        if !cloned {
            to.write_all(&buffer[..count])?;
        }
        copied += count as u64;
    }
}
