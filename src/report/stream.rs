//! What running commands print, line by line, each with its node's name.
//!
//! Bytes come cut anywhere; a line is told when it is complete. Does not know where they come from, nor when a node
//! ends: its teller says so.

use super::plain::padded;
use super::{printed, units};
use anstyle::{AnsiColor, Style};
use std::collections::HashMap;

/// So many bytes of a line that does not end are kept; then what is there counts as a line.
const LONGEST_LINE: usize = 8 * 1024;
/// Names are told apart by these as well, where there are colours.
const COLOURS: [AnsiColor; 5] = [
    AnsiColor::Cyan,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::Yellow,
    AnsiColor::Green,
];

/// The lines that have not ended, by node.
#[derive(Debug, Default)]
pub(super) struct Stream {
    open: HashMap<String, Vec<u8>>,
}

/// How a line begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prefix {
    /// Columns of the name.
    pub(super) width: usize,
    /// With colours, our own and the command's.
    pub(super) colour: bool,
}

impl Stream {
    /// The lines that are complete with these bytes; `skipped` bytes before them are left out.
    pub(super) fn take(
        &mut self,
        node: &str,
        bytes: &[u8],
        skipped: u64,
        prefix: Prefix,
    ) -> String {
        let mut text = String::new();
        if skipped > 0 {
            text.push_str(&self.end(node, prefix));
            let left_out = format!(
                "\u{2026} {} left out; `pipe log {node}` shows all",
                units::size(skipped)
            );
            text.push_str(&prefix.line(node, &left_out));
        }
        let open = self.open.entry(node.to_owned()).or_default();
        open.extend_from_slice(bytes);
        if let Some(end) = memchr::memrchr(b'\n', open) {
            let rest = open.split_off(end + 1);
            text.push_str(&prefix.lines(node, open));
            *open = rest;
        }
        if open.len() > LONGEST_LINE {
            // The cut should not go through a character, nor through a progress bar's state.
            let end = cut(open);
            let rest = open.split_off(end);
            text.push_str(&prefix.lines(node, open));
            *open = rest;
        }
        text
    }

    /// `node` prints no more: what is left of its last line.
    pub(super) fn end(&mut self, node: &str, prefix: Prefix) -> String {
        let open = self.open.remove(node).unwrap_or_default();
        prefix.lines(node, &open)
    }
}

/// Where a long line is cut: behind the last state of a progress bar, else before a character that is not whole.
fn cut(line: &[u8]) -> usize {
    if let Some(end) = memchr::memrchr(b'\r', line) {
        return end + 1;
    }
    let is_start = |byte: &u8| byte & 0xc0 != 0x80;
    let tail = line.iter().rev().take(4).position(is_start);
    match tail {
        Some(back) if line[line.len() - 1 - back] >= 0xc0 => line.len() - 1 - back,
        _ => line.len(),
    }
}

impl Prefix {
    fn lines(self, node: &str, bytes: &[u8]) -> String {
        let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
        if bytes.is_empty() {
            return String::new();
        }
        let lines = printed::lines(bytes, self.colour);
        lines.iter().map(|line| self.line(node, line)).collect()
    }

    fn line(self, node: &str, line: &str) -> String {
        let style = match self.colour {
            true => COLOURS[colour_of(node)].on_default(),
            false => Style::new(),
        };
        let node = padded(node, self.width);
        let line = format!("{style}{node} |{style:#} {line}");
        format!("{}\n", line.trim_end())
    }
}

/// The same name has the same colour, in every build.
fn colour_of(node: &str) -> usize {
    let sum = node.bytes().fold(5381_usize, |sum, byte| {
        sum.wrapping_mul(33) ^ usize::from(byte)
    });
    sum % COLOURS.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Prefix = Prefix {
        width: 4,
        colour: false,
    };

    #[test]
    fn lines_are_told_when_they_are_complete() {
        let mut stream = Stream::default();
        assert_eq!(stream.take("a", b"one\ntw", 0, PLAIN), "a    | one\n");
        assert_eq!(
            stream.take("long", b"x\n\ny\n", 0, PLAIN),
            "long | x\nlong |\nlong | y\n"
        );
        assert_eq!(stream.take("a", b"o\nthree", 0, PLAIN), "a    | two\n");
        assert_eq!(stream.end("a", PLAIN), "a    | three\n");
        assert_eq!(stream.end("a", PLAIN), "");
    }

    #[test]
    fn what_is_left_out_is_told_where_it_is_missing() {
        let mut stream = Stream::default();
        assert_eq!(stream.take("a", b"half", 0, PLAIN), "");
        assert_eq!(
            stream.take("a", b"end\n", 4096, PLAIN),
            "a    | half\na    | \u{2026} 4.0 KiB left out; `pipe log a` shows all\na    | end\n"
        );
    }

    #[test]
    fn a_line_without_an_end_takes_bounded_memory() {
        let mut stream = Stream::default();
        let mut told = String::new();
        for number in 0..20_000 {
            told.push_str(&stream.take("a", format!("{number} %\r").as_bytes(), 0, PLAIN));
            assert!(stream.open["a"].len() <= LONGEST_LINE);
        }
        assert!(told.lines().count() > 5, "{told}");
        assert!(told.lines().all(|line| line.ends_with('%')), "{told}");
        // Three bytes a character, so that no power of two falls between two of them.
        let told = stream.take("b", "\u{2026}".repeat(5000).as_bytes(), 0, PLAIN);
        let told = told + &stream.take("b", b"\xe2", 0, PLAIN) + &stream.end("b", PLAIN);
        assert_eq!(told.matches('\u{2026}').count(), 5000);
    }

    #[test]
    fn nothing_acts_on_the_terminal() {
        let mut stream = Stream::default();
        let told = stream.take("a", b"\x1b[2J\x1b[31mred\xff\x00\n", 0, PLAIN);
        assert_eq!(told, "a    | red\u{fffd}\n");
    }
}
