//! What a command printed, made safe to show among our own lines.
//!
//! A program may print anything: cursor movements, window titles, bytes of another encoding. Shown raw that could
//! wipe out or forge what stands on the screen. Knows bytes only; does not know where they go.

const ESCAPE: char = '\u{1b}';
const RESET: &str = "\u{1b}[0m";

/// The lines of `output`, as valid text without control characters (tabs stay) and without escape sequences, except
/// for colours where `colour` says so. Of a line that was written over, as progress bars do it, what was last to be
/// seen. Empty lines at the end are left out.
pub fn lines(output: &[u8], colour: bool) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    let mut lines: Vec<String> = text
        .split('\n')
        .map(|line| last_seen(line, colour))
        .collect();
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    lines
}

/// Makes a log fit to be shown, as it comes.
#[derive(Debug)]
pub struct Shower {
    for_whom: ForWhom,
    /// The start of a line whose end has not come yet.
    begun: Vec<u8>,
}

#[derive(Debug)]
enum ForWhom {
    People { colour: bool },
    Programs,
}

impl Shower {
    /// Whole lines, as [`lines`] has them.
    pub fn for_people(colour: bool) -> Self {
        Shower {
            for_whom: ForWhom::People { colour },
            begun: Vec::new(),
        }
    }

    /// All bytes, without escape sequences.
    pub fn for_programs() -> Self {
        Shower {
            for_whom: ForWhom::Programs,
            begun: Vec::new(),
        }
    }

    /// Takes more of the log, and gives what can be shown by now.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        match self.for_whom {
            ForWhom::Programs => {
                self.begun.extend_from_slice(bytes);
                let (plain, rest) = without_sequences(&self.begun);
                self.begun = rest;
                plain
            }
            ForWhom::People { colour } => {
                self.begun.extend_from_slice(bytes);
                let whole = self.begun.iter().rposition(|&byte| byte == b'\n');
                let rest = self.begun.split_off(whole.map_or(0, |at| at + 1));
                let whole = std::mem::replace(&mut self.begun, rest);
                shown_lines(&whole, colour)
            }
        }
    }

    /// What is left at the end of the log.
    pub fn end(&mut self) -> Vec<u8> {
        let mut rest = std::mem::take(&mut self.begun);
        match self.for_whom {
            ForWhom::People { colour } if !rest.is_empty() => {
                rest.push(b'\n');
                shown_lines(&rest, colour)
            }
            _ => Vec::new(),
        }
    }
}

/// The bytes without escape sequences; and apart the start of one whose end has not come yet.
fn without_sequences(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(found) = memchr::memchr(ESCAPE as u8, &bytes[at..]) {
        plain.extend_from_slice(&bytes[at..at + found]);
        at += found;
        let line = memchr::memchr(b'\n', &bytes[at..]).unwrap_or(bytes.len() - at);
        let length = sequence_length(&bytes[at..at + line]);
        if at + length == bytes.len() {
            return (plain, bytes[at..].to_vec());
        }
        at += length.max(1);
    }
    plain.extend_from_slice(&bytes[at..]);
    (plain, Vec::new())
}

/// Lines that have ended, each made safe.
fn shown_lines(whole: &[u8], colour: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(whole);
    let line = |line: &str| last_seen(line, colour) + "\n";
    let lines: String = text.split_terminator('\n').map(line).collect();
    lines.into_bytes()
}

/// `text` with every control character but tabs written out, so that a strange file name cannot act on the terminal.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        if character != '\t' && character.is_control() {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

fn last_seen(line: &str, colour: bool) -> String {
    let mut passes = line.rsplit('\r').map(|pass| clean(pass, colour));
    passes
        .find(|(_, visible)| *visible)
        .map_or_else(String::new, |(text, _)| text)
}

/// The text without what is not wanted, and whether anything can be seen in it.
fn clean(text: &str, colour: bool) -> (String, bool) {
    let (mut kept, mut visible, mut coloured) = (String::with_capacity(text.len()), false, false);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if character == ESCAPE {
            let (sequence, after) = rest.split_at(sequence_length(rest.as_bytes()));
            if colour && is_colour(sequence) {
                kept.push_str(sequence);
                coloured = true;
            }
            rest = after;
            continue;
        }
        if character == '\t' || !character.is_control() {
            kept.push(character);
            visible |= !character.is_whitespace();
        }
        rest = &rest[character.len_utf8()..];
    }
    if coloured {
        // A colour that is left on must not reach into the next line.
        kept.push_str(RESET);
    }
    (kept, visible)
}

/// The length of the escape sequence (ECMA-48) at the start of `bytes`; a broken one ends where it breaks.
fn sequence_length(bytes: &[u8]) -> usize {
    match bytes.get(1) {
        Some(b'[') => after_final(bytes, 2, 0x20..=0x3f, 0x40..=0x7e),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => after_string(bytes),
        Some(0x20..=0x2f) => after_final(bytes, 2, 0x20..=0x2f, 0x30..=0x7e),
        Some(0x30..=0x7e) => 2,
        _ => 1,
    }
}

