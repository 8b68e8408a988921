//! A large file that differs little from what the same output was before, kept as a patch: which stretches of which blobs
//! it is made of, what is new being one blob more.
//!
//! A patch names blobs that are files of their own, in the same cache, and never another patch, so that nothing becomes
//! slower with the number of versions. It also is the list of its file's chunks, from which the next version is told apart.
//! Does not know how files are cut, and promises nothing about the bytes: whoever puts them together hashes the whole.

mod cut;
mod keep;

pub(super) use keep::LARGE;

use super::cache::LocalCache;
use super::copy::has_holes;
use super::format::{seal, unseal};
use super::verify::hash_all;
use crate::base::digest::Digest;
use crate::world::pieces;
use crate::world::trouble::{Trouble, is_absence};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;

const HEADER: &str = "pipe patch 1";

/// A stretch of a file, and where its bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Chunk {
    digest: Digest,
    /// Which of the blobs.
    part: u32,
    at: u64,
    size: u32,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Patch {
    /// The blobs, with their sizes.
    parts: Vec<(Digest, u64)>,
    /// What the file is, from its beginning to its end.
    chunks: Vec<Chunk>,
    /// The size of the file.
    size: u64,
}

impl Patch {
    fn encode(&self, whole: &Digest) -> Vec<u8> {
        seal(HEADER, whole, |body| {
            body.number(self.parts.len() as u32);
            for (digest, size) in &self.parts {
                body.digest(digest).long(*size);
            }
            body.number(self.chunks.len() as u32);
            for chunk in &self.chunks {
                body.digest(&chunk.digest).number(chunk.part);
                body.long(chunk.at).number(chunk.size);
            }
        })
    }

    /// `None` when it is damaged, or not that of `whole`.
    fn decode(whole: &Digest, bytes: &[u8]) -> Option<Patch> {
        let mut from = unseal(HEADER, whole, bytes)?;
        let (mut parts, mut chunks, mut size) = (Vec::new(), Vec::new(), 0_u64);
        for _ in 0..from.number()? {
            parts.push((from.digest()?, from.long()?));
        }
        for _ in 0..from.number()? {
            let chunk = Chunk {
                digest: from.digest()?,
                part: from.number()?,
                at: from.long()?,
                size: from.number()?,
            };
            let (_, most) = parts.get(chunk.part as usize)?;
            let end = chunk.at.checked_add(chunk.size.into())?;
            if chunk.size == 0 || end > *most {
                return None;
            }
            size = size.checked_add(chunk.size.into())?;
            chunks.push(chunk);
        }
        let patch = Patch {
            parts,
            chunks,
            size,
        };
        from.is_empty().then_some(patch)
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// The blobs that it needs, with their sizes.
    pub(super) fn parts(&self) -> &[(Digest, u64)] {
        &self.parts
    }
}

/// A patch whose blobs are open, so that none can go any more.
pub(super) struct Patched {
    patch: Patch,
    files: Vec<File>,
    /// Where each chunk begins in the file.
    starts: Vec<u64>,
    /// Whether a blob has holes.
    pub(super) has_holes: bool,
}

impl Patched {
    pub(super) fn size(&self) -> u64 {
        self.patch.size
    }

    /// The bytes of the file from `at` on, as many as there is room for.
    pub(super) fn read_exact_at(&self, mut bytes: &mut [u8], mut at: u64) -> io::Result<()> {
        let mut number = self.starts.partition_point(|start| *start <= at);
        while !bytes.is_empty() {
            let chunk = number.checked_sub(1);
            let chunk = chunk.and_then(|number| self.patch.chunks.get(number));
            let chunk = chunk.ok_or(ErrorKind::UnexpectedEof)?;
            let inside = at - self.starts[number - 1];
            let left = u64::from(chunk.size).saturating_sub(inside);
            let count = left.min(bytes.len() as u64);
            if count == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            let (now, later) = bytes.split_at_mut(count as usize);
            self.files[chunk.part as usize].read_exact_at(now, chunk.at + inside)?;
            bytes = later;
            (at, number) = (at + count, number + 1);
        }
        Ok(())
    }

    /// The digest of the bytes.
    pub(super) fn digest(&self) -> io::Result<Digest> {
        pieces::digest(self.size(), &|bytes, at| self.read_exact_at(bytes, at))
    }
}

/// Reads a patched file from its beginning.
pub(super) struct Reader {
    from: Patched,
    at: u64,
}

impl Read for Reader {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = (self.from.size() - self.at).min(bytes.len() as u64);
        let bytes = &mut bytes[..count as usize];
        self.from.read_exact_at(bytes, self.at)?;
        self.at += count;
        Ok(bytes.len())
    }
}

