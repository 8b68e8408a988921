//! The graph as a page: one file, no network. Picture, panel, search, and a table that works without script as well.
//!
//! What the page does in a browser is in `page.js`, how it looks in `page.css`.

use super::escape::xml;
use super::svg::{SIGNS, scene};
use super::{Picture, State};
use crate::logic::drawing::layout::Layout;
use crate::logic::graph::NodeId;
use crate::report::json;
use crate::report::status;
use std::fmt::Write;

/// Above so many cards a picture is no help.
const MANY: usize = 2000;

/// How pages look.
pub(in crate::report) const STYLE: &str = include_str!("page.css");
/// How one moves over a drawn graph.
pub(in crate::report) const ZOOM: &str = include_str!("zoom.js");

/// JSON that stands in a script: `<` could end that; as an escape it means the same.
pub(in crate::report) fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
}

/// Where the cards lie, for the script: left, top and width of each, as JSON.
pub(in crate::report) fn places(layout: &Layout) -> String {
    let cards = layout.corners.iter().zip(&layout.widths);
    let places: Vec<String> = cards
        .map(|((x, y), width)| format!("[{x:.0},{y:.0},{width:.0}]"))
        .collect();
    format!("[{}]", places.join(","))
}

/// `pipe graph --format html`.
pub fn page(picture: &Picture<'_>) -> String {
    let (scene, layout) = scene(picture);
    let title = xml(picture.title);
    let longest = xml(&picture.longest_words().unwrap_or_default());
    let data = in_script(&json::graph_in_a_line(picture));
    let note = match picture.drawing.cards.len() {
        count if count > MANY => format!(
            "<p class=\"note\">{count} cards are more than one can look at, so the page opens with the table. <code>pipe graph TARGET</code> or <code>pipe graph --stale</code> draws less.</p>"
        ),
        _ => String::new(),
    };
    let filled = [
        ("TITLE", title.as_str()),
        ("STYLE", STYLE),
        ("SENTENCE", &xml(&picture.sentence())),
        ("LONGEST", &longest),
        ("KEYS", &keys(picture)),
        ("NOTE", &note),
        ("SIGNS", SIGNS),
        ("WIDTH", &format!("{:.0}", layout.width)),
        ("HEIGHT", &format!("{:.0}", layout.height)),
        ("SCENE", &scene),
        ("ROWS", &rows(picture)),
        ("DATA", &data),
        ("PLACES", &places(&layout)),
        ("ZOOM", ZOOM),
        ("SCRIPT", include_str!("page.js")),
    ];
    fill(include_str!("page.html"), &filled)
}

/// Puts values where the page says `%%NAME%%`; what stands in the values is left as it is.
pub(in crate::report) fn fill(page: &str, values: &[(&str, &str)]) -> String {
    let mut text = String::with_capacity(page.len());
    for (number, part) in page.split("%%").enumerate() {
        let value = values
            .iter()
            .find(|(name, _)| number % 2 == 1 && *name == part);
        text.push_str(value.map_or(part, |(_, value)| value));
    }
    text
}

/// A button a state: it explains the sign, counts, and shows or hides.
fn keys(picture: &Picture<'_>) -> String {
    let mut text = String::new();
    for (state, count) in picture.all_states() {
        let code = state.code();
        let _ = write!(
            text,
            "<button type=\"button\" class=\"key {code}\" data-state=\"{code}\" aria-pressed=\"true\" title=\"Show or hide\"><svg width=\"16\" height=\"16\" aria-hidden=\"true\"><use href=\"#sign-{code}\"/></svg>{count} {}</button>",
            state.word()
        );
    }
    text
}

fn rows(picture: &Picture<'_>) -> String {
    let graph = picture.standing.graph;
    let mut text = String::new();
    for (number, card) in picture.drawing.cards.iter().enumerate() {
        for &node in &card.nodes {
            let state = picture.state(node);
            let time = match picture.expected[node.0 as usize] {
                Some((ms, false)) => crate::report::units::duration_ms(ms),
                _ => String::new(),
            };
            let needs = graph.needs(node).map(|need| graph.name(need));
            let _ = writeln!(
                text,
                "<tr data-card=\"{number}\" data-state=\"{0}\"><th scope=\"row\"><button type=\"button\" class=\"link\">{1}</button></th><td class=\"state {0}\"><svg width=\"16\" height=\"16\" aria-hidden=\"true\"><use href=\"#sign-{0}\"/></svg>{2}</td><td>{3}</td><td class=\"number\">{time}</td><td>{4}</td><td>{5}</td></tr>",
                state.code(),
                xml(graph.name(node)),
                state.word(),
                xml(&first_reason(picture, node, state)),
                xml(&few(needs)),
                xml(&picture.exclusive_words(card)),
            );
        }
    }
    text
}

fn first_reason(picture: &Picture<'_>, node: NodeId, state: State) -> String {
    match state {
        State::Fresh => String::new(),
        _ => status::first_reason(
            picture.standing.graph,
            picture.standing.forecasts,
            picture.standing.missing,
            node,
        ),
    }
}

/// The first few, and how many more there are.
fn few<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const MOST: usize = 6;
    let more = names.len().saturating_sub(MOST);
    let mut text = names.take(MOST).collect::<Vec<_>>().join(", ");
    if more > 0 {
        let _ = write!(text, " and {more} more");
    }
    text
}
