//! What a cache holds and what that takes, and taking out of it what was chosen.
//!
//! Needs no lock, since names say what they hold: whoever loses an entry that was taken out runs a node again. What a
//! running build has just made or used stays: each build holds a file in `users/` from its start to its end, and
//! whatever is younger than the oldest such start is left alone. Decides nothing else about what goes.

use super::cache::LocalCache;
use super::{temporary, write_whole};
use crate::base::digest::Digest;
use crate::base::record::{Key, RunResult};
use crate::world::clock;
use crate::world::stamps::stamp_of;
use crate::world::trouble::{Trouble, is_absence};
use rayon::prelude::*;
use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW};
use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A checkout that has not built for so long is forgotten when its folder is not to be seen either, in nanoseconds.
const FORGOTTEN: i64 = 30 * 24 * 60 * 60 * 1_000_000_000;

/// All that a cache holds.
#[derive(Default)]
pub struct Inventory {
    /// What is kept by key.
    pub results: Vec<KeptResult>,
    /// What is kept by digest.
    pub blobs: HashMap<Digest, Room>,
    /// Results that cannot be read, by key.
    pub unreadable: Vec<(Key, Room)>,
    /// What was put aside as damaged.
    pub aside: u64,
    /// What was made or used at or after this moment may belong to a build that runs, nanoseconds since 1970 UTC.
    pub floor_ns: i64,
    /// The folders in which other checkouts remember what they have in use; those that can be seen.
    pub users: Vec<PathBuf>,
}

/// A result and its place.
pub struct KeptResult {
    /// Its key.
    pub key: Key,
    /// What was kept.
    pub result: RunResult,
    /// What the result takes by itself.
    pub room: Room,
    /// The blobs that it needs, each once.
    pub needs: Vec<Digest>,
    /// Whether all of them are there.
    pub whole: bool,
}

/// What a file takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// On the disk, in bytes.
    pub size: u64,
    /// When it was made or used, nanoseconds since 1970 UTC.
    pub used_ns: i64,
}

impl Room {
    fn of(metadata: &Metadata) -> Room {
        // Not every file system says how many blocks it has taken.
        let taken = match metadata.blocks() {
            0 => metadata.len(),
            blocks => blocks * 512,
        };
        Room {
            size: taken,
            used_ns: stamp_of(metadata).mtime_ns,
        }
    }
}

/// A build that has announced itself; until this is dropped nothing goes that it has used.
pub struct Announced {
    _file: File,
}

impl LocalCache {
    /// Announces a build whose checkout remembers in `state`. Where that cannot be written down the build goes on: it
    /// may then lose to a pruning what it has just kept, which costs a run. One that only reads announces nothing.
    pub fn announce(&self, state: &Path) -> Option<Announced> {
        if !self.is_written() {
            return None;
        }
        let folder = self.folder().join("users");
        fs::create_dir_all(&folder).ok()?;
        let bytes = state.as_os_str().as_bytes();
        let path = folder.join(Digest::of(bytes).short());
        if fs::read(&path).ok().as_deref() != Some(bytes) {
            write_whole(&path, &[bytes], false).ok()?;
        }
        let file = File::open(&path).ok()?;
        // Whoever is alone says when it began. Somebody else with this path, in another container, began before.
        if file.try_lock().is_ok() {
            // Where that is refused the file's older time counts: more stays.
            let _ = touch(&path);
        }
        file.lock_shared().ok()?;
        Some(Announced { _file: file })
    }

    /// What the cache took when it was last looked at, with what was added since, in bytes, and when that was.
    pub fn noted_size(&self) -> Option<(u64, u64)> {
        let text = fs::read_to_string(self.folder().join("size")).ok()?;
        let (size, measured_ms) = text.trim_end().split_once(' ')?;
        Some((size.parse().ok()?, measured_ms.parse().ok()?))
    }

    /// Notes it for the next build.
    pub fn note_size(&self, size: u64, measured_ms: u64) {
        // What is not noted, or noted in part, is measured. In place and always as long: a rename over a file has the disk write
        // at once.
        let text = format!("{size:020} {measured_ms:020}\n");
        let mut options = File::options();
        let note = options.write(true).create(true).truncate(false);
        let noted = note.open(self.folder().join("size"));
        let _ = noted.and_then(|mut file| file.write_all(text.as_bytes()));
    }

    /// Takes down that the result of `key` is used.
    pub fn mark_used(&self, key: &Key) {
        if !self.is_written() {
            return;
        }
        // A cache that only others may write to is used all the same.
        let _ = touch(&self.result_path(key));
    }

