//! One node's command, environment and key rows, with every placeholder filled in.
//!
//! Does not know the other nodes: which paths its inputs came to stand for is told.

use super::complaints::path_fault_message;
use super::draft::Demand;
use super::draft::{DraftNode, JobSpec};
use super::expand::Facts;
use super::instance::Instance;
use super::relative::{relative, relative_all, whole_or_part};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::base::record::Row;
use crate::logic::manifest::{
    Command, Draw, EnvDecl, EnvValue, Manifest, NodeDecl, OutputDecl, Placeholder, Span, Style,
    Template, TemplateFault, shell_word,
};
use crate::logic::params::Params;
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
    pub(super) instance: &'a Instance<'a>,
    pub(super) params: &'a Params,
    pub(super) inputs: &'a [Binding],
    pub(super) facts: &'a Facts<'a>,
}

impl Filler<'_> {
    fn decl(&self) -> &NodeDecl {
        self.instance.decl
    }

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
        match &self.decl().command {
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
        for (name, value) in self.named_values() {
            row(name, value);
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
        self.settings(&mut job, &values, &mut faults);
        if !job.depfile.is_empty() {
            row("depfile".to_owned(), job.depfile.clone());
        }
        node.temp = self.decl().temp;
        node.demand = self.demand();
        node.job = job;
        node.rows = rows;
        faults
    }

    /// What the command holds beside inputs and outputs: `{node}`, `{slots}`, values of the matrix, parameters. In paths
    /// and variables their values stand in rows of their own.
    fn named_values(&self) -> BTreeMap<String, String> {
        let mut rows = BTreeMap::new();
        for placeholder in self.command_templates().flat_map(Template::placeholders) {
            let member = placeholder.member.as_deref();
            match (placeholder.namespace.as_str(), member) {
                ("in" | "out", _) => {}
                ("params", Some(name)) => self.param_row(name, &mut rows),
                (namespace, member) => {
                    let name = member.map_or_else(String::new, |member| format!(".{member}"));
                    let values = self.instance.value(placeholder, self.params);
                    rows.insert(
                        format!("{{{namespace}{name}}}"),
                        values.unwrap_or_default().join("\n"),
                    );
                }
            }
        }
        for name in &self.decl().params {
            self.param_row(name, &mut rows);
        }
        rows
    }

    fn param_row(&self, name: &str, rows: &mut BTreeMap<String, String>) {
        if let Some(value) = self.params.get(name) {
            rows.insert(format!("param {name}"), value.canonical());
        }
    }

    fn command_templates(&self) -> impl Iterator<Item = &Template> {
        let (run, exec) = match &self.decl().command {
            Command::Run(script) => (Some(&script.value), &[][..]),
            Command::Exec(arguments) => (None, &arguments[..]),
            Command::Missing => (None, &[][..]),
        };
        run.into_iter()
            .chain(exec.iter().map(|argument| &argument.value))
    }

    /// What only the engine and the scheduler heed.
    fn settings(
        &self,
        job: &mut JobSpec,
        values: &dyn Fn(&Placeholder) -> Option<Vec<String>>,
        faults: &mut Vec<TemplateFault>,
    ) {
        let (decl, defaults) = (self.decl(), &self.manifest.defaults);
        for probe in &decl.probes {
            job.probes
                .push(or_fault(probe.render(values, Style::Shell), faults));
        }
        if !decl.probes.is_empty() {
            job.probe_shell = self.shell();
        }
        if let Some(template) = &decl.depfile {
            let path = self.instance.plain_path(template, self.params);
            job.depfile = or_fault(path.map(|path| path.as_str().to_owned()), faults);
        }
        let ignore = defaults.ignore.iter().chain(&decl.ignore);
        job.ignore = ignore.map(|name| name.value.clone()).collect();
        job.retries = decl.retries.or(defaults.retries).unwrap_or(0);
        job.timeout_ms = decl.timeout_ms.or(defaults.timeout_ms).unwrap_or(0);
        job.persist = decl.persist;
        job.cache_off = decl.cache_off || defaults.cache_off;
        job.strict = decl.strict || self.manifest.strict;
    }

    fn demand(&self) -> Demand {
        let decl = self.decl();
        let draw = |draw: &Draw| (draw.resource.value.clone(), draw.amount.value);
        Demand {
            slots: decl.slots.as_ref().map_or(0, |slots| slots.value),
            limit: decl.jobs.unwrap_or(0),
            draws: decl.draws.iter().map(draw).collect(),
        }
    }

    fn folder(&self, faults: &mut Vec<TemplateFault>) -> ProjectPath {
        let Some(template) = &self.decl().dir else {
            return ProjectPath::root();
        };
        let (text, _) = or_fault(self.instance.path(template, self.params), faults);
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
            .decl()
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
            ("in", None) => Some(self.positional_inputs(folder)),
            ("in", Some(member)) => whole_or_part(member, &|member| self.input(member, folder)),
            ("out", None) => Some(self.positional_outputs(node, folder)),
            ("out", Some(member)) => {
                whole_or_part(member, &|member| self.output(member, node, folder))
            }
            _ => self.instance.value(placeholder, self.params),
        }
    }

    /// The input of this name or at this position; all that have no name for an empty one.
    fn input(&self, member: &str, folder: &ProjectPath) -> Option<Vec<String>> {
        if member.is_empty() {
            return Some(self.positional_inputs(folder));
        }
        if let Ok(number) = member.parse::<usize>() {
            let inputs = self.positional_inputs(folder);
            return inputs.into_iter().nth(number).map(|path| vec![path]);
        }
        let named = |binding: &&Binding| binding.name.as_deref() == Some(member);
        let binding = self.inputs.iter().find(named)?;
        Some(relative_all(&binding.paths, folder))
    }

    /// The output of this name or at this position; all that have no name for an empty one.
    fn output(&self, member: &str, node: &DraftNode, folder: &ProjectPath) -> Option<Vec<String>> {
        if member.is_empty() {
            return Some(self.positional_outputs(node, folder));
        }
        if let Ok(number) = member.parse::<usize>() {
            let outputs = self.positional_outputs(node, folder);
            return outputs.into_iter().nth(number).map(|path| vec![path]);
        }
        let named = |output: &OutputDecl| {
            output
                .name
                .as_ref()
                .is_some_and(|name| name.value == member)
        };
        let number = self.decl().outputs.iter().position(named)?;
        Some(vec![relative(&node.outputs.get(number)?.path, folder)])
    }

    fn positional_inputs(&self, folder: &ProjectPath) -> Vec<String> {
        let positional = self.inputs.iter().filter(|binding| binding.name.is_none());
        positional
            .flat_map(|binding| relative_all(&binding.paths, folder))
            .collect()
    }

    fn positional_outputs(&self, node: &DraftNode, folder: &ProjectPath) -> Vec<String> {
        let all = self.decl().outputs.iter().zip(&node.outputs);
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
        for (decl, output) in self.decl().outputs.iter().zip(&node.outputs) {
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
            .chain(&self.decl().env)
            .map(|decl| (decl.name.value.as_str(), decl))
            .collect()
    }

    fn pass_env(&self) -> Vec<String> {
        let all = self
            .manifest
            .pass_env
            .iter()
            .chain(&self.manifest.defaults.pass_env)
            .chain(&self.decl().pass_env);
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

/// An argument vector as one line that a shell would read back.
pub(super) fn shown_arguments(arguments: &[String]) -> String {
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
