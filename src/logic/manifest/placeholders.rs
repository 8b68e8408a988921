//! Checks that every placeholder of a node names something that the node has.
//!
//! Does not know the values; a position behind a glob or a whole node is left to the graph, which counts them.

use super::check::Reader;
use super::path_part::PathPart;
use super::rules::NAMESPACES;
use super::suggest::nearest;
use super::template::{Placeholder, Template};
use super::{Command, EnvDecl, EnvValue, InputKind, NodeDecl};
use crate::base::path::PathPattern;

/// The names of a node's axes.
fn axes(node: &NodeDecl) -> Vec<&str> {
    let axes = node.matrix.iter().flat_map(|matrix| &matrix.axes);
    axes.map(|axis| axis.name.value.as_str()).collect()
}

impl Names<'_> {
    /// Whether there is one of this name or at this position, as far as that is known.
    fn has(&self, member: &str) -> bool {
        if !member.is_empty() && member.bytes().all(|byte| byte.is_ascii_digit()) {
            let position = member.parse::<usize>().unwrap_or(usize::MAX);
            return position < self.positions || (self.open && self.positions > 0);
        }
        self.named.contains(&member) || (member.is_empty() && self.positions > 0)
    }
}

/// What `{in…}` or `{out…}` can name in a node.
struct Names<'n> {
    /// `in` or `out`.
    word: &'static str,
    named: Vec<&'n str>,
    /// How many values have no name.
    positions: usize,
    /// Whether one of them may stand for several.
    open: bool,
}

