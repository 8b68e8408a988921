//! Why a node is stale, typed, with old and new values.
//!
//! Does not know how a reason is put into words; `report/words` does.

use crate::base::content::Content;
use crate::base::path::ProjectPath;

/// One reason for which a node has to run (or be restored).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// This checkout has no record of the node, and the cache has no result for its key.
    NeverRan,
    /// There is no result of it, and the last time its command ran here, it failed.
    LastRunFailed,
    /// The last time its command ran here, it read or wrote files that the node does not declare.
    LastRunUndeclared,
    /// A probe of it failed: what it said.
    ProbeFailed(String),
    /// `-f` asked for it.
    Forced,
    /// The manifest says `always`.
    Always,
    /// A part of the declaration changed: `None` where it is new or gone.
    Declaration {
        /// Which part: `command`, `env NAME`, `output PATH` …
        part: String,
        /// The value when the node was last up to date.
        old: Option<String>,
        /// The value now.
        new: Option<String>,
    },
    /// An input's content changed.
    Input {
        /// Which.
        path: ProjectPath,
        /// When the node was last up to date.
        old: Content,
        /// Now.
        new: Content,
    },
    /// An input is declared now that was not.
    InputAdded(ProjectPath),
    /// An input is no longer declared, or no longer matched by a glob.
    InputRemoved(ProjectPath),
    /// The same inputs, given in another order.
    InputOrder,
    /// An output does not stand.
    OutputMissing(ProjectPath),
    /// An output stands, but not as the run left it.
    OutputChanged {
        /// Which.
        path: ProjectPath,
        /// As the run left it.
        old: Content,
        /// As it stands.
        new: Content,
    },
}

impl Reason {
    /// A word for what kind of reason it is; programs read it, so it never changes.
    pub fn kind(&self) -> &'static str {
        match self {
            Reason::NeverRan => "never-ran",
            Reason::LastRunFailed => "last-run-failed",
            Reason::LastRunUndeclared => "last-run-undeclared",
            Reason::ProbeFailed(_) => "probe-failed",
            Reason::Forced => "forced",
            Reason::Always => "always",
            Reason::Declaration { .. } => "declaration-changed",
            Reason::Input { .. } => "input-changed",
            Reason::InputAdded(_) => "input-added",
            Reason::InputRemoved(_) => "input-removed",
            Reason::InputOrder => "input-order",
            Reason::OutputMissing(_) => "output-missing",
            Reason::OutputChanged { .. } => "output-changed",
        }
    }

    /// The path, or the part of the declaration, that it is about.
    pub fn subject(&self) -> Option<String> {
        match self {
            Reason::Declaration { part, .. } => Some(part.clone()),
            Reason::Input { path, .. }
            | Reason::InputAdded(path)
            | Reason::InputRemoved(path)
            | Reason::OutputMissing(path)
            | Reason::OutputChanged { path, .. } => Some(path.to_string()),
            Reason::NeverRan
            | Reason::LastRunFailed
            | Reason::LastRunUndeclared
            | Reason::ProbeFailed(_)
            | Reason::Forced
            | Reason::Always
            | Reason::InputOrder => None,
        }
    }
}
