//! How long a build would have taken if something had been different: the scheduler, driven through it again with the
//! times that were measured.
//!
//! Commands are taken to run as long beside others as they did. Does not know who asks.

use crate::base::story::{Fate, NodeStory, Story};
use crate::logic::schedule::{Demand, Item, Limits, News, Order, Scheduler};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Nodes are left out one by one only of so many candidates.
const CANDIDATES: usize = 8;
/// Above so many nodes that is not done at all: each takes a build's whole planning.
const MANY: usize = 20_000;

/// See the module. All in milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WhatIf {
    /// As it was, by the same reckoning: what the others are compared with.
    pub as_it_was: u64,
    /// With this many slots.
    pub with_jobs: Vec<(u32, u64)>,
    /// With as many slots as there are nodes: what needs, resources and exclusive nodes ask for.
    pub with_all_jobs: u64,
    /// If no node had been exclusive; `None` where none was.
    pub not_exclusive: Option<u64>,
    /// If this node had taken no time; those that matter, the most telling first.
    pub without: Vec<(u32, u64)>,
}

/// Reckons. `candidates` are nodes whose time may matter, the most likely first.
pub fn what_if(story: &Story, candidates: impl Iterator<Item = u32>) -> WhatIf {
    let jobs = story.jobs.max(1);
    let weights: Vec<u64> = story.nodes.iter().map(NodeStory::ran_ms).collect();
    let as_it_was = replay(story, jobs, &weights, true);
    let mut with_jobs: Vec<(u32, u64)> = Vec::new();
    for more in [jobs + 1, jobs * 2, jobs * 4] {
        if with_jobs.iter().all(|(known, _)| *known != more) {
            with_jobs.push((more, replay(story, more, &weights, true)));
        }
    }
    let is_alone = |node: &NodeStory| node.takes.alone && !node.tries.is_empty();
    let mut seen = Vec::new();
    let mut without = Vec::new();
    for node in candidates.filter(|_| story.nodes.len() <= MANY) {
        if seen.contains(&node) || weights[node as usize] == 0 {
            continue;
        }
        seen.push(node);
        let mut weights = weights.clone();
        weights[node as usize] = 0;
        without.push((node, replay(story, jobs, &weights, true)));
        if seen.len() == CANDIDATES {
            break;
        }
    }
    without.retain(|(_, took)| took + as_it_was / 100 < as_it_was);
    without.sort_by_key(|&(node, took)| (took, node));
    WhatIf {
        as_it_was,
        with_all_jobs: replay(story, 1 + story.nodes.len() as u32, &weights, true),
        not_exclusive: story
            .nodes
            .iter()
            .any(is_alone)
            .then(|| replay(story, jobs, &weights, false)),
        with_jobs,
        without,
    }
}

/// From the first order to the last end.
fn replay(story: &Story, jobs: u32, weights: &[u64], exclusive: bool) -> u64 {
    let items: Vec<Item> = story
        .nodes
        .iter()
        .zip(weights)
        .map(|(node, &weight)| Item {
            needs: node.needs.clone(),
            after: node.after.clone(),
            demand: Demand {
                alone: node.takes.alone && exclusive,
                // A node that is alone has all slots; left to itself it would want one.
                slots: match node.takes.alone {
                    true => 1,
                    false => node.takes.slots.max(1),
                },
                limit: node.takes.limit,
                draws: node.takes.draws.clone(),
            },
            weight,
        })
        .collect();
    let mut scheduler = Scheduler::new(
        &Limits {
            jobs,
            keep_going: true,
            resources: story.resources.iter().map(|(_, total)| *total).collect(),
        },
        &items,
    );
    let mut under_way: BinaryHeap<Reverse<(u64, u32, bool)>> = BinaryHeap::new();
    let mut now = 0;
    loop {
        while let Some(order) = scheduler.next(now) {
            if let Order::Check(item) = order
                && story.nodes[item as usize].tries.is_empty()
            {
                scheduler.tell(News::Restores(item));
            }
            under_way.push(Reverse(match order {
                Order::Check(item) => (now + check_ms(&story.nodes[item as usize]), item, false),
                Order::Run(item) => (now + weights[item as usize], item, true),
            }));
        }
        let Some(Reverse((end, item, ran))) = under_way.pop() else {
            return now;
        };
        now = end;
        let node = &story.nodes[item as usize];
        scheduler.tell(match ran {
            true => News::Ran(item),
            false if node.tries.is_empty() => News::Settled(item),
            false => News::MustRun(item),
        });
    }
}

/// What restoring took.
fn check_ms(node: &NodeStory) -> u64 {
    match (node.fate, node.checked_ms, node.settled_ms) {
        (Fate::Restored, Some(from), Some(to)) => to.saturating_sub(from),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::{ran, with_jobs};
    use super::*;

    #[test]
    fn more_slots_shorter_nodes_and_no_exclusive_one_are_reckoned() {
        let mut story = with_jobs(2);
        let a = ran(&mut story, "a", &[], 0, 1000);
        let b = ran(&mut story, "b", &[], 0, 1000);
        let c = ran(&mut story, "c", &[], 1000, 2000);
        let alone = ran(&mut story, "alone", &[a, b, c], 2000, 3000);
        story.nodes[alone as usize].takes.alone = true;
        let other = ran(&mut story, "other", &[a, b, c], 3000, 4000);
        let told = what_if(&story, [alone, c, a, a, other].into_iter());
        assert_eq!(told.as_it_was, 4000);
        assert_eq!(told.with_jobs, [(3, 3000), (4, 3000), (8, 3000)]);
        assert_eq!(told.with_all_jobs, 3000);
        assert_eq!(told.not_exclusive, Some(3000));
        let saved: Vec<_> = told
            .without
            .iter()
            .map(|&(node, took)| (node, took))
            .collect();
        assert_eq!(saved, [(a, 3000), (c, 3000), (alone, 3000), (other, 3000)]);
    }

    #[test]
    fn resources_and_limits_hold_and_restoring_takes_its_time() {
        let mut story = with_jobs(4);
        story.resources = vec![("gpu".to_owned(), 1)];
        for name in ["a", "b"] {
            let node = ran(&mut story, name, &[], 0, 100);
            story.nodes[node as usize].takes.draws = vec![(0, 1)];
        }
        let restored = ran(&mut story, "r", &[], 0, 500);
        let restored = &mut story.nodes[restored as usize];
        (restored.fate, restored.checked_ms) = (Fate::Restored, Some(0));
        restored.tries.clear();
        let told = what_if(&story, 0..2);
        assert_eq!((told.as_it_was, told.with_all_jobs), (500, 500));
        story.nodes[2].settled_ms = Some(10);
        assert_eq!(what_if(&story, 0..0).with_all_jobs, 200);
        assert_eq!(what_if(&story, 0..0).not_exclusive, None);
    }
}
