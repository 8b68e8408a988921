//! Many tiny files of one directory, kept as one file: a pack, found by the digest of the directory's listing.
//!
//! It holds the bytes of the listing's tiny files, each content once, in the listing's order: the listing says where each
//! begins, so a pack needs no index. A small file of the disk takes a block of it and the time to make it, whatever it
//! holds. What is read from a pack is checked as any blob is. Does not know whose directory it is.

use super::cache::LocalCache;
use super::room::touch;
use crate::base::content::{EntryKind, Tree};
use crate::base::digest::Digest;
use crate::world::trouble::{Trouble, is_absence};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Up to this size a file is tiny, in bytes. A block of a disk is four times as large, so that a pack that is written anew for one
/// changed file takes no more than a quarter of what the files alone would take.
pub(super) const TINY: u64 = 1024;
/// So many tiny files of different contents make a pack.
const MANY: usize = 256;
/// No pack becomes larger, in bytes; it is put together in memory.
pub(super) const MOST: u64 = 256 * 1024 * 1024;
const HEADER: &[u8] = b"pipe pack 1\n";

/// What the pack of a listing holds: where each content begins, and its size.
pub(super) struct Layout {
    places: HashMap<Digest, (u64, u64)>,
    /// The size of the pack.
    pub(super) size: u64,
}

impl Layout {
    /// The layout of the pack of `tree`; `None` where a pack does not pay.
    pub(super) fn of(tree: &Tree) -> Option<Layout> {
        let mut layout = Layout {
            places: HashMap::new(),
            size: HEADER.len() as u64,
        };
        for (digest, size) in tiny_files(tree) {
            layout.places.entry(digest).or_insert_with(|| {
                let place = (layout.size, size);
                layout.size += size;
                place
            });
        }
        (layout.places.len() >= MANY && layout.size <= MOST).then_some(layout)
    }

    pub(super) fn holds(&self, digest: &Digest) -> bool {
        self.places.contains_key(digest)
    }

    /// All that the pack holds, when it lies at `path`.
    pub(super) fn slices(self, path: &Path) -> impl Iterator<Item = (Digest, Slice)> {
        let path: Arc<Path> = path.into();
        self.places.into_iter().map(move |(digest, (at, size))| {
            let path = path.clone();
            (digest, Slice { path, at, size })
        })
    }
}

fn tiny_files(tree: &Tree) -> impl Iterator<Item = (Digest, u64)> {
    tree.entries.iter().filter_map(|entry| match entry.kind {
        EntryKind::File { digest, size, .. } if size <= TINY => Some((digest, size)),
        EntryKind::File { .. } | EntryKind::Folder | EntryKind::Link { .. } => None,
    })
}

/// A content in a pack.
#[derive(Clone)]
pub(super) struct Slice {
    path: Arc<Path>,
    at: u64,
    size: u64,
}

impl Slice {
    /// The pack.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The bytes, whatever they are.
    pub(super) fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.size as usize];
        File::open(&self.path)?.read_exact_at(&mut bytes, self.at)?;
        Ok(bytes)
    }
}

/// An open pack.
pub(super) struct Pack {
    file: File,
    layout: Layout,
    path: PathBuf,
}

impl Pack {
    /// The bytes of a content that it holds; `None` for another. Where they are not what they should be, that is an error
    /// of [`io::ErrorKind::InvalidData`].
    pub(super) fn read(&self, digest: &Digest) -> Option<io::Result<Vec<u8>>> {
        let &(at, size) = self.layout.places.get(digest)?;
        let mut bytes = vec![0; size as usize];
        Some(match self.file.read_exact_at(&mut bytes, at) {
            Ok(()) if Digest::of(&bytes) == *digest => Ok(bytes),
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
            Ok(()) | Err(_) => Err(io::ErrorKind::InvalidData.into()),
        })
    }

    /// Whether all of it is what it should be.
    pub(super) fn is_sound(&self) -> io::Result<bool> {
        let mut header = [0; HEADER.len()];
        self.file.read_exact_at(&mut header, 0)?;
        for (digest, &(at, size)) in &self.layout.places {
            let mut bytes = vec![0; size as usize];
            self.file.read_exact_at(&mut bytes, at)?;
            if Digest::of(&bytes) != *digest {
                return Ok(false);
            }
        }
        Ok(header == HEADER)
    }

