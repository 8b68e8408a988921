//! The project's folder and `.pipe/` in it: outputs' places, logs, what was set aside, the snapshot.
//!
//! Decides nothing: what may be removed or moved is said by the caller.

use super::folders::{make_within, move_whole};
use super::map::map;
use super::write_whole;
use crate::base::digest::Digest;
use crate::base::path::{OWN_PREFIX, ProjectPath};
use crate::world::trouble::{Trouble, is_absence};
use bytes::Bytes;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What kind of thing stands at a place, links followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, or a link that leads nowhere.
    Absent,
    /// A plain file.
    File,
    /// A directory.
    Directory,
    /// Anything else.
    Other,
}

/// Makes `home`, which is `.pipe/` and ignores itself in git, and in it `state`, where one manifest's memory lies.
///
/// # Errors
/// A folder or file cannot be made; so it is where the project's folder is gone.
pub fn prepare(home: &Path, state: &Path) -> Result<(), Trouble> {
    make_within(home, &state.join("logs"))?;
    super::sweep(&state.join("tmp"));
    let ignore = home.join(".gitignore");
    if ignore.symlink_metadata().is_err() {
        write_whole(&ignore, &[b"*\n"], false)?;
    }
    Ok(())
}

/// The path without links.
///
/// # Errors
/// Nothing stands there.
pub fn real_path(path: &Path) -> Result<PathBuf, Trouble> {
    path.canonicalize().map_err(Trouble::on("open", path))
}

/// Whether a plain file stands there.
pub fn is_file(path: &Path) -> bool {
    path.is_file()
}

/// A file's bytes.
///
/// # Errors
/// It cannot be read.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Trouble> {
    fs::read(path).map_err(Trouble::on("read", path))
}

/// Writes a file that must not be there yet.
///
/// # Errors
/// It is there, or cannot be written.
pub fn create_new(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let create = || {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(path)?
            .write_all(bytes)
    };
    create().map_err(Trouble::on("create", path))
}

/// Replaces a file's bytes as a whole, its mode kept. A link is followed.
///
/// # Errors
/// It cannot be written; the old bytes stand.
pub fn replace_file(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let replace = || {
        let target = path.canonicalize()?;
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let new = target.with_file_name(format!("{OWN_PREFIX}new-{name}"));
        let done = fs::write(&new, bytes)
            .and_then(|()| fs::set_permissions(&new, fs::metadata(&target)?.permissions()))
            .and_then(|()| fs::rename(&new, &target));
        if done.is_err() {
            let _ = fs::remove_file(&new);
        }
        done
    };
    replace().map_err(Trouble::on("write", path))
}

/// Whether anything stands at `path`, a link that leads nowhere included.
pub fn stands(root: &Path, path: &ProjectPath) -> bool {
    path.under(root).symlink_metadata().is_ok()
}

/// What stands at `path`.
pub fn kind(root: &Path, path: &ProjectPath) -> Kind {
    match path.under(root).metadata() {
        Err(_) => Kind::Absent,
        Ok(metadata) if metadata.is_file() => Kind::File,
        Ok(metadata) if metadata.is_dir() => Kind::Directory,
        Ok(_) => Kind::Other,
    }
}

/// Removes what stands at `path`, if anything does. A link is removed, not what it leads to.
///
/// # Errors
/// It cannot be removed.
pub fn remove_output(root: &Path, path: &ProjectPath) -> Result<(), Trouble> {
    remove_place(&path.under(root))
}

pub(super) fn remove_place(place: &Path) -> Result<(), Trouble> {
    // Most often it is a file, and then nobody has to look.
    let removed = fs::remove_file(place).or_else(|error| match place.symlink_metadata() {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(place).or_else(|error| {
            if error.kind() != ErrorKind::PermissionDenied {
                return Err(error);
            }
            // A command may leave read-only folders; they are ours to remove all the same.
            make_writable(place);
            fs::remove_dir_all(place)
        }),
        Err(error) if is_absence(error.kind()) => Ok(()),
        _ => Err(error),
    });
    removed.map_err(Trouble::on("remove", place))
}

