//! `pipe report`: one build as a page, in one file that needs no network, and as a trace for other viewers.
//!
//! What stands on the page without script: the figures, the path, what would shorten the build, the table. Timeline, graph,
//! search and panel are drawn by `page.js` from the data in the page. Does not know where stories and logs are kept.

mod advice;
mod data;
mod events;
mod failed;

pub use events::trace;

use super::graph::escape::xml;
use super::graph::page::{STYLE, ZOOM, fill, in_script, places};
use super::graph::svg::{Look, SIGNS, draw};
use super::{printed, units, words};
use crate::base::record::RunRecord;
use crate::base::story::{Fate, NodeStory, Story};
use crate::logic::drawing::{Card, Drawing, Longest, fold};
use crate::logic::graph::NodeId;
use crate::logic::story::path::{Step, path};
use crate::logic::story::whatif::{WhatIf, what_if};
use crate::logic::story::{Totals, lanes};
use std::fmt::Write;

/// Above so many cards no picture is drawn: it would be none, and browsers would stall.
const MANY: usize = 2000;

/// The last bytes of what a node printed, at most so many, and whether something is left out before them.
pub type LogEnd<'t> = &'t dyn Fn(&NodeStory, u64) -> Option<(Vec<u8>, bool)>;

/// What is told of a build.
pub struct Telling<'t> {
    /// Its story.
    pub story: &'t Story,
    /// The project, in a word.
    pub title: &'t str,
    /// When it began, for people.
    pub when: &'t str,
    /// What had to be pieced together, in a sentence; empty where the story is whole.
    pub lacking: &'t str,
    /// A node's runs, oldest first.
    pub runs: &'t dyn Fn(&str) -> Vec<RunRecord>,
    /// The end of what a node printed, and whether something is left out before it.
    pub log: LogEnd<'t>,
}

/// What follows from a story, worked out once.
struct Found {
    drawing: Drawing,
    path: Vec<Step>,
    what_if: WhatIf,
    totals: Totals,
    bars: Vec<lanes::Bar>,
    lanes: u32,
}

impl Found {
    fn of(story: &Story) -> Found {
        let path = path(story);
        let mut candidates: Vec<u32> = path.iter().map(|step| step.node).collect();
        candidates.sort_by_key(|&node| std::cmp::Reverse(story.nodes[node as usize].ran_ms()));
        let what_if = what_if(story, candidates.into_iter());
        let longest = Longest {
            nodes: path.iter().map(|step| NodeId(step.node)).collect(),
            ..Longest::default()
        };
        let shown = vec![true; story.nodes.len()];
        let (bars, lanes) = lanes::lanes(story);
        Found {
            drawing: fold(story, &shown, false, longest),
            totals: Totals::of(story),
            path,
            what_if,
            bars,
            lanes,
        }
    }
}

/// What a node came to, in a word: for programs, and the name of its style.
pub(super) fn code(fate: Fate) -> &'static str {
    match fate {
        Fate::Fresh => "fresh",
        Fate::Restored => "restored",
        Fate::Ran => "ran",
        Fate::Failed => "failed",
        Fate::Blocked => "blocked",
        Fate::Stopped => "stopped",
    }
}

/// In the order in which they matter.
const FATES: [Fate; 6] = [
    Fate::Failed,
    Fate::Blocked,
    Fate::Stopped,
    Fate::Ran,
    Fate::Restored,
    Fate::Fresh,
];

