//! The forms of the lines: what each type of event holds.
//!
//! Does not know when a line is written.

use crate::base::record::{Ending, Usage};
use crate::logic::event::{PlannedNode, Prospect, Stop, Summary, Takes};
use crate::logic::plan::Reason;
use crate::logic::schedule::Ahead;
use crate::report::json::history::whose;
use crate::report::json::list::Alone;
use crate::report::json::reasons::Told;
use serde::Serialize;
use std::borrow::Cow;
use std::time::Duration;

#[derive(Serialize)]
pub(super) struct Stamped<'e> {
    pub(super) version: u32,
    pub(super) ms: u64,
    #[serde(flatten)]
    pub(super) line: Line<'e>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub(super) enum Line<'e> {
    Opened {
        pipe: &'e str,
    },
    BuildStarted {
        build: u32,
        started_ms: u64,
        total: usize,
        fresh: usize,
        jobs: u32,
        keep_going: bool,
        resources: Vec<Resource<'e>>,
    },
    NodePlanned(Planned<'e>),
    NodeChecking {
        node: &'e str,
    },
    NodeQueued {
        node: &'e str,
    },
    NodeStarted(Started<'e>),
    Output {
        node: &'e str,
        attempt: u32,
        log: &'e str,
        bytes: u64,
        end: Option<Cow<'e, str>>,
        cut: bool,
    },
    NodeRetried {
        node: &'e str,
        cause: Named,
        retry: u32,
        retries: u32,
    },
    NodeFinished(Ended<'e>),
    Ahead {
        nodes: usize,
        guessed: usize,
        path_ms: u64,
        work_ms: u64,
    },
    SlotsHeld {
        node: &'e str,
        alone: bool,
        slots: u32,
        resources: &'e [String],
        waits_for: Vec<&'e str>,
        waiting: Waiting<'e>,
    },
    SlotsReleased,
    Stopping {
        why: &'static str,
    },
    Notice {
        level: &'static str,
        kind: &'static str,
        node: Option<&'e str>,
        text: String,
    },
    BuildFinished {
        outcome: &'static str,
        took_ms: u64,
        fresh: usize,
        away: usize,
        restored: usize,
        ran: usize,
        failed: usize,
        blocked: usize,
        stopped: usize,
        saved_ms: u64,
        not_kept: usize,
    },
    Changed {
        paths: Vec<&'e str>,
        during: bool,
    },
    Watching {
        sources: usize,
        folders: usize,
        well: bool,
    },
    BuildRefused {
        problems: Vec<Refusal<'e>>,
    },
}

#[derive(Serialize)]
pub(super) struct Resource<'e> {
    name: &'e str,
    amount: u64,
}

#[derive(Serialize)]
pub(super) struct Planned<'e> {
    node: &'e str,
    needs: &'e [String],
    after: &'e [String],
    expected_ms: Option<u64>,
    takes: Taking<'e>,
}

#[derive(Serialize)]
struct Taking<'e> {
    slots: u32,
    exclusive: Alone,
    resources: Vec<Resource<'e>>,
}

#[derive(Serialize)]
pub(super) struct Started<'e> {
    node: &'e str,
    attempt: u32,
    reasons: Vec<Told>,
    command: &'e str,
    log: &'e str,
    expected_ms: Option<u64>,
    takes: Taking<'e>,
    waiting: Option<Waiting<'e>>,
}

/// Nodes in the queue: how many, and the names of the first of them.
#[derive(Serialize)]
pub(super) struct Waiting<'e> {
    pub(super) count: usize,
    pub(super) nodes: Vec<&'e str>,
}

/// A kind for programs and a sentence for people.
#[derive(Serialize)]
pub(super) struct Named {
    kind: &'static str,
    text: String,
}

#[derive(Serialize)]
pub(super) struct Ended<'e> {
    pub(super) node: &'e str,
    pub(super) outcome: &'static str,
    pub(super) attempts: u32,
    pub(super) took_ms: Option<u64>,
    pub(super) cpu_ms: Option<u64>,
    pub(super) peak_memory: Option<u64>,
    pub(super) peak_memory_of: Option<&'static str>,
    pub(super) unchanged: Option<bool>,
    pub(super) saved_ms: Option<u64>,
    pub(super) blocked_by: Option<&'e str>,
    pub(super) cause: Option<Named>,
    pub(super) exit_code: Option<i32>,
    pub(super) signal: Option<i32>,
    pub(super) hints: Vec<String>,
}

