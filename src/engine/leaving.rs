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
use crate::world::store::fresh::{self, Head, Mark, Marks};
use crate::world::store::ledger;
use crate::world::trouble::Trouble;
use std::collections::{HashMap, HashSet};

/// See the module.
pub(super) struct Leaving {
    marks: Marks,
    /// By node number: 1 for fresh.
    fresh: Vec<u8>,
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
            marks: Marks::default(),
            fresh: Vec::new(),
            settled: Vec::new(),
            changed: HashSet::new(),
            nothing_new: survey.as_before.len() == selection.len(),
        };
        if leaving.nothing_new {
            return leaving;
        }
        (leaving.marks, leaving.fresh) = match standing::list(graph, tools) {
            Some(list) => list.copied(),
            None => (Marks::none(graph.path_count()), vec![0; graph.len()]),
        };
        let mut moved = vec![false; graph.path_count()];
        for (path, content) in survey.standing.seen() {
            if !survey.standing.is_as_before(path) {
                leaving.mark(path, mark(graph, tools, path, content), &mut moved);
            }
        }
        leaving.forget_users(graph, &moved);
        let mut judged = selection.members.clone();
        for node in &survey.as_before {
            judged[node.0 as usize] = false;
        }
        for node in graph.nodes().filter(|node| judged[node.0 as usize]) {
            let is_fresh = *survey.forecast(node) == Forecast::Fresh
                && is_plain(graph, node)
                && leaving.are_marked(graph, node);
            leaving.fresh[node.0 as usize] = u8::from(is_fresh);
        }
        leaving
    }

    /// Sets by what a path is known again, and takes note if that is something else than before.
    fn mark(&mut self, path: PathId, now: Option<Mark>, moved: &mut [bool]) {
        let number = path.0 as usize;
        moved[number] = now.is_none() || now != self.marks.get(number);
        self.marks.set(number, now);
    }

    /// What was known of nodes rests on paths that have not moved.
    fn forget_users(&mut self, graph: &Graph, moved: &[bool]) {
        for node in graph.nodes() {
            let fresh = &mut self.fresh[node.0 as usize];
            if *fresh == 1 && uses(graph, node).any(|path| moved[path.0 as usize]) {
                *fresh = 0;
            }
        }
    }

    fn are_marked(&self, graph: &Graph, node: NodeId) -> bool {
        uses(graph, node).all(|path| self.marks.get(path.0 as usize).is_some())
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
                Some(list) if *list.head() != head => {
                    (self.marks, self.fresh) = list.copied();
                }
                // So it is for a graph without nodes, too.
                _ => return Ok(()),
            }
        }
        let _ = fresh::write(state, &head, &self.marks, &self.fresh);
        Ok(())
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
        let mut moved = vec![false; graph.path_count()];
        for path in touched {
            let held = held.get(&path).copied().flatten();
            let now = held.and_then(|held| mark(graph, tools, path, &held));
            self.mark(path, now, &mut moved);
        }
        self.forget_users(graph, &moved);
        for &item in items {
            self.fresh[item.0 as usize] = 0;
        }
        for (node, _) in std::mem::take(&mut self.settled) {
            self.fresh[node.0 as usize] = u8::from(self.are_marked(graph, node));
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
