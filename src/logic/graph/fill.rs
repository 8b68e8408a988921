//! One node's command, environment and key rows, with every placeholder filled in.
//!
//! Does not know the other nodes: which paths its inputs came to stand for is told.

use super::complaints::path_fault_message;
use super::draft::{DraftNode, JobSpec};
use super::expand::{Facts, with_node_name};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::base::record::Row;
use crate::logic::manifest::{
    Command, EnvDecl, EnvValue, Manifest, NodeDecl, Placeholder, Span, Spanned, Style, Template,
    TemplateFault, shell_word,
};
use std::collections::BTreeMap;

/// The shell that runs `run` unless the manifest says otherwise: a step that fails in the middle of a pipe must not
/// pass for a result.
pub(super) const DEFAULT_SHELL: [&str; 4] = ["bash", "-euo", "pipefail", "-c"];

/// One value of an `in` and the paths that it came to stand for.
pub(super) struct Binding {
    pub(super) name: Option<String>,
    pub(super) paths: Vec<ProjectPath>,
}

/// Fills in one node's command, environment and key rows.
pub(super) struct Filler<'a> {
    pub(super) manifest: &'a Manifest,
    pub(super) decl: &'a NodeDecl,
    pub(super) inputs: &'a [Binding],
    pub(super) facts: &'a Facts<'a>,
}

impl Filler<'_> {
    pub(super) fn fill(&self, node: &mut DraftNode) -> Vec<TemplateFault> {
        let mut faults = Vec::new();
        let folder = self.folder(&mut faults);
        let values = |placeholder: &Placeholder| self.values(placeholder, node, &folder);
        let mut job = JobSpec {
            folder: folder.as_str().to_owned(),
            ..JobSpec::default()
        };
        let mut rows = Vec::new();
        let mut row = |name: String, value: String| rows.push(Row { name, value });
        match &self.decl.command {
            Command::Run(script) => {
                job.shown = or_fault(script.render(&values, Style::Shell), &mut faults);
                let shell = self.shell();
                row("command".into(), script.text.clone());
                row("shell".into(), shown_arguments(&shell));
                job.argv = shell;
                job.argv.push(job.shown.clone());
            }
            Command::Exec(arguments) => {
                for (number, argument) in arguments.iter().enumerate() {
                    row(format!("argument {number}"), argument.text.clone());
                    job.argv
                        .extend(or_fault(argument.render_args(&values), &mut faults));
                }
                job.shown = shown_arguments(&job.argv);
            }
            Command::Missing => {}
        }
        if !folder.is_root() {
            row("folder".into(), folder.as_str().to_owned());
        }
        for (name, texts) in self.placeholder_values(node, &folder) {
            row(name, texts.join("\n"));
        }
        job.inputs = self.positional_inputs(&folder);
        job.outputs = self.positional_outputs(node, &folder);
        if self.names_the_node() {
            row("{node}".to_owned(), node.name.clone());
        }
        for (name, decl) in self.chosen_variables() {
            let (value, told) = match &decl.value {
                EnvValue::Set(template) => {
                    let value = or_fault(template.render(&values, Style::Plain), &mut faults);
                    (value.clone(), (format!("env {name}"), value))
                }
                EnvValue::Caller => match self.facts.variables.get(name).cloned().flatten() {
                    // It may be a secret, and rows are kept and shown.
                    Some(value) => {
                        let digest = Digest::of(value.as_bytes()).to_string();
                        (value, (format!("caller {name}"), digest))
                    }
                    None => continue,
                },
            };
            row(told.0, told.1);
            job.env.push((name.to_owned(), value));
        }
        for output in &node.outputs {
            let kind = if output.directory {
                "directory"
            } else {
                "file"
            };
            row(format!("output {}", output.path), kind.to_owned());
        }
        job.pass_env = self.pass_env();
        node.job = job;
        node.rows = rows;
        faults
    }

    /// Whether the command holds `{node}`; in paths and variables its value stands in their own rows.
    fn names_the_node(&self) -> bool {
        let holds = |template: &Template| {
            template
                .placeholders()
                .any(|placeholder| placeholder.namespace == "node")
        };
        match &self.decl.command {
            Command::Run(script) => holds(script),
            Command::Exec(arguments) => arguments.iter().any(|argument| holds(argument)),
            Command::Missing => false,
        }
    }

    fn folder(&self, faults: &mut Vec<TemplateFault>) -> ProjectPath {
        let Some(template) = &self.decl.dir else {
            return ProjectPath::root();
        };
        let text = or_fault(with_node_name(template, &self.decl.name), faults);
        ProjectPath::parse(&text).unwrap_or_else(|fault| {
            faults.push(TemplateFault::new(
                template.span,
                path_fault_message(&text, fault),
            ));
            ProjectPath::root()
        })
    }

    fn shell(&self) -> Vec<String> {
        let chosen = self
            .decl
            .shell
            .as_ref()
            .or(self.manifest.defaults.shell.as_ref());
        chosen
            .cloned()
            .unwrap_or_else(|| DEFAULT_SHELL.map(str::to_owned).to_vec())
    }

    /// What a placeholder stands for; paths are relative to the folder in which the command starts.
    fn values(
        &self,
        placeholder: &Placeholder,
        node: &DraftNode,
        folder: &ProjectPath,
    ) -> Option<Vec<String>> {
        match (
            placeholder.namespace.as_str(),
            placeholder.member.as_deref(),
        ) {
            ("node", None) => Some(vec![node.name.clone()]),
            ("in", None) => Some(self.positional_inputs(folder)),
            ("in", Some(member)) => match member.parse::<usize>() {
                Ok(number) => self
                    .positional_inputs(folder)
                    .get(number)
                    .map(|path| vec![path.clone()]),
                Err(_) => {
                    let binding = self
                        .inputs
                        .iter()
                        .find(|binding| binding.name.as_deref() == Some(member))?;
                    Some(relative_all(&binding.paths, folder))
                }
            },
            ("out", None) => Some(self.positional_outputs(node, folder)),
            ("out", Some(member)) => match member.parse::<usize>() {
                Ok(number) => self
                    .positional_outputs(node, folder)
                    .get(number)
                    .map(|path| vec![path.clone()]),
                Err(_) => {
                    let named = |name: &Option<_>| {
                        name.as_ref()
                            .is_some_and(|name: &Spanned<String>| name.value == member)
                    };
                    let number = self
                        .decl
                        .outputs
                        .iter()
                        .position(|output| named(&output.name))?;
                    Some(vec![relative(&node.outputs.get(number)?.path, folder)])
                }
            },
            _ => None,
        }
    }

    fn positional_inputs(&self, folder: &ProjectPath) -> Vec<String> {
        let positional = self.inputs.iter().filter(|binding| binding.name.is_none());
        positional
            .flat_map(|binding| relative_all(&binding.paths, folder))
            .collect()
    }

    fn positional_outputs(&self, node: &DraftNode, folder: &ProjectPath) -> Vec<String> {
        let all = self.decl.outputs.iter().zip(&node.outputs);
        let positional = all.filter(|(decl, _)| decl.name.is_none());
        positional
            .map(|(_, output)| relative(&output.path, folder))
            .collect()
    }

    /// `{in}`, `{out}` and every named one: the command may reach them all, if only through `PIPE_IN` and `PIPE_OUT`.
    fn placeholder_values(
        &self,
        node: &DraftNode,
        folder: &ProjectPath,
    ) -> Vec<(String, Vec<String>)> {
        let mut values = vec![
            ("{in}".to_owned(), self.positional_inputs(folder)),
            ("{out}".to_owned(), self.positional_outputs(node, folder)),
        ];
        for binding in self.inputs {
            if let Some(name) = &binding.name {
                values.push((
                    format!("{{in.{name}}}"),
                    relative_all(&binding.paths, folder),
                ));
            }
        }
        for (decl, output) in self.decl.outputs.iter().zip(&node.outputs) {
            if let Some(name) = &decl.name {
                values.push((
                    format!("{{out.{}}}", name.value),
                    vec![relative(&output.path, folder)],
                ));
            }
        }
        values
    }

    /// The declared variables: the top's, over them those of `defaults`, over them the node's own. Sorted by name.
    fn chosen_variables(&self) -> BTreeMap<&str, &EnvDecl> {
        let of_all = self.manifest.env.iter().chain(&self.manifest.defaults.env);
        of_all
            .chain(&self.decl.env)
            .map(|decl| (decl.name.value.as_str(), decl))
            .collect()
    }

    fn pass_env(&self) -> Vec<String> {
        let all = self
            .manifest
            .pass_env
            .iter()
            .chain(&self.manifest.defaults.pass_env)
            .chain(&self.decl.pass_env);
        let mut names: Vec<String> = all.map(|name| name.value.clone()).collect();
        names.sort();
        names.dedup();
        names
    }
}

