//! What this checkout remembers: stamps, each node's last record, what was written where, runs.
//!
//! An append-only file of checksummed frames. Readers need no lock and read while a build writes. Records are found
//! when the file is opened and decoded when they are asked for. Does not judge anything.

use super::format;
use super::frames;
use crate::base::content::Content;
use crate::base::digest::Digest;
use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::path::ProjectPath;
use crate::base::record::{NodeRecord, RunRecord, StampedDigest};
use crate::world::stamps::{self, Hashed, KnownStamps};
use crate::world::trouble::Trouble;
use bytes::Bytes;
use std::collections::HashMap;
use std::fs::{self, File};
use std::hash::BuildHasherDefault;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use xxhash_rust::xxh3::xxh3_64;

const STAMPS: u8 = 1;
const NODE: u8 = 2;
const WRITTEN: u8 = 3;
const RUN: u8 = 4;
const BUILD_START: u8 = 5;
const BUILD_END: u8 = 6;

/// Runs of one node that a compaction keeps.
const RUNS_KEPT: usize = 20;
/// A ledger under this size is not compacted, in bytes.
const COMPACT_FROM: usize = 1024 * 1024;

/// A reader's view, as of when it was opened. Opening finds the frames; what they hold is read when it is asked for.
pub struct Ledger {
    bytes: Bytes,
    stamps: KnownStamps,
    nodes: Index,
    written: Index,
    /// Of every node, oldest first.
    runs: Vec<Range<usize>>,
    /// By node, as places in `runs`; made when the first node is asked for.
    runs_of: OnceLock<HashMap<String, Vec<usize>>>,
    last_build: u32,
}

/// Where the payload that begins with a name lies, by the name's hash; the name itself is compared when it is read.
type Index = HashMap<u64, (u32, u32), BuildHasherDefault<Hashed>>;

impl Ledger {
    /// Reads the ledger below `state`. What cannot be read is forgotten; the sentences say what that was.
    pub fn open(state: &Path) -> (Ledger, Vec<String>) {
        let path = file_in(state);
        let (ledger, skipped) = Ledger::read(fs::read(&path).unwrap_or_default());
        let damage = (skipped > 0).then(|| {
            format!(
                "{skipped} bytes of {} are damaged; what they told is found out again",
                path.display()
            )
        });
        (ledger, damage.into_iter().collect())
    }

