//! Every frame of a ledger, found in one reading: where each name was told of, and what a compaction keeps.
//!
//! Reads what frames hold no further than their names. Does not know the file.

use super::super::entry::{
    BUILD_END, BUILD_START, NODE, RUN, STAMPS, WRITTEN, boot_digest, encode_stamps,
};
use super::super::frames;
use super::Place;
use super::quick::Table;
use super::saved::Token;
use crate::base::digest::Digest;
use crate::base::flat::FlatReader;
use crate::base::record::StampedDigest;
use crate::world::index::Index;
use crate::world::stamps::KnownStamps;
use bytes::Bytes;
use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64;

/// What a reading found.
pub(super) struct Found {
    pub(super) bytes: Bytes,
    pub(super) stamps: KnownStamps,
    /// By node.
    pub(super) nodes: Index<Place>,
    /// By path.
    pub(super) written: Index<Place>,
    /// By node.
    pub(super) runs: Index<Place>,
    /// Starts and ends of builds, oldest first.
    pub(super) builds: Vec<(u8, Range<usize>)>,
    pub(super) last_build: u32,
    /// The last build that began has not said that it ended.
    pub(super) unfinished: bool,
    /// How many bytes are damaged.
    pub(super) damaged: usize,
    /// Where the last whole frame ends.
    pub(super) end: u64,
    /// Where the payloads of the first and the last whole frame start.
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Found {
    pub(super) fn read(bytes: Bytes) -> Found {
        let start = frames::start_of(&bytes);
        Found::read_from(bytes, start)
    }

    /// What is behind the first `start` bytes.
    pub(super) fn read_from(mut bytes: Bytes, start: usize) -> Found {
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
            first: 0,
            last: 0,
        };
        let boot = boot_digest();
        let scan = frames::scan(&bytes, start, |kind, range| {
            found.last = range.start;
            if found.first == 0 {
                found.first = range.start;
            }
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
                let list = range.end - from.0.len();
                self.stamps.add_list(range.start, list, range.end);
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

    pub(super) fn index(&self, table: Table) -> &Index<Place> {
        match table {
            Table::Nodes => &self.nodes,
            Table::Written => &self.written,
            Table::Runs => &self.runs,
            Table::Stamps => self.stamps.index(),
        }
    }

    /// Tells this ledger from others; `None` when it is empty.
    pub(super) fn token(&self) -> Option<Token> {
        let start = |payload: usize| {
            let at = payload.checked_sub(frames::FRAME_HEADER)?;
            Some((at as u64, *self.bytes[at..].first_chunk()?))
        };
        Some([start(self.first)?, start(self.last)?])
    }

    /// The same memory without what is outdated, as a file's bytes. In the order of the file.
    pub(super) fn compacted(&self) -> Vec<u8> {
        let mut out = frames::HEADER.to_vec();
        for (kind, index) in [(NODE, &self.nodes), (WRITTEN, &self.written)] {
            let mut places: Vec<Place> = latest(index).collect();
            places.sort_unstable();
            for place in places {
                frames::push(&mut out, 0, kind, reader(&self.bytes, place).0);
            }
        }
        self.push_history(&mut out);
        let mut stamps: Vec<(&[u8], StampedDigest)> = self.stamps.all().collect();
        stamps.sort_by_key(|(path, _)| *path);
        encode_stamps(stamps.into_iter(), &mut |kind, payload| {
            frames::push(&mut out, 0, kind, payload);
        });
        out
    }
}

/// The last place of each name, in no order.
pub(super) fn latest(index: &Index<Place>) -> impl Iterator<Item = Place> {
    index.last_by_hash().map(|(_, place)| place)
}

pub(super) fn reader(bytes: &[u8], (start, end): Place) -> FlatReader<'_> {
    FlatReader(&bytes[start as usize..end as usize])
}
