//! What can be typed, in clap's form, with the help that teaches it.
//!
//! Does not know what any of it does.

mod graph;

use super::cache::arguments::CacheCommand;
use crate::report::plain::Shown;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

pub(super) use graph::{Graph, GraphFormat};

/// The heading above the options that every command has.
const EVERYWHERE: &str = "Options of all commands";

/// A declarative build system for data pipelines.
///
/// A manifest, pipe.kdl, names nodes: a command, what it reads, what it writes. `pipe build` runs only what is stale,
/// as many at once as `jobs` allows, an `exclusive` node alone. Outputs are kept in a cache, so going back restores
/// instead of running.
#[derive(Debug, Parser)]
#[command(
    name = "pipe",
    version,
    disable_help_subcommand = true,
    after_help = "\
Examples:
  pipe init                 start a project here
  pipe build                run what is stale
  pipe build report -j 4    `report` and what it needs, four commands at once
  pipe status               what is fresh, what is stale and why
  pipe why train            the whole chain of reasons
  pipe log train            what it printed

Exit codes: 0 done, 1 a node failed, 2 usage or manifest, 3 stale (status --exit-code), 5 busy (build --no-wait), 130 interrupted."
)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Args)]
pub(super) struct Global {
    /// Act as if started in DIR
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true, help_heading = EVERYWHERE)]
    pub(super) directory: Option<PathBuf>,
    /// The manifest; without it pipe.kdl here or in the nearest folder above
    #[arg(long, value_name = "FILE", global = true, help_heading = EVERYWHERE)]
    pub(super) manifest: Option<PathBuf>,
    /// Where results are kept, instead of .pipe/cache; may be shared by checkouts [env: PIPE_CACHE_DIR]
    #[arg(long, value_name = "DIR", global = true, help_heading = EVERYWHERE)]
    pub(super) cache_dir: Option<PathBuf>,
    /// Another value for a parameter, for this call; may be given more than once
    #[arg(short = 'S', long, value_name = "NAME=VALUE", value_parser = name_and_value, global = true, help_heading = EVERYWHERE)]
    pub(super) set: Vec<(String, String)>,
    /// Read manifests by kdl-rs alone, without a snapshot
    #[arg(long, global = true, hide = true)]
    pub(super) by_kdl: bool,
    /// When to use colour; NO_COLOR is honoured
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true, help_heading = EVERYWHERE)]
    pub(super) color: Color,
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a parameter is set as in `--set train.depth=8`".to_owned()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run what is stale
    Build(Build),
    /// Build, and again whenever a source, a parameter or the manifest changes
    Watch(Watch),
    /// Say what is fresh, what is stale and why; changes nothing
    Status(Status),
    /// Say why a node is stale, down to the roots, or why it is fresh
    Why(Why),
    /// List the nodes
    List(List),
    /// Draw the graph: who needs whom, what is stale, what takes longest
    Graph(Graph),
    /// Show what a node printed
    Log(Log),
    /// List past builds, or the runs of a node: when, why, how long
    History(History),
    /// Run a node and compare the files that it opens with those that it declares
    Trace(Trace),
    /// Remove outputs that pipe wrote; never sources, never what somebody changed
    Clean(Clean),
    /// Look at the cache, check it, make room in it, carry results elsewhere
    Cache(Cache),
    /// Check the manifest without running anything
    Check(Check),
    /// Start a project: write a first pipe.kdl
    Init,
    /// Lay out the manifest, and those it includes, in the usual way
    Fmt(Fmt),
    /// Print what a manifest may hold, as a KDL Schema, or what programs get, as a JSON Schema
    Schema(Schema),
}

