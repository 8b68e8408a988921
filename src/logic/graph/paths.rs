//! Every path of a graph once, by number, with the node that writes it.
//!
//! Does not know who reads what, nor whether two paths can stand beside each other.

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;
use std::hash::BuildHasher;

/// No node.
pub(super) const NOBODY: u32 = u32::MAX;

/// See the module. Numbers count from 0 in the order in which paths came.
#[derive(Debug, Default)]
pub(super) struct PathTable {
    /// All paths, one after the other.
    pub(super) text: String,
    /// Where each ends in `text`.
    pub(super) ends: Vec<u32>,
    /// Who writes each, or [`NOBODY`].
    pub(super) writers: Vec<u32>,
    /// Of those that are written: declared with a trailing `/`.
    directories: Vec<bool>,
    index: HashTable<u32>,
}

impl PathTable {
    /// Room for so many paths.
    pub(super) fn for_paths(count: usize) -> Self {
        PathTable {
            text: String::with_capacity(count * 24),
            ends: Vec::with_capacity(count),
            writers: Vec::with_capacity(count),
            directories: Vec::with_capacity(count),
            index: HashTable::with_capacity(count),
        }
    }

    /// The number of a normalised path, which is added when it is new.
    pub(super) fn id(&mut self, path: &str) -> u32 {
        let hash = FxBuildHasher.hash_one(path);
        let (text, ends) = (&self.text, &self.ends);
        let same = |&id: &u32| part(text, ends, id) == path;
        if let Some(&id) = self.index.find(hash, same) {
            return id;
        }
        let id = self.ends.len() as u32;
        self.text.push_str(path);
        let end = u32::try_from(self.text.len()).expect("paths of a graph are under 4 GiB");
        self.ends.push(end);
        self.writers.push(NOBODY);
        self.directories.push(false);
        let (text, ends) = (&self.text, &self.ends);
        let rehash = |&id: &u32| FxBuildHasher.hash_one(part(text, ends, id));
        self.index.insert_unique(hash, id, rehash);
        id
    }

    /// The number of a path that is there.
    pub(super) fn find(&self, path: &str) -> Option<u32> {
        let same = |&id: &u32| self.get(id) == path;
        self.index.find(FxBuildHasher.hash_one(path), same).copied()
    }

    /// A path's text.
    pub(super) fn get(&self, id: u32) -> &str {
        part(&self.text, &self.ends, id)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Who writes this very path.
    pub(super) fn writer(&self, id: u32) -> Option<u32> {
        let writer = self.writers[id as usize];
        (writer != NOBODY).then_some(writer)
    }

    /// Whether it is declared with a trailing `/` by who writes it.
    pub(super) fn is_directory(&self, id: u32) -> bool {
        self.directories[id as usize]
    }

    /// Says who writes it; the first to come stays.
    pub(super) fn claim(&mut self, id: u32, writer: u32, directory: bool) -> Result<(), u32> {
        let place = &mut self.writers[id as usize];
        if *place != NOBODY {
            return Err(*place);
        }
        *place = writer;
        self.directories[id as usize] = directory;
        Ok(())
    }
}

/// The `index`th of the parts of `text` that end at `ends`.
fn part<'t>(text: &'t str, ends: &[u32], index: u32) -> &'t str {
    let start = match index {
        0 => 0,
        index => ends[index as usize - 1] as usize,
    };
    &text[start..ends[index as usize] as usize]
}
