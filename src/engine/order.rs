//! What a build is asked for.
//!
//! Does not know who asks.

use super::away::Restore;
use super::room::CacheMax;
use super::shared::Tracing;
use crate::base::path::ProjectPath;
use crate::logic::event::Hearing;
use crate::logic::graph::Graph;

/// What a build is asked for.
#[derive(Debug, Clone, Default)]
pub struct BuildOrder {
    /// As typed; empty for all.
    pub targets: Vec<String>,
    /// The named targets run even when they are fresh.
    pub force: bool,
    /// Slots; `None` for the manifest's number.
    pub jobs: Option<u32>,
    /// The machine's number of processors, for when nobody names a number.
    pub processors: u32,
    /// Go on after a failure.
    pub keep_going: bool,
    /// What is told of what commands print.
    pub hearing: Hearing,
    /// Tell the plan.
    pub plan: bool,
    /// How large the cache may become.
    pub cache_max: CacheMax,
    /// Which outputs have to stand at its end.
    pub restore: Restore,
    /// Which commands are watched, beside those that have to be.
    pub tracing: Tracing,
    /// Run nothing; what is not in the cache has failed, and the rest goes on.
    pub cache_only: bool,
    /// Only what was changed since this revision of git reaches, of what the targets need.
    pub changed_since: Option<String>,
    /// When another process works in the project, end with [`SessionError::Busy`] instead of waiting for it.
    pub no_wait: bool,
    /// What alone may have changed since the last build, if somebody has watched.
    pub changed: Option<Changed>,
}

/// Sources that may have changed since a build of a graph.
#[derive(Debug, Clone)]
pub struct Changed {
    /// The graph.
    pub graph: Graph,
    /// Them.
    pub sources: Vec<ProjectPath>,
}
