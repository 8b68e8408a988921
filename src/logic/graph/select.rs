//! What was asked for on the command line becomes a set of nodes.
//!
//! Does not know the disk: a target names what the graph names.

use super::{Graph, NodeId};
use crate::base::path::{PathPattern, ProjectPath};
use crate::logic::manifest;
use std::collections::HashSet;

/// The nodes of a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// By node number: whether it takes part.
    pub members: Vec<bool>,
    /// By node number: whether a target names it, rather than a node that needs it.
    pub named: Vec<bool>,
    /// Whether there were targets at all.
    pub explicit: bool,
}

/// Which way to go from the targets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// To all that they need.
    Needs,
    /// To all that needs them.
    Users,
    /// Both ways.
    Both,
}

/// A target that names nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTarget {
    /// As it was given.
    pub target: String,
    /// The nearest name or output, if one is near.
    pub nearest: Option<String>,
}

impl Selection {
    /// Every node.
    pub fn all(graph: &Graph) -> Self {
        Selection {
            members: vec![true; graph.len()],
            named: vec![true; graph.len()],
            explicit: false,
        }
    }

    /// The nodes that `targets` name and all that those need; every node when there is no target. A target is a
    /// node's name, which means all of its instances, an instance's, `tag:x`, an output's path, a path inside an output directory, or a glob over names and outputs. Paths are
    /// also tried below `folder`, where the user stands.
    ///
    /// # Errors
    /// Every target that names nothing.
    pub fn of(
        graph: &Graph,
        targets: &[String],
        folder: &ProjectPath,
    ) -> Result<Self, Vec<UnknownTarget>> {
        if targets.is_empty() {
            return Ok(Selection::all(graph));
        }
        let mut named = vec![false; graph.len()];
        let mut unknown = Vec::new();
        for target in targets {
            let found = matching(graph, target, folder);
            if found.is_empty() {
                unknown.push(UnknownTarget {
                    target: target.clone(),
                    nearest: nearest(graph, target),
                });
            }
            for node in found {
                named[node.0 as usize] = true;
            }
        }
        if unknown.is_empty() {
            Ok(Selection {
                members: with_needs(graph, &named),
                named,
                explicit: true,
            })
        } else {
            Err(unknown)
        }
    }

    /// By node number, whether it is a target or lies so far from one; all nodes where there are no targets. And the
    /// selection that has to be judged to say anything of these.
    pub fn around(&self, graph: &Graph, reach: Reach) -> (Vec<bool>, Selection) {
        let users = |node| graph.users(node).collect();
        let shown = match reach {
            Reach::Needs => self.members.clone(),
            Reach::Users => closure(&self.named, users),
            Reach::Both => {
                let users: Vec<bool> = closure(&self.named, users);
                let both = users.iter().zip(&self.members);
                both.map(|(user, need)| *user || *need).collect()
            }
        };
        let judged = Selection {
            members: with_needs(graph, &shown),
            ..self.clone()
        };
        (shown, judged)
    }

    /// These nodes, by number, and all that they need.
    pub fn of_nodes(graph: &Graph, named: Vec<bool>) -> Self {
        Selection {
            members: with_needs(graph, &named),
            named,
            explicit: true,
        }
    }

    /// Without the nodes whose names are `unwanted`, and nobody names them any more.
    pub fn leave_out(&mut self, graph: &Graph, unwanted: &dyn Fn(&str) -> bool) {
        for node in graph.nodes().filter(|&node| unwanted(graph.name(node))) {
            self.members[node.0 as usize] = false;
            self.named[node.0 as usize] = false;
        }
    }

    /// Whether this node takes part.
    pub fn contains(&self, node: NodeId) -> bool {
        self.members[node.0 as usize]
    }

    /// How many nodes take part.
    pub fn len(&self) -> usize {
        self.members.iter().filter(|&&member| member).count()
    }

    /// Whether no node takes part.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

fn matching(graph: &Graph, target: &str, folder: &ProjectPath) -> Vec<NodeId> {
    if let Some(tag) = target.strip_prefix("tag:") {
        let tagged = |&node: &NodeId| graph.tags(node).iter().any(|other| other == tag);
        return graph.nodes().filter(tagged).collect();
    }
    if let Some(node) = graph.find(target) {
        return vec![node];
    }
    let of_family: Vec<NodeId> = graph
        .nodes()
        .filter(|&node| graph.family(node) == target)
        .collect();
    if !of_family.is_empty() {
        return of_family;
    }
    let below = if folder.is_root() {
        target.to_owned()
    } else {
        format!("{folder}/{target}")
    };
    if PathPattern::is_pattern(target) {
        let patterns: Vec<PathPattern> = [target, &below]
            .iter()
            .filter_map(|text| PathPattern::parse(text).ok())
            .collect();
        let name_matches = |node: NodeId| {
            let name = ProjectPath::from_normal(graph.name(node));
            patterns
                .first()
                .is_some_and(|pattern| pattern.matches(&name))
        };
        let output_matches = |node: NodeId| {
            graph.outputs(node).any(|output| {
                let path = graph.project_path(output.path);
                patterns.iter().any(|pattern| pattern.matches(&path))
            })
        };
        return graph
            .nodes()
            .filter(|&node| name_matches(node) || output_matches(node))
            .collect();
    }
    let wanted: HashSet<ProjectPath> = [target, &below]
        .iter()
        .filter_map(|text| ProjectPath::parse(text).ok())
        .collect();
    let writes = |node: NodeId| {
        graph.outputs(node).any(|output| {
            let path = graph.project_path(output.path);
            wanted.iter().any(|wanted| {
                !wanted.is_root() && (wanted.is_within(&path) || path.is_within(wanted))
            })
        })
    };
    graph.nodes().filter(|&node| writes(node)).collect()
}

fn nearest(graph: &Graph, target: &str) -> Option<String> {
    let outputs = graph
        .paths()
        .filter(|&path| graph.producer(path).is_some())
        .map(|path| graph.path(path));
    manifest::nearest(
        target,
        graph.nodes().map(|node| graph.name(node)).chain(outputs),
    )
    .map(str::to_owned)
}

fn with_needs(graph: &Graph, named: &[bool]) -> Vec<bool> {
    closure(named, |node| graph.needs(node).collect())
}

/// The marked nodes and all that can be reached from them.
fn closure(marked: &[bool], next: impl Fn(NodeId) -> Vec<NodeId>) -> Vec<bool> {
    let mut members = marked.to_vec();
    let marked = (0..marked.len() as u32).filter(|&node| marked[node as usize]);
    let mut queue: Vec<NodeId> = marked.map(NodeId).collect();
    while let Some(node) = queue.pop() {
        for other in next(node) {
            if !std::mem::replace(&mut members[other.0 as usize], true) {
                queue.push(other);
            }
        }
    }
    members
}
