//! What stands at a node's inputs: those that it declares, without the names that do not count, and those that its last
//! run named in a depfile.
//!
//! Does not judge. Which inputs a run found is remembered beside its result, under a key of its own.

use super::project::{Project, Tools};
use super::survey::links;
use crate::base::content::{Content, Contents};
use crate::base::digest::DigestWriter;
use crate::base::path::ProjectPath;
use crate::base::record::{Key, Made, RunResult, Usage};
use crate::logic::graph::{Graph, NodeId, PathId};
use crate::logic::plan::key;
use crate::world::observe::{Links, NameSet};
use crate::world::store::cache::Lookup;
use crate::world::trouble::Trouble;
use std::collections::HashSet;

/// The names that do not count in a node's directory inputs.
pub(super) fn ignored(graph: &Graph, node: NodeId) -> NameSet {
    match graph.ignoring(node) {
        true => NameSet::new(&graph.job(node).ignore),
        false => NameSet::default(),
    }
}

/// Looks at one input of `node`.
pub(super) fn observe(
    graph: &Graph,
    tools: &Tools,
    node: NodeId,
    path: PathId,
) -> Result<Content, Trouble> {
    let names = ignored(graph, node);
    let place = graph.project_path(path);
    tools
        .observer
        .observe_without(&place, links(graph, path), &names)
}

/// The key under which it is kept which more inputs a run with these declared ones found.
fn found_key(project: &Project, node: NodeId, declared: &[(ProjectPath, Content)]) -> Key {
    let mut writer = DigestWriter::new("pipe found 1");
    let key = key::key(project.declaration_digest(node), declared);
    writer.field("key", key.0.as_bytes());
    Key(writer.finish())
}

/// The keys under which something is kept for a node: its result, and the inputs that its run found. `inputs` begin with
/// the declared ones.
pub(super) fn entry_keys(
    project: &Project,
    node: NodeId,
    key: Key,
    inputs: &[(ProjectPath, Content)],
) -> impl Iterator<Item = Key> + use<> {
    let graph = &project.graph;
    let declared = inputs.get(..graph.inputs(node).count());
    let found = declared.filter(|_| graph.has_depfile(node));
    let found = found.map(|declared| found_key(project, node, declared));
    std::iter::once(key).chain(found)
}

/// The lists of inputs that earlier runs found, the likeliest first: of this checkout's last run, and of the run with
/// exactly these declared inputs, wherever that was.
pub(super) fn found_lists(
    project: &Project,
    tools: &Tools,
    node: NodeId,
    declared: &[(ProjectPath, Content)],
) -> Vec<Vec<ProjectPath>> {
    let known: HashSet<&ProjectPath> = declared.iter().map(|(path, _)| path).collect();
    let more = |inputs: Contents| -> Vec<ProjectPath> {
        let paths = inputs.into_iter().map(|(path, _)| path);
        paths.filter(|path| !known.contains(path)).collect()
    };
    let last = tools.ledger.node(project.graph.name(node));
    let mut lists: Vec<Vec<ProjectPath>> = last
        .map(|last| more(last.parts.inputs))
        .into_iter()
        .collect();
    if let Lookup::Hit(kept) = tools.cache.result(&found_key(project, node, declared)) {
        let list = more(kept.outputs);
        if !lists.contains(&list) {
            lists.push(list);
        }
    }
    lists
}

/// Keeps which inputs a run found.
pub(super) fn keep_found(
    project: &Project,
    tools: &Tools,
    node: NodeId,
    declared: &[(ProjectPath, Content)],
    found: &[(ProjectPath, Content)],
) -> Result<(), Trouble> {
    let list = RunResult {
        outputs: found
            .iter()
            .map(|(path, _)| (path.clone(), Content::Absent))
            .collect(),
        log: None,
        duration_ms: 0,
        usage: Usage::default(),
        made: Made::default(),
    };
    tools
        .cache
        .keep_result(&found_key(project, node, declared), &list)
}

/// What stands at inputs that a run found; what cannot be read counts as gone.
pub(super) fn observe_found(tools: &Tools, paths: &[ProjectPath]) -> Contents {
    let look = |path: &ProjectPath| {
        let now = tools.observer.observe(path, Links::Through);
        (path.clone(), now.unwrap_or(Content::Absent))
    };
    paths.iter().map(look).collect()
}
