//! The history in a ledger: runs of nodes, builds, and how much of them a compaction keeps.
//!
//! Does not know what history is used for.

use super::super::entry::{BUILD_END, BUILD_START, RUN};
use super::super::{format, frames};
use super::found::{Found, reader};
use super::quick::Table;
use super::{Ledger, Place};
use crate::base::flat::FlatReader;
use crate::base::record::{BuildRecord, RunRecord};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// Runs of one node that a compaction keeps.
const RUNS_OF_A_NODE: usize = 20;
/// Runs of all nodes that it keeps. Where there are more nodes, each gets its share of them,
const RUNS_IN_ALL: usize = 20_000;
/// but no fewer than these.
const RUNS_AT_LEAST: usize = 3;
/// Builds that it keeps.
const BUILDS: usize = 1000;

impl Ledger {
    /// The remembered runs of a node, oldest first.
    pub fn runs(&self, name: &str) -> Vec<RunRecord> {
        self.runs_of(name).collect()
    }

    /// The last remembered run of a node.
    pub fn last_run(&self, name: &str) -> Option<RunRecord> {
        self.runs_of(name).next_back()
    }

    fn runs_of(&self, name: &str) -> impl DoubleEndedIterator<Item = RunRecord> {
        let (bytes, places) = self.all(Table::Runs, xxh3_64(name.as_bytes()));
        let runs = places.into_iter().filter_map(|place| run(bytes, place));
        runs.filter(move |run| run.node == name)
    }

    /// The remembered runs of a build, in the order in which they ended.
    pub fn runs_in(&self, build: u32) -> Vec<RunRecord> {
        let places = self.found.runs.places().iter();
        let runs = places.filter_map(|&place| run(&self.found.bytes, place));
        runs.filter(|run| run.build == build).collect()
    }

    /// The remembered builds that had something to do, oldest first.
    pub fn builds(&self) -> Vec<BuildRecord> {
        let mut builds: BTreeMap<u32, BuildRecord> = BTreeMap::new();
        for (kind, range) in &self.found.builds {
            let mut from = FlatReader(&self.found.bytes[range.clone()]);
            let Some(build) = from.number() else { continue };
            if *kind == BUILD_START {
                let Some(started_ms) = from.long() else {
                    continue;
                };
                let end = None;
                let record = BuildRecord {
                    build,
                    started_ms,
                    end,
                };
                builds.insert(build, record);
            } else if let (Some(record), Some(end)) =
                (builds.get_mut(&build), format::take_build_end(&mut from))
            {
                record.end = Some(end);
            }
        }
        builds.into_values().collect()
    }
}

impl Found {
    /// Adds the frames of what a compaction keeps, and that no build is under way.
    pub(super) fn push_history(&self, out: &mut Vec<u8>) {
        let share = RUNS_IN_ALL / self.runs.groups().count().max(1);
        let share = share.clamp(RUNS_AT_LEAST, RUNS_OF_A_NODE);
        let mut runs: Vec<Place> = self
            .runs
            .groups()
            .flat_map(|group| group.rev().take(share))
            .collect();
        runs.sort_unstable();
        for place in runs {
            frames::push(out, 0, RUN, reader(&self.bytes, place).0);
        }
        // A build that was killed has a start and no end, so there may be fewer than twice as many frames.
        for (kind, range) in &self.builds[self.builds.len().saturating_sub(2 * BUILDS)..] {
            frames::push(out, 0, *kind, &self.bytes[range.clone()]);
        }
        frames::push(out, 0, BUILD_END, &self.last_build.to_le_bytes());
    }
}

fn run(bytes: &[u8], place: Place) -> Option<RunRecord> {
    format::take_run(&mut reader(bytes, place))
}

#[cfg(test)]
mod tests;
