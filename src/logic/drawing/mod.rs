//! What a picture of the graph shows and where: cards, lines between them, the longest path, places.
//!
//! Values only: a card is a node, or all instances of one. Does not know how it is drawn, nor what a card says.

mod fold;
pub mod layout;
mod longest;
mod shape;

pub use fold::fold;
pub use longest::{Longest, longest};
pub use shape::Shape;

use crate::logic::graph::NodeId;

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drawing {
    /// Each after all that it needs or comes after.
    pub cards: Vec<Card>,
    /// Sorted by their ends; two cards have one line at most.
    pub lines: Vec<Line>,
    /// By node number: its card; `None` where the node is not shown.
    pub card_of: Vec<Option<u32>>,
    /// The longest path.
    pub longest: Longest,
}

/// A node, or the instances of one that are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The node's name; of several instances the name that they share.
    pub name: String,
    /// One, or several instances, each after all that it needs.
    pub nodes: Vec<NodeId>,
    /// Whether one of them is on the longest path.
    pub is_longest: bool,
}

/// One card waits for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Who comes first.
    pub from: u32,
    /// Who waits for it.
    pub to: u32,
    /// `to` reads what `from` writes; else it only comes after it.
    pub reads: bool,
    /// Between how many pairs of nodes.
    pub count: u32,
    /// Whether the longest path goes along here.
    pub is_longest: bool,
}
