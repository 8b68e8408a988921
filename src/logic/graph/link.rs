//! Who writes what the others read: inputs to outputs, and everything that cannot be.
//!
//! Does not know commands. Walks are linear in nodes and edges and never recurse. Where anything is wrong and there are
//! simple nodes, nothing is said of it: the manifest is then to be read with care.

mod inputs;
mod places;

use super::complaints::unknown_node;
use super::draft::DraftNode;
use super::expand::{Member, Scene};
use super::instance::{Instance, axis_globs};
use super::lists::Lists;
use super::paths::PathTable;
use crate::base::path::{PathPattern, ProjectPath};
use crate::logic::manifest::{Placeholder, Problem, Span, Spanned, Style, Template};
use rustc_hash::{FxHashMap as HashMap, FxHashSet as HashSet};
use std::cell::{Cell, OnceCell};

/// A path's number with, in its two highest bits, what is said of it at one place.
pub(super) const DIRECTORY: u32 = 1 << 31;
/// Of an input: nodes write above or below this path, not the path itself.
pub(super) const MIXED: u32 = 1 << 30;
/// What is left is the number.
pub(super) const PATH: u32 = MIXED - 1;

/// Looks up names and outputs, and gathers who uses what.
pub(super) struct Linker<'a> {
    pub(super) scene: Scene<'a>,
    /// Nodes by their own name, and all instances of a node by the node's.
    names: HashMap<&'a str, Named>,
    /// Every path so far: all outputs first, then inputs as they come.
    pub(super) paths: PathTable,
    /// How many of them are outputs.
    written: u32,
    /// Every folder above an output.
    folders: HashSet<Box<str>>,
    /// The outputs, sorted by path; made when first asked for.
    sorted: OnceCell<Vec<u32>>,
    /// By folder: the nearest output that is this folder or above it.
    above: HashMap<Box<str>, Option<u32>>,
    /// The last that was asked for of these.
    last_above: (String, Option<u32>),
    /// By path number: known to be nobody's output, nor above or below one.
    sources: Vec<bool>,
    /// By node number; see [`DIRECTORY`].
    pub(super) outputs: Lists,
    /// By node number; see [`DIRECTORY`] and [`MIXED`].
    pub(super) inputs: Lists,
    /// By node number.
    pub(super) needs: Lists,
    /// By node number.
    pub(super) after: Lists,
    /// Something was wrong that has not been said.
    pub(super) unsure: Cell<bool>,
}

#[derive(Debug)]
enum Named {
    One(u32),
    Many(Vec<u32>),
}

impl Named {
    fn nodes(&self) -> &[u32] {
        match self {
            Named::One(node) => std::slice::from_ref(node),
            Named::Many(nodes) => nodes,
        }
    }
}

impl<'a> Linker<'a> {
    /// Collects the outputs and reports those that cannot stand together. `nodes` are those that are no simple ones.
    pub(super) fn new(scene: &Scene<'a>, nodes: &[DraftNode], problems: &mut Vec<Problem>) -> Self {
        let count = scene.members.len();
        let mut linker = Linker {
            scene: *scene,
            names: HashMap::with_capacity_and_hasher(count, Default::default()),
            paths: PathTable::for_paths(2 * count),
            written: 0,
            folders: HashSet::default(),
            sorted: OnceCell::new(),
            above: HashMap::default(),
            last_above: (String::new(), None),
            sources: Vec::new(),
            outputs: Lists::for_lists(count),
            inputs: Lists::for_lists(count),
            needs: Lists::for_lists(count),
            after: Lists::for_lists(count),
            unsure: Cell::new(false),
        };
        for index in 0..count {
            linker.take_name(index);
            match scene.members[index] {
                Member::Full(full) => {
                    let instance = &scene.instances[full as usize];
                    for output in &instance.decl.outputs {
                        let problem = linker.output_problem(instance, output);
                        problem.into_iter().for_each(|problem| {
                            linker.complain(problems, |_| problem);
                        });
                    }
                    for output in &nodes[full as usize].outputs {
                        linker.claim(output.path.as_str(), output.directory, index, problems);
                    }
                }
                Member::Simple(simple) => {
                    let node = &scene.simple.nodes[simple as usize];
                    for value in scene.simple.outputs(node) {
                        let (path, directory) = scene.path_of(value);
                        if path == scene.facts.manifest.as_str() {
                            linker.unsure.set(true);
                        }
                        linker.claim(path, directory, index, problems);
                    }
                }
            }
            linker.outputs.close();
        }
        linker.written = linker.paths.len() as u32;
        linker.sources = vec![false; linker.paths.len()];
        linker.gather_folders();
        linker.find_nested(problems);
        linker
    }

