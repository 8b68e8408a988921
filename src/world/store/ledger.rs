//! What this checkout remembers: stamps, each node's last record, what was written where, runs.
//!
//! An append-only file of checksummed frames. Readers need no lock and read while a build writes. Records are found
//! when the file is opened and decoded when they are asked for. Does not judge anything.

mod history;

pub use super::entry::Entry;
use super::entry::{
    BUILD_END, BUILD_START, NODE, RUN, STAMPS, WRITTEN, boot_digest, encode, stamps_payload,
};
use super::format;
use super::frames;
use super::map::map_start;
use crate::base::content::Content;
use crate::base::digest::Digest;
use crate::base::flat::FlatReader;
use crate::base::path::ProjectPath;
use crate::base::record::Key;
use crate::base::record::{NodeRecord, Stamp, StampedDigest};
use crate::world::index::Index;
use crate::world::stamps::{KnownStamps, Recall, stamp_of};
use crate::world::trouble::{Trouble, is_absence};
use bytes::Bytes;
use std::fs::{self, File};
use std::io::Write;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use xxhash_rust::xxh3::xxh3_64;

/// A ledger under this size is not compacted, in bytes.
const COMPACT_FROM: u64 = 1024 * 1024;

/// A reader's view, as of when it was opened. Its frames are found when the first is asked for; what they hold is read
/// when it is asked for.
#[derive(Clone)]
pub struct Ledger {
    /// What is known of it without reading it.
    known: Option<Known>,
    found: Arc<LazyLock<Found, Box<dyn FnOnce() -> Found + Send>>>,
}

/// Of a ledger that is as it was left.
#[derive(Clone, Copy)]
struct Known {
    last_build: u32,
    /// Where the last whole frame ends.
    end: u64,
}

/// What a reading found.
struct Found {
    bytes: Bytes,
    stamps: KnownStamps,
    /// By node.
    nodes: Index<Place>,
    /// By path.
    written: Index<Place>,
    /// By node.
    runs: Index<Place>,
    /// Starts and ends of builds, oldest first.
    builds: Vec<(u8, Range<usize>)>,
    last_build: u32,
    /// The last build that began has not said that it ended.
    unfinished: bool,
    /// How many bytes are damaged.
    damaged: usize,
    /// Where the last whole frame ends.
    end: u64,
}

/// Where a payload that begins with a name starts and ends; the name itself is compared when it is read.
type Place = (u32, u32);

impl Ledger {
    /// Reads the ledger below `state`. What cannot be read is forgotten; the sentences say what that was.
    pub fn open(state: &Path) -> (Ledger, Vec<String>) {
        let path = file_in(state);
        let (bytes, refused) = match fs::read(&path) {
            Ok(bytes) => (bytes, None),
            Err(error) if is_absence(error.kind()) => (Vec::new(), None),
            Err(error) => (Vec::new(), Some(Trouble::on("read", &path)(error))),
        };
        let found = Found::read(bytes.into());
        let damage = (found.damaged > 0)
            .then(|| format!("{} bytes of {} are damaged", found.damaged, path.display()));
        let wrong = refused.map(|trouble| trouble.to_string()).or(damage);
        let told = wrong.map(|wrong| format!("{wrong}; what it told is found out again"));
        (Ledger::of(found), told.into_iter().collect())
    }

    /// The ledger below `state` if it is the very one that had this stamp, and was whole then, with build number
    /// `last_build` as its last one and at its end. It is read when something is asked of it.
    pub fn as_left(state: &Path, stamp: &Stamp, last_build: u32) -> Option<Ledger> {
        let file = File::open(file_in(state)).ok()?;
        if stamp_of(&file.metadata().ok()?) != *stamp {
            return None;
        }
        let end = stamp.size;
        // What others add meanwhile is not of this view.
        // Copying it into new memory would take longer than all the rest.
        let read = move || Found::read(map_start(&file, end).unwrap_or_default());
        Some(Ledger {
            known: Some(Known { last_build, end }),
            found: Arc::new(LazyLock::new(Box::new(read))),
        })
    }

    fn of(found: Found) -> Ledger {
        Ledger {
            known: None,
            found: Arc::new(LazyLock::new(Box::new(move || found))),
        }
    }

