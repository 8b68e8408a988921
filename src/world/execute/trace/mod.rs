//! Sees which files of the project a command opens, makes, moves and removes, and, where that is asked for, denies it
//! all but those that it declares.
//!
//! A command that is watched is started by way of a [`stub`]: this program once more, which puts a seccomp filter on
//! itself and becomes the command. The filter lets every call through but those that name a file; these wait until the
//! [`recorder`] here has taken note of the name. It watches every process that the command starts, also those that
//! leave its group, and static programs. It needs no privileges. It is for honest programs: a thread can change a
//! name between the look and the call. What denies is Landlock, in the kernel; see [`fence`].
//!
//! Not seen: what is done through other processes (databases, container engines), questions about files that are not
//! opened (`stat`, `access`), and the files of a command that changes its root. Linux on x86_64 and aarch64 only.
//! Does not know what a command declares.

use std::path::PathBuf;

mod scratch;
pub use scratch::{Scratch, make_folder};

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod linux {
    pub(super) mod calls;
    pub(super) mod fence;
    pub(super) mod filter;
    pub(super) mod handshake;
    pub(super) mod places;
    pub(super) mod recorder;
    pub(super) mod seen;
    pub(super) mod stub;
    pub(super) mod sys;
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod here {
    pub use super::linux::stub::become_command;
    pub(in super::super) use super::linux::{recorder::Recorder, stub::Line};
}

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
mod elsewhere;
#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
use elsewhere as here;

pub use here::become_command;
pub(super) use here::{Line, Recorder};

/// The first argument that makes this program a stub. No word that a person would type.
pub const STUB: &str = "__run";

/// What is to be watched.
#[derive(Debug, Clone)]
pub struct Watch {
    /// The project's root: absolute, without links. What lies elsewhere is not recorded.
    pub root: PathBuf,
    /// What the command may touch in it; `None` for all.
    pub fence: Option<Fence>,
}

/// What a command may touch, where the rest of the project is denied. What lies outside the project it may read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fence {
    /// Files and folders that it may read and execute; those that are not there are passed over.
    pub read: Vec<PathBuf>,
    /// Folders in which it may do anything, and files that it may write; inside the project and outside.
    pub write: Vec<PathBuf>,
}

/// What was seen of a command.
#[derive(Debug, Default)]
pub struct Recording {
    /// Files and folders of the project that it touched, sorted by path.
    pub touches: Vec<Touch>,
    /// Why nothing was seen, for a person; `None` when the command was watched.
    pub not_watched: Option<String>,
    /// Why not all was seen, for a person.
    pub gaps: Vec<String>,
    /// Whether the fence stood.
    pub fence: Fenced,
}

/// What became of a fence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Fenced {
    /// None was asked for.
    #[default]
    NotAsked,
    /// It stood before the command began.
    Stood,
    /// It could not be put up: why, for a person.
    Missing(String),
}

/// A file or folder of the project that a command touched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touch {
    /// Relative to the project's root.
    pub path: PathBuf,
    /// Whether something stood there when it was first touched.
    pub stood: bool,
    /// Bytes of it were read that this command did not put there, or it was executed.
    pub read: bool,
    /// It was made, opened for writing, or replaced.
    pub written: bool,
    /// It was removed or moved away.
    pub removed: bool,
    /// It was asked for while nothing stood there.
    pub missed: bool,
}
