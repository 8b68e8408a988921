//! One round of a build: from a look at the project to the end of what that showed to be done.
//!
//! Does not take the lock, and does not decide whether another round follows.

use super::{BuildOrder, Session, SessionError};
use crate::engine::away::Restore;
use crate::engine::build::{self, Built};
use crate::engine::desk::Desk;
use crate::engine::pool::Pool;
use crate::engine::probes::Answers;
use crate::engine::project::{Given, Place, Project, Tools};
use crate::engine::shared::{Before, Hands, Request};
use crate::engine::turn::{end, project_mark, report_orphans};
use crate::engine::upkeep::{self, Tidied, tell_leftovers};
use crate::logic::event::{BuildEvent, Notice};
use crate::world::execute::guard::{Guard, Keeping};
use crate::world::execute::{LocalExecutor, Running};
use std::sync::OnceLock;
use std::time::Instant;

/// So many rounds a build has at most. One does, but where the cache turns out to be damaged and what it then takes to run a
/// node is not there: the second brings it back, as far as it can foresee what; the third has everything stand.
const ROUNDS: u32 = 3;

/// From a look at the project to the end of what it showed to be done.
pub(super) struct Round<'a> {
    pub(super) place: &'a Place,
    pub(super) given: Given,
    pub(super) order: &'a BuildOrder,
    pub(super) desk: &'a Desk,
    pub(super) keeping: &'a Keeping,
    pub(super) token: &'a str,
    pub(super) begun: Instant,
    pub(super) before: &'a Before,
    pub(super) number: u32,
}

impl Round<'_> {
    pub(super) fn build(
        self,
        show: &mut dyn FnMut(&Session),
        tell: &mut dyn FnMut(BuildEvent),
    ) -> Result<(Built, Session), SessionError> {
        let Round { place, order, .. } = self;
        let last = self.number + 1 == ROUNDS;
        let mut tools = Tools::open(place, self.given);
        tools.graph = order.changed.as_ref().map(|changed| changed.graph.clone());
        if tools.ledger.unfinished() {
            // A build died; should its line in the lock file be lost as well, its processes are known by the project.
            report_orphans(end(&project_mark(place)), tell);
        }
        for damage in &tools.damages {
            tell(BuildEvent::Notice(Notice::Trouble(damage.clone())));
        }
        let project = Project::open(place, &tools, true)?;
        let mut session = Session {
            project,
            tools,
            token: self.token.to_owned(),
            restore: if last {
                Restore::Everything
            } else {
                order.restore
            },
        };
        show(&session);
        let tidied = match session.project.read_anew {
            true => upkeep::remove_leftovers(&session)?,
            false => Tidied::default(),
        };
        tell_leftovers(&session, &tidied, tell);
        let removed = [tidied.removed, tidied.given_up].concat();
        let (mut selection, notice) =
            session.choose(&order.targets, order.changed_since.as_deref())?;
        if let Some(notice) = notice.filter(|_| self.number == 0) {
            tell(BuildEvent::Notice(notice));
        }
        let given_up = &self.before.given_up;
        if !given_up.is_empty() {
            selection.leave_out(&session.project.graph, &|name| given_up.contains(name));
        }
        let running = Running::new();
        let guard = OnceLock::new();
        if Answers::are_asked(&session.project, &selection) {
            guard.get_or_init(|| Guard::start(self.token, &running, self.keeping));
        }
        let changed = order.changed.as_ref().filter(|changed| {
            // What the round before this one did, nobody has watched for.
            self.number == 0 && changed.graph.identity() == session.project.graph.identity()
        });
        let changed = changed.map(|changed| &*changed.sources);
        let survey = session.survey_after(&selection, order.force, changed);
        if !survey.missing.is_empty() {
            return Err(SessionError::Missing(session.name_missing(&survey)));
        }
        let declared = session.project.settings.jobs;
        let (pool, notice) = Pool::choose(order, declared, &session.tools.variables, &place.home);
        if let Some(notice) = notice {
            tell(BuildEvent::Notice(notice));
        }
        let request = Request {
            selection: &selection,
            removed: &removed,
            forced: order.force.then_some(&selection),
            keep_going: order.keep_going || order.cache_only,
            hearing: order.hearing,
            plan: order.plan,
            tracing: order.tracing,
            cache_max: order.cache_max,
            cache_only: order.cache_only,
            before: self.before,
            may_go_on: !last,
        };
        let hands = Hands {
            executor: &LocalExecutor,
            running: &running,
            desk: self.desk,
            token: self.token,
            pool: &pool,
            checkers: order.processors as usize,
            keeping: self.keeping,
            guard,
            begun: self.begun,
        };
        let built = build::build(
            &session.project,
            &session.tools,
            survey,
            &request,
            &hands,
            tell,
        )?;
        Ok((built, session))
    }
}
