//! What a build is going to do, as one event tells it to those who ask.
//!
//! Does not know what becomes of it.

use crate::logic::manifest::Exclusive;
use std::time::Duration;

/// What a build is going to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The build's number in this checkout.
    pub build: u32,
    /// When it began, milliseconds since 1970 UTC.
    pub started_ms: u64,
    /// After a failure, it goes on with what is not below it.
    pub keep_going: bool,
    /// How much there is of each resource: bytes, or a plain number.
    pub resources: Vec<(String, u64)>,
    /// The nodes that are not fresh, each behind what it needs.
    pub nodes: Vec<PlannedNode>,
}

/// A node that a build has to deal with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedNode {
    /// Its name.
    pub node: String,
    /// What it needs and what is not fresh either.
    pub needs: Vec<String>,
    /// What it only comes after, the same.
    pub after: Vec<String>,
    /// How long its last good run took.
    pub expected: Option<Duration>,
    /// What it takes while it runs.
    pub takes: Takes,
}

/// What a command takes while it runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Takes {
    /// Slots; all of them when it is alone.
    pub slots: u32,
    /// What does not run beside it.
    pub exclusive: Option<Exclusive>,
    /// How much of each resource: bytes, or a plain number.
    pub resources: Vec<(String, u64)>,
}
