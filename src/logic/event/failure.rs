//! How a node failed.
//!
//! Does not know what the sentences are.

use crate::base::path::ProjectPath;
use crate::base::record::{Ending, Usage};
use crate::logic::plan::Reason;
use std::time::Duration;

/// Why a node failed, and what it printed.
#[derive(Debug, Clone)]
pub struct Failure {
    /// What went wrong.
    pub cause: FailureCause,
    /// How long the command took.
    pub took: Duration,
    /// What it took of the machine.
    pub usage: Usage,
    /// The last part of what it printed, raw bytes; empty when it printed nothing.
    pub output: Vec<u8>,
    /// Whether `output` leaves something out at its start.
    pub output_cut: bool,
    /// The command as a person would type it.
    pub command: String,
    /// Variables that the output names and that the command did not get to see.
    pub withheld: Vec<String>,
}

impl Failure {
    /// Something went wrong before the command could print anything.
    pub fn before_start(cause: FailureCause, command: &str) -> Self {
        Failure {
            cause,
            took: Duration::ZERO,
            usage: Usage::default(),
            output: Vec::new(),
            output_cut: false,
            command: command.to_owned(),
            withheld: Vec::new(),
        }
    }
}

/// What went wrong with a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FailureCause {
    /// The command ended in another way than exit code 0.
    Ending(Ending),
    /// It ended as for a lack of memory: killed by a signal that `pipe` did not send, or saying so of what it ran, or badly
    /// in another way while the kernel killed for want of memory.
    KilledForMemory {
        /// How it ended.
        ending: Ending,
        /// What it was seen to hold, in bytes.
        peak: Option<u64>,
        /// How many processes the kernel says it killed for want of memory while this one ran, any on the machine;
        /// `None` where it does not say.
        kernel_kills: Option<u64>,
    },
    /// The command could not be started: which program, and what the system said.
    NotStarted {
        /// The program that was asked for, or the folder it should start in.
        program: String,
        /// The whole sentence: what could not be done, and what the system said.
        error: String,
    },
    /// Exit code 0, but these declared outputs do not stand, or are not what was declared.
    BadOutputs(Vec<BadOutput>),
    /// Exit code 0, but the node is strict, and was seen to touch what it does not declare; a notice says what.
    Undeclared,
    /// It is not in the cache, and nothing was to run: why it would have had to.
    NotCached(Vec<Reason>),
    /// Something around the command went wrong: a folder that could not be made, an output that could not be read.
    Trouble(String),
}

impl FailureCause {
    /// What a command's ending means; `None` for a good one. `peak` is what it was seen to hold, in bytes,
    /// `kernel_kills` how many processes the kernel killed meanwhile for want of memory.
    pub fn of_ending(ending: Ending, peak: Option<u64>, kernel_kills: Option<u64>) -> Option<Self> {
        /// Of these two nobody but the kernel, a guard of memory or an administrator sends the first; shells answer
        /// with the second for a program that it ended.
        const KILLED: [Ending; 2] = [Ending::Signal(9), Ending::Exit(128 + 9)];
        if ending.is_success() {
            return None;
        }
        Some(if KILLED.contains(&ending) || kernel_kills > Some(0) {
            FailureCause::KilledForMemory {
                ending,
                peak,
                kernel_kills,
            }
        } else {
            FailureCause::Ending(ending)
        })
    }
}

/// A declared output that is not there as declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadOutput {
    /// Which.
    pub path: ProjectPath,
    /// What is wrong with it.
    pub fault: OutputFault,
}

/// What is wrong with an output after its command ended well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutputFault {
    /// Nothing stands there.
    NotWritten,
    /// Declared with a trailing `/`, but it is a file.
    NotADirectory,
    /// Declared as a file, but it is a directory.
    IsADirectory,
    /// A FIFO, a socket or a device, or a directory that holds one.
    Special,
    /// A link in an output directory leads out of that directory to somewhere in the project.
    LinkLeaves(String),
}