/// The page.
pub fn page(telling: &Telling<'_>) -> String {
    let story = telling.story;
    let found = Found::of(story);
    let is_drawn = found.drawing.cards.len() <= MANY;
    let looks = found.drawing.cards.iter().map(|card| look(story, card));
    let (scene, layout) = match is_drawn {
        true => draw(&looks.collect::<Vec<_>>(), &found.drawing.lines),
        false => draw(&[], &[]),
    };
    let not_drawn = match is_drawn {
        true => String::new(),
        false => format!(
            "<p>{} cards are more than one can look at: the search and the table know all of them.</p>",
            found.drawing.cards.len()
        ),
    };
    let data = serde_json::to_string(&data::data(telling, &found, is_drawn));
    let data = data.expect("texts and numbers can always be written as JSON");
    let title = xml(telling.title);
    let filled = [
        ("TITLE", title.as_str()),
        ("BUILD", &story.build.to_string()),
        ("STYLE", STYLE),
        ("MORE-STYLE", include_str!("page.css")),
        ("SENTENCE", &xml(&sentence(telling))),
        ("KEYS", &keys(story)),
        ("LACKING", &lacking(telling)),
        ("FAILED", &failed::failed(telling)),
        ("TILES", &advice::tiles(story, &found)),
        ("PATH", &advice::path(story, &found)),
        ("ADVICE", &advice::advice(story, &found)),
        ("NOT-DRAWN", &not_drawn),
        ("PICTURE", if is_drawn { "" } else { "hidden" }),
        ("SIGNS", SIGNS),
        ("MORE-SIGNS", MORE_SIGNS),
        ("WIDTH", &format!("{:.0}", layout.width)),
        ("HEIGHT", &format!("{:.0}", layout.height)),
        ("SCENE", &scene),
        ("ROWS", &rows(story, &found.drawing)),
        // `<` could end the script; as an escape it means the same in JSON.
        ("DATA", &in_script(&data)),
        ("PLACES", &places(&layout)),
        ("ZOOM", ZOOM),
        ("SCRIPT", include_str!("page.js")),
    ];
    fill(include_str!("page.html"), &filled)
}

fn sentence(telling: &Telling<'_>) -> String {
    let story = telling.story;
    let failed = story.nodes.iter().any(|node| node.fate == Fate::Failed);
    let how = match (story.interrupted, failed) {
        (true, _) => "interrupted",
        (false, true) => "failed",
        (false, false) => "done",
    };
    let mut parts = vec![
        format!("{how} after {}", units::duration_ms(story.took_ms)),
        telling.when.to_owned(),
    ];
    if story.jobs > 0 {
        parts.push(units::count(story.jobs as usize, "slot"));
    }
    if story.fresh > 0 && !story.complete {
        parts.push(format!("{} more nodes were fresh", story.fresh));
    }
    parts.join(" \u{b7} ")
}

fn lacking(telling: &Telling<'_>) -> String {
    match telling.lacking {
        "" => String::new(),
        said => format!("<p class=\"note\">{}</p>", xml(said)),
    }
}

/// How many nodes of each fate, the most telling first.
fn counted<'n>(nodes: impl Iterator<Item = &'n NodeStory>) -> Vec<(Fate, usize)> {
    let mut counts = [0; FATES.len()];
    for node in nodes {
        let place = FATES.iter().position(|fate| *fate == node.fate);
        counts[place.unwrap_or_default()] += 1;
    }
    let counted = FATES.into_iter().zip(counts);
    counted.filter(|(_, count)| *count > 0).collect()
}

/// A button a fate: explains the sign, counts, shows or hides.
fn keys(story: &Story) -> String {
    let mut text = String::new();
    for (fate, count) in counted(story.nodes.iter()) {
        let code = code(fate);
        let _ = write!(
            text,
            "<button type=\"button\" class=\"key {code}\" data-state=\"{code}\" aria-pressed=\"true\" title=\"Show or hide\"><svg width=\"16\" height=\"16\" aria-hidden=\"true\"><use href=\"#sign-{code}\"/></svg>{count} {code}</button>"
        );
    }
    text
}

fn look(story: &Story, card: &Card) -> Look {
    let nodes = || card.nodes.iter().map(|node| &story.nodes[node.0 as usize]);
    let counts = counted(nodes());
    let states: Vec<String> = match &*counts {
        [(fate, _)] => vec![code(*fate).to_owned()],
        several => several
            .iter()
            .map(|(fate, count)| format!("{count} {}", code(*fate)))
            .collect(),
    };
    let mut facts = vec![states.join(", ")];
    let longest = nodes().filter_map(NodeStory::took_ms).max();
    if let Some(took) = longest {
        let took = units::duration_ms(took);
        facts.push(match card.nodes.len() {
            1 => took,
            _ => format!("up to {took} each"),
        });
    }
    let is_exclusive = nodes().any(|node| node.takes.alone);
    if is_exclusive {
        facts.push("exclusive".to_owned());
    }
    Look {
        state: code(counts[0].0),
        name: card.name.clone(),
        facts: facts.join(" \u{b7} "),
        count: card.nodes.len(),
        is_exclusive,
        is_longest: card.is_longest,
    }
}

