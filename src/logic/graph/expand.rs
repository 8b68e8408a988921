//! From the typed manifest to nodes with paths, commands and key rows; then to a linked graph.
//!
//! Does not look at the disk: what globs match and what the caller's variables hold come in as [`Facts`].

use super::draft::{DraftNode, DraftOutput};
use super::fill::Filler;
use super::instance::{Instance, Instances};
use super::link::Linker;
use super::spec::Common;
use super::{Graph, demands, encode, order};
use crate::base::path::ProjectPath;
use crate::base::record::Row;
use crate::logic::manifest::{
    Command, EnvValue, Manifest, NodeDecl, Problem, Severity, SimpleNodes, SimpleValue, Source,
    Spanned, TemplateFault,
};
use crate::logic::params::Params;
use rayon::prelude::*;
use std::borrow::Cow;
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

/// Expands and links a manifest. `None` when there are errors; the problems are all that could be found. `None` without
/// any problem when there are simple nodes and something may be wrong: the manifest is then to be read with care.
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
    let members = members(&list, &manifest.simple);
    let scene = Scene {
        instances: &list,
        simple: &manifest.simple,
        members: &members,
        params,
        source,
        facts,
    };
    let mut linker = Linker::new(&scene, &nodes, &mut problems);
    linker.check_axes(&mut problems);
    let bindings = linker.link_inputs(&mut nodes, &mut problems);
    linker.link_after(&mut problems);
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
    let users = linker.needs.reversed();
    let order = order::order(&linker, &users, &mut problems);
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    let sound = !problems.iter().any(is_error)
        && !manifest.nodes.iter().any(|node| node.poisoned)
        && !linker.unsure.get();
    let graph = sound.then(|| {
        let common = common(manifest, params, facts);
        encode::encode(&linker, &nodes, &users, &order, &common)
    });
    (graph, problems)
}

/// Where a node's declaration is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Member {
    /// The number of an instance.
    Full(u32),
    /// The number of a simple node.
    Simple(u32),
}

/// All nodes in the order of the text.
fn members(instances: &[Instance<'_>], simple: &SimpleNodes) -> Vec<Member> {
    let mut members = Vec::with_capacity(instances.len() + simple.nodes.len());
    let mut full = (0..).zip(instances).peekable();
    for (number, node) in (0..).zip(&simple.nodes) {
        let earlier =
            |(_, instance): &(u32, &Instance<'_>)| instance.decl.name.span.start < node.name.start;
        while let Some((instance, _)) = full.next_if(earlier) {
            members.push(Member::Full(instance));
        }
        members.push(Member::Simple(number));
    }
    members.extend(full.map(|(instance, _)| Member::Full(instance)));
    members
}

/// What every simple node has in common.
fn common(manifest: &Manifest, params: &Params, facts: &Facts<'_>) -> Common {
    if manifest.simple.is_empty() {
        return Common::default();
    }
    let decl = NodeDecl {
        command: Command::Run(Spanned::default()),
        ..NodeDecl::default()
    };
    let instance = Instance {
        decl: &decl,
        name: Cow::Borrowed(""),
        values: Vec::new(),
    };
    let filler = Filler {
        manifest,
        instance: &instance,
        params,
        inputs: &[],
        facts,
    };
    let mut node = DraftNode::default();
    filler.fill(&mut node);
    let is_variable = |row: &Row| row.name.starts_with("env ") || row.name.starts_with("caller ");
    node.rows.retain(is_variable);
    node.job.argv.pop();
    node.job.shown.clear();
    Common {
        job: node.job,
        rows: node.rows,
    }
}

/// What all steps of an expansion look at.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub(super) instances: &'a [Instance<'a>],
    pub(super) simple: &'a SimpleNodes,
    /// By node number.
    pub(super) members: &'a [Member],
    pub(super) params: &'a Params,
    pub(super) source: &'a Arc<Source>,
    pub(super) facts: &'a Facts<'a>,
}

impl<'a> Scene<'a> {
    /// A node's name.
    pub(super) fn name(&self, node: usize) -> &'a str {
        match self.members[node] {
            Member::Full(full) => &self.instances[full as usize].name,
            Member::Simple(simple) => self.simple.nodes[simple as usize]
                .name
                .of(&self.source.text),
        }
    }

    /// The path of a simple node's value, and whether it is declared with a trailing `/`.
    pub(super) fn path_of(&self, value: &SimpleValue) -> (&'a str, bool) {
        let text = value.text.of(&self.source.text);
        match text.strip_suffix('/') {
            Some(path) => (path, true),
            None => (text, false),
        }
    }
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
        about: decl.about.clone().unwrap_or_default(),
        tags: decl.tags.iter().map(|tag| tag.value.clone()).collect(),
        always: decl.always,
        exclusive: decl.exclusive.clone(),
        outputs: texts.filter_map(output).collect(),
        ..DraftNode::default()
    }
}