    /// Takes a file's bytes; also says how many of them are damaged.
    fn read(mut bytes: Vec<u8>) -> (Ledger, usize) {
        // Places are kept in four bytes; compaction keeps every real ledger far below that.
        bytes.truncate(u32::MAX as usize);
        let bytes = Bytes::from(bytes);
        let mut ledger = Ledger {
            bytes: bytes.clone(),
            stamps: KnownStamps::over(bytes.clone()),
            nodes: Index::default(),
            written: Index::default(),
            runs: Vec::new(),
            runs_of: OnceLock::new(),
            last_build: 0,
        };
        let boot = boot_digest();
        let skipped = frames::scan(&bytes, |kind, range| {
            // A frame that is whole but makes no sense was written by another version: it tells nothing.
            let _ = ledger.take(kind, FlatReader(&bytes[range.clone()]), range, &boot);
        });
        (ledger, skipped)
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
            NODE => drop(self.nodes.insert(xxh3_64(from.bytes()?), place)),
            WRITTEN => drop(self.written.insert(xxh3_64(from.bytes()?), place)),
            RUN => self.runs.push(range),
            BUILD_START | BUILD_END => self.last_build = self.last_build.max(from.number()?),
            _ => {}
        }
        Some(())
    }

    /// The payload behind `name` in an index.
    fn found<'a>(&'a self, index: &Index, name: &str) -> Option<FlatReader<'a>> {
        let &(start, end) = index.get(&xxh3_64(name.as_bytes()))?;
        let mut from = FlatReader(&self.bytes[start as usize..end as usize]);
        (from.text()? == name).then_some(from)
    }

    /// What is remembered of a node.
    pub fn node(&self, name: &str) -> Option<NodeRecord> {
        format::take_record(&mut self.found(&self.nodes, name)?)
    }

    /// Hands over the stamps, for an observer to trust.
    pub fn take_stamps(&mut self) -> KnownStamps {
        std::mem::take(&mut self.stamps)
    }

    /// What `pipe` last left at an output's path.
    pub fn written(&self, path: &str) -> Option<Content> {
        format::take_content(&mut self.found(&self.written, path)?)
    }

    /// Every path at which `pipe` left something, and what.
    pub fn all_written(&self) -> Vec<(ProjectPath, Content)> {
        let entry = |&(start, end): &(u32, u32)| {
            let mut from = FlatReader(&self.bytes[start as usize..end as usize]);
            Some((
                ProjectPath::parse(from.text()?).ok()?,
                format::take_content(&mut from)?,
            ))
        };
        self.written.values().filter_map(entry).collect()
    }

    /// The remembered runs of a node, oldest first.
    pub fn runs(&self, name: &str) -> Vec<RunRecord> {
        let run = |&place: &usize| {
            format::take_run(&mut FlatReader(&self.bytes[self.runs[place].clone()]))
        };
        self.runs_by_node()
            .get(name)
            .map_or(&[][..], Vec::as_slice)
            .iter()
            .filter_map(run)
            .collect()
    }

    fn runs_by_node(&self) -> &HashMap<String, Vec<usize>> {
        self.runs_of.get_or_init(|| {
            let mut by_node: HashMap<String, Vec<usize>> = HashMap::new();
            for (place, range) in self.runs.iter().enumerate() {
                if let Some(name) = FlatReader(&self.bytes[range.clone()]).text() {
                    by_node.entry(name.to_owned()).or_default().push(place);
                }
            }
            by_node
        })
    }

    /// The number of the last build that had something to do; 0 when there was none.
    pub fn last_build(&self) -> u32 {
        self.last_build
    }

    /// The same memory without what is outdated, as a file's bytes. In the order of the file.
    fn compacted(&self) -> Vec<u8> {
        let mut out = frames::HEADER.to_vec();
        for (kind, index) in [(NODE, &self.nodes), (WRITTEN, &self.written)] {
            let mut places: Vec<(u32, u32)> = index.values().copied().collect();
            places.sort_unstable();
            for (start, end) in places {
                frames::push(&mut out, kind, &self.bytes[start as usize..end as usize]);
            }
        }
        let kept = |places: &Vec<usize>| places[places.len().saturating_sub(RUNS_KEPT)..].to_vec();
        let mut runs: Vec<usize> = self.runs_by_node().values().flat_map(kept).collect();
        runs.sort_unstable();
        for place in runs {
            frames::push(&mut out, RUN, &self.bytes[self.runs[place].clone()]);
        }
        frames::push(&mut out, BUILD_END, &self.last_build.to_le_bytes());
        let mut stamps: Vec<(&[u8], StampedDigest)> = self.stamps.all().collect();
        stamps.sort_by_key(|(path, _)| *path);
        if !stamps.is_empty() {
            frames::push(&mut out, STAMPS, &stamps_payload(stamps.into_iter()));
        }
        out
    }
}

