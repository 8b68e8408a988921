//! Who needs whom, as far as a drawing cares: of the graph that is built, or of one that a story tells of.
//!
//! Does not know what nodes do.

use crate::logic::graph::{Graph, NodeId};

/// See the module. Nodes are numbered from 0.
pub trait Shape {
    /// The number of nodes.
    fn count(&self) -> usize;
    /// Every node, each after all that it needs or comes after.
    fn in_order(&self) -> impl Iterator<Item = NodeId> + '_;
    /// Its name.
    fn name_of(&self, node: NodeId) -> &str;
    /// The name that all instances of its matrix share.
    fn family_of(&self, node: NodeId) -> &str;
    /// What it reads from.
    fn needs_of(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_;
    /// What it only comes after.
    fn after_of(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_;
}

impl Shape for Graph {
    fn count(&self) -> usize {
        self.len()
    }

    fn in_order(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.order()
    }

    fn name_of(&self, node: NodeId) -> &str {
        self.name(node)
    }

    fn family_of(&self, node: NodeId) -> &str {
        self.family(node)
    }

    fn needs_of(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.needs(node)
    }

    fn after_of(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        self.after(node)
    }
}
