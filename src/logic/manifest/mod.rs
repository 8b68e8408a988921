//! A manifest's text becomes a typed manifest, or a list of everything that is wrong with it.
//!
//! Does not know the graph: names and paths are not looked up here, only read. Knows no disk: the text comes in.

mod characters;
mod check;
mod decode;
mod document;
mod environment;
mod foreign;
mod format;
mod guard;
mod lexer;
mod matrix;
mod path_part;
mod paths;
mod placeholders;
mod plain;
mod printer;
pub mod problem;
mod read;
mod render;
mod rules;
mod schema;
mod settings;
mod shell;
mod simple;
pub mod source;
mod split;
mod statements;
mod strings;
mod suggest;
mod syntax;
pub mod template;
mod typed;
mod values;
mod words;

pub use crate::base::quantity::Amount;
pub use format::{FormatFault, format};
pub use path_part::PathPart;
pub use problem::{Label, Problem, Severity};
#[cfg(test)]
pub(in crate::logic) use read::same_each_time;
pub use read::{MAX_BYTES, Way, read, read_quickly, read_with};
pub use render::shell_word;
pub use schema::manifest_schema;
pub use simple::{SimpleNode, SimpleNodes, SimpleValue};
pub use source::{Source, Span, Spanned};
pub use suggest::nearest;
pub use template::{Piece, Placeholder, Style, Template, TemplateFault};

/// A manifest, decoded; every word that may have to be pointed at keeps its place.
#[derive(Debug, Clone, Default)]
pub struct Manifest {
    /// `jobs N`: the number of slots; `None` means one a processor.
    pub jobs: Option<u32>,
    /// `env NAME="value"` and `env "NAME"` at the top: for every node.
    pub env: Vec<EnvDecl>,
    /// `pass-env "AWS_*"` at the top.
    pub pass_env: Vec<Spanned<String>>,
    /// `defaults { … }`.
    pub defaults: Defaults,
    /// `resource "memory" "16GiB"`.
    pub resources: Vec<Resource>,
    /// `params "params.toml"`: files with parameters, in order.
    pub param_files: Vec<Spanned<String>>,
    /// `include "features/*.kdl"`: paths and globs of more manifests.
    pub includes: Vec<Spanned<String>>,
    /// `strict` at the top: for every node.
    pub strict: bool,
    /// In the order of the text.
    pub nodes: Vec<NodeDecl>,
    /// Nodes that are not among `nodes`, since their text says all; only when the manifest was [`read_quickly`].
    pub simple: SimpleNodes,
}

/// Something that nodes share.
#[derive(Debug, Clone)]
pub struct Resource {
    /// Its name.
    pub name: Spanned<String>,
    /// How much there is.
    pub amount: Spanned<Amount>,
}

/// `use memory="4GiB"`: how much of a resource a command takes.
#[derive(Debug, Clone)]
pub struct Draw {
    /// The resource's name.
    pub resource: Spanned<String>,
    /// How much of it.
    pub amount: Spanned<Amount>,
}

/// `matrix { … }`.
#[derive(Debug, Clone, Default)]
pub struct Matrix {
    /// In the order of the text; the last changes fastest.
    pub axes: Vec<Axis>,
    /// Each a set of axes and values; an instance where all of one meet is left out.
    pub excludes: Vec<Vec<(Spanned<String>, Spanned<String>)>>,
}

/// One axis of a matrix.
#[derive(Debug, Clone)]
pub struct Axis {
    /// As in `{matrix.NAME}`.
    pub name: Spanned<String>,
    /// Never empty.
    pub values: Vec<AxisValue>,
}

/// One value of an axis, or where several come from.
#[derive(Debug, Clone)]
pub enum AxisValue {
    /// `"rf"` or `3`, as text.
    Literal(Spanned<String>),
    /// `(glob)"raw/*.csv"`: every file that stands and matches.
    Glob(Spanned<String>),
    /// `(param)"train.models"`: every value of a list.
    Param(Spanned<String>),
}

/// What `defaults { … }` says for nodes that do not say it themselves.
#[derive(Debug, Clone, Default)]
pub struct Defaults {
    /// `shell "bash" "-c"`.
    pub shell: Option<Vec<String>>,
    /// `env …`: a node's own setting of the same name wins over this, this over the top's.
    pub env: Vec<EnvDecl>,
    /// `pass-env …`.
    pub pass_env: Vec<Spanned<String>>,
    /// `retries N`.
    pub retries: Option<u32>,
    /// `timeout "30m"`, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// `cache "off"`.
    pub cache_off: bool,
    /// `ignore "*.log"`, beside a node's own.
    pub ignore: Vec<Spanned<String>>,
}

/// A variable that a command sees and that is part of its key.
#[derive(Debug, Clone)]
pub struct EnvDecl {
    /// The variable's name.
    pub name: Spanned<String>,
    /// What it is set to.
    pub value: EnvValue,
}

/// Where a variable's value comes from.
#[derive(Debug, Clone)]
pub enum EnvValue {
    /// `env NAME="value"`, with placeholders.
    Set(Template),
    /// `env "NAME"`: the caller's value; a variable that the caller lacks stays unset.
    Caller,
}