fn after_final(
    bytes: &[u8],
    start: usize,
    middle: std::ops::RangeInclusive<u8>,
    last: std::ops::RangeInclusive<u8>,
) -> usize {
    let end = start
        + bytes[start..]
            .iter()
            .take_while(|byte| middle.contains(byte))
            .count();
    end + usize::from(bytes.get(end).is_some_and(|byte| last.contains(byte)))
}

/// A string such as a window's title ends with BEL or ESC `\`; one that does neither takes the rest of the line.
fn after_string(bytes: &[u8]) -> usize {
    let ends = |at: &usize| bytes[*at] == 0x07 || bytes[*at..].starts_with(b"\x1b\\");
    match (2..bytes.len()).find(ends) {
        Some(at) if bytes[at] == 0x07 => at + 1,
        Some(at) => at + 2,
        None => bytes.len(),
    }
}

/// Select Graphic Rendition: `ESC [ numbers m`.
fn is_colour(sequence: &str) -> bool {
    let numbers = sequence
        .strip_prefix("\u{1b}[")
        .and_then(|rest| rest.strip_suffix('m'));
    numbers.is_some_and(|numbers| {
        numbers
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_shown_as_it_comes_to_people_in_lines_and_to_programs_in_bytes() {
        let parts: [&[u8]; 4] = [b"\x1b[3", b"1mred\x1b[0m\nha", b"lf\x1b[2J\r", b"whole\xff"];
        let shown = |mut shower: Shower| {
            let mut shown: Vec<String> =
                parts.iter().map(|part| text(&shower.take(part))).collect();
            shown.push(text(&shower.end()));
            shown
        };
        fn text(bytes: &[u8]) -> String {
            String::from_utf8_lossy(bytes).into_owned()
        }
        assert_eq!(
            shown(Shower::for_people(true)),
            ["", "\x1b[31mred\x1b[0m\x1b[0m\n", "", "", "whole\u{fffd}\n"]
        );
        assert_eq!(shown(Shower::for_people(false))[1], "red\n");
        assert_eq!(
            shown(Shower::for_programs()),
            ["", "red\nha", "lf\r", "whole\u{fffd}", ""]
        );
    }

    #[test]
    fn colours_stay_only_where_they_are_wanted() {
        let output = b"\x1b[1;31mred\x1b[m and \x1b[32mgreen\n";
        assert_eq!(lines(output, false), ["red and green"]);
        assert_eq!(
            lines(output, true),
            ["\x1b[1;31mred\x1b[m and \x1b[32mgreen\x1b[0m"]
        );
    }

    #[test]
    fn sequences_that_act_on_the_terminal_are_taken_out() {
        for (raw, want) in [
            ("\x1b[2Jwiped", "wiped"),
            ("\x1b[10;3Hmoved", "moved"),
            ("\x1b[?25lhidden", "hidden"),
            ("\x1b]0;title\x07text", "text"),
            ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ end", "link end"),
            ("\x1bPdata\x1b\\text", "text"),
            ("\x1b(Bset", "set"),
            ("\x1bcreset", "reset"),
            ("\x1b[>4;1mkeys", "keys"),
            ("bell\x07 back\x08 nul\0", "bell back nul"),
            ("c1 \u{9b}31m", "c1 31m"),
            ("cut \x1b[3", "cut "),
            ("cut \x1b", "cut "),
            ("cut \x1b]0;never ends", "cut "),
            ("bro\x1b[3\u{e4}ken", "bro\u{e4}ken"),
            ("tab\tstays", "tab\tstays"),
        ] {
            assert_eq!(lines(raw.as_bytes(), false), [want], "{raw:?}");
            assert_eq!(lines(raw.as_bytes(), true), [want], "{raw:?} with colour");
        }
    }

    #[test]
    fn of_a_progress_bar_the_last_state_is_shown() {
        assert_eq!(
            lines(b" 10%\r 90%\r100%\r\x1b[K\r   \nend\r\n", false),
            ["100%", "end"]
        );
    }

    #[test]
    fn bytes_that_are_not_text_are_marked() {
        assert_eq!(lines(b"a\xffb", false), ["a\u{fffd}b"]);
        assert_eq!(lines(b"\n \n\r\n", false), Vec::<String>::new());
        assert_eq!(lines(b"a\n\nb\n\n", false), ["a", "", "b"]);
    }

    #[test]
    fn strange_names_are_written_out() {
        assert_eq!(escaped("a\x1b[2J\n\t\u{e4}"), "a\\u{1b}[2J\\n\t\u{e4}");
    }
}
