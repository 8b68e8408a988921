//! An index of a ledger, saved beside it: where the last word on a name stands, without reading all of the ledger.
//!
//! Sorted by the hashes of names, in blocks with a checksum each, of which a question reads a few. It can be made again
//! at any time, so one that is missing or of another ledger is none. Does not know what stands at a place, nor whether that is whole.

use super::super::frames;
use super::super::map::map;
use super::super::write_whole;
use super::Place;
use crate::base::flat::{FlatReader, FlatWriter};
use bytes::Bytes;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use xxhash_rust::xxh3::xxh3_64_with_seed;

const MAGIC: &[u8; 8] = b"pipeix01";
/// Bytes of a block; a checksum is its start.
const BLOCK: usize = 4096;
const CHECKSUM: usize = 8;
/// Bytes of an entry: a hash, and a place.
const ENTRY: usize = 16;
const ENTRIES: usize = (BLOCK - CHECKSUM) / ENTRY;
/// How many tables there are.
pub(super) const TABLES: usize = 4;

/// See the module.
pub(super) struct SavedIndex {
    bytes: Bytes,
    /// What lies behind this place of the ledger is not in it.
    pub(super) covered: u64,
    /// Which block comes first, and how many entries there are.
    tables: [(usize, usize); TABLES],
    /// By block: its checksum held.
    sound: Vec<AtomicBool>,
}

/// A part of the index that is asked for is damaged.
#[derive(Debug)]
pub(super) struct Damaged;

/// Tells a ledger from others: where its first frame and another one start, and what they begin with. The first one is
/// the start of a build, or of a node's record, which say when that was; checksums are in what all frames begin with.
pub(super) type Token = [(u64, [u8; frames::FRAME_HEADER]); 2];

impl SavedIndex {
    /// The index below `state`, if it is of the ledger that `file` is.
    pub(super) fn open(state: &Path, file: &File) -> Option<SavedIndex> {
        let bytes = map(&file_in(state)).ok()?;
        let mut from = FlatReader(block(&bytes, 0)?);
        from = FlatReader(from.0.strip_prefix(MAGIC)?);
        let covered = from.long()?;
        for _ in 0..Token::default().len() {
            let at = from.long()?;
            let frame = from.0.split_off(..frames::FRAME_HEADER)?;
            let mut there = [0; frames::FRAME_HEADER];
            file.read_exact_at(&mut there, at).ok()?;
            if there != *frame {
                return None;
            }
        }
        let mut first = 1;
        let mut tables = [(0, 0); TABLES];
        for table in &mut tables {
            *table = (first, usize::try_from(from.long()?).ok()?);
            first += table.1.div_ceil(ENTRIES);
        }
        (bytes.len() == first * BLOCK).then(|| SavedIndex {
            bytes,
            covered,
            tables,
            sound: (0..first).map(|_| AtomicBool::new(false)).collect(),
        })
    }

    /// How many entries there are.
    pub(super) fn len(&self) -> usize {
        self.tables.iter().map(|(_, count)| count).sum()
    }

    /// The place of a hash in a table.
    ///
    /// # Errors
    /// What would tell is damaged.
    pub(super) fn last(&self, table: usize, hash: u64) -> Result<Option<Place>, Damaged> {
        let Some(last) = self.up_to(table, hash)?.checked_sub(1) else {
            return Ok(None);
        };
        let (found, place) = self.entry(table, last)?;
        Ok((found == hash).then_some(place))
    }

    /// Every place of a hash in a table, the oldest first.
    ///
    /// # Errors
    /// What would tell is damaged.
    pub(super) fn all(&self, table: usize, hash: u64) -> Result<Vec<Place>, Damaged> {
        let mut places = Vec::new();
        for number in (0..self.up_to(table, hash)?).rev() {
            let (found, place) = self.entry(table, number)?;
            if found != hash {
                break;
            }
            places.push(place);
        }
        places.reverse();
        Ok(places)
    }

    /// How many entries of a table have a hash of at most this.
    fn up_to(&self, table: usize, hash: u64) -> Result<usize, Damaged> {
        let (mut low, mut high) = (0, self.tables[table].1);
        while low < high {
            let middle = low.midpoint(high);
            match self.entry(table, middle)?.0 <= hash {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        Ok(low)
    }

    fn entry(&self, table: usize, number: usize) -> Result<(u64, Place), Damaged> {
        let block_number = self.tables[table].0 + number / ENTRIES;
        let whole = match self.sound[block_number].load(Ordering::Relaxed) {
            true => &self.bytes[block_number * BLOCK + CHECKSUM..],
            false => {
                let whole = block(&self.bytes, block_number).ok_or(Damaged)?;
                self.sound[block_number].store(true, Ordering::Relaxed);
                whole
            }
        };
        let mut from = FlatReader(&whole[number % ENTRIES * ENTRY..]);
        let entry = from.long().zip(from.number().zip(from.number()));
        entry.ok_or(Damaged)
    }
}

/// A block without its checksum, if that holds.
fn block(bytes: &[u8], number: usize) -> Option<&[u8]> {
    let block = bytes.get(number * BLOCK..(number + 1) * BLOCK)?;
    let (checksum, rest) = block.split_first_chunk::<CHECKSUM>()?;
    (u64::from_le_bytes(*checksum) == xxh3_64_with_seed(rest, number as u64)).then_some(rest)
}

/// Saves the index of the first `covered` bytes of a ledger: each table's entries, sorted by hash and then by age. That it
/// could not be written costs time only.
pub(super) fn save(
    state: &Path,
    covered: u64,
    token: Token,
    tables: [&mut dyn Iterator<Item = (u64, Place)>; TABLES],
) {
    let mut blocks = Blocks(vec![0; BLOCK]);
    let counts = tables.map(|entries| blocks.add(entries));
    let mut head = FlatWriter(MAGIC.to_vec());
    head.long(covered);
    for (at, frame) in token {
        head.long(at).0.extend(frame);
    }
    for count in counts {
        head.long(count as u64);
    }
    blocks.0[CHECKSUM..CHECKSUM + head.0.len()].copy_from_slice(&head.0);
    for (number, block) in blocks.0.chunks_exact_mut(BLOCK).enumerate() {
        let checksum = xxh3_64_with_seed(&block[CHECKSUM..], number as u64);
        block[..CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
    }
    let _ = write_whole(&file_in(state), &[&blocks.0], false);
}

/// Whole blocks, one behind the other.
struct Blocks(Vec<u8>);

impl Blocks {
    /// Adds a table, and says how many entries it has.
    fn add(&mut self, entries: &mut dyn Iterator<Item = (u64, Place)>) -> usize {
        let mut count = 0;
        for (hash, (start, end)) in entries {
            if count % ENTRIES == 0 {
                self.fill();
                self.0.extend([0; CHECKSUM]);
            }
            let mut entry = FlatWriter(std::mem::take(&mut self.0));
            entry.long(hash).number(start).number(end);
            self.0 = entry.0;
            count += 1;
        }
        self.fill();
        count
    }

    /// Ends the block that was begun.
    fn fill(&mut self) {
        self.0.resize(self.0.len().next_multiple_of(BLOCK), 0);
    }
}

pub(super) fn file_in(state: &Path) -> PathBuf {
    state.join("index")
}
