//! What a build leaves to the next one: which nodes are fresh now, and by what their paths are known again.
//!
//! Says of a path only what the observer vouches for, and of a node only what was judged with exactly what its paths are
//! marked to hold. Does not judge.

use super::memory::Memory;
use super::project::{Project, Tools};
use super::survey::standing::{self, uses};
use super::survey::{Settled, Survey};
use crate::base::content::Content;
use crate::logic::graph::{Graph, NodeId, PathId};
use crate::logic::plan::forecast::{Away, Forecast};
use crate::world::store::fresh::{self, Head, Mark, Marks};
use crate::world::store::ledger;
use crate::world::trouble::Trouble;
use std::collections::{HashMap, HashSet};

/// See the module.
pub(super) struct Leaving {
    /// By what paths are known again that are not as they were when the build looked.
    moved: Vec<(PathId, Option<Mark>)>,
    /// Nodes that were judged anew, and whether they were found fresh.
    judged: Vec<(NodeId, bool)>,
    /// Nodes that the build brought up to date, and what their paths held.
    settled: Vec<(NodeId, Vec<Content>)>,
    /// Sources that changed while the build ran.
    changed: HashSet<PathId>,
}

impl Leaving {
    /// What can be said after a survey.
    pub(super) fn of(graph: &Graph, tools: &Tools, survey: &Survey) -> Leaving {
        let standing = &survey.standing;
        let moved = standing
            .seen()
            .filter(|(path, _)| !standing.is_as_before(*path));
        let moved = moved.map(|(path, content)| (path, mark(graph, tools, path, content)));
        let judged = survey.judged.iter();
        let judged = judged
            .map(|(&node, forecast)| (node, *forecast == Forecast::Fresh && is_plain(graph, node)));
        Leaving {
            moved: moved.collect(),
            judged: judged.collect(),
            settled: Vec::new(),
            changed: HashSet::new(),
        }
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
        self,
        project: &Project,
        tools: &Tools,
        memory: Memory,
        items: &[NodeId],
        away: &Away,
    ) -> Result<(), Trouble> {
        let graph = &project.graph;
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
        let list = standing::list(graph, tools);
        let is_same = list.is_some_and(|list| *list.head() == head);
        // So it is for a graph without nodes, too.
        if self.judged.is_empty() && (is_same || list.is_none()) {
            return Ok(());
        }
        let (marks, fresh) = match list {
            Some(list) => list.copied(),
            None => (Marks::none(graph.path_count()), vec![0; graph.len()]),
        };
        let mut draft = Draft { marks, fresh };
        draft.found(graph, &self);
        draft.done(graph, tools, self, items, away);
        let _ = fresh::write(state, &head, &draft.marks, &draft.fresh);
        Ok(())
    }
}

/// A list in the making.
struct Draft {
    marks: Marks,
    /// By node number: 1 for fresh.
    fresh: Vec<u8>,
}

impl Draft {
    /// By what a path is known again. What was known of nodes rests on paths that have not moved.
    fn mark(&mut self, graph: &Graph, path: PathId, now: Option<Mark>) {
        let number = path.0 as usize;
        if now.is_none() || now != self.marks.get(number) {
            standing::users(graph, path).for_each(|node| self.fresh[node.0 as usize] = 0);
        }
        self.marks.set(number, now);
    }

    /// The node is fresh, if its paths are known again.
    fn settle(&mut self, graph: &Graph, node: NodeId) {
        let mut uses = uses(graph, node);
        let are_marked = uses.all(|path| self.marks.get(path.0 as usize).is_some());
        self.fresh[node.0 as usize] = u8::from(are_marked);
    }

    /// What the build found.
    fn found(&mut self, graph: &Graph, leaving: &Leaving) {
        for &(path, mark) in &leaving.moved {
            self.mark(graph, path, mark);
        }
        for &(node, is_fresh) in &leaving.judged {
            self.fresh[node.0 as usize] = 0;
            if is_fresh {
                self.settle(graph, node);
            }
        }
    }

    /// What it has done.
    fn done(
        &mut self,
        graph: &Graph,
        tools: &Tools,
        leaving: Leaving,
        items: &[NodeId],
        away: &Away,
    ) {
        let mut held: HashMap<PathId, Option<Content>> = HashMap::new();
        for (node, contents) in &leaving.settled {
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
        let touched: HashSet<PathId> = of_items.chain(leaving.changed).collect();
        for path in touched {
            let held = held.get(&path).copied().flatten();
            let now = held.and_then(|held| mark(graph, tools, path, &held));
            self.mark(graph, path, now);
        }
        for &item in items {
            self.fresh[item.0 as usize] = 0;
        }
        for (node, _) in leaving.settled {
            self.settle(graph, node);
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
