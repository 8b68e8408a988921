//! What stands at the paths of a graph: looked at in bulk, or known to be as the last build left it.
//!
//! Does not judge; knows which nodes a change can concern, to look no further. A path that is as it was is not read, nor is what is remembered of it, before somebody asks.

mod concerned;

use super::links;
use crate::base::content::Content;
use crate::base::path::ProjectPath;
use crate::engine::project::Tools;
use crate::logic::graph::select::Selection;
use crate::logic::graph::{Graph, NodeId, PathId};
use crate::world::observe::Asked;
use crate::world::store::fresh::{FreshList, Mark};
use crate::world::trouble::Trouble;
use concerned::Concerned;
use rustc_hash::{FxHashMap, FxHashSet};

/// See the module.
#[derive(Default)]
pub struct Standing {
    list: Option<FreshList>,
    /// By path number; `None` when all that has not moved may be taken to be as it was.
    looked_at: Option<Vec<bool>>,
    /// What was looked at and is not as it was.
    moved: FxHashSet<PathId>,
    seen: FxHashMap<PathId, Content>,
}

impl Standing {
    /// Looks at every path of every selected node. Returns those that could not be read, besides. Where it is known which
    /// sources have `changed` since the list was left, only at paths of nodes that this concerns.
    pub(super) fn look(
        graph: &Graph,
        tools: &Tools,
        selection: &Selection,
        changed: Option<&[ProjectPath]>,
    ) -> (Standing, Vec<(PathId, Trouble)>) {
        let mut standing = Standing {
            list: list(graph, tools).cloned(),
            ..Standing::default()
        };
        let mut unreadable = Vec::new();
        if let (Some(list), Some(changed)) = (list(graph, tools), changed) {
            let mut concerned = Concerned::by(graph, selection, list, changed);
            while let Some(paths) = concerned.next_paths(graph, selection, &standing) {
                unreadable.extend(standing.add(graph, tools, paths.len(), |at| Some(paths[at])));
            }
            return (standing, unreadable);
        }
        let wanted = selection.explicit.then(|| wanted(graph, selection));
        let is_wanted = |path: usize| wanted.as_ref().is_none_or(|wanted| wanted[path]);
        let path = |at: usize| is_wanted(at).then_some(PathId(at as u32));
        unreadable.extend(standing.add(graph, tools, graph.path_count(), path));
        standing.looked_at = wanted;
        (standing, unreadable)
    }

    /// Looks at some paths, and returns those that could not be read.
    fn add(
        &mut self,
        graph: &Graph,
        tools: &Tools,
        count: usize,
        path: impl Fn(usize) -> Option<PathId> + Sync,
    ) -> Vec<(PathId, Trouble)> {
        let mark = |path: PathId| self.list.as_ref()?.mark(path.0 as usize);
        let seen = tools.observer.look_at_all(count, |at| {
            path(at).map(|path| Asked {
                path: graph.path_bytes(path),
                stamp: match mark(path) {
                    Some(Mark::File(stamp)) => Some(stamp),
                    Some(Mark::Tree(_)) | None => None,
                },
                links: links(graph, path),
            })
        });
        let mut unreadable = Vec::new();
        for (at, content) in seen {
            let Some(path) = path(at) else { continue };
            let is_same = match (self.mark(path), &content) {
                (Some(Mark::Tree(before)), Ok(Content::Tree { digest, .. })) => before == *digest,
                _ => false,
            };
            if !is_same {
                self.moved.insert(path);
            }
            match content {
                Ok(content) => drop(self.seen.insert(path, content)),
                Err(trouble) => unreadable.push((path, trouble)),
            }
        }
        unreadable
    }

    fn mark(&self, path: PathId) -> Option<Mark> {
        self.list.as_ref()?.mark(path.0 as usize)
    }

    /// Whether the path is as it was when the last build ended.
    pub(in crate::engine) fn is_as_before(&self, path: PathId) -> bool {
        let looked_at = self.looked_at.as_ref();
        looked_at.is_none_or(|looked_at| looked_at[path.0 as usize])
            && !self.moved.contains(&path)
            && self.mark(path).is_some()
    }

    /// The paths that were looked at and are not as they were; in no order.
    pub(super) fn moved(&self) -> impl Iterator<Item = PathId> + '_ {
        self.moved.iter().copied()
    }

    /// What stands at a path that was looked at; `None` where it was not, or could not be read.
    pub fn at(&self, graph: &Graph, tools: &Tools, path: PathId) -> Option<Content> {
        self.seen.get(&path).copied().or_else(|| {
            let Some(Mark::File(stamp)) = self.mark(path).filter(|_| self.is_as_before(path))
            else {
                return None;
            };
            let place = graph.project_path(path);
            let known = tools.observer.recall(place.as_str(), &stamp);
            // It may have been forgotten what the stamp stands for.
            known.or_else(|| tools.observer.observe(&place, links(graph, path)).ok())
        })
    }

    /// Takes note of what stands there now.
    pub fn set(&mut self, path: PathId, content: Content) {
        self.seen.insert(path, content);
        self.moved.insert(path);
    }

    /// What was seen of paths themselves, rather than known by their marks; in no order.
    pub(in crate::engine) fn seen(&self) -> impl Iterator<Item = (PathId, &Content)> {
        self.seen.iter().map(|(&path, content)| (path, content))
    }
}

/// The list of what was fresh, if it is of this very graph.
pub(in crate::engine) fn list<'t>(graph: &Graph, tools: &'t Tools) -> Option<&'t FreshList> {
    let list = tools.fresh.as_ref()?;
    let is_ours =
        list.head().graph == graph.identity() && list.size() == (graph.path_count(), graph.len());
    is_ours.then_some(list)
}

fn wanted(graph: &Graph, selection: &Selection) -> Vec<bool> {
    let mut wanted = vec![false; graph.path_count()];
    for node in graph.nodes().filter(|&node| selection.contains(node)) {
        for path in uses(graph, node) {
            wanted[path.0 as usize] = true;
        }
    }
    wanted
}

/// What a node reads and writes.
pub(in crate::engine) fn uses(graph: &Graph, node: NodeId) -> impl Iterator<Item = PathId> + '_ {
    let inputs = graph.inputs(node).chain(graph.outputs(node));
    inputs.map(|input| input.path)
}

/// The nodes that read or write a path.
pub(in crate::engine) fn users(graph: &Graph, path: PathId) -> impl Iterator<Item = NodeId> + '_ {
    graph.readers(path).chain(graph.producer(path))
}
