//! Turns checked statements into the typed manifest, and checks what concerns several of them: names used twice, `run`
//! beside `exec`, a shell whose quoting is not known.
//!
//! Does not know other nodes: whether a named node exists is the graph's business.

use super::check::{Reader, Statement};
use super::document::Element;
use super::paths::Role;
use super::rules::Place;
use super::source::{Span, Spanned};
use super::template::Style;
use super::typed::{Datum, Value};
use super::{
    Command, Defaults, Exclusive, InputDecl, InputKind, Manifest, NodeDecl, OutputDecl, Problem,
};
use std::collections::HashMap;

/// The longest name of a node, in bytes: it is part of file names.
pub(super) const MAX_NAME: usize = 200;

/// What has been seen of a manifest so far.
#[derive(Default)]
pub(super) struct Seen {
    words: HashMap<&'static str, Span>,
    nodes: HashMap<String, Span>,
}

impl Seen {
    /// Whether a node of this name was there.
    pub(super) fn has_node(&self, name: &str) -> bool {
        self.nodes.contains_key(name)
    }

    /// Takes note that there was a node, whether it can be used or not.
    pub(super) fn note_some_node(&mut self) {
        self.words.entry("node").or_default();
    }

    /// Takes note of a node that was read elsewhere.
    pub(super) fn note_node(&mut self, name: &Spanned<String>) {
        self.nodes.insert(name.value.clone(), name.span);
    }

    /// Whether no statement has been understood yet.
    pub(super) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

impl Reader<'_> {
    /// Adds one statement of the top level to `manifest`.
    pub(super) fn top_level(
        &mut self,
        node: &Element<'_>,
        place: Place,
        seen: &mut Seen,
        manifest: &mut Manifest,
    ) {
        let before = self.problems.len();
        let Some(statement) = self.statement(node, place) else {
            return;
        };
        let word = statement.word;
        if let Some(&first) = seen.words.get(word.name).filter(|_| !word.repeatable) {
            let message = format!("`{}` stands twice {}", word.name, Place::Top.phrase());
            return self.twice(message, first, statement.span, "keep one of the two");
        }
        seen.words.insert(word.name, statement.span);
        match word.name {
            "jobs" => {
                if let Some(Value {
                    datum: Datum::Number(jobs),
                    ..
                }) = statement.values.first()
                {
                    manifest.jobs = u32::try_from(*jobs).ok();
                }
            }
            "env" => self.env(&statement, &mut manifest.env),
            "pass-env" => self.pass_env(&statement, &mut manifest.pass_env),
            "defaults" => manifest.defaults = self.defaults(&statement),
            "resource" => self.resource(&statement, manifest),
            "params" => {
                let files = statement.values.iter().map(Value::spanned);
                manifest.param_files.extend(files);
            }
            "strict" => manifest.strict = true,
            "include" => {
                let files = statement.values.iter().map(Value::spanned);
                manifest.includes.extend(files);
            }
            _ => {
                let mut declared = self.node(&statement, seen);
                if let Some(node) = &mut declared {
                    node.poisoned = self.damaged || self.problems.len() > before;
                }
                manifest.nodes.extend(declared);
            }
        }
    }

    /// What needs the whole manifest: variables for all nodes, and shells.
    pub(super) fn whole(&mut self, manifest: &mut Manifest) {
        self.shared_placeholders(&manifest.env);
        self.shared_placeholders(&manifest.defaults.env);
        for node in &mut manifest.nodes {
            let before = self.problems.len();
            self.foreign_shell(node, manifest.defaults.shell.as_ref());
            node.poisoned |= self.problems.len() > before;
        }
    }

    fn defaults(&mut self, statement: &Statement<'_>) -> Defaults {
        let mut defaults = Defaults::default();
        let Some(block) = statement.block else {
            return defaults;
        };
        let mut settings = NodeDecl::default();
        for statement in self.block(block, Place::Defaults) {
            match statement.word.name {
                "shell" => defaults.shell = self.shell(&statement),
                "env" => self.env(&statement, &mut defaults.env),
                "pass-env" => self.pass_env(&statement, &mut defaults.pass_env),
                _ => self.setting(&statement, &mut settings),
            }
        }
        defaults.retries = settings.retries;
        defaults.timeout_ms = settings.timeout_ms;
        defaults.cache_off = settings.cache_off;
        defaults.ignore = settings.ignore;
        defaults
    }