fn make_writable(folder: &Path) {
    let open = |folder: &Path| {
        if let Ok(metadata) = folder.metadata() {
            let mode = metadata.permissions().mode() | 0o700;
            let _ = fs::set_permissions(folder, fs::Permissions::from_mode(mode));
        }
    };
    // A folder has to be opened before what is in it can be listed.
    open(folder);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            make_writable(&entry.path());
        }
    }
}

/// Makes the folders above `path`.
///
/// # Errors
/// One cannot be made; when a file is in the way, it is named.
pub fn make_parents(root: &Path, path: &ProjectPath) -> Result<(), Trouble> {
    let place = path.under(root);
    let Some(folder) = place.parent().filter(|folder| !folder.is_dir()) else {
        return Ok(());
    };
    fs::create_dir_all(folder).map_err(|error| {
        let blocks = |folder: &&Path| {
            folder
                .symlink_metadata()
                .is_ok_and(|metadata| !metadata.is_dir())
        };
        match folder.ancestors().find(blocks) {
            Some(file) => {
                let is_link = file.is_symlink();
                let what = ["a file", "a link to no folder"][usize::from(is_link)];
                let error = io::Error::other(format!("{} is {what}", file.display()));
                Trouble::on("create the folder", folder)(error)
            }
            None => Trouble::on("create the folder", folder)(error),
        }
    })
}

/// Moves what stands at `path` into `.pipe/replaced/`, below a folder named by the moment; where that is another disk,
/// in `.pipe-replaced/` beside itself. Returns the new place, relative to the project's root.
///
/// # Errors
/// It cannot be moved; it still stands where it stood.
pub fn set_aside(
    root: &Path,
    state: &Path,
    path: &ProjectPath,
    now_ms: u64,
) -> Result<String, Trouble> {
    let place = path.under(root);
    let moment = moment(now_ms);
    let mut folder = state.join("replaced").join(&moment);
    let mut number = 1;
    while path.under(&folder).symlink_metadata().is_ok() {
        number += 1;
        folder = state.join("replaced").join(format!("{moment}-{number}"));
    }
    let mut kept = path.under(&folder);
    make_parents(&folder, path)?;
    let mut moved = move_whole(&place, &kept);
    if moved
        .as_ref()
        .is_err_and(|error| error.kind() == ErrorKind::CrossesDevices)
    {
        // The output's folder is a link to another disk: then the file stays there, in a folder that no glob and no
        // directory input looks into.
        let beside = place
            .parent()
            .unwrap_or(root)
            .join(format!("{OWN_PREFIX}replaced"))
            .join(&moment);
        fs::create_dir_all(&beside).map_err(Trouble::on("create", &beside))?;
        kept = beside.join(place.file_name().unwrap_or_default());
        moved = move_whole(&place, &kept);
    }
    moved.map_err(Trouble::on("set aside", &place))?;
    Ok(kept
        .strip_prefix(root)
        .unwrap_or(&kept)
        .display()
        .to_string())
}

/// `20261123-214502.123`, in UTC. Days to a date by Howard Hinnant's `civil_from_days`.
fn moment(now_ms: u64) -> String {
    let (days, milliseconds) = (now_ms / 86_400_000, now_ms % 86_400_000);
    let shifted = days + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let seconds = milliseconds / 1000;
    format!(
        "{year:04}{month:02}{day:02}-{:02}{:02}{:02}.{:03}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60,
        milliseconds % 1000
    )
}

/// Where a node's output of one build is written down.
pub fn log_path(state: &Path, node: &str, build: u32) -> PathBuf {
    let fits = |c: char| c.is_alphanumeric() || "_-.@,=+".contains(c);
    let plain = node.len() <= 200 && node.chars().all(fits);
    // An instance's name may hold a path, or be long.
    let name = if plain {
        node.to_owned()
    } else {
        let safe: String = node
            .chars()
            .map(|c| if fits(c) { c } else { '_' })
            .take(60)
            .collect();
        format!("{safe}~{}", Digest::of(node.as_bytes()).short())
    };
    state.join("logs").join(format!("{name}.{build}.log"))
}