    /// What is remembered of a node.
    pub fn node(&self, name: &str) -> Option<NodeRecord> {
        format::take_record(&mut self.found.payload(&self.found.nodes, name)?)
    }

    /// The key of every node that is remembered.
    pub fn keys(&self) -> Vec<Key> {
        let key = |place| {
            let mut from = self.found.reader(place);
            from.text()?;
            from.digest().map(Key)
        };
        latest(&self.found.nodes).filter_map(key).collect()
    }

    /// The digest that was last learned for a path, with its stamp; for an observer to trust.
    pub fn stamps(&self) -> Recall {
        let found = Arc::clone(&self.found);
        Box::new(move |path| found.stamps.get(path))
    }

    /// What `pipe` last left at an output's path.
    pub fn written(&self, path: &str) -> Option<Content> {
        format::take_content(&mut self.found.payload(&self.found.written, path)?)
    }

    /// Every path at which `pipe` left something, and what.
    pub fn all_written(&self) -> Vec<(ProjectPath, Content)> {
        let entry = |place| {
            let mut from = self.found.reader(place);
            Some((
                ProjectPath::parse(from.text()?).ok()?,
                format::take_content(&mut from)?,
            ))
        };
        latest(&self.found.written).filter_map(entry).collect()
    }

    /// Whether the last build that began died before its end.
    pub fn unfinished(&self) -> bool {
        self.known.is_none() && self.found.unfinished
    }

    /// Where the last whole entry ends, for a writer to go on from.
    pub fn end(&self) -> u64 {
        self.known.map_or_else(|| self.found.end, |known| known.end)
    }

    /// The number of the last build that had something to do; 0 when there was none.
    pub fn last_build(&self) -> u32 {
        self.known
            .map_or_else(|| self.found.last_build, |known| known.last_build)
    }
}

impl Found {
    fn read(mut bytes: Bytes) -> Found {
        // Places are kept in four bytes; compaction keeps every real ledger far below that.
        bytes.truncate(u32::MAX as usize);
        let mut found = Found {
            bytes: bytes.clone(),
            stamps: KnownStamps::over(bytes.clone()),
            nodes: Index::default(),
            written: Index::default(),
            runs: Index::default(),
            builds: Vec::new(),
            last_build: 0,
            unfinished: false,
            damaged: 0,
            end: 0,
        };
        let boot = boot_digest();
        let scan = frames::scan(&bytes, |kind, range| {
            // A frame that is whole but makes no sense was written by another version: it tells nothing.
            let _ = found.take(kind, FlatReader(&bytes[range.clone()]), range, &boot);
        });
        found.damaged = scan.damaged;
        found.end = scan.end as u64;
        found
    }

    fn take(
        &mut self,
        kind: u8,
        mut from: FlatReader<'_>,
        range: Range<usize>,
        boot: &Digest,
    ) -> Option<()> {
        let place = (range.start as u32, range.end as u32);
        match kind {
            // Stamps of another boot are not trusted: after a power cut a file system may show the new stamp over the
            // old bytes (seen on ext4).
            STAMPS if from.digest()? == *boot => {
                self.stamps.add_list(range.end - from.0.len(), range.end);
            }
            NODE => self.nodes.add(xxh3_64(from.bytes()?), place),
            WRITTEN => self.written.add(xxh3_64(from.bytes()?), place),
            RUN => self.runs.add(xxh3_64(from.bytes()?), place),
            BUILD_START | BUILD_END => {
                self.last_build = self.last_build.max(from.number()?);
                self.unfinished = kind == BUILD_START;
                self.builds.push((kind, range));
            }
            _ => {}
        }
        Some(())
    }

    fn reader(&self, (start, end): Place) -> FlatReader<'_> {
        FlatReader(&self.bytes[start as usize..end as usize])
    }

    /// The payload behind `name` in an index.
    fn payload<'a>(&'a self, index: &Index<Place>, name: &str) -> Option<FlatReader<'a>> {
        let mut from = self.reader(index.last(xxh3_64(name.as_bytes()))?);
        (from.text()? == name).then_some(from)
    }

    /// The same memory without what is outdated, as a file's bytes. In the order of the file.
    fn compacted(&self) -> Vec<u8> {
        let mut out = frames::HEADER.to_vec();
        for (kind, index) in [(NODE, &self.nodes), (WRITTEN, &self.written)] {
            let mut places: Vec<Place> = latest(index).collect();
            places.sort_unstable();
            for place in places {
                frames::push(&mut out, 0, kind, self.reader(place).0);
            }
        }
        self.push_history(&mut out);
        let mut stamps: Vec<(&[u8], StampedDigest)> = self.stamps.all().collect();
        stamps.sort_by_key(|(path, _)| *path);
        if !stamps.is_empty() {
            frames::push(&mut out, 0, STAMPS, &stamps_payload(stamps.into_iter()));
        }
        out
    }
}

