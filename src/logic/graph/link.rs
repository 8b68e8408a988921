//! Who writes what the others read: inputs to outputs, and everything that cannot be.
//!
//! Does not know commands. Walks are linear in nodes and edges and never recurse.

use super::complaints::unknown_node;
use super::draft::{DraftInput, DraftNode};
use super::expand::Scene;
use super::fill::Binding;
use super::instance::{Instance, axis_globs};
use crate::base::path::{PathPattern, ProjectPath};
use crate::logic::manifest::{InputDecl, InputKind, Placeholder, Problem, Style, Template};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

/// Looks up names and outputs.
pub(super) struct Linker<'a> {
    pub(super) scene: Scene<'a>,
    /// Instances by their own name, and all of a node by the node's.
    pub(super) names: HashMap<&'a str, Vec<usize>>,
    /// Every output and who writes it, sorted by path.
    pub(super) outputs: Vec<(ProjectPath, usize)>,
    pub(super) writer: HashMap<ProjectPath, usize>,
}

impl<'a> Linker<'a> {
    /// Collects the outputs and reports those that cannot stand together.
    pub(super) fn new(
        scene: &Scene<'a>,
        nodes: &mut [DraftNode],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut linker = Linker {
            scene: *scene,
            names: names(scene.instances),
            outputs: Vec::new(),
            writer: HashMap::default(),
        };
        for (index, (instance, node)) in scene.instances.iter().zip(nodes.iter()).enumerate() {
            for output in &instance.decl.outputs {
                problems.extend(linker.output_problem(instance, output));
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
                    .get_key_value(folder)
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
        let mut matches: HashMap<String, Vec<ProjectPath>> = HashMap::default();
        let mut all = Vec::with_capacity(nodes.len());
        for index in 0..nodes.len() {
            let instance = &self.scene.instances[index];
            let decl = instance.decl;
            let mut bindings = Vec::with_capacity(decl.inputs.len());
            let mut needs = Vec::new();
            for input in &decl.inputs {
                let name = input.name.as_ref().map(|name| name.value.clone());
                let text = match &input.kind {
                    InputKind::Node(template) => self.node_name(instance, template),
                    InputKind::Path(template) => instance.path(template, self.scene.params).ok(),
                };
                let paths = match (&input.kind, text) {
                    (InputKind::Node(_), Some((name, _))) => {
                        self.outputs_of(&name, index, input, nodes, problems)
                    }
                    (InputKind::Path(_), Some((text, glob))) => self.paths_of(
                        (&text, glob),
                        input,
                        index,
                        &mut nodes[index],
                        &mut matches,
                        problems,
                    ),
                    (_, None) => Vec::new(), // reported elsewhere
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
        match self.names.get(name).map(Vec::as_slice) {
            Some(found) if found.contains(&reader) => {
                let message = format!("`{name}` reads its own outputs");
                problems.push(
                    self.error("own-output", message)
                        .at(input.span, "this is the node itself"),
                );
                Vec::new()
            }
            Some(found) => found
                .iter()
                .flat_map(|&node| &nodes[node].outputs)
                .map(|out| (out.path.clone(), out.directory))
                .collect(),
            None => {
                problems.push(unknown_node(
                    self.scene.source,
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
        (text, glob): (&str, bool),
        input: &InputDecl,
        index: usize,
        node: &mut DraftNode,
        matches: &mut HashMap<String, Vec<ProjectPath>>,
        problems: &mut Vec<Problem>,
    ) -> Vec<(ProjectPath, bool)> {
        if !glob {
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
            .scene
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
        let at = |path: &str| {
            self.writer.contains_key(path).then(|| {
                let place = self
                    .outputs
                    .binary_search_by(|(output, _)| output.as_str().cmp(path));
                &self.outputs[place.expect("every writer has its output in the list")]
            })
        };
        at(path.as_str()).or_else(|| path.ancestors().find_map(at))
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

impl Linker<'_> {
    /// An axis takes its values before anything runs: it must not match what nodes write.
    pub(super) fn check_axes(&self, problems: &mut Vec<Problem>) {
        let mut told: HashSet<&str> = HashSet::default();
        for text in self
            .scene
            .instances
            .iter()
            .flat_map(|one| axis_globs(one.decl))
        {
            let Ok(pattern) = PathPattern::parse(text) else {
                continue;
            };
            if !told.insert(&text.value) {
                continue;
            }
            let base = pattern.base();
            let matched = self
                .outputs_within(&base)
                .find(|(path, _)| pattern.matches(path))
                .or_else(|| self.output_folder_above(&base));
            if let Some((path, writer)) = matched {
                problems.push(
                    self.error(
                        "axis",
                        format!("this axis matches {path}, which `{}` writes", self.name(*writer)),
                    )
                    .at(text.span, "known only after that node has run")
                    .at(self.output_span(*writer, path), "written here")
                    .help("an axis takes its values from files that no node writes; list the values, or narrow the glob"),
                );
            }
        }
    }

    /// Resolves `after`.
    pub(super) fn link_after(&self, nodes: &mut [DraftNode], problems: &mut Vec<Problem>) {
        for (index, (instance, node)) in self.scene.instances.iter().zip(nodes).enumerate() {
            for other in &instance.decl.after {
                let Some((name, _)) = self.node_name(instance, other) else {
                    continue;
                };
                match self.names.get(name.as_str()).map(Vec::as_slice) {
                    Some(found) if found.contains(&index) => problems.push(
                        self.error("own-output", format!("`{name}` comes after itself"))
                            .at(other.span, "this is the node itself"),
                    ),
                    Some(found) => node.after.extend(found.iter().map(|&other| other as u32)),
                    None => problems.push(unknown_node(
                        self.scene.source,
                        &name,
                        other.span,
                        self.names.keys().copied(),
                    )),
                }
            }
            node.after.sort_unstable();
            node.after.dedup();
        }
    }

    fn node_name(&self, instance: &Instance<'_>, template: &Template) -> Option<(String, bool)> {
        let values = |placeholder: &Placeholder| instance.value(placeholder, self.scene.params);
        let name = template.render(&values, Style::Plain).ok()?;
        Some((name, false))
    }
}

fn names<'a>(instances: &'a [Instance<'a>]) -> HashMap<&'a str, Vec<usize>> {
    let mut names: HashMap<&'a str, Vec<usize>> =
        HashMap::with_capacity_and_hasher(instances.len(), Default::default());
    for (index, instance) in instances.iter().enumerate() {
        let family = instance.decl.name.value.as_str();
        let of_family = names.entry(family).or_default();
        // Two nodes of one name were reported where the manifest was read; the first counts.
        if instance.decl.matrix.is_some() || of_family.is_empty() {
            of_family.push(index);
        }
        if instance.decl.matrix.is_some() {
            names.entry(&instance.name).or_default().push(index);
        }
    }
    names
}

/// A path named twice is one input; the first place counts.
fn drop_repeated(inputs: &mut Vec<DraftInput>) {
    let mut seen = HashSet::default();
    inputs.retain(|input| seen.insert(input.path.clone()));
}
