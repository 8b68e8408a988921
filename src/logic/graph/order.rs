//! An order in which everything can be done, or the circles that make it impossible.
//!
//! Does not know how edges came to be. Walks are linear in nodes and edges and never recurse.

use super::draft::{DraftInput, DraftNode};
use super::instance::Instance;
use crate::logic::manifest::{Problem, Source};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// An order in which every node comes after all that it needs or comes after; a problem for each circle.
pub(super) fn order(
    instances: &[Instance<'_>],
    source: &Arc<Source>,
    nodes: &[DraftNode],
    problems: &mut Vec<Problem>,
) -> Vec<u32> {
    let mut removed: HashSet<u32> = HashSet::new();
    loop {
        let (order, left) = sort(nodes, &removed);
        if left.is_empty() {
            return order;
        }
        let circle = circle_in(nodes, &left);
        problems.push(circle_problem(instances, source, nodes, &circle));
        removed.extend(circle);
    }
}

/// Kahn's way: takes what has nothing left to wait for, smallest number first among equals of one wave.
fn sort(nodes: &[DraftNode], removed: &HashSet<u32>) -> (Vec<u32>, HashSet<u32>) {
    let before = |node: u32| {
        let node = &nodes[node as usize];
        node.needs
            .iter()
            .chain(&node.after)
            .copied()
            .filter(|other| !removed.contains(other))
    };
    let all = (0..nodes.len() as u32).filter(|node| !removed.contains(node));
    let mut waits: Vec<u32> = vec![0; nodes.len()];
    let mut followers: Vec<Vec<u32>> = vec![Vec::new(); nodes.len()];
    for node in all.clone() {
        for other in before(node) {
            waits[node as usize] += 1;
            followers[other as usize].push(node);
        }
    }
    let mut order: Vec<u32> = all
        .clone()
        .filter(|&node| waits[node as usize] == 0)
        .collect();
    let mut next = 0;
    while let Some(&node) = order.get(next) {
        next += 1;
        for &follower in &followers[node as usize] {
            waits[follower as usize] -= 1;
            if waits[follower as usize] == 0 {
                order.push(follower);
            }
        }
    }
    let done: HashSet<u32> = order.iter().copied().collect();
    let left = all.filter(|node| !done.contains(node)).collect();
    (order, left)
}

/// Follows what each node waits for until a node comes up twice. `left` holds only nodes that wait for another of it.
fn circle_in(nodes: &[DraftNode], left: &HashSet<u32>) -> Vec<u32> {
    let mut node = *left.iter().min().expect("something is left");
    let mut place: HashMap<u32, usize> = HashMap::new();
    let mut walk = Vec::new();
    loop {
        if let Some(&start) = place.get(&node) {
            return walk.split_off(start);
        }
        place.insert(node, walk.len());
        walk.push(node);
        let draft = &nodes[node as usize];
        let next = draft
            .needs
            .iter()
            .chain(&draft.after)
            .find(|other| left.contains(other));
        node = *next.expect("a node that is left waits for one that is left");
    }
}

fn circle_problem(
    instances: &[Instance<'_>],
    source: &Arc<Source>,
    nodes: &[DraftNode],
    circle: &[u32],
) -> Problem {
    let name = |node: u32| &*instances[node as usize].name;
    let mut told: Vec<&str> = circle.iter().map(|&node| name(node)).collect();
    told.push(name(circle[0]));
    let told: Vec<String> = told.into_iter().map(|name| format!("`{name}`")).collect();
    let mut problem = Problem::error(
        source,
        "cycle",
        format!("these nodes wait for each other: {}", told.join(" -> ")),
    )
    .help("remove one of these edges; a build has to start somewhere");
    for (place, &node) in circle.iter().enumerate() {
        let next = circle[(place + 1) % circle.len()];
        let draft = &nodes[node as usize];
        let shared = |input: &&DraftInput| {
            nodes[next as usize].outputs.iter().any(|output| {
                input.path.is_within(&output.path) || output.path.is_within(&input.path)
            })
        };
        let text = match draft.inputs.iter().find(shared) {
            Some(input) => format!("`{}` reads {} of `{}`", name(node), input.path, name(next)),
            None => format!("`{}` comes after `{}`", name(node), name(next)),
        };
        problem = problem.at(instances[node as usize].decl.name.span, text);
    }
    problem
}