    /// `None` for a node without a name, after looking at what is in it.
    fn node(&mut self, statement: &Statement<'_>, seen: &mut Seen) -> Option<NodeDecl> {
        let named = statement.values.first().map(Value::spanned);
        let name = named
            .clone()
            .unwrap_or_else(|| Spanned::new(String::new(), statement.span));
        if named.is_some() {
            self.claim_name(&name, seen);
        }
        let before = self.problems.len();
        let mut node = NodeDecl {
            name,
            ..NodeDecl::default()
        };
        let statements = statement
            .block
            .map(|block| self.block(block, Place::Node))
            .unwrap_or_default();
        for statement in &statements {
            self.node_word(statement, &mut node);
        }
        let excused = self.damaged || self.problems.len() > before || statement.block.is_none();
        self.one_command(&statements, node.name.span, excused);
        if !self.damaged {
            let paths = |statement: &&Statement<'_>| matches!(statement.word.name, "in" | "out");
            let spans: Vec<Span> = statements
                .iter()
                .filter(paths)
                .map(|paths| paths.whole)
                .collect();
            // Where a path could not be read, or stands behind a word that is not known, nobody knows what is missing.
            let hides_paths = |problem: &Problem| {
                let place = problem.labels.first().map(|label| label.span.start);
                let holds = |outer: &Span| {
                    place.is_some_and(|place| {
                        (outer.start..outer.start + outer.len).contains(&place)
                    })
                };
                problem.code == "unknown-word" || spans.iter().any(holds)
            };
            let all_known = !self.problems[before..].iter().any(hides_paths);
            self.placeholders(&node, all_known);
        }
        named.map(|_| node)
    }

    fn claim_name(&mut self, name: &Spanned<String>, seen: &mut Seen) {
        self.node_name(name);
        if let Some(&first) = seen.nodes.get(&name.value) {
            let message = format!("two nodes are named `{}`", name.value);
            self.twice(
                message,
                first,
                name.span,
                "every node has a name of its own",
            );
        }
        seen.nodes.entry(name.value.clone()).or_insert(name.span);
    }

