//! A manifest's text becomes a typed manifest, or a list of everything that is wrong with it.
//!
//! Does not know the graph: names and paths are not looked up here, only read. Knows no disk: the text comes in.

mod characters;
mod check;
mod decode;
mod environment;
mod foreign;
mod guard;
mod lexer;
mod paths;
mod placeholders;
pub mod problem;
mod read;
mod render;
mod rules;
mod schema;
mod shell;
pub mod source;
mod statements;
mod strings;
mod suggest;
mod syntax;
pub mod template;
mod typed;
mod values;
mod words;

pub use problem::{Label, Problem, Severity};
pub use read::{MAX_BYTES, read};
pub use render::shell_word;
pub use schema::manifest_schema;
pub use source::{Source, Span, Spanned};
pub use suggest::nearest;
pub use template::{Placeholder, Style, Template, TemplateFault};

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
    /// In the order of the text.
    pub nodes: Vec<NodeDecl>,
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
#[derive(Debug, Clone)]
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
    pub after: Vec<Spanned<String>>,
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
    /// Something in this node was wrong and has been reported; what could be read is kept, so that its outputs still
    /// count and do not cause follow-up complaints.
    pub poisoned: bool,
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
    /// `(node)"train"`: every output of that node.
    Node(String),
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
#[derive(Debug, Clone)]
pub enum Command {
    /// `run "…"`: a script for the shell.
    Run(Spanned<Template>),
    /// `exec "a" "b"`: an argument vector.
    Exec(Vec<Spanned<Template>>),
    /// Neither, or both: already reported.
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
