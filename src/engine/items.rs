//! Which nodes a build has to deal with, in the form in which the scheduler takes them.
//!
//! Does not look at the disk; the survey did.

use super::project::{Project, Settings, Tools};
use super::survey::Survey;
use crate::base::quantity::Amount;
use crate::base::record::RunOutcome;
use crate::logic::graph::demands::{MEMORY, resolved};
use crate::logic::graph::select::Selection;
use crate::logic::graph::{Graph, NodeId};
use crate::logic::manifest::Exclusive as Declared;
use crate::logic::plan::Forecast;
use crate::logic::schedule::{Demand, Item, estimates};
use crate::world::nearby;
use std::collections::{HashMap, HashSet};

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
        let mut due = vec![false; graph.len()];
        for (node, forecast) in &survey.judged {
            due[node.0 as usize] = *forecast != Forecast::Fresh;
        }
        for node in graph.order() {
            if !due[node.0 as usize] {
                continue;
            }
            places[node.0 as usize] = Some(nodes.len() as u32);
            nodes.push(node);
            for user in graph.users(node).filter(|&user| selection.contains(user)) {
                due[user.0 as usize] = true;
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
    ) -> (Vec<Item>, Vec<bool>, Resources) {
        let graph = &project.graph;
        // A dozen files tell it; a build that has nothing to do need not ask.
        let memory = match self.nodes.is_empty() {
            true => 0,
            false => nearby::machine_memory(),
        };
        let resources = Resources::of(&project.settings, memory);
        let mut lines = HashMap::new();
        let place = |node: NodeId| self.places[node.0 as usize];
        let (expected, guessed) = expected_durations(graph, tools, &self.nodes);
        let item = |(&node, weight): (&NodeId, u64)| Item {
            needs: graph.needs(node).filter_map(place).collect(),
            after: graph
                .after(node)
                .filter(|&other| selection.contains(other))
                .filter_map(place)
                .collect(),
            demand: demand(graph, node, &resources, &mut lines),
            weight,
        };
        let items = self.nodes.iter().zip(expected).map(item).collect();
        (items, guessed, resources)
    }
}

/// What a node shares a limit with.
#[derive(PartialEq, Eq, Hash)]
enum Line {
    /// `exclusive "word"`: all nodes with this word.
    Word(String),
    /// `jobs` of a node: its instances.
    Family(String),
}

/// What a node takes. Nodes with the same word run one at a time, and so do their instances, whatever `jobs` says.
fn demand(
    graph: &Graph,
    node: NodeId,
    resources: &Resources,
    lines: &mut HashMap<Line, u32>,
) -> Demand {
    let wanted = graph.demand(node);
    let mut alone = false;
    let line = match graph.exclusive(node) {
        Some(Declared::Group(word)) => Some((Line::Word(word), 1)),
        other => {
            alone = other.is_some();
            let family = || Line::Family(graph.family(node).to_owned());
            (wanted.limit > 0).then(|| (family(), wanted.limit))
        }
    };
    let next = lines.len() as u32;
    Demand {
        alone,
        slots: wanted.slots.max(1),
        limit: line.map(|(line, most)| (*lines.entry(line).or_insert(next), most)),
        draws: resources.draws(&wanted.draws),
    }
}

/// What nodes share: every declared resource, and the machine's memory where none is declared by that name.
pub(super) struct Resources(pub(super) Vec<(String, u64)>);

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

    pub(super) fn totals(&self) -> Vec<u64> {
        self.0.iter().map(|(_, total)| *total).collect()
    }

    fn draws(&self, wanted: &[(String, Amount)]) -> Vec<(u32, u64)> {
        let draw = |(name, amount): &(String, Amount)| {
            let number = self.0.iter().position(|(known, _)| known == name)?;
            Some((number as u32, resolved(*amount, self.0[number].1)))
        };
        wanted.iter().filter_map(draw).collect()
    }

    /// What is wanted, by name.
    pub(super) fn named_draws(&self, wanted: &[(String, Amount)]) -> Vec<(String, u64)> {
        let draws = self.draws(wanted).into_iter();
        draws
            .map(|(number, amount)| (self.0[number as usize].0.clone(), amount))
            .collect()
    }
}

/// How long each node is expected to run, in milliseconds; and whether that is a guess, since it is not known to have
/// run before.
pub(super) fn expected_durations(
    graph: &Graph,
    tools: &Tools,
    nodes: &[NodeId],
) -> (Vec<u64>, Vec<bool>) {
    let known = |&node: &NodeId| last_durations(tools, graph.name(node));
    let mut numbers: HashMap<&str, u32> = HashMap::new();
    let mut family = |&node: &NodeId| {
        let next = numbers.len() as u32;
        *numbers.entry(graph.family(node)).or_insert(next)
    };
    let mut durations: Vec<Option<u64>> = nodes.iter().map(known).collect();
    let mut families: Vec<u32> = nodes.iter().map(&mut family).collect();
    let guessed = durations.iter().map(Option::is_none).collect();
    // Instances that this build has nothing to do with say something about their siblings too.
    let is_new = |at: &usize| durations[*at].is_none() && graph.name(nodes[*at]).contains('@');
    let new: HashSet<&str> = (0..nodes.len())
        .filter(is_new)
        .map(|at| graph.family(nodes[at]))
        .collect();
    if !new.is_empty() {
        let chosen: HashSet<NodeId> = nodes.iter().copied().collect();
        let siblings = graph
            .nodes()
            .filter(|node| new.contains(graph.family(*node)) && !chosen.contains(node));
        for node in siblings {
            durations.push(known(&node));
            families.push(family(&node));
        }
    }
    let mut expected = estimates::filled(&durations, &families);
    expected.truncate(nodes.len());
    (expected, guessed)
}

/// What a node's last successful runs make one expect. One that was only ever restored took as long elsewhere as its
/// result says.
fn last_durations(tools: &Tools, name: &str) -> Option<u64> {
    let runs = tools.ledger.runs(name);
    let well = runs
        .iter()
        .rev()
        .filter(|run| run.outcome == RunOutcome::Ran);
    let elsewhere = || {
        let record = tools.ledger.node(name)?;
        Some(record.result.duration_ms.max(1))
    };
    estimates::typical(well.map(|run| run.duration_ms)).or_else(elsewhere)
}
