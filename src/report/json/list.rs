//! `pipe list --json`: the nodes as the manifest declares them, expanded.
//!
//! Knows nothing of what stands.

use super::{VERSION, document};
use crate::base::quantity::Amount;
use crate::logic::graph::{Graph, NodeId, Use};
use crate::logic::manifest::Exclusive;
use serde::Serialize;

#[derive(Serialize)]
struct Document<'g> {
    version: u32,
    nodes: Vec<Entry<'g>>,
}

/// What the manifest declares of a node.
#[derive(Serialize)]
pub(super) struct Entry<'g> {
    node: &'g str,
    family: &'g str,
    about: &'g str,
    tags: Vec<String>,
    command: String,
    folder: String,
    inputs: Vec<Path<'g>>,
    outputs: Vec<Path<'g>>,
    needs: Vec<&'g str>,
    after: Vec<&'g str>,
    exclusive: Alone,
    slots: u32,
    resources: Vec<Resource>,
    retries: u32,
    timeout_ms: Option<u64>,
}

#[derive(Serialize)]
struct Path<'g> {
    path: &'g str,
    directory: bool,
    /// `None` for an output, and for an input that no node writes.
    written_by: Option<&'g str>,
}

#[derive(Serialize)]
struct Resource {
    name: String,
    amount: u64,
    unit: &'static str,
}

/// `false`, `true`, or the word that nodes share.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Alone {
    Whole(bool),
    Group(String),
}

impl Alone {
    pub(super) fn of(exclusive: Option<Exclusive>) -> Alone {
        match exclusive {
            None => Alone::Whole(false),
            Some(Exclusive::Alone) => Alone::Whole(true),
            Some(Exclusive::Group(word)) => Alone::Group(word),
        }
    }
}

/// The nodes that `members` marks, in the order of the manifest.
pub fn list(graph: &Graph, members: &[bool]) -> String {
    let chosen = graph.nodes().filter(|node| members[node.0 as usize]);
    document(&Document {
        version: VERSION,
        nodes: chosen.map(|node| entry(graph, node)).collect(),
    })
}

pub(super) fn entry(graph: &Graph, node: NodeId) -> Entry<'_> {
    let job = graph.job(node);
    let demand = graph.demand(node);
    let path = |used: Use, input: bool| Path {
        path: graph.path(used.path),
        directory: used.directory,
        written_by: graph
            .producer(used.path)
            .filter(|_| input)
            .map(|writer| graph.name(writer)),
    };
    Entry {
        node: graph.name(node),
        family: graph.family(node),
        about: graph.about(node),
        tags: graph.tags(node),
        command: job.shown,
        folder: job.folder.clone(),
        inputs: graph.inputs(node).map(|used| path(used, true)).collect(),
        outputs: graph.outputs(node).map(|used| path(used, false)).collect(),
        needs: graph.needs(node).map(|need| graph.name(need)).collect(),
        after: graph.after(node).map(|other| graph.name(other)).collect(),
        exclusive: Alone::of(graph.exclusive(node)),
        slots: demand.slots.max(1),
        resources: demand.draws.into_iter().map(resource).collect(),
        retries: job.retries,
        timeout_ms: (job.timeout_ms > 0).then_some(job.timeout_ms),
    }
}

fn resource((name, amount): (String, Amount)) -> Resource {
    let (amount, unit) = match amount {
        Amount::Count(count) => (count, "count"),
        Amount::Bytes(bytes) => (bytes, "bytes"),
        Amount::Percent(percent) => (u64::from(percent), "percent"),
    };
    Resource { name, amount, unit }
}
