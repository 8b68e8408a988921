//! From the typed manifest to nodes with paths, commands and key rows; then to a linked graph.
//!
//! Does not look at the disk: what globs match and what the caller's variables hold come in as [`Facts`].

use super::draft::{DraftNode, DraftOutput};
use super::fill::Filler;
use super::{Graph, encode, link, order};
use crate::base::path::{PathPattern, ProjectPath};
use crate::logic::manifest::{
    EnvValue, InputKind, Manifest, NodeDecl, Placeholder, Problem, Source, Style, Template,
    TemplateFault,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What an expansion has to be told about the world.
pub struct Facts<'a> {
    /// For each of [`patterns`]: the files that stand and match, sorted; leftovers of nodes that are gone left out.
    pub listings: &'a HashMap<String, Vec<ProjectPath>>,
    /// The caller's value of each of [`caller_variables`]; `None` where it is not set.
    pub variables: &'a HashMap<String, Option<String>>,
    /// The manifest's own path, which no node may write.
    pub manifest: &'a ProjectPath,
}

/// Every distinct pattern that some node reads; each needs a listing.
pub fn patterns(manifest: &Manifest) -> Vec<PathPattern> {
    let mut found: BTreeMap<String, PathPattern> = BTreeMap::new();
    for node in &manifest.nodes {
        for input in &node.inputs {
            if let InputKind::Path(template) = &input.kind
                && let Ok(text) = with_node_name(template, &node.name)
                && PathPattern::is_pattern(&text)
                && let Ok(pattern) = PathPattern::parse(&text)
            {
                found.insert(pattern.as_str().to_owned(), pattern);
            }
        }
    }
    found.into_values().collect()
}

/// Every variable whose value the manifest takes from its caller with `env "NAME"`.
pub fn caller_variables(manifest: &Manifest) -> Vec<String> {
    let of_nodes = manifest.nodes.iter().flat_map(|node| &node.env);
    let all = manifest
        .env
        .iter()
        .chain(&manifest.defaults.env)
        .chain(of_nodes);
    let mut names: Vec<String> = all
        .filter(|decl| matches!(decl.value, EnvValue::Caller))
        .map(|decl| decl.name.value.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// Every path that some node declares as an output.
pub fn declared_outputs(manifest: &Manifest) -> HashSet<ProjectPath> {
    manifest
        .nodes
        .iter()
        .flat_map(|decl| outline(decl).outputs)
        .map(|output| output.path)
        .collect()
}

/// Expands and links a manifest. `None` when there are errors; the problems are all that could be found.
pub fn expand(
    manifest: &Manifest,
    source: &Arc<Source>,
    facts: &Facts<'_>,
) -> (Option<Graph>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut nodes: Vec<DraftNode> = Vec::with_capacity(manifest.nodes.len());
    for decl in &manifest.nodes {
        nodes.push(outline(decl));
    }
    let linker = link::Linker::new(manifest, source, facts, &mut nodes, &mut problems);
    let bindings = linker.link_inputs(&mut nodes, &mut problems);
    link::link_after(manifest, source, &mut nodes, &mut problems);
    for ((decl, node), bindings) in manifest.nodes.iter().zip(&mut nodes).zip(bindings) {
        if !decl.poisoned {
            let faults = Filler {
                manifest,
                decl,
                inputs: &bindings,
                facts,
            }
            .fill(node);
            problems.extend(faults.into_iter().map(|fault| {
                Problem::error(source, "placeholder", fault.message)
                    .at(fault.span, "here")
                    .help(fault.help)
            }));
        }
    }
    let order = order::order(manifest, source, &nodes, &mut problems);
    let sound = problems.is_empty() && !manifest.nodes.iter().any(|node| node.poisoned);
    (sound.then(|| encode::encode(&nodes, &order)), problems)
}

/// What can be said of a node by looking at it alone: its name and the paths that it writes.
fn outline(decl: &NodeDecl) -> DraftNode {
    let output = |text: String| {
        let path = ProjectPath::parse(&text).ok()?;
        Some(DraftOutput {
            path,
            directory: text.ends_with('/'),
        })
    };
    let texts = decl
        .outputs
        .iter()
        .filter_map(|output| with_node_name(&output.path, &decl.name).ok());
    DraftNode {
        name: decl.name.value.clone(),
        about: decl.about.clone().unwrap_or_default(),
        always: decl.always,
        exclusive: decl.exclusive.clone(),
        outputs: texts.filter_map(output).collect(),
        ..DraftNode::default()
    }
}

/// Fills in the placeholders of a path, where only `{node}` is allowed.
pub(super) fn with_node_name(template: &Template, name: &str) -> Result<String, TemplateFault> {
    let values = |placeholder: &Placeholder| {
        (placeholder.namespace == "node").then(|| vec![name.to_owned()])
    };
    template.render(&values, Style::Plain)
}
