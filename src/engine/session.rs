//! From a folder to an answer: opens the project and carries out one request of the command line.
//!
//! Takes the project's lock where something may be written, and only there. Knows no arguments and no terminal.

mod round;

pub use super::order::{BuildOrder, Changed};

use super::away::Restore;
use super::changed;
use super::desk::Desk;
use super::listings::is_leftover;
use super::probes::Answers;
use super::project::{Given, OpenError, Place, Project, Tools};
use super::shared::Before;
use super::survey::{Survey, survey};
use super::turn::{lock, project_mark};
use crate::base::path::ProjectPath;
use crate::base::record::{NodeRecord, RunRecord};
use crate::logic::event::{BuildEvent, Notice, Summary};
use crate::logic::graph::NodeId;
use crate::logic::graph::select::{Selection, UnknownTarget};
use crate::logic::plan::forecast::Missing;
use crate::world::clock;
use crate::world::execute::git::GitFault;
use crate::world::execute::guard::Keeping;
use crate::world::trouble::Trouble;
use round::Round;
use std::collections::HashSet;
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
    /// Something was asked of a cache that is not used for that here: what cannot be done with it.
    CacheUse {
        /// As in "it cannot be pruned".
        done: &'static str,
    },
    /// A variable of the caller's environment that makes no sense.
    BadVariable {
        /// Which.
        name: &'static str,
        /// Why.
        said: String,
    },
    /// What was changed could not be found out: what git said of it.
    Git(GitFault),
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

    /// Which nodes `targets` name; of those and what they need, where a revision of git is given, what files reach that
    /// differ from it, and what there is to say of that.
    ///
    /// # Errors
    /// Every target that names nothing; or git gives no answer.
    pub fn choose(
        &self,
        targets: &[String],
        changed_since: Option<&str>,
    ) -> Result<(Selection, Option<Notice>), SessionError> {
        let selection = self.select(targets)?;
        let Some(revision) = changed_since else {
            return Ok((selection, None));
        };
        let (reached, notice) = changed::since(self, &selection, revision)?;
        Ok((reached, Some(notice)))
    }

    /// Judges the selected nodes as a build would.
    pub fn survey(&mut self, selection: &Selection, forced: bool) -> Survey {
        self.survey_after(selection, forced, None)
    }

    /// The same, when only these sources may have changed since the last build.
    fn survey_after(
        &mut self,
        selection: &Selection,
        forced: bool,
        changed: Option<&[ProjectPath]>,
    ) -> Survey {
        self.project.answers = Answers::ask(&self.project, &self.tools, selection, &self.token);
        survey(
            &self.project,
            &self.tools,
            selection,
            forced.then_some(selection),
            changed,
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
    let mut beside = Beside {
        desk: &Desk::default(),
        keeping: &Keeping::default(),
        show: &mut |_| {},
    };
    build_beside(place, given, order, &mut beside, tell)
}

/// What stands beside a build.
pub(super) struct Beside<'a> {
    /// Where somebody has a word with it.
    pub(super) desk: &'a Desk,
    /// Where its keeper comes from.
    pub(super) keeping: &'a Keeping,
    /// Is shown the project before the first look at a source.
    pub(super) show: &'a mut dyn FnMut(&Session),
}

/// The same, with what stands beside it.
///
/// # Errors
/// See [`build`].
pub(super) fn build_beside(
    place: &Place,
    given: &Given,
    order: &BuildOrder,
    beside: &mut Beside<'_>,
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
    let mut before = Before {
        summary: Summary::default(),
        given_up: HashSet::new(),
        started_ms: clock::now_ms(),
    };
    for number in 0.. {
        let round = Round {
            place,
            given: given.clone(),
            order,
            desk: beside.desk,
            keeping: beside.keeping,
            token: &token,
            begun,
            before: &before,
            number,
        };
        let (built, session) = round.build(beside.show, tell)?;
        let Some(given_up) = built.again else {
            drop(lock);
            return Ok((built.summary, session));
        };
        before.summary = built.summary;
        before.given_up.extend(given_up);
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
