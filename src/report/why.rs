//! `pipe why`: the whole chain of reasons of a node, down to its roots, or how it came to be fresh; and who has to do
//! with a path.
//!
//! Knows values; does not know how they were found, nor where the text goes.

use super::json::Standing;
use super::status::{first_reason, forecast, missing_words, unsettled_needs, word};
use super::{changes, failures, units, words};
use crate::base::record::{NodeRecord, Origin, RunOutcome, RunRecord};
use crate::logic::graph::lookup::Whereabouts;
use crate::logic::graph::{Graph, NodeId};
use crate::logic::plan::forecast::MadeIn;
use crate::logic::plan::names::NameChanges;
use crate::logic::plan::{Forecast, Reason};
use std::collections::HashMap;
use std::fmt::Write;

/// So many inputs that came, or went, are told one by one.
const ONE_BY_ONE: usize = 5;

/// What there is to say of nodes beside their forecasts.
pub struct More<'m> {
    /// Where the result was made that a node stands with, or will be restored from.
    pub made: &'m dyn Fn(NodeId) -> Option<MadeIn>,
    /// What changed in the directory that a reason is about.
    pub names: &'m dyn Fn(NodeId, &Reason) -> Option<NameChanges>,
    /// Of a node that may run, what changed in itself.
    pub own: &'m dyn Fn(NodeId) -> Vec<Reason>,
    /// When remembered builds began, milliseconds since 1970 UTC, by number.
    pub starts: &'m HashMap<u32, u64>,
    /// Now, the same way.
    pub now_ms: u64,
}

impl More<'_> {
    /// `build 12, 3 days ago`.
    fn build(&self, build: u32) -> String {
        match self.starts.get(&build) {
            Some(started) => format!("build {build}, {}", self.ago(*started)),
            None => format!("build {build}"),
        }
    }

    fn made(&self, made: MadeIn) -> String {
        let place = if made.here {
            ""
        } else {
            ", in another checkout"
        };
        format!("build {}, {}{place}", made.build, self.ago(made.started_ms))
    }

    fn ago(&self, ms: u64) -> String {
        units::ago(self.now_ms.saturating_sub(ms))
    }
}

/// A node's own reasons, then those of every node above it that is not fresh, down to the roots.
pub fn why(standing: &Standing<'_>, more: &More<'_>, node: NodeId) -> String {
    let graph = standing.graph;
    let mut text = String::new();
    let mut told = vec![false; graph.len()];
    let mut queue = vec![(node, 0)];
    while let Some((node, depth)) = queue.pop() {
        let indent = "  ".repeat(depth);
        let name = graph.name(node);
        if std::mem::replace(&mut told[node.0 as usize], true) {
            let _ = writeln!(text, "{indent}`{name}`: see above");
            continue;
        }
        text.push_str(&of_one(standing, more, node, &indent));
        let above = unsettled_needs(graph, standing.forecasts, node);
        queue.extend(above.into_iter().rev().map(|need| (need, depth + 1)));
    }
    text
}

fn of_one(standing: &Standing<'_>, more: &More<'_>, node: NodeId, indent: &str) -> String {
    let name = standing.graph.name(node);
    let (record, run) = (standing.remembered)(node);
    let mut text = format!("{indent}`{name}` ");
    match forecast(standing.forecasts, node) {
        Forecast::Fresh => {
            let made = (more.made)(node);
            text.push_str(&fresh(more, record.as_ref(), made, indent));
            if standing.away.contains(&node) {
                let _ = writeln!(
                    text,
                    "{indent}  its outputs are not on the disk: nothing that has to run reads them"
                );
            }
        }
        Forecast::Restorable(reasons) => {
            text.push_str("will be restored from the cache");
            let made = (more.made)(node);
            if let Some(made) = made {
                let _ = write!(text, ": same key as in {}", more.made(made));
            }
            // The build that is compared with is mostly the one that made the result, and is told already.
            let of_then = |record: &&NodeRecord| {
                made.is_none_or(|made| !made.here || made.build != record.build)
            };
            let record = record.as_ref().filter(of_then);
            let since = since(more, record, reasons, "; since");
            let _ = writeln!(text, "{since}:");
            text.push_str(&told(more, node, reasons, run.as_ref(), indent));
        }
        Forecast::Stale(reasons) => {
            let since = since(more, record.as_ref(), reasons, "; since");
            let _ = writeln!(text, "has to run{since}:");
            text.push_str(&told(more, node, reasons, run.as_ref(), indent));
            text.push_str(&not_kept(reasons, indent));
            text.push_str(&failed_too(more, reasons, run.as_ref(), name, indent));
        }
        Forecast::SourceMissing => {
            text.push_str("cannot run:\n");
            for missing in standing.missing.iter().filter(|other| other.node == node) {
                let _ = writeln!(text, "{indent}  - {}", missing_words(missing));
            }
        }
        Forecast::MayRun(_) => {
            let own = (more.own)(node);
            if own.is_empty() {
                text.push_str("may run, depending on what these write:\n");
            } else {
                let since = since(more, record.as_ref(), &own, "; since");
                let _ = writeln!(text, "may run{since}:");
                text.push_str(&told(more, node, &own, run.as_ref(), indent));
                let _ = writeln!(text, "{indent}  and it depends on what these write:");
            }
        }
    }
    text
}

/// The build with whose state the reasons compare, if they compare.
fn since(more: &More<'_>, record: Option<&NodeRecord>, reasons: &[Reason], before: &str) -> String {
    match record.filter(|_| reasons.iter().any(is_comparison)) {
        Some(record) => format!("{before} {}", more.build(record.build)),
        None => String::new(),
    }
}

