//! Stat stamps: taking them, writing them down, and finding the digest that belongs to one.
//!
//! Does not know which stamps may be trusted; `observe` learns only settled ones, and the ledger forgets those of
//! another boot.

use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::record::{Stamp, StampedDigest};
use crate::world::index::Index;
use bytes::Bytes;
use rustix::fs::Stat;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use xxhash_rust::xxh3::xxh3_64;

/// The stat fields that tell whether a file may have changed.
pub fn stamp_of(metadata: &Metadata) -> Stamp {
    Stamp {
        size: metadata.size(),
        mtime_ns: nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
        ctime_ns: nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
        device: metadata.dev(),
        inode: metadata.ino(),
        mode: metadata.mode(),
    }
}

/// The same, of what the system call itself gives.
pub(super) fn stamp_of_stat(stat: &Stat) -> Stamp {
    Stamp {
        size: wide(stat.st_size),
        mtime_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec as i64),
        ctime_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec as i64),
        device: wide(stat.st_dev),
        inode: wide(stat.st_ino),
        mode: wide(stat.st_mode) as u32,
    }
}

fn nanoseconds(seconds: i64, part: i64) -> i64 {
    seconds.wrapping_mul(1_000_000_000).wrapping_add(part)
}

/// Each system has types of its own for these.
fn wide(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or_default()
}

/// A file that was read and held still meanwhile.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Relative to the project's root, raw bytes.
    pub path: Vec<u8>,
    /// The digest, and the stamp from before and after.
    pub stamped: StampedDigest,
    /// When the reading began, in nanoseconds since 1970.
    pub begun_ns: i64,
}

/// Adds one entry to a list of stamps.
pub(super) fn put(out: &mut FlatWriter, path: &[u8], stamped: &StampedDigest) {
    out.bytes(path);
    put_stamp(out, &stamped.stamp);
    out.digest(&stamped.digest);
}

/// Adds a stamp.
pub(super) fn put_stamp(out: &mut FlatWriter, stamp: &Stamp) {
    let Stamp {
        size,
        mtime_ns,
        ctime_ns,
        device,
        inode,
        mode,
    } = *stamp;
    out.long(size)
        .long(mtime_ns.cast_unsigned())
        .long(ctime_ns.cast_unsigned());
    out.long(device).long(inode).number(mode);
}

/// Takes one entry off a list of stamps.
pub(super) fn take<'a>(from: &mut FlatReader<'a>) -> Option<(&'a [u8], StampedDigest)> {
    let path = from.bytes()?;
    let stamp = take_stamp(from)?;
    let digest = from.digest()?;
    Some((path, StampedDigest { stamp, digest }))
}

/// Takes a stamp.
pub(super) fn take_stamp(from: &mut FlatReader<'_>) -> Option<Stamp> {
    Some(Stamp {
        size: from.long()?,
        mtime_ns: from.long()?.cast_signed(),
        ctime_ns: from.long()?.cast_signed(),
        device: from.long()?,
        inode: from.long()?,
        mode: from.number()?,
    })
}

/// Bytes of an entry behind its path: the stamp, the digest.
const ENTRY_REST: usize = 5 * 8 + 4 + 32;

/// Asks for the digest that was last learned for a path, as raw bytes, with its stamp.
pub type Recall = Box<dyn Fn(&[u8]) -> Option<StampedDigest> + Send + Sync>;

/// Digests by path, found in the bytes that they were written in: nothing is copied before it is asked for.
#[derive(Debug, Default)]
pub struct KnownStamps {
    bytes: Bytes,
    /// Where the frame's payload that holds the entry of a path begins, and the entry itself. A second path of the same hash is not
    /// remembered.
    entries: Index<(u32, u32)>,
}

impl KnownStamps {
    /// An empty memory over the file `bytes`.
    pub(super) fn over(bytes: Bytes) -> Self {
        KnownStamps {
            bytes,
            ..KnownStamps::default()
        }
    }

    /// Takes in the list of entries that lies at `start..end`, in a payload that begins at `payload`; a later entry of a
    /// path wins.
    pub(super) fn add_list(&mut self, payload: usize, start: usize, end: usize) {
        let mut at = start;
        while let Some(length) = self
            .bytes
            .get(at..at + 4)
            .map(|length| u32::from_le_bytes([length[0], length[1], length[2], length[3]]))
        {
            let next = at + 4 + length as usize + ENTRY_REST;
            if next > end {
                return;
            }
            self.entries.add(
                xxh3_64(&self.bytes[at + 4..at + 4 + length as usize]),
                (payload as u32, at as u32),
            );
            at = next;
        }
    }

    /// The digest that was last learned for `path`, with its stamp.
    pub fn get(&self, path: &[u8]) -> Option<StampedDigest> {
        let (_, at) = self.entries.last(xxh3_64(path))?;
        entry(&self.bytes, at, path)
    }

    /// Its index.
    pub(super) fn index(&self) -> &Index<(u32, u32)> {
        &self.entries
    }

    /// Every path and what is known of it, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = (&[u8], StampedDigest)> {
        let latest = self.entries.last_by_hash();
        latest.filter_map(|(_, (_, at))| take(&mut FlatReader(&self.bytes[at as usize..])))
    }
}

/// What the entry at `at` says of `path`; `None` when it is of another one.
pub(super) fn entry(bytes: &[u8], at: u32, path: &[u8]) -> Option<StampedDigest> {
    let (found, stamped) = take(&mut FlatReader(bytes.get(at as usize..)?))?;
    (found == path).then_some(stamped)
}

/// Digests of paths that share nothing, for tests of those who keep stamps.
#[cfg(test)]
pub(super) fn sample(number: u64) -> StampedDigest {
    let stamp = Stamp {
        size: number,
        mtime_ns: -1,
        ctime_ns: 7,
        device: 3,
        inode: number,
        mode: 0o100_644,
    };
    StampedDigest {
        stamp,
        digest: crate::base::digest::Digest::of(&number.to_le_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_found_by_path_and_the_last_one_wins() {
        let mut out = FlatWriter(b"before".to_vec());
        put(&mut out, b"a", &sample(1));
        put(&mut out, b"b\xff", &sample(2));
        put(&mut out, b"a", &sample(3));
        let end = out.0.len();
        let mut known = KnownStamps::over(out.0.into());
        known.add_list(0, 6, end);
        assert_eq!(known.get(b"a"), Some(sample(3)));
        assert_eq!(known.get(b"b\xff"), Some(sample(2)));
        assert_eq!(known.get(b"c"), None);
        assert_eq!(known.all().count(), 2);
    }
}
