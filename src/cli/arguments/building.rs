//! What can be typed after `pipe build`, `pipe watch` and `pipe trace`.
//!
//! Does not know what any of it does.

use crate::engine::away::Restore;
use crate::report::plain::Shown;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What every way of building asks.
#[derive(Debug, Args)]
pub(in crate::cli) struct Building {
    /// Nodes, outputs or globs
    #[arg(value_name = "TARGET")]
    pub(in crate::cli) targets: Vec<String>,
    /// How many commands run at once; without it `jobs` of the manifest, else as many as processors
    #[arg(short, long, value_name = "N", value_parser = super::slots)]
    pub(in crate::cli) jobs: Option<u32>,
    /// After a failure, go on with what does not need it
    #[arg(short, long)]
    pub(in crate::cli) keep_going: bool,
    /// Say with each node why it runs
    #[arg(long)]
    pub(in crate::cli) explain: bool,
    /// Only failures and the result
    #[arg(short, long, conflicts_with = "verbose")]
    pub(in crate::cli) quiet: bool,
    /// Commands, fresh nodes and blocked nodes too
    #[arg(short, long)]
    pub(in crate::cli) verbose: bool,
    /// Which outputs are brought back from the cache
    #[arg(long, value_name = "WHICH", default_value = "needed")]
    pub(in crate::cli) restore: WhichOutputs,
    /// What to show of what commands print, and when; `pipe log NODE` shows it later in any case
    /// [default: failed; in the logs of GitHub and GitLab, grouped]
    #[arg(long, value_name = "WHEN")]
    pub(in crate::cli) output: Option<Output>,
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
  pipe build --restore all report   bring back all that led to the report as well
  pipe build --output stream      show what commands print while they run
  pipe build --changed-since main only what the changes of this branch reach")]
pub(in crate::cli) struct Build {
    #[command(flatten)]
    pub(in crate::cli) building: Building,
    /// Say what would be done, and do nothing
    #[arg(short = 'n', long)]
    pub(in crate::cli) dry_run: bool,
    /// Run the targets (without one: everything) even when they are fresh
    #[arg(short, long)]
    pub(in crate::cli) force: bool,
    /// When another build runs in this project, exit with 5 instead of waiting for it
    #[arg(long, conflicts_with = "dry_run")]
    pub(in crate::cli) no_wait: bool,
    /// Run nothing: restore what is in the cache, and exit with 4 when something is not
    #[arg(long, conflicts_with_all = ["force", "dry_run", "trace"])]
    pub(in crate::cli) cache_only: bool,
    /// Build only what is reached by files that differ from a revision of git, or that git does not know
    #[arg(long, value_name = "REV")]
    pub(in crate::cli) changed_since: Option<String>,
    /// Watch which files the commands that run open, and warn of those that are not declared; exit with 1 if there are
    #[arg(long)]
    pub(in crate::cli) trace: bool,
    /// Write what happens to FILE as JSON lines, for another program; `-` is standard output
    #[arg(long, value_name = "FILE", conflicts_with = "dry_run")]
    pub(in crate::cli) events: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
On a terminal: r builds now, f runs the targets even when they are fresh, l shows the log of the last failure, q ends.

Examples:
  pipe watch                      everything
  pipe watch report               `report` and what it needs
  pipe watch --exec 'xdg-open build/report.html'")]
pub(in crate::cli) struct Watch {
    #[command(flatten)]
    pub(in crate::cli) building: Building,
    /// What becomes of a running build when something changes
    #[arg(long, value_name = "HOW", default_value = "touched")]
    pub(in crate::cli) on_change: OnChange,
    /// Clear the screen before each build
    #[arg(long)]
    pub(in crate::cli) clear: bool,
    /// A shell command to run after the first good build, and after each that did something
    #[arg(long, value_name = "COMMAND")]
    pub(in crate::cli) exec: Option<String>,
    /// Look at the sources every second, without the system's help
    #[arg(long)]
    pub(in crate::cli) poll: bool,
    /// Write what happens to FILE as JSON lines, for another program; `-` is standard output
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) events: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum OnChange {
    /// What the change touches is ended or started again, the rest goes on
    Touched,
    /// It goes on to its end
    Finish,
    /// It is ended and begins again
    Restart,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum WhichOutputs {
    /// Those of the targets, those that a command has to read, and those that stood here before
    Needed,
    /// Those of every node that the targets need
    All,
}

impl WhichOutputs {
    pub(in crate::cli) fn restore(self) -> Restore {
        match self {
            WhichOutputs::Needed => Restore::Needed,
            WhichOutputs::All => Restore::All,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Output {
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
    pub(in crate::cli) fn shown(self) -> Shown {
        match self {
            Output::Grouped => Shown::Grouped,
            Output::Stream => Shown::Stream,
            Output::Failed => Shown::Failed,
            Output::None => Shown::None,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = "\
What the nodes need is built first, as `pipe build` would. Then they run, even when they are fresh, and are watched. Their
results count as those of any run, unless they open files of the project that they do not declare.

Exit codes: 0 they do what they declare, 1 they do not, one failed, or not all could be seen.")]
pub(in crate::cli) struct Trace {
    /// Nodes, outputs or globs
    #[arg(value_name = "NODE", required = true)]
    pub(in crate::cli) nodes: Vec<String>,
    /// How many commands run at once; without it `jobs` of the manifest, else as many as processors
    #[arg(short, long, value_name = "N", value_parser = super::slots)]
    pub(in crate::cli) jobs: Option<u32>,
}
