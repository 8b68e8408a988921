//! Results and their blobs as one file, to be carried to another cache.
//!
//! The form is our own, inside one zstd stream: an index (results by key, then digest and size of every blob), and
//! behind it the blobs' bytes, in the index's order. There are no names, folders, links and modes in it, so that an
//! archive has no words for writing anywhere but into the cache; and since the index comes first, what is too large is
//! refused before a byte of it is written. Sorted and without times: the same content gives the same bytes.
//!
//! Reading trusts nothing. Everything is written under temporary names and checked, and the whole archive has to be
//! sound before the first of it gets its name: blobs first, results last. Knows no nodes.

mod gather;
mod index;

use super::cache::{LocalCache, Lookup};
use super::needs::needed;
use super::pack::Slice;
use super::temporary;
use super::verify::hash_all;
use crate::base::content::Tree;
use crate::base::digest::Digest;
use crate::base::record::Key;
use crate::world::trouble::Trouble;
use gather::Gathered;
use index::{Index, IndexFault, MOST_INDEX, index_of};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// zstd's own default: near the best of what costs little.
const LEVEL: i32 = 3;

/// What an archive holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Carried {
    /// Results.
    pub results: usize,
    /// Blobs.
    pub blobs: usize,
    /// Bytes of blobs, before compression.
    pub bytes: u64,
    /// Results that were there already; only told by reading.
    pub known: usize,
}

/// What a result takes in an archive, before compression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    /// How long the run took, in milliseconds.
    pub saves_ms: u64,
    /// Bytes beside its blobs.
    pub index: u64,
    /// The blobs, each once, with their sizes in bytes.
    pub blobs: Vec<(Digest, u64)>,
}

/// Why an archive was not taken, or not made.
#[derive(Debug)]
pub enum ArchiveFault {
    /// It is none, or is not sound; the sentence says what is wrong.
    Refused(String),
    /// There is not enough room: needed, free, in bytes.
    NoRoom(u64, u64),
    /// The world refused.
    Trouble(Trouble),
}

impl From<Trouble> for ArchiveFault {
    fn from(trouble: Trouble) -> Self {
        ArchiveFault::Trouble(trouble)
    }
}

impl fmt::Display for ArchiveFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArchiveFault::Refused(said) => f.write_str(said),
            ArchiveFault::NoRoom(needed, free) => {
                let [needed, free] = [needed.div_ceil(1 << 20), free >> 20];
                write!(f, "it holds {needed} MiB, but {free} MiB are free")
            }
            ArchiveFault::Trouble(trouble) => trouble.fmt(f),
        }
    }
}

fn refused<T>(said: impl Into<String>) -> Result<T, ArchiveFault> {
    Err(ArchiveFault::Refused(said.into()))
}

impl LocalCache {
    /// Writes the results of `keys`, those that are whole here or behind, and their blobs into the new file `to`; an old
    /// one is replaced when the new one is finished. Returns what it holds, and the keys that it does not.
    ///
    /// # Errors
    /// Something cannot be read or written, or has become too much for one archive.
    pub fn export(&self, keys: &[Key], to: &Path) -> Result<(Carried, Vec<Key>), ArchiveFault> {
        let Gathered {
            results,
            blobs,
            slices,
            left_out,
        } = self.gather(keys);
        let index = index_of(&results, &blobs);
        if index.len() as u64 > MOST_INDEX {
            return refused("there are too many files for one archive: name fewer targets");
        }
        let made = temporary(to.parent().unwrap_or(Path::new(".")));
        let written = self
            .write_archive(&made, &index, &blobs, &slices)
            .and_then(|()| Ok(fs::rename(&made, to).map_err(Trouble::on("create", to))?));
        written.inspect_err(|_| drop(fs::remove_file(&made)))?;
        let carried = Carried {
            results: results.len(),
            blobs: blobs.len(),
            bytes: blobs.values().sum(),
            known: 0,
        };
        Ok((carried, left_out))
    }

    fn write_archive(
        &self,
        made: &Path,
        index: &[u8],
        blobs: &BTreeMap<Digest, u64>,
        slices: &HashMap<Digest, Slice>,
    ) -> Result<(), ArchiveFault> {
        let write = Trouble::on("write", made);
        let begin = || -> io::Result<_> {
            let file = BufWriter::new(File::create_new(made)?);
            let mut out = zstd::Encoder::new(file, LEVEL)?;
            out.include_checksum(true)?;
            out.write_all(index)?;
            Ok(out)
        };
        let mut out = begin().map_err(write)?;
        for (digest, size) in blobs {
            let slice = slices.get(digest);
            let found = match slice {
                Some(slice) => Some(slice.path().to_path_buf()),
                None => self.find_blob(digest, Some(*size)).map(|(path, _)| path),
            };
            let patched = match found {
                None => self.read_patched(digest, *size),
                Some(_) => None,
            };
            let path = found.unwrap_or_else(|| self.blob_path(digest));
            let copied = match (slice, patched) {
                (Some(slice), _) => slice.read().and_then(|bytes| hash_all(&*bytes, &mut out)),
                (None, Some(patched)) => hash_all(patched, &mut out),
                (None, None) => File::open(&path).and_then(|file| hash_all(file, &mut out)),
            };
            let copied = copied.map_err(Trouble::on("carry", &path))?;
            if copied != (*digest, *size) {
                return refused(format!(
                    "the blob {} in the cache is damaged ({}); `pipe cache verify` puts it aside",
                    digest.short(),
                    path.display()
                ));
            }
        }
        let end = |file: io::Result<BufWriter<File>>| file?.into_inner()?.sync_all();
        Ok(end(out.finish()).map_err(Trouble::on("write", made))?)
    }

