//! What the linker says about edges and outputs that cannot be, each with every place that takes part.
//!
//! Decides nothing: `link` has found out what is wrong.

use super::expand::Member;
use super::instance::Instance;
use super::link::Linker;
use crate::base::path::{PathFault, PathPattern, ProjectPath, STATE_FOLDER};
use crate::logic::manifest::{NodeDecl, OutputDecl, Problem, Source, Span, nearest};
use std::sync::Arc;

impl Linker<'_> {
    pub(super) fn error(&self, code: &'static str, message: impl Into<String>) -> Problem {
        Problem::error(self.scene.source, code, message)
    }

    pub(super) fn name(&self, node: usize) -> &str {
        self.scene.name(node)
    }

    /// Not for simple nodes: where there are some, nothing is said here.
    fn instance(&self, node: usize) -> &Instance<'_> {
        match self.scene.members[node] {
            Member::Full(full) => &self.scene.instances[full as usize],
            Member::Simple(_) => unreachable!("a problem beside simple nodes"),
        }
    }

    pub(super) fn decl(&self, node: usize) -> &NodeDecl {
        self.instance(node).decl
    }

    /// The last place where `node` declares `path`.
    pub(super) fn output_span(&self, node: usize, path: &ProjectPath) -> Span {
        let last = self.output_spans(node, path).last().copied();
        last.unwrap_or(self.decl(node).name.span)
    }

    fn first_output_span(&self, node: usize, path: &ProjectPath) -> Span {
        let first = self.output_spans(node, path).first().copied();
        first.unwrap_or(self.decl(node).name.span)
    }

    fn output_spans(&self, node: usize, path: &ProjectPath) -> Vec<Span> {
        let instance = self.instance(node);
        let is_path = |(text, _): (String, bool)| ProjectPath::parse(&text).as_ref() == Ok(path);
        let outputs = instance.decl.outputs.iter();
        let params = self.scene.params;
        let found = outputs
            .filter(|output| instance.path(&output.path, params).is_ok_and(is_path))
            .map(|output| output.span);
        found.collect()
    }

    pub(super) fn output_problem(
        &self,
        instance: &Instance<'_>,
        output: &OutputDecl,
    ) -> Option<Problem> {
        let (text, _) = instance.path(&output.path, self.scene.params).ok()?;
        match ProjectPath::parse(&text) {
            Ok(path) if path == *self.scene.facts.manifest => Some(
                self.error(
                    "manifest-as-output",
                    "the manifest itself is declared as an output",
                )
                .at(output.span, "this file is being read right now")
                .help("choose another path for the output"),
            ),
            Ok(_) => None,
            // A plain text was checked where the manifest was read.
            Err(_) if output.path.text == text => None,
            Err(fault) => Some(self.path_problem(&text, fault, output.span)),
        }
    }

    pub(super) fn path_problem(&self, text: &str, fault: PathFault, span: Span) -> Problem {
        self.error("path", path_fault_message(text, fault))
            .at(span, "here")
    }

    pub(super) fn two_writers(&self, path: &ProjectPath, first: usize, second: usize) -> Problem {
        if first == second {
            return self
                .error(
                    "two-writers",
                    format!("`{}` declares the output {path} twice", self.name(first)),
                )
                .at(self.output_span(second, path), "here again")
                .at(self.first_output_span(first, path), "first here")
                .help("remove one of them");
        }
        if self.decl(first).matrix.is_some() && std::ptr::eq(self.decl(first), self.decl(second)) {
            let axes = self.instance(first).values.iter();
            let names: Vec<String> = axes.map(|(axis, _)| format!("{{matrix.{axis}}}")).collect();
            return self
                .error(
                    "two-writers",
                    format!(
                        "two instances write {path}: `{}` and `{}`",
                        self.name(first),
                        self.name(second)
                    ),
                )
                .at(self.output_span(first, path), "the same for both")
                .help(format!(
                    "put what sets them apart into the path: {}",
                    names.join(", ")
                ));
        }
        self.error(
            "two-writers",
            format!(
                "two nodes write {path}: `{}` and `{}`",
                self.name(first),
                self.name(second)
            ),
        )
        .at(
            self.output_span(second, path),
            format!("`{}` writes it as well", self.name(second)),
        )
        .at(
            self.first_output_span(first, path),
            format!("`{}` writes it", self.name(first)),
        )
        .help("give each node a path of its own; a path has one writer")
    }

    pub(super) fn nested(
        &self,
        inner: &ProjectPath,
        inner_node: usize,
        outer: &ProjectPath,
        outer_node: usize,
    ) -> Problem {
        self.error(
            "nested-outputs",
            format!("the output {inner} lies inside the output {outer}"),
        )
        .at(
            self.output_span(inner_node, inner),
            format!("`{}` writes this", self.name(inner_node)),
        )
        .at(
            self.output_span(outer_node, outer),
            format!("`{}` writes the whole folder", self.name(outer_node)),
        )
        .help("an output directory belongs to one node alone; move one of the two elsewhere")
    }

    pub(super) fn own_output(&self, node: usize, path: &ProjectPath, span: Span) -> Problem {
        let name = self.name(node);
        match self.writes(node, path) {
            true => self
                .error(
                    "own-output",
                    format!("`{name}` reads {path} and writes it as well"),
                )
                .at(span, "read here")
                .at(self.output_span(node, path), "written here")
                .help("write to another path; a node that changes its own input never settles"),
            false => self
                .error(
                    "own-output",
                    format!("`{name}` reads {path}, which holds its own output"),
                )
                .at(span, "read here")
                .help("read the files themselves, or move the output out of that folder"),
        }
    }

    pub(super) fn glob_matches_own(&self, node: usize, own: &ProjectPath, span: Span) -> Problem {
        self.error(
            "own-output",
            format!(
                "this pattern matches {own}, which `{}` writes itself",
                self.name(node)
            ),
        )
        .at(span, "read here")
        .at(self.output_span(node, own), "written here")
        .help("narrow the pattern, or write to a folder that it does not reach")
    }

    pub(super) fn glob_into_output(
        &self,
        pattern: &PathPattern,
        folder: &ProjectPath,
        writer: usize,
        span: Span,
    ) -> Problem {
        let name = self.name(writer);
        self.error(
            "glob-into-output",
            format!(
                "{} looks inside {folder}/, an output of `{name}`",
                pattern.as_str()
            ),
        )
        .at(
            span,
            "what this matches is known only after that node has run",
        )
        .at(
            self.output_span(writer, folder),
            format!("`{name}` writes it"),
        )
        .help(format!("read the whole directory: in \"{folder}/\""))
    }

    /// Whether `node` declares this very path.
    fn writes(&self, node: usize, path: &ProjectPath) -> bool {
        let id = self.paths.find(path.as_str());
        id.and_then(|id| self.paths.writer(id)) == Some(node as u32)
    }

    /// `path` is read as a directory, or as something inside of one, but `output` is declared as a file.
    pub(super) fn kind_conflict(
        &self,
        path: &ProjectPath,
        output: &ProjectPath,
        writer: usize,
        span: Span,
    ) -> Problem {
        let what = if output == path {
            format!("{path}/ is a directory here")
        } else {
            format!("{path} lies inside {output}")
        };
        self.error(
            "kind-conflict",
            format!(
                "{what}, but `{}` declares {output} as a file",
                self.decl(writer).name.value
            ),
        )
        .at(span, "read here")
        .at(self.output_span(writer, output), "declared as a file here")
        .help(format!(
            "if it is a directory, declare it with a slash: out \"{output}/\""
        ))
    }
}

/// What is wrong with a path, in the user's words.
pub(super) fn path_fault_message(text: &str, fault: PathFault) -> String {
    match fault {
        PathFault::Empty => "this path is empty".to_owned(),
        PathFault::Absolute => {
            format!("{text} is an absolute path; paths are relative to the manifest's folder")
        }
        PathFault::Leaves => format!("{text} leads out of the project"),
        PathFault::State => {
            format!("{text} lies in {STATE_FOLDER}/, where pipe keeps its own files")
        }
        PathFault::Nul => "this path holds a NUL character".to_owned(),
    }
}

pub(super) fn unknown_node<'n>(
    source: &Arc<Source>,
    name: &str,
    span: Span,
    known: impl Iterator<Item = &'n str>,
) -> Problem {
    let problem = Problem::error(source, "unknown-node", format!("there is no node `{name}`"))
        .at(span, "not found");
    match nearest(name, known) {
        Some(near) => problem.help(format!("did you mean `{near}`?")),
        None => problem.help("a node is named by its own name, without a path"),
    }
}