impl Reader<'_> {
    /// Checks all placeholders of a node; those of inputs and outputs only when `all_known`, so that one mistake is not
    /// told twice.
    pub(super) fn placeholders(&mut self, node: &NodeDecl, all_known: bool) {
        let inputs = Names {
            word: "in",
            named: node
                .inputs
                .iter()
                .filter_map(|input| input.name.as_ref())
                .map(|name| name.value.as_str())
                .collect(),
            positions: node
                .inputs
                .iter()
                .filter(|input| input.name.is_none())
                .count(),
            open: node.inputs.iter().any(|input| match &input.kind {
                InputKind::Path(path) => PathPattern::is_pattern(&path.text),
                InputKind::Node(_) => true,
            }),
        };
        let outputs = Names {
            word: "out",
            named: node
                .outputs
                .iter()
                .filter_map(|out| out.name.as_ref())
                .map(|name| name.value.as_str())
                .collect(),
            positions: node.outputs.iter().filter(|out| out.name.is_none()).count(),
            open: false,
        };
        let paths = node.inputs.iter().map(|input| match &input.kind {
            InputKind::Path(path) | InputKind::Node(path) => path,
        });
        let paths = paths
            .chain(node.outputs.iter().map(|out| &out.path))
            .chain(node.after.iter().map(|after| &after.value))
            .chain(node.depfile.iter().map(|depfile| &depfile.value))
            .chain(node.dir.iter().map(|dir| &dir.value));
        let axes: Vec<&str> = axes(node);
        for placeholder in paths.flat_map(Template::placeholders) {
            self.path_placeholder(placeholder, &axes);
        }
        let command: Vec<&Template> = match &node.command {
            Command::Run(script) => vec![&script.value],
            Command::Exec(arguments) => arguments.iter().map(|argument| &argument.value).collect(),
            Command::Missing => Vec::new(),
        };
        for placeholder in command
            .into_iter()
            .chain(node.probes.iter().map(|probe| &probe.value))
            .chain(env_templates(&node.env))
            .flat_map(Template::placeholders)
        {
            match placeholder.namespace.as_str() {
                "in" | "out" if !all_known => {}
                "in" => self.member(placeholder, &inputs),
                "out" => self.member(placeholder, &outputs),
                _ => self.namespace(placeholder, &axes),
            }
        }
    }

    /// Checks the variables that are set for many nodes: names of single inputs mean nothing there.
    pub(super) fn shared_placeholders(&mut self, env: &[EnvDecl]) {
        for placeholder in env_templates(env).flat_map(Template::placeholders) {
            match (placeholder.namespace.as_str(), &placeholder.member) {
                ("in" | "out", None) => {}
                ("in" | "out", Some(_)) => {
                    let message = format!("{placeholder} is not something that every node has");
                    let help = "say it in the nodes that have it";
                    self.error(
                        "placeholder",
                        message,
                        (placeholder.span, "not known here"),
                        help,
                    );
                }
                _ => self.namespace(placeholder, &[]),
            }
        }
    }

    fn path_placeholder(&mut self, placeholder: &Placeholder, axes: &[&str]) {
        if matches!(placeholder.namespace.as_str(), "in" | "out" | "slots") {
            let message = format!("{placeholder} cannot stand in a path");
            let help =
                "in paths there are `{matrix.NAME}`, `{params.NAME}` and `{node}`, the node's name";
            self.error(
                "placeholder",
                message,
                (placeholder.span, "not known here"),
                help,
            );
        } else {
            self.namespace(placeholder, axes);
        }
    }

    /// A placeholder that is neither `{in…}` nor `{out…}`.
    fn namespace(&mut self, placeholder: &Placeholder, axes: &[&str]) {
        let name = placeholder.namespace.as_str();
        let literal = "for braces that are meant as they stand, write spaces inside them";
        if let "node" | "slots" = name {
            if placeholder.member.is_some() {
                let message = format!("{placeholder} means nothing: `{{{name}}}` has no parts");
                self.error(
                    "placeholder",
                    message,
                    (placeholder.span, "not known"),
                    format!("write `{{{name}}}`"),
                );
            }
            return;
        }
        if name == "matrix" {
            return self.axis_placeholder(placeholder, axes);
        }
        if name == "params" {
            if placeholder.member.is_none() {
                let message = format!("{placeholder} names no parameter");
                let help = "write `{params.NAME}`, with dots between the parts of the name";
                self.error("placeholder", message, (placeholder.span, "which?"), help);
            }
            return;
        }
        let synonym = match name {
            "input" | "inputs" | "ins" | "deps" | "src" => Some("in"),
            "output" | "outputs" | "outs" | "target" => Some("out"),
            "param" | "parameters" | "config" => Some("params"),
            "wildcards" | "item" | "axis" => Some("matrix"),
            "threads" | "jobs" | "cpus" => Some("slots"),
            "name" | "rule" | "task" => Some("node"),
            _ => nearest(name, NAMESPACES),
        };
        let help = match (synonym, &placeholder.member) {
            (Some(known), Some(member)) => {
                format!("did you mean `{{{known}.{member}}}`? {literal}")
            }
            (Some(known), None) => format!("did you mean `{{{known}}}`? {literal}"),
            (None, _) => format!(
                "there are `{{in}}`, `{{out}}`, `{{params.NAME}}`, `{{matrix.NAME}}`, `{{node}}` and `{{slots}}`; {literal}"
            ),
        };
        self.error(
            "placeholder",
            format!("unknown placeholder {placeholder}"),
            (placeholder.span, "not known"),
            help,
        );
    }

    fn axis_placeholder(&mut self, placeholder: &Placeholder, axes: &[&str]) {
        let member = placeholder.member.as_deref().unwrap_or_default();
        let is_axis = |name: &str| axes.contains(&name);
        if is_axis(member) || PathPart::split(member).is_some_and(|(base, _)| is_axis(base)) {
            return;
        }
        let help = match nearest(member, axes.iter().copied()) {
            _ if axes.is_empty() => {
                "give the node one: `matrix { model \"rf\" \"xgb\" }`".to_owned()
            }
            Some(near) => format!("did you mean `{{matrix.{near}}}`?"),
            None => format!(
                "its axes are: {}; of a path there are also `.stem`, `.name`, `.dir` and `.ext`",
                axes.join(", ")
            ),
        };
        let message = match axes {
            [] => format!("{placeholder} stands for nothing: the node has no matrix"),
            _ => format!("{placeholder} stands for nothing: the node's matrix has no such axis"),
        };
        self.error(
            "placeholder",
            message,
            (placeholder.span, "not known"),
            help,
        );
    }

    /// `{in}`, `{in.0}`, `{in.NAME}`, `{in.NAME.stem}`, or the same of `out`.
    fn member(&mut self, placeholder: &Placeholder, names: &Names<'_>) {
        let word = names.word;
        let (message, help) = match placeholder.member.as_deref() {
            None if names.positions > 0 => return,
            None if names.named.is_empty() => (
                format!("{placeholder} stands for nothing: the node has no `{word}`"),
                format!("say what it is with `{word} \"path\"`"),
            ),
            None => (
                format!("{placeholder} stands for nothing: every `{word}` of the node has a name"),
                format!("write `{{{word}.{}}}`", names.named[0]),
            ),
            Some(member) if names.has(member) => return,
            Some(member) if PathPart::split(member).is_some_and(|(base, _)| names.has(base)) => {
                return;
            }
            Some(member) if member.bytes().all(|byte| byte.is_ascii_digit()) => {
                let count = match names.positions {
                    0 => format!("the node has no `{word}` without a name"),
                    1 => format!("the node has one `{word}` without a name, `{{{word}.0}}`"),
                    count => format!(
                        "the node's go from `{{{word}.0}}` to `{{{word}.{}}}`",
                        count - 1
                    ),
                };
                (format!("{placeholder} stands for nothing"), count)
            }
            Some(member) => (
                format!("the node has no `{word}` named `{member}`"),
                name_help(member, names),
            ),
        };
        self.error(
            "placeholder",
            message,
            (placeholder.span, "not known"),
            help,
        );
    }
}

fn name_help(member: &str, names: &Names<'_>) -> String {
    let word = names.word;
    let declare = format!(
        "declare it: `{word} {}=\"path\"`",
        member.split('.').next().unwrap_or(member)
    );
    match nearest(member, names.named.iter().copied()) {
        Some(near) => format!("did you mean `{{{word}.{near}}}`?"),
        None if names.named.is_empty() => declare,
        None => format!("there are: {}; or {declare}", names.named.join(", ")),
    }
}

fn env_templates(env: &[EnvDecl]) -> impl Iterator<Item = &Template> {
    env.iter().filter_map(|variable| match &variable.value {
        EnvValue::Set(template) => Some(template),
        EnvValue::Caller => None,
    })
}
