//! Text in columns of a terminal: how wide it is, and how it is cut to fit.
//!
//! Does not know what the text says. Where terminals differ about a character, it counts as the wider, so that a line
//! never runs into the next.

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// A line of the live part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// With escape sequences, without a line break.
    pub text: String,
    /// The columns that it takes.
    pub width: usize,
}

/// Puts a line together from left to right and cuts it at a width.
#[derive(Debug)]
pub(super) struct Builder {
    line: Line,
    columns: usize,
    colour: bool,
    mark: &'static str,
}

impl Builder {
    /// An empty line of at most `columns`; `mark` stands for what is cut off.
    pub(super) fn new(columns: usize, colour: bool, mark: &'static str) -> Self {
        let line = Line {
            text: String::new(),
            width: 0,
        };
        Builder {
            line,
            columns,
            colour,
            mark,
        }
    }

    /// Columns that are left.
    pub(super) fn room(&self) -> usize {
        self.columns - self.line.width
    }

    /// Adds `text` in a style, as much of it as fits.
    pub(super) fn add(mut self, style: Style, text: &str) -> Self {
        let text = cut(text, self.room(), self.mark);
        self.line.width += width(&text);
        let style = if self.colour { style } else { Style::new() };
        self.line.text.push_str(&format!("{style}{text}{style:#}"));
        self
    }

    /// Adds spaces up to a column.
    pub(super) fn to(self, column: usize) -> Self {
        let spaces = column.min(self.columns).saturating_sub(self.line.width);
        self.add(Style::new(), &" ".repeat(spaces))
    }

    pub(super) fn end(self) -> Line {
        self.line
    }
}

/// The columns that `text` takes at most.
pub(super) fn width(text: &str) -> usize {
    text.chars().map(wide).sum::<usize>().max(text.width())
}

/// A sign that asks for a picture makes the one before it wider on some terminals.
fn wide(character: char) -> usize {
    match character {
        '\u{fe0f}' => 1,
        _ => character.width().unwrap_or(0),
    }
}

/// `text`, or its start and `mark`, in at most `columns`.
pub(super) fn cut(text: &str, columns: usize, mark: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    if columns < width(mark) {
        return String::new();
    }
    head(text, columns - width(mark)).to_owned() + mark
}

/// `text`, or its start, `mark` and its end, in at most `columns`: instances of one node differ at the end.
pub(super) fn cut_middle(text: &str, columns: usize, mark: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let Some(room) = columns.checked_sub(width(mark)) else {
        return String::new();
    };
    let head = head(text, room.div_ceil(2));
    let mut tail = text.len();
    let mut left = room - width(head);
    for (at, character) in text.char_indices().rev() {
        match left.checked_sub(wide(character)) {
            Some(rest) => (tail, left) = (at, rest),
            None => break,
        }
    }
    format!("{head}{mark}{}", &text[tail..])
}

fn head(text: &str, columns: usize) -> &str {
    let mut left = columns;
    for (at, character) in text.char_indices() {
        match left.checked_sub(wide(character)) {
            Some(rest) => left = rest,
            None => return &text[..at],
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_columns_not_by_characters() {
        assert_eq!(cut("train", 5, "\u{2026}"), "train");
        assert_eq!(cut("train", 4, "\u{2026}"), "tra\u{2026}");
        // Each of these takes two columns; half of one is never shown.
        assert_eq!(
            cut("\u{8a13}\u{7df4}\u{5668}", 4, "\u{2026}"),
            "\u{8a13}\u{2026}"
        );
        assert_eq!(cut("train", 0, "\u{2026}"), "");
        assert_eq!(cut("train", 2, "..."), "");
        assert_eq!(width("\u{2764}\u{fe0f}"), 2);
    }

    #[test]
    fn the_middle_of_a_name_is_what_it_can_spare() {
        assert_eq!(cut_middle("train@rf,12", 8, "\u{2026}"), "trai\u{2026},12");
        assert_eq!(cut_middle("train", 5, "\u{2026}"), "train");
        assert_eq!(
            cut_middle("\u{8a13}\u{7df4}@\u{4e00},\u{4e8c}", 7, "\u{2026}"),
            "\u{8a13}\u{2026},\u{4e8c}"
        );
        for columns in 0..12 {
            let cut = cut_middle("\u{8a13}\u{7df4}@\u{4e00},\u{4e8c}", columns, "\u{2026}");
            assert!(width(&cut) <= columns, "{cut} in {columns}");
        }
    }

    #[test]
    fn a_line_never_gets_wider_than_it_may() {
        let red = anstyle::AnsiColor::Red.on_default();
        let line = Builder::new(6, true, "\u{2026}")
            .add(red, "abc")
            .to(4)
            .add(Style::new(), "defgh")
            .end();
        assert_eq!(line.text, "\u{1b}[31mabc\u{1b}[0m d\u{2026}");
        assert_eq!(line.width, 6);
    }
}
