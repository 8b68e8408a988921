//! Who has to do with a path: which nodes write it, which read it.
//!
//! Does not know the disk: what no node names is not found.

use super::{Graph, NodeId, PATH_ENDS, PATHS, PathId};
use crate::base::path::{PathPattern, ProjectPath};
use rustc_hash::FxHashSet;

impl Graph {
    /// The numbers of all paths with one of these texts, in one pass over all paths: to keep an order of them would cost every
    /// build more than this costs the few that ask.
    pub fn find_paths(&self, texts: &FxHashSet<&[u8]>) -> Vec<PathId> {
        // Nearly all paths are told apart by their length and their last byte.
        let kind = |text: &[u8]| {
            text.last()
                .map(|&last| (text.len() & 0xFF) << 8 | usize::from(last))
        };
        let mut kinds = vec![false; 1 << 16];
        texts
            .iter()
            .filter_map(|text| kind(text))
            .for_each(|kind| kinds[kind] = true);
        let all = self.section(PATHS);
        let ends = self.section(PATH_ENDS).as_chunks::<4>().0;
        let mut found = Vec::new();
        let mut start = 0;
        for (number, end) in (0..).zip(ends) {
            let end = u32::from_le_bytes(*end) as usize;
            let text = &all[start..end];
            start = end;
            if kind(text).is_some_and(|kind| kinds[kind]) && texts.contains(text) {
                found.push(PathId(number));
            }
        }
        found
    }
}

/// Who has to do with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// From the project's root.
    pub path: ProjectPath,
    /// Who writes it, or a directory around it, or something in it.
    pub writers: Vec<NodeId>,
    /// Who reads it, likewise.
    pub readers: Vec<NodeId>,
}

/// Looks for a path as the user gave it, who stands in `folder`. `None` for the name of a node, and for what no node
/// writes or reads.
pub fn whereabouts(graph: &Graph, given: &str, folder: &ProjectPath) -> Option<Whereabouts> {
    let is_node = graph.nodes().any(|node| graph.family(node) == given);
    if is_node || graph.find(given).is_some() || PathPattern::is_pattern(given) {
        return None;
    }
    let below = match folder.is_root() {
        true => given.to_owned(),
        false => format!("{folder}/{given}"),
    };
    let wanted = [below.as_str(), given];
    let mut wanted = wanted
        .iter()
        .filter_map(|text| ProjectPath::parse(text).ok());
    wanted.find_map(|path| {
        let touches = |other: ProjectPath| path.is_within(&other) || other.is_within(&path);
        let writes = |&node: &NodeId| {
            let mut outputs = graph.outputs(node);
            outputs.any(|output| touches(graph.project_path(output.path)))
        };
        let reads = |&node: &NodeId| {
            let mut inputs = graph.inputs(node);
            inputs.any(|input| touches(graph.project_path(input.path)))
        };
        let writers: Vec<NodeId> = graph.nodes().filter(writes).collect();
        let readers: Vec<NodeId> = graph.nodes().filter(reads).collect();
        let nobody = writers.is_empty() && readers.is_empty();
        (!nobody && !path.is_root()).then_some(Whereabouts {
            path,
            writers,
            readers,
        })
    })
}
