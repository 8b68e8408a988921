//! A build in numbers.
//!
//! Does not know who shows them.

use std::time::Duration;

/// A build in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Outputs stood.
    pub fresh: usize,
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
