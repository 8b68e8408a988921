//! The few calls to the kernel that no crate offers without `unsafe`, each behind a function that cannot be misused.
//!
//! A test keeps unsafe code in this file and in the one that maps files. Does not know what is filtered or why.
#![expect(
    unsafe_code,
    reason = "seccomp's system call, its ioctls and process_vm_readv have no safe binding"
)]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

/// A call that waits for an answer.
pub(in super::super) struct Waiting {
    /// By which it is answered.
    pub(in super::super) id: u64,
    /// The thread that made it.
    pub(in super::super) thread: u32,
    /// The instruction set and convention in which it was made.
    pub(in super::super) arch: u32,
    /// The call's number.
    pub(in super::super) number: u32,
    /// Its arguments.
    pub(in super::super) arguments: [u64; 6],
}

/// Puts `program` on this thread for good, and on all that it starts. Returns the descriptor on which calls wait.
pub(in super::super) fn install(program: &[libc::sock_filter]) -> io::Result<OwnedFd> {
    let length = u16::try_from(program.len()).map_err(io::Error::other)?;
    let filter = libc::sock_fprog {
        len: length,
        filter: program.as_ptr().cast_mut(),
    };
    let listen = libc::SECCOMP_FILTER_FLAG_NEW_LISTENER;
    let mut result = -1;
    // Only a fatal signal may interrupt a waiting call; kernels before 5.19 do not know that.
    for flags in [
        listen | libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
        listen,
    ] {
        // SAFETY: `filter` and the `length` instructions it points to live until the call returns; the kernel copies
        // them and writes nothing.
        result = unsafe {
            libc::syscall(
                libc::SYS_seccomp,
                libc::SECCOMP_SET_MODE_FILTER,
                flags,
                ptr::from_ref(&filter),
            )
        };
        if result >= 0 || io::Error::last_os_error().raw_os_error() != Some(libc::EINVAL) {
            break;
        }
    }
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: with this flag the call returns a new descriptor, which belongs to nobody else.
    Ok(unsafe { OwnedFd::from_raw_fd(result as i32) })
}

/// The next call that waits.
pub(in super::super) fn receive(listener: &OwnedFd) -> io::Result<Waiting> {
    // SAFETY: all fields are numbers, for which zero is a value; the kernel asks for a zeroed structure.
    let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    ask(
        listener,
        libc::SECCOMP_IOCTL_NOTIF_RECV,
        ptr::from_mut(&mut call).cast(),
    )?;
    Ok(Waiting {
        id: call.id,
        thread: call.pid,
        arch: call.data.arch,
        number: call.data.nr as u32,
        arguments: call.data.args,
    })
}

/// Whether the call still waits: what was read of its thread's memory meanwhile was that thread's.
pub(in super::super) fn still_waits(listener: &OwnedFd, id: u64) -> bool {
    let mut id = id;
    ask(
        listener,
        libc::SECCOMP_IOCTL_NOTIF_ID_VALID,
        ptr::from_mut(&mut id).cast(),
    )
    .is_ok()
}

/// Lets a call be carried out, or makes it fail with an error number.
pub(in super::super) fn answer(
    listener: &OwnedFd,
    id: u64,
    refuse_with: Option<i32>,
) -> io::Result<()> {
    let flags = match refuse_with {
        Some(_) => 0,
        None => libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32,
    };
    let mut response = libc::seccomp_notif_resp {
        id,
        val: 0,
        error: refuse_with.map_or(0, |error| -error),
        flags,
    };
    ask(
        listener,
        libc::SECCOMP_IOCTL_NOTIF_SEND,
        ptr::from_mut(&mut response).cast(),
    )
}

/// Asks the kernel to wake caller and listener on one processor. Kernels before 6.6 do not know that.
pub(in super::super) fn stay_close(listener: &OwnedFd) {
    const SYNC_WAKE_UP: libc::c_ulong = 1;
    // SAFETY: this request takes a number, not a pointer.
    unsafe {
        libc::ioctl(
            listener.as_raw_fd(),
            libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS,
            SYNC_WAKE_UP,
        )
    };
}

/// One of the requests above; `value` points to what that request reads and writes.
fn ask(listener: &OwnedFd, request: libc::Ioctl, value: *mut libc::c_void) -> io::Result<()> {
    // SAFETY: the callers above pass a live structure of exactly the type that the request's number was made from.
    match unsafe { libc::ioctl(listener.as_raw_fd(), request, value) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Copies memory of another process, from `address` on, as far as it goes. Returns how many bytes there were.
pub(in super::super) fn read_memory(
    thread: u32,
    address: u64,
    into: &mut [u8],
) -> io::Result<usize> {
    const PAGE: u64 = 4096;
    // Of a piece that is not all there nothing is copied: so one up to the end of the page, and one from there on.
    let first = ((PAGE - address % PAGE) as usize).min(into.len());
    let piece = |start: u64, length: usize| libc::iovec {
        iov_base: start as *mut libc::c_void,
        iov_len: length,
    };
    let there = [
        piece(address, first),
        piece(address.wrapping_add(first as u64), into.len() - first),
    ];
    let here = libc::iovec {
        iov_base: into.as_mut_ptr().cast(),
        iov_len: into.len(),
    };
    // SAFETY: `here` is the one exclusive borrow of `into`, with its length. `there` is not touched by this process: the
    // kernel checks it against the other's memory.
    let count = unsafe {
        libc::process_vm_readv(
            thread as libc::pid_t,
            &raw const here,
            1,
            there.as_ptr(),
            there.len() as libc::c_ulong,
            0,
        )
    };
    usize::try_from(count).map_err(|_| io::Error::last_os_error())
}
