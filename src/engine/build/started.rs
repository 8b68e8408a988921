//! What a build tells of its nodes before they run: the plan, and that a command starts.
//!
//! Does not decide what starts; the scheduler does.

use super::Build;
use crate::base::content::Contents;
use crate::logic::event::{BuildEvent, Notice, Plan, PlannedNode, Takes};
use crate::logic::graph::NodeId;
use crate::world::store::state;

impl Build<'_, '_> {
    /// Tells all that is known before the first check.
    pub(super) fn tell_plan(&mut self, keep_going: bool) {
        let plan = Plan {
            build: self.shared.build,
            started_ms: self.shared.started_ms,
            keep_going,
            resources: self.resources.0.clone(),
            nodes: (0..self.nodes.len() as u32)
                .map(|item| self.planned(item))
                .collect(),
        };
        (self.tell)(BuildEvent::Planned(plan));
    }

    fn planned(&self, item: u32) -> PlannedNode {
        let (graph, node) = (self.graph(), self.node(item));
        let is_item = |node: &NodeId| self.places[node.0 as usize].is_some();
        let name = |node: NodeId| graph.name(node).to_owned();
        PlannedNode {
            node: name(node),
            needs: graph.needs(node).filter(is_item).map(name).collect(),
            after: graph.after(node).filter(is_item).map(name).collect(),
            expected: self.outlook.expected(item),
            takes: self.takes(item),
        }
    }

    /// Says that a node's command starts, and gives the inputs that it was judged by.
    pub(super) fn start(&mut self, item: u32) -> Contents {
        let (reasons, inputs) = self
            .pending
            .get(&item)
            .cloned()
            .expect("a check comes before its run");
        self.outlook.leaves(item);
        let node = self.node(item);
        self.note_clamped(node);
        let started = BuildEvent::NodeStarted {
            node: self.graph().name(node).to_owned(),
            reasons,
            command: self.graph().job(node).shown,
            prospect: self.prospect(item),
            attempt: self.attempt(item),
            takes: self.takes(item),
            log: self.shown_log(item),
        };
        (self.tell)(started);
        self.follow(item);
        inputs
    }

    fn note_clamped(&mut self, node: NodeId) {
        let slots = self.graph().demand(node).slots;
        if slots > self.jobs && !self.clamped {
            self.clamped = true;
            let node = self.graph().name(node).to_owned();
            let jobs = self.jobs;
            (self.tell)(BuildEvent::Notice(Notice::Clamped { node, slots, jobs }));
        }
    }

    /// Which try of a node is the present one, from 1.
    pub(super) fn attempt(&self, item: u32) -> u32 {
        1 + self.tries.get(&item).copied().unwrap_or(0)
    }

    /// Where its log lies, from the project's root.
    pub(super) fn shown_log(&self, item: u32) -> String {
        let (place, name) = (
            &self.shared.project.place,
            self.graph().name(self.node(item)),
        );
        let log = state::log_path(&place.state, name, self.shared.build);
        let shown = log.strip_prefix(&place.root).unwrap_or(&log);
        shown.display().to_string()
    }

    fn takes(&self, item: u32) -> Takes {
        let (graph, node) = (self.graph(), self.node(item));
        Takes {
            slots: self.prospect(item).slots,
            exclusive: graph.exclusive(node),
            resources: self.resources.named_draws(&graph.demand(node).draws),
        }
    }
}
