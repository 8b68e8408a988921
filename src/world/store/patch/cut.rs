//! Cutting bytes into chunks by their content (FastCDC): where bytes are put in or taken out, the cuts behind are the same
//! again. All is read once, cut, and hashed as a whole and chunk by chunk on the way.
//!
//! Does not know files, nor what becomes of the chunks.

use crate::base::digest::Digest;
use fastcdc::v2020::FastCDC;
use rayon::prelude::*;
use std::io;

/// How large chunks are, in bytes: at least, mostly, at most. A change costs one or two of them. Part of what a patch means:
/// what was cut otherwise shares nothing.
const LEAST: u32 = 16 * 1024;
const MEAN: u32 = 64 * 1024;
const MOST: u32 = 256 * 1024;
/// So much is read at once, in bytes.
const WINDOW: u64 = 8 * 1024 * 1024;

/// Puts the bytes from an offset on into the buffer, wholly.
pub(super) type Read<'r> = dyn Fn(&mut [u8], u64) -> io::Result<()> + Sync + 'r;

/// Cuts the `size` bytes from `start` on. `take` gets every chunk in order, its digest and its bytes, and may end it all by saying no.
/// The digest of all of them, unless `take` did.
pub(super) fn cut(
    (start, size): (u64, u64),
    read: &Read<'_>,
    take: &mut dyn FnMut(Digest, &[u8]) -> io::Result<bool>,
) -> io::Result<Option<Digest>> {
    let mut whole = blake3::Hasher::new();
    let mut buffer = vec![0; WINDOW.min(size) as usize + MOST as usize];
    let (mut done, mut carried) = (0, 0);
    while done < size {
        let count = WINDOW.min(size - done);
        let bytes = &mut buffer[..carried + count as usize];
        read(&mut bytes[carried..], start + done)?;
        done += count;
        let (lengths, _) = rayon::join(
            || lengths(bytes, done == size),
            || whole.update(&bytes[carried..]).count(),
        );
        let ends = lengths.iter().scan(0, |end, length| {
            *end += length;
            Some(*end - length..*end)
        });
        let chunks: Vec<_> = ends.collect();
        let digests: Vec<Digest> = chunks
            .par_iter()
            .map(|chunk| Digest::of(&bytes[chunk.clone()]))
            .collect();
        for (digest, chunk) in digests.into_iter().zip(&chunks) {
            if !take(digest, &bytes[chunk.clone()])? {
                return Ok(None);
            }
        }
        // Less than one chunk, unless it is the end.
        let end = chunks.last().map_or(0, |chunk| chunk.end);
        carried = bytes.len() - end;
        bytes.copy_within(end.., 0);
    }
    Ok(Some(Digest::from_bytes(*whole.finalize().as_bytes())))
}

/// The lengths of the chunks at the start of `bytes`. A chunk is cut only where nothing behind `bytes` could move its end.
fn lengths(bytes: &[u8], is_end: bool) -> Vec<usize> {
    FastCDC::new(bytes, LEAST, MEAN, MOST)
        .take_while(|chunk| is_end || chunk.offset + MOST as usize <= bytes.len())
        .map(|chunk| chunk.length)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(size: usize) -> Vec<u8> {
        let mut state = 1_u64;
        let mut next = || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        };
        (0..size).map(|_| next()).collect()
    }

    fn chunks(bytes: &[u8]) -> Vec<(Digest, usize)> {
        let mut found = Vec::new();
        let read = |to: &mut [u8], at: u64| {
            to.copy_from_slice(&bytes[at as usize..][..to.len()]);
            Ok(())
        };
        let whole = cut((0, bytes.len() as u64), &read, &mut |digest, chunk| {
            assert_eq!(digest, Digest::of(chunk));
            found.push((digest, chunk.len()));
            Ok(true)
        });
        assert_eq!(whole.unwrap(), Some(Digest::of(bytes)));
        found
    }

    #[test]
    fn windows_change_no_cut() {
        let bytes = noise(2 * WINDOW as usize + 12_345);
        let found: Vec<usize> = chunks(&bytes).iter().map(|chunk| chunk.1).collect();
        let whole = FastCDC::new(&bytes, LEAST, MEAN, MOST).map(|chunk| chunk.length);
        assert_eq!(found, whole.collect::<Vec<_>>());
        assert_eq!(found.iter().sum::<usize>(), bytes.len());
        for size in [0, 1, LEAST as usize, MOST as usize + 1] {
            let sum: usize = chunks(&bytes[..size]).iter().map(|chunk| chunk.1).sum();
            assert_eq!(sum, size);
        }
    }

    #[test]
    fn what_is_put_in_moves_few_cuts() {
        let mut bytes = noise(4 << 20);
        let before = chunks(&bytes);
        bytes.splice(2_000_000..2_000_000, *b"put in");
        let new = chunks(&bytes);
        let new = new.iter().filter(|chunk| !before.contains(chunk)).count();
        assert!((1..4).contains(&new), "{new} of {}", before.len());
    }
}
