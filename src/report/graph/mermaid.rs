//! The graph in the language of Mermaid, which many sites draw inside Markdown.
//!
//! Each state is told in words as well as in colour.

use super::dot::colours;
use super::{Picture, State};
use std::fmt::Write;

/// `pipe graph --format mermaid`.
pub fn mermaid(picture: &Picture<'_>) -> String {
    let mut text = String::from("flowchart LR\n");
    for (number, card) in picture.drawing.cards.iter().enumerate() {
        let longest = if card.is_longest {
            "<br>longest path"
        } else {
            ""
        };
        let label = format!(
            "{}<br>{}{longest}",
            escaped(&picture.name_words(card)),
            escaped(&picture.facts(card))
        );
        let (open, close) = match picture.exclusive_words(card).is_empty() {
            true => ("[", "]"),
            false => ("[[", "]]"),
        };
        let state = picture.states(card)[0].0;
        let _ = writeln!(
            text,
            "    n{number}{open}\"{label}\"{close}:::{}",
            name(state)
        );
    }
    let mut longest = Vec::new();
    for (number, line) in picture.drawing.lines.iter().enumerate() {
        let arrow = match (line.reads, line.is_longest) {
            (false, _) => "-.->",
            (true, true) => "==>",
            (true, false) => "-->",
        };
        let _ = writeln!(text, "    n{} {arrow} n{}", line.from, line.to);
        if line.is_longest {
            longest.push(number.to_string());
        }
    }
    for state in State::ALL {
        let (fill, ink) = colours(state);
        let _ = writeln!(
            text,
            "    classDef {} fill:{fill},stroke:{ink},color:#111827",
            name(state)
        );
    }
    if !longest.is_empty() {
        let _ = writeln!(text, "    linkStyle {} stroke-width:3px", longest.join(","));
    }
    text
}

/// A style's name; a hyphen would end it.
fn name(state: State) -> String {
    state.code().replace('-', "_")
}

/// Mermaid has no escapes but numbers of characters; whatever could mean something becomes one.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for character in text.chars() {
        match character {
            '"' | '#' | '&' | '<' | '>' | '`' | ';' | '\\' | '*' | '_' | '[' | ']' => {
                let _ = write!(escaped, "#{};", u32::from(character));
            }
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_name_means_anything() {
        assert_eq!(escaped("a\"]<b>_\n"), "a#34;#93;#60;b#62;#95;\u{fffd}");
    }
}
