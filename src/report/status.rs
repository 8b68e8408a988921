//! What stands before anything runs, as text: status, plan, list.
//!
//! Knows forecasts as values; does not know how they were made, nor where the text goes.

mod counts;

use super::json::Size;
use super::units;
use super::words;
use crate::base::record::Usage;
use crate::logic::graph::{Graph, NodeId};
use crate::logic::plan::Forecast;
use crate::logic::plan::forecast::{Away, Estimate, Missing, MissingFault};
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

pub(super) use counts::Counts;

/// Widest name that the columns are aligned to, in characters.
const WIDEST_NAME: usize = 32;

/// Of each state that is not fresh, so many nodes are named on one screen.
const OF_A_STATE: usize = 12;

/// What a node's last good run took: how long, in milliseconds, and of the machine.
pub type Took<'a> = &'a dyn Fn(NodeId) -> Option<(u64, Usage)>;

/// What is said of a fresh node.
type Told<'a> = &'a dyn Fn(NodeId) -> String;

/// `pipe status`: counts, then what is not fresh, state by state, each with its first reason, and how long a build
/// would take. With `fresh`, every node by name, also the fresh ones, each with what its run took; without it, of each
/// state so many as fit on a screen.
pub fn status(
    graph: &Graph,
    forecasts: &[Option<Forecast>],
    missing: &[Missing],
    away: &Away,
    fresh: Option<Took<'_>>,
    estimate: Option<Estimate>,
    colour: bool,
) -> String {
    let counts = Counts::of(forecasts, away);
    let mut text = format!("{}\n", counts.sentence());
    let mut states: [(Vec<NodeId>, &str); 5] = [
        (Vec::new(), "whose sources are missing"),
        (Vec::new(), "stale"),
        (Vec::new(), "that may run"),
        (Vec::new(), "to restore"),
        (Vec::new(), "fresh"),
    ];
    for node in graph.order() {
        let state = match &forecasts[node.0 as usize] {
            None => continue,
            Some(Forecast::SourceMissing) => 0,
            Some(Forecast::Stale(_)) => 1,
            Some(Forecast::MayRun(_)) => 2,
            Some(Forecast::Restorable(_)) => 3,
            Some(Forecast::Fresh) if fresh.is_some() => 4,
            Some(Forecast::Fresh) => continue,
        };
        states[state].0.push(node);
    }
    let most = if fresh.is_some() {
        usize::MAX
    } else {
        OF_A_STATE
    };
    let mut shown = Vec::new();
    for (nodes, _) in &states {
        // One more line costs no more than saying that there is one.
        let some = if nodes.len() > most.saturating_add(1) {
            most
        } else {
            nodes.len()
        };
        shown.push(&nodes[..some]);
    }
    let told = |node| {
        let took = fresh.and_then(|took| took(node));
        let took = took.map(|(ms, usage)| words::taken(ms, usage));
        let away = away.contains(&node).then(|| "not on the disk".to_owned());
        let told: Vec<String> = away.into_iter().chain(took).collect();
        told.join("; ")
    };
    let width = name_width(graph, shown.concat().into_iter());
    for ((nodes, what), shown) in states.iter().zip(shown) {
        let line = |node: &NodeId| line(graph, forecasts, missing, &told, colour, width, *node);
        text.extend(shown.iter().map(line));
        if shown.len() < nodes.len() {
            let more = nodes.len() - shown.len();
            let _ = writeln!(
                text,
                "         {more} more {what}; `--all` names every node"
            );
        }
    }
    text.push_str(&estimate.map_or_else(String::new, estimated));
    text
}

