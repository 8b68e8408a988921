//! What follows from the end of a command: its result is recorded, it is tried again, or it has failed.
//!
//! Does not decide what starts next; the scheduler does.

use super::{Build, Message};
use crate::base::record::{BuildEnd, Origin, RunCause};
use crate::engine::project::Tools;
use crate::engine::run::{Ran, RunFound};
use crate::engine::survey::Settled;
use crate::logic::event::{BuildEvent, Failure, FailureCause, Notice, Outcome, Printed, Summary};
use crate::logic::graph::NodeId;
use crate::logic::plan::Reason;
use crate::logic::schedule::{News, State};
use crate::world::trouble::Trouble;
use std::time::Duration;

impl Build<'_, '_> {
    pub(super) fn ran(&mut self, item: u32, ran: Ran) -> Result<(), Trouble> {
        self.follow_to_the_end(item);
        self.notices(ran.notices);
        let node = self.node(item);
        if let Some(mut record) = ran.record {
            let reasons = self.pending.get(&item).map(|(reasons, _)| reasons);
            record.cause = reasons.and_then(|reasons| cause(reasons));
            self.memory.run(&record)?;
        }
        if ran.logged_bytes > 0 {
            self.tell_log(item, ran.logged_bytes, &ran.found);
        }
        if let Some(settled) = ran.distrusted {
            self.memory
                .distrusted(self.shared.project, node, *settled)?;
        }
        match ran.found {
            RunFound::Done {
                settled,
                took,
                usage,
                keep,
                printed,
            } => {
                let last = self.shared.tools.ledger.node(self.graph().name(node));
                let unchanged =
                    last.is_some_and(|last| last.result.outputs == settled.result.outputs);
                self.summary.ran += 1;
                self.ran_for += took;
                self.pending.remove(&item);
                if keep {
                    self.record(node, settled, Origin::Ran)?;
                } else {
                    self.note_outputs(node, &settled);
                    self.away.nodes.remove(&node);
                    self.memory.outputs(&settled.result.outputs)?;
                }
                let outcome = Outcome::Ran {
                    took,
                    unchanged,
                    usage,
                    printed,
                };
                self.finished(item, outcome);
                if self.changes.take_restarting(item) {
                    // It was done before it could be ended, with what is no more.
                    self.withhold_users(node);
                }
                self.tell_scheduler(News::Ran(item));
                self.put_away_what_is_read(item)?;
            }
            RunFound::Failed(failure) => {
                self.half_made(node)?;
                if !self.try_again(item, &failure) {
                    self.failed(item, failure);
                }
            }
            RunFound::Stopped => {
                self.half_made(node)?;
                self.stopped(item);
            }
        }
        Ok(())
    }

    /// Takes note that a node is up to date, and with what.
    pub(super) fn record(
        &mut self,
        node: NodeId,
        settled: Settled,
        origin: Origin,
    ) -> Result<(), Trouble> {
        self.note_outputs(node, &settled);
        self.leaving
            .settled(&self.shared.project.graph, node, &settled);
        self.away.nodes.remove(&node);
        self.tell_settled(node, &settled);
        self.memory.node(self.shared.project, node, settled, origin)
    }

    pub(super) fn note_outputs(&mut self, node: NodeId, settled: &Settled) {
        let outputs = self.graph().outputs(node).zip(&settled.result.outputs);
        for (output, (_, content)) in outputs {
            self.standing.set(output.path, *content);
        }
    }

    /// A command was ended by us: with the build, or alone because of what changed.
    fn stopped(&mut self, item: u32) {
        let restarts = self.changes.take_restarting(item);
        if self.summary.interrupted || self.scheduler.is_halted() {
            self.tell_scheduler(News::Stopped(item));
        } else if self.changes.withholds(item) {
            self.pending.remove(&item);
            self.tell_scheduler(News::Withdrawn(item));
        } else if restarts {
            self.forget_what_it_printed(item);
            self.outlook.returns(item);
            self.tell_scheduler(News::Again(item));
        } else {
            self.tell_scheduler(News::Stopped(item));
        }
    }

    fn tell_log(&mut self, item: u32, bytes: u64, found: &RunFound) {
        let end = match found {
            RunFound::Failed(failure) => Printed {
                bytes: failure.output.clone(),
                cut: failure.output_cut,
            },
            RunFound::Done { .. } | RunFound::Stopped => Printed::default(),
        };
        let logged = BuildEvent::Logged {
            node: self.graph().name(self.node(item)).to_owned(),
            attempt: self.attempt(item),
            log: self.shown_log(item),
            bytes,
            end,
        };
        (self.tell)(logged);
    }

    /// What a run left that did not end well is gone, unless the next one goes on from it.
    fn half_made(&mut self, node: NodeId) -> Result<(), Trouble> {
        if self.graph().job(node).persist {
            return Ok(());
        }
        self.memory.removed(self.output_paths(node))
    }

