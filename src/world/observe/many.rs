//! Looking at many paths at once: for a file that still has the stamp that it had one system call, and little else.
//!
//! Does not know whether a stamp may be trusted.

use super::{Links, Observer};
use crate::base::content::Content;
use crate::base::path::ProjectPath;
use crate::base::record::Stamp;
use crate::world::stamps::stamp_of_stat;
use crate::world::trouble::Trouble;
use memchr::memrchr;
use rayon::prelude::*;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, Stat, openat, statat};
use std::ops::Range;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// So few paths are looked at faster than other threads wake up. Also how many one thread takes at a time.
const FEW: usize = 256;
/// Files that were looked for in a folder before it is opened: opening costs as much as it saves at so many.
const WORTH_OPENING: u32 = 16;

/// A path to look at.
pub struct Asked<'p> {
    /// Normal, as a [`ProjectPath`] is.
    pub path: &'p [u8],
    /// What a plain file there had when it was seen last, if that is known.
    pub stamp: Option<Stamp>,
    /// How links count.
    pub links: Links,
}

impl Observer {
    /// Looks at what stands at the paths with numbers below `count`, in their order, and tells of all but plain files that
    /// have the stamp which they had. `None` is not looked at.
    pub fn look_at_all<'p>(
        &self,
        count: usize,
        asked: impl Fn(usize) -> Option<Asked<'p>> + Sync,
    ) -> Vec<(usize, Result<Content, Trouble>)> {
        let root = open_folder(CWD, self.root.as_os_str().as_encoded_bytes());
        let some = |numbers: Range<usize>| {
            let mut folders = root.as_ref().map(|root| Folders::below(root.as_fd()));
            let mut seen = Vec::new();
            for number in numbers {
                let asked = asked(number);
                let other = asked.and_then(|asked| self.look_at(folders.as_mut(), &asked));
                seen.extend(other.map(|other| (number, other)));
            }
            seen
        };
        if count <= FEW {
            return some(0..count);
        }
        let parts = (0..count.div_ceil(FEW)).into_par_iter();
        let parts = parts.map(|part| some(part * FEW..count.min((part + 1) * FEW)));
        parts.collect::<Vec<_>>().into_iter().flatten().collect()
    }

    /// `None` when a plain file stands there that has the stamp which it had.
    fn look_at<'p>(
        &self,
        folders: Option<&mut Folders<'_, 'p>>,
        asked: &Asked<'p>,
    ) -> Option<Result<Content, Trouble>> {
        let now = asked
            .stamp
            .and(folders)
            .and_then(|folders| folders.stat(asked.path));
        let now = now.map(|now| (stamp_of_stat(&now), is_file(&now)));
        if now.is_some_and(|(now, _)| Some(now) == asked.stamp) {
            return None;
        }
        let path = ProjectPath::from_normal(&String::from_utf8_lossy(asked.path));
        Some(match now {
            Some((now, true)) => self.file(&path.under(&self.root), asked.path, &now),
            _ => self.observe(&path, asked.links),
        })
    }
}

fn is_file(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile
}

/// The folders that the last few files lay in. A name in an open folder is found faster than a path of several names, by a
/// tenth of the whole call, and files that lie side by side in a graph mostly do so on the disk.
struct Folders<'r, 'p> {
    root: BorrowedFd<'r>,
    recent: [Folder<'p>; 4],
    /// Which was asked for last, and whose turn it is to go.
    last: usize,
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
            last: 0,
            oldest: 0,
        }
    }

    fn stat(&mut self, path: &'p [u8]) -> Option<Stat> {
        let found = memrchr(b'/', path);
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
        if self.recent[self.last].path != path {
            self.last = self.find(path);
        }
        let folder = &mut self.recent[self.last];
        folder.uses += 1;
        if folder.uses == WORTH_OPENING {
            folder.open = open_folder(self.root, path);
        }
        folder.open.as_ref().map(AsFd::as_fd)
    }

    /// Where the folder is among the recent ones, from now on at least.
    fn find(&mut self, path: &'p [u8]) -> usize {
        let known = self.recent.iter().position(|folder| folder.path == path);
        known.unwrap_or_else(|| {
            self.oldest = (self.oldest + 1) % self.recent.len();
            self.recent[self.oldest] = Folder {
                path,
                ..Folder::default()
            };
            self.oldest
        })
    }
}

fn open_folder(from: BorrowedFd<'_>, path: &[u8]) -> Option<OwnedFd> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    openat(from, path, flags, Mode::empty()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::observe::tests::file;
    use crate::world::stamps::stamp_of;
    use std::fs;

    /// Files of a few folders by turns, some of which have changed, are gone, or lie behind a link.
    #[test]
    fn each_file_is_compared_with_its_own_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        let mut paths = vec!["top".to_owned(), "gone".to_owned(), "a/gone".to_owned()];
        for number in 0..400 {
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
        let asked = |number: usize, stamp: bool| Asked {
            path: paths[number].as_bytes(),
            stamp: Some(stamps[number]).filter(|_| stamp),
            links: Links::Through,
        };
        let all = || observer.look_at_all(paths.len(), |number| Some(asked(number, true)));
        let seen = all();
        assert!(seen.is_empty());
        for gone in ["gone", "a/gone"] {
            fs::remove_file(at(gone)).unwrap();
        }
        for (number, path) in paths.iter().enumerate().skip(3).step_by(7) {
            fs::write(at(path), format!("other {number}")).unwrap();
        }
        let mut seen = all();
        for (number, path) in paths.iter().enumerate() {
            let is_gone = [1, 2].contains(&number);
            let is_other = number >= 3 && (number - 3) % 7 == 0;
            if is_gone || is_other {
                let (found, content) = seen.remove(0);
                let wanted = if is_gone {
                    Content::Absent
                } else {
                    file(&format!("other {number}"))
                };
                assert_eq!((found, content.unwrap()), (number, wanted), "{path}");
            }
        }
        assert!(seen.is_empty(), "{seen:?}");
        let one = observer.look_at_all(2, |number| (number == 0).then(|| asked(number, false)));
        assert_eq!((one.len(), one[0].0), (1, 0));
    }

    #[test]
    fn what_is_no_file_any_more_is_seen_for_what_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("f");
        fs::write(&place, "f").unwrap();
        let stamp = stamp_of(&fs::metadata(&place).unwrap());
        fs::remove_file(&place).unwrap();
        fs::create_dir(&place).unwrap();
        let observer = Observer::new(folder.path().to_path_buf(), Box::new(|_| None));
        let asked = |_| {
            Some(Asked {
                path: b"f",
                stamp: Some(stamp),
                links: Links::Through,
            })
        };
        let seen = observer.look_at_all(1, asked);
        assert!(matches!(
            seen[..],
            [(0, Ok(Content::Tree { files: 0, .. }))]
        ));
    }
}
