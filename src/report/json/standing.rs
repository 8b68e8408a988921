//! What stands before anything runs: `pipe status` and `pipe why` as documents.
//!
//! Knows forecasts as values; does not know how they were made.

use super::history::Run;
use super::reasons::{Lacking, Told, Whole};
use super::{VERSION, document};
use crate::base::record::{NodeRecord, Origin, RunRecord};
use crate::logic::graph::lookup::Whereabouts;
use crate::logic::graph::{Graph, NodeId};
use crate::logic::plan::Forecast;
use crate::logic::plan::forecast::{Away, Estimate, Missing};
use crate::report::status::{self, Counts};
use crate::report::why::More;
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// What is known of a project's nodes.
pub struct Standing<'s> {
    /// The project.
    pub graph: &'s Graph,
    /// By node number; `None` for nodes that were not asked for.
    pub forecasts: &'s [Option<Forecast>],
    /// Sources that cannot be read.
    pub missing: &'s [Missing],
    /// Fresh nodes whose outputs do not stand.
    pub away: &'s Away,
    /// What is remembered of a node: the last time it was up to date, and its last run here.
    pub remembered: &'s dyn Fn(NodeId) -> (Option<NodeRecord>, Option<RunRecord>),
}

#[derive(Serialize)]
struct StatusDocument<'s> {
    version: u32,
    counts: Counts,
    estimate: Option<Expected>,
    nodes: Vec<Entry<'s>>,
}

/// How long a build would take.
#[derive(Serialize)]
struct Expected {
    least_ms: u64,
    most_ms: u64,
    guessed: usize,
    jobs: u32,
}

#[derive(Serialize)]
struct WhyDocument<'s> {
    version: u32,
    asked: Vec<&'s str>,
    path: Option<Place<'s>>,
    nodes: Vec<WhyEntry<'s>>,
}

/// A path that was asked for.
#[derive(Serialize)]
struct Place<'s> {
    path: String,
    written_by: Vec<&'s str>,
    read_by: Vec<&'s str>,
}

#[derive(Serialize)]
struct Entry<'s> {
    node: &'s str,
    state: String,
    away: bool,
    reasons: Vec<Whole<'s>>,
    waits_for: Option<&'s str>,
    missing: Vec<Lacking<'s>>,
    up_to_date: Option<UpToDate>,
    last_run: Option<Run>,
}

#[derive(Serialize)]
struct WhyEntry<'s> {
    #[serde(flatten)]
    entry: Entry<'s>,
    unsettled_needs: Vec<&'s str>,
    own_changes: Vec<Told>,
    made: Option<Made>,
    since: Option<Since>,
}

/// Where the result was made that the node stands with, or will be restored from.
#[derive(Serialize)]
struct Made {
    build: u32,
    started_ms: u64,
    here: bool,
}

/// The build with whose state the reasons compare.
#[derive(Serialize)]
struct Since {
    build: u32,
    started_ms: Option<u64>,
}

/// The last time a node was up to date.
#[derive(Serialize)]
struct UpToDate {
    build: u32,
    how: &'static str,
    key: String,
    took_ms: u64,
}

/// `pipe status --json`: every node that was asked for, in the order in which a build comes to them.
pub fn status(standing: &Standing<'_>, estimate: Option<Estimate>) -> String {
    let asked = |node: &NodeId| standing.forecasts[node.0 as usize].is_some();
    let missing = by_node(standing.missing);
    let nodes = standing.graph.order().filter(asked);
    document(&StatusDocument {
        version: VERSION,
        counts: Counts::of(standing.forecasts, standing.away),
        estimate: estimate.map(|estimate| Expected {
            least_ms: estimate.least_ms,
            most_ms: estimate.most_ms,
            guessed: estimate.guessed,
            jobs: estimate.jobs,
        }),
        nodes: nodes.map(|node| entry(standing, &missing, node)).collect(),
    })
}

