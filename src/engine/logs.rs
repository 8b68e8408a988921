//! What commands printed: of past runs, of those that failed, and of one that runs now.
//!
//! Waits for no lock and writes nothing. Does not know how it is shown.

use super::session::{Session, SessionError};
use crate::base::record::{RunOutcome, RunRecord};
use crate::logic::graph::NodeId;
use crate::world::clock;
use crate::world::store::ledger::{self, Ledger};
use crate::world::store::{lock, state};
use crate::world::trouble::Trouble;
use std::time::Duration;

/// How often a log that is followed is looked at.
const EVERY: Duration = Duration::from_millis(100);
/// So much of it is read at once, in bytes.
const PORTION: u64 = 64 * 1024;

/// How a following came to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Followed {
    /// No build is under way, or it had nothing to do.
    NothingRuns,
    /// The build ended, or died, and its command had not run.
    DidNotRun {
        /// Its number.
        build: u32,
    },
    /// The command ended.
    Ended(Box<RunRecord>),
    /// The build ended or died while the command ran.
    Cut {
        /// Its number.
        build: u32,
    },
    /// Nobody listens any more.
    Left,
}

impl Session {
    /// What a node printed: in the run of build number `build`, or in its last run; where that was in another
    /// checkout, or its log is gone, what the restored result keeps of it. `None` when nothing is remembered.
    ///
    /// # Errors
    /// A log that is there cannot be read.
    pub fn log(&self, node: NodeId, build: Option<u32>) -> Result<Option<Vec<u8>>, Trouble> {
        let name = self.project.graph.name(node);
        let runs = self.tools.ledger.runs(name);
        if let Some(log) = self.unfinished_log(name, &runs).filter(|_| build.is_none()) {
            return Ok(Some(log));
        }
        let record = self.record(node);
        let newer_result = build.is_none()
            && record
                .as_ref()
                .is_some_and(|record| runs.last().is_none_or(|run| run.build < record.build));
        let run = match build {
            Some(build) => runs.iter().rev().find(|run| run.build == build),
            None => runs.last().filter(|_| !newer_result),
        };
        if let Some(run) = run {
            if !run.log {
                return Ok(Some(Vec::new()));
            }
            let path = state::log_path(&self.project.place.state, name, run.build);
            if let Some(log) = state::read_log(&path)? {
                return Ok(Some(log));
            }
        }
        match record
            .filter(|_| build.is_none())
            .map(|record| record.result.log)
        {
            Some(Some(log)) => self.tools.cache.blob(&log),
            Some(None) => Ok(Some(Vec::new())),
            None => Ok(None),
        }
    }

    /// What the command has printed so far in a build that goes on, or until it was killed.
    fn unfinished_log(&self, name: &str, runs: &[RunRecord]) -> Option<Vec<u8>> {
        let ledger = &self.tools.ledger;
        let build = Some(ledger.last_build()).filter(|_| ledger.unfinished())?;
        if runs.last().is_some_and(|run| run.build == build) {
            return None;
        }
        let log = state::log_path(&self.project.place.state, name, build);
        let printed = state::read_log(&log).ok().flatten()?;
        Some(printed).filter(|printed| !printed.is_empty())
    }

    /// The runs that failed in the last build, in all of its rounds, each node's last: what is to be looked at after it. With
    /// the number of that build; 0 when there was none.
    pub fn failed_last(&self) -> (u32, Vec<RunRecord>) {
        let build = self.tools.ledger.last_build();
        let builds = self.tools.ledger.builds();
        let began = builds.last().map(|last| last.started_ms);
        let rounds = builds
            .iter()
            .filter(|round| Some(round.started_ms) == began);
        let runs: Vec<RunRecord> = rounds
            .flat_map(|round| self.tools.ledger.runs_in(round.build))
            .collect();
        let is_last = |at: usize| runs[at + 1..].iter().all(|run| run.node != runs[at].node);
        let failed = |at: &usize| runs[*at].outcome == RunOutcome::Failed && is_last(*at);
        let failed = (0..runs.len()).filter(failed).map(|at| runs[at].clone());
        (build, failed.collect())
    }

    /// What the run printed; `None` when its log is gone.
    ///
    /// # Errors
    /// It is there and cannot be read.
    pub fn log_of(&self, run: &RunRecord) -> Result<Option<Vec<u8>>, Trouble> {
        if !run.log {
            return Ok(Some(Vec::new()));
        }
        let place = &self.project.place.state;
        state::read_log(&state::log_path(place, &run.node, run.build))
    }

    /// Tells what `node` prints in the build that is under way, from its first byte on, until its command has ended or
    /// the build is over, in whatever way. `tell` says whether somebody still listens.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn follow(
        &self,
        node: NodeId,
        tell: &mut dyn FnMut(&[u8]) -> bool,
    ) -> Result<Followed, SessionError> {
        let (place, graph) = (&self.project.place, &self.project.graph);
        let name = graph.name(node);
        let retries = graph.job(node).retries as usize;
        let (mut build, mut told, mut seen) = (None, 0, false);
        if !lock::is_held(&place.home) {
            return Ok(Followed::NothingRuns);
        }
        let (mut known, mut memory) = (None, Ledger::open(&place.state).0);
        loop {
            // Asked before anything is read, so that what was printed before the end is read after it.
            let held = lock::is_held(&place.home);
            let stamp = ledger::stamp(&place.state);
            if stamp != known {
                (known, memory) = (stamp, Ledger::open(&place.state).0);
            }
            if build.is_none() && memory.unfinished() {
                build = Some(memory.last_build());
            }
            let runs = build.map_or_else(Vec::new, |build| {
                let mut runs = memory.runs(name);
                runs.retain(|run| run.build == build);
                runs
            });
            let over = !held
                || build.is_some_and(|build| !memory.unfinished() || memory.last_build() > build);
            if let Some(build) = build {
                let log = state::log_path(&place.state, name, build);
                while let Some((from, bytes, _)) = state::read_log_from(&log, told, PORTION) {
                    seen = true;
                    told = from + bytes.len() as u64;
                    if bytes.is_empty() {
                        break;
                    }
                    if !tell(&bytes) {
                        return Ok(Followed::Left);
                    }
                }
            }
            let last = runs.last();
            if let Some(last) = last.filter(|last| over || is_final(last, runs.len(), retries)) {
                return Ok(Followed::Ended(Box::new(last.clone())));
            }
            match build {
                Some(build) if over && seen => return Ok(Followed::Cut { build }),
                Some(build) if over => return Ok(Followed::DidNotRun { build }),
                None if over => return Ok(Followed::NothingRuns),
                _ => clock::pause(EVERY),
            }
        }
    }
}

/// Whether no other try of the command follows in this build.
fn is_final(run: &RunRecord, tries: usize, retries: usize) -> bool {
    match run.outcome {
        RunOutcome::Ran => true,
        RunOutcome::Failed => tries > retries,
        // It may start again when what it reads has changed.
        RunOutcome::Stopped => false,
    }
}
