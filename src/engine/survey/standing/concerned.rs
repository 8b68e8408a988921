//! The nodes that a few changed sources can concern, and what has to be looked at to judge them.
//!
//! Does not look at anything itself.

use super::{Standing, uses};
use crate::base::path::ProjectPath;
use crate::logic::graph::select::Selection;
use crate::logic::graph::{Graph, NodeId};
use crate::world::store::fresh::FreshList;
use std::collections::HashSet;

/// See the module.
pub(super) struct Concerned {
    /// By node number.
    nodes: Vec<bool>,
    /// By path number: what these nodes read and write.
    pub(super) paths: Vec<bool>,
}

impl Concerned {
    /// Nodes that read what has `changed`, that were not fresh, or that need one of these.
    pub(super) fn by(
        graph: &Graph,
        selection: &Selection,
        list: &FreshList,
        changed: &[ProjectPath],
    ) -> Concerned {
        // A directory changes with what lies in it.
        let folders = changed.iter().flat_map(ProjectPath::ancestors);
        let changed: HashSet<&str> = folders
            .chain(changed.iter().map(ProjectPath::as_str))
            .collect();
        let paths = graph.paths();
        let mut concerned = Concerned {
            nodes: vec![false; graph.len()],
            paths: paths
                .map(|path| changed.contains(graph.path(path)))
                .collect(),
        };
        let is_first = |node: NodeId, paths: &[bool]| {
            !list.is_fresh(node.0 as usize) || uses(graph, node).any(|path| paths[path.0 as usize])
        };
        let first: Vec<NodeId> = graph
            .nodes()
            .filter(|&node| selection.contains(node) && is_first(node, &concerned.paths))
            .collect();
        concerned.add(graph, selection, first);
        concerned
    }

    /// Takes in the writers of what was looked at and is not as it was. Whether there were any.
    pub(super) fn grow(
        &mut self,
        graph: &Graph,
        selection: &Selection,
        standing: &Standing,
    ) -> bool {
        let seen = graph.paths().filter(|path| self.paths[path.0 as usize]);
        let harmed = seen.filter(|&path| !standing.is_as_before(path));
        let writers: Vec<NodeId> = harmed
            .filter_map(|path| graph.producer(path))
            .filter(|&node| selection.contains(node) && !self.nodes[node.0 as usize])
            .collect();
        let is_more = !writers.is_empty();
        self.add(graph, selection, writers);
        is_more
    }

    /// With all that needs them.
    fn add(&mut self, graph: &Graph, selection: &Selection, mut nodes: Vec<NodeId>) {
        while let Some(node) = nodes.pop() {
            if !selection.contains(node)
                || std::mem::replace(&mut self.nodes[node.0 as usize], true)
            {
                continue;
            }
            for path in uses(graph, node) {
                self.paths[path.0 as usize] = true;
            }
            nodes.extend(graph.users(node));
        }
    }
}
