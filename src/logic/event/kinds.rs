//! The kinds of notices and failures in words that programs read.
//!
//! Does not know the sentences that people get.

use super::{FailureCause, Fate, Notice};
use crate::base::record::Ending;

impl FailureCause {
    /// A word for what kind of failure it is; programs read it, so it never changes.
    pub fn kind(&self) -> &'static str {
        match self {
            FailureCause::Ending(Ending::Exit(_)) => "exit",
            FailureCause::Ending(Ending::Signal(_)) => "signal",
            FailureCause::Ending(Ending::TimedOut) => "timeout",
            FailureCause::KilledForMemory { .. } => "memory",
            FailureCause::Ending(Ending::NotStarted) | FailureCause::NotStarted { .. } => {
                "not-started"
            }
            FailureCause::BadOutputs(_) => "outputs",
            FailureCause::Undeclared | FailureCause::Ending(Ending::Undeclared) => "undeclared",
            FailureCause::NotCached(_) => "not-cached",
            FailureCause::Trouble(_) => "trouble",
        }
    }

    /// How the command ended, where it did.
    pub fn ending(&self) -> Option<Ending> {
        match self {
            FailureCause::Ending(ending) | FailureCause::KilledForMemory { ending, .. } => {
                Some(*ending)
            }
            FailureCause::BadOutputs(_) | FailureCause::Undeclared => Some(Ending::Exit(0)),
            FailureCause::NotStarted { .. }
            | FailureCause::Trouble(_)
            | FailureCause::NotCached(_) => None,
        }
    }
}

impl Notice {
    /// A word for what kind of notice it is; programs read it, so it never changes.
    pub fn kind(&self) -> &'static str {
        match self {
            Notice::Replaced { .. } => "replaced",
            Notice::InputMoved { .. } => "input-moved",
            Notice::Retrying { .. } => "retrying",
            Notice::Changed { node: None, .. } => "changed",
            Notice::Changed { .. } => "restarting",
            Notice::Clamped { .. } => "clamped",
            Notice::LeftProcesses { .. } => "left-processes",
            Notice::LeftAtTheEnd { .. } => "left-at-the-end",
            Notice::NotKept { .. } => "not-kept",
            Notice::BadCacheEntry { .. } => "bad-cache-entry",
            Notice::OrphansEnded { .. } => "orphans-ended",
            Notice::Leftover { fate, .. } => match fate {
                Fate::LeftOut => "leftover",
                Fate::Yours | Fate::Stays => "leftover-kept",
                Fate::Removed => "leftover-removed",
            },
            Notice::CachePruned(_) => "cache-pruned",
            Notice::ChangedSince { .. } => "changed-since",
            Notice::Waiting { .. } => "waiting",
            Notice::Traced(_) => "traced",
            Notice::Trouble(_) => "trouble",
        }
    }

    /// The node that it is about.
    pub fn node(&self) -> Option<&str> {
        match self {
            Notice::Replaced { node, .. }
            | Notice::InputMoved { node, .. }
            | Notice::Retrying { node, .. }
            | Notice::Clamped { node, .. }
            | Notice::LeftProcesses { node }
            | Notice::NotKept { node, .. }
            | Notice::BadCacheEntry { node, .. } => Some(node),
            Notice::Traced(traced) => Some(&traced.node),
            Notice::Changed { node, .. } => node.as_deref(),
            Notice::OrphansEnded { .. }
            | Notice::LeftAtTheEnd { .. }
            | Notice::Leftover { .. }
            | Notice::CachePruned(_)
            | Notice::ChangedSince { .. }
            | Notice::Waiting { .. }
            | Notice::Trouble(_) => None,
        }
    }

    /// Whether it is no more than news; all others warn.
    pub fn is_news(&self) -> bool {
        matches!(
            self,
            Notice::Waiting { .. }
                | Notice::Changed { .. }
                | Notice::OrphansEnded { .. }
                | Notice::CachePruned(_)
                | Notice::ChangedSince { .. }
                | Notice::Clamped { .. }
        ) || matches!(self, Notice::Leftover { fate, .. } if *fate != Fate::LeftOut)
            || matches!(self, Notice::Traced(traced) if !traced.warns())
    }
}
