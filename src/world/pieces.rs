//! The digest of many bytes, taken in pieces by all processors while they go from one place to another.
//!
//! Does not know files: where a piece comes from, and where else it goes, is the caller's. No mapping of files into
//! memory: one that shrinks under its mapping kills the process.

use crate::base::digest::Digest;
use blake3::hazmat::{self, ChainingValue, HasherExt, Mode};
use std::cell::RefCell;
use std::io;

/// A piece's size in bytes: it stays in a processor's own memory while it is read, hashed and written. BLAKE3's tree
/// can be cut there, so it has to be a power of two.
pub(super) const PIECE: u64 = 512 * 1024;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Puts the bytes from an offset on into the buffer, wholly, and does with them what else is wanted.
type Fill<'f> = dyn Fn(&mut [u8], u64) -> io::Result<()> + Sync + 'f;

/// The digest of `size` bytes. Each is asked of `fill` once, in any order and from many threads.
///
/// # Errors
/// Those of `fill`.
pub(super) fn digest(size: u64, fill: &Fill<'_>) -> io::Result<Digest> {
    if size <= PIECE {
        return piece(0, size, fill, |hasher| *hasher.finalize().as_bytes())
            .map(Digest::from_bytes);
    }
    let (left, right) = halves(0, size, fill)?;
    let root = hazmat::merge_subtrees_root(&left, &right, Mode::Hash);
    Ok(Digest::from_bytes(*root.as_bytes()))
}

fn halves(at: u64, size: u64, fill: &Fill<'_>) -> io::Result<(ChainingValue, ChainingValue)> {
    let left = hazmat::left_subtree_len(size);
    let (one, other) = rayon::join(
        || subtree(at, left, fill),
        || subtree(at + left, size - left, fill),
    );
    Ok((one?, other?))
}

fn subtree(at: u64, size: u64, fill: &Fill<'_>) -> io::Result<ChainingValue> {
    if size <= PIECE {
        return piece(at, size, fill, HasherExt::finalize_non_root);
    }
    let (left, right) = halves(at, size, fill)?;
    Ok(hazmat::merge_subtrees_non_root(&left, &right, Mode::Hash))
}

fn piece<T>(
    at: u64,
    size: u64,
    fill: &Fill<'_>,
    finish: impl Fn(&blake3::Hasher) -> T,
) -> io::Result<T> {
    BUFFER.with_borrow_mut(|buffer| {
        if buffer.len() < size as usize {
            buffer.resize(size as usize, 0);
        }
        let bytes = &mut buffer[..size as usize];
        fill(bytes, at)?;
        let mut hasher = blake3::Hasher::new();
        hasher.set_input_offset(at);
        hasher.update(bytes);
        Ok(finish(&hasher))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_digest_of_the_whole_at_every_size() {
        let all: Vec<u8> = (0..5 * PIECE + 3).map(|n| ((n * 31) >> 3) as u8).collect();
        let odd = [0, 1, 1023, 1024, 1025, 2 * PIECE - 1, 3 * PIECE + 1025];
        let even = (1..=5).flat_map(|pieces| [pieces * PIECE, pieces * PIECE + 1]);
        for size in odd.into_iter().chain(even) {
            let found = digest(size, &|bytes, at| {
                bytes.copy_from_slice(&all[at as usize..][..bytes.len()]);
                Ok(())
            });
            assert_eq!(
                found.unwrap(),
                Digest::of(&all[..size as usize]),
                "{size} bytes"
            );
        }
    }

    #[test]
    fn a_piece_that_cannot_be_had_fails_the_whole() {
        let found = digest(3 * PIECE, &|_, at| {
            (at != PIECE)
                .then_some(())
                .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
        });
        assert!(found.is_err());
    }
}