    /// Looks at all of it. `own` is where this checkout remembers.
    ///
    /// # Errors
    /// The cache cannot be read.
    pub fn inventory(&self, own: &Path) -> Result<Inventory, Trouble> {
        let mut inventory = Inventory {
            floor_ns: self.now()?,
            ..Inventory::default()
        };
        self.find_users(own, &mut inventory);
        let blobs = self.entries("blobs")?;
        inventory.blobs = blobs
            .par_iter()
            .filter_map(|(digest, path)| Some((*digest, Room::of(&path.symlink_metadata().ok()?))))
            .collect();
        self.add_others(&mut inventory.blobs)?;
        let results = self.entries("results")?;
        let read: Vec<_> = results
            .par_iter()
            .filter_map(|(digest, path)| {
                let room = Room::of(&path.symlink_metadata().ok()?);
                Some((Key(*digest), room, self.readable(&Key(*digest))))
            })
            .collect();
        for (key, room, result) in read {
            match result {
                Some(result) => {
                    let kept = self.kept(key, result, room, &inventory.blobs);
                    inventory.results.push(kept);
                }
                None => inventory.unreadable.push((key, room)),
            }
        }
        inventory.results.sort_by_key(|kept| kept.key);
        inventory.aside = size_of_files(&self.folder().join("damaged"));
        Ok(inventory)
    }

    fn kept(
        &self,
        key: Key,
        result: RunResult,
        room: Room,
        blobs: &HashMap<Digest, Room>,
    ) -> KeptResult {
        let tree = |digest: &Digest| self.tree(digest).ok().flatten();
        let (needs, listed) = self.needed_loose(&result, &tree);
        let whole = listed && needs.iter().all(|(digest, _)| blobs.contains_key(digest));
        KeptResult {
            key,
            result,
            room,
            needs: needs.into_iter().map(|(digest, _)| digest).collect(),
            whole,
        }
    }

    /// Takes results out, and then every blob that no result needs any more. What was used since `floor_ns` stays,
    /// also when that is found out at the last moment. Returns how many results went, and what is free now, in bytes.
    ///
    /// # Errors
    /// Something cannot be taken out; what went before it is gone.
    pub fn take_out(
        &self,
        inventory: &Inventory,
        keys: &HashSet<Key>,
    ) -> Result<(usize, u64), Trouble> {
        let folder = self.folder().join("tmp");
        fs::create_dir_all(&folder).map_err(Trouble::on("create", &folder))?;
        let remove = |path: &Path| remove_unless_used(path, &folder, inventory.floor_ns);
        let (mut count, mut freed) = (0, 0);
        let mut needed: HashSet<Digest> = HashSet::new();
        for kept in &inventory.results {
            let went = match keys.contains(&kept.key) {
                true => remove(&self.result_path(&kept.key))?,
                false => None,
            };
            match went {
                Some(size) => (count, freed) = (count + 1, freed + size),
                None => needed.extend(&kept.needs),
            }
        }
        for (key, _) in &inventory.unreadable {
            freed += remove(&self.result_path(key))?.unwrap_or(0);
        }
        let unneeded: Vec<_> = inventory.blobs.keys().collect();
        let sizes: Result<Vec<u64>, Trouble> = unneeded
            .into_par_iter()
            .filter(|digest| {
                !needed.contains(digest) && inventory.blobs[digest].used_ns < inventory.floor_ns
            })
            .map(|digest| {
                let mut freed = remove(&self.blob_path(digest))?.unwrap_or(0);
                for path in [self.pack_path(digest), self.patch_path(digest)] {
                    freed += remove(&path)?.unwrap_or(0);
                }
                Ok(freed)
            })
            .collect();
        freed += sizes?.iter().sum::<u64>();
        let aside = self.folder().join("damaged");
        freed += size_of_files(&aside);
        super::state::remove_place(&aside)?;
        Ok((count, freed))
    }

    /// A pack and its listing count as one, and so do a patch and what may be there of its file.
    fn add_others(&self, blobs: &mut HashMap<Digest, Room>) -> Result<(), Trouble> {
        let (packs, patches) = (self.entries("packs")?, self.entries("patches")?);
        for (digest, path) in packs.into_iter().chain(patches) {
            let Ok(metadata) = path.symlink_metadata() else {
                continue;
            };
            let room = Room::of(&metadata);
            let both = blobs.entry(digest).or_insert(Room { size: 0, ..room });
            both.size += room.size;
            both.used_ns = both.used_ns.max(room.used_ns);
        }
        Ok(())
    }

