//! What failed, at the top of the page: each node with how it ended and the end of what it printed, and what could not
//! run for that. As HTML that needs no script.
//!
//! Does not know where logs are kept.

use super::{Telling, data, plain, xml};
use crate::base::story::{Fate, NodeStory};
use crate::report::units;
use std::fmt::Write;

/// So many nodes are told one by one.
const NODES: usize = 10;
/// So many of the last lines of each, and so many bytes are read for them.
const LINES: usize = 12;
const BYTES: u64 = 8 * 1024;

/// The section; empty where nothing failed.
pub(super) fn failed(telling: &Telling<'_>) -> String {
    let nodes = &telling.story.nodes;
    let of = |fate: Fate| {
        nodes
            .iter()
            .enumerate()
            .filter(move |(_, node)| node.fate == fate)
    };
    let count = of(Fate::Failed).count();
    if count == 0 {
        return String::new();
    }
    let mut text = "<section aria-labelledby=\"failed-title\"><h2 id=\"failed-title\">What failed</h2><ul class=\"failures\">".to_owned();
    for (place, node) in of(Fate::Failed).take(NODES) {
        let runs = (telling.runs)(&node.name);
        let _ = write!(
            text,
            "<li data-node=\"{place}\"><button type=\"button\" class=\"link\">{}</button><span class=\"why\">{}</span>{}</li>",
            xml(&node.name),
            xml(&data::ended(&runs, telling.story.build)),
            printed(telling, node),
        );
    }
    text.push_str("</ul>");
    let more = count.saturating_sub(NODES);
    let mut left = Vec::new();
    if more > 0 {
        left.push(format!(
            "{} failed as well",
            units::count(more, "more node")
        ));
    }
    match of(Fate::Blocked).count() {
        0 => {}
        1 => left.push("1 node needs what failed and could not run".to_owned()),
        blocked => left.push(format!(
            "{blocked} nodes need what failed and could not run"
        )),
    }
    if !left.is_empty() {
        let _ = write!(text, "<p class=\"dim\">{}.</p>", left.join("; "));
    }
    text + "</section>\n"
}

/// The last lines.
fn printed(telling: &Telling<'_>, node: &NodeStory) -> String {
    let Some((bytes, _)) = (telling.log)(node, BYTES) else {
        return String::new();
    };
    let said = plain(&bytes);
    let lines: Vec<&str> = said.trim_end().lines().collect();
    let lines = lines[lines.len().saturating_sub(LINES)..].join("\n");
    match lines.is_empty() {
        true => "<p class=\"dim\">It printed nothing.</p>".to_owned(),
        false => format!("<pre>{}</pre>", xml(&lines)),
    }
}
