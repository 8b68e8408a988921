//! From a folder to an answer: opens the project and carries out one request of the command line.
//!
//! Takes the project's lock where something may be written, and only there. Knows no arguments and no terminal.

mod round;

use super::away::Restore;
use super::desk::Desk;
use super::listings::is_leftover;
use super::probes::Answers;
use super::project::{Given, OpenError, Place, Project, Tools};
use super::room::CacheMax;
use super::shared::Tracing;
use super::survey::{Survey, survey};
use crate::base::digest::Digest;
use crate::base::path::ProjectPath;
use crate::base::record::{NodeRecord, RunRecord};
use crate::logic::event::{BuildEvent, Hearing, Notice, Summary};
use crate::logic::graph::NodeId;
use crate::logic::graph::select::{Selection, UnknownTarget};
use crate::logic::plan::forecast::Missing;
use crate::world::clock;
use crate::world::execute::orphans::{self, end_orphans};
use crate::world::store::lock::ProjectLock;
use crate::world::store::state;
use crate::world::trouble::Trouble;
use round::Round;
use std::path::PathBuf;
use std::time::Duration;

/// Why a request could not be carried out.
#[derive(Debug)]
pub enum SessionError {
    /// The project could not be opened.
    Open(OpenError),
    /// Targets that name nothing.
    UnknownTargets(Vec<UnknownTarget>),
    /// Sources that are not there; nothing has run.
    Missing(Vec<(String, Missing)>),
    /// Another process has the project's lock, and the caller does not wait; who that is.
    Busy(String),
    /// An archive could not be written or taken.
    Archive {
        /// `write` or `take`.
        verb: &'static str,
        /// Which.
        file: PathBuf,
        /// Why.
        said: String,
    },
    /// A variable of the caller's environment that makes no sense.
    BadVariable {
        /// Which.
        name: &'static str,
        /// Why.
        said: String,
    },
    /// The world refused.
    Trouble(Trouble),
}

impl From<OpenError> for SessionError {
    fn from(error: OpenError) -> Self {
        SessionError::Open(error)
    }
}

impl From<Trouble> for SessionError {
    fn from(trouble: Trouble) -> Self {
        SessionError::Trouble(trouble)
    }
}

/// An open project and the hands that go with it.
pub struct Session {
    /// The project.
    pub project: Project,
    /// The hands.
    pub tools: Tools,
    /// Marks the processes of its probes; empty for one that only looks.
    token: String,
    /// Which outputs have to stand.
    pub restore: Restore,
}

/// What a build is asked for.
#[derive(Debug, Clone, Default)]
pub struct BuildOrder {
    /// As typed; empty for all.
    pub targets: Vec<String>,
    /// The named targets run even when they are fresh.
    pub force: bool,
    /// Slots; `None` for the manifest's number.
    pub jobs: Option<u32>,
    /// The machine's number of processors, for when nobody names a number.
    pub processors: u32,
    /// Go on after a failure.
    pub keep_going: bool,
    /// What is told of what commands print.
    pub hearing: Hearing,
    /// Tell the plan.
    pub plan: bool,
    /// How large the cache may become.
    pub cache_max: CacheMax,
    /// Which outputs have to stand at its end.
    pub restore: Restore,
    /// Which commands are watched, beside those that have to be.
    pub tracing: Tracing,
    /// When another process works in the project, end with [`SessionError::Busy`] instead of waiting for it.
    pub no_wait: bool,
}

impl Session {
    /// Opens a project to look at it; writes nothing.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn open(place: &Place, given: Given) -> Result<Session, OpenError> {
        let tools = Tools::open(place, given);
        Ok(Session {
            project: Project::open(place, &tools, false)?,
            tools,
            token: String::new(),
            restore: Restore::default(),
        })
    }

    /// Opens a project to check it: reads all of it anew, with warnings of everything that seems wrong.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub fn review(place: &Place, given: Given) -> Result<Session, OpenError> {
        let tools = Tools::open(place, given);
        Ok(Session {
            project: Project::review(place, &tools)?,
            tools,
            token: String::new(),
            restore: Restore::default(),
        })
    }

    /// Sources that are nobody's: a node that is gone wrote them, and no node declares them now.
    pub fn leftover_sources(&self) -> Vec<ProjectPath> {
        let graph = &self.project.graph;
        let sources = graph.paths().filter(|&path| graph.producer(path).is_none());
        sources
            .map(|path| graph.project_path(path))
            .filter(|path| is_leftover(&self.tools, path))
            .collect()
    }

    /// Which nodes `targets` name.
    ///
    /// # Errors
    /// Every target that names nothing.
    pub fn select(&self, targets: &[String]) -> Result<Selection, SessionError> {
        let standing = &self.project.place.standing;
        Selection::of(&self.project.graph, targets, standing).map_err(SessionError::UnknownTargets)
    }

    /// Judges the selected nodes as a build would.
    pub fn survey(&mut self, selection: &Selection, forced: bool) -> Survey {
        self.project.answers = Answers::ask(&self.project, &self.tools, selection, &self.token);
        survey(
            &self.project,
            &self.tools,
            selection,
            forced.then_some(selection),
            self.restore,
        )
    }

    /// What this checkout remembers of a node.
    pub fn record(&self, node: NodeId) -> Option<NodeRecord> {
        self.tools.ledger.node(self.project.graph.name(node))
    }

    /// A node's last run in this checkout.
    pub fn last_run(&self, node: NodeId) -> Option<RunRecord> {
        self.tools.ledger.last_run(self.project.graph.name(node))
    }

    /// What a node printed: in the run of build number `build`, or in its last run; where that was in another
    /// checkout, or its log is gone, what the restored result keeps of it. `None` when nothing is remembered.
    ///
    /// # Errors
    /// A log that is there cannot be read.
    pub fn log(&self, node: NodeId, build: Option<u32>) -> Result<Option<Vec<u8>>, Trouble> {
        let name = self.project.graph.name(node);
        let runs = self.tools.ledger.runs(name);
        let record = self.record(node);
        let newer_result = build.is_none()
            && record
                .as_ref()
                .is_some_and(|record| runs.last().is_none_or(|run| run.build < record.build));
        let run = match build {
            Some(build) => runs.iter().rev().find(|run| run.build == build),
            None => runs.last().filter(|_| !newer_result),
        };
        if let Some(run) = run {
            if !run.log {
                return Ok(Some(Vec::new()));
            }
            let path = state::log_path(&self.project.place.state, name, run.build);
            if let Some(log) = state::read_log(&path)? {
                return Ok(Some(log));
            }
        }
        match record
            .filter(|_| build.is_none())
            .map(|record| record.result.log)
        {
            Some(Some(log)) => self.tools.cache.blob(&log),
            Some(None) => Ok(Some(Vec::new())),
            None => Ok(None),
        }
    }
}

