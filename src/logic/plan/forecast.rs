//! What can be said of a node before anything runs.
//!
//! Values only; `engine/survey` makes them. A forecast never guesses: below a stale node it says "may run".

use super::reason::Reason;
use crate::logic::graph::NodeId;
use std::collections::HashSet;

/// Fresh nodes whose outputs do not stand, and need not: nothing that has to run reads them.
pub type Away = HashSet<NodeId>;

/// What can be said of a node before anything runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Forecast {
    /// Its outputs stand and belong to its key.
    Fresh,
    /// Its outputs will come back from the cache.
    Restorable(Vec<Reason>),
    /// Its command has to run.
    Stale(Vec<Reason>),
    /// It may have to run: this node, which it needs, has to first.
    MayRun(NodeId),
    /// A source that it reads does not stand.
    SourceMissing,
}

/// How long a build is expected to take, by past runs: the longest way to its end, or all work spread over the slots,
/// whichever is more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// When nothing that only may run does, in milliseconds.
    pub least_ms: u64,
    /// When all of it does, in milliseconds.
    pub most_ms: u64,
    /// For how many nodes the time is a guess, since they never ran.
    pub guessed: usize,
    /// With so many slots.
    pub jobs: u32,
}

/// Where and when the result was made that belongs to a node's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MadeIn {
    /// The number of the build.
    pub build: u32,
    /// When that build began, milliseconds since 1970 UTC.
    pub started_ms: u64,
    /// It was in this checkout.
    pub here: bool,
}

/// Something that a node reads and that is not there, or cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Who reads it.
    pub node: NodeId,
    /// A path or a pattern.
    pub what: String,
    /// What is wrong with it.
    pub fault: MissingFault,
}

/// What is wrong with a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MissingFault {
    /// Nothing stands there.
    NotThere,
    /// The pattern matches nothing.
    NoMatch,
    /// A FIFO, socket or device, or a directory that holds one.
    Special,
    /// Declared with a trailing `/`, but it is a file.
    NotADirectory,
    /// It stands, but the system does not let us read it.
    Unreadable(String),
}
