//! Every input of every node becomes paths, and the nodes that write them.
//!
//! Does not know where a path lies among the outputs; `places` does.

use super::{DIRECTORY, Linker, MIXED, PATH};
use crate::base::path::{PathPattern, ProjectPath};
use crate::logic::graph::draft::DraftNode;
use crate::logic::graph::expand::Member;
use crate::logic::graph::fill::Binding;
use crate::logic::manifest::{InputDecl, InputKind, Problem, SimpleNode};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};

impl Linker<'_> {
    /// Resolves every input of every node to paths. What each value of those that are no simple ones came to stand for
    /// is given back.
    pub(in crate::logic::graph) fn link_inputs(
        &mut self,
        nodes: &mut [DraftNode],
        problems: &mut Vec<Problem>,
    ) -> Vec<Vec<Binding>> {
        let mut matches: HashMap<String, Vec<u32>> = HashMap::default();
        let mut all = Vec::with_capacity(nodes.len());
        for index in 0..self.scene.members.len() {
            match self.scene.members[index] {
                Member::Full(full) => {
                    let node = &mut nodes[full as usize];
                    all.push(self.link_full(index, full, node, &mut matches, problems));
                }
                Member::Simple(simple) => {
                    let node = &self.scene.simple.nodes[simple as usize];
                    self.link_simple(index as u32, node);
                }
            }
            self.needs.close_as_set();
            self.inputs.close();
        }
        all
    }

    fn link_simple(&mut self, index: u32, node: &SimpleNode) {
        let scene = self.scene;
        for value in scene.simple.inputs(node) {
            let (path, directory) = scene.path_of(value);
            let id = self.paths.id(path);
            let flag = if directory { DIRECTORY } else { 0 };
            match self.paths.writer(id) {
                Some(writer) => {
                    let conflict = directory && !self.paths.is_directory(id);
                    if conflict || writer == index {
                        self.unsure.set(true);
                    }
                    self.needs.push(writer);
                    self.inputs.push(id | flag);
                }
                None if self.is_source(id) => self.inputs.push(id | flag),
                None => {
                    let path = ProjectPath::from_normal(path);
                    let outer = self.outer(&path);
                    let (writers, _) = self.writers(id);
                    let conflict = outer.is_some_and(|outer| !self.paths.is_directory(outer));
                    if conflict || writers.contains(&index) {
                        self.unsure.set(true);
                    }
                    writers
                        .into_iter()
                        .for_each(|writer| self.needs.push(writer));
                    self.inputs.push(id | flag | MIXED);
                }
            }
        }
    }

    fn link_full(
        &mut self,
        index: usize,
        full: u32,
        node: &mut DraftNode,
        matches: &mut HashMap<String, Vec<u32>>,
        problems: &mut Vec<Problem>,
    ) -> Vec<Binding> {
        let instance = &self.scene.instances[full as usize];
        let decl = instance.decl;
        let mut bindings = Vec::with_capacity(decl.inputs.len());
        let mut known = HashSet::default();
        for input in &decl.inputs {
            let name = input.name.as_ref().map(|name| name.value.clone());
            let paths =
                match &input.kind {
                    InputKind::Node(template) => self
                        .node_name(instance, template)
                        .map(|name| self.outputs_of(&name, index, input, problems)),
                    InputKind::Path(template) => instance
                        .path(template, self.scene.params)
                        .ok()
                        .map(|(text, glob)| {
                            self.paths_of((&text, glob), input, index, node, matches, problems)
                        }),
                };
            // Where there is no text, that is reported elsewhere.
            let paths = paths.unwrap_or_default();
            for &path in &paths {
                let id = path & PATH;
                let (writers, mixed) = self.writers(id);
                if writers.contains(&(index as u32)) {
                    let path = ProjectPath::from_normal(self.paths.get(id));
                    self.complain(problems, |linker| {
                        linker.own_output(index, &path, input.span)
                    });
                    continue;
                }
                writers
                    .into_iter()
                    .for_each(|writer| self.needs.push(writer));
                // A path named twice is one input; the first place counts.
                if known.insert(id) {
                    self.inputs.push(path | if mixed { MIXED } else { 0 });
                }
            }
            let path = |path: &u32| ProjectPath::from_normal(self.paths.get(path & PATH));
            bindings.push(Binding {
                name,
                paths: paths.iter().map(path).collect(),
            });
        }
        bindings
    }

    fn outputs_of(
        &self,
        name: &str,
        reader: usize,
        input: &InputDecl,
        problems: &mut Vec<Problem>,
    ) -> Vec<u32> {
        match self.named(name) {
            Some(found) if found.contains(&(reader as u32)) => {
                let message = format!("`{name}` reads its own outputs");
                self.complain(problems, |linker| {
                    linker
                        .error("own-output", message)
                        .at(input.span, "this is the node itself")
                });
                Vec::new()
            }
            Some(found) => found
                .iter()
                .flat_map(|&node| self.outputs.of(node as usize))
                .copied()
                .collect(),
            None => {
                self.complain(problems, |linker| linker.unknown(name, input.span));
                Vec::new()
            }
        }
    }

    fn paths_of(
        &mut self,
        (text, glob): (&str, bool),
        input: &InputDecl,
        index: usize,
        node: &mut DraftNode,
        matches: &mut HashMap<String, Vec<u32>>,
        problems: &mut Vec<Problem>,
    ) -> Vec<u32> {
        if !glob {
            let directory = text.ends_with('/');
            return match ProjectPath::parse(text) {
                Ok(path) => {
                    if let Some((output, writer)) = self.conflict(&path, directory) {
                        self.complain(problems, |linker| {
                            linker.kind_conflict(&path, &output, writer, input.span)
                        });
                    }
                    let id = self.paths.id(path.as_str());
                    vec![id | if directory { DIRECTORY } else { 0 }]
                }
                Err(fault) => {
                    self.complain(problems, |linker| {
                        linker.path_problem(text, fault, input.span)
                    });
                    Vec::new()
                }
            };
        }
        let Ok(pattern) = PathPattern::parse(text) else {
            return Vec::new(); // reported where the manifest was read
        };
        if let Some((folder, writer)) = self.output_folder_above(&pattern.base()) {
            self.complain(problems, |linker| {
                linker.glob_into_output(&pattern, &folder, writer, input.span)
            });
            return Vec::new();
        }
        if !matches.contains_key(pattern.as_str()) {
            let found = self.matches(&pattern);
            matches.insert(pattern.as_str().to_owned(), found);
        }
        let found = &matches[pattern.as_str()];
        if found.is_empty() {
            node.empty_patterns.push(pattern.as_str().to_owned());
        }
        let is_own = |&&id: &&u32| self.paths.writer(id) == Some(index as u32);
        if let Some(&own) = found.iter().find(is_own) {
            let own = ProjectPath::from_normal(self.paths.get(own));
            self.complain(problems, |linker| {
                linker.glob_matches_own(index, &own, input.span)
            });
            return Vec::new();
        }
        found.clone()
    }
}
