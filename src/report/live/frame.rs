//! One write that puts new lines in the place of the live part that was drawn before.
//!
//! Nothing is cleared before it is written over, so nothing flickers. Between frames the cursor stands at the end of
//! the last line, and is never hidden, so that nothing has to be put right when the program is killed. Knows what
//! terminals do, not which one it is.

use super::Line;

/// Terminals that know this show the frame as a whole; others ignore it.
const BEGIN: &str = "\u{1b}[?2026h";
const END: &str = "\u{1b}[?2026l";
const ERASE_LINE: &str = "\u{1b}[K";
const ERASE_BELOW: &str = "\u{1b}[J";

/// The bytes that replace the lines `drawn` by `permanent`, whole lines that will scroll away, and the live `lines`
/// below them. `columns` is the width of the terminal now.
pub fn replace(drawn: &[Line], permanent: &str, lines: &[Line], columns: usize) -> String {
    let mut frame = String::from(BEGIN);
    frame.push_str(&to_start(rows(drawn, columns)));
    if !permanent.is_empty() {
        // Lines of any length: what they would not write over goes first, in the same write.
        frame.push_str(ERASE_BELOW);
        frame.push_str(permanent);
    }
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            frame.push('\n');
        }
        frame.push_str(&line.text);
        frame.push_str(ERASE_LINE);
    }
    if permanent.is_empty() && rows(drawn, columns) > lines.len() {
        frame.push_str(ERASE_BELOW);
    }
    frame.push_str(END);
    frame
}

/// The bytes that take away a live part of so many rows.
pub fn remove(rows: usize) -> String {
    match rows {
        0 => String::new(),
        _ => to_start(rows) + ERASE_BELOW,
    }
}

/// The rows that `drawn` takes on a screen of this width. A terminal that became narrower has wrapped them.
pub fn rows(drawn: &[Line], columns: usize) -> usize {
    let wrapped = |line: &Line| line.width.div_ceil(columns.max(1)).max(1);
    drawn.iter().map(wrapped).sum()
}

fn to_start(rows: usize) -> String {
    match rows {
        0 => String::new(),
        1 => "\r".to_owned(),
        _ => format!("\r\u{1b}[{}A", rows - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::num::NonZero;

    fn number(number: u16) -> NonZero<u16> {
        NonZero::new(number).unwrap()
    }

    fn lines(texts: &[&str]) -> Vec<Line> {
        let line = |text: &&str| Line {
            text: (*text).to_owned(),
            width: text.len(),
        };
        texts.iter().map(line).collect()
    }

    /// A terminal of 6 rows and 20 columns, and what was drawn on it last.
    struct Terminal {
        parser: vt100::Parser,
        drawn: Vec<Line>,
    }

    impl Terminal {
        fn new() -> Self {
            Terminal {
                parser: vt100::Parser::new(number(6), number(20), 100),
                drawn: Vec::new(),
            }
        }

        fn show(&mut self, permanent: &str, texts: &[&str]) -> String {
            let lines = lines(texts);
            let frame = replace(&self.drawn, permanent, &lines, 20);
            // What a terminal does with a line break by itself.
            self.parser.process(frame.replace('\n', "\r\n").as_bytes());
            self.drawn = lines;
            self.parser.screen().contents()
        }
    }

    #[test]
    fn lines_take_the_place_of_those_before() {
        let mut terminal = Terminal::new();
        assert_eq!(
            terminal.show("", &["one", "two two", "three"]),
            "one\ntwo two\nthree"
        );
        assert_eq!(terminal.show("", &["1", "2"]), "1\n2");
        assert_eq!(terminal.show("stays\n", &["3"]), "stays\n3");
        assert_eq!(terminal.show("", &["4", "5", "6"]), "stays\n4\n5\n6");
        assert_eq!(terminal.show("", &[]), "stays");
        assert_eq!(terminal.show("end\n", &[]), "stays\nend");
    }

    #[test]
    fn permanent_lines_scroll_away_above() {
        let mut terminal = Terminal::new();
        terminal.show("", &["live one", "live two"]);
        for number in 0..9 {
            let permanent = format!("{number} is longer than a row\n{number} short\n");
            terminal.show(&permanent, &["live one", "live two"]);
        }
        assert_eq!(
            terminal.parser.screen().contents(),
            "7 short\n8 is longer than a row\n8 short\nlive one\nlive two"
        );
        terminal.parser.screen_mut().set_scrollback(100);
        assert!(!terminal.parser.screen().contents().contains("live"));
    }

    #[test]
    fn a_screen_that_is_full_to_its_last_row_does_not_scroll() {
        let mut terminal = Terminal::new();
        for _ in 0..3 {
            let all = terminal.show("", &["1", "2", "3", "4", "5", "6"]);
            assert_eq!(all, "1\n2\n3\n4\n5\n6");
        }
    }

    #[test]
    fn lines_that_a_narrower_terminal_wrapped_count_as_several() {
        let drawn = lines(&["twelve chars", "four", ""]);
        assert_eq!(rows(&drawn, 20), 3);
        assert_eq!(rows(&drawn, 5), 5);
        assert_eq!(rows(&drawn, 0), 12 + 4 + 1);
        assert!(replace(&drawn, "", &[], 5).contains("\r\u{1b}[4A\u{1b}[J"));
    }

    #[test]
    fn removing_leaves_the_cursor_where_the_live_part_began() {
        let mut terminal = Terminal::new();
        terminal.show("stays\n", &["live", "live"]);
        terminal.parser.process(remove(2).as_bytes());
        terminal.parser.process(b"panicked");
        assert_eq!(terminal.parser.screen().contents(), "stays\npanicked");
        assert_eq!(remove(0), "");
    }
}