fn rows(story: &Story, drawing: &Drawing) -> String {
    let mut text = String::new();
    let time = |ms: Option<u64>| ms.map_or_else(String::new, units::duration_ms);
    // What matters first; of a kind in the order of the graph.
    let mut order: Vec<(usize, &NodeStory)> = story.nodes.iter().enumerate().collect();
    order.sort_by_key(|(_, node)| FATES.iter().position(|fate| *fate == node.fate));
    for (place, node) in order {
        let code = code(node.fate);
        let card = drawing.card_of[place].unwrap_or_default();
        let started = node.tries.first().map(|one| one.started_ms);
        let waited = node
            .queued_ms
            .zip(started)
            .map(|(queued, started)| started.saturating_sub(queued));
        let why = node
            .reasons
            .first()
            .map(words::past_cause)
            .unwrap_or_default();
        let size: Option<u64> = node.outputs.iter().map(|output| output.size).sum();
        let _ = writeln!(
            text,
            "<tr data-node=\"{place}\" data-card=\"{card}\" data-state=\"{code}\"><th scope=\"row\"><button type=\"button\" class=\"link\">{}</button></th><td class=\"state {code}\"><svg width=\"16\" height=\"16\" aria-hidden=\"true\"><use href=\"#sign-{code}\"/></svg>{code}</td><td class=\"number\" data-is=\"took\" data-sort=\"{}\">{}</td><td class=\"number\" data-is=\"waited\" data-sort=\"{}\">{}</td><td class=\"number\" data-is=\"started at\" data-sort=\"{}\">{}</td><td class=\"number\" data-is=\"peak\" data-sort=\"{}\">{}</td><td class=\"number\" data-is=\"wrote\" data-sort=\"{}\">{}</td><td class=\"why\">{}</td></tr>",
            xml(&node.name),
            node.took_ms().unwrap_or_default(),
            time(node.took_ms()),
            waited.unwrap_or_default(),
            time(waited.filter(|waited| *waited > 0)),
            started.unwrap_or_default(),
            time(started),
            node.usage.peak.map_or(0, |peak| peak.bytes),
            node.usage
                .peak
                .map_or_else(String::new, |peak| units::size(peak.bytes)),
            size.unwrap_or_default(),
            size.filter(|_| !node.outputs.is_empty())
                .map_or_else(String::new, units::size),
            xml(&why),
        );
    }
    text
}

/// What was printed, for a page: as a terminal would show it, without colours.
fn plain(log: &[u8]) -> String {
    printed::lines(log, false).join("\n")
}

const MORE_SIGNS: &str = r##"<defs>
<symbol id="sign-ran" width="16" height="16" viewBox="0 0 16 16"><circle class="disc ran" cx="8" cy="8" r="7.5"/><path class="solid ran" d="M6.1 4.6v6.8l5.4-3.4z"/></symbol>
<symbol id="sign-restored" width="16" height="16" viewBox="0 0 16 16"><circle class="disc restored" cx="8" cy="8" r="7.5"/><path class="mark restored" d="M8 4.2v6.2M5.2 7.9 8 10.7l2.8-2.8M4.9 12.4h6.2"/></symbol>
<symbol id="sign-failed" width="16" height="16" viewBox="0 0 16 16"><circle class="disc failed" cx="8" cy="8" r="7.5"/><path class="mark failed" d="M5.4 5.4l5.2 5.2M10.6 5.4l-5.2 5.2"/></symbol>
<symbol id="sign-blocked" width="16" height="16" viewBox="0 0 16 16"><circle class="ring blocked" cx="8" cy="8" r="6.7"/><path class="mark blocked" d="M5 8h6"/></symbol>
<symbol id="sign-stopped" width="16" height="16" viewBox="0 0 16 16"><circle class="ring stopped" cx="8" cy="8" r="6.7"/><path class="solid stopped" d="M5.6 5.6h4.8v4.8H5.6z"/></symbol>
</defs>"##;

#[cfg(test)]
mod tests;
