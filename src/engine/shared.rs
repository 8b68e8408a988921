//! What a build is asked to do and with what, and what its threads share. Nothing in it changes while the build runs.
//!
//! No context that everything takes: only `check` and `run` get it, from `build`.

use super::desk::Desk;
use super::pool::Pool;
use super::project::{Place, Project, Tools};
use super::room::CacheMax;
use crate::base::path::ProjectPath;
use crate::logic::event::{Hearing, Summary};
use crate::logic::graph::NodeId;
use crate::logic::graph::select::Selection;
use crate::logic::plan::forecast::Away;
use crate::world::execute::guard::{Guard, Keeping};
use crate::world::execute::{Executor, Running};
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Instant;

/// What a build is asked to do.
pub struct Request<'a> {
    /// Which nodes.
    pub selection: &'a Selection,
    /// Outputs of nodes that are gone, which have just been removed or given up.
    pub removed: &'a [ProjectPath],
    /// Which of them run even when they are fresh.
    pub forced: Option<&'a Selection>,
    /// After a failure, go on with what is not below it.
    pub keep_going: bool,
    /// What is told of what commands print.
    pub hearing: Hearing,
    /// Whether the plan is told.
    pub plan: bool,
    /// Which commands are watched, beside those that have to be.
    pub tracing: Tracing,
    /// How large the cache may become.
    pub cache_max: CacheMax,
    /// No command runs: what is not in the cache has failed.
    pub cache_only: bool,
    /// Rounds of the same build before this one.
    pub before: &'a Before,
    /// Whether another round may follow.
    pub may_go_on: bool,
}

/// What rounds of a build before this one came to.
#[derive(Debug, Clone)]
pub struct Before {
    /// In numbers.
    pub summary: Summary,
    /// Nodes that failed in them, or need what did, by name: they are not tried again.
    pub given_up: HashSet<String>,
    /// When the build began, in milliseconds since 1970: the same for all of its rounds, which are known by it.
    pub started_ms: u64,
}

/// Which commands are watched because the caller wants it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tracing {
    /// None.
    #[default]
    Off,
    /// Those of the nodes that are named as targets.
    Named,
    /// All that run.
    All,
}

/// The hands of a build.
pub struct Hands<'a> {
    /// Runs commands.
    pub executor: &'a dyn Executor,
    /// What runs right now; the interrupt's handler ends it.
    pub running: &'a Running,
    /// Where somebody beside the build has a word with it.
    pub desk: &'a Desk,
    /// Marks this build's processes.
    pub token: &'a str,
    /// Where its slots come from.
    pub pool: &'a Pool,
    /// How many nodes are checked at once.
    pub checkers: usize,
    /// Where the keeper comes from.
    pub keeping: &'a Keeping,
    /// Sees to it that no command outlives the build; from the first command on.
    pub guard: OnceLock<Guard>,
    /// When the build began, the survey included.
    pub begun: Instant,
}

/// What the threads of a build share.
pub(super) struct Shared<'a> {
    pub(super) project: &'a Project,
    pub(super) tools: &'a Tools,
    pub(super) executor: &'a dyn Executor,
    pub(super) running: &'a Running,
    pub(super) keeping: &'a Keeping,
    /// No command starts before it stands.
    pub(super) guard: &'a OnceLock<Guard>,
    pub(super) pool: &'a Pool,
    pub(super) token: &'a str,
    /// This build's number in the checkout.
    pub(super) build: u32,
    pub(super) started_ms: u64,
    pub(super) forced: Option<&'a Selection>,
    pub(super) hearing: Hearing,
    pub(super) selection: &'a Selection,
    pub(super) tracing: Tracing,
    pub(super) cache_only: bool,
    /// Nodes whose outputs did not stand when the build began, and need not.
    pub(super) away: &'a Away,
}

impl Shared<'_> {
    /// Has the guard stand by, if it does not yet.
    pub(super) fn have_guard(&self) {
        self.guard
            .get_or_init(|| Guard::start(self.token, self.running, self.keeping));
    }

    pub(super) fn is_forced(&self, node: NodeId) -> bool {
        self.forced
            .is_some_and(|forced| forced.named[node.0 as usize])
    }
}

/// Where Python's byte-code goes.
pub(super) fn pycache(place: &Place) -> PathBuf {
    place.home.join("pycache")
}
