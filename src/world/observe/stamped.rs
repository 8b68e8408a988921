//! Whether many files still have the stamps that they had: one system call for each, and nothing else.
//!
//! Does not know whether a stamp may be trusted.

use super::Observer;
use crate::base::record::Stamp;
use rayon::prelude::*;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, Stat, openat, statat};
use std::os::fd::AsFd;

/// So few files are looked at faster than other threads wake up.
const FEW: usize = 256;

impl Observer {
    /// For each number below `count`, whether at its path, links followed, a plain file stands that has its stamp.
    /// `None` is not looked at.
    pub fn have_stamps<'p>(
        &self,
        count: usize,
        wanted: impl Fn(usize) -> Option<(&'p str, Stamp)> + Sync,
    ) -> Vec<bool> {
        // Short paths from an open folder are found faster than long ones from the root of all.
        let flags = OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(root) = openat(CWD, &self.root, flags, Mode::empty()) else {
            return vec![false; count];
        };
        let is_same = |number: usize| {
            wanted(number).is_some_and(|(path, stamp)| {
                let now = statat(root.as_fd(), path, AtFlags::empty());
                now.is_ok_and(|now| stamp_of_stat(&now) == stamp)
            })
        };
        if count <= FEW {
            return (0..count).map(is_same).collect();
        }
        (0..count)
            .into_par_iter()
            .with_min_len(FEW)
            .map(is_same)
            .collect()
    }
}

/// The same as [`crate::world::stamps::stamp_of`].
fn stamp_of_stat(stat: &Stat) -> Stamp {
    let nanoseconds =
        |seconds: i64, part: i64| seconds.wrapping_mul(1_000_000_000).wrapping_add(part);
    Stamp {
        size: wide(stat.st_size),
        mtime_ns: nanoseconds(stat.st_mtime, stat.st_mtime_nsec as i64),
        ctime_ns: nanoseconds(stat.st_ctime, stat.st_ctime_nsec as i64),
        device: wide(stat.st_dev),
        inode: wide(stat.st_ino),
        mode: wide(stat.st_mode) as u32,
    }
}

/// Each system has types of its own for these.
fn wide(number: impl TryInto<u64>) -> u64 {
    number.try_into().unwrap_or_default()
}
