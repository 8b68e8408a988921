//! The longest path by expected times: no build of these nodes can be shorter.
//!
//! Does not know where the times come from.

use crate::logic::graph::{Graph, NodeId};

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Longest {
    /// From the first to the last.
    pub nodes: Vec<NodeId>,
    /// Milliseconds.
    pub expected_ms: u64,
    /// Of how many of its nodes the time is a guess, since they never ran here.
    pub guessed: usize,
    /// It is what a build has ahead; else nothing has to run, and it is that of a build of everything.
    pub is_ahead: bool,
}

/// The longest path among the nodes that `shown` marks. `weights` are milliseconds, by node number, 0 for what does not
/// run; of paths alike the one with more nodes.
pub fn longest(graph: &Graph, shown: &[bool], weights: &[u64]) -> Vec<NodeId> {
    // So much, and over so many nodes, from the start of a path to the end of this node; and who comes before.
    let mut best: Vec<(u64, u32)> = vec![(0, 0); graph.len()];
    let mut before: Vec<Option<NodeId>> = vec![None; graph.len()];
    let mut last: Option<NodeId> = None;
    for node in graph.order().filter(|node| shown[node.0 as usize]) {
        let above = graph.needs(node).chain(graph.after(node));
        let above = above.filter(|other| shown[other.0 as usize]);
        let longest = above.max_by_key(|other| (best[other.0 as usize], std::cmp::Reverse(*other)));
        let place = node.0 as usize;
        before[place] = longest;
        let (time, count) = longest.map_or((0, 0), |other| best[other.0 as usize]);
        best[place] = (time.saturating_add(weights[place]), count + 1);
        if last.is_none_or(|last| best[last.0 as usize] < best[place]) {
            last = Some(node);
        }
    }
    let mut path = Vec::new();
    while let Some(node) = last {
        path.push(node);
        last = before[node.0 as usize];
    }
    path.reverse();
    path
}