#[derive(Debug, Args)]
pub(super) struct Schema {
    /// Of what
    #[arg(value_name = "NAME", default_value = "manifest")]
    pub(super) name: SchemaName,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaName {
    /// The manifest
    Manifest,
    /// `pipe cache stats --json`
    CacheStats,
    /// `pipe check --format json`
    Check,
    /// A line of `pipe build --events`
    Events,
    /// `pipe graph --format json`
    Graph,
    /// `pipe history --json`
    History,
    /// `pipe list --json`
    List,
    /// `pipe status --json`
    Status,
    /// `pipe why --json`
    Why,
}

#[derive(Debug, Args)]
pub(super) struct Fmt {
    /// Files, or `-` for standard input; without one the manifest and those it includes
    #[arg(value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Write nothing; show what would change, and exit with 1 when something would
    #[arg(long)]
    pub(super) check: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Targets are nodes, outputs, tags (`tag:nightly`), or globs over nodes and outputs; without one everything is built.

Examples:
  pipe build                      everything that is stale
  pipe build build/report.md      the node that writes this file, and what it needs
  pipe build 'train-*' -k         all that match; go on after a failure
  pipe build -n                   only say what would be done
  pipe build -f clean             run `clean` even though it is fresh
  pipe build --output stream      show what commands print while they run")]
pub(super) struct Build {
    /// Nodes, outputs or globs
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,
    /// How many commands run at once; without it `jobs` of the manifest, else as many as processors
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(super) jobs: Option<u32>,
    /// After a failure, go on with what does not need it
    #[arg(short, long)]
    pub(super) keep_going: bool,
    /// Say what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// Run the targets (without one: everything) even when they are fresh
    #[arg(short, long)]
    pub(super) force: bool,
    /// When another build runs in this project, exit with 5 instead of waiting for it
    #[arg(long, conflicts_with = "dry_run")]
    pub(super) no_wait: bool,
    /// Say with each node why it runs
    #[arg(long)]
    pub(super) explain: bool,
    /// Watch which files the commands that run open, and warn of those that are not declared; exit with 1 if there are
    #[arg(long)]
    pub(super) trace: bool,
    /// Only failures and the result
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Commands, fresh nodes and blocked nodes too
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Write what happens to FILE as JSON lines, for another program; `-` is standard output
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(super) events: Option<PathBuf>,
    /// Whose output to show, and when; `pipe log NODE` shows it later in any case
    #[arg(long, value_name = "WHEN", default_value = "failed")]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal: r builds now, f runs the targets even when they are fresh, l shows the log of the last failure, q ends.

Examples:
  pipe watch                      everything
  pipe watch report               `report` and what it needs
  pipe watch --exec 'xdg-open build/report.html'")]
pub(super) struct Watch {
    /// Nodes, outputs or globs
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,
    /// How many commands run at once; without it `jobs` of the manifest, else as many as processors
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(super) jobs: Option<u32>,
    /// After a failure, go on with what does not need it
    #[arg(short, long)]
    pub(super) keep_going: bool,
    /// What becomes of a running build when something changes
    #[arg(long, value_name = "HOW", default_value = "touched")]
    pub(super) on_change: OnChange,
    /// Clear the screen before each build
    #[arg(long)]
    pub(super) clear: bool,
    /// A shell command to run after the first good build, and after each that did something
    #[arg(long, value_name = "COMMAND")]
    pub(super) exec: Option<String>,
    /// Look at the sources every second, without the system's help
    #[arg(long)]
    pub(super) poll: bool,
    /// Say with each node why it runs
    #[arg(long)]
    pub(super) explain: bool,
    /// Only failures and the results
    #[arg(short, long, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Commands, fresh nodes and blocked nodes too
    #[arg(short, long)]
    pub(super) verbose: bool,
    /// Write what happens to FILE as JSON lines, for another program; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(super) events: Option<PathBuf>,
    /// Whose output to show, and when; `pipe log NODE` shows it later in any case
    #[arg(long, value_name = "WHEN", default_value = "failed")]
    pub(super) output: Output,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum OnChange {
    /// What the change touches is ended or started again, the rest goes on
    Touched,
    /// It goes on to its end
    Finish,
    /// It is ended and begins again
    Restart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Output {
    /// Each node's when it ends, in one block
    Grouped,
    /// Each line as it comes, with the node's name
    Stream,
    /// Only that of nodes that fail: the end of it
    Failed,
    /// None
    None,
}

impl Output {
    pub(super) fn shown(self) -> Shown {
        match self {
            Output::Grouped => Shown::Grouped,
            Output::Stream => Shown::Stream,
            Output::Failed => Shown::Failed,
            Output::None => Shown::None,
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Status {
    /// Nodes, outputs or globs
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,
    /// Exit with 3 when something is stale
    #[arg(long)]
    pub(super) exit_code: bool,
    /// Name the fresh nodes too
    #[arg(short, long)]
    pub(super) all: bool,
    /// One JSON document on standard output, for programs
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Why {
    /// A node, or an output of it
    #[arg(value_name = "NODE")]
    pub(super) node: String,
    /// One JSON document on standard output, for programs
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct List {
    /// Nodes, outputs or globs
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,
    /// With what each reads and writes
    #[arg(short, long)]
    pub(super) long: bool,
    /// One JSON document on standard output, for programs
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Log {
    /// A node, or an output of it
    #[arg(value_name = "NODE")]
    pub(super) node: String,
    /// The run in build number N instead of the last
    #[arg(long, value_name = "N")]
    pub(super) run: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct History {
    /// A node, or an output of it; without one, the builds
    #[arg(value_name = "NODE")]
    pub(super) node: Option<String>,
    /// The last N; without it 20, or with --json all that are remembered
    #[arg(short = 'n', long, value_name = "N")]
    pub(super) last: Option<usize>,
    /// One JSON document on standard output, for programs
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
What the nodes need is built first, as `pipe build` would. Then they run, even when they are fresh, and are watched. Their
results count as those of any run, unless they open files of the project that they do not declare.

Exit codes: 0 they do what they declare, 1 they do not, one failed, or not all could be seen.")]
pub(super) struct Trace {
    /// Nodes, outputs or globs
    #[arg(value_name = "NODE", required = true)]
    pub(super) nodes: Vec<String>,
    /// How many commands run at once; without it `jobs` of the manifest, else as many as processors
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub(super) jobs: Option<u32>,
}

#[derive(Debug, Args)]
pub(super) struct Clean {
    /// Nodes, outputs or globs; without one, the outputs of every node, also of those that are gone
    #[arg(value_name = "TARGET")]
    pub(super) targets: Vec<String>,
    /// Only list what would be removed
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// Do not ask
    #[arg(short, long)]
    pub(super) yes: bool,
}

#[derive(Debug, Args)]
pub(super) struct Cache {
    #[command(subcommand)]
    pub(super) what: CacheCommand,
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// Text for people, on standard error; or one JSON document with every problem, on standard output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Json,
}