    /// The size of all of it.
    pub(super) fn size(&self) -> u64 {
        self.layout.size
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    fn open(path: PathBuf, layout: Layout) -> Result<Option<Pack>, Trouble> {
        match File::open(&path) {
            Ok(file) => Ok(Some(Pack { file, layout, path })),
            Err(error) if is_absence(error.kind()) => Ok(None),
            Err(error) => Err(Trouble::on("read", &path)(error)),
        }
    }
}

impl LocalCache {
    /// Keeps the tiny files of `tree`, whose bytes are given by digest, as one pack. Whether that was done; where a pack does not
    /// pay, or bytes are missing, it is not.
    pub(super) fn keep_pack(
        &self,
        tree: &Tree,
        bytes: &HashMap<Digest, Vec<u8>>,
    ) -> Result<bool, Trouble> {
        let Some(layout) = Layout::of(tree) else {
            return Ok(false);
        };
        if !layout
            .places
            .keys()
            .all(|digest| bytes.contains_key(digest))
        {
            return Ok(false);
        }
        let path = self.pack_path(&tree.digest());
        if self.holds_pack(tree, &layout) {
            return Ok(true);
        }
        let made = self.make_temporary()?;
        let write = || {
            let mut to = BufWriter::new(File::create_new(&made)?);
            to.write_all(HEADER)?;
            let mut left = layout.places.clone();
            for (digest, _) in tiny_files(tree) {
                if left.remove(&digest).is_some() {
                    to.write_all(&bytes[&digest])?;
                }
            }
            to.into_inner()?.metadata()
        };
        let written = write().map_err(Trouble::on("write", &made));
        let written = written.inspect_err(|_| drop(fs::remove_file(&made)))?;
        self.publish_at(&made, &path, written.len())?;
        Ok(true)
    }

    /// Whether the pack of `tree` need not be kept again, since it is there. Says that it is used now.
    fn holds_pack(&self, tree: &Tree, layout: &Layout) -> bool {
        let digest = tree.digest();
        let is_right = || {
            let pack = self.pack(&digest, tree).ok().flatten();
            pack.is_some_and(|pack| pack.is_sound().unwrap_or(false))
        };
        self.has_pack(&digest, layout)
            && (!self.is_suspect() || is_right())
            && touch(&self.pack_path(&digest)).is_ok()
    }

    /// Whether a pack of `tree` is there, and of another size than it has to be.
    pub(super) fn has_cut_pack(&self, digest: &Digest, tree: &Tree) -> bool {
        let there = || self.pack_path(digest).symlink_metadata().is_ok();
        Layout::of(tree).is_some_and(|layout| there() && !self.has_pack(digest, &layout))
    }

    pub(super) fn has_pack(&self, tree: &Digest, layout: &Layout) -> bool {
        let metadata = self.pack_path(tree).metadata();
        metadata.is_ok_and(|metadata| metadata.is_file() && metadata.len() == layout.size)
    }

    /// The layout of the pack of `tree`, if that is here, not behind, with the right size. Says nothing about its bytes.
    pub(super) fn layout_here(&self, digest: &Digest, tree: &Tree) -> Option<Layout> {
        Layout::of(tree).filter(|layout| self.has_pack(digest, layout))
    }

    /// The pack of `tree`, if there is one of the right size here, not behind.
    pub(super) fn pack(&self, digest: &Digest, tree: &Tree) -> Result<Option<Pack>, Trouble> {
        let Some(layout) = self.layout_here(digest, tree) else {
            return Ok(None);
        };
        Pack::open(self.pack_path(digest), layout)
    }
}

/// Writes bytes to a new file.
pub(super) fn write_new(made: &Path, bytes: &[u8]) -> io::Result<File> {
    let mut file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(made)?;
    file.write_all(bytes)?;
    Ok(file)
}

#[cfg(test)]
mod tests;
