//! A story's nodes as a drawing takes them.
//!
//! Does not know how they are drawn.

use crate::base::story::Story;
use crate::logic::drawing::Shape;
use crate::logic::graph::NodeId;

impl Shape for Story {
    fn count(&self) -> usize {
        self.nodes.len()
    }

    fn in_order(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.nodes.len() as u32).map(NodeId)
    }

    fn name_of(&self, node: NodeId) -> &str {
        &self.nodes[node.0 as usize].name
    }

    fn family_of(&self, node: NodeId) -> &str {
        self.nodes[node.0 as usize].family()
    }

    fn needs_of(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes[node.0 as usize]
            .needs
            .iter()
            .map(|&need| NodeId(need))
    }

    fn after_of(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.nodes[node.0 as usize]
            .after
            .iter()
            .map(|&other| NodeId(other))
    }
}
