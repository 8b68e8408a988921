//! A file of checksummed frames that only grows: appending, and reading whatever is whole.
//!
//! Does not know what frames hold. A frame that is torn or damaged is skipped, and the next whole one is looked for.

use std::ops::Range;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// What a file of frames begins with, for people and for `file`; [`VERSION`] in words.
pub(super) const HEADER: &[u8; 16] = b"pipe ledger 04\r\n";
/// Counts up with any frame's form. A part of every checksum, so that a frame of another version is none, also behind
/// a damaged header.
const VERSION: u64 = 3;
/// What a frame begins with, so that the next one can be found behind damage.
const MARK: [u8; 3] = [0xF7, b'f', 0x1A];
/// Mark, kind, length of the payload, checksum of kind, length and payload.
pub(super) const FRAME_HEADER: usize = 16;

/// Adds one frame to `out`, whose first byte will lie at `start` of the file.
pub(super) fn push(out: &mut Vec<u8>, start: u64, kind: u8, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("a frame is under 4 GiB");
    let at = out.len();
    out.extend_from_slice(&MARK);
    out.push(kind);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(payload);
    let checksum = checksum(&out[at..], start + at as u64);
    out[at + 8..at + FRAME_HEADER].copy_from_slice(&checksum.to_le_bytes());
}

/// What a scan found beside whole frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scan {
    /// Bytes between whole frames, or before them, that are none.
    pub(super) damaged: usize,
    /// Where the last whole frame ends. What follows is a frame that was cut off while it was written.
    pub(super) end: usize,
}

/// Where the first frame of a file's bytes may start.
pub(super) fn start_of(bytes: &[u8]) -> usize {
    match bytes.starts_with(HEADER) {
        true => HEADER.len(),
        false => 0,
    }
}

/// Tells `found` every whole frame in a file's bytes from `start` on: its kind and where its payload lies.
pub(super) fn scan(bytes: &[u8], start: usize, mut found: impl FnMut(u8, Range<usize>)) -> Scan {
    let mut at = start;
    let mut scan = Scan {
        damaged: 0,
        end: at,
    };
    while at < bytes.len() {
        match whole_frame(&bytes[at..], at as u64) {
            Some(length) => {
                found(bytes[at + 3], at + FRAME_HEADER..at + length);
                scan.damaged += at - scan.end;
                at += length;
                scan.end = at;
            }
            None => {
                let next = bytes[at + 1..]
                    .windows(MARK.len())
                    .position(|window| window == MARK);
                at += next.map_or(bytes.len() - at, |next| next + 1);
            }
        }
    }
    scan
}

/// The kind of the frame whose payload starts at `payload`, and where that payload ends, if the frame is whole.
pub(super) fn frame_of(bytes: &[u8], payload: usize) -> Option<(u8, usize)> {
    let at = payload.checked_sub(FRAME_HEADER)?;
    let length = whole_frame(bytes.get(at..)?, at as u64)?;
    Some((bytes[at + 3], at + length))
}

/// The length of the frame at the start of `bytes`, which lie at `place` of the file, if it is whole.
fn whole_frame(bytes: &[u8], place: u64) -> Option<usize> {
    let rest = bytes.strip_prefix(&MARK)?;
    let payload = u32::from_le_bytes(rest.get(1..5)?.try_into().ok()?) as usize;
    let length = FRAME_HEADER.checked_add(payload)?;
    let frame = bytes.get(..length)?;
    let written = u64::from_le_bytes(frame[8..FRAME_HEADER].try_into().ok()?);
    (checksum(frame, place) == written).then_some(length)
}

/// Of the kind, the length, the payload and the place in the file: bytes that look like a frame inside a damaged one
/// are none.
fn checksum(frame: &[u8], place: u64) -> u64 {
    checksum_of_version(VERSION, frame, place)
}

fn checksum_of_version(version: u64, frame: &[u8], place: u64) -> u64 {
    let seed = place ^ version << 48;
    xxh3_64_with_seed(&frame[FRAME_HEADER..], seed)
        ^ xxh3_64_with_seed(&frame[3..8], seed).rotate_left(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(payloads: &[&[u8]]) -> Vec<u8> {
        let mut bytes = HEADER.to_vec();
        for (kind, payload) in payloads.iter().enumerate() {
            push(&mut bytes, 0, kind as u8, payload);
        }
        bytes
    }

    fn payloads(bytes: &[u8]) -> Vec<(u8, Vec<u8>)> {
        let mut payloads = Vec::new();
        scan(bytes, start_of(bytes), |kind, range| {
            payloads.push((kind, bytes[range].to_vec()));
        });
        payloads
    }

    const THREE: [&[u8]; 3] = [b"first", b"", b"the third one"];

    #[test]
    fn what_is_pushed_is_found() {
        let found = payloads(&file(&THREE));
        assert_eq!(
            found,
            [
                (0, b"first".to_vec()),
                (1, Vec::new()),
                (2, b"the third one".to_vec())
            ]
        );
    }

    #[test]
    fn frames_of_another_version_are_none() {
        let mut bytes = file(&THREE);
        let frame = HEADER.len()..HEADER.len() + FRAME_HEADER + 5;
        let old = checksum_of_version(VERSION - 1, &bytes[frame.clone()], frame.start as u64);
        bytes[frame.start + 8..frame.start + FRAME_HEADER].copy_from_slice(&old.to_le_bytes());
        assert_eq!(
            payloads(&bytes),
            [(1, b"".to_vec()), (2, b"the third one".to_vec())]
        );
    }

    #[test]
    fn a_torn_end_is_told_apart_from_damage() {
        let bytes = file(&THREE);
        let whole = scan(&bytes, start_of(&bytes), |_, _| {});
        assert_eq!(
            whole,
            Scan {
                damaged: 0,
                end: bytes.len()
            }
        );
        let torn = scan(&bytes[..bytes.len() - 1], start_of(&bytes), |_, _| {});
        assert_eq!(torn.damaged, 0);
        assert!(torn.end < bytes.len() - 1);
        let mut hit = bytes.clone();
        hit[HEADER.len() + FRAME_HEADER] ^= 1;
        assert_eq!(
            scan(&hit, start_of(&hit), |_, _| {}),
            Scan {
                damaged: FRAME_HEADER + 5,
                end: bytes.len()
            }
        );
    }

    #[test]
    fn a_frame_within_a_damaged_frame_is_none() {
        let mut inner = Vec::new();
        push(&mut inner, 0, 7, b"never written");
        let mut bytes = file(&[&inner]);
        bytes[HEADER.len() + 8] ^= 1;
        assert!(payloads(&bytes).is_empty());
    }

    #[test]
    fn any_truncation_keeps_the_frames_before_it() {
        let bytes = file(&THREE);
        let all = payloads(&bytes);
        for end in 0..bytes.len() {
            let found = payloads(&bytes[..end]);
            assert_eq!(found, all[..found.len()], "cut at {end}");
        }
    }

    #[test]
    fn any_flipped_bit_costs_at_most_its_own_frame() {
        let bytes = file(&THREE);
        let all = payloads(&bytes);
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            let found = payloads(&damaged);
            assert!(found.len() >= 2, "bit {bit}");
            assert!(found.iter().all(|frame| all.contains(frame)), "bit {bit}");
        }
    }
}
