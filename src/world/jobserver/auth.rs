//! What `MAKEFLAGS` says of make's job server, and how its pool is opened.
//!
//! Does not know what the tokens are for.

use crate::base::record::Stamp;
use crate::world::stamps::stamp_of;
use rustix::fs::{FileType, Mode, OFlags, fstat, open};
use std::fs::{self, File};
use std::io;
use std::os::fd::RawFd;
use std::path::{Path, PathBuf};

/// A pool that make has told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Auth {
    /// How many jobs make runs at once, where it says so.
    pub jobs: Option<u32>,
    /// The words that tell programs below this one of the pool.
    pub(super) flags: String,
    place: Place,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    /// A named pipe (make 4.4 and later).
    Named(PathBuf),
    /// The two ends of a pipe that were inherited by number.
    Inherited { read: RawFd, write: RawFd },
    /// Something else.
    Unknown,
}

impl Auth {
    /// Reads `MAKEFLAGS`; `None` when it tells of no pool.
    pub fn read(makeflags: &str) -> Option<Auth> {
        // Behind `--` come variables, whose values are the user's.
        let words = || {
            makeflags
                .split_ascii_whitespace()
                .take_while(|&word| word != "--")
        };
        let auth = |word: &str| {
            ["--jobserver-auth=", "--jobserver-fds="]
                .iter()
                .find_map(|name| word.strip_prefix(name).map(str::to_owned))
        };
        // Of several the last counts, as for make.
        let told = words().filter_map(auth).last()?;
        let jobs = words()
            .filter_map(|word| word.strip_prefix("-j")?.parse().ok())
            .last();
        let count = jobs.map_or(String::new(), |jobs: u32| format!("{jobs}"));
        Some(Auth {
            jobs,
            flags: format!(" -j{count} --jobserver-auth={told}"),
            place: Place::read(&told),
        })
    }

    /// Opens the two ends of the pool anew, so that nothing about those of others changes.
    pub(super) fn open(&self) -> io::Result<(File, File)> {
        match &self.place {
            Place::Named(path) => Ok((open_pipe(path, false)?, open_pipe(path, true)?)),
            Place::Inherited { read, write } => {
                let (read, write) = (own_copy(*read, false)?, own_copy(*write, true)?);
                // Without the `+` in the makefile the numbers are closed, and somebody else may have them by now.
                let (one, other) = (fstat(&read)?, fstat(&write)?);
                if (one.st_dev, one.st_ino) != (other.st_dev, other.st_ino) {
                    return Err(io::Error::other("the two are not of one pipe"));
                }
                Ok((read, write))
            }
            Place::Unknown => Err(io::Error::other("it is given in an unknown way")),
        }
    }
}

impl Place {
    fn read(told: &str) -> Place {
        if let Some(path) = told.strip_prefix("fifo:") {
            return Place::Named(PathBuf::from(path));
        }
        let numbers = told.split_once(',');
        let numbers =
            numbers.and_then(|(read, write)| Some((read.parse().ok()?, write.parse().ok()?)));
        numbers.map_or(Place::Unknown, |(read, write)| Place::Inherited {
            read,
            write,
        })
    }
}

/// Whether this make knows pools by inherited numbers only: before 4.4 it stops with an error when it is given a name. Told by
/// whether the word that such a name begins with is in the program, which costs less than to ask it; what was found out
/// is noted in the file `note`, so that nobody reads the same program twice.
pub fn is_old_make(program: Option<&Path>, note: &Path) -> bool {
    let Some((program, stamp)) = program.and_then(|program| Some((program, stamp_at(program)?)))
    else {
        return false;
    };
    let Stamp {
        size,
        mtime_ns,
        ctime_ns,
        device,
        inode,
        ..
    } = stamp;
    let said = |is_old: bool| {
        let age = if is_old { "old" } else { "new" };
        let path = program.display();
        format!("{age} {size} {mtime_ns} {ctime_ns} {device} {inode} {path}\n")
    };
    let noted = fs::read_to_string(note).unwrap_or_default();
    if let Some(is_old) = [true, false]
        .into_iter()
        .find(|&is_old| noted == said(is_old))
    {
        return is_old;
    }
    let Ok(bytes) = fs::read(program) else {
        return false;
    };
    let is_old = memchr::memmem::find(&bytes, b"fifo:").is_none();
    // Half a note is none.
    let _ = fs::write(note, said(is_old));
    is_old
}

fn stamp_at(program: &Path) -> Option<Stamp> {
    program.metadata().ok().as_ref().map(stamp_of)
}

/// Opens the pipe behind a number of this process once more; reading does not wait.
pub(super) fn own_copy(number: RawFd, write: bool) -> io::Result<File> {
    open_pipe(Path::new(&format!("/proc/self/fd/{number}")), write)
}

fn open_pipe(path: &Path, write: bool) -> io::Result<File> {
    let mode = if write {
        // A named pipe without a reader could not be opened for writing alone.
        OFlags::RDWR
    } else {
        OFlags::RDONLY | OFlags::NONBLOCK
    };
    let opened = open(path, mode | OFlags::CLOEXEC, Mode::empty())?;
    if FileType::from_raw_mode(fstat(&opened)?.st_mode) != FileType::Fifo {
        return Err(io::Error::other("it is no pipe"));
    }
    Ok(File::from(opened))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn makeflags_are_read_as_make_writes_them() {
        let read = |text| Auth::read(text).map(|auth| (auth.jobs, auth.place));
        let named = |path: &str| Place::Named(PathBuf::from(path));
        let numbers = |read, write| Place::Inherited { read, write };
        for (text, want) in [
            (
                " -j8 --jobserver-auth=fifo:/tmp/GMfifo7",
                Some((Some(8), named("/tmp/GMfifo7"))),
            ),
            (
                "kw -j3 --jobserver-auth=3,4 -- CC=gcc",
                Some((Some(3), numbers(3, 4))),
            ),
            (" -j --jobserver-fds=5,6", Some((None, numbers(5, 6)))),
            // One make in another: the last counts.
            (
                " -j4 --jobserver-auth=3,4 -j2 --jobserver-auth=fifo:/f",
                Some((Some(2), named("/f"))),
            ),
            (" --jobserver-auth=-2,-2", Some((None, numbers(-2, -2)))),
            (" --jobserver-auth=semaphore", Some((None, Place::Unknown))),
            ("k -- --jobserver-auth=3,4", None),
            ("-j4", None),
            ("", None),
        ] {
            assert_eq!(read(text), want, "{text}");
        }
    }

    #[test]
    fn numbers_that_are_not_of_one_pipe_are_refused() {
        for told in [
            "--jobserver-auth=0,1",
            "--jobserver-auth=-2,-2",
            "--jobserver-auth=900,901",
        ] {
            assert!(Auth::read(told).unwrap().open().is_err(), "{told}");
        }
        assert!(
            Auth::read("--jobserver-auth=fifo:/dev/null")
                .unwrap()
                .open()
                .is_err()
        );
    }
}
