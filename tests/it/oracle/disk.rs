//! What happens on the disk besides builds: sources are written, each time in another way, and outputs and state are harmed.
//!
//! Does not know what a build should make of it.

use super::project::{Project, Source};
use super::random::Random;
use std::collections::BTreeMap;
use std::fs::{self, File, FileTimes, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const WROTE: &str = "the folder is ours";

/// Makes the sources on the disk those of `wanted`, where `stands` says what is there.
pub(super) fn sync(root: &Path, stands: &Project, wanted: &Project, random: &mut Random) {
    for path in stands
        .sources
        .keys()
        .filter(|path| !wanted.sources.contains_key(*path))
    {
        remove(&root.join(path));
    }
    for (path, source) in &wanted.sources {
        if stands.sources.get(path) == Some(source) {
            continue;
        }
        let place = root.join(path);
        match source {
            Source::EmptyFolder => fs::create_dir_all(&place).expect(WROTE),
            Source::File { text, executable } => {
                if place.is_dir() {
                    remove(&place);
                }
                write(&place, text, random);
                let mode = if *executable { 0o755 } else { 0o644 };
                fs::set_permissions(&place, Permissions::from_mode(mode)).expect(WROTE);
            }
        }
    }
    // Folders are there for what is in them.
    for folder in ["src/d/sub", "src/d/empty"] {
        let inside = format!("{folder}/");
        let is_wanted = wanted
            .sources
            .keys()
            .any(|path| path == folder || path.starts_with(&inside));
        if !is_wanted && root.join(folder).is_dir() {
            remove(&root.join(folder));
        }
    }
}

/// In place, by renaming another file over it, or with the old time of change put back.
fn write(place: &Path, text: &str, random: &mut Random) {
    fs::create_dir_all(place.parent().expect("a file has a folder")).expect(WROTE);
    let before = place
        .metadata()
        .and_then(|metadata| metadata.modified())
        .ok();
    match random.below(3) {
        0 => {
            let other = place.with_file_name(".new");
            fs::write(&other, text).expect(WROTE);
            fs::rename(&other, place).expect(WROTE);
        }
        _ => fs::write(place, text).expect(WROTE),
    }
    if let (0, Some(before)) = (random.below(3), before) {
        let file = File::options().append(true).open(place).expect(WROTE);
        file.set_times(FileTimes::new().set_modified(before))
            .expect(WROTE);
    }
}

/// Gives a file another time, or puts an equal one in its place.
pub(super) fn touch(place: &Path, random: &mut Random) {
    if random.once_in(2) {
        let other = place.with_file_name(".new");
        fs::copy(place, &other).expect(WROTE);
        fs::rename(&other, place).expect(WROTE);
    } else {
        let file = File::options().append(true).open(place).expect(WROTE);
        let time = SystemTime::now() - Duration::from_secs(random.below(100_000) as u64);
        file.set_times(FileTimes::new().set_modified(time))
            .expect(WROTE);
    }
}

pub(super) fn remove(place: &Path) {
    let _ = if place
        .symlink_metadata()
        .is_ok_and(|metadata| metadata.is_dir())
    {
        fs::remove_dir_all(place)
    } else {
        fs::remove_file(place)
    };
}

/// Does something to an output that stands. What, or `None` where nothing stands.
pub(super) fn harm_output(place: &Path, random: &mut Random) -> Option<&'static str> {
    let metadata = place.symlink_metadata().ok()?;
    let mut place = place.to_owned();
    if metadata.is_symlink() {
        // What is written there would be written into a source.
        remove(&place);
        return Some("removed");
    }
    if metadata.is_dir() {
        match random.below(4) {
            0 => {
                remove(&place);
                return Some("removed");
            }
            1 => {
                fs::write(place.join("foreign"), "mine\n").ok()?;
                return Some("a file more");
            }
            2 => {
                fs::remove_dir(place.join("empty")).ok()?;
                return Some("a folder less");
            }
            _ => place.push("sub/sum"),
        }
    }
    let old = fs::read(&place).ok()?;
    let times = place.metadata().ok()?.modified().ok()?;
    Some(match random.below(6) {
        0 => {
            remove(&place);
            "removed"
        }
        1 => {
            fs::write(&place, "mine\n").ok()?;
            "edited"
        }
        2 => {
            let mut bytes = old;
            bytes[0] ^= 1;
            fs::write(&place, bytes).ok()?;
            let file = File::options().append(true).open(&place).ok()?;
            file.set_times(FileTimes::new().set_modified(times)).ok()?;
            "a bit flipped, its time put back"
        }
        3 => {
            let mode = place.metadata().ok()?.permissions().mode() ^ 0o111;
            fs::set_permissions(&place, Permissions::from_mode(mode)).ok()?;
            "chmod"
        }
        4 => {
            remove(&place);
            std::os::unix::fs::symlink("../src/s0", &place).ok()?;
            "a link in its place"
        }
        _ => {
            remove(&place);
            fs::create_dir(&place).ok()?;
            fs::write(place.join("x"), "mine\n").ok()?;
            "a folder in its place"
        }
    })
}

/// Damages, cuts or removes one file below `folder`. Whether bytes were changed rather than removed.
pub(super) fn damage(folder: &Path, random: &mut Random) -> Option<bool> {
    let files = files_below(folder);
    if files.is_empty() {
        return None;
    }
    let place = &files[random.below(files.len())];
    let mut bytes = fs::read(place).unwrap_or_default();
    fs::set_permissions(place, Permissions::from_mode(0o644)).expect(WROTE);
    match random.below(3) {
        0 => remove(place),
        1 if !bytes.is_empty() => {
            let at = random.below(bytes.len());
            bytes[at] ^= 1 << random.below(8);
            fs::write(place, bytes).expect(WROTE);
        }
        _ => {
            let length = random.below(bytes.len());
            fs::write(place, &bytes[..length]).expect(WROTE);
        }
    }
    Some(place.exists())
}

/// In an order that is the same each time.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = BTreeMap::new();
    for entry in walkdir::WalkDir::new(folder).into_iter().flatten() {
        if entry.file_type().is_file() {
            files.insert(entry.path().to_owned(), ());
        }
    }
    files.into_keys().collect()
}