/// The last place of each name, in no order.
fn latest(index: &Index<Place>) -> impl Iterator<Item = Place> {
    index.groups().filter_map(|mut group| group.next_back())
}

/// The one writer; the project's lock keeps it the only one.
pub struct LedgerWriter {
    path: PathBuf,
    /// Opened with the first thing to write, so that a build with nothing to do touches nothing.
    file: Option<File>,
    /// Where the next entry goes.
    end: u64,
}

impl LedgerWriter {
    /// A writer for the ledger below `state` that goes on at `end`, where the last whole entry ends; what a killed
    /// build left behind it is cut off.
    pub fn new(state: &Path, end: u64) -> Self {
        LedgerWriter {
            path: file_in(state),
            file: None,
            end,
        }
    }

    /// Adds entries with one write.
    ///
    /// # Errors
    /// The file cannot be written. What was written of the entries is cut off with the next ones.
    pub fn append(&mut self, entries: &[Entry<'_>]) -> Result<(), Trouble> {
        let write = |writer: &mut Self| {
            if writer.file.is_none() {
                writer.file = Some(
                    File::options()
                        .write(true)
                        .create(true)
                        .truncate(false)
                        .open(&writer.path)?,
                );
            }
            let mut bytes = if writer.end == 0 {
                frames::HEADER.to_vec()
            } else {
                Vec::new()
            };
            for entry in entries {
                let (kind, payload) = encode(entry);
                frames::push(&mut bytes, writer.end, kind, &payload);
            }
            let file = writer.file.as_ref().expect("it was opened just now");
            if file.metadata()?.len() > writer.end {
                file.set_len(writer.end)?;
            }
            file.write_all_at(&bytes, writer.end)?;
            writer.end += bytes.len() as u64;
            Ok(())
        };
        write(self).map_err(Trouble::on("write", &self.path))
    }

    /// Ends the writing: flushes, so that a power cut does not cost this build's memory, and compacts when more than
    /// half of the file is outdated, or when it is `damaged`. `needed` says how many bytes a compaction kept, or would
    /// have kept, when that was last found out; it is found out again when the file is twice as large, and returned.
    ///
    /// # Errors
    /// The file cannot be flushed or replaced.
    pub fn finish(self, damaged: bool, needed: Option<u64>) -> Result<Option<u64>, Trouble> {
        if let Some(file) = &self.file {
            file.sync_data().map_err(Trouble::on("flush", &self.path))?;
        } else if !damaged {
            return Ok(needed);
        }
        let size = fs::metadata(&self.path).map_or(0, |metadata| metadata.len());
        let is_small = size < needed.map_or(COMPACT_FROM, |needed| COMPACT_FROM.max(2 * needed));
        if is_small && !damaged {
            return Ok(needed);
        }
        let bytes = fs::read(&self.path).map_err(Trouble::on("read", &self.path))?;
        let compacted = Found::read(bytes.into()).compacted();
        let needed = compacted.len() as u64;
        if damaged || needed < size / 2 {
            replace(&self.path, &compacted)?;
        }
        Ok(Some(needed))
    }
}

/// Puts a new file in place of the ledger; flushed before it takes the name, since the old one is gone then.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let temporary = super::temporary(path.parent().unwrap_or(Path::new(".")));
    let write = || {
        let mut file = File::create_new(&temporary)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        Trouble::on("replace", path)(error)
    })
}

/// The stamp of the ledger below `state`; `None` when there is none.
pub fn stamp(state: &Path) -> Option<Stamp> {
    file_in(state).metadata().ok().as_ref().map(stamp_of)
}

fn file_in(state: &Path) -> PathBuf {
    state.join("ledger")
}

#[cfg(test)]
mod tests;