    /// Takes over what an archive holds. Nothing of it is there before all of it is sound. A result that is here
    /// already, and whole, stays.
    ///
    /// # Errors
    /// See [`ArchiveFault`]; the cache is then as it was.
    pub fn import(&self, from: &Path, free: u64) -> Result<Carried, ArchiveFault> {
        let file = File::open(from).map_err(Trouble::on("open", from))?;
        let mut staged = Staged::default();
        let taken = self.take_archive(BufReader::new(file), free, &mut staged);
        for made in staged.made.values() {
            let _ = fs::remove_file(made);
        }
        taken
    }

    fn take_archive(
        &self,
        file: BufReader<File>,
        free: u64,
        staged: &mut Staged,
    ) -> Result<Carried, ArchiveFault> {
        let broken = |error: io::Error| match error.kind() {
            io::ErrorKind::UnexpectedEof => {
                ArchiveFault::Refused("it ends in the middle".to_owned())
            }
            _ => ArchiveFault::Refused(format!(
                "it is no archive that `pipe cache export` made, or it is damaged ({error})"
            )),
        };
        let mut from = zstd::Decoder::with_buffer(file).map_err(broken)?;
        let mut index = Index::default();
        index.read(&mut from).map_err(|fault| match fault {
            IndexFault::Read(error) => broken(error),
            IndexFault::Wrong(said) => ArchiveFault::Refused(said.to_owned()),
        })?;
        let sum = |sum: u64, size: &u64| sum.checked_add(*size);
        let bytes = index.blobs.iter().map(|(_, size)| size).try_fold(0, sum);
        let bytes = bytes.unwrap_or(u64::MAX);
        if bytes > free {
            return Err(ArchiveFault::NoRoom(bytes, free));
        }
        for (digest, size) in &index.blobs {
            let made = self.make_temporary()?;
            let mut to = File::create_new(&made).map_err(Trouble::on("create", &made))?;
            staged.made.insert(*digest, made.clone());
            let mut counted = Told::new(&mut to);
            let copied = hash_all(from.by_ref().take(*size), &mut counted);
            if let Some(error) = counted.refusal {
                return Err(Trouble::on("write", &made)(error).into());
            }
            let (found, length) = copied.map_err(broken)?;
            if length != *size {
                return refused("it ends in the middle");
            }
            if found != *digest {
                return refused(format!("its blob {} is damaged", digest.short()));
            }
        }
        if from.read(&mut [0]).map_err(broken)? != 0 {
            return refused("there is more in it than its index says");
        }
        staged.check(&index)?;
        self.take_over(&index, staged, bytes)
    }

    fn take_over(
        &self,
        index: &Index,
        staged: &Staged,
        bytes: u64,
    ) -> Result<Carried, ArchiveFault> {
        for (digest, size) in &index.blobs {
            // What is here may be damaged and is replaced, unless a large file would only be the same once more.
            if !(self.has(digest, *size) && self.reuse(digest) && self.is_sound_blob(digest)) {
                self.publish(&staged.made[digest], digest)?;
            }
        }
        let mut carried = Carried {
            results: index.results.len(),
            blobs: index.blobs.len(),
            bytes,
            known: 0,
        };
        for (key, result) in &index.results {
            match self.result(key) {
                Lookup::Hit(known) if self.has_all(&known) => {
                    carried.known += 1;
                    self.mark_used(key);
                }
                _ => self.keep_result(key, result)?,
            }
        }
        Ok(carried)
    }

    fn is_sound_blob(&self, digest: &Digest) -> bool {
        let file = File::open(self.blob_path(digest));
        let found = file.and_then(|file| hash_all(file, &mut io::sink()));
        found.is_ok_and(|(found, _)| found == *digest)
    }
}

/// What has been unpacked and has no name in the cache yet.
#[derive(Default)]
struct Staged {
    made: HashMap<Digest, PathBuf>,
}

impl Staged {
    /// Every result finds what it needs in the archive, and the archive holds nothing else.
    fn check(&self, index: &Index) -> Result<(), ArchiveFault> {
        let sizes: HashMap<Digest, u64> = index.blobs.iter().copied().collect();
        let tree = |digest: &Digest| {
            sizes.get(digest).filter(|size| **size <= MOST_INDEX)?;
            Tree::decode(&fs::read(self.made.get(digest)?).ok()?)
        };
        let mut unused = sizes.clone();
        for (key, result) in &index.results {
            let (needs, listed) = needed(result, &tree);
            let there = |(digest, size): &(Digest, Option<u64>)| {
                let found = sizes.get(digest);
                found.is_some_and(|found| size.is_none_or(|size| size == *found))
            };
            if !listed || !needs.iter().all(there) {
                return refused(format!(
                    "its result {} needs a blob that is not in it",
                    key.0.short()
                ));
            }
            for (digest, _) in needs {
                unused.remove(&digest);
            }
        }
        match unused.keys().next() {
            Some(digest) => refused(format!("no result in it needs its blob {}", digest.short())),
            None => Ok(()),
        }
    }
}

/// A file that remembers why it could not be written, apart from why the archive could not be read.
struct Told<'a> {
    file: &'a mut File,
    refusal: Option<io::Error>,
}

impl<'a> Told<'a> {
    fn new(file: &'a mut File) -> Self {
        Told {
            file,
            refusal: None,
        }
    }
}

impl Write for Told<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).inspect_err(|error| {
            // An interrupted write is tried again.
            if error.kind() != io::ErrorKind::Interrupted {
                self.refusal = Some(io::Error::new(error.kind(), error.to_string()));
            }
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
