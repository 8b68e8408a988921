//! File systems that tell of no changes, by their type, and how many folders the system lets one watch.
//!
//! Does not watch.

use std::path::Path;

/// File systems on which changes that others make are not told: those that live on another machine, outside of the
/// virtual machine, or in a process.
#[cfg(target_os = "linux")]
const SILENT: &[(u32, &str)] = &[
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB"),
    (0x0102_1997, "9p"),
    (0x6573_5546, "FUSE"),
    (0x00c3_6400, "Ceph"),
    (0x5346_414f, "AFS"),
    (0x6b41_4653, "AFS"),
    (0x786f_4256, "VirtualBox shared folder"),
    (0x5346_4846, "WSL"),
    (0x0bd0_0bd0, "Lustre"),
];

/// What the file system is called that `folder` lies on, if it tells of no changes.
#[cfg(target_os = "linux")]
pub fn silent_kind(folder: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(folder).ok()?.f_type as u32;
    let known = SILENT.iter().find(|(magic, _)| *magic == kind);
    known.map(|(_, name)| *name)
}

/// What the file system is called that `folder` lies on, if it tells of no changes; here all are taken to tell.
#[cfg(not(target_os = "linux"))]
pub fn silent_kind(_folder: &Path) -> Option<&'static str> {
    None
}

/// How many folders this user may watch, where the system says: the least of its limits.
pub fn most_watches() -> Option<u64> {
    [
        "/proc/sys/fs/inotify/max_user_watches",
        "/proc/sys/user/max_inotify_watches",
    ]
    .iter()
    .filter_map(|path| std::fs::read_to_string(path).ok()?.trim().parse().ok())
    .min()
}
