//! Where commands cannot be watched: the same names, which do nothing and say so.
//!
//! Does not know why; see the head of the module.

use super::{Fenced, Recording, Watch};
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::Command;

const WHY: &str = "commands can be watched on Linux only, on x86_64 and aarch64";

/// Nothing becomes a command here.
pub fn become_command(_arguments: &[OsString]) -> u8 {
    126
}

/// The line to a stub, of which there is none.
#[derive(Debug)]
pub(in super::super) struct Line;

impl Line {
    /// The command itself.
    pub(in super::super) fn to_stub(
        program: &Path,
        name: &str,
        _watch: &Watch,
    ) -> io::Result<(Command, Line)> {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(program);
        command.arg0(name).stdin(std::process::Stdio::null());
        Ok((command, Line))
    }
}

/// Records nothing.
#[derive(Debug)]
pub(in super::super) struct Recorder {
    fence: Fenced,
}

impl Recorder {
    /// Nothing starts.
    pub(in super::super) fn begin(_line: Line, watch: &Watch) -> Recorder {
        let fence = match &watch.fence {
            Some(_) => Fenced::Missing(WHY.to_owned()),
            None => Fenced::NotAsked,
        };
        Recorder { fence }
    }

    /// Says that nothing was seen.
    pub(in super::super) fn finish(self) -> (Recording, Option<io::Error>) {
        let recording = Recording {
            not_watched: Some(WHY.to_owned()),
            fence: self.fence,
            ..Recording::default()
        };
        (recording, None)
    }
}
