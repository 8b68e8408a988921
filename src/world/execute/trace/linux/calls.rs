//! The system calls that name files, what each does to them, and where its arguments lie.
//!
//! A table for each instruction set: arm64 has no `open`, `rename` or `unlink`, only their younger forms. Does not
//! know who calls.

use libc::c_long;

/// What a call does with one of the names it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Act {
    /// Opens it; the argument with this number holds the flags.
    Open(usize),
    /// Opens it; the argument with this number points to a structure that begins with the flags.
    OpenHow(usize),
    /// Makes or replaces it.
    Write,
    /// Writes into what stands there.
    Change,
    /// Reads or executes it.
    Read,
    /// Removes it.
    Remove,
    /// Removes it, or a folder when the argument with this number says so.
    RemoveAt(usize),
    /// Moves it away.
    Move,
    /// Makes a folder.
    Folder,
}

/// One name in a call.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Name {
    /// The number of the argument that holds the folder's descriptor; without it the name starts at the current folder.
    pub(in super::super) folder: Option<usize>,
    /// The number of the argument that points to the text.
    pub(in super::super) text: usize,
    /// What happens to it.
    pub(in super::super) act: Act,
}

const fn at(folder: usize, text: usize, act: Act) -> Name {
    Name {
        folder: Some(folder),
        text,
        act,
    }
}

#[cfg(target_arch = "x86_64")]
const fn plain(text: usize, act: Act) -> Name {
    Name {
        folder: None,
        text,
        act,
    }
}

/// The calls that both instruction sets have, the most frequent first.
const COMMON: &[(c_long, &[Name])] = &[
    (libc::SYS_openat, &[at(0, 1, Act::Open(2))]),
    (libc::SYS_openat2, &[at(0, 1, Act::OpenHow(2))]),
    (libc::SYS_unlinkat, &[at(0, 1, Act::RemoveAt(2))]),
    (
        libc::SYS_renameat2,
        &[at(0, 1, Act::Move), at(2, 3, Act::Write)],
    ),
    (libc::SYS_mkdirat, &[at(0, 1, Act::Folder)]),
    (
        libc::SYS_linkat,
        &[at(0, 1, Act::Read), at(2, 3, Act::Write)],
    ),
    (libc::SYS_symlinkat, &[at(1, 2, Act::Write)]),
    (libc::SYS_mknodat, &[at(0, 1, Act::Write)]),
    (libc::SYS_execveat, &[at(0, 1, Act::Read)]),
    (
        libc::SYS_execve,
        &[Name {
            folder: None,
            text: 0,
            act: Act::Read,
        }],
    ),
    (
        libc::SYS_truncate,
        &[Name {
            folder: None,
            text: 0,
            act: Act::Change,
        }],
    ),
    (RENAMEAT, &[at(0, 1, Act::Move), at(2, 3, Act::Write)]),
];

/// The libc crate does not name it for every system.
const RENAMEAT: c_long = if cfg!(target_arch = "x86_64") {
    264
} else {
    38
};

#[cfg(target_arch = "x86_64")]
const OLD: &[(c_long, &[Name])] = &[
    (libc::SYS_open, &[plain(0, Act::Open(1))]),
    (libc::SYS_creat, &[plain(0, Act::Write)]),
    (libc::SYS_unlink, &[plain(0, Act::Remove)]),
    (
        libc::SYS_rename,
        &[plain(0, Act::Move), plain(1, Act::Write)],
    ),
    (libc::SYS_mkdir, &[plain(0, Act::Folder)]),
    (libc::SYS_link, &[plain(0, Act::Read), plain(1, Act::Write)]),
    (libc::SYS_symlink, &[plain(1, Act::Write)]),
    (libc::SYS_mknod, &[plain(0, Act::Write)]),
];

#[cfg(target_arch = "aarch64")]
const OLD: &[(c_long, &[Name])] = &[];

/// Calls that open files past every filter. Programs that use them fall back on others where they are missing.
pub(in super::super) const CLOSED: &[c_long] = &[
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
];

/// The instruction set of this machine as the kernel names it (`AUDIT_ARCH_…`).
#[cfg(target_arch = "x86_64")]
pub(in super::super) const ARCH: u32 = 0xC000_003E;
#[cfg(target_arch = "aarch64")]
pub(in super::super) const ARCH: u32 = 0xC000_00B7;

/// Numbers from here on are calls of the x32 convention, which has the same instruction set.
#[cfg(target_arch = "x86_64")]
pub(in super::super) const FOREIGN_FROM: Option<u32> = Some(0x4000_0000);
#[cfg(target_arch = "aarch64")]
pub(in super::super) const FOREIGN_FROM: Option<u32> = None;

/// Every call that names files, by number.
pub(in super::super) fn all() -> impl Iterator<Item = (u32, &'static [Name])> {
    let rows = COMMON.iter().chain(OLD);
    rows.map(|(number, names)| (*number as u32, *names))
}

/// What an `open` with these flags does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Opening {
    /// It gives no access to bytes: a mere handle, or a file without a name.
    pub(in super::super) nothing: bool,
    pub(in super::super) reads: bool,
    pub(in super::super) writes: bool,
    /// It makes what is not there.
    pub(in super::super) makes: bool,
    /// It fails where something stands.
    pub(in super::super) only_makes: bool,
    /// What stood there is emptied.
    pub(in super::super) empties: bool,
}

/// Reads the flags of an `open`.
pub(in super::super) fn opening(flags: u64) -> Opening {
    let has = |flag: i32| flags & flag as u64 == flag as u64;
    let mode = flags & libc::O_ACCMODE as u64;
    Opening {
        nothing: has(libc::O_PATH) || has(libc::O_TMPFILE),
        reads: mode != libc::O_WRONLY as u64,
        writes: mode != libc::O_RDONLY as u64,
        makes: has(libc::O_CREAT),
        only_makes: has(libc::O_CREAT) && has(libc::O_EXCL),
        empties: has(libc::O_TRUNC),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_call_stands_twice_and_every_argument_exists() {
        let mut numbers: Vec<u32> = all().map(|(number, _)| number).collect();
        numbers.extend(CLOSED.iter().map(|&number| number as u32));
        let count = numbers.len();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), count);
        for name in all().flat_map(|(_, names)| names) {
            assert!(name.text < 6 && name.folder.is_none_or(|folder| folder < 6));
        }
    }

    #[test]
    fn flags_of_open() {
        let open = |flags: i32| opening(flags as u64);
        let read = open(libc::O_RDONLY | libc::O_CLOEXEC);
        assert!(read.reads && !read.writes && !read.makes && !read.nothing);
        let write = open(libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC);
        assert!(!write.reads && write.writes && write.makes && write.empties);
        let both = open(libc::O_RDWR);
        assert!(both.reads && both.writes && !both.empties);
        assert!(open(libc::O_PATH | libc::O_DIRECTORY).nothing);
        assert!(open(libc::O_TMPFILE | libc::O_RDWR).nothing);
        assert!(!open(libc::O_DIRECTORY).nothing);
        assert!(open(libc::O_RDWR | libc::O_CREAT | libc::O_EXCL).only_makes);
    }
}
