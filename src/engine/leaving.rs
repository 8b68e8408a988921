//! What a build leaves to the next one: which nodes are fresh now, and by what their paths are known again.
//!
//! Says of a path only what the observer vouches for, and of a node only what was judged with exactly what its paths are
//! marked to hold. Does not judge.

use super::memory::Memory;
use super::project::{Project, Tools};
use super::survey::standing::{self, uses};
use super::survey::{Settled, Survey};
use crate::base::content::Content;
use crate::logic::graph::select::Selection;
use crate::logic::graph::{Graph, NodeId, PathId};
use crate::logic::plan::forecast::{Away, Forecast};
use crate::world::store::fresh::{self, FreshList, Head, Mark};
use crate::world::store::ledger;
use crate::world::trouble::Trouble;
use std::collections::{HashMap, HashSet};

/// See the module.
pub(super) struct Leaving {
    /// By path number.
    marks: Vec<Option<Mark>>,
    /// By node number.
    fresh: Vec<bool>,
    /// Nodes that the build brought up to date, and what their paths held.
    settled: Vec<(NodeId, Vec<Content>)>,
    /// Sources that changed while the build ran.
    changed: HashSet<PathId>,
    /// All is as it was: there is nothing to leave.
    nothing_new: bool,
}

impl Leaving {
    /// What can be said after a survey.
    pub(super) fn of(
        project: &Project,
        tools: &Tools,
        survey: &Survey,
        selection: &Selection,
    ) -> Leaving {
        let graph = &project.graph;
        let mut leaving = Leaving {
            marks: Vec::new(),
            fresh: Vec::new(),
            settled: Vec::new(),
            changed: HashSet::new(),
            nothing_new: survey.as_before.len() == selection.len(),
        };
        if leaving.nothing_new {
            return leaving;
        }
        let list = standing::list(graph, tools);
        let before = |path: PathId| list.and_then(|list| list.mark(path.0 as usize));
        leaving.marks = graph
            .paths()
            .map(|path| match survey.standing.seen(path) {
                Some(content) if !survey.standing.is_as_before(path) => {
                    mark(graph, tools, path, &content)
                }
                _ => before(path),
            })
            .collect();
        let marks = &leaving.marks;
        let is_fresh = |node: NodeId| {
            if !selection.contains(node) {
                // It was judged by an earlier build, with what its paths held then.
                return list.is_some_and(|list| list.is_fresh(node.0 as usize))
                    && uses(graph, node).all(|path| marks[path.0 as usize] == before(path));
            }
            *survey.forecast(node) == Forecast::Fresh
                && is_plain(graph, node)
                && uses(graph, node).all(|path| marks[path.0 as usize].is_some())
        };
        leaving.fresh = graph.nodes().map(is_fresh).collect();
        leaving
    }

    /// A node is up to date, with this.
    pub(super) fn settled(&mut self, graph: &Graph, node: NodeId, settled: &Settled) {
        let declared = graph.inputs(node).len();
        let outputs = &settled.result.outputs;
        if !is_plain(graph, node)
            || settled.inputs.len() != declared
            || outputs.len() != graph.outputs(node).len()
        {
            return;
        }
        let contents = settled.inputs.iter().chain(outputs);
        let contents = contents.map(|(_, content)| *content).collect();
        self.settled.push((node, contents));
    }

    /// A source holds something else than the survey saw.
    pub(super) fn changed(&mut self, path: PathId) {
        self.changed.insert(path);
    }

    /// Ends the memory of a build that dealt with `items`, and leaves what is known now; the outputs of nodes that are
    /// `away` do not stand. That it could not be written
    /// costs the next build time only.
    pub(super) fn finish(
        mut self,
        project: &Project,
        tools: &Tools,
        memory: Memory,
        items: &[NodeId],
        away: &Away,
    ) -> Result<(), Trouble> {
        let graph = &project.graph;
        if !self.nothing_new {
            self.take_in(graph, tools, items, away);
        }
        let texts = project.texts.iter().filter_map(|text| {
            let stamped = tools.observer.stamped(text.as_str())?;
            Some((text.as_str().as_bytes().to_vec(), stamped))
        });
        let texts: Vec<_> = texts.collect();
        let state = &project.place.state;
        let number = memory.build();
        let last_build = number - u32::from(items.is_empty());
        let needed = tools.fresh.as_ref().map(|list| list.head().needed);
        let needed = memory.finish(
            &tools.observer.learned(),
            !tools.damages.is_empty(),
            needed.filter(|&needed| needed > 0),
        )?;
        let Some(ledger) = ledger::stamp(state) else {
            return Ok(());
        };
        let head = Head {
            ledger,
            last_build,
            needed: needed.unwrap_or(0),
            texts,
            graph: graph.identity(),
        };
        if self.nothing_new {
            match standing::list(graph, tools) {
                Some(list) if *list.head() != head => self.as_it_was(list),
                // So it is for a graph without nodes, too.
                _ => return Ok(()),
            }
        }
        let _ = fresh::write(state, &head, &self.marks, &self.fresh);
        Ok(())
    }

    fn as_it_was(&mut self, list: &FreshList) {
        let (paths, nodes) = list.size();
        self.marks = (0..paths).map(|path| list.mark(path)).collect();
        self.fresh = (0..nodes).map(|node| list.is_fresh(node)).collect();
    }

    /// What the build has changed.
    fn take_in(&mut self, graph: &Graph, tools: &Tools, items: &[NodeId], away: &Away) {
        let mut held: HashMap<PathId, Option<Content>> = HashMap::new();
        for (node, contents) in &self.settled {
            for (path, content) in uses(graph, *node).zip(contents) {
                let held = held.entry(path).or_insert(Some(*content));
                // What two nodes found different is nothing to be relied on.
                *held = held.filter(|held| held == content);
            }
        }
        // A reader has a content of what is away, and nothing stands there.
        for output in away.iter().flat_map(|&node| graph.outputs(node)) {
            held.insert(output.path, None);
        }
        let of_items = items.iter().flat_map(|&item| uses(graph, item));
        let touched: HashSet<PathId> = of_items.chain(self.changed.drain()).collect();
        let mut moved = HashSet::new();
        for path in touched {
            let held = held.get(&path).copied().flatten();
            let now = held.and_then(|held| mark(graph, tools, path, &held));
            if now.is_none() || now != self.marks[path.0 as usize] {
                moved.insert(path);
            }
            self.marks[path.0 as usize] = now;
        }
        for node in graph.nodes() {
            self.fresh[node.0 as usize] &= uses(graph, node).all(|path| !moved.contains(&path));
        }
        for &item in items {
            self.fresh[item.0 as usize] = false;
        }
        for (node, _) in &self.settled {
            self.fresh[node.0 as usize] =
                uses(graph, *node).all(|path| self.marks[path.0 as usize].is_some());
        }
    }
}

/// Whether all that decides about a node stands at its paths.
fn is_plain(graph: &Graph, node: NodeId) -> bool {
    !(graph.always(node)
        || graph.temp(node)
        || graph.probed(node)
        || graph.ignoring(node)
        || graph.has_depfile(node))
}

/// By what a path that holds `content` is known again.
fn mark(graph: &Graph, tools: &Tools, path: PathId, content: &Content) -> Option<Mark> {
    match content {
        Content::File { .. } => {
            let stamp = tools.observer.vouch(graph.path(path), content)?;
            Some(Mark::File(stamp))
        }
        Content::Tree { digest, .. } => Some(Mark::Tree(*digest)),
        Content::Absent | Content::Special => None,
    }
}
