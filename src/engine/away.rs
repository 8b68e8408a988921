//! Outputs that do not stand and need not: those of `temp` nodes that have been read, and those that nobody has asked
//! for, that never stood in this checkout, and that no command has to read.
//!
//! Decides who may stay away. Does not bring anything back: the survey counts what has to come back as to be restored.

use super::project::{Tools, UNFINISHED};
use super::survey::Survey;
use super::survey::standing::Standing;
use crate::base::content::Content;
use crate::logic::graph::select::Selection;
use crate::logic::graph::{Graph, NodeId, Use};
use crate::logic::plan::{Forecast, Reason};

/// Which outputs are brought back from the cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Restore {
    /// Those of the targets, those that a command has to read, and those that stood in this checkout before.
    #[default]
    Needed,
    /// Those of every node that takes part.
    All,
    /// Those of `temp` nodes as well: for a build that found out too late that it needs one.
    Everything,
}

/// Who may stay away.
pub(super) struct MayStayAway<'a> {
    pub(super) graph: &'a Graph,
    pub(super) tools: &'a Tools,
    pub(super) selection: &'a Selection,
    pub(super) restore: Restore,
}

impl MayStayAway<'_> {
    /// Whether nothing of the node's outputs stands, and nobody is to mind. Says nothing of whether they are known.
    pub(super) fn is_away(&self, node: NodeId, standing: &Standing) -> bool {
        let outputs = self.graph.outputs(node);
        let gone =
            |output: Use| standing.at(self.graph, self.tools, output.path) == Some(Content::Absent);
        if outputs.len() == 0 || !self.graph.outputs(node).all(gone) {
            return false;
        }
        match self.restore {
            Restore::Everything => false,
            Restore::All => self.graph.temp(node),
            Restore::Needed => {
                self.graph.temp(node)
                    || (!self.selection.named[node.0 as usize]
                        && !self.stood_here(node)
                        && !self.is_looked_at(node))
            }
        }
    }

    /// Whether this checkout had its outputs before. What somebody has removed is noticed, asked for or not.
    fn stood_here(&self, node: NodeId) -> bool {
        self.graph.outputs(node).any(|output| {
            let left = self.tools.ledger.written(self.graph.path(output.path));
            !matches!(left, None | Some(Content::Absent | UNFINISHED))
        })
    }

    /// Whether somebody takes as an input what stands there, rather than what a result says of it: a folder in which this
    /// node writes beside others, or a directory without some of its names.
    fn is_looked_at(&self, node: NodeId) -> bool {
        let graph = self.graph;
        let mut users = graph
            .users(node)
            .filter(|&user| self.selection.contains(user));
        users.any(|user| graph.ignoring(user) || graph.inputs(user).any(|input| input.mixed))
    }
}

impl Survey {
    /// What is away has to come back for those that have to read it, and for whoever asks for it.
    pub(super) fn bring_back(&mut self, may: &MayStayAway<'_>) {
        if self.away.is_empty() {
            return;
        }
        let graph = may.graph;
        let away = graph.order().filter(|node| self.away.contains(node));
        let away: Vec<NodeId> = away.collect();
        for node in away.into_iter().rev() {
            let asked = may.selection.explicit && may.selection.named[node.0 as usize];
            if !asked && !graph.users(node).any(|user| self.has_to_read(user)) {
                continue;
            }
            self.away.remove(&node);
            self.found.retain(|(found, _)| *found != node);
            let gone = graph.outputs(node).next();
            let gone = gone.map(|output| Reason::OutputMissing(graph.project_path(output.path)));
            let reasons = gone.into_iter().collect();
            let result = self.foreseen.get(&node);
            let kept = result.is_some_and(|result| may.tools.cache.has_all(result));
            let forecast = match kept && !graph.uncached(node) {
                true => Forecast::Restorable(reasons),
                false => Forecast::Stale(reasons),
            };
            self.judged.insert(node, forecast);
        }
    }

    /// Whether the node's command has to run, or may have to.
    fn has_to_read(&self, node: NodeId) -> bool {
        match self.forecast(node) {
            Forecast::Fresh | Forecast::Restorable(_) => false,
            Forecast::Stale(_) | Forecast::MayRun(_) | Forecast::SourceMissing => true,
        }
    }
}
