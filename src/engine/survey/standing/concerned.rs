//! The nodes that a few changed sources can concern, and what has to be looked at to judge them.
//!
//! Does not look at anything itself. Takes as long as there are such nodes, not as the graph is large.

use super::{Standing, users, uses};
use crate::base::path::ProjectPath;
use crate::logic::graph::select::Selection;
use crate::logic::graph::{Graph, NodeId, PathId};
use crate::world::store::fresh::FreshList;
use rustc_hash::FxHashSet;

/// See the module.
#[derive(Default)]
pub(super) struct Concerned {
    nodes: FxHashSet<NodeId>,
    /// What these nodes read and write.
    paths: FxHashSet<PathId>,
    /// Those of them that were not handed out yet.
    new: Vec<PathId>,
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
        let texts = folders.chain(changed.iter().map(ProjectPath::as_str));
        let changed = graph.find_paths(&texts.map(str::as_bytes).collect());
        let mut concerned = Concerned::default();
        let mut first: Vec<NodeId> = changed
            .iter()
            .flat_map(|&path| users(graph, path))
            .collect();
        first.extend(list.not_fresh().map(|node| NodeId(node as u32)));
        changed
            .into_iter()
            .for_each(|path| concerned.add_path(path));
        concerned.add(graph, selection, first);
        concerned
    }

    /// What is to be looked at next, after what `standing` has; `None` when that is all.
    pub(super) fn next_paths(
        &mut self,
        graph: &Graph,
        selection: &Selection,
        standing: &Standing,
    ) -> Option<Vec<PathId>> {
        // Those that write what is not as it was have to be judged as well.
        let writers = standing.moved().filter_map(|path| graph.producer(path));
        self.add(graph, selection, writers.collect());
        let new = std::mem::take(&mut self.new);
        (!new.is_empty()).then_some(new)
    }

    /// With all that needs them.
    fn add(&mut self, graph: &Graph, selection: &Selection, mut nodes: Vec<NodeId>) {
        while let Some(node) = nodes.pop() {
            if !selection.contains(node) || !self.nodes.insert(node) {
                continue;
            }
            uses(graph, node).for_each(|path| self.add_path(path));
            nodes.extend(graph.users(node));
        }
    }

    fn add_path(&mut self, path: PathId) {
        if self.paths.insert(path) {
            self.new.push(path);
        }
    }
}
