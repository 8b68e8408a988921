//! What can be typed behind `pipe graph`.
//!
//! Does not know what any of it does.

use clap::{Args, ValueEnum};

#[derive(Debug, Args)]
#[command(after_help = "\
With targets, these and what they need are shown. Waits for no build and changes nothing.

Examples:
  pipe graph                              a tree of everything
  pipe graph fit --down                   `fit` and all that needs it
  pipe graph --stale                      what a build would deal with
  pipe graph --format html > graph.html   a page to look around in
  pipe graph --format dot | dot -Tpdf > graph.pdf")]
pub(in crate::cli) struct Graph {
    /// Nodes, outputs or globs
    #[arg(value_name = "TARGET")]
    pub(in crate::cli) targets: Vec<String>,
    /// How: lines for a terminal, input of Graphviz or Mermaid, a document for programs, a picture, or a page
    #[arg(long, value_name = "FORMAT", default_value = "tree")]
    pub(in crate::cli) format: GraphFormat,
    /// The targets and what they need; as without it, unless --down is given too
    #[arg(long, requires = "targets")]
    pub(in crate::cli) up: bool,
    /// The targets and what needs them; with --up both
    #[arg(long, requires = "targets")]
    pub(in crate::cli) down: bool,
    /// Only what is not fresh
    #[arg(long)]
    pub(in crate::cli) stale: bool,
    /// Each instance of a matrix by itself, instead of all together
    #[arg(long)]
    pub(in crate::cli) unfold: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum GraphFormat {
    Tree,
    Dot,
    Mermaid,
    Json,
    Svg,
    Html,
}
