//! What this checkout remembers of past builds and runs, and of nodes that are gone as well.
//!
//! Reads the ledger, stories and logs alone: history can be looked at while the manifest is broken.

use super::project::Place;
use crate::base::record::{BuildRecord, NodeRecord, Origin, RunOutcome, RunRecord};
use crate::base::story::{Fate, NodeStory, Shares, Story, TryStory};
use crate::world::store::cache::LocalCache;
use crate::world::store::ledger::Ledger;
use crate::world::store::{state, stories};
use std::path::PathBuf;

/// See the module.
pub struct History {
    ledger: Ledger,
    state: PathBuf,
    cache: LocalCache,
}

impl History {
    /// Reads what is there; waits for nobody.
    pub fn open(place: &Place) -> History {
        History {
            ledger: Ledger::open(&place.state).0,
            state: place.state.clone(),
            cache: LocalCache::new(&place.cache, &place.state.join("tmp")),
        }
    }

    /// Builds that had something to do, oldest first.
    pub fn builds(&self) -> Vec<BuildRecord> {
        self.ledger.builds()
    }

    /// A node's runs, oldest first.
    pub fn runs(&self, node: &str) -> Vec<RunRecord> {
        self.ledger.runs(node)
    }

    /// The stories that are kept, by number of the build, oldest first.
    pub fn told(&self) -> Vec<u32> {
        stories::builds(&self.state)
    }

    /// The story of a build; `None` where none is kept or it is damaged.
    pub fn story(&self, build: u32) -> Option<Story> {
        stories::read(&self.state, build)
    }

    /// What the ledger knows of a build without a story, one that was killed perhaps: its runs, and nothing of what
    /// needs what.
    pub fn pieced_together(&self, record: &BuildRecord) -> Story {
        let runs = self.ledger.runs_in(record.build);
        let at = |run: &RunRecord| run.started_ms.saturating_sub(record.started_ms);
        let last = runs.iter().map(|run| at(run) + run.duration_ms).max();
        let end = record.end.as_ref();
        Story {
            build: record.build,
            started_ms: record.started_ms,
            took_ms: end.map_or(last.unwrap_or(0), |end| end.took_ms),
            jobs: end.map_or(0, |end| end.jobs),
            interrupted: end.is_none_or(|end| end.interrupted),
            fresh: end.map_or(0, |end| end.fresh),
            nodes: runs.iter().map(|run| node(run, at(run))).collect(),
            ..Story::default()
        }
    }

    /// The last `most` bytes of what a node printed in a build, or where it was restored in the run that its result is
    /// of; and whether something is left out before them. `None` where nothing is kept.
    pub fn log_end(&self, build: u32, node: &NodeStory, most: u64) -> Option<(Vec<u8>, bool)> {
        if node.fate != Fate::Restored {
            let path = state::log_path(&self.state, &node.name, build);
            let bytes = state::read_log_end(&path, most + 1).ok()?;
            return Some(end_of(&bytes, most));
        }
        let is_of =
            |record: &NodeRecord| record.build == build && record.origin == Origin::Restored;
        let record = self.ledger.node(&node.name).filter(is_of)?;
        let log = self.cache.blob(&record.result.log?).ok()??;
        Some(end_of(&log, most))
    }
}

fn end_of(bytes: &[u8], most: u64) -> (Vec<u8>, bool) {
    let left_out = bytes.len().saturating_sub(most as usize);
    (bytes[left_out..].to_vec(), left_out > 0)
}

fn node(run: &RunRecord, started_ms: u64) -> NodeStory {
    let ended_ms = started_ms + run.duration_ms;
    NodeStory {
        name: run.node.clone(),
        takes: Shares {
            slots: 1,
            ..Shares::default()
        },
        fate: match run.outcome {
            RunOutcome::Ran => Fate::Ran,
            RunOutcome::Failed => Fate::Failed,
            RunOutcome::Stopped => Fate::Stopped,
        },
        reasons: run.cause.iter().cloned().collect(),
        checked_ms: Some(started_ms),
        settled_ms: Some(ended_ms),
        tries: vec![TryStory {
            started_ms,
            ended_ms,
            took_ms: run.duration_ms,
        }],
        usage: run.usage,
        ..NodeStory::default()
    }
}
