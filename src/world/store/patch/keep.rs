//! Keeping a large file as a patch of what the same output was before, where that saves room.
//!
//! Decides by what the two have in common. Where anything is in doubt, it says that the file is to be kept as a whole.

use super::cut::cut;
use super::{Chunk, Patch, Patched};
use crate::base::digest::Digest;
use crate::world::store::cache::LocalCache;
use crate::world::store::copy::has_holes;
use crate::world::trouble::Trouble;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

/// From this size on a file may be kept as a patch, in bytes.
pub(in crate::world::store) const LARGE: u64 = 16 * 1024 * 1024;
/// So much is looked at in three places to tell files that have nothing in common, in bytes.
const PROBE: u64 = 8 * 1024 * 1024;
/// No patch needs more blobs: each is a file to open.
const MOST_PARTS: usize = 64;

/// A file that is here already.
enum Known {
    Blob(File, u64),
    Patched(Patched),
}

impl Known {
    fn size(&self) -> u64 {
        match self {
            Known::Blob(_, size) => *size,
            Known::Patched(patched) => patched.size(),
        }
    }

    fn read(&self, bytes: &mut [u8], at: u64) -> io::Result<()> {
        match self {
            Known::Blob(file, _) => file.read_exact_at(bytes, at),
            Known::Patched(patched) => patched.read_exact_at(bytes, at),
        }
    }
}

/// A patch in the making.
struct Draft<'a> {
    patch: Patch,
    /// Where the bytes of a chunk are.
    known: HashMap<Digest, Chunk>,
    /// What is new.
    new: &'a File,
    hasher: blake3::Hasher,
    added: u64,
    /// More than this must not be new.
    most: u64,
}

impl Draft<'_> {
    fn take(&mut self, digest: Digest, bytes: &[u8]) -> io::Result<bool> {
        let size = bytes.len() as u32;
        let known = self.known.get(&digest);
        let chunk = match known.filter(|known| known.size == size) {
            Some(known) => *known,
            None => {
                let (mut new, at) = (self.new, self.added);
                self.added += u64::from(size);
                if self.added > self.most {
                    return Ok(false);
                }
                new.write_all(bytes)?;
                self.hasher.update(bytes);
                let part = self.patch.parts.len() as u32;
                let chunk = Chunk {
                    digest,
                    part,
                    at,
                    size,
                };
                self.known.insert(digest, chunk);
                chunk
            }
        };
        self.patch.chunks.push(chunk);
        self.patch.size += u64::from(size);
        Ok(true)
    }

    /// The patch with only those blobs that it needs, and the digest of what is new, if anything is.
    fn finish(mut self) -> (Patch, Option<Digest>) {
        let new = Digest::from_bytes(*self.hasher.finalize().as_bytes());
        let new = (self.added > 0).then_some(new);
        self.patch.parts.extend(new.map(|new| (new, self.added)));
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        let mut parts = Vec::new();
        for chunk in &mut self.patch.chunks {
            chunk.part = *numbers.entry(chunk.part).or_insert_with(|| {
                parts.push(self.patch.parts[chunk.part as usize]);
                parts.len() as u32 - 1
            });
        }
        self.patch.parts = parts;
        (self.patch, new)
    }
}

impl LocalCache {
    /// Keeps a file of `size` bytes as a patch of what is here as `old`. Its digest; `None` where it is to be kept as a whole, since
    /// the old one is not here, or they have too little in common, or the file does not hold still.
    ///
    /// # Errors
    /// The cache cannot be written.
    pub(in crate::world::store) fn keep_patch(
        &self,
        from: &File,
        size: u64,
        old: &(Digest, u64),
    ) -> Result<Option<Digest>, Trouble> {
        // Put together, a file has holes only where its blobs have.
        let has_holes = from.metadata().map_or(true, |found| has_holes(&found));
        if size < LARGE || old.1 < LARGE || has_holes || self.is_suspect() {
            return Ok(None);
        }
        let Some(known) = self.known(old) else {
            return Ok(None);
        };
        if !have_in_common(from, size, &known).unwrap_or(false) {
            return Ok(None);
        }
        let Ok(old) = as_patch(known, old) else {
            return Ok(None);
        };
        let made = self.make_temporary()?;
        let kept = self.keep_new(from, size, old, &made);
        // Gone if it was published.
        let _ = fs::remove_file(&made);
        kept
    }

