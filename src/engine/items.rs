//! Which nodes a build has to deal with, in the form in which the scheduler takes them.
//!
//! Does not look at the disk; the survey did.

use super::project::{Project, Settings, Tools};
use super::survey::Survey;
use crate::base::quantity::Amount;
use crate::logic::graph::demands::{MEMORY, resolved};
use crate::logic::graph::select::Selection;
use crate::logic::graph::{Graph, NodeId};
use crate::logic::manifest::Exclusive as Declared;
use crate::logic::plan::Forecast;
use crate::logic::schedule::{Demand, Exclusive, Item};
use crate::world::nearby;
use std::collections::HashMap;

/// The nodes that are not settled before the build starts.
pub(super) struct Items {
    /// By item number.
    pub(super) nodes: Vec<NodeId>,
    /// By node number.
    pub(super) places: Vec<Option<u32>>,
}

impl Items {
    /// A node is settled beforehand when it is fresh and so is everything that it needs.
    pub(super) fn choose(graph: &Graph, survey: &Survey, selection: &Selection) -> Items {
        let mut nodes = Vec::new();
        let mut places = vec![None; graph.len()];
        for node in graph.order().filter(|&node| selection.contains(node)) {
            let above = graph
                .needs(node)
                .any(|need| places[need.0 as usize].is_some());
            if above || *survey.forecast(node) != Forecast::Fresh {
                places[node.0 as usize] = Some(nodes.len() as u32);
                nodes.push(node);
            }
        }
        Items { nodes, places }
    }

    /// The items as the scheduler takes them, whether the time of each is a guess, and how much there is of each
    /// resource.
    pub(super) fn schedule(
        &self,
        project: &Project,
        tools: &Tools,
        selection: &Selection,
    ) -> (Vec<Item>, Vec<bool>, Vec<u64>) {
        let graph = &project.graph;
        let resources = Resources::of(&project.settings, nearby::machine_memory());
        let mut families: HashMap<String, u32> = HashMap::new();
        let mut groups: HashMap<String, u32> = HashMap::new();
        let place = |node: NodeId| self.places[node.0 as usize];
        let (expected, guessed) = expected_durations(graph, tools, &self.nodes);
        let item = |(&node, weight): (&NodeId, u64)| Item {
            needs: graph.needs(node).filter_map(place).collect(),
            after: graph
                .after(node)
                .filter(|&other| selection.contains(other))
                .filter_map(place)
                .collect(),
            exclusive: match graph.exclusive(node) {
                None => Exclusive::No,
                Some(Declared::Alone) => Exclusive::Alone,
                Some(Declared::Group(word)) => {
                    let next = groups.len() as u32;
                    Exclusive::Group(*groups.entry(word).or_insert(next))
                }
            },
            demand: {
                let wanted = graph.demand(node);
                let next = families.len() as u32;
                let family = || {
                    *families
                        .entry(graph.family(node).to_owned())
                        .or_insert(next)
                };
                Demand {
                    slots: wanted.slots.max(1),
                    limit: (wanted.limit > 0)
                        .then(family)
                        .map(|family| (family, wanted.limit)),
                    draws: resources.draws(&wanted.draws),
                }
            },
            weight,
        };
        let items = self.nodes.iter().zip(expected).map(item).collect();
        (items, guessed, resources.totals())
    }
}

/// What nodes share: every declared resource, and the machine's memory where none is declared by that name.
struct Resources(Vec<(String, u64)>);

impl Resources {
    fn of(settings: &Settings, memory: u64) -> Self {
        let declared = settings.resources.iter();
        let mut all: Vec<(String, u64)> = declared
            .map(|(name, amount)| (name.clone(), resolved(*amount, memory)))
            .collect();
        if !all.iter().any(|(name, _)| name == MEMORY) {
            all.push((MEMORY.to_owned(), memory));
        }
        Resources(all)
    }

    fn totals(&self) -> Vec<u64> {
        self.0.iter().map(|(_, total)| *total).collect()
    }

    fn draws(&self, wanted: &[(String, Amount)]) -> Vec<(u32, u64)> {
        let draw = |(name, amount): &(String, Amount)| {
            let number = self.0.iter().position(|(known, _)| known == name)?;
            Some((number as u32, resolved(*amount, self.0[number].1)))
        };
        wanted.iter().filter_map(draw).collect()
    }
}

/// How long each node is expected to run, in milliseconds: its last successful run; where there is none, the median
/// of the others; where there is nothing at all, the same for all. And whether that is such a guess.
fn expected_durations(graph: &Graph, tools: &Tools, nodes: &[NodeId]) -> (Vec<u64>, Vec<bool>) {
    let last = |&node: &NodeId| {
        let runs = tools.ledger.runs(graph.name(node));
        runs.iter()
            .rev()
            .find(|run| run.ending.is_success())
            .map(|run| run.duration_ms.max(1))
    };
    let known: Vec<Option<u64>> = nodes.iter().map(last).collect();
    let mut sorted: Vec<u64> = known.iter().flatten().copied().collect();
    sorted.sort_unstable();
    let guess = sorted.get(sorted.len() / 2).copied().unwrap_or(1000);
    let guessed = known.iter().map(Option::is_none).collect();
    let expected = known.into_iter().map(|known| known.unwrap_or(guess));
    (expected.collect(), guessed)
}