/// One `node "name" { … }`.
#[derive(Debug, Clone, Default)]
pub struct NodeDecl {
    /// Letters, digits, `_`, `-`, `.`; never starting with `-` or `.`.
    pub name: Spanned<String>,
    /// `about "…"`: for people only.
    pub about: Option<String>,
    /// Every value of every `in`, in order, positional ones and named ones.
    pub inputs: Vec<InputDecl>,
    /// Every value of every `out`, in order.
    pub outputs: Vec<OutputDecl>,
    /// `run` or `exec`.
    pub command: Command,
    /// `after "other"`: order without data.
    pub after: Vec<Spanned<Template>>,
    /// `exclusive` or `exclusive "word"`.
    pub exclusive: Option<Exclusive>,
    /// `dir "sub/folder"`: where the command starts; the project's root unless given.
    pub dir: Option<Spanned<Template>>,
    /// `shell …`, for `run`.
    pub shell: Option<Vec<String>>,
    /// `env …`.
    pub env: Vec<EnvDecl>,
    /// `pass-env …`.
    pub pass_env: Vec<Spanned<String>>,
    /// `always`: runs at every build.
    pub always: bool,
    /// `tags "model"`.
    pub tags: Vec<Spanned<String>>,
    /// `matrix { … }`: one instance for every combination.
    pub matrix: Option<Matrix>,
    /// `param "train.depth"`: parameters that the command reads by itself.
    pub params: Vec<Spanned<String>>,
    /// `jobs N`: how many of its instances may run at once.
    pub jobs: Option<u32>,
    /// `slots N`: how many of the job slots its command takes.
    pub slots: Option<Spanned<u32>>,
    /// `use memory="4GiB"`.
    pub draws: Vec<Draw>,
    /// `retries N`.
    pub retries: Option<u32>,
    /// `timeout "30m"`, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// `probe "command"`: its standard output is part of the key.
    pub probes: Vec<Spanned<Template>>,
    /// `persist`: outputs are not removed before a run.
    pub persist: bool,
    /// `temp`: outputs are removed after their last reader.
    pub temp: bool,
    /// `cache "off"`.
    pub cache_off: bool,
    /// `depfile "a.d"`: a file in Make's form that names more inputs.
    pub depfile: Option<Spanned<Template>>,
    /// `ignore "*.log"`: names in directory inputs that do not count.
    pub ignore: Vec<Spanned<String>>,
    /// `strict`: files that it does not declare are denied.
    pub strict: bool,
    /// Something in this node was wrong and has been reported; what could be read is kept, so that its outputs still
    /// count and do not cause follow-up complaints.
    pub poisoned: bool,
}

impl NodeDecl {
    /// The paths and globs among its inputs.
    pub fn input_paths(&self) -> impl Iterator<Item = &Template> {
        self.inputs.iter().filter_map(|input| match &input.kind {
            InputKind::Path(path) => Some(path),
            InputKind::Node(_) => None,
        })
    }

    /// Every text of the node that may hold placeholders.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        let (run, exec) = match &self.command {
            Command::Run(script) => (Some(&script.value), &[][..]),
            Command::Exec(arguments) => (None, &arguments[..]),
            Command::Missing => (None, &[][..]),
        };
        let inputs = self.inputs.iter().map(|input| match &input.kind {
            InputKind::Path(template) | InputKind::Node(template) => template,
        });
        let spanned = exec.iter().chain(&self.after).chain(&self.probes);
        let set = |decl| match decl {
            &EnvDecl {
                value: EnvValue::Set(ref template),
                ..
            } => Some(template),
            _ => None,
        };
        run.into_iter()
            .chain(inputs)
            .chain(self.outputs.iter().map(|output| &output.path))
            .chain(spanned.map(|template| &template.value))
            .chain(self.dir.iter().chain(&self.depfile).map(|path| &path.value))
            .chain(self.env.iter().filter_map(set))
    }
}

/// One value of an `in`.
#[derive(Debug, Clone)]
pub struct InputDecl {
    /// `in script="src/a.py"`: reachable as `{in.script}`, not a part of plain `{in}`.
    pub name: Option<Spanned<String>>,
    /// What is named.
    pub kind: InputKind,
    /// Of the value.
    pub span: Span,
}

/// What an `in` names.
#[derive(Debug, Clone)]
pub enum InputKind {
    /// A path or, with `*`, `?`, `[` or `{`, a glob; a trailing `/` says directory.
    Path(Template),
    /// `(node)"train"`: every output of that node, or of one instance.
    Node(Template),
}

/// One value of an `out`.
#[derive(Debug, Clone)]
pub struct OutputDecl {
    /// `out log="build/a.log"`: reachable as `{out.log}`, not a part of plain `{out}`.
    pub name: Option<Spanned<String>>,
    /// A path; a trailing `/` says directory.
    pub path: Template,
    /// Of the value.
    pub span: Span,
}

/// What a node does.
#[derive(Debug, Clone, Default)]
pub enum Command {
    /// `run "…"`: a script for the shell.
    Run(Spanned<Template>),
    /// `exec "a" "b"`: an argument vector.
    Exec(Vec<Spanned<Template>>),
    /// Neither, or both: already reported.
    #[default]
    Missing,
}

/// What a node must not share the machine with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exclusive {
    /// Nothing else runs meanwhile.
    Alone,
    /// No other node that names the same word runs meanwhile.
    Group(String),
}
