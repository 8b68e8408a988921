//! Whether many files still have the stamps that they had: one system call for each, and little else.
//!
//! Does not know whether a stamp may be trusted.

use super::Observer;
use crate::base::record::Stamp;
use crate::world::stamps::stamp_of_stat;
use rayon::prelude::*;
use rustix::fs::{AtFlags, CWD, Mode, OFlags, Stat, openat, statat};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// So few files are looked at faster than other threads wake up. Also how many at least one thread takes at a time.
const FEW: usize = 256;
/// Files that were looked for in a folder before it is opened: opening costs as much as it saves at so many.
const WORTH_OPENING: u32 = 16;

impl Observer {
    /// For each number below `count`, whether at its path, links followed, a plain file stands that has its stamp.
    /// `None` is not looked at.
    pub fn have_stamps<'p>(
        &self,
        count: usize,
        wanted: impl Fn(usize) -> Option<(&'p [u8], Stamp)> + Sync,
    ) -> Vec<bool> {
        let Some(root) = open_folder(CWD, self.root.as_os_str().as_encoded_bytes()) else {
            return vec![false; count];
        };
        let is_same = |folders: &mut Folders<'_, 'p>, number: usize| {
            wanted(number).is_some_and(|(path, stamp)| {
                let now = folders.stat(path);
                now.is_some_and(|now| stamp_of_stat(&now) == stamp)
            })
        };
        if count <= FEW {
            let mut folders = Folders::below(root.as_fd());
            return (0..count)
                .map(|number| is_same(&mut folders, number))
                .collect();
        }
        (0..count)
            .into_par_iter()
            .with_min_len(FEW)
            .map_init(|| Folders::below(root.as_fd()), is_same)
            .collect()
    }
}

/// The folders that the last few files lay in. A name in an open folder is found faster than a path of several names, by a
/// tenth of the whole call, and files that lie side by side in a graph mostly do so on the disk.
struct Folders<'r, 'p> {
    root: BorrowedFd<'r>,
    recent: [Folder<'p>; 4],
    /// Whose turn it is to go.
    oldest: usize,
}

#[derive(Default)]
struct Folder<'p> {
    path: &'p [u8],
    uses: u32,
    open: Option<OwnedFd>,
}

impl<'r, 'p> Folders<'r, 'p> {
    fn below(root: BorrowedFd<'r>) -> Self {
        Folders {
            root,
            recent: Default::default(),
            oldest: 0,
        }
    }

    fn stat(&mut self, path: &'p [u8]) -> Option<Stat> {
        let found = path.iter().rposition(|&byte| byte == b'/');
        let (folder, name) = match found.map(|slash| path.split_at(slash)) {
            Some((folder, name)) => (self.open(folder), &name[1..]),
            None => (None, path),
        };
        let now = match folder {
            Some(folder) => statat(folder, name, AtFlags::empty()),
            None => statat(self.root, path, AtFlags::empty()),
        };
        now.ok()
    }

    /// The folder, if it is worth while to hold it open.
    fn open(&mut self, path: &'p [u8]) -> Option<BorrowedFd<'_>> {
        let known = self.recent.iter().position(|folder| folder.path == path);
        let number = known.unwrap_or_else(|| {
            self.oldest = (self.oldest + 1) % self.recent.len();
            self.recent[self.oldest] = Folder {
                path,
                ..Folder::default()
            };
            self.oldest
        });
        let folder = &mut self.recent[number];
        folder.uses += 1;
        if folder.uses == WORTH_OPENING {
            folder.open = open_folder(self.root, path);
        }
        folder.open.as_ref().map(AsFd::as_fd)
    }
}

fn open_folder(from: BorrowedFd<'_>, path: &[u8]) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(from, path, flags, Mode::empty()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::stamps::stamp_of;
    use std::fs;

    /// Files of a few folders by turns, some of which have changed, are gone, or lie behind a link.
    #[test]
    fn each_file_is_compared_with_its_own_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let mut paths = vec!["top".to_owned(), "gone".to_owned(), "a/gone".to_owned()];
        for number in 0..200 {
            let name = ["a", "b/c", "b", "b/d", "e", "f"][number % 6];
            paths.push(format!("{name}/{number}"));
        }
        for name in ["a", "b/c", "b/d", "e"] {
            fs::create_dir_all(at(name)).unwrap();
        }
        std::os::unix::fs::symlink("e", at("f")).unwrap();
        let stamps: Vec<Stamp> = paths
            .iter()
            .map(|path| {
                fs::write(at(path), path).unwrap();
                stamp_of(&fs::metadata(at(path)).unwrap())
            })
            .collect();
        let observer = Observer::new(folder.path().to_path_buf(), Box::new(|_| None));
        let look = || {
            observer.have_stamps(paths.len(), |number| {
                Some((paths[number].as_bytes(), stamps[number]))
            })
        };
        assert!(look().iter().all(|&same| same));
        for gone in ["gone", "a/gone"] {
            fs::remove_file(at(gone)).unwrap();
        }
        for (number, path) in paths.iter().enumerate().skip(3).step_by(7) {
            fs::write(at(path), format!("other {number}")).unwrap();
        }
        for (number, same) in look().into_iter().enumerate() {
            let changed = [1, 2].contains(&number) || number >= 3 && (number - 3) % 7 == 0;
            assert_eq!(same, !changed, "{}", paths[number]);
        }
        let unasked = observer.have_stamps(2, |number| {
            Some((paths[number].as_bytes(), stamps[number])).filter(|_| number == 1)
        });
        assert_eq!(unasked, [false, false]);
    }
}
