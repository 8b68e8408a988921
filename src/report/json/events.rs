//! A build as lines of JSON for another program: `pipe build --events`, described in `schemas/events.json`.
//!
//! Remembers which nodes run and wait, so that a line can say who waits for whom. Knows no clock: each event comes with
//! its time.

mod lines;
mod news;

use super::VERSION;
use crate::logic::event::{BuildEvent, Failure, Notice, Outcome, Plan};
use crate::logic::manifest::{Exclusive, Problem, Severity};
use crate::report::{failures, words};
use lines::{Ended, Line, Named, Planned, Refusal, Stamped, Start, Waiting};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// So many of the nodes that wait are named.
const NAMED: usize = 100;

/// A notice that has no line of its own kind.
fn plain(notice: &Notice) -> Line<'_> {
    Line::Notice {
        level: if notice.is_news() { "note" } else { "warning" },
        kind: notice.kind(),
        node: notice.node(),
        text: words::notice(notice),
    }
}

/// Turns events into lines, in the order in which they come.
#[derive(Debug, Default)]
pub struct EventLines {
    plan: Option<Plan>,
    queued: BTreeSet<String>,
    running: BTreeSet<String>,
    /// Of every node that was started and is not settled.
    attempts: BTreeMap<String, u32>,
}

impl EventLines {
    /// The first line, with the version of the program.
    pub fn opening(pipe: &str) -> String {
        written(Duration::ZERO, Line::Opened { pipe })
    }

    /// The lines of an event, each with its end; none for what programs find out otherwise.
    pub fn tell(&mut self, at: Duration, event: &BuildEvent) -> String {
        match event {
            BuildEvent::Planned(plan) => {
                self.plan = Some(plan.clone());
                String::new()
            }
            BuildEvent::Started { total, fresh, jobs } => {
                let plan = self.plan.take();
                plan.map_or_else(String::new, |plan| {
                    started(at, &plan, *total, *fresh, *jobs)
                })
            }
            BuildEvent::NodeChecking { node } => written(at, Line::NodeChecking { node }),
            BuildEvent::NodeQueued { node } => {
                self.queued.insert(node.clone());
                written(at, Line::NodeQueued { node })
            }
            BuildEvent::NodeStarted {
                node,
                reasons,
                command,
                prospect,
                attempt,
                takes,
                log,
            } => {
                self.queued.remove(node);
                self.running.insert(node.clone());
                self.attempts.insert(node.clone(), *attempt);
                let alone = takes.exclusive == Some(Exclusive::Alone);
                let start = Start {
                    node,
                    attempt: *attempt,
                    reasons,
                    command,
                    log,
                    prospect,
                    takes,
                };
                written(at, start.line(alone.then(|| self.waiting(node))))
            }
            BuildEvent::Logged {
                node,
                attempt,
                log,
                bytes,
                end,
            } => {
                let has_end = !end.bytes.is_empty();
                let line = Line::Output {
                    node,
                    attempt: *attempt,
                    log,
                    bytes: *bytes,
                    end: has_end.then(|| String::from_utf8_lossy(&end.bytes)),
                    cut: end.cut,
                };
                written(at, line)
            }
            BuildEvent::RoomFor(None) => written(at, Line::SlotsReleased),
            BuildEvent::RoomFor(Some(room)) => {
                let running = self.running.iter().map(String::as_str);
                let line = Line::SlotsHeld {
                    node: &room.node,
                    alone: room.alone,
                    slots: room.slots,
                    resources: &room.uses,
                    waits_for: running.collect(),
                    waiting: self.waiting(&room.node),
                };
                written(at, line)
            }
            BuildEvent::Ahead(ahead) => written(at, Line::ahead(ahead)),
            BuildEvent::Stopping(stop) => written(at, Line::stopping(*stop)),
            BuildEvent::NodeFinished { node, outcome } => {
                self.queued.remove(node);
                self.running.remove(node);
                let attempts = self.attempts.remove(node).unwrap_or(0);
                written(at, Line::NodeFinished(ended(node, attempts, outcome)))
            }
            BuildEvent::Notice(notice) => self.notice(at, notice),
            BuildEvent::Finished(summary) => written(at, Line::build_finished(summary)),
            // A log is where a program reads what is printed; see `Logged`.
            BuildEvent::Output { .. } => String::new(),
        }
    }

