//! What can be read out of a build's story: lanes, the path that made it as long as it was, what would shorten it,
//! what differs between two.
//!
//! Values only. Does not know where stories are kept nor how they are told.

pub mod compare;
mod gather;
pub mod lanes;
pub mod path;
mod shape;
pub mod whatif;

#[cfg(test)]
mod samples;

pub use gather::Gatherer;

use crate::base::story::{Fate, Story};

/// A build's commands in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Slots times milliseconds that commands had them.
    pub held_ms: u64,
    /// Slots times milliseconds that there were.
    pub offered_ms: u64,
    /// Milliseconds in which a node was alone.
    pub alone_ms: u64,
    /// Commands' time that restored results saved, in milliseconds.
    pub restored_ms: u64,
    /// The most memory that was seen in use at once, in bytes, or that one command is known to have held, if that is
    /// more; 0 where nobody looked.
    pub peak: u64,
}

impl Totals {
    /// Adds up.
    pub fn of(story: &Story) -> Totals {
        let jobs = u64::from(story.jobs.max(1));
        let mut totals = Totals {
            offered_ms: jobs * story.took_ms,
            peak: story
                .memory
                .iter()
                .map(|(_, bytes)| *bytes)
                .max()
                .unwrap_or(0),
            ..Totals::default()
        };
        for node in &story.nodes {
            let ran = node.ran_ms();
            let slots = u64::from(node.takes.slots.max(1)).min(jobs);
            let peak = node.usage.peak.map_or(0, |peak| peak.bytes);
            totals.peak = totals.peak.max(peak);
            totals.held_ms += ran * if node.takes.alone { jobs } else { slots };
            if node.takes.alone {
                totals.alone_ms += ran;
            }
            if node.fate == Fate::Restored {
                totals.restored_ms += node.saved_ms;
            }
        }
        totals
    }
}
