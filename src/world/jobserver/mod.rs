//! GNU make's job server, both ways: tokens that programs share so that together they run no more at once than was asked for.
//!
//! Below `make -j` tokens are taken from make's; else a pool of our own is offered to commands, so that a `make`, `cargo` or
//! `ninja` in a node shares our slots. Every program has one token that is not in the pool, by having been started: below
//! make that is one of ours, and for our commands it is the token of their job.
//!
//! Each of our jobs holds a token while its command runs. Nobody holds one and waits for more without an end, so two
//! programs that both want all of them cannot block each other. A token goes back as the byte as which it came.
//!
//! Does not know what runs, nor in which order; the scheduler has decided that before.

mod auth;

pub use auth::{Auth, is_old_make};

use crate::world::clock;
use auth::own_copy;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd, ioctl_fionread};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The byte that is put into a pool of ours; make's own is the same.
const BYTE: u8 = b'+';
/// How long a job that takes several slots waits for all of them while it holds some.
const REST_WAIT: Duration = Duration::from_secs(1);
/// How often one who waits looks whether it still should.
const LOOK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 200_000_000,
};
/// More than a pipe surely holds are not offered.
const MOST: u32 = 4096;

/// A pool of tokens; see the file's head.
#[derive(Debug)]
pub struct Tokens {
    sources: Vec<Source>,
    /// How many tokens a pool of our own has; `None` for make's.
    ours: Option<u32>,
    /// How many tokens our jobs hold.
    held: Mutex<u32>,
    variables: Vec<(&'static str, String)>,
    /// The ends of a pool of our own, which commands have inherited or open by their numbers.
    _ends: Option<(OwnedFd, OwnedFd)>,
}

/// The same end by a high number: scripts choose low ones for themselves (`exec 9> lock`).
fn out_of_the_way(end: OwnedFd) -> io::Result<OwnedFd> {
    const HIGH: i32 = 200;
    Ok(fcntl_dupfd_cloexec(&end, HIGH).unwrap_or(end))
}

/// A pipe with tokens, opened by us alone, so that it can be read without waiting.
#[derive(Debug)]
struct Source {
    read: File,
    write: File,
}

/// Tokens of one job. Dropping them gives them back.
#[derive(Debug)]
pub struct Held<'t> {
    tokens: &'t Tokens,
    /// Each byte and where it came from.
    bytes: Vec<(usize, u8)>,
}

impl Tokens {
    /// A pool of our own with `jobs` tokens, to be offered to commands. `old_make` when the make that commands will find
    /// does not know pools by name (before 4.4) and would stop with an error. `None` where there can be none.
    pub fn offer(jobs: u32, old_make: bool) -> Option<Tokens> {
        Tokens::make_pool(jobs, old_make).ok()
    }

    fn make_pool(jobs: u32, old_make: bool) -> io::Result<Tokens> {
        if jobs > MOST {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let (reader, writer) = io::pipe()?;
        let (reader, writer) = (
            out_of_the_way(reader.into())?,
            out_of_the_way(writer.into())?,
        );
        let (read, write) = (reader.as_raw_fd(), writer.as_raw_fd());
        let source = Source {
            read: own_copy(read, false)?,
            write: own_copy(write, true)?,
        };
        (&source.write).write_all(&vec![BYTE; jobs as usize])?;
        // By a name that needs no file and vanishes with us.
        let name = format!("fifo:/proc/{}/fd/{write}", std::process::id());
        let for_make = if old_make {
            // Inherited by number.
            fcntl_setfd(&reader, FdFlags::empty())?;
            fcntl_setfd(&writer, FdFlags::empty())?;
            format!("{read},{write}")
        } else {
            name.clone()
        };
        let flags = |auth: &str| format!(" -j{jobs} --jobserver-auth={auth}");
        Ok(Tokens {
            sources: vec![source],
            ours: Some(jobs),
            held: Mutex::new(0),
            // The second is what cargo and rustc look at first; by name it also works below a program that closes what
            // it does not know, as Python does.
            variables: vec![
                ("MAKEFLAGS", flags(&for_make)),
                ("CARGO_MAKEFLAGS", flags(&name)),
            ],
            _ends: Some((reader, writer)),
        })
    }

    /// The pool of the make that started this process.
    ///
    /// # Errors
    /// Make says that there is a pool, but it is not open to this process.
    pub fn of_make(auth: &Auth) -> io::Result<Tokens> {
        let (read, write) = auth.open()?;
        let (implicit, writer) = io::pipe()?;
        let implicit = Source {
            read: own_copy(implicit.as_raw_fd(), false)?,
            write: own_copy(writer.as_raw_fd(), true)?,
        };
        (&implicit.write).write_all(&[BYTE])?;
        Ok(Tokens {
            sources: vec![implicit, Source { read, write }],
            ours: None,
            held: Mutex::new(0),
            variables: vec![
                ("MAKEFLAGS", auth.flags.clone()),
                ("CARGO_MAKEFLAGS", auth.flags.clone()),
            ],
            _ends: None,
        })
    }

    /// What commands get to see of the pool; not part of any key.
    pub fn variables(&self) -> &[(&'static str, String)] {
        &self.variables
    }

    /// Takes `count` tokens, waiting for the first as long as `goes_on` says, and for the others a moment: then the job has
    /// to do with what there is. `None` when it does not go on.
    pub fn take(&self, count: u32, goes_on: &dyn Fn() -> bool) -> Option<Held<'_>> {
        let mut held = Held {
            tokens: self,
            bytes: Vec::new(),
        };
        self.set_right();
        while held.bytes.is_empty() {
            if !goes_on() {
                return None;
            }
            if !held.take_one() {
                self.wait();
                self.set_right();
            }
        }
        let begun = clock::instant();
        while held.bytes.len() < count as usize && goes_on() {
            if !held.take_one() {
                if begun.elapsed() > REST_WAIT {
                    break;
                }
                self.wait();
            }
        }
        Some(held)
    }

    /// A program that was killed has not given back what it held. Where none of our jobs holds a token, no command runs,
    /// and a pool of our own has to be full again: no less, and no more.
    fn set_right(&self) {
        let Some(jobs) = self.ours else {
            return;
        };
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        if *held > 0 {
            return;
        }
        let source = &self.sources[0];
        let there = ioctl_fionread(&source.read).unwrap_or(u64::from(jobs)) as usize;
        let full = jobs as usize;
        if there < full {
            let _ = (&source.write).write_all(&vec![BYTE; full - there]);
        } else if there > full {
            let _ = (&source.read).read(&mut vec![0; there - full]);
        }
    }

    /// Until there may be a token, or it is time to look.
    fn wait(&self) {
        let mut ends: Vec<PollFd<'_>> = self
            .sources
            .iter()
            .map(|source| PollFd::new(&source.read, PollFlags::IN))
            .collect();
        let _ = poll(&mut ends, Some(&LOOK));
    }
}

impl Held<'_> {
    fn take_one(&mut self) -> bool {
        let mut count = self
            .tokens
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (place, source) in self.tokens.sources.iter().enumerate() {
            let mut byte = [0];
            if matches!((&source.read).read(&mut byte), Ok(1)) {
                self.bytes.push((place, byte[0]));
                *count += 1;
                return true;
            }
        }
        false
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let mut count = self
            .tokens
            .held
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (place, byte) in self.bytes.drain(..) {
            let _ = (&self.tokens.sources[place].write).write_all(&[byte]);
            *count -= 1;
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
