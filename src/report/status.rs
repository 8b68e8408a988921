//! What stands before anything runs, as text: status, plan, why, list.
//!
//! Knows forecasts as values; does not know how they were made, nor where the text goes.

mod counts;

pub(super) use counts::Counts;

use super::json::Size;
use super::units;
use super::words;
use crate::base::record::{NodeRecord, Origin, Usage};
use crate::logic::graph::{Graph, NodeId};
use crate::logic::plan::Forecast;
use crate::logic::plan::forecast::{Away, Missing, MissingFault};
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

/// Widest name that the columns are aligned to, in characters.
const WIDEST_NAME: usize = 32;

/// What a node's last good run took: how long, in milliseconds, and of the machine.
pub type Took<'a> = &'a dyn Fn(NodeId) -> Option<(u64, Usage)>;

/// What is said of a fresh node.
type Told<'a> = &'a dyn Fn(NodeId) -> String;

/// `pipe status`: counts, then what is not fresh, each with its first reason. With `fresh`, also what is fresh, each
/// with what its run took.
pub fn status(
    graph: &Graph,
    forecasts: &[Option<Forecast>],
    missing: &[Missing],
    away: &Away,
    fresh: Option<Took<'_>>,
    colour: bool,
) -> String {
    let counts = Counts::of(forecasts, away);
    let mut text = format!("{}\n", counts.sentence());
    let told = |node| {
        let took = fresh.and_then(|took| took(node));
        let took = took.map(|(ms, usage)| words::taken(ms, usage));
        let away = away.contains(&node).then(|| "not on the disk".to_owned());
        let told: Vec<String> = away.into_iter().chain(took).collect();
        told.join("; ")
    };
    let told: Told<'_> = &told;
    text.push_str(&lines(
        graph,
        forecasts,
        missing,
        fresh.map(|_| told),
        colour,
    ));
    text
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
    let mut text = lines(graph, forecasts, &[], None, colour);
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

/// `pipe why NODE`: its own reasons, then those of every stale node above it, down to the roots.
pub fn why(
    graph: &Graph,
    forecasts: &[Option<Forecast>],
    missing: &[Missing],
    away: &Away,
    node: NodeId,
    record: Option<&NodeRecord>,
) -> String {
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
        match forecast(forecasts, node) {
            Forecast::Fresh => {
                let _ = writeln!(
                    text,
                    "{indent}`{name}` is fresh{}",
                    since(record.filter(|_| depth == 0))
                );
                if away.contains(&node) {
                    let _ = writeln!(
                        text,
                        "{indent}  its outputs are not on the disk: nothing that has to run reads them"
                    );
                }
            }
            Forecast::Restorable(reasons) => {
                let _ = writeln!(text, "{indent}`{name}` will be restored from the cache:");
                push_reasons(&mut text, &indent, reasons);
            }
            Forecast::Stale(reasons) => {
                let _ = writeln!(text, "{indent}`{name}` has to run:");
                push_reasons(&mut text, &indent, reasons);
            }
            Forecast::SourceMissing => {
                let _ = writeln!(text, "{indent}`{name}` cannot run:");
                for missing in missing.iter().filter(|missing| missing.node == node) {
                    let _ = writeln!(text, "{indent}  - {}", missing_words(missing));
                }
            }
            Forecast::MayRun(_) => {
                let _ = writeln!(
                    text,
                    "{indent}`{name}` may run, depending on what these write:"
                );
            }
        }
        let above = unsettled_needs(graph, forecasts, node).into_iter().rev();
        queue.extend(above.map(|need| (need, depth + 1)));
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

fn push_reasons(text: &mut String, indent: &str, reasons: &[crate::logic::plan::Reason]) {
    for reason in reasons {
        let sentence = words::sentence(reason).replace('\n', &format!("\n{indent}    "));
        let _ = writeln!(text, "{indent}  - {sentence}");
    }
}

/// How a fresh node came to be fresh.
fn since(record: Option<&NodeRecord>) -> String {
    let Some(record) = record else {
        return String::new();
    };
    let how = match record.origin {
        Origin::Ran => "its command ran",
        Origin::Restored => "its outputs were restored from the cache",
        Origin::Found => "its outputs were found to belong to its key",
    };
    let took = words::taken(record.result.duration_ms, record.result.usage);
    let inputs = units::count(record.parts.inputs.len(), "input");
    format!(
        ": {how} in build {}; {inputs}, the command and the outputs are as they were then\n  its run took {took}\n  key {}",
        record.build,
        record.key.0.short()
    )
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
    fresh: Option<Told<'_>>,
    colour: bool,
) -> String {
    let shown = |node: &NodeId| match &forecasts[node.0 as usize] {
        None => false,
        Some(Forecast::Fresh) => fresh.is_some(),
        Some(_) => true,
    };
    let nodes: Vec<NodeId> = graph.order().filter(shown).collect();
    let width = name_width(graph, nodes.iter().copied());
    let reason = |node| first_reason(graph, forecasts, missing, node);
    let mut text = String::new();
    for node in nodes {
        let forecast = forecast(forecasts, node);
        let (style, reason) = match forecast {
            Forecast::Fresh => (
                Style::new(),
                fresh.map_or_else(String::new, |told| told(node)),
            ),
            Forecast::Restorable(_) => (AnsiColor::Green.on_default(), reason(node)),
            Forecast::Stale(_) => (AnsiColor::Yellow.on_default(), reason(node)),
            Forecast::MayRun(_) => (AnsiColor::Cyan.on_default(), reason(node)),
            Forecast::SourceMissing => (AnsiColor::Red.on_default(), reason(node)),
        };
        let word = word(forecast);
        let style = if colour { style } else { Style::new() };
        let line = format!(
            "{style}{word:<8}{style:#} {:width$}  {reason}",
            graph.name(node)
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
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