/// Builds. `tell` gets each event with the time since the build began.
///
/// # Errors
/// See [`SessionError`]; a node that fails is not an error but counted in the summary.
pub fn build(
    place: &Place,
    given: &Given,
    order: &BuildOrder,
    tell: &mut dyn FnMut(Duration, BuildEvent),
) -> Result<(Summary, Session), SessionError> {
    let desk = Desk::default();
    build_beside(place, given, order, &desk, &mut |_| {}, tell)
}

/// The same, while somebody has a word with it at `desk`, and is shown the project before the first look at a source.
///
/// # Errors
/// See [`build`].
pub(super) fn build_beside(
    place: &Place,
    given: &Given,
    order: &BuildOrder,
    desk: &Desk,
    show: &mut dyn FnMut(&Session),
    tell: &mut dyn FnMut(Duration, BuildEvent),
) -> Result<(Summary, Session), SessionError> {
    let begun = clock::instant();
    let tell: &mut dyn FnMut(BuildEvent) = &mut |event| tell(begun.elapsed(), event);
    let token = format!(
        "{}-{}-{}",
        project_mark(place),
        std::process::id(),
        clock::now_ns()
    );
    let lock = lock(place, &token, !order.no_wait, tell)?;
    let mut before = Summary::default();
    for number in 0.. {
        let round = Round {
            place,
            given: given.clone(),
            order,
            desk,
            token: &token,
            begun,
            before: &before,
            number,
        };
        let (built, session) = round.build(show, tell)?;
        if !built.again {
            drop(lock);
            return Ok((built.summary, session));
        }
        before = built.summary;
    }
    unreachable!("the last round is not followed by another")
}

impl Session {
    /// Missing sources with their readers' names.
    pub fn name_missing(&self, survey: &Survey) -> Vec<(String, Missing)> {
        let name = |missing: &Missing| {
            (
                self.project.graph.name(missing.node).to_owned(),
                missing.clone(),
            )
        };
        survey.missing.iter().map(name).collect()
    }
}

/// How the tokens of this project's builds begin.
fn project_mark(place: &Place) -> String {
    Digest::of(place.home.as_os_str().as_encoded_bytes())
        .short()
        .to_string()
}

/// Ends what a dead build left.
fn end(token: &str) -> usize {
    end_orphans(token, orphans::GRACE, &|| false)
}

fn report_orphans(count: usize, tell: &mut dyn FnMut(BuildEvent)) {
    if count > 0 {
        tell(BuildEvent::Notice(Notice::OrphansEnded { count }));
    }
}

/// Takes the project's lock, waiting for it if `wait`, and ends what a killed build left running before anything of ours touches its outputs.
pub(super) fn lock(
    place: &Place,
    token: &str,
    wait: bool,
    tell: &mut dyn FnMut(BuildEvent),
) -> Result<ProjectLock, SessionError> {
    state::prepare(&place.home, &place.state)?;
    let mut other = String::new();
    let mut busy = |holder: String| {
        match wait {
            true => tell(BuildEvent::Notice(Notice::Waiting { holder })),
            false => other = holder,
        }
        wait
    };
    let taken = ProjectLock::acquire(&place.home, token, &mut busy)?;
    let Some((mut lock, dead)) = taken else {
        return Err(SessionError::Busy(other));
    };
    let count: usize = dead.iter().map(|token| end(token)).sum();
    report_orphans(count, tell);
    lock.forget_the_dead();
    Ok(lock)
}
