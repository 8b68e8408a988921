//! Arguments become one call, and its answer an exit code. A file a command.
//!
//! The only room that reads the environment. Never sees `world`: it asks `engine` and shows through `report`.
#![expect(
    clippy::disallowed_methods,
    reason = "the environment and the terminal are read here and nowhere else"
)]

mod arguments;
mod build;
mod cache;
mod caching;
mod check;
mod ci;
mod clean;
mod complete;
mod diff;
mod events;
mod failure;
mod fmt;
mod graph;
mod history;
mod init;
mod keys;
mod list;
mod live;
mod log;
mod man;
mod output;
mod report;
mod schema;
mod status;
mod trace;
mod usage;
mod watch;
mod why;

use crate::engine::hidden;
use crate::engine::project::{Given, Place};
use crate::engine::room::CacheMax;
use crate::engine::session::SessionError;
use arguments::{Arguments, Command, Global};
use clap::Parser;
use output::Screen;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

/// How a program that calls `pipe` learns what came of it.
pub mod exit {
    /// All that was asked is done.
    pub const DONE: u8 = 0;
    /// A node failed.
    pub const NODE_FAILED: u8 = 1;
    /// Wrong arguments, a wrong manifest, a missing source, or a project that cannot be read.
    pub const USAGE: u8 = 2;
    /// `status --exit-code`: something is stale.
    pub const STALE: u8 = 3;
    /// `build --cache-only`: something is not in the cache.
    pub const NOT_CACHED: u8 = 4;
    /// `build --no-wait`: another process works in the project.
    pub const BUSY: u8 = 5;
    /// Interrupted by a signal.
    pub const INTERRUPTED: u8 = 130;
}

/// Runs the program with these arguments, the program's name first.
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.collect();
    if let Some(code) = hidden::run(&arguments) {
        return ExitCode::from(code);
    }
    if let Some(code) = complete::answer(&arguments) {
        return ExitCode::from(code);
    }
    let parsed = match Arguments::try_parse_from(arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and version are no errors and go to standard output; clap knows which is which.
            match usage::words(&error) {
                Some((message, help)) => output::refuse(&message, &help),
                None => drop(error.print()),
            }
            return ExitCode::from(if error.use_stderr() {
                exit::USAGE
            } else {
                exit::DONE
            });
        }
    };
    let screen = Screen::new(parsed.global.color);
    let caller = Caller {
        global: parsed.global,
        screen,
        variables: std::env::vars_os().collect(),
    };
    let answer = match &parsed.command {
        Command::Build(build) => build::run(&caller, build),
        Command::Watch(watch) => watch::run(&caller, watch),
        Command::Status(status) => status::run(&caller, status),
        Command::Why(why) => why::run(&caller, why),
        Command::List(list) => list::run(&caller, list),
        Command::Graph(graph) => graph::run(&caller, graph),
        Command::Log(log) => log::run(&caller, log),
        Command::History(history) => history::run(&caller, history),
        Command::Report(report) => report::run(&caller, report),
        Command::Diff(diff) => diff::run(&caller, diff),
        Command::Trace(trace) => trace::run(&caller, trace),
        Command::Cache(cache) => cache::run(&caller, &cache.what),
        Command::Clean(clean) => clean::run(&caller, clean),
        Command::Check(check) => check::run(&caller, check),
        Command::Init => init::run(&caller),
        Command::Fmt(fmt) => fmt::run(&caller, fmt),
        Command::Schema(schema) => schema::run(schema),
        Command::Completions(completions) => complete::run(completions),
        Command::Man(man) => man::run(man),
    };
    let code = answer.unwrap_or_else(|error| {
        failure::show(&error, &caller);
        match error {
            SessionError::Busy(_) => exit::BUSY,
            _ => exit::USAGE,
        }
    });
    ExitCode::from(code)
}

/// What every command gets of the one who called.
struct Caller {
    global: Global,
    screen: Screen,
    variables: Vec<(OsString, OsString)>,
}

impl Caller {
    /// What there is to say for one who only looks at names.
    fn bare() -> Given {
        Given {
            variables: std::env::vars_os().collect(),
            ..Given::default()
        }
    }

    fn given(&self) -> Given {
        Given {
            variables: self.variables.clone(),
            sets: self.global.set.clone(),
            by_kdl: self.global.by_kdl,
        }
    }

    fn folder(&self) -> PathBuf {
        self.global
            .directory
            .clone()
            .unwrap_or_else(|| PathBuf::from("."))
    }

    fn place(&self) -> Result<Place, SessionError> {
        let chosen = caching::choose(&self.global, &|name| std::env::var_os(name));
        let manifest = self.global.manifest.as_deref();
        let place = Place::find(&self.folder(), manifest, chosen.cache.as_deref())?;
        Ok(chosen.apply(place, &self.folder()))
    }

    /// How large the cache may become.
    fn cache_max() -> Result<CacheMax, SessionError> {
        const NAME: &str = "PIPE_CACHE_MAX";
        let told = std::env::var_os(NAME).filter(|value| !value.is_empty());
        let read = told.map(|text| CacheMax::parse(&text.to_string_lossy()));
        let bad = |said| SessionError::BadVariable { name: NAME, said };
        Ok(read.transpose().map_err(bad)?.unwrap_or_default())
    }

    fn processors() -> u32 {
        std::thread::available_parallelism().map_or(1, |count| count.get() as u32)
    }
}
