//! Which nodes were fresh at the end of a build, and the stamps that the files which that rests on had then.
//!
//! By it a build with nothing to do looks at every file once and reads nothing else. It is a shortcut: what it says can
//! be found out again from the ledger and the files, so one that is missing, damaged, of another boot or not of exactly
//! this ledger is none. Does not know the graph: nodes and paths are numbers.

use super::entry::boot_digest;
use super::map::map;
use super::write_whole;
use crate::base::digest::Digest;
use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::record::{Stamp, StampedDigest};
use crate::world::stamps;
use crate::world::trouble::Trouble;
use bytes::Bytes;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::{Xxh3Default, xxh3_64};

const MAGIC: &[u8; 8] = b"pipefr01";
/// Bytes of a [`Mark`] in the file.
const MARK: usize = 48;
/// Nodes that are looked at together.
const STRETCH: usize = 64;
const FILE: u32 = 1;
const TREE: u32 = 2;

/// By what a path is known again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A plain file that has this stamp, which may be trusted.
    File(Stamp),
    /// A directory with a listing of this digest.
    Tree(Digest),
}

impl Mark {
    fn read(marks: &[u8], path: usize) -> Option<Mark> {
        // Of a fixed size, so that nothing is checked below.
        let bytes: &[u8; MARK] = marks.get(path * MARK..(path + 1) * MARK)?.try_into().ok()?;
        let mut from = FlatReader(bytes);
        let stamp = stamps::take_stamp(&mut from)?;
        match from.number()? {
            FILE => Some(Mark::File(stamp)),
            TREE => FlatReader(bytes).digest().map(Mark::Tree),
            _ => None,
        }
    }
}

/// A mark for each path, as they lie on the disk: most stay as they are from build to build.
#[derive(Debug, Default)]
pub struct Marks(Vec<u8>);

impl Marks {
    /// Of so many paths, of which none is known again.
    pub fn none(paths: usize) -> Marks {
        Marks(vec![0; paths * MARK])
    }

    /// By what a path is known again.
    pub fn get(&self, path: usize) -> Option<Mark> {
        Mark::read(&self.0, path)
    }

    /// Sets it.
    pub fn set(&mut self, path: usize, mark: Option<Mark>) {
        let mut bytes = FlatWriter::default();
        match mark {
            Some(Mark::File(stamp)) => {
                stamps::put_stamp(&mut bytes, &stamp);
                bytes.number(FILE);
            }
            Some(Mark::Tree(digest)) => {
                bytes.digest(&digest).0.resize(MARK - 4, 0);
                bytes.number(TREE);
            }
            None => bytes.0.resize(MARK, 0),
        }
        self.0[path * MARK..(path + 1) * MARK].copy_from_slice(&bytes.0);
    }
}

/// What the list is tied to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Of the ledger, whose last build has said that it ended.
    pub ledger: Stamp,
    /// The number of that build.
    pub last_build: u32,
    /// How many bytes of the ledger a compaction would have kept, when that was last found out; 0 when it never was.
    pub needed: u64,
    /// Manifests and files of parameters, with their digests.
    pub texts: Vec<(Vec<u8>, StampedDigest)>,
    /// Of the graph that numbers paths and nodes.
    pub graph: u128,
}

/// A list as it lies on the disk.
#[derive(Debug, Clone)]
pub struct FreshList {
    head: Head,
    /// Everything behind the head: [`MARK`] bytes for each path, then a byte for each node.
    rest: Bytes,
    paths: usize,
}

impl FreshList {
    /// The list below `state`, if there is a sound one of this boot.
    pub fn open(state: &Path) -> Option<FreshList> {
        let bytes = map(&file_in(state)).ok()?;
        let body = bytes.strip_prefix(MAGIC)?;
        let (checksum, body) = body.split_first_chunk::<8>()?;
        if u64::from_le_bytes(*checksum) != xxh3_64(body) {
            return None;
        }
        let mut from = FlatReader(body);
        if from.digest()? != boot_digest() {
            return None;
        }
        let ledger = stamps::take_stamp(&mut from)?;
        let last_build = from.number()?;
        let needed = from.long()?;
        let texts = (0..from.number()?)
            .map(|_| stamps::take(&mut from).map(|(path, stamped)| (path.to_vec(), stamped)))
            .collect::<Option<_>>()?;
        let graph = u128::from(from.long()?) | u128::from(from.long()?) << 64;
        let paths = from.number()? as usize;
        let rest = bytes.slice(bytes.len() - from.0.len()..);
        (rest.len() >= paths * MARK).then(|| FreshList {
            head: Head {
                ledger,
                last_build,
                needed,
                texts,
                graph,
            },
            rest,
            paths,
        })
    }

    /// What it is tied to.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// How many paths and nodes it knows.
    pub fn size(&self) -> (usize, usize) {
        (self.paths, self.rest.len() - self.paths * MARK)
    }

