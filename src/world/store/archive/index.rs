//! The beginning of an archive: which results it holds, and which blobs, with their sizes.
//!
//! Does not know where the blobs go.

use crate::base::digest::Digest;
use crate::base::flat::FlatWriter;
use crate::base::record::{Key, RunResult};
use crate::world::store::format::{decode_result, encode_result};
use std::collections::BTreeMap;
use std::io::{self, Read};

const HEADER: &[u8] = b"pipe archive 1\n";
/// More than this no index takes, in bytes: some millions of files.
pub(super) const MOST_INDEX: u64 = 512 * 1024 * 1024;

pub(super) fn index_of(
    results: &BTreeMap<Key, RunResult>,
    blobs: &BTreeMap<Digest, u64>,
) -> Vec<u8> {
    let mut out = FlatWriter(HEADER.to_vec());
    out.long(results.len() as u64);
    for (key, result) in results {
        out.digest(&key.0).bytes(&encode_result(key, result));
    }
    out.long(blobs.len() as u64);
    for (digest, size) in blobs {
        out.digest(digest).long(*size);
    }
    out.0
}

/// What a result takes in the index, in bytes, with so many blobs of its own.
pub(super) fn size_in_index(key: &Key, result: &RunResult, blobs: usize) -> u64 {
    let digest = key.0.as_bytes().len();
    let result = digest + 4 + encode_result(key, result).len();
    (result + blobs * (digest + 8)) as u64
}

/// What stands at an archive's beginning.
#[derive(Default)]
pub(super) struct Index {
    pub(super) results: Vec<(Key, RunResult)>,
    pub(super) blobs: Vec<(Digest, u64)>,
}

pub(super) enum IndexFault {
    Read(io::Error),
    Wrong(&'static str),
}

impl From<io::Error> for IndexFault {
    fn from(error: io::Error) -> Self {
        IndexFault::Read(error)
    }
}

impl Index {
    pub(super) fn read(&mut self, from: &mut impl Read) -> Result<(), IndexFault> {
        // Whatever lengths it claims, no more than this is ever read into memory.
        let mut from = from.take(MOST_INDEX);
        let wrong = |said| Err(IndexFault::Wrong(said));
        let mut header = [0; HEADER.len()];
        from.read_exact(&mut header)?;
        if header != HEADER {
            return wrong("it is no archive of this version of pipe");
        }
        for _ in 0..long(&mut from)? {
            let key = Key(digest(&mut from)?);
            let mut length = [0; 4];
            from.read_exact(&mut length)?;
            let length = u64::from(u32::from_le_bytes(length));
            let mut bytes = Vec::new();
            if from.by_ref().take(length).read_to_end(&mut bytes)? as u64 != length {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            let Some(result) = decode_result(&key, &bytes) else {
                return wrong("a result in it is damaged, or of another version of pipe");
            };
            if self.results.last().is_some_and(|(last, _)| *last >= key) {
                return wrong("its results are not in order, or one is there twice");
            }
            self.results.push((key, result));
        }
        for _ in 0..long(&mut from)? {
            let (digest, size) = (digest(&mut from)?, long(&mut from)?);
            if self.blobs.last().is_some_and(|(last, _)| *last >= digest) {
                return wrong("its blobs are not in order, or one is there twice");
            }
            self.blobs.push((digest, size));
        }
        Ok(())
    }
}

fn long(from: &mut impl Read) -> io::Result<u64> {
    let mut bytes = [0; 8];
    from.read_exact(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}

fn digest(from: &mut impl Read) -> io::Result<Digest> {
    let mut bytes = [0; 32];
    from.read_exact(&mut bytes)?;
    Ok(Digest::from_bytes(bytes))
}
