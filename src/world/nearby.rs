//! Small questions about the machine and about single places on the disk.
//!
//! Does not know what the answers are for.

use crate::base::path::ProjectPath;
use crate::world::stamps::stamp_of;
use crate::world::trouble::Trouble;
use std::path::Path;
use std::{fs, io};

/// Where in the project `path` really lies when a folder above it is a symbolic link; `None` where none is, or where it
/// leads out of the project.
pub fn behind_links(root: &Path, path: &ProjectPath) -> Option<ProjectPath> {
    let is_link = |folder: &&str| root.join(folder).is_symlink();
    let link = path.ancestors().find(is_link)?;
    let real = root.join(link).canonicalize().ok()?;
    let rest = path.as_str()[link.len()..].trim_start_matches('/');
    let inside = real.join(rest);
    let inside = inside.strip_prefix(root.canonicalize().ok()?).ok()?;
    Some(ProjectPath::from_normal(inside.to_str()?))
}

/// The memory in bytes that this process and what it starts may use together: the machine's, or less where a control
/// group (a container, a batch job) sets a limit. What cannot be found out counts as no limit.
pub fn machine_memory() -> u64 {
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limit = group_limit(Path::new("/sys/fs/cgroup"), &groups);
    let physical = physical_memory();
    limit.map_or(physical, |limit| limit.min(physical))
}

/// The smallest limit that the control groups of a process set, its own and those around it. `groups` is its
/// `/proc/self/cgroup`. In a container the names there may be those of the host, of which only the container's own
/// group is seen, at the top.
fn group_limit(top: &Path, groups: &str) -> Option<u64> {
    let limits = groups.lines().flat_map(|line| {
        let mut parts = line.splitn(3, ':').skip(1);
        let (controllers, path) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or("/"),
        );
        let (top, file) = match controllers {
            "" => (top.to_owned(), "memory.max"),
            "memory" => (top.join("memory"), "memory.limit_in_bytes"),
            _ => return Vec::new(),
        };
        let own = top.join(path.trim_start_matches('/'));
        let around = own
            .ancestors()
            .take_while(|folder| folder.starts_with(&top));
        let limit = |folder: &Path| {
            let told = fs::read_to_string(folder.join(file)).ok()?;
            told.trim().parse::<u64>().ok()
        };
        around.filter_map(limit).collect()
    });
    limits.min()
}

/// How many processes the kernel has killed since the machine started because memory ran out, the machine's or that of
/// a control group. `None` where the system does not count them.
pub fn kernel_kills() -> Option<u64> {
    let counters = fs::read_to_string("/proc/vmstat").ok()?;
    let count = counters
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "));
    count?.trim().parse().ok()
}

/// How large the disk is that `path` lies on, and how much of it is free to this user, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskRoom {
    /// All of it.
    pub total: u64,
    /// Free.
    pub free: u64,
}

/// Looks at the disk of `path`, or of the nearest folder above it that stands.
pub fn disk_room(path: &Path) -> Option<DiskRoom> {
    let found = path
        .ancestors()
        .find_map(|place| rustix::fs::statvfs(place).ok())?;
    Some(DiskRoom {
        total: found.f_blocks.saturating_mul(found.f_frsize),
        free: found.f_bavail.saturating_mul(found.f_frsize),
    })
}

fn physical_memory() -> u64 {
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

/// Whether a folder stands there, or a link to one.
pub fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

/// Whether a path is a link, lies behind one, or holds one.
pub fn holds_links(root: &Path, path: &ProjectPath) -> bool {
    let is_link = |path: &Path| {
        let metadata = path.symlink_metadata();
        metadata.is_ok_and(|metadata| metadata.is_symlink())
    };
    let place = path.under(root);
    let above = path.ancestors().map(|folder| root.join(folder));
    let holds = || {
        let entries = walkdir::WalkDir::new(&place).min_depth(1).into_iter();
        entries.flatten().any(|entry| entry.path_is_symlink())
    };
    is_link(&place) || above.into_iter().any(|folder| is_link(&folder)) || holds()
}

/// Writes `text` behind what a file holds; makes the file where there is none.
///
/// # Errors
/// It cannot be opened or written.
pub fn append(path: &Path, text: &str) -> Result<(), Trouble> {
    let open = fs::File::options().append(true).create(true).open(path);
    let mut file = open.map_err(Trouble::on("open", path))?;
    io::Write::write_all(&mut file, text.as_bytes()).map_err(Trouble::on("write", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tightest_control_group_counts() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        let limit = |file: &str, text: &str| {
            let file = top.join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        };
        assert_eq!(group_limit(top, "0::/a/b\n"), None);
        limit("a/memory.max", "4096\n");
        limit("a/b/memory.max", "max\n");
        assert_eq!(group_limit(top, "0::/a/b\n"), Some(4096));
        assert_eq!(group_limit(top, "0::/c\n"), None);
        // A container that is told the host's names for what it sees as the top.
        limit("memory/memory.limit_in_bytes", "2048\n");
        let groups = "9:name=systemd:/\n4:memory:/docker/0a1b\n0::/a/b\n";
        assert_eq!(group_limit(top, groups), Some(2048));
    }
}
