//! Whether many files still have the stamps that they had: one system call for each, and nothing else.
//!
//! Does not know whether a stamp may be trusted.

use super::Observer;
use crate::base::record::Stamp;
use crate::world::stamps::stamp_of_stat;
use rayon::prelude::*;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, openat, statat};
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