    fn keep_new(
        &self,
        from: &File,
        size: u64,
        old: Patch,
        made: &Path,
    ) -> Result<Option<Digest>, Trouble> {
        let new = File::create_new(made).map_err(Trouble::on("write", made))?;
        let known = old.chunks.into_iter().map(|chunk| (chunk.digest, chunk));
        let mut draft = Draft {
            patch: Patch {
                parts: old.parts,
                chunks: Vec::new(),
                size: 0,
            },
            known: known.collect(),
            new: &new,
            hasher: blake3::Hasher::new(),
            added: 0,
            most: size / 2,
        };
        let read = |bytes: &mut [u8], at: u64| from.read_exact_at(bytes, at);
        let whole = cut((0, size), &read, &mut |digest, bytes| {
            draft.take(digest, bytes)
        });
        // What cannot be read or written here fails again where the file is kept as a whole, and is told there.
        let Ok(Some(whole)) = whole else {
            return Ok(None);
        };
        let (patch, new) = draft.finish();
        if self.holds(&whole, size) {
            return Ok(Some(whole));
        }
        let room: u64 = patch.parts.iter().map(|(_, size)| size).sum();
        if patch.parts.len() > MOST_PARTS || room > size.saturating_mul(2) {
            return Ok(None);
        }
        let old = patch.parts.iter().filter(|part| Some(part.0) != new);
        // Said to be used before the patch is there: a pruning either sees that, or has taken it already.
        let mut old = old.map(|(digest, size)| self.has(digest, *size) && self.reuse(digest));
        if !old.all(|is_here| is_here) {
            return Ok(None);
        }
        if let Some(new) = new {
            self.publish(made, &new)?;
        }
        self.publish_bytes_at(&patch.encode(&whole), &self.patch_path(&whole))?;
        Ok(Some(whole))
    }

    fn known(&self, (digest, size): &(Digest, u64)) -> Option<Known> {
        if self.has(digest, *size) {
            let file = File::open(self.blob_path(digest)).ok()?;
            return Some(Known::Blob(file, *size));
        }
        let patched = self.open_patch(digest).ok()??;
        Some(Known::Patched(patched)).filter(|known| known.size() == *size)
    }
}

/// Whether the beginnings, the middles or the ends of two files share a chunk.
fn have_in_common(from: &File, size: u64, known: &Known) -> io::Result<bool> {
    let probe = |size: u64, read: &super::cut::Read<'_>| -> io::Result<HashSet<Digest>> {
        let mut found = HashSet::new();
        for start in [0, (size - PROBE) / 2, size - PROBE] {
            cut((start, PROBE), read, &mut |digest, _| {
                found.insert(digest);
                Ok(true)
            })?;
        }
        Ok(found)
    };
    let old = probe(known.size(), &|bytes, at| known.read(bytes, at))?;
    let new = probe(size, &|bytes, at| from.read_exact_at(bytes, at))?;
    Ok(!old.is_disjoint(&new))
}

/// A file that is here as a patch: one has its chunks, a blob is cut.
fn as_patch(known: Known, old: &(Digest, u64)) -> io::Result<Patch> {
    let file = match known {
        Known::Patched(patched) => return Ok(patched.patch),
        Known::Blob(file, _) => file,
    };
    let (mut chunks, mut at) = (Vec::new(), 0);
    let read = |bytes: &mut [u8], at: u64| file.read_exact_at(bytes, at);
    let whole = cut((0, old.1), &read, &mut |digest, bytes| {
        let size = bytes.len() as u32;
        chunks.push(Chunk {
            digest,
            part: 0,
            at,
            size,
        });
        at += u64::from(size);
        Ok(true)
    })?;
    let patch = Patch {
        parts: vec![*old],
        chunks,
        size: at,
    };
    match whole == Some(old.0) {
        true => Ok(patch),
        false => Err(io::ErrorKind::InvalidData.into()),
    }
}
