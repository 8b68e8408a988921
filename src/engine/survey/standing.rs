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
use rustc_hash::FxBuildHasher;
use std::collections::HashMap;

/// See the module.
pub struct Standing {
    seen: HashMap<PathId, Content, FxBuildHasher>,
    /// By path number: it is known again by its mark.
    as_before: Vec<bool>,
    /// By path number.
    looked_at: Vec<bool>,
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
        match (list(graph, tools), changed) {
            (Some(list), Some(changed)) => {
                let mut concerned = Concerned::by(graph, selection, list, changed);
                loop {
                    let (standing, unreadable) = Standing::of(graph, tools, &concerned.paths);
                    if !concerned.grow(graph, selection, &standing) {
                        return (standing.else_as_before(list), unreadable);
                    }
                }
            }
            _ => Standing::of(graph, tools, &wanted(graph, selection)),
        }
    }

    fn of(graph: &Graph, tools: &Tools, wanted: &[bool]) -> (Standing, Vec<(PathId, Trouble)>) {
        let list = list(graph, tools);
        let mark = |path: usize| list?.mark(path);
        let seen = tools.observer.look_at_all(wanted.len(), |number| {
            let path = PathId(number as u32);
            wanted[number].then(|| Asked {
                path: graph.path_bytes(path),
                stamp: match mark(number) {
                    Some(Mark::File(stamp)) => Some(stamp),
                    Some(Mark::Tree(_)) | None => None,
                },
                links: links(graph, path),
            })
        });
        let mut standing = Standing {
            seen: HashMap::with_capacity_and_hasher(seen.others.len(), FxBuildHasher),
            as_before: seen.as_before,
            looked_at: wanted.to_vec(),
        };
        let mut unreadable = Vec::new();
        for (number, content) in seen.others {
            let path = PathId(number as u32);
            match content {
                Ok(content) => {
                    standing.as_before[number] = match (mark(number), content) {
                        (Some(Mark::Tree(before)), Content::Tree { digest, .. }) => {
                            before == digest
                        }
                        _ => false,
                    };
                    standing.seen.insert(path, content);
                }
                Err(trouble) => unreadable.push((path, trouble)),
            }
        }
        (standing, unreadable)
    }

    /// With every path that was not looked at taken to be as it was.
    fn else_as_before(mut self, list: &FreshList) -> Self {
        for (path, looked_at) in self.looked_at.iter().enumerate() {
            self.as_before[path] |= !looked_at && list.mark(path).is_some();
        }
        self
    }

    /// Whether the path is as it was when the last build ended.
    pub(in crate::engine) fn is_as_before(&self, path: PathId) -> bool {
        self.as_before[path.0 as usize]
    }

    /// What stands at a path that was looked at; `None` where it was not, or could not be read.
    pub fn at(&self, graph: &Graph, tools: &Tools, path: PathId) -> Option<Content> {
        self.seen.get(&path).copied().or_else(|| {
            let list = list(graph, tools).filter(|_| self.is_as_before(path))?;
            let Some(Mark::File(stamp)) = list.mark(path.0 as usize) else {
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
        self.as_before[path.0 as usize] = false;
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
    if !selection.explicit {
        return vec![true; graph.path_count()];
    }
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
