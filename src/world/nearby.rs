//! Small questions about the machine and about single places on the disk.
//!
//! Does not know what the answers are for.

use crate::base::path::ProjectPath;
use crate::world::stamps::stamp_of;
use std::path::Path;
use std::{fs, io};

/// The machine's memory in bytes; what cannot be found out counts as no limit.
pub fn machine_memory() -> u64 {
    let told = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = told
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))
        .and_then(|rest| {
            rest.trim()
                .trim_end_matches("kB")
                .trim()
                .parse::<u64>()
                .ok()
        });
    kib.map_or(u64::MAX, |kib| kib * 1024)
}

/// The disk's own time: the change time, in nanoseconds since 1970, of a file that is written for this. The earliest
/// possible moment when it cannot be written, so that everything passes for changed.
pub fn disk_time(state: &Path) -> i64 {
    let place = state
        .join("tmp")
        .join(format!("time-{}", std::process::id()));
    let mark = || -> io::Result<i64> {
        fs::create_dir_all(state.join("tmp"))?;
        fs::write(&place, b"")?;
        Ok(stamp_of(&fs::metadata(&place)?).ctime_ns)
    };
    let time = mark().unwrap_or(i64::MIN);
    let _ = fs::remove_file(&place);
    time
}

/// Whether the file at `path` was changed at or after `mark` (see [`disk_time`]), or cannot be looked at.
pub fn changed_since(root: &Path, path: &ProjectPath, mark: i64) -> bool {
    let stamp = fs::metadata(path.under(root)).map(|metadata| stamp_of(&metadata));
    stamp.is_ok_and(|stamp| stamp.ctime_ns >= mark)
}

/// A name that a command wrote, as a path of the project; `None` when it lies outside.
pub fn within_project(root: &Path, folder: &str, name: &str) -> Option<ProjectPath> {
    let written = root.join(folder).join(name);
    let relative = written.strip_prefix(root).ok()?;
    ProjectPath::parse(relative.to_str()?).ok()
}

/// The names of the files beside a path, for suggestions.
pub fn names_beside(path: &Path) -> Vec<String> {
    let entries = path.parent().and_then(|folder| fs::read_dir(folder).ok());
    let names = entries.into_iter().flatten().flatten();
    names
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}
