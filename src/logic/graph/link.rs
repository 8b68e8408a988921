//! Who writes what the others read: inputs to outputs, and everything that cannot be.
//!
//! Does not know commands. Walks are linear in nodes and edges and never recurse.

use super::complaints::unknown_node;
use super::draft::{DraftInput, DraftNode};
use super::expand::{Facts, with_node_name};
use super::fill::Binding;
use crate::base::path::{PathPattern, ProjectPath};
use crate::logic::manifest::{InputDecl, InputKind, Manifest, Problem, Source};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Looks up names and outputs.
pub(super) struct Linker<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) source: &'a Arc<Source>,
    pub(super) facts: &'a Facts<'a>,
    pub(super) names: HashMap<&'a str, usize>,
    /// Every output and who writes it, sorted by path.
    pub(super) outputs: Vec<(ProjectPath, usize)>,
    pub(super) writer: HashMap<ProjectPath, usize>,
}

impl<'a> Linker<'a> {
    /// Collects the outputs and reports those that cannot stand together.
    pub(super) fn new(
        manifest: &'a Manifest,
        source: &'a Arc<Source>,
        facts: &'a Facts<'a>,
        nodes: &mut [DraftNode],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut linker = Linker {
            manifest,
            source,
            facts,
            names: names(manifest),
            outputs: Vec::new(),
            writer: HashMap::new(),
        };
        for (index, (decl, node)) in manifest.nodes.iter().zip(nodes.iter()).enumerate() {
            for output in &decl.outputs {
                problems.extend(linker.output_problem(decl, output));
            }
            for output in &node.outputs {
                match linker.writer.insert(output.path.clone(), index) {
                    None => linker.outputs.push((output.path.clone(), index)),
                    Some(first) => {
                        // Two nodes of one name were reported where the manifest was read.
                        if first == index || linker.name(first) != linker.name(index) {
                            problems.push(linker.two_writers(&output.path, first, index));
                        }
                        linker.writer.insert(output.path.clone(), first);
                    }
                }
            }
        }
        linker.outputs.sort();
        for (path, index) in &linker.outputs {
            let outer = path.ancestors().find_map(|folder| {
                linker
                    .writer
                    .get_key_value(&ProjectPath::from_normal(folder))
                    .map(|(path, &node)| (path, node))
            });
            if let Some((outer, outer_node)) = outer {
                problems.push(linker.nested(path, *index, outer, outer_node));
            }
        }
        linker
    }

    /// Resolves every input of every node to paths; fills in `inputs` and `needs`.
    pub(super) fn link_inputs(
        &self,
        nodes: &mut [DraftNode],
        problems: &mut Vec<Problem>,
    ) -> Vec<Vec<Binding>> {
        let mut matches: HashMap<String, Vec<ProjectPath>> = HashMap::new();
        let mut all = Vec::with_capacity(nodes.len());
        for index in 0..nodes.len() {
            let decl = &self.manifest.nodes[index];
            let mut bindings = Vec::with_capacity(decl.inputs.len());
            let mut needs = Vec::new();
            for input in &decl.inputs {
                let name = input.name.as_ref().map(|name| name.value.clone());
                let paths = match &input.kind {
                    InputKind::Node(name) => self.outputs_of(name, index, input, nodes, problems),
                    InputKind::Path(template) => match with_node_name(template, &decl.name) {
                        Ok(text) => self.paths_of(
                            &text,
                            input,
                            index,
                            &mut nodes[index],
                            &mut matches,
                            problems,
                        ),
                        Err(_) => Vec::new(), // reported where the manifest was read
                    },
                };
                for (path, directory) in &paths {
                    let (writers, mixed) = self.writers(path);
                    if writers.contains(&index) {
                        problems.push(self.own_output(index, path, input.span));
                        continue;
                    }
                    needs.extend(writers.into_iter().map(|writer| writer as u32));
                    nodes[index].inputs.push(DraftInput {
                        path: path.clone(),
                        directory: *directory,
                        mixed,
                    });
                }
                bindings.push(Binding {
                    name,
                    paths: paths.into_iter().map(|(path, _)| path).collect(),
                });
            }
            needs.sort_unstable();
            needs.dedup();
            nodes[index].needs = needs;
            drop_repeated(&mut nodes[index].inputs);
            all.push(bindings);
        }
        all
    }

    fn outputs_of(
        &self,
        name: &str,
        reader: usize,
        input: &InputDecl,
        nodes: &[DraftNode],
        problems: &mut Vec<Problem>,
    ) -> Vec<(ProjectPath, bool)> {
        match self.names.get(name) {
            Some(&node) if node == reader => {
                let message = format!("`{name}` reads its own outputs");
                problems.push(
                    self.error("own-output", message)
                        .at(input.span, "this is the node itself"),
                );
                Vec::new()
            }
            Some(&node) => nodes[node]
                .outputs
                .iter()
                .map(|out| (out.path.clone(), out.directory))
                .collect(),
            None => {
                problems.push(unknown_node(
                    self.source,
                    name,
                    input.span,
                    self.names.keys().copied(),
                ));
                Vec::new()
            }
        }
    }

