//! Gathers what a picture of the graph shows: what stands, how long each node is expected to run, the longest path.
//!
//! Waits for nobody and writes nothing. Does not know how it is drawn.

use super::items::expected_durations;
use super::session::{Session, SessionError};
use super::survey::Survey;
use crate::logic::drawing::{self, Drawing, Longest};
use crate::logic::graph::NodeId;
use crate::logic::graph::select::Reach;
use crate::logic::plan::Forecast;

/// What of the graph is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// As typed; empty for all.
    pub targets: Vec<String>,
    /// Which way from these.
    pub reach: Reach,
    /// Only what is not fresh.
    pub stale: bool,
    /// A card for each instance.
    pub unfold: bool,
}

/// See the module.
pub struct Outline {
    /// What stands.
    pub survey: Survey,
    /// What is shown.
    pub drawing: Drawing,
    /// By node number: the milliseconds that its run is expected to take, and whether that is a guess. `None` where the
    /// node is not shown.
    pub expected: Vec<Option<(u64, bool)>>,
}

impl Session {
    /// Gathers.
    ///
    /// # Errors
    /// Every target that names nothing.
    pub fn outline(&mut self, wanted: &Wanted) -> Result<Outline, SessionError> {
        let selection = self.select(&wanted.targets)?;
        let (mut shown, judged) = selection.around(&self.project.graph, wanted.reach);
        let survey = self.survey(&judged, false);
        let graph = &self.project.graph;
        if wanted.stale {
            for (shown, forecast) in shown.iter_mut().zip(survey.forecasts()) {
                *shown &= forecast != Some(Forecast::Fresh);
            }
        }
        let nodes: Vec<NodeId> = graph
            .nodes()
            .filter(|node| shown[node.0 as usize])
            .collect();
        let (times, guessed) = expected_durations(graph, &self.tools, &nodes);
        let mut expected = vec![None; graph.len()];
        for ((node, time), guessed) in nodes.iter().zip(times).zip(guessed) {
            expected[node.0 as usize] = Some((time, guessed));
        }
        let longest = self.longest(&survey, &shown, &expected);
        Ok(Outline {
            drawing: drawing::fold(graph, &shown, wanted.unfold, longest),
            survey,
            expected,
        })
    }

    /// What a build has ahead; where all is fresh, what one of everything would have.
    fn longest(
        &self,
        survey: &Survey,
        shown: &[bool],
        expected: &[Option<(u64, bool)>],
    ) -> Longest {
        let graph = &self.project.graph;
        let forecasts = survey.forecasts();
        let is_fresh = |node: usize| forecasts[node] == Some(Forecast::Fresh);
        let ahead: Vec<bool> = (0..shown.len())
            .map(|node| shown[node] && !is_fresh(node))
            .collect();
        let is_ahead = ahead.contains(&true);
        let is_restored =
            |node: usize| is_ahead && matches!(forecasts[node], Some(Forecast::Restorable(_)));
        let weights: Vec<u64> = (0..shown.len())
            .map(|node| match expected[node] {
                Some((time, _)) if !is_restored(node) => time,
                _ => 0,
            })
            .collect();
        let nodes = drawing::longest(graph, if is_ahead { &ahead } else { shown }, &weights);
        let guess = |node: &&NodeId| {
            let place = node.0 as usize;
            !is_restored(place) && expected[place].is_some_and(|(_, guessed)| guessed)
        };
        Longest {
            expected_ms: nodes.iter().fold(0, |sum: u64, node| {
                sum.saturating_add(weights[node.0 as usize])
            }),
            guessed: nodes.iter().filter(guess).count(),
            nodes,
            is_ahead,
        }
    }
}
