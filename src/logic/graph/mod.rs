//! The expanded graph: who reads what, who writes what, who needs whom.
//!
//! One flat run of bytes with a checksum, which is also the form in which it is saved, so that a build that finds
//! nothing to do reads no manifest. Nodes and paths are numbers; walks over the graph never recurse.
//! Knows nothing of what stands on the disk.

pub mod candidates;
mod carried;
mod complaints;
pub mod demands;
pub mod draft;
mod encode;
pub mod expand;
mod fill;
pub mod instance;
mod link;
mod lists;
pub mod lookup;
mod order;
mod paths;
pub mod reach;
mod relative;
pub mod review;
pub mod select;
mod spec;
#[cfg(test)]
mod tests;

pub use draft::{Demand, JobSpec};
pub use expand::{Facts, expand};
pub use instance::{Instances, axis_patterns};

use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::base::record::Row;
use crate::logic::manifest::Exclusive;
use bytes::Bytes;
use spec::{Common, Spec};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

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

const MAGIC: &[u8; 8] = b"pipegr06";
const HEADER: usize = 8 + 16 + 4 * SECTIONS;

/// Every section is a run of numbers of four bytes, but for texts, digests and blobs. `…_ENDS` say by node, or by path,
/// where its part of the section behind ends.
const SECTIONS: usize = 24;
const NAME_ENDS: usize = 0;
const NAMES: usize = 1;
const FLAGS: usize = 2;
/// Where in `BLOBS` a node's spec starts.
const SPECS: usize = 3;
/// Where in `BLOBS` what few nodes have starts; 0 for nothing.
const EXTRAS: usize = 4;
const DIGESTS: usize = 5;
const OUTPUT_ENDS: usize = 6;
const OUTPUTS: usize = 7;
const INPUT_ENDS: usize = 8;
const INPUTS: usize = 9;
const NEED_ENDS: usize = 10;
const NEEDS: usize = 11;
const USER_ENDS: usize = 12;
const USERS: usize = 13;
const AFTER_ENDS: usize = 14;
const AFTERS: usize = 15;
const ORDER: usize = 16;
const PATH_ENDS: usize = 17;
const PATHS: usize = 18;
const WRITERS: usize = 19;
const READER_ENDS: usize = 20;
const READERS: usize = 21;
const BLOBS: usize = 22;
/// What all simple nodes have in common.
const COMMON: usize = 23;

const ALWAYS: u32 = 1;
const ALONE: u32 = 2;
const GROUPED: u32 = 4;
const TEMP: u32 = 8;
const PROBED: u32 = 16;
const IGNORING: u32 = 32;
const DEPFILE: u32 = 64;
const DEMANDING: u32 = 128;
const UNCACHED: u32 = 256;

/// See the module. Cloning shares the bytes.
#[derive(Clone)]
pub struct Graph {
    bytes: Bytes,
    starts: [usize; SECTIONS + 1],
    common: Arc<OnceLock<Common>>,
}

