//! The expanded graph: who reads what, who writes what, who needs whom.
//!
//! One flat run of bytes with a checksum, which is also the form in which it is saved, so that a build that finds
//! nothing to do reads no manifest. Nodes and paths are numbers; walks over the graph never recurse.
//! Knows nothing of what stands on the disk.

mod complaints;
pub mod demands;
pub mod draft;
mod encode;
pub mod expand;
mod fill;
pub mod instance;
mod link;
mod order;
mod relative;
pub mod review;
pub mod select;
#[cfg(test)]
mod tests;

pub use draft::{Demand, JobSpec};
pub use expand::{Facts, expand};
pub use instance::{Instances, axis_patterns};

use crate::base::digest::Digest;
use crate::base::flat::FlatReader;
use crate::base::path::ProjectPath;
use crate::base::record::Row;
use crate::logic::manifest::Exclusive;
use bytes::Bytes;

/// A node's number: its place in the manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// A path's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathId(pub u32);

/// A path that a node reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// Which.
    pub path: PathId,
    /// Declared with a trailing `/`.
    pub directory: bool,
    /// For an input: nodes write above or below this path, so what stands here is known only once they are done.
    pub mixed: bool,
}

const MAGIC: &[u8; 8] = b"pipegr02";
const HEADER: usize = 8 + 8 + 4 * SECTIONS;
const SECTIONS: usize = 8;
const NODES: usize = 0;
const DIGESTS: usize = 1;
const USES: usize = 2;
const EDGES: usize = 3;
const ORDER: usize = 4;
const PATHS: usize = 5;
const TEXT: usize = 6;
const BLOBS: usize = 7;

/// Numbers a node takes in the `NODES` section; each list is a start and a count.
const NODE_NUMBERS: usize = 22;
const NAME: usize = 0;
const ABOUT: usize = 2;
const GROUP: usize = 4;
const INPUTS: usize = 6;
const OUTPUTS: usize = 8;
const NEEDS: usize = 10;
const USERS: usize = 12;
const AFTER: usize = 14;
const ROWS: usize = 16;
const JOB: usize = 18;
const DEMAND: usize = 20;
/// Each node is followed by one number of flags.
const NODE_SIZE: usize = NODE_NUMBERS + 3;
const FLAGS: usize = NODE_NUMBERS;
const EMPTY_PATTERNS: usize = NODE_NUMBERS + 1;
const TAGS: usize = NODE_NUMBERS + 2;

const ALWAYS: u32 = 1;
const ALONE: u32 = 2;
const GROUPED: u32 = 4;
const TEMP: u32 = 8;
const PROBED: u32 = 16;
const IGNORING: u32 = 32;
const DEPFILE: u32 = 64;
const DEMANDING: u32 = 128;
const UNCACHED: u32 = 256;

const DIRECTORY: u32 = 1;
const MIXED: u32 = 2;
const NOBODY: u32 = u32::MAX;

/// See the module. Cloning shares the bytes.
#[derive(Clone)]
pub struct Graph {
    bytes: Bytes,
    starts: [usize; SECTIONS + 1],
}