    /// Fills in since when builds run, and which other checkouts there are.
    fn find_users(&self, own: &Path, inventory: &mut Inventory) {
        let now = inventory.floor_ns;
        let folder = self.folder().join("users");
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let (Ok(bytes), Ok(file)) = (fs::read(&path), File::open(&path)) else {
                continue;
            };
            let Ok(since) = file.metadata().map(|metadata| stamp_of(&metadata).mtime_ns) else {
                continue;
            };
            if file.try_lock().is_err() {
                inventory.floor_ns = inventory.floor_ns.min(since);
            }
            let state = PathBuf::from(OsStr::from_bytes(&bytes));
            if state.is_dir() {
                inventory.users.extend((state != own).then_some(state));
            } else if now - since > FORGOTTEN {
                let _ = fs::remove_file(&path);
            }
        }
    }

    /// What the clock of the cache's disk says; of one that nothing may be written to, this machine's, since nothing will
    /// be taken out of it.
    fn now(&self) -> Result<i64, Trouble> {
        if !self.is_written() {
            return Ok(clock::now_ns());
        }
        let folder = self.folder().join("tmp");
        fs::create_dir_all(&folder).map_err(Trouble::on("create", &folder))?;
        let mark = temporary(&folder);
        let look = || {
            let file = File::create_new(&mark)?;
            touch(&mark)?;
            file.metadata()
        };
        let metadata = look().map_err(Trouble::on("write", &mark));
        let _ = fs::remove_file(&mark);
        Ok(stamp_of(&metadata?).mtime_ns)
    }

    fn readable(&self, key: &Key) -> Option<RunResult> {
        match self.own_result(key) {
            super::cache::Lookup::Hit(result) => Some(result),
            super::cache::Lookup::Miss | super::cache::Lookup::Damaged(_) => None,
        }
    }

    /// Every entry of a kind, with its place.
    pub(super) fn entries(&self, kind: &str) -> Result<Vec<(Digest, PathBuf)>, Trouble> {
        let top = self.folder().join(kind);
        let mut found = Vec::new();
        for folder in list(&top)? {
            // Whatever else lies here is not ours.
            for path in list(&folder).unwrap_or_default() {
                let part =
                    |path: &Path| path.file_name().and_then(OsStr::to_str).map(str::to_owned);
                let name = part(&folder).zip(part(&path));
                let digest = name.and_then(|(start, rest)| Digest::parse(&(start + &rest)));
                found.extend(digest.map(|digest| (digest, path)));
            }
        }
        found.sort();
        Ok(found)
    }
}

/// Says that a file is used now, by the clock of its disk.
pub(super) fn touch(path: &Path) -> io::Result<()> {
    let now = Timespec {
        tv_sec: 0,
        tv_nsec: UTIME_NOW,
    };
    let times = Timestamps {
        last_access: now,
        last_modification: now,
    };
    Ok(rustix::fs::utimensat(
        CWD,
        path,
        &times,
        AtFlags::SYMLINK_NOFOLLOW,
    )?)
}

/// Removes an entry unless it was used since `floor_ns`. It is moved away before it is looked at: whoever uses it
/// before that is seen, and whoever comes after it finds nothing and makes it anew. Returns what it took.
fn remove_unless_used(path: &Path, folder: &Path, floor_ns: i64) -> Result<Option<u64>, Trouble> {
    let away = temporary(folder);
    match fs::rename(path, &away) {
        Err(error) if is_absence(error.kind()) => return Ok(None),
        moved => moved.map_err(Trouble::on("remove", path))?,
    }
    let room = away.symlink_metadata().map(|metadata| Room::of(&metadata));
    let room = room.map_err(Trouble::on("look at", &away))?;
    if room.used_ns >= floor_ns {
        fs::rename(&away, path).map_err(Trouble::on("put back", path))?;
        return Ok(None);
    }
    fs::remove_file(&away).map_err(Trouble::on("remove", path))?;
    Ok(Some(room.size))
}

fn list(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let read = || -> io::Result<Vec<PathBuf>> {
        fs::read_dir(folder)?
            .map(|entry| Ok(entry?.path()))
            .collect()
    };
    match read() {
        Err(error) if is_absence(error.kind()) => Ok(Vec::new()),
        listed => listed.map_err(Trouble::on("list", folder)),
    }
}

fn size_of_files(folder: &Path) -> u64 {
    let files = list(folder).unwrap_or_default();
    let sizes = files.iter().filter_map(|path| path.symlink_metadata().ok());
    sizes.map(|metadata| Room::of(&metadata).size).sum()
}
