//! What can be typed, in clap's form, with the help that teaches it.
//!
//! Does not know what any of it does.

mod building;
mod graph;
mod looking;

use super::cache::arguments::CacheCommand;
use super::caching::CacheChoice;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

pub(super) use building::{Build, Building, OnChange, Trace, Watch};
pub(super) use graph::{Graph, GraphFormat};
pub(super) use looking::{Diff, History, List, Log, Report, ReportFormat, Status, Why};

/// The heading above the options that every command has.
pub(super) const EVERYWHERE: &str = "Options of all commands";

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

Exit codes: 0 done, 1 a node failed, 2 usage or manifest, 3 stale (status --exit-code),
4 not in the cache (build --cache-only), 5 busy (build --no-wait), 130 interrupted."
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
    #[command(flatten)]
    pub(super) caches: CacheChoice,
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

/// A number of slots.
fn slots(text: &str) -> Result<u32, String> {
    let number = text
        .parse()
        .ok()
        .filter(|number| (1..=4096).contains(number));
    number.ok_or_else(|| "it takes a number from 1 to 4096".to_owned())
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
    /// Tell of a build in one page: timeline, memory, critical path, what the cache saved, graph, logs
    Report(Report),
    /// Say what differs between two builds: nodes, keys, times, outputs
    Diff(Diff),
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
    /// Print what makes a shell complete commands, nodes, tags and paths
    Completions(Completions),
    /// Print the manual page, or write those of all commands into a folder
    Man(Man),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  source <(pipe completions bash)       in ~/.bashrc
  source <(pipe completions zsh)        in ~/.zshrc, behind compinit
  pipe completions fish | source        in ~/.config/fish/completions/pipe.fish")]
pub(super) struct Completions {
    /// Which
    #[arg(value_name = "SHELL")]
    pub(super) shell: Shell,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// A folder that is there, such as ~/.local/share/man/man1; without it the page of `pipe` itself goes to standard output
    #[arg(value_name = "DIR")]
    pub(super) folder: Option<PathBuf>,
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
    /// `pipe diff --json`
    Diff,
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