#[derive(Serialize)]
pub(super) struct Refusal<'e> {
    pub(super) code: &'e str,
    pub(super) message: &'e str,
    pub(super) help: Option<&'e str>,
}

impl Line<'_> {
    pub(super) fn ahead(ahead: &Ahead) -> Self {
        Line::Ahead {
            nodes: ahead.nodes,
            guessed: ahead.guessed,
            path_ms: ms(ahead.path),
            work_ms: ms(ahead.work),
        }
    }

    pub(super) fn stopping(stop: Stop) -> Self {
        let why = match stop {
            Stop::Failure => "failure",
            Stop::Interrupt => "interrupt",
            Stop::Kill => "kill",
        };
        Line::Stopping { why }
    }

    pub(super) fn build_finished(summary: &Summary) -> Self {
        Line::BuildFinished {
            outcome: if summary.interrupted {
                "interrupted"
            } else if summary.failed > 0 {
                "failed"
            } else if summary.stopped > 0 {
                "stopped"
            } else {
                "done"
            },
            took_ms: ms(summary.took),
            fresh: summary.fresh,
            away: summary.away,
            restored: summary.restored,
            ran: summary.ran,
            failed: summary.failed,
            blocked: summary.blocked,
            stopped: summary.stopped,
            saved_ms: summary.saved_ms,
            not_kept: summary.not_kept,
        }
    }
}

impl<'e> Planned<'e> {
    pub(super) fn of(planned: &'e PlannedNode) -> Self {
        Planned {
            node: &planned.node,
            needs: &planned.needs,
            after: &planned.after,
            expected_ms: planned.expected.map(ms),
            takes: Taking::of(&planned.takes),
        }
    }
}

impl<'e> Taking<'e> {
    fn of(takes: &'e Takes) -> Self {
        Taking {
            slots: takes.slots,
            exclusive: Alone::of(takes.exclusive.clone()),
            resources: resources(&takes.resources),
        }
    }
}

/// What is told when a command starts.
pub(super) struct Start<'e> {
    pub(super) node: &'e str,
    pub(super) attempt: u32,
    pub(super) reasons: &'e [Reason],
    pub(super) command: &'e str,
    pub(super) log: &'e str,
    pub(super) prospect: &'e Prospect,
    pub(super) takes: &'e Takes,
}

impl<'e> Start<'e> {
    /// `waiting` are those who wait for it, where it runs alone.
    pub(super) fn line(&self, waiting: Option<Waiting<'e>>) -> Line<'e> {
        Line::NodeStarted(Started {
            node: self.node,
            attempt: self.attempt,
            reasons: Told::all(self.reasons),
            command: self.command,
            log: self.log,
            expected_ms: self.prospect.expected.map(ms),
            takes: Taking::of(self.takes),
            waiting,
        })
    }
}

impl Named {
    pub(super) fn of(kind: &'static str, text: String) -> Self {
        Named { kind, text }
    }
}

impl<'e> Ended<'e> {
    pub(super) fn new(node: &'e str, outcome: &'static str, attempts: u32) -> Self {
        Ended {
            node,
            outcome,
            attempts,
            took_ms: None,
            cpu_ms: None,
            peak_memory: None,
            peak_memory_of: None,
            unchanged: None,
            saved_ms: None,
            blocked_by: None,
            cause: None,
            exit_code: None,
            signal: None,
            hints: Vec::new(),
        }
    }

    pub(super) fn taking(self, took: Duration, usage: Usage) -> Self {
        Ended {
            took_ms: Some(ms(took)),
            cpu_ms: usage.cpu_ms,
            peak_memory: usage.peak.map(|peak| peak.bytes),
            peak_memory_of: usage.peak.map(whose),
            ..self
        }
    }

    pub(super) fn because(self, cause: Named, ending: Option<Ending>) -> Self {
        let (exit_code, signal) = match ending {
            Some(Ending::Exit(code)) => (Some(code), None),
            Some(Ending::Undeclared) => (Some(0), None),
            Some(Ending::Signal(signal)) => (None, Some(signal)),
            Some(Ending::NotStarted | Ending::TimedOut) | None => (None, None),
        };
        Ended {
            cause: Some(cause),
            exit_code,
            signal,
            ..self
        }
    }
}

pub(super) fn resources(all: &[(String, u64)]) -> Vec<Resource<'_>> {
    let all = all.iter();
    all.map(|(name, amount)| Resource {
        name,
        amount: *amount,
    })
    .collect()
}

fn ms(time: Duration) -> u64 {
    time.as_millis() as u64
}