/// How long a build would take, in a line.
fn estimated(estimate: Estimate) -> String {
    let Estimate {
        least_ms,
        most_ms,
        guessed,
        jobs,
    } = estimate;
    let jobs = units::count(jobs as usize, "job");
    let mut text = match (least_ms, most_ms) {
        (0, 0) => return String::new(),
        (least, most) if least == most => {
            format!(
                "a build would take about {} with {jobs}",
                units::duration_ms(most)
            )
        }
        (0, most) => format!(
            "a build would take up to about {} with {jobs}",
            units::duration_ms(most)
        ),
        (least, most) => format!(
            "a build would take about {} with {jobs}, or {} when all that may run does",
            units::duration_ms(least),
            units::duration_ms(most)
        ),
    };
    if guessed > 0 {
        let verb = if guessed == 1 { "has" } else { "have" };
        let nodes = units::count(guessed, "node");
        let _ = write!(text, "; a guess, since {nodes} {verb} never run here");
    }
    text + "\n"
}

/// `pipe build -n`: what a build would do.
pub fn plan(graph: &Graph, forecasts: &[Option<Forecast>], away: &Away, colour: bool) -> String {
    let counts = Counts::of(forecasts, away);
    if counts.not_fresh() == 0 {
        return format!("nothing to do: {}\n", counts.sentence());
    }
    let mut parts = Vec::new();
    if counts.stale > 0 {
        parts.push(format!("run {}", units::count(counts.stale, "node")));
    }
    if counts.restorable > 0 {
        parts.push(format!(
            "restore {}",
            units::count(counts.restorable, "node")
        ));
    }
    let mut text = lines(graph, forecasts, &[], colour);
    let _ = write!(text, "would {}", parts.join(", "));
    if counts.may_run > 0 {
        let _ = write!(
            text,
            "; {} may run, depending on what those above write",
            counts.may_run
        );
    }
    text.push('\n');
    text
}

/// `pipe check`, when nothing is wrong.
pub fn checked(size: Size, manifest: &str) -> String {
    format!(
        "{manifest} is sound: {}, {}, {}\n",
        units::count(size.nodes, "node"),
        units::count(size.outputs, "output"),
        units::count(size.sources, "source")
    )
}

/// How large the project is.
pub fn size(graph: &Graph) -> Size {
    let outputs = graph
        .paths()
        .filter(|&path| graph.producer(path).is_some())
        .count();
    let sources = graph
        .nodes()
        .flat_map(|node| graph.inputs(node))
        .filter(|input| graph.producer(input.path).is_none() && !input.mixed);
    let mut ids: Vec<u32> = sources.map(|input| input.path.0).collect();
    ids.sort_unstable();
    ids.dedup();
    Size {
        nodes: graph.len(),
        outputs,
        sources: ids.len(),
    }
}

/// `pipe list`: a line a node; with `long`, what each reads and writes below it.
pub fn list(graph: &Graph, members: &[bool], long: bool) -> String {
    let chosen: Vec<NodeId> = graph
        .nodes()
        .filter(|node| members[node.0 as usize])
        .collect();
    let width = name_width(graph, chosen.iter().copied());
    let mut text = String::new();
    for node in chosen {
        let exclusive = match graph.exclusive(node) {
            Some(crate::logic::manifest::Exclusive::Alone) => "[exclusive] ".to_owned(),
            Some(crate::logic::manifest::Exclusive::Group(word)) => format!("[exclusive {word}] "),
            None => String::new(),
        };
        let line = format!(
            "{:width$}  {exclusive}{}",
            graph.name(node),
            graph.about(node)
        );
        let _ = writeln!(text, "{}", line.trim_end());
        if long {
            for input in graph.inputs(node) {
                let _ = writeln!(text, "    reads   {}", graph.path(input.path));
            }
            for output in graph.outputs(node) {
                let _ = writeln!(text, "    writes  {}", graph.path(output.path));
            }
        }
    }
    text
}

/// What a node needs and what is not fresh.
pub(super) fn unsettled_needs(
    graph: &Graph,
    forecasts: &[Option<Forecast>],
    node: NodeId,
) -> Vec<NodeId> {
    let unsettled = |need: &NodeId| *forecast(forecasts, *need) != Forecast::Fresh;
    graph.needs(node).filter(unsettled).collect()
}