impl Graph {
    /// Takes saved bytes. `None` when they are damaged or of another version.
    pub fn open(bytes: Bytes) -> Option<Graph> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (checksum, rest) = rest.split_first_chunk::<16>()?;
        if u128::from_le_bytes(*checksum) != xxhash_rust::xxh3::xxh3_128(rest) {
            return None;
        }
        let (lengths, _) = rest.split_at_checked(4 * SECTIONS)?;
        let mut starts = [HEADER; SECTIONS + 1];
        for (section, length) in lengths.as_chunks::<4>().0.iter().enumerate() {
            starts[section + 1] =
                starts[section].checked_add(u32::from_le_bytes(*length) as usize)?;
        }
        (starts[SECTIONS] == bytes.len()).then(|| Graph {
            bytes,
            starts,
            common: Arc::default(),
        })
    }

    /// The bytes to save.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// Whether saved bytes begin as this graph does, the checksum of all included: they are the same, or damaged.
    pub fn has_head_of(&self, bytes: &[u8]) -> bool {
        bytes.get(..HEADER) == Some(&self.bytes[..HEADER])
    }

    /// Tells this graph, with its numbers of nodes and paths, from others.
    pub fn identity(&self) -> u128 {
        let checksum = &self.bytes[MAGIC.len()..MAGIC.len() + 16];
        u128::from_le_bytes(checksum.try_into().expect("16 bytes were cut"))
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.section(FLAGS).len() / 4
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many paths there are.
    pub fn path_count(&self) -> usize {
        self.section(WRITERS).len() / 4
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
        self.text(NAMES, self.range(NAME_ENDS, node.0))
    }

    /// Whether it runs at every build.
    pub fn always(&self, node: NodeId) -> bool {
        self.flags(node) & ALWAYS != 0
    }

    /// Whether its outputs are removed after their last reader.
    pub fn temp(&self, node: NodeId) -> bool {
        self.flags(node) & TEMP != 0
    }

    /// Whether a probe's output is part of its key.
    pub fn probed(&self, node: NodeId) -> bool {
        self.flags(node) & PROBED != 0
    }

    /// Whether there is a node with a probe.
    pub fn has_probes(&self) -> bool {
        self.flags_of_all() & PROBED != 0
    }

    /// Whether there is a node with a depfile.
    pub fn has_depfiles(&self) -> bool {
        self.flags_of_all() & DEPFILE != 0
    }

    /// Whether some names in its directory inputs do not count.
    pub fn ignoring(&self, node: NodeId) -> bool {
        self.flags(node) & IGNORING != 0
    }

    /// Whether its command writes a file that names more inputs.
    pub fn has_depfile(&self, node: NodeId) -> bool {
        self.flags(node) & DEPFILE != 0
    }

    /// Whether its results stay out of the cache.
    pub fn uncached(&self, node: NodeId) -> bool {
        self.flags(node) & UNCACHED != 0
    }

    /// The name of the declared node: for `train@rf,1` it is `train`.
    pub fn family(&self, node: NodeId) -> &str {
        let name = self.name(node);
        name.split_once('@').map_or(name, |(family, _)| family)
    }

    /// What it must not share the machine with.
    pub fn exclusive(&self, node: NodeId) -> Option<Exclusive> {
        let flags = self.flags(node);
        if flags & ALONE != 0 {
            return Some(Exclusive::Alone);
        }
        (flags & GROUPED != 0).then(|| Exclusive::Group(self.extra(node).group.to_owned()))
    }

    /// What it reads, in the order of the manifest, a glob's matches sorted.
    pub fn inputs(&self, node: NodeId) -> impl ExactSizeIterator<Item = Use> + '_ {
        self.uses(node, INPUT_ENDS, INPUTS)
    }

    /// What it writes.
    pub fn outputs(&self, node: NodeId) -> impl ExactSizeIterator<Item = Use> + '_ {
        self.uses(node, OUTPUT_ENDS, OUTPUTS)
    }

    /// The nodes that write what it reads.
    pub fn needs(&self, node: NodeId) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        self.edges(node, NEED_ENDS, NEEDS)
    }

    /// The nodes that read what it writes.
    pub fn users(&self, node: NodeId) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        self.edges(node, USER_ENDS, USERS)
    }

    /// The nodes that it comes after without reading from them.
    pub fn after(&self, node: NodeId) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        self.edges(node, AFTER_ENDS, AFTERS)
    }

    /// The digest of [`Graph::declaration`].
    pub fn declaration_digest(&self, node: NodeId) -> Digest {
        let at = 32 * node.0 as usize;
        let bytes = &self.section(DIGESTS)[at..at + 32];
        Digest::from_bytes(bytes.try_into().expect("32 bytes were cut"))
    }

    /// The rows of the node's key that the manifest decides.
    pub fn declaration(&self, node: NodeId) -> Vec<Row> {
        match self.spec(node) {
            Spec::Filled(rows, _) => draft::decode_rows(rows).expect("the checksum held"),
            Spec::Simple(spec) => self.simple(node, &spec).rows(self.common()),
        }
    }

    /// All that is needed to start its command.
    pub fn job(&self, node: NodeId) -> JobSpec {
        match self.spec(node) {
            Spec::Filled(_, job) => JobSpec::decode(job).expect("the checksum held"),
            Spec::Simple(spec) => self.simple(node, &spec).job(self.common()),
        }
    }

    /// A path's text.
    pub fn path(&self, path: PathId) -> &str {
        self.text(PATHS, self.range(PATH_ENDS, path.0))
    }

    /// A path's text as bytes, which need not be proved to be one.
    pub fn path_bytes(&self, path: PathId) -> &[u8] {
        &self.section(PATHS)[self.range(PATH_ENDS, path.0)]
    }

    /// A path as a value of its own.
    pub fn project_path(&self, path: PathId) -> ProjectPath {
        ProjectPath::from_normal(self.path(path))
    }

    /// The node that declares this very path as an output.
    pub fn producer(&self, path: PathId) -> Option<NodeId> {
        let node = self.number(WRITERS, path.0 as usize);
        (node != paths::NOBODY).then_some(NodeId(node))
    }

    /// The nodes that declare this very path as an input.
    pub fn readers(&self, path: PathId) -> impl Iterator<Item = NodeId> + '_ {
        self.ids(READERS, self.range(READER_ENDS, path.0))
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

    fn flags(&self, node: NodeId) -> u32 {
        self.number(FLAGS, node.0 as usize)
    }

    fn flags_of_all(&self) -> u32 {
        let flags = self.section(FLAGS).as_chunks::<4>().0.iter();
        flags.fold(0, |all, flags| all | u32::from_le_bytes(*flags))
    }

    /// The part that belongs to `index`, of the section whose parts end as `ends` says.
    fn range(&self, ends: usize, index: u32) -> Range<usize> {
        let end = |index: u32| self.number(ends, index as usize) as usize;
        let start = match index {
            0 => 0,
            index => end(index - 1),
        };
        start..end(index)
    }

    fn text(&self, section: usize, range: Range<usize>) -> &str {
        std::str::from_utf8(&self.section(section)[range]).expect("the checksum held")
    }

    fn uses(
        &self,
        node: NodeId,
        ends: usize,
        items: usize,
    ) -> impl ExactSizeIterator<Item = Use> + '_ {
        self.words(items, self.range(ends, node.0)).map(|word| Use {
            path: PathId(word & link::PATH),
            directory: word & link::DIRECTORY != 0,
            mixed: word & link::MIXED != 0,
        })
    }

    fn edges(
        &self,
        node: NodeId,
        ends: usize,
        items: usize,
    ) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        self.ids(items, self.range(ends, node.0))
    }

    fn ids(&self, items: usize, range: Range<usize>) -> impl ExactSizeIterator<Item = NodeId> + '_ {
        self.words(items, range).map(NodeId)
    }

    fn words(&self, items: usize, range: Range<usize>) -> impl ExactSizeIterator<Item = u32> + '_ {
        let words = &self.section(items).as_chunks::<4>().0[range];
        words.iter().map(|word| u32::from_le_bytes(*word))
    }
}
