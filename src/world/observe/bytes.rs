//! The digest of one file's bytes, and whether its stamp may stand for it.
//!
//! Does not know what is remembered.

use crate::base::digest::Digest;
use crate::base::record::Stamp;
use crate::world::stamps::stamp_of;
use crate::world::trouble::Trouble;
use crate::world::{clock, pieces};
use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

/// Up to this size a file is read by one thread, in bytes; above it all processors read and hash it.
const WHOLE: u64 = 1024 * 1024;
/// How often a file that changes while it is read is read again.
const TRIES: usize = 3;
/// A file system's clock may stand still for this long, in nanoseconds: a kernel tick is at most 10 ms.
const TICK_NS: i64 = 20_000_000;
/// How far the modification time of a file is set back before it gets its name; see [`is_set_back`].
pub const SET_BACK: Duration = Duration::from_millis(100);
const SECOND_NS: i64 = 1_000_000_000;

/// A file, read.
pub(super) struct FileRead {
    pub(super) digest: Digest,
    /// From before the reading.
    pub(super) stamp: Stamp,
    /// When the reading began, in nanoseconds since 1970.
    pub(super) begun_ns: i64,
    /// Whether the stamp was the same afterwards.
    pub(super) held_still: bool,
}

/// Reads a plain file that had this stamp just now for its digest. `None` when it is not a plain file any more.
pub(super) fn digest(path: &Path, stamp: &Stamp) -> Result<Option<FileRead>, Trouble> {
    let read = read(path, Some(stamp), &|file, size| Ok((hash(file, size)?, ())));
    read.map(|read| Some(read?.0))
}

/// Reads a file for its digest and its bytes. `None` when it is not a plain file (any more).
pub(super) fn whole(path: &Path) -> Result<Option<(FileRead, Vec<u8>)>, Trouble> {
    read(path, None, &|file, size| {
        let mut bytes = Vec::with_capacity(size as usize + 1);
        file.read_to_end(&mut bytes)?;
        let digest = Digest::of_large(&bytes);
        Ok((digest, bytes))
    })
}

/// Takes what is wanted of an open file of so many bytes, with the digest of all of them.
type Take<'t, T> = dyn Fn(&mut File, u64) -> std::io::Result<(Digest, T)> + 't;

/// Reads a file, again when it changes meanwhile, with what `take` makes of it. Where it is known what stamp it has, that
/// is not asked for before the first reading, only after it.
fn read<T>(
    path: &Path,
    known: Option<&Stamp>,
    take: &Take<'_, T>,
) -> Result<Option<(FileRead, T)>, Trouble> {
    // Without blocking: a FIFO that took the file's place must not hang us.
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let mut known = known.copied();
    let mut tries = TRIES;
    loop {
        let mut file = OpenOptions::new()
            .read(true)
            .custom_flags(flags)
            .open(path)
            .map_err(Trouble::on("open", path))?;
        let stat = |file: &File| file.metadata().map_err(Trouble::on("look at", path));
        let assumed = known.take();
        let stamp = match assumed {
            Some(stamp) => stamp,
            None => {
                let before = stat(&file)?;
                if !before.is_file() {
                    return Ok(None);
                }
                stamp_of(&before)
            }
        };
        let begun_ns = clock::now_ns();
        let taken = take(&mut file, stamp.size);
        let held_still = stamp_of(&stat(&file)?) == stamp;
        if assumed.is_some() && !held_still {
            // It is another file by now, or none.
            continue;
        }
        let (digest, taken) = taken.map_err(Trouble::on("read", path))?;
        tries -= 1;
        if held_still || tries == 0 {
            let read = FileRead {
                digest,
                stamp,
                begun_ns,
                held_still,
            };
            return Ok(Some((read, taken)));
        }
    }
}

/// Whether a stamp may stand for the bytes that were read from `begun_ns` on.
///
/// A file that was changed within the clock's last tick before the reading can be changed again without its stamp
/// showing it. Such a stamp is not trusted, and the file is read again next time (git's rule for racy entries).
pub(super) fn is_settled(stamp: &Stamp, begun_ns: i64) -> bool {
    let newest = stamp.mtime_ns.max(stamp.ctime_ns);
    // A whole second, which no program can set here, is the mark of a file system that counts no finer.
    let coarse = stamp.ctime_ns % SECOND_NS == 0;
    newest < begun_ns - if coarse { 2 * SECOND_NS } else { TICK_NS }
}

/// Whether a stamp may stand for what was written under another name and then given its own, though that was just now.
///
/// The file's modification time had been set back before it got its name: any later write, even within the same tick of
/// the clock, moves it and so changes the stamp.
pub(super) fn is_set_back(stamp: &Stamp) -> bool {
    let coarse = stamp.ctime_ns % SECOND_NS == 0 || stamp.mtime_ns % SECOND_NS == 0;
    !coarse && stamp.mtime_ns < stamp.ctime_ns - TICK_NS
}

fn hash(file: &mut File, size: u64) -> std::io::Result<Digest> {
    if size > WHOLE {
        match pieces::digest(size, &|bytes, at| file.read_exact_at(bytes, at)) {
            // It has become shorter.
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => {}
            digest => return digest,
        }
    }
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; WHOLE.min(size + 1) as usize];
    loop {
        let count = file.read(&mut buffer)?;
        hasher.update(&buffer[..count]);
        // Whether it has grown meanwhile its stamp tells.
        if count == 0 || hasher.count() == size {
            return Ok(Digest::from_bytes(*hasher.finalize().as_bytes()));
        }
    }
}