/// A whole log; `None` when it is gone.
///
/// # Errors
/// It is there and cannot be read.
pub fn read_log(path: &Path) -> Result<Option<Vec<u8>>, Trouble> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Trouble::on("read", path)(error)),
    }
}

/// The last `most` bytes of a log.
///
/// # Errors
/// It cannot be read.
pub fn read_log_end(path: &Path, most: u64) -> Result<Vec<u8>, Trouble> {
    let read = || {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
        let mut bytes = Vec::new();
        file.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    read().map_err(Trouble::on("read", path))
}

/// The next bytes of a log that is being written, at most `most` from `from` on, or from its start when it has become
/// shorter than that: where they begin, they themselves, and the log's size. `None` when it is not there.
pub fn read_log_from(path: &Path, from: u64, most: u64) -> Option<(u64, Vec<u8>, u64)> {
    let mut file = File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let from = if size < from { 0 } else { from };
    let mut bytes = Vec::new();
    if from < size {
        file.seek(SeekFrom::Start(from)).ok()?;
        file.take(most).read_to_end(&mut bytes).ok()?;
    }
    Some((from, bytes, size))
}

/// Removes a log that holds nothing, or nothing of use.
pub fn remove_log(path: &Path) {
    let _ = fs::remove_file(path);
}

/// Removes the logs of builds before number `first`.
pub fn prune_logs(state: &Path, first: u32) {
    for entry in fs::read_dir(state.join("logs"))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name();
        let build = name.to_str().and_then(|name| {
            name.strip_suffix(".log")?
                .rsplit('.')
                .next()?
                .parse::<u32>()
                .ok()
        });
        if build.is_some_and(|build| build < first) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// The bytes of the last snapshot, if there is one.
pub fn read_snapshot(state: &Path) -> Option<Bytes> {
    map(&state.join("snapshot")).ok()
}

/// Leaves a snapshot. It holds variables' values, so it is its owner's alone.
///
/// # Errors
/// It cannot be written.
pub fn write_snapshot(state: &Path, parts: &[&[u8]]) -> Result<(), Trouble> {
    write_whole(&state.join("snapshot"), parts, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_dates_in_utc() {
        assert_eq!(moment(0), "19700101-000000.000");
        assert_eq!(moment(951_782_400_000), "20000229-000000.000");
        assert_eq!(moment(1_798_761_599_999), "20261231-235959.999");
    }

    #[test]
    fn what_is_set_aside_never_takes_anothers_place() {
        let folder = tempfile::tempdir().unwrap();
        let (root, state) = (folder.path(), folder.path().join(".pipe"));
        let path = ProjectPath::from_normal("a/b");
        let mut kept = Vec::new();
        for text in ["one", "two"] {
            make_parents(root, &path).unwrap();
            fs::write(path.under(root), text).unwrap();
            kept.push(set_aside(root, &state, &path, 0).unwrap());
        }
        assert_ne!(kept[0], kept[1]);
        assert_eq!(fs::read_to_string(root.join(&kept[0])).unwrap(), "one");
        assert_eq!(fs::read_to_string(root.join(&kept[1])).unwrap(), "two");
    }

    #[test]
    fn a_log_that_was_emptied_is_read_from_its_start() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        assert_eq!(read_log_from(&log, 0, 10), None);
        fs::write(&log, "abcdef").unwrap();
        assert_eq!(read_log_from(&log, 2, 3), Some((2, b"cde".to_vec(), 6)));
        assert_eq!(read_log_from(&log, 6, 3), Some((6, Vec::new(), 6)));
        fs::write(&log, "xy").unwrap();
        assert_eq!(read_log_from(&log, 6, 3), Some((0, b"xy".to_vec(), 2)));
    }

    #[test]
    fn a_file_in_a_folders_place_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a"), "").unwrap();
        let trouble = make_parents(folder.path(), &ProjectPath::from_normal("a/b/c")).unwrap_err();
        assert!(trouble.to_string().ends_with("a is a file"), "{trouble}");
    }
}
