//! Nodes whose outputs do not stand while a build runs, and need not: by what their readers are judged, and what follows
//! when one of them is needed after all.
//!
//! Does not decide who may stay away; the survey did.

use super::Build;
use crate::base::content::Content;
use crate::base::record::{Origin, RunResult};
use crate::engine::shared::Request;
use crate::engine::survey::Settled;
use crate::logic::graph::{NodeId, PathId};
use crate::logic::plan::forecast::Away;
use crate::logic::schedule::{News, State};
use crate::world::trouble::Trouble;
use std::collections::{HashMap, HashSet};

/// See the module.
pub(super) struct AwayNow {
    pub(super) nodes: Away,
    /// What their results say would stand there.
    foreseen: HashMap<NodeId, RunResult>,
    /// A command would not have found its inputs.
    lacking: bool,
    may_go_on: bool,
    /// Also after a failure.
    keeps_going: bool,
}

impl AwayNow {
    pub(super) fn new(
        nodes: &Away,
        foreseen: HashMap<NodeId, RunResult>,
        request: &Request<'_>,
    ) -> AwayNow {
        AwayNow {
            nodes: nodes.clone(),
            foreseen,
            lacking: false,
            may_go_on: request.may_go_on,
            keeps_going: request.keep_going,
        }
    }
}

impl Build<'_, '_> {
    /// Takes down that a node was found fresh.
    pub(super) fn record_fresh(
        &mut self,
        node: NodeId,
        settled: Settled,
        origin: Origin,
    ) -> Result<(), Trouble> {
        if !self.away.nodes.contains(&node) {
            return self.record(node, settled, origin);
        }
        self.tell_settled(node, &settled);
        self.away.foreseen.insert(node, settled.result.clone());
        let project = self.shared.project;
        self.memory.node_away(project, node, settled, origin)
    }

    /// What would stand at a path whose writer is away.
    pub(super) fn belongs_away(&self, path: PathId) -> Option<Content> {
        let writer = self.graph().producer(path)?;
        let result = self.away.foreseen.get(&writer);
        let result = result.filter(|_| self.away.nodes.contains(&writer))?;
        let mut outputs = self.graph().outputs(writer).zip(&result.outputs);
        outputs.find_map(|(output, (_, content))| (output.path == path).then_some(*content))
    }

    /// Whether a command that has to run would not find its inputs: what it reads is away. It comes with a damaged cache,
    /// from which it could not be restored.
    pub(super) fn lacks_inputs(&self, item: u32) -> bool {
        let mut needs = self.graph().needs(self.node(item));
        needs.any(|need| self.away.nodes.contains(&need))
    }

    /// Leaves a node for another round, which looks again at what is needed.
    pub(super) fn leave_for_another_round(&mut self, item: u32) {
        self.away.lacking = true;
        self.outlook.leaves(item);
        self.tell_scheduler(News::Withdrawn(item));
    }

    /// Whether another round follows.
    pub(super) fn goes_on(&self) -> bool {
        self.away.lacking
            && self.away.may_go_on
            && (self.summary.failed == 0 || self.away.keeps_going)
            && !self.summary.interrupted
    }

    /// What failed, and what needs it: no other round tries these again.
    pub(super) fn given_up(&self) -> HashSet<String> {
        let items = 0..self.nodes.len() as u32;
        let given_up = items.filter(|&item| {
            matches!(
                self.scheduler.state(item),
                State::Failed | State::Blocked { .. }
            )
        });
        given_up
            .map(|item| self.graph().name(self.node(item)).to_owned())
            .collect()
    }
}
