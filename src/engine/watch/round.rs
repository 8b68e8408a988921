//! One build of a watch, with somebody beside it who takes note of what changes meanwhile.
//!
//! Does not decide whether another one follows.

use super::wanted::Wanted;
use super::{Ended, Eye, OnChange, Signal, Watch, WatchEvent, Wish, lock, receive};
use crate::base::path::ProjectPath;
use crate::engine::desk::{Desk, Word};
use crate::engine::project::Project;
use crate::engine::session::{self, Beside, Changed, Session, SessionError};
use crate::logic::event::{BuildEvent, Outcome, Summary};
use crate::logic::graph::Graph;
use crate::world::store::ledger::Ledger;
use std::sync::Mutex;
use std::sync::mpsc::Receiver;
use std::thread;

/// What a round came to.
#[derive(Default)]
pub(super) struct RoundEnd {
    /// The watch is over.
    pub(super) ended: Option<Ended>,
    /// Sources that changed since the build looked, sorted.
    pub(super) changed: Vec<ProjectPath>,
    /// Another build is needed whatever changed.
    pub(super) again: bool,
    /// The build did not begin.
    pub(super) refused: bool,
    /// Every node that was asked for is up to date.
    pub(super) well: bool,
    /// A node ran or was restored.
    pub(super) did_something: bool,
    /// The nodes whose commands ran, and the sources that they read.
    pub(super) ran: Vec<(String, Vec<ProjectPath>)>,
}

/// What is kept from one build for the next.
pub(super) struct Kept {
    graph: Graph,
    /// Of the project: what it was read from, and its globs.
    texts: Vec<ProjectPath>,
    patterns: Vec<String>,
    /// Sources that have changed since.
    pub(super) changed: Vec<ProjectPath>,
}

impl Kept {
    fn of(project: &Project) -> Option<Kept> {
        let graph = &project.graph;
        // Where runs find more inputs, what is looked at grows with them.
        (!graph.has_depfiles()).then(|| Kept {
            graph: graph.clone(),
            texts: project.texts.clone(),
            patterns: project.patterns.clone(),
            changed: Vec::new(),
        })
    }

    fn is_of(&self, project: &Project) -> bool {
        self.graph.identity() == project.graph.identity()
            && self.texts == project.texts
            && self.patterns == project.patterns
    }
}

/// What was noted while a build ran.
#[derive(Default)]
struct Noted {
    changed: Vec<ProjectPath>,
    wishes: Vec<Wish>,
    quit: bool,
    stopped: bool,
}