impl LocalCache {
    /// The patch of a file, if there is one here, not behind, that is sound, and whose blobs are all here with their sizes.
    /// Says nothing about their bytes.
    pub(super) fn patch(&self, whole: &Digest) -> Option<Patch> {
        let patch = self.patch_alone(whole)?;
        let has_all = patch
            .parts
            .iter()
            .all(|(digest, size)| self.has(digest, *size));
        has_all.then_some(patch)
    }

    /// The same, whatever its blobs are.
    pub(super) fn patch_alone(&self, whole: &Digest) -> Option<Patch> {
        let bytes = fs::read(self.patch_path(whole)).ok()?;
        Patch::decode(whole, &bytes)
    }

    /// Whether a file of this size is here as a patch.
    pub(super) fn has_patch(&self, whole: &Digest, size: u64) -> bool {
        self.patch(whole).is_some_and(|patch| patch.size == size)
    }

    /// Whether there is a patch that is damaged, or a blob that it needs is cut.
    pub(super) fn has_damaged_patch(&self, whole: &Digest, size: u64) -> bool {
        if self.patch_path(whole).symlink_metadata().is_err() {
            return false;
        }
        let Some(patch) = self.patch_alone(whole) else {
            return true;
        };
        let is_cut = |(digest, size): &(Digest, u64)| {
            self.blob_path(digest).symlink_metadata().is_ok() && !self.has(digest, *size)
        };
        patch.size != size || patch.parts.iter().any(is_cut)
    }

    /// A patch with its blobs; `None` when one is not here.
    ///
    /// # Errors
    /// A blob cannot be read.
    pub(super) fn open_patch(&self, whole: &Digest) -> Result<Option<Patched>, Trouble> {
        let Some(patch) = self.patch(whole) else {
            return Ok(None);
        };
        let (mut files, mut holed) = (Vec::with_capacity(patch.parts.len()), false);
        for (digest, _) in &patch.parts {
            let path = self.blob_path(digest);
            let file = match File::open(&path) {
                Err(error) if is_absence(error.kind()) => return Ok(None),
                file => file.map_err(Trouble::on("read", &path))?,
            };
            let metadata = file.metadata().map_err(Trouble::on("look at", &path))?;
            holed |= has_holes(&metadata);
            files.push(file);
        }
        let starts = patch.chunks.iter().scan(0, |end, chunk| {
            let start = *end;
            *end += u64::from(chunk.size);
            Some(start)
        });
        Ok(Some(Patched {
            starts: starts.collect(),
            patch,
            files,
            has_holes: holed,
        }))
    }

    /// A patched file of this size as a stream, here or behind.
    pub(super) fn read_patched(&self, whole: &Digest, size: u64) -> Option<Reader> {
        let own = self.open_patch(whole).ok().flatten();
        match own.filter(|patched| patched.size() == size) {
            Some(from) => Some(Reader { from, at: 0 }),
            None => self.behind.as_deref()?.read_patched(whole, size),
        }
    }

    /// Removes a patch that does not give what it should, and those of its blobs that are not what they should be.
    pub(super) fn remove_patch(&self, whole: &Digest) {
        let parts = self
            .patch_alone(whole)
            .map_or(Vec::new(), |patch| patch.parts);
        let _ = fs::remove_file(self.patch_path(whole));
        for (digest, _) in parts {
            let path = self.blob_path(&digest);
            let found = File::open(&path).and_then(|blob| hash_all(blob, &mut io::sink()));
            if found.is_ok_and(|(found, _)| found != digest) {
                let _ = fs::remove_file(&path);
            }
        }
    }

    /// Whether a file need not be kept again, since its patch and all that it needs is here. Says that all of it is used now.
    pub(super) fn holds_patch(&self, whole: &Digest, size: u64) -> bool {
        let is_right = || {
            let patched = self.open_patch(whole).ok().flatten();
            patched.is_some_and(|patched| patched.digest().is_ok_and(|found| found == *whole))
        };
        if size < LARGE {
            return false;
        }
        let Some(patch) = self.patch(whole).filter(|patch| patch.size == size) else {
            return false;
        };
        (!self.is_suspect() || is_right())
            && patch.parts.iter().all(|(digest, _)| self.reuse(digest))
            && self.reuse_at(&self.patch_path(whole))
    }
}

#[cfg(test)]
mod tests;
