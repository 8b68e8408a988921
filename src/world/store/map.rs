//! A file of ours as memory: what is not looked at is not read.
//!
//! The one place of the store with unsafe code. Does not know what the bytes mean; whoever asks checks them.
#![expect(
    unsafe_code,
    reason = "whether somebody cuts a mapped file short cannot be known"
)]

use bytes::Bytes;
use memmap2::{Mmap, MmapOptions};
use std::fs::File;
use std::io;
use std::path::Path;

/// The bytes of a file that is never changed where it lies, only replaced by another under its name.
///
/// # Errors
/// It is not there or cannot be read.
pub(super) fn map(path: &Path) -> io::Result<Bytes> {
    let file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(Bytes::new());
    }
    // SAFETY: `pipe` writes such a file whole under another name and renames it, so the bytes behind this map stay as
    // they are, also when the file is replaced. Somebody else who cuts it short while it is mapped ends this process
    // with a signal, which costs a build that starts again, and no wrong answer.
    let map = unsafe { Mmap::map(&file)? };
    Ok(Bytes::from_owner(map))
}

/// The first `length` bytes of a file that only grows where it lies, or is replaced by another under its name. `at_once`
/// when all of them are about to be read.
///
/// # Errors
/// It cannot be mapped; so it is when `length` is 0.
pub(super) fn map_start(file: &File, length: u64, at_once: bool) -> io::Result<Bytes> {
    let length = usize::try_from(length).map_err(io::Error::other)?;
    let mut options = MmapOptions::new();
    options.len(length);
    if at_once {
        options.populate();
    }
    // SAFETY: `pipe` writes into such a file behind what is whole, and cuts off only what is not; `length` bytes were
    // whole. As above, somebody else who cuts it short costs a build that starts again.
    let map = unsafe { options.map(file)? };
    Ok(Bytes::from_owner(map))
}
