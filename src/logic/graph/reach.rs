//! Which nodes changed files reach: those that read them, those that write them, and all that uses these.
//!
//! Does not know how a change was found out. In doubt a node is reached: that costs a look at it.

use super::{Graph, NodeId, Use};
use crate::base::path::{PathPattern, ProjectPath};
use std::collections::HashSet;

/// Files that are not what they were, or of which nobody can say it.
#[derive(Debug, Default)]
pub struct Changes {
    /// Files, or folders of which all is to be taken for changed.
    pub files: Vec<ProjectPath>,
    /// The same, of which those that are or lie in an output do not count: whether that stands is seen otherwise.
    pub unknown: Vec<ProjectPath>,
}

/// What the graph alone does not say.
pub struct Surroundings<'a> {
    /// The manifest and all that was drawn into it.
    pub texts: &'a [ProjectPath],
    /// The globs in it.
    pub patterns: &'a [String],
    /// Inputs that a node's last run found beside those that it declares; `None` when that is not known.
    pub found: &'a dyn Fn(NodeId) -> Option<Vec<ProjectPath>>,
    /// Whether what stands at this place in a source directory that a node reads counts for it.
    pub counts: &'a dyn Fn(NodeId, &str) -> bool,
}

/// See the module.
#[derive(Debug, PartialEq, Eq)]
pub enum Reach {
    /// All, because of this file: the manifest, or one that has gone and that a glob may have matched.
    All(ProjectPath),
    /// By node number.
    Nodes(Vec<bool>),
}

/// Follows the changes.
pub fn reach(graph: &Graph, changes: &Changes, around: &Surroundings<'_>) -> Reach {
    let outputs: HashSet<&str> = graph.outputs_of_all().collect();
    let is_output = |path: &&ProjectPath| {
        outputs.contains(path.as_str()) || path.ancestors().any(|folder| outputs.contains(folder))
    };
    let unknown = changes.unknown.iter().filter(|path| !is_output(path));
    let changed: Vec<&ProjectPath> = changes.files.iter().chain(unknown).collect();
    let known = Known::of(&changed);
    if let Some(text) = around.texts.iter().find(|text| known.touches(text)) {
        return Reach::All(text.clone());
    }
    let paths: HashSet<&str> = graph.paths().map(|path| graph.path(path)).collect();
    let patterns = around.patterns.iter();
    let patterns: Vec<PathPattern> = patterns
        .filter_map(|pattern| PathPattern::parse(pattern).ok())
        .collect();
    let is_strange = |path: &&&ProjectPath| {
        !paths.contains(path.as_str())
            && !path.ancestors().any(|folder| paths.contains(folder))
            && patterns.iter().any(|pattern| pattern.matches(path))
    };
    if let Some(&path) = changed.iter().find(is_strange) {
        return Reach::All(path.clone());
    }
    let mut reached = vec![false; graph.len()];
    for node in graph.order() {
        let stirred = |path: &ProjectPath| {
            known.touches(path) || path.is_root() || known.folders.contains(path.as_str())
        };
        let written = |output: Use| stirred(&graph.project_path(output.path));
        let read = |input: Use| {
            let path = graph.project_path(input.path);
            if !stirred(&path) || known.touches(&path) {
                return known.touches(&path);
            }
            // Something in it has changed. In what a node writes everything counts, else not all.
            let counts = |change: &&ProjectPath| match change.as_str().strip_prefix(path.as_str()) {
                Some(rest) => (around.counts)(node, rest.trim_start_matches('/')),
                None => false,
            };
            let mut within = changed.iter().filter(|change| change.is_within(&path));
            graph.producer(input.path).is_some() || within.any(counts)
        };
        let found = || match graph.has_depfile(node) {
            true => (around.found)(node)
                .is_none_or(|found| found.iter().any(|path| known.touches(path))),
            false => false,
        };
        reached[node.0 as usize] = graph.needs(node).any(|need| reached[need.0 as usize])
            || graph.inputs(node).any(read)
            || graph.outputs(node).any(written)
            || found();
    }
    Reach::Nodes(reached)
}

struct Known<'a> {
    changed: HashSet<&'a str>,
    /// Those in which something changed.
    folders: HashSet<&'a str>,
}

impl<'a> Known<'a> {
    fn of(changed: &[&'a ProjectPath]) -> Self {
        Known {
            changed: changed.iter().map(|path| path.as_str()).collect(),
            folders: changed.iter().flat_map(|path| path.ancestors()).collect(),
        }
    }

    /// Whether it is, or lies in, what changed.
    fn touches(&self, path: &ProjectPath) -> bool {
        self.changed.contains(path.as_str())
            || path.ancestors().any(|folder| self.changed.contains(folder))
    }
}
