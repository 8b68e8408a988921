//! Text inside XML and HTML, and names that are cut to a width.
//!
//! Knows nothing of graphs.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A text for between tags and inside quotes. Characters that XML has no form for become the replacement character.
pub(in crate::report) fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

/// A text of at most `most` columns: of a longer one the beginning and the end.
pub(in crate::report) fn shortened(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let half = (most - 1) / 2;
    let taken = |characters: &mut dyn Iterator<Item = char>, room: usize| {
        let mut left = room;
        let mut taken = Vec::new();
        for character in characters {
            let width = character.width().unwrap_or(0);
            if width > left {
                break;
            }
            left -= width;
            taken.push(character);
        }
        taken
    };
    let start = taken(&mut text.chars(), most - 1 - half);
    let end = taken(&mut text.chars().rev(), half);
    let start = start.into_iter().chain(['\u{2026}']);
    start.chain(end.into_iter().rev()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_cannot_hold_is_replaced() {
        assert_eq!(
            xml("a<b>&\"'\u{1b}\n"),
            "a&lt;b&gt;&amp;&quot;&#39;\u{fffd}\n"
        );
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shortened("short", 5), "short");
        assert_eq!(shortened("train@forest,1", 9), "trai\u{2026}st,1");
        assert_eq!(
            shortened("\u{6f22}\u{6f22}\u{6f22}\u{6f22}", 5),
            "\u{6f22}\u{2026}\u{6f22}"
        );
    }
}