    /// By what path number `path` is known again; `None` when it has to be looked at with care.
    pub fn mark(&self, path: usize) -> Option<Mark> {
        Mark::read(&self.rest, path)
    }

    /// By what each path is known again, and which nodes were fresh, to go on from.
    pub fn copied(&self) -> (Marks, Vec<u8>) {
        let (marks, fresh) = self.rest.split_at(self.paths * MARK);
        (Marks(marks.to_vec()), fresh.to_vec())
    }

    /// Whether node number `node` was fresh with all of its paths as their marks say.
    pub fn is_fresh(&self, node: usize) -> bool {
        self.rest.get(self.paths * MARK + node) == Some(&1)
    }

    /// The numbers of nodes that were not, in their order.
    pub fn not_fresh(&self) -> impl Iterator<Item = usize> + '_ {
        let fresh = &self.rest[self.paths * MARK..];
        // Nearly all are fresh: whole stretches of them are passed over at once.
        let stretches = fresh.chunks(STRETCH).enumerate();
        let stale = stretches.filter(|(_, stretch)| stretch.iter().any(|&fresh| fresh != 1));
        stale.flat_map(|(number, stretch)| {
            let nodes = stretch.iter().enumerate();
            let nodes = nodes.filter(|&(_, &fresh)| fresh != 1);
            nodes.map(move |(at, _)| number * STRETCH + at)
        })
    }
}

/// Leaves a list: a mark for each path, and for each node 1 if it is fresh, else 0.
///
/// # Errors
/// It cannot be written.
pub fn write(state: &Path, head: &Head, marks: &Marks, fresh: &[u8]) -> Result<(), Trouble> {
    let mut start = FlatWriter::default();
    start.digest(&boot_digest());
    stamps::put_stamp(&mut start, &head.ledger);
    start
        .number(head.last_build)
        .long(head.needed)
        .number(head.texts.len() as u32);
    for (path, stamped) in &head.texts {
        stamps::put(&mut start, path, stamped);
    }
    start
        .long(head.graph as u64)
        .long((head.graph >> 64) as u64);
    start.number((marks.0.len() / MARK) as u32);
    let parts = [&start.0, &marks.0, fresh];
    let mut checksum = Xxh3Default::new();
    parts.iter().for_each(|part| checksum.update(part));
    let checksum = checksum.digest().to_le_bytes();
    let [start, marks, fresh] = parts;
    write_whole(
        &file_in(state),
        &[MAGIC, &checksum, start, marks, fresh],
        false,
    )
}

fn file_in(state: &Path) -> PathBuf {
    state.join("fresh")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn head() -> Head {
        let sample = stamps::sample(1);
        Head {
            ledger: sample.stamp,
            last_build: 7,
            needed: 99,
            texts: vec![(b"pipe.kdl".to_vec(), sample)],
            graph: u128::MAX - 5,
        }
    }

    fn marks(some: &[Option<Mark>]) -> Marks {
        // What stood there before goes.
        let mut marks = Marks(vec![7; some.len() * MARK]);
        for (path, mark) in some.iter().enumerate() {
            marks.set(path, *mark);
            assert_eq!(marks.get(path), *mark);
        }
        marks
    }

    #[test]
    fn what_is_written_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let some = [
            Some(Mark::File(stamps::sample(3).stamp)),
            None,
            Some(Mark::Tree(Digest::of(b"x"))),
        ];
        let marks = marks(&some);
        write(folder.path(), &head(), &marks, &[1, 0]).unwrap();
        let list = FreshList::open(folder.path()).unwrap();
        assert_eq!(list.head(), &head());
        assert_eq!(list.size(), (3, 2));
        let read: Vec<Option<Mark>> = (0..4).map(|path| list.mark(path)).collect();
        assert_eq!(read[..3], some);
        assert_eq!(read[3], None);
        assert_eq!(list.not_fresh().collect::<Vec<_>>(), [1]);
        let (copied, fresh) = list.copied();
        assert_eq!((copied.0, fresh), (marks.0, vec![1, 0]));
        assert_eq!(
            [0, 1, 2].map(|node| list.is_fresh(node)),
            [true, false, false]
        );
    }

    #[test]
    fn a_damaged_list_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let marks = marks(&[Some(Mark::File(stamps::sample(3).stamp))]);
        write(folder.path(), &head(), &marks, &[1]).unwrap();
        let file = file_in(folder.path());
        let whole = fs::read(&file).unwrap();
        for at in 0..whole.len() {
            let mut harmed = whole.clone();
            harmed[at] ^= 4;
            fs::write(&file, &harmed).unwrap();
            assert!(FreshList::open(folder.path()).is_none(), "byte {at}");
            fs::write(&file, &whole[..at]).unwrap();
            assert!(FreshList::open(folder.path()).is_none(), "cut at {at}");
        }
    }
}
