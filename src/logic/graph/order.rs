//! An order in which everything can be done, or the circles that make it impossible.
//!
//! Does not know how edges came to be. Walks are linear in nodes and edges and never recurse.

use super::link::{Linker, PATH};
use super::lists::Lists;
use crate::base::path::ProjectPath;
use crate::logic::manifest::Problem;
use std::collections::HashMap;

/// An order in which every node comes after all that it needs or comes after; a problem for each circle.
pub(super) fn order(linker: &Linker<'_>, users: &Lists, problems: &mut Vec<Problem>) -> Vec<u32> {
    let followers = linker.after.reversed();
    let mut waits: Vec<u32> = (0..linker.needs.len())
        .map(|node| before(linker, node as u32).count() as u32)
        .collect();
    let mut order: Vec<u32> = (0..waits.len() as u32)
        .filter(|&node| waits[node as usize] == 0)
        .collect();
    let mut next = 0;
    loop {
        while let Some(&node) = order.get(next) {
            next += 1;
            for &other in users
                .of(node as usize)
                .iter()
                .chain(followers.of(node as usize))
            {
                let left = &mut waits[other as usize];
                // What was taken out of a circle waits for nothing any more.
                if *left > 0 {
                    *left -= 1;
                    if *left == 0 {
                        order.push(other);
                    }
                }
            }
        }
        let Some(first) = waits.iter().position(|&left| left > 0) else {
            return order;
        };
        if !linker.scene.simple.is_empty() {
            linker.unsure.set(true);
            return order;
        }
        let circle = circle_in(linker, &waits, first as u32);
        problems.push(circle_problem(linker, &circle));
        for node in circle {
            waits[node as usize] = 0;
            order.push(node);
        }
    }
}

/// What a node waits for.
fn before<'a>(linker: &'a Linker<'_>, node: u32) -> impl Iterator<Item = u32> + 'a {
    let (needs, after) = (&linker.needs, &linker.after);
    let all = needs
        .of(node as usize)
        .iter()
        .chain(after.of(node as usize));
    all.copied()
}

/// Follows what each node waits for, from `node` on, until one comes up twice. Nodes with something left in `waits`
/// wait for one of their kind.
fn circle_in(linker: &Linker<'_>, waits: &[u32], mut node: u32) -> Vec<u32> {
    let mut place: HashMap<u32, usize> = HashMap::new();
    let mut walk = Vec::new();
    loop {
        if let Some(&start) = place.get(&node) {
            return walk.split_off(start);
        }
        place.insert(node, walk.len());
        walk.push(node);
        let next = before(linker, node).find(|&other| waits[other as usize] > 0);
        node = next.expect("a node that is left waits for one that is left");
    }
}

/// Of a long circle so many nodes are named, and its last; the rest are counted.
const TOLD: usize = 20;

fn circle_problem(linker: &Linker<'_>, circle: &[u32]) -> Problem {
    let name = |node: u32| linker.name(node as usize);
    let quoted = |&node: &u32| format!("`{}`", name(node));
    let mut told: Vec<String> = circle.iter().take(TOLD).map(quoted).collect();
    let (left_out, last) = (circle.len().saturating_sub(TOLD + 1), circle.len() - 1);
    if left_out > 0 {
        told.push(format!("{left_out} more"));
    }
    if last >= TOLD {
        told.push(quoted(&circle[last]));
    }
    told.push(quoted(&circle[0]));
    let message = format!("these nodes wait for each other: {}", told.join(" -> "));
    let mut problem = linker
        .error("cycle", message)
        .help("remove one of these edges; a build has to start somewhere");
    let is_told = |place: &usize| *place < TOLD || *place == last;
    for place in (0..circle.len()).filter(is_told) {
        let node = circle[place];
        let next = circle[(place + 1) % circle.len()];
        let path = |&id: &u32| ProjectPath::from_normal(linker.paths.get(id & PATH));
        let shared = |input: &ProjectPath| {
            let outputs = linker.outputs.of(next as usize).iter().map(path);
            outputs
                .into_iter()
                .any(|output| input.is_within(&output) || output.is_within(input))
        };
        let mut inputs = linker.inputs.of(node as usize).iter().map(path);
        let text = match inputs.find(shared) {
            Some(input) => format!("`{}` reads {input} of `{}`", name(node), name(next)),
            None => format!("`{}` comes after `{}`", name(node), name(next)),
        };
        problem = problem.at(linker.decl(node as usize).name.span, text);
    }
    problem
}
