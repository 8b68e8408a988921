//! What ledger and cache know of a node with certain inputs.
//!
//! Does not judge, and looks at files only where a run has found them to be inputs.

use crate::base::content::Contents;
use crate::base::record::{Key, NodeRecord, RunResult};
use crate::engine::inputs;
use crate::engine::project::{Project, Tools};
use crate::engine::run::last_run;
use crate::logic::graph::NodeId;
use crate::logic::plan::judge::LastRun;
use crate::logic::plan::key;
use crate::world::store::cache::Lookup;

/// What is known of a node with certain inputs.
pub(in crate::engine) struct Known {
    pub(in crate::engine) key: Key,
    /// Those that were given, and those that the last run found besides.
    pub(in crate::engine) inputs: Contents,
    /// What this checkout remembers of the node, whatever its key was.
    pub(in crate::engine) last: Option<NodeRecord>,
    /// The result that belongs to the key.
    pub(in crate::engine) result: Option<RunResult>,
    /// The cache has an entry for the key that is damaged.
    pub(in crate::engine) damage: Option<String>,
    /// Where there is no result: how the last run here went.
    pub(in crate::engine) last_run: LastRun,
}

/// Looks up what is known of a node with these declared inputs, in the ledger first, then in the cache.
pub(in crate::engine) fn known(
    project: &Project,
    tools: &Tools,
    node: NodeId,
    declared: Contents,
) -> Known {
    if !project.graph.has_depfile(node) {
        return known_with(project, tools, node, declared);
    }
    let mut best: Option<Known> = None;
    for list in inputs::found_lists(project, tools, node, &declared) {
        let mut inputs = declared.clone();
        inputs.extend(inputs::observe_found(tools, &list));
        let known = known_with(project, tools, node, inputs);
        if known.result.is_some() {
            return known;
        }
        best.get_or_insert(known);
    }
    best.unwrap_or_else(|| known_with(project, tools, node, declared))
}

fn known_with(project: &Project, tools: &Tools, node: NodeId, inputs: Contents) -> Known {
    let graph = &project.graph;
    let key = key::key(project.declaration_digest(node), &inputs);
    let last = tools.ledger.node(graph.name(node));
    let (result, damage) = match &last {
        Some(last) if last.key == key => (Some(last.result.clone()), None),
        _ if graph.uncached(node) => (None, None),
        _ => match tools.cache.result(&key) {
            Lookup::Hit(result) => (Some(result), None),
            Lookup::Miss => (None, None),
            Lookup::Damaged(damage) => (None, Some(damage)),
        },
    };
    // A result of another shape cannot belong to this declaration; the key makes that impossible but for damage.
    let fits = |result: &RunResult| {
        let declared = graph.outputs(node);
        declared.len() == result.outputs.len()
            && declared
                .zip(&result.outputs)
                .all(|(output, (path, _))| graph.path(output.path) == path.as_str())
    };
    let result = result.filter(fits);
    let last_run = match result {
        Some(_) => LastRun::Other,
        None => last_run(tools, graph.name(node)),
    };
    Known {
        key,
        inputs,
        last,
        result,
        damage,
        last_run,
    }
}