    fn paths_of(
        &self,
        text: &str,
        input: &InputDecl,
        index: usize,
        node: &mut DraftNode,
        matches: &mut HashMap<String, Vec<ProjectPath>>,
        problems: &mut Vec<Problem>,
    ) -> Vec<(ProjectPath, bool)> {
        if !PathPattern::is_pattern(text) {
            let directory = text.ends_with('/');
            return match ProjectPath::parse(text) {
                Ok(path) => {
                    problems.extend(self.kind_conflict(&path, directory, input.span));
                    vec![(path, directory)]
                }
                Err(fault) => {
                    problems.extend(self.path_problem(text, fault, input.span));
                    Vec::new()
                }
            };
        }
        let Ok(pattern) = PathPattern::parse(text) else {
            return Vec::new(); // reported where the manifest was read
        };
        if let Some(&(ref folder, writer)) = self.output_folder_above(&pattern.base()) {
            problems.push(self.glob_into_output(&pattern, folder, writer, input.span));
            return Vec::new();
        }
        let found = matches
            .entry(pattern.as_str().to_owned())
            .or_insert_with(|| self.matches(&pattern));
        if found.is_empty() {
            node.empty_patterns.push(pattern.as_str().to_owned());
        }
        let own = found
            .iter()
            .find(|path| self.writer.get(*path) == Some(&index));
        if let Some(own) = own {
            problems.push(self.glob_matches_own(index, own, input.span));
            return Vec::new();
        }
        found.iter().map(|path| (path.clone(), false)).collect()
    }

    /// Files that stand, and outputs that nodes declare; what stands where a node writes is an output, not a file.
    fn matches(&self, pattern: &PathPattern) -> Vec<ProjectPath> {
        let standing = self
            .facts
            .listings
            .get(pattern.as_str())
            .map_or(&[][..], Vec::as_slice);
        let sources = standing
            .iter()
            .filter(|path| self.output_folder_above(path).is_none())
            .cloned();
        let base = pattern.base();
        let declared = self.outputs_within(&base).map(|(path, _)| path);
        let mut found: Vec<ProjectPath> = sources
            .chain(declared.filter(|path| pattern.matches(path)).cloned())
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// The output that is `path` or a folder above it.
    pub(super) fn output_folder_above(&self, path: &ProjectPath) -> Option<&(ProjectPath, usize)> {
        let at = |path: &ProjectPath| {
            self.writer.contains_key(path).then(|| {
                let place = self
                    .outputs
                    .binary_search_by(|(output, _)| output.cmp(path));
                &self.outputs[place.expect("every writer has its output in the list")]
            })
        };
        at(path).or_else(|| {
            path.ancestors()
                .find_map(|folder| at(&ProjectPath::from_normal(folder)))
        })
    }

    fn outputs_within(&self, folder: &ProjectPath) -> impl Iterator<Item = &(ProjectPath, usize)> {
        let prefix = if folder.is_root() {
            String::new()
        } else {
            format!("{folder}/")
        };
        let start = self
            .outputs
            .partition_point(|(path, _)| path.as_str() < prefix.as_str());
        self.outputs[start..]
            .iter()
            .take_while(move |(path, _)| path.as_str().starts_with(&prefix))
    }

    /// Who writes `path`, or a folder above it, or something below it; and whether it is one of the last two.
    fn writers(&self, path: &ProjectPath) -> (Vec<usize>, bool) {
        if let Some(&writer) = self.writer.get(path) {
            return (vec![writer], false);
        }
        if let Some((_, writer)) = self.output_folder_above(path) {
            return (vec![*writer], true);
        }
        let below: Vec<usize> = self
            .outputs_within(path)
            .map(|(_, writer)| *writer)
            .collect();
        let mixed = !below.is_empty();
        (below, mixed)
    }
}

/// Resolves `after`.
pub(super) fn link_after(
    manifest: &Manifest,
    source: &Arc<Source>,
    nodes: &mut [DraftNode],
    problems: &mut Vec<Problem>,
) {
    let names = names(manifest);
    for (index, (decl, node)) in manifest.nodes.iter().zip(nodes).enumerate() {
        for other in &decl.after {
            match names.get(other.value.as_str()) {
                Some(&other_index) if other_index == index => problems.push(
                    Problem::error(
                        source,
                        "own-output",
                        format!("`{}` comes after itself", decl.name.value),
                    )
                    .at(other.span, "this is the node itself"),
                ),
                Some(&other_index) => node.after.push(other_index as u32),
                None => problems.push(unknown_node(
                    source,
                    other,
                    other.span,
                    names.keys().copied(),
                )),
            }
        }
        node.after.sort_unstable();
        node.after.dedup();
    }
}

pub(super) fn names(manifest: &Manifest) -> HashMap<&str, usize> {
    let mut names = HashMap::new();
    for (index, node) in manifest.nodes.iter().enumerate() {
        names.entry(node.name.value.as_str()).or_insert(index);
    }
    names
}

/// A path named twice is one input; the first place counts.
fn drop_repeated(inputs: &mut Vec<DraftInput>) {
    let mut seen = HashSet::new();
    inputs.retain(|input| seen.insert(input.path.clone()));
}
