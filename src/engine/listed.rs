//! Names in directories: what a node's directories held when it was last up to date, against what they hold now.
//!
//! For explanations alone; nothing is judged by it. What cannot be told is left out.

use super::inputs::ignored;
use super::project::{Project, Tools};
use super::survey::links;
use crate::base::content::{Content, Contents, Tree};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::logic::graph::NodeId;
use crate::logic::plan::Reason;
use crate::logic::plan::names::{NameChanges, compare};
use crate::world::observe::{Links, NameSet};
use crate::world::store::ledger::Ledger;
use crate::world::store::listings;

/// Keeps the listings of the directories among a node's inputs, so that it can be told later what changed in them.
pub(super) fn keep(project: &Project, tools: &Tools, node: NodeId, inputs: &Contents) {
    let state = &project.place.state;
    for (path, content) in inputs {
        let Content::Tree { digest, .. } = content else {
            continue;
        };
        if listings::has(state, digest) {
            continue;
        }
        // One that has changed meanwhile tells nothing of what the node read; one that cannot be kept is not missed.
        let now = listing(project, tools, node, path);
        if let Some(tree) = now.filter(|tree| tree.digest() == *digest) {
            let _ = listings::keep(state, &tree);
        }
    }
}

/// Removes the listings that no node remembers any more, once there are many.
pub(super) fn prune(project: &Project) {
    /// Some dozen kilobytes each: so many do no harm.
    const MANY: usize = 200;
    let (graph, state) = (&project.graph, &project.place.state);
    if listings::count(state) <= MANY {
        return;
    }
    let (ledger, _) = Ledger::open(state);
    let remembered = graph
        .nodes()
        .filter_map(|node| ledger.node(graph.name(node)));
    let inputs = remembered.flat_map(|record| record.parts.inputs);
    let wanted = inputs.filter_map(|(_, content)| tree_of(&content));
    listings::prune(state, &wanted.collect());
}

/// The digest of a directory.
fn tree_of(content: &Content) -> Option<Digest> {
    match content {
        Content::Tree { digest, .. } => Some(*digest),
        Content::Absent | Content::File { .. } | Content::Special => None,
    }
}

/// What changed in the directory that a reason is about, by names.
pub(super) fn changes(
    project: &Project,
    tools: &Tools,
    node: NodeId,
    reason: &Reason,
) -> Option<NameChanges> {
    let (Reason::Input { path, old, new } | Reason::OutputChanged { path, old, new }) = reason
    else {
        return None;
    };
    let (old, new) = (tree_of(old)?, tree_of(new)?);
    let kept = |digest: &Digest| {
        listings::read(&project.place.state, digest).or_else(|| tools.cache.listing(digest))
    };
    let old = kept(&old)?;
    let now = match reason {
        Reason::OutputChanged { .. } => {
            tools
                .observer
                .listing(path, Links::Verbatim, &NameSet::default())
        }
        _ => listing(project, tools, node, path),
    };
    // What is foreseen of a node above need not stand yet.
    let now = now.filter(|tree| tree.digest() == new);
    Some(compare(&old, &now.or_else(|| kept(&new))?))
}

fn listing(project: &Project, tools: &Tools, node: NodeId, path: &ProjectPath) -> Option<Tree> {
    let graph = &project.graph;
    let input = graph
        .inputs(node)
        .find(|input| graph.path(input.path) == path.as_str());
    let links = input.map_or(Links::Through, |input| links(graph, input.path));
    tools.observer.listing(path, links, &ignored(graph, node))
}
