//! Copying a file and hashing what was copied, in one pass: a clone where the file system makes one, else piece by piece.
//!
//! Holes stay holes. No `copy_file_range`: the bytes have to come by for their digest, and what it alone can do, a clone,
//! has been tried by then. Does not know whose file it is.

use super::patch::Patched;
use crate::base::digest::Digest;
use crate::world::pieces;
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// Up to this size a file is held in memory as a whole, in bytes; above it a clone is tried, which costs more than
/// copying a small file does.
pub(super) const WHOLE: u64 = 128 * 1024;
/// Holes are kept in units of this size, in bytes.
const BLOCK: usize = 4096;

/// A file that was just made, and is still open.
pub(super) struct Copy {
    pub(super) file: File,
    pub(super) digest: Digest,
    pub(super) size: u64,
}

/// Copies `from` to the new file `made`. The digest is that of the copy.
pub(super) fn copy_and_hash(from: &mut File, made: &Path) -> io::Result<Copy> {
    let metadata = from.metadata()?;
    if metadata.len() <= WHOLE {
        let bytes = read_whole(from, metadata.len())?;
        let mut file = create(made)?;
        file.write_all(&bytes)?;
        return Ok(Copy {
            file,
            digest: Digest::of(&bytes),
            size: bytes.len() as u64,
        });
    }
    let file = create(made)?;
    if rustix::fs::ioctl_ficlone(&file, &*from).is_ok() {
        let size = file.metadata()?.len();
        let digest = hash(&file, size)?;
        return Ok(Copy { file, digest, size });
    }
    let size = metadata.len();
    write_pieces(file, size, has_holes(&metadata), &|bytes, at| {
        from.read_exact_at(bytes, at)
    })
}

/// Whether a file takes less room than it has bytes.
pub(super) fn has_holes(metadata: &Metadata) -> bool {
    metadata.blocks().saturating_mul(512) < metadata.len()
}

/// Puts a file together that is kept as a patch. The digest is that of what was written.
pub(super) fn copy_patched(from: &Patched, made: &Path) -> io::Result<Copy> {
    let read = |bytes: &mut [u8], at: u64| from.read_exact_at(bytes, at);
    write_pieces(create(made)?, from.size(), from.has_holes, &read)
}

fn write_pieces(
    file: File,
    size: u64,
    has_holes: bool,
    read: &(dyn Fn(&mut [u8], u64) -> io::Result<()> + Sync),
) -> io::Result<Copy> {
    file.set_len(size)?;
    let digest = pieces::digest(size, &|bytes, at| {
        read(bytes, at)?;
        if has_holes {
            write_data(&file, bytes, at)
        } else {
            file.write_all_at(bytes, at)
        }
    })?;
    Ok(Copy { file, digest, size })
}

/// The digest of the first `size` bytes of a file.
pub(super) fn hash(file: &File, size: u64) -> io::Result<Digest> {
    pieces::digest(size, &|bytes, at| file.read_exact_at(bytes, at))
}

pub(super) fn read_whole(from: &mut File, size: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(size as usize + 1);
    from.read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn create(made: &Path) -> io::Result<File> {
    File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(made)
}

/// Writes what is not zero; the file is all zeros so far.
fn write_data(to: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    let is_zero = |block: &[u8]| block.iter().all(|byte| *byte == 0);
    let mut start = 0;
    for run in bytes
        .chunks(BLOCK)
        .collect::<Vec<_>>()
        .chunk_by(|one, other| is_zero(one) == is_zero(other))
    {
        let length: usize = run.iter().map(|block| block.len()).sum();
        if !is_zero(run[0]) {
            to.write_all_at(&bytes[start..start + length], at + start as u64)?;
        }
        start += length;
    }
    Ok(())
}