fn is_comparison(reason: &Reason) -> bool {
    !matches!(
        reason,
        Reason::NeverRan
            | Reason::LastRunFailed
            | Reason::LastRunUndeclared
            | Reason::ProbeFailed(_)
            | Reason::Forced
            | Reason::Always
    )
}

fn told(
    more: &More<'_>,
    node: NodeId,
    reasons: &[Reason],
    run: Option<&RunRecord>,
    indent: &str,
) -> String {
    let mut text = String::new();
    let mut counts = [0_usize; 2];
    for reason in reasons {
        let kind = match reason {
            Reason::InputAdded(_) => Some(0),
            Reason::InputRemoved(_) => Some(1),
            _ => None,
        };
        if let Some(kind) = kind {
            counts[kind] += 1;
            if counts[kind] > ONE_BY_ONE {
                continue;
            }
        }
        let mut sentence = words::sentence(reason);
        if let Some(names) = (more.names)(node, reason) {
            let _ = write!(sentence, ":{}", changes::names(&names));
        }
        match (reason, run) {
            (Reason::LastRunFailed, Some(run)) => {
                let _ = write!(sentence, " ({})", ended(more, run));
            }
            (Reason::LastRunUndeclared, Some(run)) => {
                let _ = write!(
                    sentence,
                    ", in {}; `pipe trace {}` names them",
                    more.build(run.build),
                    run.node
                );
            }
            _ => {}
        }
        let sentence = sentence.replace('\n', &format!("\n{indent}    "));
        let _ = writeln!(text, "{indent}  - {sentence}");
    }
    for (count, what) in counts.into_iter().zip(["new", "not read any more"]) {
        if count > ONE_BY_ONE {
            let rest = units::count(count - ONE_BY_ONE, "more input");
            let verb = if count - ONE_BY_ONE == 1 { "is" } else { "are" };
            let _ = writeln!(text, "{indent}  - {rest} {verb} {what}");
        }
    }
    text
}

/// Where nothing but outputs is not as it was, one asks why they are not restored.
fn not_kept(reasons: &[Reason], indent: &str) -> String {
    let is_output = |reason: &Reason| {
        matches!(
            reason,
            Reason::OutputMissing(_) | Reason::OutputChanged { .. }
        )
    };
    match reasons.iter().all(is_output) {
        true => format!("{indent}  its key is as it was, but the cache does not have its result\n"),
        false => String::new(),
    }
}

/// A node that changed since its last good run may also have failed since: what stands in the log is of that run.
fn failed_too(
    more: &More<'_>,
    reasons: &[Reason],
    run: Option<&RunRecord>,
    name: &str,
    indent: &str,
) -> String {
    let failed = run.filter(|run| run.outcome == RunOutcome::Failed);
    match failed.filter(|_| reasons.iter().any(is_comparison)) {
        Some(run) => format!(
            "{indent}  its last run failed ({}); `pipe log {name}` shows what it printed\n",
            ended(more, run)
        ),
        None => String::new(),
    }
}

/// `exit code 3, in build 4, 2 min ago`.
fn ended(more: &More<'_>, run: &RunRecord) -> String {
    let build = more.build(run.build);
    format!("{}, in {build}", failures::remembered(run))
}

/// How a fresh node came to be fresh.
fn fresh(
    more: &More<'_>,
    record: Option<&NodeRecord>,
    made: Option<MadeIn>,
    indent: &str,
) -> String {
    let mut text = "is fresh".to_owned();
    let ran = made.map(|made| more.made(made));
    let Some(record) = record else {
        if let Some(ran) = ran {
            let _ = write!(
                text,
                ": its outputs belong to its key, which is that of {ran}"
            );
        }
        return text + "\n";
    };
    let here = more.build(record.build);
    let how = match (record.origin, ran) {
        (Origin::Ran, _) => format!("its command ran in {here}"),
        (Origin::Restored, Some(ran)) => {
            format!("its outputs were restored in {here}, from the run in {ran}")
        }
        (Origin::Restored, None) => format!("its outputs were restored in {here}"),
        (Origin::Found, Some(ran)) => {
            format!("its outputs stood already in {here}, with the key of the run in {ran}")
        }
        (Origin::Found, None) => format!("its outputs stood already in {here}"),
    };
    if indent.is_empty() {
        let inputs = units::count(record.parts.inputs.len(), "input");
        let took = words::taken(record.result.duration_ms, record.result.usage);
        let _ = write!(
            text,
            ": {how}; {inputs}, the command and the outputs are as they were then\n  its run took {took}\n  key {}",
            record.key.0.short()
        );
    }
    text + "\n"
}

/// Who has to do with a path: who writes it, who reads it, and how these stand.
pub fn path(standing: &Standing<'_>, found: &Whereabouts) -> String {
    let Standing {
        graph,
        forecasts,
        missing,
        ..
    } = *standing;
    let path = &found.path;
    let mut text = match &found.writers[..] {
        [] => format!("{path} is a source: no node writes it\n"),
        writers => format!("{path} is written by {}\n", names(graph, writers)),
    };
    if found.readers.is_empty() {
        text.push_str("no node reads it\n");
        return text;
    }
    text.push_str("these read it:\n");
    for &reader in &found.readers {
        let state = word(forecast(forecasts, reader));
        let reason = first_reason(graph, forecasts, missing, reader);
        let line = format!("  {state:<8} {}  {reason}", graph.name(reader));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

fn names(graph: &Graph, nodes: &[NodeId]) -> String {
    let names = nodes.iter().map(|&node| format!("`{}`", graph.name(node)));
    names.collect::<Vec<_>>().join(", ")
}
