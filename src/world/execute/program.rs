//! Finds the program a command names, and says in plain words why one cannot be started.
//!
//! Looks along the PATH that the command itself will have, not along that of this process. Does not start anything.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

/// Where programs are looked for when the environment has no PATH.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The path to execute for `name`: always with a `/`, and relative to `dir` when it is relative.
///
/// # Errors
/// Says what is wrong with the program, without its name.
pub(super) fn find(name: &str, search: Option<&OsStr>, dir: &Path) -> io::Result<PathBuf> {
    if name.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "no program is named",
        ));
    }
    if name.contains('/') {
        // Kept as written: a script sees it as `$0`, which should not depend on where the project lies.
        return runnable(&dir.join(name)).map(|()| PathBuf::from(name));
    }
    let search = search.unwrap_or(OsStr::new(DEFAULT_PATH));
    let mut fault = io::Error::new(
        io::ErrorKind::NotFound,
        "no folder of the PATH has a program of that name",
    );
    for folder in search.as_bytes().split(|&byte| byte == b':') {
        // An empty entry is the current folder.
        let folder = if folder.is_empty() { b"." } else { folder };
        let path = Path::new(OsStr::from_bytes(folder)).join(name);
        match runnable(&dir.join(&path)) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => fault = error,
            Err(_) => {}
        }
    }
    Err(fault)
}

fn runnable(path: &Path) -> io::Result<()> {
    let metadata = path.metadata().map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => io::Error::new(io::ErrorKind::NotFound, "there is no such file"),
        _ => error,
    })?;
    if metadata.is_dir() {
        return Err(io::Error::new(
            io::ErrorKind::IsADirectory,
            "it is a folder",
        ));
    }
    if rustix::fs::access(path, Access::EXEC_OK).is_err() {
        let said = "it may not be executed (`chmod +x` allows it)";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, said));
    }
    Ok(())
}

/// What the refusal to start a program that does stand there means.
pub(super) fn explain(error: io::Error) -> io::Error {
    let said = match error.kind() {
        io::ErrorKind::NotFound => "the interpreter that its first line names does not exist",
        io::ErrorKind::ArgumentListTooLong => {
            "its command line is too long for the system (one argument or variable: 128 KiB)"
        }
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            "it is neither a program for this machine nor a script with a `#!` line"
        }
        _ => return error,
    };
    io::Error::new(error.kind(), said)
}