fn or_fault<T: Default>(result: Result<T, TemplateFault>, faults: &mut Vec<TemplateFault>) -> T {
    result.unwrap_or_else(|fault| {
        faults.push(fault);
        T::default()
    })
}

fn relative_all(paths: &[ProjectPath], folder: &ProjectPath) -> Vec<String> {
    paths.iter().map(|path| relative(path, folder)).collect()
}

/// `path` as seen from `folder`.
fn relative(path: &ProjectPath, folder: &ProjectPath) -> String {
    if folder.is_root() {
        return path.to_string();
    }
    let here: Vec<&str> = folder.as_str().split('/').collect();
    let there: Vec<&str> = path
        .as_str()
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let shared = here.iter().zip(&there).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", here.len() - shared);
    let text = up
        .chain(there[shared..].iter().copied())
        .collect::<Vec<_>>()
        .join("/");
    if text.is_empty() {
        ".".to_owned()
    } else {
        text
    }
}

/// An argument vector as one line that a shell would read back.
fn shown_arguments(arguments: &[String]) -> String {
    let shown: Vec<String> = arguments
        .iter()
        .map(|argument| shell_word(argument))
        .collect();
    shown.join(" ")
}

/// A fault without help of its own.
impl TemplateFault {
    fn new(span: Span, message: String) -> Self {
        TemplateFault {
            span,
            message,
            help: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_seen_from_the_commands_folder() {
        let path = |text: &str| ProjectPath::parse(text).unwrap();
        for (target, folder, want) in [
            ("data/x", ".", "data/x"),
            ("data/x", "sub", "../data/x"),
            ("sub/x", "sub", "x"),
            ("sub/a/x", "sub/b/c", "../../a/x"),
            ("sub", "sub", "."),
        ] {
            assert_eq!(relative(&path(target), &path(folder)), want);
        }
    }
}
