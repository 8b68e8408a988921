//! Who has to do with a path: which nodes write it, which read it.
//!
//! Does not know the disk: what no node names is not found.

use super::{Graph, NodeId, PATH_ENDS, PATHS, PathId};
use crate::base::path::{PathPattern, ProjectPath};
use memchr::memmem::Finder;

impl Graph {
    /// The number of a path. Looks through the texts of all: to keep an order of them would cost every build more than this
    /// costs the few that ask.
    pub fn find_path(&self, text: &str) -> Option<PathId> {
        let (texts, ends) = (self.section(PATHS), self.section(PATH_ENDS));
        let ends = ends.as_chunks::<4>().0;
        let finder = Finder::new(text);
        let mut from = 0;
        while let Some(found) = finder.find(texts.get(from..)?) {
            let start = from + found;
            let number = ends.partition_point(|end| u32::from_le_bytes(*end) as usize <= start);
            let path = PathId(u32::try_from(number).ok()?);
            if number < ends.len() && self.path(path) == text {
                return Some(path);
            }
            // The end of one path and the start of the next may look like it.
            from = start + 1;
        }
        None
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
