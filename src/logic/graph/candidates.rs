//! What a target that is half typed may become: nodes, tags, paths.
//!
//! Does not know shells. A path grows by one component at a time, and a matrix node by its instances only when they are
//! asked for, so that there is little to choose from in a large project too.

use super::{Graph, PathId};
use crate::base::path::ProjectPath;
use std::collections::BTreeMap;

/// One way to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The whole word; one that ends in `/` or `:` is not complete yet.
    pub value: String,
    /// What it is, in a line; may be empty.
    pub about: String,
}

/// What may stand for `typed` where the user stands in `folder`; `sources` too where these are wanted.
pub fn candidates(
    graph: &Graph,
    typed: &str,
    folder: &ProjectPath,
    sources: bool,
) -> Vec<Candidate> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    if typed.starts_with("tag:") {
        let tags = graph.nodes().flat_map(|node| graph.tags(node));
        found.extend(tags.map(|tag| (format!("tag:{tag}"), String::new())));
    } else {
        names(graph, typed, &mut found);
        if "tag:".starts_with(typed) && graph.nodes().any(|node| !graph.tags(node).is_empty()) {
            found.insert("tag:".to_owned(), "nodes with a tag".to_owned());
        }
        paths(graph, typed, folder, sources, &mut found);
    }
    let fits = found
        .into_iter()
        .filter(|(value, _)| value.starts_with(typed));
    fits.map(|(value, about)| Candidate { value, about })
        .collect()
}

fn names(graph: &Graph, typed: &str, found: &mut BTreeMap<String, String>) {
    for node in graph.nodes() {
        let (name, family) = (graph.name(node), graph.family(node));
        let name = match typed.contains('@') || typed == family {
            true => name,
            false => family,
        };
        if name.starts_with(typed) && !found.contains_key(name) {
            found.insert(name.to_owned(), graph.about(node).to_owned());
        }
    }
}

fn paths(
    graph: &Graph,
    typed: &str,
    folder: &ProjectPath,
    sources: bool,
    found: &mut BTreeMap<String, String>,
) {
    let is_wanted = |path: &PathId| sources || graph.producer(*path).is_some();
    let below = format!("{folder}/");
    for path in graph.paths().filter(is_wanted) {
        let path = graph.path(path);
        let from_folder = path.strip_prefix(&below).filter(|_| !folder.is_root());
        for path in [Some(path), from_folder].into_iter().flatten() {
            if let Some(rest) = path.strip_prefix(typed) {
                let end = rest.find('/').map_or(path.len(), |at| typed.len() + at + 1);
                found.entry(path[..end].to_owned()).or_default();
            }
        }
    }
}