    /// The last line, where nothing could be built.
    pub fn refused(&self, at: Duration, problems: &[Problem]) -> String {
        let errors = problems
            .iter()
            .filter(|problem| problem.severity == Severity::Error);
        let problems = errors.map(|problem| Refusal {
            code: problem.code,
            message: &problem.message,
            help: Some(problem.help.as_str()).filter(|help| !help.is_empty()),
        });
        let problems = problems.collect();
        written(at, Line::BuildRefused { problems })
    }

    fn notice(&mut self, at: Duration, notice: &Notice) -> String {
        let shown;
        let line = match notice {
            Notice::Retrying {
                node,
                cause,
                retry,
                most,
            } => {
                self.running.remove(node);
                self.queued.insert(node.clone());
                Line::NodeRetried {
                    node,
                    cause: Named::of(cause.kind(), failures::cause(cause)),
                    retry: *retry,
                    retries: *most,
                }
            }
            Notice::Changed { node: None, paths } => {
                shown = paths.iter().map(ToString::to_string).collect::<Vec<_>>();
                Line::Changed {
                    paths: shown.iter().map(String::as_str).collect(),
                    during: true,
                }
            }
            Notice::Changed {
                node: Some(node), ..
            } => {
                self.running.remove(node);
                self.queued.insert(node.clone());
                plain(notice)
            }
            notice => plain(notice),
        };
        written(at, line)
    }

    /// Who is in the queue beside `node`.
    fn waiting(&self, node: &str) -> Waiting<'_> {
        let others = self.queued.iter().filter(|queued| *queued != node);
        Waiting {
            count: others.clone().count(),
            nodes: others.take(NAMED).map(String::as_str).collect(),
        }
    }
}

fn started(at: Duration, plan: &Plan, total: usize, fresh: usize, jobs: u32) -> String {
    let mut text = written(
        at,
        Line::BuildStarted {
            build: plan.build,
            started_ms: plan.started_ms,
            total,
            fresh,
            jobs,
            keep_going: plan.keep_going,
            resources: lines::resources(&plan.resources),
        },
    );
    for node in &plan.nodes {
        text.push_str(&written(at, Line::NodePlanned(Planned::of(node))));
    }
    text
}

fn ended<'e>(node: &'e str, attempts: u32, outcome: &'e Outcome) -> Ended<'e> {
    let bare = |word| Ended::new(node, word, attempts);
    match outcome {
        Outcome::Fresh => bare("fresh"),
        Outcome::Stopped => bare("stopped"),
        Outcome::Restored { saved_ms } => Ended {
            saved_ms: Some(*saved_ms),
            ..bare("restored")
        },
        Outcome::Blocked { by } => Ended {
            blocked_by: Some(by),
            ..bare("blocked")
        },
        Outcome::Ran {
            took,
            unchanged,
            usage,
            ..
        } => Ended {
            unchanged: Some(*unchanged),
            exit_code: Some(0),
            ..bare("ran").taking(*took, *usage)
        },
        Outcome::Failed(failure) => failed(bare("failed"), failure),
    }
}

fn failed<'e>(bare: Ended<'e>, failure: &Failure) -> Ended<'e> {
    let bare = match failure.took {
        // Its command never started.
        Duration::ZERO => bare,
        took => bare.taking(took, failure.usage),
    };
    let cause = Named::of(failure.cause.kind(), failures::cause(&failure.cause));
    Ended {
        hints: failures::hints(failure),
        ..bare.because(cause, failure.cause.ending())
    }
}

fn written(at: Duration, line: Line<'_>) -> String {
    let stamped = Stamped {
        version: VERSION,
        ms: at.as_millis() as u64,
        line,
    };
    let text = serde_json::to_string(&stamped);
    text.expect("texts and numbers can always be written as JSON") + "\n"
}
