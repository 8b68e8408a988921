//! Outputs of `temp` nodes: removed as soon as the last node that reads them is done.
//!
//! Does not bring them back; the survey sees to that when they are needed again.

use super::Build;
use crate::base::path::ProjectPath;
use crate::logic::event::Notice;
use crate::logic::graph::NodeId;
use crate::logic::schedule::State;
use crate::world::observe::Links;
use crate::world::store::state;
use crate::world::trouble::Trouble;

impl Build<'_, '_> {
    /// After `item` is done well: removes what nobody needs to read any more.
    pub(super) fn put_away_what_is_read(&mut self, item: u32) -> Result<(), Trouble> {
        let graph = self.graph();
        let node = self.node(item);
        let mut read: Vec<NodeId> = graph.needs(node).filter(|&need| graph.temp(need)).collect();
        read.extend(graph.temp(node).then_some(node));
        for temporary in read {
            if self.is_read_by_all(temporary) {
                self.put_away(temporary)?;
            }
        }
        Ok(())
    }

    /// Whether the node and every node that reads its outputs are done; one that nobody reads keeps its outputs.
    fn is_read_by_all(&self, node: NodeId) -> bool {
        let asked = self.selection.explicit && self.selection.named[node.0 as usize];
        let done = |node: NodeId| {
            let state = self.places[node.0 as usize].map(|item| self.scheduler.state(item));
            match state {
                Some(state) => matches!(state, State::Settled | State::Ran),
                None => self.selection.contains(node),
            }
        };
        let mut users = self.graph().users(node);
        users.len() > 0 && !asked && done(node) && users.all(done)
    }

    fn put_away(&mut self, node: NodeId) -> Result<(), Trouble> {
        let shared = self.shared;
        let graph = self.graph();
        let mut removed: Vec<ProjectPath> = Vec::new();
        for output in graph.outputs(node) {
            let path = graph.project_path(output.path);
            let now = shared.tools.observer.observe(&path, Links::Verbatim).ok();
            // Only what this build knows to be the node's own.
            if now.is_none() || now != self.standing.at(graph, shared.tools, output.path) {
                continue;
            }
            match state::remove_output(&shared.project.place.root, &path) {
                Ok(()) => removed.push(path),
                Err(trouble) => (self.tell)(crate::logic::event::BuildEvent::Notice(
                    Notice::Trouble(trouble.to_string()),
                )),
            }
        }
        self.memory.removed(removed.into_iter())
    }
}
