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