    /// Puts a failed command back into the queue, as often as the manifest says.
    fn try_again(&mut self, item: u32, failure: &Failure) -> bool {
        let most = self.graph().job(self.node(item)).retries;
        let retry = 1 + self.tries.get(&item).copied().unwrap_or(0);
        let in_vain = matches!(
            failure.cause,
            FailureCause::NotStarted { .. }
                | FailureCause::Trouble(_)
                | FailureCause::Undeclared
                | FailureCause::NotCached(_)
        );
        if in_vain || retry > most || self.summary.interrupted {
            return false;
        }
        self.tries.insert(item, retry);
        let node = self.graph().name(self.node(item)).to_owned();
        (self.tell)(BuildEvent::Notice(Notice::Retrying {
            node,
            cause: failure.cause.clone(),
            retry,
            most,
        }));
        // What this try printed must not be taken for the next one's.
        self.forget_what_it_printed(item);
        self.outlook.returns(item);
        self.tell_scheduler(News::Again(item));
        true
    }

    /// Nodes that will not be reached any more, told once at the end. Another round may still reach what needs nothing
    /// that failed.
    pub(super) fn settle_the_rest(&mut self) {
        let goes_on = self.goes_on();
        for item in 0..self.nodes.len() as u32 {
            match self.scheduler.state(item) {
                State::Blocked { by } => {
                    self.summary.blocked += 1;
                    let by = self.graph().name(self.node(by)).to_owned();
                    self.finished(item, Outcome::Blocked { by });
                }
                State::Stopped if !goes_on => {
                    self.summary.stopped += 1;
                    self.finished(item, Outcome::Stopped);
                }
                _ => {}
            }
        }
    }

    /// What cannot be remembered must not go on being made; what runs is let end. The item that this came up with has
    /// ended too, and nobody will speak of it again.
    pub(super) fn end_early(&mut self, about: Option<u32>) {
        self.tell_scheduler(News::Interrupted);
        let at_work = |item| matches!(self.scheduler.state(item), State::Checking | State::Running);
        if let Some(item) = about.filter(|&item| at_work(item)) {
            self.tell_scheduler(News::Stopped(item));
        }
    }

    pub(super) fn notices(&mut self, notices: Vec<Notice>) {
        for notice in notices {
            self.summary.not_kept += usize::from(matches!(notice, Notice::NotKept { .. }));
            if let Notice::Traced(traced) = &notice {
                self.summary.undeclared += usize::from(!traced.found.is_well());
            }
            (self.tell)(BuildEvent::Notice(notice));
        }
    }

    pub(super) fn tell_scheduler(&mut self, news: News) {
        self.scheduler.tell(news);
    }

    pub(super) fn finished(&mut self, item: u32, outcome: Outcome) {
        let node = self.graph().name(self.node(item)).to_owned();
        (self.tell)(BuildEvent::NodeFinished { node, outcome });
    }

    pub(super) fn failed(&mut self, item: u32, failure: Failure) {
        self.summary.failed += 1;
        self.summary.not_cached += usize::from(matches!(failure.cause, FailureCause::NotCached(_)));
        self.pending.remove(&item);
        self.outlook.fails(item);
        self.finished(item, Outcome::Failed(failure));
        self.tell_scheduler(News::Failed(item));
    }
}

impl Message {
    /// The item that it tells of.
    pub(super) fn item(&self) -> Option<u32> {
        match *self {
            Message::Restores(item) | Message::Checked(item, _) | Message::Ran(item, _) => {
                Some(item)
            }
            Message::Interrupt { .. } | Message::Word(_) => None,
        }
    }
}

/// When the commands of a build have run for so long together, what was kept of them is flushed: a power cut would cost more.
const FLUSH_FROM: Duration = Duration::from_secs(1);

/// After commands that took their time, a power cut must not cost what came of them. What took no time is not worth waiting for
/// the disk.
pub(super) fn flush_what_was_kept(
    tools: &Tools,
    ran_for: Duration,
    tell: &mut dyn FnMut(BuildEvent),
) {
    if ran_for >= FLUSH_FROM
        && tools.cache.added() > 0
        && let Err(trouble) = tools.cache.flush()
    {
        tell(BuildEvent::Notice(Notice::Trouble(trouble.to_string())));
    }
}

/// The first reason, as history keeps it.
fn cause(reasons: &[Reason]) -> Option<RunCause> {
    let first = reasons.first()?;
    Some(RunCause {
        kind: first.kind().to_owned(),
        subject: first.subject(),
        more: reasons.len() as u32 - 1,
    })
}

/// A build as history keeps it.
pub(super) fn in_numbers(summary: &Summary, jobs: u32, took: Duration) -> BuildEnd {
    BuildEnd {
        took_ms: took.as_millis() as u64,
        jobs,
        fresh: summary.fresh as u32,
        restored: summary.restored as u32,
        ran: summary.ran as u32,
        failed: summary.failed as u32,
        blocked: summary.blocked as u32,
        stopped: summary.stopped as u32,
        saved_ms: summary.saved_ms,
        interrupted: summary.interrupted,
    }
}