    /// Says what is wrong, where it can be said.
    fn complain(&self, problems: &mut Vec<Problem>, problem: impl FnOnce(&Self) -> Problem) {
        if self.scene.simple.is_empty() {
            problems.push(problem(self));
        } else {
            self.unsure.set(true);
        }
    }

    fn take_name(&mut self, index: usize) {
        let node = index as u32;
        let (family, own) = match self.scene.members[index] {
            Member::Full(full) => {
                let instance = &self.scene.instances[full as usize];
                let own = instance.decl.matrix.is_some().then_some(&*instance.name);
                (instance.decl.name.value.as_str(), own)
            }
            Member::Simple(_) => (self.scene.name(index), None),
        };
        match self.names.entry(family) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(Named::One(node));
            }
            std::collections::hash_map::Entry::Occupied(mut place) => {
                match (own, place.get_mut()) {
                    (Some(_), Named::Many(nodes)) => nodes.push(node),
                    (Some(_), one) => *one = Named::Many(vec![one.nodes()[0], node]),
                    // Two nodes of one name were reported where the manifest was read; the first counts.
                    (None, _) => self.unsure.set(!self.scene.simple.is_empty()),
                }
            }
        }
        if let Some(own) = own {
            self.names.insert(own, Named::One(node));
        }
    }

    fn unknown(&self, name: &str, span: Span) -> Problem {
        unknown_node(self.scene.source, name, span, self.names.keys().copied())
    }

    /// The nodes of a name.
    fn named(&self, name: &str) -> Option<&[u32]> {
        self.names.get(name).map(Named::nodes)
    }

    fn claim(&mut self, path: &str, directory: bool, index: usize, problems: &mut Vec<Problem>) {
        let id = self.paths.id(path);
        self.outputs
            .push(id | if directory { DIRECTORY } else { 0 });
        let Err(first) = self.paths.claim(id, index as u32, directory) else {
            return;
        };
        let first = first as usize;
        // Two nodes of one name were reported where the manifest was read.
        if first == index || self.scene.name(first) != self.scene.name(index) {
            self.complain(problems, |linker| {
                linker.two_writers(&ProjectPath::from_normal(path), first, index)
            });
        }
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
            let path = |&id: &u32| ProjectPath::from_normal(self.paths.get(id));
            let matched = self
                .outputs_within(&base)
                .iter()
                .map(path)
                .find(|path| pattern.matches(path))
                .or_else(|| Some(self.output_folder_above(&base)?.0));
            if let Some((path, writer)) = matched.and_then(|path| self.output_folder_above(&path)) {
                self.complain(problems, |linker| {
                    linker
                        .error(
                            "axis",
                            format!("this axis matches {path}, which `{}` writes", linker.name(writer)),
                        )
                        .at(text.span, "known only after that node has run")
                        .at(linker.output_span(writer, &path), "written here")
                        .help("an axis takes its values from files that no node writes; list the values, or narrow the glob")
                });
            }
        }
    }

    /// Resolves `after`.
    pub(super) fn link_after(&mut self, problems: &mut Vec<Problem>) {
        for index in 0..self.scene.members.len() {
            if let Member::Full(full) = self.scene.members[index] {
                let instance = &self.scene.instances[full as usize];
                for other in &instance.decl.after {
                    self.follow(index, instance, other, problems);
                }
            }
            self.after.close_as_set();
        }
    }

    fn follow(
        &mut self,
        index: usize,
        instance: &Instance<'_>,
        other: &Spanned<Template>,
        problems: &mut Vec<Problem>,
    ) {
        let Some(name) = self.node_name(instance, other) else {
            return;
        };
        match self.names.get(name.as_str()).map(Named::nodes) {
            Some(found) if found.contains(&(index as u32)) => self.complain(problems, |linker| {
                linker
                    .error("own-output", format!("`{name}` comes after itself"))
                    .at(other.span, "this is the node itself")
            }),
            Some(found) => found.iter().for_each(|&other| self.after.push(other)),
            None => self.complain(problems, |linker| linker.unknown(&name, other.span)),
        }
    }

    fn node_name(&self, instance: &Instance<'_>, template: &Template) -> Option<String> {
        let values = |placeholder: &Placeholder| instance.value(placeholder, self.scene.params);
        template.render(&values, Style::Plain).ok()
    }
}
