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
