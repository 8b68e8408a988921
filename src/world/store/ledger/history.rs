//! The history in a ledger: runs of nodes, builds, and how much of them a compaction keeps.
//!
//! Does not know what history is used for.

use super::super::entry::{BUILD_END, BUILD_START, RUN};
use super::super::{format, frames};
use super::{Found, Ledger};
use crate::base::flat::FlatReader;
use crate::base::record::{BuildRecord, RunRecord};
use std::collections::{BTreeMap, HashMap};

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
        let places = self.found.runs_by_node().get(name);
        let places = places.map_or(&[][..], Vec::as_slice);
        places
            .iter()
            .filter_map(|&place| self.found.run(place))
            .collect()
    }

    /// The remembered runs of a build, in the order in which they ended.
    pub fn runs_in(&self, build: u32) -> Vec<RunRecord> {
        let found = &self.found;
        let runs = (0..found.runs.len()).filter_map(|place| found.run(place));
        runs.filter(|run| run.build == build).collect()
    }

    /// The last remembered run of a node.
    pub fn last_run(&self, name: &str) -> Option<RunRecord> {
        self.found
            .run(*self.found.runs_by_node().get(name)?.last()?)
    }

    /// The remembered runs of a build, in the order in which they ended.
    pub fn runs_of_build(&self, build: u32) -> Vec<RunRecord> {
        let all = (0..self.found.runs.len()).filter_map(|place| self.found.run(place));
        all.filter(|run| run.build == build).collect()
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
    fn run(&self, place: usize) -> Option<RunRecord> {
        format::take_run(&mut FlatReader(&self.bytes[self.runs[place].clone()]))
    }

    fn runs_by_node(&self) -> &HashMap<String, Vec<usize>> {
        self.runs_of.get_or_init(|| {
            let mut by_node: HashMap<String, Vec<usize>> = HashMap::new();
            for (place, range) in self.runs.iter().enumerate() {
                if let Some(name) = FlatReader(&self.bytes[range.clone()]).text() {
                    by_node.entry(name.to_owned()).or_default().push(place);
                }
            }
            by_node
        })
    }

    /// Adds the frames of what a compaction keeps, and that no build is under way.
    pub(super) fn push_history(&self, out: &mut Vec<u8>) {
        let by_node = self.runs_by_node();
        let share = (RUNS_IN_ALL / by_node.len().max(1)).clamp(RUNS_AT_LEAST, RUNS_OF_A_NODE);
        let kept = |places: &Vec<usize>| places[places.len().saturating_sub(share)..].to_vec();
        let mut runs: Vec<usize> = by_node.values().flat_map(kept).collect();
        runs.sort_unstable();
        for place in runs {
            frames::push(out, 0, RUN, &self.bytes[self.runs[place].clone()]);
        }
        // A build that was killed has a start and no end, so there may be fewer than twice as many frames.
        for (kind, range) in &self.builds[self.builds.len().saturating_sub(2 * BUILDS)..] {
            frames::push(out, 0, *kind, &self.bytes[range.clone()]);
        }
        frames::push(out, 0, BUILD_END, &self.last_build.to_le_bytes());
    }
}

#[cfg(test)]
mod tests;
