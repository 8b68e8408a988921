//! Past builds and runs as data: `pipe history --json`.
//!
//! Does not know how long they are remembered.

use super::{VERSION, document};
use crate::base::record::{BuildRecord, Ending, Peak, PeakSource, RunRecord};
use crate::report::history::{self, NodeRuns};
use crate::report::words;
use serde::Serialize;

#[derive(Serialize)]
struct Document<'h> {
    version: u32,
    builds: Option<Vec<Build>>,
    nodes: Option<Vec<Node<'h>>>,
}

#[derive(Serialize)]
struct Build {
    build: u32,
    started_ms: u64,
    outcome: &'static str,
    took_ms: Option<u64>,
    jobs: Option<u32>,
    fresh: Option<u32>,
    restored: Option<u32>,
    ran: Option<u32>,
    failed: Option<u32>,
    blocked: Option<u32>,
    stopped: Option<u32>,
    saved_ms: Option<u64>,
}

#[derive(Serialize)]
struct Node<'h> {
    node: &'h str,
    median_ms: Option<u64>,
    runs: Vec<Run>,
}

/// One run of a node.
#[derive(Serialize)]
pub(super) struct Run {
    build: u32,
    started_ms: u64,
    outcome: &'static str,
    exit_code: Option<i32>,
    signal: Option<i32>,
    timed_out: bool,
    took_ms: u64,
    cpu_ms: Option<u64>,
    peak_memory: Option<u64>,
    peak_memory_of: Option<&'static str>,
    why: Option<Why>,
    log: bool,
}

#[derive(Serialize)]
struct Why {
    kind: String,
    subject: Option<String>,
    more: u32,
    text: String,
}

impl Run {
    pub(super) fn of(run: &RunRecord) -> Run {
        let (exit_code, signal) = match run.ending {
            Ending::Exit(code) => (Some(code), None),
            Ending::Undeclared => (Some(0), None),
            Ending::Signal(signal) => (None, Some(signal)),
            Ending::NotStarted | Ending::TimedOut => (None, None),
        };
        Run {
            build: run.build,
            started_ms: run.started_ms,
            outcome: history::run_outcome(run.outcome),
            exit_code,
            signal,
            timed_out: run.ending == Ending::TimedOut,
            took_ms: run.duration_ms,
            cpu_ms: run.usage.cpu_ms,
            peak_memory: run.usage.peak.map(|peak| peak.bytes),
            peak_memory_of: run.usage.peak.map(whose),
            why: run.cause.as_ref().map(|cause| Why {
                kind: cause.kind.clone(),
                subject: cause.subject.clone(),
                more: cause.more,
                text: words::past_cause(cause),
            }),
            log: run.log,
        }
    }
}

/// Whose memory a peak is.
pub(super) fn whose(peak: Peak) -> &'static str {
    match peak.source {
        PeakSource::Sampled => "all",
        PeakSource::LargestProcess => "largest",
    }
}

/// `pipe history --json`.
pub fn builds(builds: &[BuildRecord]) -> String {
    document(&Document {
        version: VERSION,
        builds: Some(builds.iter().map(build).collect()),
        nodes: None,
    })
}

/// `pipe history NODE --json`.
pub fn runs(nodes: &[NodeRuns]) -> String {
    let node = |node: &NodeRuns| -> Vec<Run> { node.runs.iter().map(Run::of).collect() };
    let nodes = nodes.iter().map(|of| Node {
        node: &of.node,
        median_ms: history::median_ms(&of.runs),
        runs: node(of),
    });
    document(&Document {
        version: VERSION,
        builds: None,
        nodes: Some(nodes.collect()),
    })
}

fn build(record: &BuildRecord) -> Build {
    let end = record.end.as_ref();
    Build {
        build: record.build,
        started_ms: record.started_ms,
        outcome: history::outcome(end),
        took_ms: end.map(|end| end.took_ms),
        jobs: end.map(|end| end.jobs),
        fresh: end.map(|end| end.fresh),
        restored: end.map(|end| end.restored),
        ran: end.map(|end| end.ran),
        failed: end.map(|end| end.failed),
        blocked: end.map(|end| end.blocked),
        stopped: end.map(|end| end.stopped),
        saved_ms: end.map(|end| end.saved_ms),
    }
}
