//! `pipe graph --format json`: the nodes that are shown, the cards that they stand on, the lines between these.
//!
//! The page that `pipe graph --format html` writes reads the same document. Knows nothing of places.

use super::list::{self, Alone};
use super::reasons::{Lacking, Told};
use super::standing::by_node;
use super::{VERSION, document};
use crate::logic::drawing::{Card, Line};
use crate::logic::graph::NodeId;
use crate::logic::plan::Forecast;
use crate::logic::plan::forecast::Missing;
use crate::report::graph::Picture;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

#[derive(Serialize)]
struct Document<'p> {
    version: u32,
    counts: BTreeMap<&'static str, usize>,
    longest_path: Option<Longest<'p>>,
    cards: Vec<CardEntry<'p>>,
    lines: Vec<LineEntry>,
    nodes: Vec<Entry<'p>>,
}

#[derive(Serialize)]
struct Longest<'p> {
    of: &'static str,
    nodes: Vec<&'p str>,
    expected_ms: u64,
    guessed: usize,
}

#[derive(Serialize)]
struct CardEntry<'p> {
    name: &'p str,
    nodes: Vec<&'p str>,
    state: &'static str,
    counts: BTreeMap<&'static str, usize>,
    exclusive: Alone,
    expected_ms: u64,
    guessed: bool,
    longest: bool,
}

#[derive(Serialize)]
struct LineEntry {
    from: u32,
    to: u32,
    kind: &'static str,
    pairs: u32,
    longest: bool,
}

#[derive(Serialize)]
struct Entry<'p> {
    #[serde(flatten)]
    declared: list::Entry<'p>,
    card: u32,
    state: &'static str,
    reasons: Vec<Told>,
    waits_for: Option<&'p str>,
    missing: Vec<Lacking<'p>>,
    expected_ms: u64,
    guessed: bool,
    longest: bool,
}

/// See the module.
pub fn graph(picture: &Picture<'_>) -> String {
    document(&whole(picture))
}

/// The same in one line, for inside a page.
pub(in crate::report) fn graph_in_a_line(picture: &Picture<'_>) -> String {
    serde_json::to_string(&whole(picture)).expect("texts and numbers can always be written as JSON")
}

fn whole<'p>(picture: &'p Picture<'p>) -> Document<'p> {
    let drawing = picture.drawing;
    let graph = picture.standing.graph;
    let missing = by_node(picture.standing.missing);
    let mut on_path = vec![false; graph.len()];
    for node in &drawing.longest.nodes {
        on_path[node.0 as usize] = true;
    }
    let nodes = drawing.cards.iter().flat_map(|card| &card.nodes);
    let states = picture.all_states().into_iter();
    Document {
        version: VERSION,
        counts: states.map(|(state, count)| (state.code(), count)).collect(),
        longest_path: (!drawing.longest.nodes.is_empty()).then(|| longest(picture)),
        cards: drawing
            .cards
            .iter()
            .map(|card| entry_of_card(picture, card))
            .collect(),
        lines: drawing.lines.iter().map(entry_of_line).collect(),
        nodes: nodes
            .map(|&node| entry(picture, &missing, node, on_path[node.0 as usize]))
            .collect(),
    }
}

fn longest<'p>(picture: &'p Picture<'p>) -> Longest<'p> {
    let longest = &picture.drawing.longest;
    let nodes = longest.nodes.iter();
    Longest {
        of: if longest.is_ahead { "ahead" } else { "all" },
        nodes: nodes
            .map(|&node| picture.standing.graph.name(node))
            .collect(),
        expected_ms: longest.expected_ms,
        guessed: longest.guessed,
    }
}

fn entry_of_card<'p>(picture: &'p Picture<'p>, card: &'p Card) -> CardEntry<'p> {
    let graph = picture.standing.graph;
    let states = picture.states(card);
    let (expected_ms, guessed) = picture.expected(card);
    CardEntry {
        name: &card.name,
        nodes: card.nodes.iter().map(|&node| graph.name(node)).collect(),
        state: states[0].0.code(),
        counts: states
            .into_iter()
            .map(|(state, count)| (state.code(), count))
            .collect(),
        exclusive: Alone::of(graph.exclusive(card.nodes[0])),
        expected_ms,
        guessed,
        longest: card.is_longest,
    }
}

fn entry_of_line(line: &Line) -> LineEntry {
    LineEntry {
        from: line.from,
        to: line.to,
        kind: if line.reads { "needs" } else { "after" },
        pairs: line.count,
        longest: line.is_longest,
    }
}

fn entry<'p>(
    picture: &'p Picture<'p>,
    missing: &HashMap<NodeId, Vec<&'p Missing>>,
    node: NodeId,
    longest: bool,
) -> Entry<'p> {
    let place = node.0 as usize;
    let graph = picture.standing.graph;
    let (reasons, waits_for) = match &picture.standing.forecasts[place] {
        Some(Forecast::Restorable(reasons) | Forecast::Stale(reasons)) => {
            (Told::all(reasons), None)
        }
        Some(Forecast::MayRun(need)) => (Vec::new(), Some(graph.name(*need))),
        Some(Forecast::Fresh | Forecast::SourceMissing) | None => (Vec::new(), None),
    };
    let lacking = missing.get(&node).into_iter().flatten();
    let (expected_ms, guessed) = picture.expected[place].unwrap_or((0, true));
    Entry {
        declared: list::entry(graph, node),
        card: picture.drawing.card_of[place].unwrap_or_default(),
        state: picture.state(node).code(),
        reasons,
        waits_for,
        missing: lacking.map(|missing| Lacking::of(missing)).collect(),
        expected_ms,
        guessed,
        longest,
    }
}
