//! Finding single names in a ledger that was left whole: by the saved index, and by reading what was written since.
//!
//! Does not know what is found. Where a part of it is damaged it says so, and the whole ledger has to be read.

use super::super::entry::{NODE, RUN, STAMPS, WRITTEN, boot_digest};
use super::super::frames;
use super::super::map::map_start;
use super::Place;
use super::found::Found;
use super::saved::{self, Damaged, SavedIndex};
use crate::base::flat::FlatReader;
use bytes::Bytes;
use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So much of a ledger is read faster than an index of it is made and kept, in bytes.
const FROM: u64 = 16 * 1024;
/// What was written since an index was saved may be such a part of the ledger before another one is.
const PART: u64 = 16;

/// So many questions are answered by the index, or as many as one in [`SHARE`] of its entries: finding one and checking its
/// frame takes about as long as reading so many frames.
const MOST: usize = 1024;
const SHARE: usize = 16;

/// What names are looked for in; also the numbers of the saved tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    Nodes = 0,
    Written = 1,
    Runs = 2,
    Stamps = 3,
}

/// See the module.
pub(super) struct Quick {
    pub(super) bytes: Bytes,
    saved: SavedIndex,
    /// What was written since.
    tail: Found,
    asked: AtomicUsize,
    /// So many questions take as long as reading all of the ledger.
    most: usize,
}

impl Quick {
    /// Of the first `end` bytes of the ledger that `file` is, which were whole.
    pub(super) fn open(state: &Path, file: &File, end: u64) -> Option<Quick> {
        let saved = SavedIndex::open(state, file).filter(|saved| saved.covered <= end)?;
        let bytes = map_start(file, end, false).ok()?;
        let tail = Found::read_from(bytes.clone(), usize::try_from(saved.covered).ok()?);
        (tail.damaged == 0 && tail.end == end).then(|| Quick {
            bytes,
            tail,
            asked: AtomicUsize::new(0),
            most: MOST.max(saved.len() / SHARE),
            saved,
        })
    }

    /// Whether one more question is answered faster here than by reading all of the ledger.
    pub(super) fn is_quick(&self) -> bool {
        self.asked.fetch_add(1, Ordering::Relaxed) < self.most
    }

    /// The last place of a hash.
    pub(super) fn last(&self, table: Table, hash: u64) -> Result<Option<Place>, Damaged> {
        if let Some(place) = self.tail.index(table).last(hash) {
            return Ok(Some(place));
        }
        match self.saved.last(table as usize, hash)? {
            Some(place) => self.checked(table, place),
            None => Ok(None),
        }
    }

    /// Every place of a hash, the oldest first.
    pub(super) fn all(&self, table: Table, hash: u64) -> Result<Vec<Place>, Damaged> {
        let saved = self.saved.all(table as usize, hash)?.into_iter();
        let saved = saved.map(|place| self.checked(table, place));
        let mut places: Vec<Place> = saved
            .filter_map(Result::transpose)
            .collect::<Result<_, _>>()?;
        places.extend(self.tail.index(table).all(hash));
        Ok(places)
    }

    /// The place, if the frame there is whole and of the table; `None` for stamps of another boot, which are not trusted.
    fn checked(&self, table: Table, place: Place) -> Result<Option<Place>, Damaged> {
        let (start, end) = (place.0 as usize, place.1 as usize);
        let (kind, frame_end) = frames::frame_of(&self.bytes, start).ok_or(Damaged)?;
        let is_it = match table {
            Table::Nodes => kind == NODE && end == frame_end,
            Table::Written => kind == WRITTEN && end == frame_end,
            Table::Runs => kind == RUN && end == frame_end,
            Table::Stamps => kind == STAMPS && end < frame_end,
        };
        if !is_it {
            return Err(Damaged);
        }
        let is_trusted = table != Table::Stamps
            || FlatReader(&self.bytes[start..]).digest() == Some(boot_digest());
        Ok(is_trusted.then_some(place))
    }
}

/// Saves an index of the ledger below `state`, of `size` bytes, if too much of it has been written since the last one.
pub(super) fn refresh(state: &Path, size: u64, found: impl FnOnce() -> Option<Found>) {
    let file = File::open(super::file_in(state)).ok();
    let saved = file.and_then(|file| SavedIndex::open(state, &file));
    let covered = saved.map_or(0, |saved| saved.covered);
    if (covered..=covered + FROM.max(covered / PART)).contains(&size) {
        return;
    }
    let Some(found) = found() else { return };
    let Some(token) = found.token() else { return };
    let [mut nodes, mut written, mut stamps] = [Table::Nodes, Table::Written, Table::Stamps]
        .map(|table| found.index(table).last_by_hash());
    let mut runs = found.index(Table::Runs).by_hash();
    let tables: [&mut dyn Iterator<Item = _>; _] =
        [&mut nodes, &mut written, &mut runs, &mut stamps];
    saved::save(state, found.end, token, tables);
}

#[cfg(test)]
mod tests;
