//! The graph in the language of Graphviz.
//!
//! Colours are those of the other forms, and each state is told in words as well.

use super::{Picture, State};
use std::fmt::Write;

/// `pipe graph --format dot`.
pub fn dot(picture: &Picture<'_>) -> String {
    let mut text = String::from("digraph pipe {\n    rankdir=LR;\n");
    let title = picture.longest_words().unwrap_or_default();
    let _ = writeln!(
        text,
        "    label={};\n    node [shape=box, style=\"rounded,filled\", fontname=\"sans-serif\", fontsize=11];\n    edge [color=\"#6b7280\"];",
        quoted(&[&picture.sentence(), &title])
    );
    for (number, card) in picture.drawing.cards.iter().enumerate() {
        let state = picture.states(card)[0].0;
        let (fill, ink) = colours(state);
        let name = picture.name_words(card);
        let longest = if card.is_longest { "longest path" } else { "" };
        let label = quoted(&[&name, &picture.facts(card), longest]);
        let _ = write!(
            text,
            "    n{number} [label={label}, fillcolor=\"{fill}\", color=\"{ink}\""
        );
        if !picture.exclusive_words(card).is_empty() {
            text.push_str(", peripheries=2");
        }
        if card.is_longest {
            text.push_str(", penwidth=3");
        }
        text.push_str("];\n");
    }
    for line in &picture.drawing.lines {
        let _ = write!(text, "    n{} -> n{}", line.from, line.to);
        let mut facts = Vec::new();
        if !line.reads {
            facts.push("style=dashed");
        }
        if line.is_longest {
            facts.push("penwidth=3, color=\"#111827\"");
        }
        if !facts.is_empty() {
            let _ = write!(text, " [{}]", facts.join(", "));
        }
        text.push_str(";\n");
    }
    text.push_str("}\n");
    text
}

/// Of the inside and of the border.
pub(super) fn colours(state: State) -> (&'static str, &'static str) {
    match state {
        State::Fresh => ("#dcf5e3", "#1a7f42"),
        State::Cached => ("#d9f1f5", "#0e7490"),
        State::MayRun => ("#e4e7fd", "#4f53c8"),
        State::Stale => ("#fdeec9", "#a15c00"),
        State::Missing => ("#fde0de", "#b42318"),
    }
}

/// A text of these lines as Graphviz reads it.
fn quoted(lines: &[&str]) -> String {
    let lines = lines.iter().filter(|line| !line.is_empty());
    let escaped = |line: &&str| {
        let plain = line.replace('\\', "\\\\").replace('"', "\\\"");
        plain.replace(|character: char| character.is_control(), "\u{fffd}")
    };
    format!("\"{}\"", lines.map(escaped).collect::<Vec<_>>().join("\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_line_ends_stay_inside() {
        assert_eq!(
            quoted(&["a\"b\\", "", "c\nd"]),
            "\"a\\\"b\\\\\\nc\u{fffd}d\""
        );
    }
}