    fn node_word(&mut self, statement: &Statement<'_>, node: &mut NodeDecl) {
        let first = || statement.values.first();
        match statement.word.name {
            "about" => node.about = first().map(|value| value.text().to_owned()),
            "in" => self.inputs(statement, &mut node.inputs),
            "out" => self.outputs(statement, &mut node.outputs),
            "run" => {
                if let Some(value) = first() {
                    self.not_empty(value, "an empty command");
                    node.command =
                        Command::Run(Spanned::new(self.template(value, Style::Shell), value.span));
                }
            }
            "exec" => {
                let Some(program) = first() else { return };
                self.not_empty(program, "an empty name of a program");
                let argument = |value: &Value<'_>| {
                    Spanned::new(self.template(value, Style::Plain), value.span)
                };
                let arguments = statement.values.iter().map(argument).collect();
                if matches!(node.command, Command::Missing) {
                    node.command = Command::Exec(arguments);
                }
            }
            "after" => {
                for value in &statement.values {
                    let template = self.template(value, Style::Plain);
                    node.after.push(Spanned::new(template, value.span));
                }
            }
            "matrix" => node.matrix = statement.block.map(|block| self.matrix(block)),
            "exclusive" => {
                let group = first().map(|value| value.text().to_owned());
                node.exclusive = Some(group.map_or(Exclusive::Alone, Exclusive::Group));
                if let Some(value) = first() {
                    self.not_empty(value, "an empty word");
                }
            }
            "dir" => {
                node.dir =
                    first().map(|value| Spanned::new(self.path(value, Role::Folder), value.span));
            }
            "shell" => node.shell = self.shell(statement),
            "env" => self.env(statement, &mut node.env),
            "pass-env" => self.pass_env(statement, &mut node.pass_env),
            _ => self.setting(statement, node),
        }
    }

    pub(super) fn not_empty(&mut self, value: &Value<'_>, what: &str) {
        if value.text().trim().is_empty() {
            self.error(
                "empty",
                what,
                (value.span, "nothing in it"),
                "write it between the quotes, or remove the line",
            );
        }
    }

    fn node_name(&mut self, name: &Spanned<String>) {
        let allowed = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let help =
            "names have letters, digits, `_`, `-` and `.`, and start with a letter, a digit or `_`";
        let message = match name.value.chars().find(|c| !allowed(*c)) {
            _ if name.value.is_empty() => "a node needs a name".to_owned(),
            Some('@') => "`@` in a node's name is kept for the instances of a matrix".to_owned(),
            Some(',') => "`,` in a node's name is kept for the instances of a matrix".to_owned(),
            Some(':') => "`:` in a node's name is kept for targets such as `tag:x`".to_owned(),
            Some('/') => {
                "`/` in a node's name would make it look like a path on the command line".to_owned()
            }
            Some(' ') => "a node's name has no spaces".to_owned(),
            Some(other) => format!("`{}` cannot stand in a node's name", other.escape_debug()),
            None if name.value.starts_with(['-', '.']) => {
                format!("a node's name does not start with `{}`", &name.value[..1])
            }
            None if name.value.len() > MAX_NAME => {
                format!("a node's name has at most {MAX_NAME} bytes")
            }
            None => return,
        };
        self.error("node-name", message, (name.span, "this name"), help);
    }

    fn inputs(&mut self, statement: &Statement<'_>, inputs: &mut Vec<InputDecl>) {
        for value in &statement.values {
            let kind = if value.annotation.is_some() {
                InputKind::Node(self.template(value, Style::Plain))
            } else {
                InputKind::Path(self.path(value, Role::Input))
            };
            let names = inputs.iter().filter_map(|input| input.name.as_ref());
            let name = self.value_name(value, "in", names);
            inputs.push(InputDecl {
                name,
                kind,
                span: value.span,
            });
        }
    }

    fn outputs(&mut self, statement: &Statement<'_>, outputs: &mut Vec<OutputDecl>) {
        for value in &statement.values {
            let path = self.path(value, Role::Output);
            let names = outputs.iter().filter_map(|output| output.name.as_ref());
            let name = self.value_name(value, "out", names);
            outputs.push(OutputDecl {
                name,
                path,
                span: value.span,
            });
        }
    }

    /// The name of `in NAME="path"`, which `{in.NAME}` must be able to say.
    fn value_name<'n>(
        &mut self,
        value: &Value<'_>,
        word: &str,
        mut others: impl Iterator<Item = &'n Spanned<String>>,
    ) -> Option<Spanned<String>> {
        let name = value.name.clone()?;
        if let Some(first) = others.find(|other| other.value == name.value) {
            let message = format!("two of the node's `{word}` are named `{}`", name.value);
            self.twice(
                message,
                first.span,
                name.span,
                "give one of them another name",
            );
        }
        let part = |part: &str| {
            !part.is_empty()
                && part
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
        };
        let digits = name.value.bytes().all(|byte| byte.is_ascii_digit());
        if digits || !name.value.split('.').all(part) {
            let message = format!("`{{{word}.{}}}` could not name this", name.value);
            let help =
                "such a name has letters a to z, digits, `_`, `-` and `.`, and is not a number";
            self.error("value-name", message, (name.span, "this name"), help);
        }
        Some(name)
    }

    fn one_command(&mut self, statements: &[Statement<'_>], name: Span, excused: bool) {
        let find = |word: &str| {
            statements
                .iter()
                .find(|statement| statement.word.name == word)
        };
        match (find("run"), find("exec")) {
            (Some(run), Some(exec)) => {
                let problem = Problem::error(
                    self.source,
                    "two-commands",
                    "a node has `run` or `exec`, not both",
                )
                .at(run.span, "a script for the shell")
                .at(exec.span, "a program and its arguments")
                .help("keep one; several commands are lines of one `run`, or nodes of their own");
                self.report(problem);
            }
            (None, None) if !excused => {
                let help =
                    "write `run \"command\"`, or `exec \"program\" \"argument\"` without a shell";
                self.error(
                    "no-command",
                    "this node does nothing: it has no `run` and no `exec`",
                    (name, "this node"),
                    help,
                );
            }
            (None, Some(exec)) => {
                if let Some(shell) = find("shell") {
                    let problem =
                        Problem::error(self.source, "useless-shell", "`shell` is only for `run`")
                            .at(shell.span, "has no effect")
                            .at(exec.span, "starts a program without a shell")
                            .help("remove `shell`, or write the command with `run`");
                    self.report(problem);
                }
            }
            _ => {}
        }
    }
}
