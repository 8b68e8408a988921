//! What can be typed after the commands that only look: `status`, `why`, `list`, `log`, `history`,
//! `report`, `diff`.
//!
//! Does not know what any of it does.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(in crate::cli) struct Status {
    /// Nodes, outputs or globs
    #[arg(value_name = "TARGET")]
    pub(in crate::cli) targets: Vec<String>,
    /// Exit with 3 when something is stale
    #[arg(long)]
    pub(in crate::cli) exit_code: bool,
    /// Name the fresh nodes too
    #[arg(short, long)]
    pub(in crate::cli) all: bool,
    /// One JSON document on standard output, for programs
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Why {
    /// A node, or an output of it
    #[arg(value_name = "NODE")]
    pub(in crate::cli) node: String,
    /// One JSON document on standard output, for programs
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct List {
    /// Nodes, outputs or globs
    #[arg(value_name = "TARGET")]
    pub(in crate::cli) targets: Vec<String>,
    /// With what each reads and writes
    #[arg(short, long)]
    pub(in crate::cli) long: bool,
    /// One JSON document on standard output, for programs
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Of a node that was restored, the log of the run that made its outputs is shown, wherever that was. On a terminal colours
are kept; elsewhere they are taken out, unless --color always asks for them.

Examples:
  pipe log train                  what it printed last
  pipe log -f train               what it prints now, until it ends
  pipe log --failed               what the nodes printed that failed in the last build")]
pub(in crate::cli) struct Log {
    /// A node, or an output of it
    #[arg(value_name = "NODE", required_unless_present = "failed")]
    pub(in crate::cli) node: Option<String>,
    /// The run in build number N instead of the last
    #[arg(long, value_name = "N")]
    pub(in crate::cli) run: Option<u32>,
    /// Show it while it is printed, until the node has ended or the build is over
    #[arg(short, long, conflicts_with_all = ["run", "failed"])]
    pub(in crate::cli) follow: bool,
    /// The logs of all nodes that failed in the last build
    #[arg(long, conflicts_with_all = ["run", "node"])]
    pub(in crate::cli) failed: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct History {
    /// A node, or an output of it; without one, the builds
    #[arg(value_name = "NODE")]
    pub(in crate::cli) node: Option<String>,
    /// The last N; without it 20, or with --json all that are remembered
    #[arg(short = 'n', long, value_name = "N")]
    pub(in crate::cli) last: Option<usize>,
    /// One JSON document on standard output, for programs
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pipe report -o report.html              a page to look around in, of the last build
  pipe report 12 > report.html            of build 12
  pipe report --format trace -o b.json    for Perfetto, chrome://tracing and Speedscope")]
pub(in crate::cli) struct Report {
    /// The number of a build, as `pipe history` shows it; without one the last
    #[arg(value_name = "BUILD")]
    pub(in crate::cli) build: Option<u32>,
    /// A page, or trace events for other viewers
    #[arg(long, value_name = "FORMAT", default_value = "html")]
    pub(in crate::cli) format: ReportFormat,
    /// Write FILE instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum ReportFormat {
    Html,
    Trace,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pipe diff            the last build and the one before it
  pipe diff 12         build 12 and the last
  pipe diff 12 15      these two")]
pub(in crate::cli) struct Diff {
    /// The number of a build, as `pipe history` shows it; without one that before the last
    #[arg(value_name = "BUILD")]
    pub(in crate::cli) first: Option<u32>,
    /// The other; without one the last
    #[arg(value_name = "BUILD")]
    pub(in crate::cli) second: Option<u32>,
    /// One JSON document on standard output, for programs
    #[arg(long)]
    pub(in crate::cli) json: bool,
}
