//! What is remembered of runs and of files: keys and their parts, results, stamps.
//!
//! Does not know how it is written down; `world/store/format` does.

use crate::base::content::Content;
use crate::base::digest::{Digest, DigestWriter};
use crate::base::path::ProjectPath;

/// The digest of everything that can change a node's result. Made in `logic/plan/key`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub Digest);

/// The named rows a key is made of: hashed, kept in the ledger, compared for reasons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyParts {
    /// What the manifest says, expanded: command, shell, environment, outputs. In a fixed order.
    pub declaration: Vec<Row>,
    /// Each input and what stood there, in the order of the manifest, a glob's matches sorted.
    pub inputs: Vec<(ProjectPath, Content)>,
}

/// One named part of a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which part: `command`, `shell`, `folder`, `env NAME`, `output PATH` …
    pub name: String,
    /// Its value, for people and for the hash.
    pub value: String,
}

impl Row {
    /// Takes rows, as fields, and gives their digest.
    pub fn digest_writer() -> DigestWriter {
        DigestWriter::new("pipe declaration 1")
    }

    /// The digest of rows, names and values, in their order.
    pub fn digest_of(rows: &[Row]) -> Digest {
        let mut writer = Row::digest_writer();
        for row in rows {
            writer.field(&row.name, row.value.as_bytes());
        }
        writer.finish()
    }
}

/// What a successful run left behind, found by its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunResult {
    /// Every declared output, in the order of the manifest, and what stood there after the run.
    pub outputs: Vec<(ProjectPath, Content)>,
    /// The run's captured output as a blob; `None` when it printed nothing.
    pub log: Option<Digest>,
    /// How long the command took, in milliseconds.
    pub duration_ms: u64,
    /// What it took of the machine.
    pub usage: Usage,
    /// Where and when that was. For people; nothing is judged by it.
    pub made: Made,
}

/// Where and when a result was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Made {
    /// Tells one checkout from another; says nothing about where it is.
    pub checkout: u64,
    /// The number of the build there.
    pub build: u32,
    /// When that build began, milliseconds since 1970 UTC.
    pub started_ms: u64,
}

/// What a command took of the machine, as far as that could be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// Processor time, user's and system's, of the command and all processes that it waited for, in milliseconds.
    pub cpu_ms: Option<u64>,
    /// The most memory that it held at one time. `None` for a command that was gone before anybody could look and
    /// whose size the kernel does not tell apart from that of `pipe`, from which it sprang: it was small and short.
    pub peak: Option<Peak>,
}

/// A peak of resident memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peak {
    /// Bytes.
    pub bytes: u64,
    /// How it was measured.
    pub source: PeakSource,
}

/// How a peak of memory was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeakSource {
    /// All processes of the command together, looked at several times a second; between two looks it may have been
    /// more.
    Sampled,
    /// The largest of its processes, as the kernel counted it without gaps; together they may have held more.
    LargestProcess,
}

/// What this checkout remembers of a node: the last time it was up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRecord {
    /// The key then.
    pub key: Key,
    /// What the key was made of.
    pub parts: KeyParts,
    /// What the run with that key left.
    pub result: RunResult,
    /// How it came to be up to date.
    pub origin: Origin,
    /// The number of the build that recorded it, counted from 1 in this checkout.
    pub build: u32,
}

/// How a node came to be up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Its command ran.
    Ran,
    /// Its outputs came back from the cache.
    Restored,
    /// Its outputs stood already and belonged to its key: after a rename, or in a copied checkout.
    Found,
}

/// One run of a node in this checkout, for history, logs and the critical path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunRecord {
    /// The node's name.
    pub node: String,
    /// The number of the build it was part of.
    pub build: u32,
    /// When the command started, milliseconds since 1970 UTC.
    pub started_ms: u64,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// How it ended.
    pub ending: Ending,
    /// What it came to: a command may end well and still not have done what it declares.
    pub outcome: RunOutcome,
    /// Why it ran.
    pub cause: Option<RunCause>,
    /// Whether a log was kept in `.pipe/logs/`.
    pub log: bool,
    /// What it took of the machine.
    pub usage: Usage,
}

/// What a run came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunOutcome {
    /// It left what it declared.
    Ran,
    /// It did not.
    Failed,
    /// It was ended by an interruption and says nothing about the node.
    Stopped,
}

/// The most telling reason for which a command ran, as history keeps it. For people and programs; nothing is judged by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunCause {
    /// What kind of reason, in the words of `logic/plan/reason`.
    pub kind: String,
    /// The path or the part of the declaration that it is about.
    pub subject: Option<String>,
    /// How many further reasons there were.
    pub more: u32,
}

/// One build in this checkout that had something to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildRecord {
    /// Its number, counted from 1.
    pub build: u32,
    /// When it began, milliseconds since 1970 UTC.
    pub started_ms: u64,
    /// How it ended; `None` while it runs, and for ever when it was killed.
    pub end: Option<BuildEnd>,
}

/// How a build ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildEnd {
    /// From its start to its end, in milliseconds.
    pub took_ms: u64,
    /// The number of slots.
    pub jobs: u32,
    /// Nodes whose outputs stood.
    pub fresh: u32,
    /// That came back from the cache.
    pub restored: u32,
    /// That ran.
    pub ran: u32,
    /// That failed.
    pub failed: u32,
    /// Below a failure.
    pub blocked: u32,
    /// Not reached.
    pub stopped: u32,
    /// Commands' time that restoring saved, in milliseconds.
    pub saved_ms: u64,
    /// Ended by the user.
    pub interrupted: bool,
}

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It exited with this code.
    Exit(i32),
    /// This signal ended it.
    Signal(i32),
    /// It could not be started.
    NotStarted,
    /// It was ended by us because it took longer than it may.
    TimedOut,
    /// It exited with 0, but read or wrote files of the project that its node does not declare.
    Undeclared,
}

impl Ending {
    /// Whether the command says that all went well.
    pub fn is_success(self) -> bool {
        self == Ending::Exit(0)
    }
}

/// The stat fields that tell whether a file may have changed: a shortcut to a digest, never part of a key.
/// Compared for equality only, so that a clock set back does no harm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Bytes.
    pub size: u64,
    /// Nanoseconds since 1970, of the last change of the bytes.
    pub mtime_ns: i64,
    /// Nanoseconds since 1970, of the last change of bytes or inode; programs cannot set it.
    pub ctime_ns: i64,
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Type and permission bits.
    pub mode: u32,
}

/// A file's digest as it was when it had this stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StampedDigest {
    /// Taken before the bytes were read, and the same after.
    pub stamp: Stamp,
    /// Of the bytes.
    pub digest: Digest,
}
