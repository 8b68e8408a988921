//! The story of the build that runs: who is in it, and that it is written down at the end.
//!
//! Hears the same events as everyone else. Does not decide anything; without its story a build is a build all the same.

use super::Build;
use crate::base::content::Content;
use crate::base::story::{Fate, NodeStory, OutputStory, Shares, Story};
use crate::engine::items::Items;
use crate::engine::shared::Shared;
use crate::engine::survey::Settled;
use crate::logic::graph::NodeId;
use crate::logic::schedule::{Item, Limits};
use crate::logic::story::Gatherer;
use crate::world::store::stories;
use std::time::Instant;

/// Of graphs with more selected nodes only those that a build has to deal with are told of, and less of each: a build
/// with little to do in a large graph must not pay for all of it.
const MANY: usize = 2000;

/// Everyone who will be told of.
pub(super) fn begin(
    shared: &Shared<'_>,
    items: &Items,
    schedule: &[Item],
    limits: &Limits,
    resources: &[(String, u64)],
) -> Gatherer {
    let (graph, selection) = (&shared.project.graph, shared.selection);
    let complete = selection.len() <= MANY;
    let is_told = |node: &NodeId| match complete {
        true => selection.contains(*node),
        false => items.places[node.0 as usize].is_some(),
    };
    let mut places: Vec<Option<u32>> = vec![None; graph.len()];
    let mut nodes = Vec::new();
    for node in graph.order().filter(is_told) {
        let place = |other: NodeId| places[other.0 as usize];
        let item = items.places[node.0 as usize];
        let mut told = NodeStory {
            name: graph.name(node).to_owned(),
            needs: graph.needs(node).filter_map(place).collect(),
            after: graph.after(node).filter_map(place).collect(),
            ..NodeStory::default()
        };
        match item {
            None => told.fate = Fate::Fresh,
            Some(item) => told.takes = shares(&schedule[item as usize]),
        }
        if complete {
            told.command = graph.job(node).shown;
            told.inputs = paths(shared, node);
            told.outputs = graph
                .outputs(node)
                .map(|output| unknown(graph.path(output.path)))
                .collect();
        }
        places[node.0 as usize] = Some(nodes.len() as u32);
        nodes.push(told);
    }
    Gatherer::new(Story {
        build: shared.build,
        started_ms: shared.started_ms,
        jobs: limits.jobs,
        fresh: (selection.len() - items.nodes.len()) as u32,
        complete,
        resources: resources.to_vec(),
        nodes,
        ..Story::default()
    })
}

/// Writes the story down; says what went wrong.
pub(super) fn end(
    story: Gatherer,
    shared: &Shared<'_>,
    begun: Instant,
    interrupted: bool,
) -> Option<String> {
    let at = |moment: Instant| moment.saturating_duration_since(begun).as_millis() as u64;
    let held = shared.running.held();
    let memory = held
        .into_iter()
        .map(|(moment, bytes)| (at(moment), bytes))
        .collect();
    let story = story.end(begun.elapsed().as_millis() as u64, interrupted, memory);
    let written = stories::write(&shared.project.place.state, &story);
    written.err().map(|trouble| trouble.to_string())
}

impl Build<'_, '_> {
    /// A node was settled well, and with what.
    pub(super) fn tell_settled(&self, node: NodeId, settled: &Settled) {
        if self.places[node.0 as usize].is_none() {
            return;
        }
        let outputs = settled
            .result
            .outputs
            .iter()
            .map(|(path, content)| OutputStory {
                path: path.as_str().to_owned(),
                digest: content.digest(),
                size: size(content),
            });
        let name = self.graph().name(node);
        self.story.borrow_mut().settled(name, settled.key, outputs);
    }
}

fn shares(item: &Item) -> Shares {
    Shares {
        alone: item.demand.alone,
        slots: item.demand.slots,
        limit: item.demand.limit,
        draws: item.demand.draws.clone(),
    }
}

fn paths(shared: &Shared<'_>, node: NodeId) -> Vec<String> {
    let graph = &shared.project.graph;
    let path = |input: crate::logic::graph::Use| graph.path(input.path).to_owned();
    graph.inputs(node).map(path).collect()
}

fn unknown(path: &str) -> OutputStory {
    OutputStory {
        path: path.to_owned(),
        digest: None,
        size: None,
    }
}

fn size(content: &Content) -> Option<u64> {
    match content {
        Content::File { size, .. } | Content::Tree { size, .. } => Some(*size),
        Content::Absent | Content::Special => None,
    }
}