impl Watch<'_> {
    /// Builds once. An error is one that no change of a file mends.
    pub(super) fn round(
        &mut self,
        signals: &mut Receiver<Signal>,
        force: bool,
        asked: bool,
        first: bool,
    ) -> Result<RoundEnd, SessionError> {
        (self.tell)(WatchEvent::Begins { asked });
        let mut order = self.order.build.clone();
        order.force = force;
        let kept = self.kept.take();
        order.changed = kept.as_ref().map(|kept| Changed {
            graph: kept.graph.clone(),
            sources: kept.changed.clone(),
        });
        let desk = Desk::default();
        let mut ran = Vec::new();
        let heard = self.eye().heard;
        let (eye, tell, given) = (&self.eye, &mut *self.tell, &self.given);
        let keeping = &self.keeping;
        let on_change = self.order.on_change;
        let (built, noted) = thread::scope(|scope| {
            let beside = scope.spawn({
                let desk = &desk;
                move || note(signals, eye, desk, on_change)
            });
            let mut show = |session: &Session| {
                // The eye looks at all of it already.
                if kept
                    .as_ref()
                    .is_some_and(|kept| kept.is_of(&session.project))
                {
                    return;
                }
                let selection = session.select(&order.targets).ok();
                let (project, ledger) = (&session.project, &session.tools.ledger);
                let wanted = Wanted::of(project, ledger, selection.as_ref());
                lock(eye).set(wanted);
            };
            let mut hear = |at, event| {
                tell_news(eye, tell);
                if let BuildEvent::NodeFinished {
                    node,
                    outcome: Outcome::Ran { .. } | Outcome::Failed(_),
                } = &event
                {
                    ran.push(node.clone());
                }
                tell(WatchEvent::Build(at, event));
            };
            let mut beside_it = Beside {
                desk: &desk,
                keeping,
                show: &mut show,
            };
            let built = session::build_beside(self.place, given, &order, &mut beside_it, &mut hear);
            let _ = self.sender.send(Signal::BuildOver);
            let noted = beside.join().unwrap_or_default();
            (built, noted)
        });
        self.wishes.extend(noted.wishes);
        let mut end = RoundEnd::default();
        match built {
            Ok((summary, session)) => {
                self.kept = Kept::of(&session.project);
                self.built(&mut end, &summary, &session, &ran);
            }
            Err(SessionError::UnknownTargets(targets)) if first => {
                return Err(SessionError::UnknownTargets(targets));
            }
            Err(SessionError::Open(error)) => self.cannot_open(&mut end, error.into()),
            Err(error) => {
                end.refused = true;
                (self.tell)(WatchEvent::Refused(error));
            }
        }
        end.changed = lock(&self.eye).look_at_all();
        end.changed.extend(noted.changed);
        end.changed.sort();
        end.changed.dedup();
        // A source may have come while the build looked, and gone again: no look at it tells.
        let is_news = asked || end.refused || end.did_something;
        end.again |= is_news && end.changed.is_empty() && self.eye().heard != heard;
        if let Some(kept) = &mut self.kept {
            kept.changed.extend(end.changed.iter().cloned());
        }
        self.tell_news();
        (self.tell)(WatchEvent::Ends);
        if end.ended.is_some() && (noted.stopped && !noted.quit) {
            // Ended for what changed, not for good.
            end.ended = None;
            end.again = true;
        }
        if noted.quit {
            end.ended = Some(Ended::Quit);
        }
        Ok(end)
    }

    fn built(&mut self, end: &mut RoundEnd, summary: &Summary, session: &Session, ran: &[String]) {
        let graph = &session.project.graph;
        end.ended = summary.interrupted.then_some(Ended::Interrupted);
        end.well = summary.failed + summary.blocked + summary.stopped == 0;
        end.did_something = summary.ran + summary.restored > 0;
        let sources = |name: &String| {
            let node = graph.find(name)?;
            let read = graph
                .inputs(node)
                .filter(|input| graph.producer(input.path).is_none())
                .map(|input| graph.project_path(input.path))
                .collect();
            Some((name.clone(), read))
        };
        end.ran = ran.iter().filter_map(sources).collect();
        if graph.has_depfiles() && summary.ran > 0 {
            // The runs have found more that matters; it is looked at from the next round on, which looks first.
            let (ledger, _) = Ledger::open(&self.place.state);
            let selection = session.select(&self.order.build.targets).ok();
            let wanted = Wanted::of(&session.project, &ledger, selection.as_ref());
            end.again = wanted.len() != self.eye().wanted().len();
        }
    }

    /// The old graph waits. What may mend the manifest is watched before it is read once more, so that nothing is missed.
    fn cannot_open(&mut self, end: &mut RoundEnd, error: SessionError) {
        let mut eye = lock(&self.eye);
        let wanted = Wanted::everything(eye.wanted(), self.place);
        eye.set(wanted);
        drop(eye);
        match Session::open(self.place, self.given.clone()) {
            Ok(_) => end.again = true,
            Err(error) => (self.tell)(WatchEvent::Refused(error.into())),
        }
        drop(error);
    }
}

fn tell_news(eye: &Mutex<Eye>, tell: &mut dyn FnMut(WatchEvent)) {
    let news = std::mem::take(&mut lock(eye).news);
    news.into_iter()
        .for_each(|news| tell(WatchEvent::News(news)));
}

/// Takes note of what changes until the build is over, and tells the build.
fn note(signals: &Receiver<Signal>, eye: &Mutex<Eye>, desk: &Desk, on_change: OnChange) -> Noted {
    let mut noted = Noted::default();
    loop {
        let rest = lock(eye).rest();
        match receive(signals, rest) {
            Some(Signal::BuildOver) => return noted,
            Some(Signal::Hint(hint)) => lock(eye).hear(hint),
            Some(Signal::Wish(Wish::Quit)) => {
                noted.quit = true;
                desk.say(Word::Stop);
            }
            Some(Signal::Wish(wish)) => noted.wishes.push(wish),
            Some(Signal::Interrupt) | None => {}
        }
        let changed = lock(eye).changes();
        if changed.is_empty() {
            continue;
        }
        noted.changed.extend(changed.iter().cloned());
        desk.say(Word::Changed {
            paths: changed,
            act: on_change == OnChange::Touched,
        });
        if on_change == OnChange::Restart {
            noted.stopped = true;
            desk.say(Word::Stop);
        }
    }
}