/// `pipe why --json`: the nodes that were asked for, then those above them that are not settled, each once.
pub fn why(
    standing: &Standing<'_>,
    more: &More<'_>,
    asked: &[NodeId],
    path: Option<&Whereabouts>,
) -> String {
    let missing = by_node(standing.missing);
    let names = |nodes: &[NodeId]| {
        nodes
            .iter()
            .map(|&node| standing.graph.name(node))
            .collect()
    };
    let mut told: HashSet<NodeId> = HashSet::new();
    let mut queue: Vec<NodeId> = asked.iter().rev().copied().collect();
    let mut nodes = Vec::new();
    while let Some(node) = queue.pop() {
        if !told.insert(node) {
            continue;
        }
        let above = status::unsettled_needs(standing.graph, standing.forecasts, node);
        nodes.push(why_entry(standing, more, &missing, node, names(&above)));
        queue.extend(above.into_iter().rev());
    }
    document(&WhyDocument {
        version: VERSION,
        asked: names(asked),
        path: path.map(|found| Place {
            path: found.path.to_string(),
            written_by: names(&found.writers),
            read_by: names(&found.readers),
        }),
        nodes,
    })
}
fn why_entry<'s>(
    standing: &Standing<'s>,
    more: &More<'_>,
    missing: &HashMap<NodeId, Vec<&'s Missing>>,
    node: NodeId,
    unsettled_needs: Vec<&'s str>,
) -> WhyEntry<'s> {
    let mut entry = entry(standing, missing, node);
    let forecast = status::forecast(standing.forecasts, node);
    if let Forecast::Restorable(reasons) | Forecast::Stale(reasons) = forecast {
        entry.reasons = Whole::all_named(reasons, &|reason| (more.names)(node, reason));
    }
    let made = (more.made)(node);
    WhyEntry {
        unsettled_needs,
        own_changes: Told::all(&(more.own)(node)),
        made: made.map(|made| Made {
            build: made.build,
            started_ms: made.started_ms,
            here: made.here,
        }),
        since: entry
            .up_to_date
            .as_ref()
            .filter(|_| *forecast != Forecast::Fresh)
            .map(|last| Since {
                build: last.build,
                started_ms: more.starts.get(&last.build).copied(),
            }),
        entry,
    }
}

pub(super) fn by_node(missing: &[Missing]) -> HashMap<NodeId, Vec<&Missing>> {
    let mut by_node: HashMap<NodeId, Vec<&Missing>> = HashMap::new();
    for missing in missing {
        by_node.entry(missing.node).or_default().push(missing);
    }
    by_node
}

fn entry<'s>(
    standing: &Standing<'s>,
    missing: &HashMap<NodeId, Vec<&'s Missing>>,
    node: NodeId,
) -> Entry<'s> {
    let forecast = status::forecast(standing.forecasts, node);
    let reasons = match forecast {
        Forecast::Restorable(reasons) | Forecast::Stale(reasons) => Whole::all(reasons),
        Forecast::Fresh | Forecast::MayRun(_) | Forecast::SourceMissing => Vec::new(),
    };
    let (record, run) = (standing.remembered)(node);
    Entry {
        node: standing.graph.name(node),
        state: status::word(forecast).replace(' ', "-"),
        away: standing.away.contains(&node),
        reasons,
        waits_for: match forecast {
            Forecast::MayRun(need) => Some(standing.graph.name(*need)),
            _ => None,
        },
        missing: missing
            .get(&node)
            .into_iter()
            .flatten()
            .map(|missing| Lacking::of(missing))
            .collect(),
        up_to_date: record.map(|record| UpToDate {
            build: record.build,
            how: match record.origin {
                Origin::Ran => "ran",
                Origin::Restored => "restored",
                Origin::Found => "found",
            },
            key: record.key.0.to_string(),
            took_ms: record.result.duration_ms,
        }),
        last_run: run.map(|run| Run::of(&run)),
    }
}