/// A node's state in a word or two.
pub(super) fn word(forecast: &Forecast) -> &'static str {
    match forecast {
        Forecast::Fresh => "fresh",
        Forecast::Restorable(_) => "cached",
        Forecast::Stale(_) => "stale",
        Forecast::MayRun(_) => "may run",
        Forecast::SourceMissing => "missing",
    }
}

pub(super) fn forecast(forecasts: &[Option<Forecast>], node: NodeId) -> &Forecast {
    forecasts[node.0 as usize]
        .as_ref()
        .expect("what a selected node needs is selected too")
}

fn lines(
    graph: &Graph,
    forecasts: &[Option<Forecast>],
    missing: &[Missing],
    colour: bool,
) -> String {
    let shown = |node: &NodeId| match &forecasts[node.0 as usize] {
        None | Some(Forecast::Fresh) => false,
        Some(_) => true,
    };
    let nodes: Vec<NodeId> = graph.order().filter(shown).collect();
    let width = name_width(graph, nodes.iter().copied());
    nodes
        .into_iter()
        .map(|node| {
            line(
                graph,
                forecasts,
                missing,
                &|_| String::new(),
                colour,
                width,
                node,
            )
        })
        .collect()
}

fn line(
    graph: &Graph,
    forecasts: &[Option<Forecast>],
    missing: &[Missing],
    fresh: Told<'_>,
    colour: bool,
    width: usize,
    node: NodeId,
) -> String {
    let forecast = forecast(forecasts, node);
    let style = match forecast {
        Forecast::Fresh => Style::new(),
        Forecast::Restorable(_) => AnsiColor::Green.on_default(),
        Forecast::Stale(_) => AnsiColor::Yellow.on_default(),
        Forecast::MayRun(_) => AnsiColor::Cyan.on_default(),
        Forecast::SourceMissing => AnsiColor::Red.on_default(),
    };
    let reason = match forecast {
        Forecast::Fresh => fresh(node),
        Forecast::Restorable(_) => format!(
            "will be restored: {}",
            first_reason(graph, forecasts, missing, node)
        ),
        _ => first_reason(graph, forecasts, missing, node),
    };
    let word = word(forecast);
    let style = if colour { style } else { Style::new() };
    let line = format!(
        "{style}{word:<8}{style:#} {:width$}  {reason}",
        graph.name(node)
    );
    format!("{}\n", line.trim_end())
}

/// The first reason why a node is not fresh, in a line.
pub(super) fn first_reason(
    graph: &Graph,
    forecasts: &[Option<Forecast>],
    missing: &[Missing],
    node: NodeId,
) -> String {
    match forecast(forecasts, node) {
        Forecast::Fresh => String::new(),
        Forecast::Restorable(reasons) | Forecast::Stale(reasons) => first(reasons),
        Forecast::MayRun(upstream) => format!(
            "needs `{}`, which is not settled yet",
            graph.name(*upstream)
        ),
        Forecast::SourceMissing => {
            let first = missing.iter().find(|missing| missing.node == node);
            first.map_or_else(String::new, missing_words)
        }
    }
}

fn first(reasons: &[crate::logic::plan::Reason]) -> String {
    let Some(reason) = reasons.first() else {
        return String::new();
    };
    let sentence = words::sentence(reason);
    let sentence = sentence
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end_matches(':');
    match reasons.len() {
        1 => sentence.to_owned(),
        more => format!("{sentence} (and {} more)", more - 1),
    }
}

pub(super) fn missing_words(missing: &Missing) -> String {
    let what = &missing.what;
    match &missing.fault {
        MissingFault::NotThere => format!("source {what} is not there"),
        MissingFault::NoMatch => format!("{what} matches nothing"),
        MissingFault::Special => format!("{what} is or holds a FIFO, socket or device"),
        MissingFault::NotADirectory => format!("{what} is not a directory"),
        MissingFault::Unreadable(said) => said.clone(),
    }
}

fn name_width(graph: &Graph, nodes: impl Iterator<Item = NodeId>) -> usize {
    nodes
        .map(|node| graph.name(node).chars().count())
        .max()
        .unwrap_or(0)
        .min(WIDEST_NAME)
}
