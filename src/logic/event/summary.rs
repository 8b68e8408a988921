//! A build in numbers.
//!
//! Does not know who shows them.

use std::time::Duration;

/// A build in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Outputs stood, or need not stand.
    pub fresh: usize,
    /// Those of them whose outputs do not stand.
    pub away: usize,
    /// Came back from the cache.
    pub restored: usize,
    /// Ran.
    pub ran: usize,
    /// Failed.
    pub failed: usize,
    /// Of those, nodes that would have had to run where nothing was to run.
    pub not_cached: usize,
    /// Below a failure.
    pub blocked: usize,
    /// Not reached.
    pub stopped: usize,
    /// From the start of the build to its end.
    pub took: Duration,
    /// Commands' time that restoring saved, in milliseconds.
    pub saved_ms: u64,
    /// Results that could not be kept in the cache.
    pub not_kept: usize,
    /// Nodes that were seen to touch what they do not declare.
    pub undeclared: usize,
    /// Ended by the user.
    pub interrupted: bool,
}

impl Summary {
    /// This round of a build together with those before it: what came of their nodes is fresh in this one, and what failed or
    /// was blocked takes no part.
    pub fn after(self, before: &Summary) -> Summary {
        Summary {
            fresh: self.fresh.saturating_sub(before.restored + before.ran),
            restored: self.restored + before.restored,
            ran: self.ran + before.ran,
            failed: self.failed + before.failed,
            blocked: self.blocked + before.blocked,
            saved_ms: self.saved_ms + before.saved_ms,
            not_kept: self.not_kept + before.not_kept,
            undeclared: self.undeclared + before.undeclared,
            ..self
        }
    }
}
