//! What the stub and its starter say to each other over their line: what the fence lets through, how setting up went,
//! and the descriptor on which the command's calls wait.
//!
//! Does not know how anything is set up.

use super::super::Fence;
use crate::base::flat::{FlatReader, FlatWriter};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags,
};
use std::ffi::OsStr;
use std::io::{self, IoSlice, IoSliceMut, Read};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

/// How setting up went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Ready {
    /// Whether the fence stands; `None` when none was asked for.
    pub(in super::super) fence: Option<bool>,
    /// Why there is no listener, as an error number; 0 when there is one.
    pub(in super::super) error: i32,
}

/// The order to a stub: the fence and the project's root.
pub(in super::super) fn order(root: &Path, fence: Option<&Fence>) -> Vec<u8> {
    let mut body = FlatWriter::default();
    body.byte(u8::from(fence.is_some()));
    if let Some(fence) = fence {
        body.bytes(root.as_os_str().as_bytes());
        for paths in [&fence.read, &fence.write] {
            body.number(paths.len() as u32);
            for path in paths {
                body.bytes(path.as_os_str().as_bytes());
            }
        }
    }
    let mut whole = FlatWriter::default();
    whole.bytes(&body.0);
    whole.0
}

/// Reads an order; a fence comes with the project's root.
pub(in super::super) fn read_order(line: &mut UnixStream) -> io::Result<Option<(PathBuf, Fence)>> {
    let mut length = [0; 4];
    line.read_exact(&mut length)?;
    let mut body = vec![0; u32::from_le_bytes(length) as usize];
    line.read_exact(&mut body)?;
    let mut reader = FlatReader(&body);
    let damaged = || io::Error::from(io::ErrorKind::InvalidData);
    if reader.byte().ok_or_else(damaged)? == 0 {
        return Ok(None);
    }
    let path =
        |reader: &mut FlatReader<'_>| Some(PathBuf::from(OsStr::from_bytes(reader.bytes()?)));
    let list = |reader: &mut FlatReader<'_>| -> Option<Vec<PathBuf>> {
        (0..reader.number()?).map(|_| path(reader)).collect()
    };
    let mut all = || {
        Some((
            path(&mut reader)?,
            Fence {
                read: list(&mut reader)?,
                write: list(&mut reader)?,
            },
        ))
    };
    all().map(Some).ok_or_else(damaged)
}

/// Says that the stub is ready, and hands over the listener.
pub(in super::super) fn send_ready(
    line: &UnixStream,
    ready: Ready,
    listener: Option<&OwnedFd>,
) -> io::Result<()> {
    let fence = match ready.fence {
        None => 0,
        Some(true) => 1,
        Some(false) => 2,
    };
    let [a, b, c, d] = ready.error.to_le_bytes();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut handed = SendAncillaryBuffer::new(&mut space);
    let descriptors = listener.map(|listener| [listener.as_fd()]);
    if let Some(descriptors) = &descriptors {
        handed.push(SendAncillaryMessage::ScmRights(descriptors));
    }
    rustix::net::sendmsg(
        line,
        &[IoSlice::new(&[fence, a, b, c, d])],
        &mut handed,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}

/// Waits until the stub is ready. `None` when it died before.
pub(in super::super) fn receive_ready(
    line: &UnixStream,
) -> io::Result<Option<(Ready, Option<OwnedFd>)>> {
    let mut bytes = [0; 5];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut handed = RecvAncillaryBuffer::new(&mut space);
    let received = rustix::io::retry_on_intr(|| {
        rustix::net::recvmsg(
            line,
            &mut [IoSliceMut::new(&mut bytes)],
            &mut handed,
            RecvFlags::CMSG_CLOEXEC,
        )
    })?;
    if received.bytes < bytes.len() {
        return Ok(None);
    }
    let mut listener = None;
    for message in handed.drain() {
        if let RecvAncillaryMessage::ScmRights(mut descriptors) = message {
            listener = descriptors.next();
        }
    }
    let ready = Ready {
        fence: match bytes[0] {
            0 => None,
            state => Some(state == 1),
        },
        error: i32::from_le_bytes([bytes[1], bytes[2], bytes[3], bytes[4]]),
    };
    Ok(Some((ready, listener)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn an_order_arrives_as_it_was_sent() {
        let fence = Fence {
            read: vec![
                PathBuf::from("/p/a"),
                PathBuf::from(OsStr::from_bytes(b"/p/\xff")),
            ],
            write: vec![PathBuf::from("/tmp")],
        };
        let (mut here, mut there) = UnixStream::pair().unwrap();
        here.write_all(&order(Path::new("/p"), Some(&fence)))
            .unwrap();
        let arrived = read_order(&mut there).unwrap();
        assert_eq!(arrived, Some((PathBuf::from("/p"), fence)));
        here.write_all(&order(Path::new("/p"), None)).unwrap();
        assert_eq!(read_order(&mut there).unwrap(), None);
        drop(here);
        assert!(read_order(&mut there).is_err());
    }

    #[test]
    fn a_descriptor_is_handed_over_and_a_death_is_noticed() {
        let (here, there) = UnixStream::pair().unwrap();
        let ready = Ready {
            fence: Some(false),
            error: 0,
        };
        let file: OwnedFd = std::fs::File::open("/dev/null").unwrap().into();
        send_ready(&there, ready, Some(&file)).unwrap();
        let (said, listener) = receive_ready(&here).unwrap().unwrap();
        assert_eq!(said, ready);
        assert!(listener.is_some());
        let busy = Ready {
            fence: None,
            error: libc::EBUSY,
        };
        send_ready(&there, busy, None).unwrap();
        let (said, listener) = receive_ready(&here).unwrap().unwrap();
        assert!(said == busy && listener.is_none());
        drop(there);
        assert!(receive_ready(&here).unwrap().is_none());
    }
}
