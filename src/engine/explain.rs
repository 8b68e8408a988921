//! What there is to say of a node beside its forecast: where its result was made, what changed in its directories, what
//! changed in itself below something unsettled.
//!
//! Waits for nobody and writes nothing. Does not know the words.

use super::items::Items;
use super::listed;
use super::session::Session;
use super::survey::Survey;
use crate::base::content::Content;
use crate::base::path::ProjectPath;
use crate::base::record::{Made, NodeRecord};
use crate::logic::graph::NodeId;
use crate::logic::graph::select::Selection;
use crate::logic::plan::forecast::{Estimate, MadeIn};
use crate::logic::plan::names::NameChanges;
use crate::logic::plan::{Forecast, Reason, judge};
use crate::logic::schedule::{Limits, Scheduler};
use crate::world::clock;
use std::collections::HashMap;

impl Session {
    /// Milliseconds since 1970 UTC, by the clock that builds go by.
    pub fn now_ms(&self) -> u64 {
        clock::now_ms()
    }

    /// When each remembered build began, milliseconds since 1970 UTC, by its number.
    pub fn build_starts(&self) -> HashMap<u32, u64> {
        let builds = self.tools.ledger.builds().into_iter();
        builds
            .map(|build| (build.build, build.started_ms))
            .collect()
    }

    /// Where the result was made that a node stands with, or will be restored from.
    pub fn made(
        &self,
        survey: &Survey,
        node: NodeId,
        starts: &HashMap<u32, u64>,
    ) -> Option<MadeIn> {
        let found = survey.found.iter().find(|(other, _)| *other == node);
        let made = match (survey.forecast(node), found) {
            (Forecast::Fresh, Some((_, settled))) => settled.result.made,
            (Forecast::Fresh, None) => self.record(node)?.result.made,
            (Forecast::Restorable(_), _) => match survey.foreseen.get(&node) {
                Some(result) => result.made,
                None => self.record(node)?.result.made,
            },
            _ => return None,
        };
        Some(MadeIn {
            build: made.build,
            started_ms: made.started_ms,
            here: self.is_here(made, starts),
        })
    }

    /// Checkouts on different machines may lie at the same place: then what is remembered tells them apart.
    fn is_here(&self, made: Made, starts: &HashMap<u32, u64>) -> bool {
        let forgotten = starts.keys().all(|&build| build > made.build);
        made.checkout == self.project.place.checkout()
            && (starts.get(&made.build) == Some(&made.started_ms) || forgotten)
    }

    /// What this checkout remembers of a node, unless the node is fresh with something else: after a change that was
    /// taken back by hand.
    pub fn fitting_record(&self, survey: &Survey, node: NodeId) -> Option<NodeRecord> {
        let found = survey.found.iter().any(|(other, _)| *other == node);
        self.record(node).filter(|_| !found)
    }

    /// What changed in the directory that a reason is about, by names, where that is known.
    pub fn name_changes(&self, node: NodeId, reason: &Reason) -> Option<NameChanges> {
        listed::changes(&self.project, &self.tools, node, reason)
    }

    /// Of a node that may run: what changed in itself since it was last up to date.
    pub fn own_changes(&self, survey: &Survey, node: NodeId) -> Vec<Reason> {
        let graph = &self.project.graph;
        let (Forecast::MayRun(_), Some(last)) = (survey.forecast(node), self.record(node)) else {
            return Vec::new();
        };
        let sources: Vec<(ProjectPath, Content)> = graph
            .inputs(node)
            .filter(|input| graph.producer(input.path).is_none() && !input.mixed)
            .filter(|input| !(graph.ignoring(node) && input.directory))
            .filter_map(|input| {
                let now = survey.standing.at(graph, &self.tools, input.path)?;
                Some((graph.project_path(input.path), now))
            })
            .collect();
        let written: Vec<ProjectPath> = graph
            .paths()
            .filter(|&path| graph.producer(path).is_some())
            .map(|path| graph.project_path(path))
            .collect();
        let found_later = graph.has_depfile(node) || graph.ignoring(node);
        let is_source = |path: &ProjectPath| match sources.iter().any(|(now, _)| now == path) {
            true => true,
            // Gone, unless it is one that a run found, or that somebody writes now.
            false => !found_later && !written.contains(path),
        };
        judge::own_changes(
            &self.project.declaration(node),
            &sources,
            &last.parts,
            &is_source,
        )
    }

    /// How long a build of the selected nodes would take.
    pub fn estimate(&self, survey: &Survey, selection: &Selection, processors: u32) -> Estimate {
        let items = Items::choose(&self.project.graph, survey, selection);
        let (schedule, guessed, resources) = items.schedule(&self.project, &self.tools, selection);
        let jobs = self.project.settings.jobs.unwrap_or(processors).max(1);
        let limits = Limits {
            jobs,
            keep_going: false,
            resources: resources.totals(),
        };
        let forecast = |place: usize| survey.forecast(items.nodes[place]);
        let longest = |counts: &dyn Fn(&Forecast) -> bool| {
            if !(0..items.nodes.len()).any(|at| counts(forecast(at))) {
                return 0;
            }
            let weighed = schedule.iter().enumerate().map(|(place, item)| {
                let mut item = item.clone();
                if !counts(forecast(place)) {
                    item.weight = 0;
                }
                item
            });
            let weighed: Vec<_> = weighed.collect();
            let mut outlook =
                Scheduler::new(&limits, &weighed).outlook(jobs, &weighed, guessed.clone());
            let ahead = outlook.ahead();
            ahead.path.max(ahead.work).as_millis() as u64
        };
        let runs = |forecast: &Forecast| matches!(forecast, Forecast::Stale(_));
        let may_run =
            |forecast: &Forecast| runs(forecast) || matches!(forecast, Forecast::MayRun(_));
        let guesses = (0..items.nodes.len()).filter(|&at| guessed[at] && may_run(forecast(at)));
        Estimate {
            least_ms: longest(&runs),
            most_ms: longest(&may_run),
            guessed: guesses.count(),
            jobs,
        }
    }
}
