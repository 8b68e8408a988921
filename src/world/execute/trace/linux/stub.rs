//! The stub: this program started once more in place of a command, which sets up what has to be set up in the
//! command's own process, and becomes the command.
//!
//! The big process never forks by itself: with a hook before exec std would copy its page tables for every command,
//! seven a second instead of 1,400. The stub finds its line to the starter as its standard input, where the command
//! gets `/dev/null`. Does not know why it is asked.

use super::super::{STUB, Watch};
use super::handshake::{self, Ready};
use super::{fence, filter, sys};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

/// This program, also when its file has been replaced or removed since it was started.
const THIS_PROGRAM: &str = "/proc/self/exe";
/// How a stub ends that could not become the command; its starter learns why over the line.
const FAILED: u8 = 126;

/// The starter's end of the line to a stub.
#[derive(Debug)]
pub(in super::super::super) struct Line(pub(in super::super) UnixStream);

impl Line {
    /// A stub that will become `program`, still without environment, folder and outputs, and the line to it.
    pub(in super::super::super) fn to_stub(
        program: &Path,
        name: &str,
        watch: &Watch,
    ) -> io::Result<(Command, Line)> {
        let (here, there) = UnixStream::pair()?;
        let order = handshake::order(&watch.root, watch.fence.as_ref());
        let mut command = Command::new(THIS_PROGRAM);
        command
            .args([OsStr::new(STUB), program.as_os_str(), OsStr::new(name)])
            .stdin(Stdio::from(OwnedFd::from(there)));
        // A longer one waits in the line until the stub reads it.
        let mut writer = here.try_clone()?;
        if order.len() < 32 * 1024 {
            writer.write_all(&order)?;
        } else {
            std::thread::spawn(move || writer.write_all(&order));
        }
        Ok((command, Line(here)))
    }
}

/// Becomes the command that `arguments`, those behind [`STUB`], name: its path, its name, its own arguments. Returns an
/// exit code only when that did not work.
pub fn become_command(arguments: &[OsString]) -> u8 {
    let Some((line, command)) = line().zip(arguments.split_at_checked(2)) else {
        return FAILED;
    };
    let ([program, name], rest) = command else {
        return FAILED;
    };
    let Err(error) = set_up(line.try_clone()) else {
        let error = Command::new(program).arg0(name).args(rest).exec();
        return fail(line, &error);
    };
    fail(line, &error)
}

fn fail(mut line: UnixStream, error: &io::Error) -> u8 {
    let number = error.raw_os_error().unwrap_or(libc::EIO);
    let _ = line.write_all(&number.to_le_bytes());
    FAILED
}

/// Takes the line from standard input, which the command finds empty.
fn line() -> Option<UnixStream> {
    let line = rustix::io::fcntl_dupfd_cloexec(rustix::stdio::stdin(), 3).ok()?;
    let nothing = std::fs::File::open("/dev/null").ok()?;
    rustix::stdio::dup2_stdin(&nothing).ok()?;
    Some(UnixStream::from(line))
}

fn set_up(line: io::Result<UnixStream>) -> io::Result<()> {
    let mut line = line?;
    let order = handshake::read_order(&mut line)?;
    let fence = order.map(|(root, fence)| fence::enter(&root, &fence).is_ok());
    let listener = install();
    let error = listener
        .as_ref()
        .err()
        .map_or(0, |error| error.raw_os_error().unwrap_or(libc::EIO));
    handshake::send_ready(&line, Ready { fence, error }, listener.as_ref().ok())
}

/// With the right to do so the filter goes without the promise that no program gains privileges, which would stop
/// `sudo` and its like.
fn install() -> io::Result<OwnedFd> {
    let program = filter::program();
    match sys::install(&program) {
        Err(error) if error.raw_os_error() == Some(libc::EACCES) => {
            rustix::thread::set_no_new_privs(true)?;
            sys::install(&program)
        }
        answer => answer,
    }
}
