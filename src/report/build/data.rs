//! What the page's script reads. Private to the page: its form may change with every version.
//!
//! Times are milliseconds since the build began, sizes are bytes. Does not know how it is drawn.

use super::{Found, Telling, code, counted, plain};
use crate::base::record::RunRecord;
use crate::base::story::{Fate, NodeStory, Story};
use crate::report::words;
use crate::report::{failures, history};
use serde::Serialize;
use std::collections::BTreeMap;

/// So many bytes of a log are taken along; of a failed node's more.
const LOG: u64 = 8 * 1024;
const LOG_OF_FAILED: u64 = 128 * 1024;
/// So much of all logs together, in bytes.
const ALL_LOGS: u64 = 16 * 1024 * 1024;
/// So many runs are plotted.
const RUNS: usize = 30;

#[derive(Serialize)]
pub(super) struct Data<'t> {
    build: u32,
    took: u64,
    jobs: u32,
    lanes: u32,
    drawn: bool,
    memory: &'t [(u64, u64)],
    rooms: Vec<(u32, u64, u64)>,
    path: Vec<u32>,
    nodes: Vec<Node<'t>>,
    cards: Vec<Card<'t>>,
    lines: Vec<(u32, u32)>,
}

#[derive(Serialize)]
struct Node<'t> {
    name: &'t str,
    state: &'static str,
    card: u32,
    needs: &'t [u32],
    after: &'t [u32],
    alone: bool,
    slots: u32,
    command: &'t str,
    inputs: &'t [String],
    outputs: Vec<(&'t str, Option<u64>)>,
    reasons: Vec<String>,
    checked: Option<u64>,
    queued: Option<u64>,
    settled: Option<u64>,
    tries: Vec<Try>,
    took: Option<u64>,
    saved: u64,
    cpu: Option<u64>,
    peak: Option<u64>,
    key: Option<String>,
    unchanged: bool,
    ended: String,
    log: Option<Log>,
    runs: Vec<(u32, u64, &'static str)>,
    usual: Option<u64>,
}

#[derive(Serialize)]
struct Try {
    from: u64,
    to: u64,
    took: u64,
    lanes: Vec<u32>,
}

#[derive(Serialize)]
struct Log {
    text: String,
    cut: bool,
}

#[derive(Serialize)]
struct Card<'t> {
    name: &'t str,
    nodes: Vec<u32>,
    counts: BTreeMap<&'static str, usize>,
}

pub(super) fn data<'t>(telling: &'t Telling<'_>, found: &'t Found, drawn: bool) -> Data<'t> {
    let story: &'t Story = telling.story;
    let mut logs = logs(telling);
    let mut lanes: Vec<Vec<Vec<u32>>> = story
        .nodes
        .iter()
        .map(|node| vec![Vec::new(); node.tries.len()])
        .collect();
    for bar in &found.bars {
        lanes[bar.node as usize][bar.attempt as usize].clone_from(&bar.lanes);
    }
    let nodes = story.nodes.iter().zip(lanes).enumerate();
    let nodes = nodes.map(|(place, (node, lanes))| {
        let card = found.drawing.card_of[place].unwrap_or_default();
        entry(telling, node, card, lanes, logs.remove(&place))
    });
    let cards = found.drawing.cards.iter().map(|card| Card {
        name: &card.name,
        nodes: card.nodes.iter().map(|node| node.0).collect(),
        counts: counted(card.nodes.iter().map(|node| &story.nodes[node.0 as usize]))
            .into_iter()
            .map(|(fate, count)| (code(fate), count))
            .collect(),
    });
    Data {
        build: story.build,
        took: story.took_ms,
        jobs: story.jobs,
        lanes: found.lanes,
        drawn,
        memory: &story.memory,
        rooms: story
            .rooms
            .iter()
            .map(|room| (room.node, room.from_ms, room.to_ms))
            .collect(),
        path: found.path.iter().map(|step| step.node).collect(),
        nodes: nodes.collect(),
        cards: cards.collect(),
        lines: found
            .drawing
            .lines
            .iter()
            .map(|line| (line.from, line.to))
            .collect(),
    }
}

/// By place of the node; failed ones first, as long as there is room.
fn logs(telling: &Telling<'_>) -> BTreeMap<usize, Log> {
    let mut order: Vec<usize> = (0..telling.story.nodes.len()).collect();
    let is_failed = |place: &usize| telling.story.nodes[*place].fate == Fate::Failed;
    order.sort_by_key(|place| !is_failed(place));
    let (mut left, mut logs) = (ALL_LOGS, BTreeMap::new());
    for place in order {
        let node = &telling.story.nodes[place];
        let most = if is_failed(&place) {
            LOG_OF_FAILED
        } else {
            LOG
        };
        if left < most || node.fate == Fate::Fresh {
            continue;
        }
        if let Some((bytes, cut)) = (telling.log)(node, most) {
            left -= (bytes.len() as u64).min(left);
            let text = plain(&bytes);
            logs.insert(place, Log { text, cut });
        }
    }
    logs
}

fn entry<'t>(
    telling: &'t Telling<'_>,
    node: &'t NodeStory,
    card: u32,
    lanes: Vec<Vec<u32>>,
    log: Option<Log>,
) -> Node<'t> {
    let runs = (telling.runs)(&node.name);
    let point = |run: &RunRecord| {
        (
            run.build,
            run.duration_ms,
            history::run_outcome(run.outcome),
        )
    };
    let tries = node.tries.iter().zip(lanes);
    Node {
        name: &node.name,
        state: code(node.fate),
        card,
        needs: &node.needs,
        after: &node.after,
        alone: node.takes.alone,
        slots: node.takes.slots,
        command: &node.command,
        inputs: &node.inputs,
        outputs: node
            .outputs
            .iter()
            .map(|output| (&*output.path, output.size))
            .collect(),
        reasons: node.reasons.iter().map(words::past_cause).collect(),
        checked: node.checked_ms,
        queued: node.queued_ms,
        settled: node.settled_ms,
        tries: tries
            .map(|(one, lanes)| Try {
                from: one.started_ms,
                to: one.ended_ms,
                took: one.took_ms,
                lanes,
            })
            .collect(),
        took: node.took_ms(),
        saved: node.saved_ms,
        cpu: node.usage.cpu_ms,
        peak: node.usage.peak.map(|peak| peak.bytes),
        key: node.key.map(|key| key.0.short().to_string()),
        unchanged: node.unchanged,
        ended: match node.fate {
            Fate::Failed => ended(&runs, telling.story.build),
            _ => String::new(),
        },
        log,
        runs: runs[runs.len().saturating_sub(RUNS)..]
            .iter()
            .map(point)
            .collect(),
        usual: history::median_ms(&runs),
    }
}

/// How the last try of a build ended.
pub(super) fn ended(runs: &[RunRecord], build: u32) -> String {
    let run = runs.iter().rev().find(|run| run.build == build);
    run.map(failures::remembered).unwrap_or_default()
}