impl Graph {
    /// Takes saved bytes. `None` when they are damaged or of another version.
    pub fn open(bytes: Bytes) -> Option<Graph> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (checksum, rest) = rest.split_first_chunk::<8>()?;
        if u64::from_le_bytes(*checksum) != xxhash_rust::xxh3::xxh3_64(rest) {
            return None;
        }
        let (lengths, _) = rest.split_at_checked(4 * SECTIONS)?;
        let mut starts = [HEADER; SECTIONS + 1];
        for (section, length) in lengths.as_chunks::<4>().0.iter().enumerate() {
            starts[section + 1] =
                starts[section].checked_add(u32::from_le_bytes(*length) as usize)?;
        }
        (starts[SECTIONS] == bytes.len()).then_some(Graph { bytes, starts })
    }

    /// The bytes to save.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        (self.starts[NODES + 1] - self.starts[NODES]) / (4 * NODE_SIZE)
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many paths there are.
    pub fn path_count(&self) -> usize {
        (self.starts[PATHS + 1] - self.starts[PATHS]) / 12
    }

    /// Every node, in the manifest's order.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..self.len() as u32).map(NodeId)
    }

    /// Every node, each after all that it needs or comes after; otherwise in the manifest's order.
    pub fn order(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.section(ORDER)
            .as_chunks::<4>()
            .0
            .iter()
            .map(|id| NodeId(u32::from_le_bytes(*id)))
    }

    /// The node's name.
    pub fn name(&self, node: NodeId) -> &str {
        self.text(
            self.node_number(node, NAME),
            self.node_number(node, NAME + 1),
        )
    }

    /// What the manifest says about it; empty when nothing.
    pub fn about(&self, node: NodeId) -> &str {
        self.text(
            self.node_number(node, ABOUT),
            self.node_number(node, ABOUT + 1),
        )
    }

    /// Whether it runs at every build.
    pub fn always(&self, node: NodeId) -> bool {
        self.node_number(node, FLAGS) & ALWAYS != 0
    }

    /// Whether its outputs are removed after their last reader.
    pub fn temp(&self, node: NodeId) -> bool {
        self.node_number(node, FLAGS) & TEMP != 0
    }

    /// Whether a probe's output is part of its key.
    pub fn probed(&self, node: NodeId) -> bool {
        self.node_number(node, FLAGS) & PROBED != 0
    }

    /// Whether some names in its directory inputs do not count.
    pub fn ignoring(&self, node: NodeId) -> bool {
        self.node_number(node, FLAGS) & IGNORING != 0
    }

    /// Whether its command writes a file that names more inputs.
    pub fn has_depfile(&self, node: NodeId) -> bool {
        self.node_number(node, FLAGS) & DEPFILE != 0
    }

    /// Whether its results stay out of the cache.
    pub fn uncached(&self, node: NodeId) -> bool {
        self.node_number(node, FLAGS) & UNCACHED != 0
    }

    /// What its command takes while it runs.
    pub fn demand(&self, node: NodeId) -> Demand {
        if self.node_number(node, FLAGS) & DEMANDING == 0 {
            return Demand::default();
        }
        Demand::decode(self.blob(node, DEMAND)).expect("the checksum held")
    }

    /// Its tags.
    pub fn tags(&self, node: NodeId) -> Vec<String> {
        self.texts_at(self.node_number(node, TAGS))
    }

    /// The name of the declared node: for `train@rf,1` it is `train`.
    pub fn family(&self, node: NodeId) -> &str {
        let name = self.name(node);
        name.split_once('@').map_or(name, |(family, _)| family)
    }

    /// What it must not share the machine with.
    pub fn exclusive(&self, node: NodeId) -> Option<Exclusive> {
        let flags = self.node_number(node, FLAGS);
        if flags & ALONE != 0 {
            return Some(Exclusive::Alone);
        }
        let group = || {
            self.text(
                self.node_number(node, GROUP),
                self.node_number(node, GROUP + 1),
            )
        };
        (flags & GROUPED != 0).then(|| Exclusive::Group(group().to_owned()))
    }

    /// What it reads, in the order of the manifest, a glob's matches sorted.
    pub fn inputs(&self, node: NodeId) -> impl ExactSizeIterator<Item = Use> + '_ {
        self.uses(node, INPUTS)
    }

    /// What it writes.
    pub fn outputs(&self, node: NodeId) -> impl ExactSizeIterator<Item = Use> + '_ {
        self.uses(node, OUTPUTS)
    }

    /// The nodes that write what it reads.
    pub fn needs(&self, node: NodeId) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        self.edges(node, NEEDS)
    }

    /// The nodes that read what it writes.
    pub fn users(&self, node: NodeId) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        self.edges(node, USERS)
    }

    /// The nodes that it comes after without reading from them.
    pub fn after(&self, node: NodeId) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        self.edges(node, AFTER)
    }

    /// The digest of [`Graph::declaration`].
    pub fn declaration_digest(&self, node: NodeId) -> Digest {
        let at = 32 * node.0 as usize;
        let bytes = &self.section(DIGESTS)[at..at + 32];
        Digest::from_bytes(bytes.try_into().expect("32 bytes were cut"))
    }

    /// The rows of the node's key that the manifest decides.
    pub fn declaration(&self, node: NodeId) -> Vec<Row> {
        draft::decode_rows(self.blob(node, ROWS)).expect("the checksum held")
    }

    /// All that is needed to start its command.
    pub fn job(&self, node: NodeId) -> JobSpec {
        JobSpec::decode(self.blob(node, JOB)).expect("the checksum held")
    }

    /// Patterns among its inputs that match neither a file nor an output.
    pub fn empty_patterns(&self, node: NodeId) -> Vec<String> {
        self.texts_at(self.node_number(node, EMPTY_PATTERNS))
    }

    /// A path's text.
    pub fn path(&self, path: PathId) -> &str {
        let row = 3 * path.0 as usize;
        self.text(self.number(PATHS, row), self.number(PATHS, row + 1))
    }

    /// A path as a value of its own.
    pub fn project_path(&self, path: PathId) -> ProjectPath {
        ProjectPath::from_normal(self.path(path))
    }

    /// The node that declares this very path as an output.
    pub fn producer(&self, path: PathId) -> Option<NodeId> {
        let node = self.number(PATHS, 3 * path.0 as usize + 2);
        (node != NOBODY).then_some(NodeId(node))
    }

    /// The path of every declared output.
    pub fn outputs_of_all(&self) -> impl Iterator<Item = &str> {
        self.paths()
            .filter(|&path| self.producer(path).is_some())
            .map(|path| self.path(path))
    }

    /// Every path.
    pub fn paths(&self) -> impl Iterator<Item = PathId> + use<> {
        (0..self.path_count() as u32).map(PathId)
    }

    /// The node of this name. Looks at every node.
    pub fn find(&self, name: &str) -> Option<NodeId> {
        self.nodes().find(|&node| self.name(node) == name)
    }

    fn section(&self, section: usize) -> &[u8] {
        &self.bytes[self.starts[section]..self.starts[section + 1]]
    }

    fn number(&self, section: usize, index: usize) -> u32 {
        let at = 4 * index;
        let bytes = &self.section(section)[at..at + 4];
        u32::from_le_bytes(bytes.try_into().expect("four bytes were cut"))
    }

    fn node_number(&self, node: NodeId, field: usize) -> u32 {
        self.number(NODES, NODE_SIZE * node.0 as usize + field)
    }

    fn text(&self, at: u32, length: u32) -> &str {
        let bytes = &self.section(TEXT)[at as usize..(at + length) as usize];
        std::str::from_utf8(bytes).expect("the checksum held")
    }

    fn uses(&self, node: NodeId, list: usize) -> impl ExactSizeIterator<Item = Use> + '_ {
        let (at, count) = (
            self.node_number(node, list),
            self.node_number(node, list + 1),
        );
        let words = &self.section(USES)[8 * at as usize..8 * (at + count) as usize];
        words.as_chunks::<8>().0.iter().map(|pair| {
            let flags = u32::from(pair[4]);
            let path = PathId(u32::from_le_bytes([pair[0], pair[1], pair[2], pair[3]]));
            Use {
                path,
                directory: flags & DIRECTORY != 0,
                mixed: flags & MIXED != 0,
            }
        })
    }

    fn edges(&self, node: NodeId, list: usize) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        let (at, count) = (
            self.node_number(node, list),
            self.node_number(node, list + 1),
        );
        let words = &self.section(EDGES)[4 * at as usize..4 * (at + count) as usize];
        words
            .as_chunks::<4>()
            .0
            .iter()
            .map(|id| NodeId(u32::from_le_bytes(*id)))
    }

    fn texts_at(&self, at: u32) -> Vec<String> {
        FlatReader(&self.section(BLOBS)[at as usize..])
            .texts()
            .expect("the checksum held")
    }

    fn blob(&self, node: NodeId, which: usize) -> &[u8] {
        let (at, length) = (
            self.node_number(node, which),
            self.node_number(node, which + 1),
        );
        &self.section(BLOBS)[at as usize..(at + length) as usize]
    }
}