/// Something to remember.
pub enum Entry<'a> {
    /// Digests and the stamps that may stand for them, by path as raw bytes.
    Stamps(&'a [(Vec<u8>, StampedDigest)]),
    /// A node is up to date.
    Node {
        /// Its name.
        name: &'a str,
        /// With what.
        record: &'a NodeRecord,
    },
    /// What `pipe` left at an output's path.
    Written {
        /// Which.
        path: ProjectPath,
        /// What.
        content: Content,
    },
    /// A command ended.
    Run(&'a RunRecord),
    /// A build with something to do begins.
    BuildStart {
        /// Its number.
        build: u32,
    },
    /// It has ended.
    BuildEnd {
        /// Its number.
        build: u32,
    },
}

/// The one writer; the project's lock keeps it the only one.
pub struct LedgerWriter {
    path: PathBuf,
    /// Opened with the first thing to write, so that a build with nothing to do touches nothing.
    file: Option<File>,
}

impl LedgerWriter {
    /// A writer for the ledger below `state`.
    pub fn new(state: &Path) -> Self {
        LedgerWriter {
            path: file_in(state),
            file: None,
        }
    }

    /// Adds entries with one write. One that was cut off before does not hide what comes after it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn append(&mut self, entries: &[Entry<'_>]) -> Result<(), Trouble> {
        let mut bytes = Vec::new();
        for entry in entries {
            let (kind, payload) = encode(entry);
            frames::push(&mut bytes, kind, &payload);
        }
        let wrong = |error| Trouble::on("write", &self.path)(error);
        if self.file.is_none() {
            let file = File::options()
                .append(true)
                .create(true)
                .open(&self.path)
                .map_err(wrong)?;
            if file.metadata().map_err(wrong)?.len() == 0 {
                (&file).write_all(frames::HEADER).map_err(wrong)?;
            }
            self.file = Some(file);
        }
        let file = self.file.as_mut().expect("it was opened just now");
        file.write_all(&bytes).map_err(wrong)
    }

    /// Ends the writing: flushes, so that a power cut does not cost this build's memory, and compacts when more than
    /// half of the file is outdated, or when it is `damaged`.
    ///
    /// # Errors
    /// The file cannot be flushed or replaced.
    pub fn finish(self, damaged: bool) -> Result<(), Trouble> {
        if let Some(file) = &self.file {
            file.sync_data().map_err(Trouble::on("flush", &self.path))?;
        } else if !damaged {
            return Ok(());
        }
        let size = fs::metadata(&self.path).map_or(0, |metadata| metadata.len() as usize);
        if size < COMPACT_FROM && !damaged {
            return Ok(());
        }
        let bytes = fs::read(&self.path).map_err(Trouble::on("read", &self.path))?;
        let compacted = Ledger::read(bytes).0.compacted();
        if damaged || compacted.len() < size / 2 {
            replace(&self.path, &compacted)?;
        }
        Ok(())
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

fn encode(entry: &Entry<'_>) -> (u8, Vec<u8>) {
    let mut out = FlatWriter::default();
    let kind = match entry {
        Entry::Stamps(stamps) => {
            return (
                STAMPS,
                stamps_payload(
                    stamps
                        .iter()
                        .map(|(path, stamped)| (path.as_slice(), *stamped)),
                ),
            );
        }
        Entry::Node { name, record } => {
            out.text(name);
            format::put_record(&mut out, record);
            NODE
        }
        Entry::Written { path, content } => {
            return (WRITTEN, written_payload(path.as_str(), content));
        }
        Entry::Run(run) => {
            format::put_run(&mut out, run);
            RUN
        }
        Entry::BuildStart { build } => {
            out.number(*build);
            BUILD_START
        }
        Entry::BuildEnd { build } => {
            out.number(*build);
            BUILD_END
        }
    };
    (kind, out.0)
}

fn stamps_payload<'a>(stamps: impl Iterator<Item = (&'a [u8], StampedDigest)>) -> Vec<u8> {
    let mut out = FlatWriter::default();
    out.digest(&boot_digest());
    for (path, stamped) in stamps {
        stamps::put(&mut out, path, &stamped);
    }
    out.0
}

fn written_payload(path: &str, content: &Content) -> Vec<u8> {
    let mut out = FlatWriter::default();
    out.text(path);
    format::put_content(&mut out, content);
    out.0
}

/// Tells one boot of the machine from another; where the system does not say, all boots look alike.
fn boot_digest() -> Digest {
    Digest::of(&fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default())
}

fn file_in(state: &Path) -> PathBuf {
    state.join("ledger")
}

#[cfg(test)]
mod tests;
