//! What this checkout remembers: stamps, each node's last record, what was written where, runs.
//!
//! An append-only file of checksummed frames. Readers need no lock and read while a build writes. Records are found
//! when the file is opened and decoded when they are asked for. Does not judge anything.

mod found;
mod history;
mod quick;
mod saved;

pub use super::entry::Entry;
use super::entry::encode;
use super::format;
use super::frames;
use super::map::map_start;
use crate::base::content::Content;
use crate::base::flat::FlatReader;
use crate::base::path::ProjectPath;
use crate::base::record::Key;
use crate::base::record::{NodeRecord, Stamp};
use crate::world::stamps::{self, Recall, stamp_of};
use crate::world::trouble::{Trouble, is_absence};
use bytes::Bytes;
use found::{Found, latest, reader};
use quick::{Quick, Table};
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use xxhash_rust::xxh3::xxh3_64;

/// A ledger under this size is not compacted, in bytes.
const COMPACT_FROM: u64 = 1024 * 1024;

/// A reader's view, as of when it was opened. What frames hold is read when it is asked for. Of a ledger that is as it was
/// left, single names are found by a saved index; its frames are all found only when something else is asked for.
#[derive(Clone)]
pub struct Ledger {
    /// What is known of it without reading it.
    known: Option<Known>,
    quick: Later<Option<Quick>>,
    found: Later<Found>,
}

type Later<T> = Arc<LazyLock<T, Box<dyn FnOnce() -> T + Send>>>;

fn later<T>(make: impl FnOnce() -> T + Send + 'static) -> Later<T> {
    Arc::new(LazyLock::new(Box::new(make)))
}

/// Of a ledger that is as it was left.
#[derive(Clone, Copy)]
struct Known {
    last_build: u32,
    /// Where the last whole frame ends.
    end: u64,
}

/// Where a payload that begins with a name starts and ends; the name itself is compared when it is read. Of a stamp: where
/// the payload starts that it is in, and the stamp itself.
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
        // What others add meanwhile is not of this view.
        let end = stamp.size;
        let file = Arc::new(file);
        let (of_quick, state) = (Arc::clone(&file), state.to_path_buf());
        Some(Ledger {
            known: Some(Known { last_build, end }),
            quick: later(move || Quick::open(&state, &of_quick, end)),
            // Copying it into new memory would take longer than all the rest.
            found: later(move || Found::read(map_start(&file, end, true).unwrap_or_default())),
        })
    }

    fn of(found: Found) -> Ledger {
        Ledger {
            known: None,
            quick: later(|| None),
            found: later(move || found),
        }
    }

    /// The last place of a hash, and the bytes that it is in.
    fn last(&self, table: Table, hash: u64) -> Option<(&Bytes, Place)> {
        if let Some(quick) = &**self.quick
            && quick.is_quick()
            && let Ok(place) = quick.last(table, hash)
        {
            return Some((&quick.bytes, place?));
        }
        let place = self.found.index(table).last(hash)?;
        Some((&self.found.bytes, place))
    }

    /// Every place of a hash, the oldest first, and the bytes that they are in.
    fn all(&self, table: Table, hash: u64) -> (&Bytes, Vec<Place>) {
        if let Some(quick) = &**self.quick
            && quick.is_quick()
            && let Ok(places) = quick.all(table, hash)
        {
            return (&quick.bytes, places);
        }
        (&self.found.bytes, self.found.index(table).all(hash))
    }

    /// What follows `name` where it was told of last.
    fn payload(&self, table: Table, name: &str) -> Option<FlatReader<'_>> {
        let (bytes, place) = self.last(table, xxh3_64(name.as_bytes()))?;
        let mut from = reader(bytes, place);
        (from.text()? == name).then_some(from)
    }

    /// What is remembered of a node.
    pub fn node(&self, name: &str) -> Option<NodeRecord> {
        format::take_record(&mut self.payload(Table::Nodes, name)?)
    }

    /// The key of every node that is remembered.
    pub fn keys(&self) -> Vec<Key> {
        let key = |place| {
            let mut from = reader(&self.found.bytes, place);
            from.text()?;
            from.digest().map(Key)
        };
        latest(&self.found.nodes).filter_map(key).collect()
    }

    /// The digest that was last learned for a path, with its stamp; for an observer to trust.
    pub fn stamps(&self) -> Recall {
        let ledger = self.clone();
        Box::new(move |path| {
            let (bytes, (_, at)) = ledger.last(Table::Stamps, xxh3_64(path))?;
            stamps::entry(bytes, at, path)
        })
    }

    /// What `pipe` last left at an output's path.
    pub fn written(&self, path: &str) -> Option<Content> {
        format::take_content(&mut self.payload(Table::Written, path)?)
    }

    /// Every path at which `pipe` left something, and what.
    pub fn all_written(&self) -> Vec<(ProjectPath, Content)> {
        let entry = |place| {
            let mut from = reader(&self.found.bytes, place);
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
                encode(entry, &mut |kind, payload| {
                    frames::push(&mut bytes, writer.end, kind, payload);
                });
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
        let read = || fs::read(&self.path).map_err(Trouble::on("read", &self.path));
        if is_small && !damaged {
            self.refresh(size, || read().ok());
            return Ok(needed);
        }
        let bytes = read()?;
        let compacted = Found::read(bytes.clone().into()).compacted();
        let needed = compacted.len() as u64;
        if damaged || needed < size / 2 {
            replace(&self.path, &compacted)?;
            self.refresh(needed, || Some(compacted));
        } else {
            self.refresh(size, || Some(bytes));
        }
        Ok(Some(needed))
    }

    /// Sees to it that a ledger of this size has an index that is of use.
    fn refresh(&self, size: u64, bytes: impl FnOnce() -> Option<Vec<u8>>) {
        let state = self.path.parent().unwrap_or(Path::new("."));
        quick::refresh(state, size, || Some(Found::read(bytes()?.into())));
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
