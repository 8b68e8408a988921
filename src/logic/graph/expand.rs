//! From the typed manifest to nodes with paths, commands and key rows; then to a linked graph.
//!
//! Does not look at the disk: what globs match and what the caller's variables hold come in as [`Facts`].

use super::draft::{DraftNode, DraftOutput};
use super::fill::Filler;
use super::instance::{Instance, Instances};
use super::{Graph, demands, encode, link, order};
use crate::base::path::ProjectPath;
use crate::logic::manifest::{EnvValue, Manifest, Problem, Severity, Source, TemplateFault};
use crate::logic::params::Params;
use rayon::prelude::*;
use std::collections::HashMap;
use std::sync::Arc;

/// What an expansion has to be told about the world.
pub struct Facts<'a> {
    /// For each of [`Instances::patterns`]: the files that stand and match, sorted; leftovers of nodes that are gone left out.
    pub listings: &'a HashMap<String, Vec<ProjectPath>>,
    /// The caller's value of each of [`caller_variables`]; `None` where it is not set.
    pub variables: &'a HashMap<String, Option<String>>,
    /// The manifest's own path, which no node may write.
    pub manifest: &'a ProjectPath,
    /// The machine's memory in bytes.
    pub memory: u64,
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

/// Expands and links a manifest. `None` when there are errors; the problems are all that could be found.
pub fn expand(
    manifest: &Manifest,
    source: &Arc<Source>,
    instances: Instances<'_>,
    facts: &Facts<'_>,
) -> (Option<Graph>, Vec<Problem>) {
    let Instances {
        list,
        params,
        mut problems,
    } = instances;
    demands::check(manifest, source, params, facts, &mut problems);
    let mut nodes: Vec<DraftNode> = list
        .iter()
        .map(|instance| outline(instance, params))
        .collect();
    let scene = Scene {
        instances: &list,
        params,
        source,
        facts,
    };
    let linker = link::Linker::new(&scene, &mut nodes, &mut problems);
    linker.check_axes(&mut problems);
    let bindings = linker.link_inputs(&mut nodes, &mut problems);
    linker.link_after(&mut nodes, &mut problems);
    let filled = list
        .par_iter()
        .zip(&mut nodes)
        .zip(bindings)
        .with_min_len(64)
        .flat_map_iter(|((instance, node), inputs)| {
            if instance.decl.poisoned {
                return Vec::new();
            }
            let filler = Filler {
                manifest,
                instance,
                params,
                inputs: &inputs,
                facts,
            };
            filler.fill(node)
        });
    let faults: Vec<TemplateFault> = filled.collect();
    problems.extend(faults.into_iter().map(|fault| {
        Problem::error(source, "placeholder", fault.message)
            .at(fault.span, "here")
            .help(fault.help)
    }));
    let order = order::order(&list, source, &nodes, &mut problems);
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    let sound = !problems.iter().any(is_error) && !manifest.nodes.iter().any(|node| node.poisoned);
    (sound.then(|| encode::encode(&nodes, &order)), problems)
}

/// What all steps of an expansion look at.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) instances: &'a [Instance<'a>],
    pub(super) params: &'a Params,
    pub(super) source: &'a Arc<Source>,
    pub(super) facts: &'a Facts<'a>,
}

/// What can be said of a node by looking at it alone: its name and the paths that it writes.
fn outline(instance: &Instance<'_>, params: &Params) -> DraftNode {
    let decl = instance.decl;
    let output = |(text, _): (String, bool)| {
        let path = ProjectPath::parse(&text).ok()?;
        Some(DraftOutput {
            path,
            directory: text.ends_with('/'),
        })
    };
    let texts = decl
        .outputs
        .iter()
        .filter_map(|output| instance.path(&output.path, params).ok());
    DraftNode {
        name: instance.name.clone().into_owned(),
        about: decl.about.clone().unwrap_or_default(),
        tags: decl.tags.iter().map(|tag| tag.value.clone()).collect(),
        always: decl.always,
        exclusive: decl.exclusive.clone(),
        outputs: texts.filter_map(output).collect(),
        ..DraftNode::default()
    }
}
