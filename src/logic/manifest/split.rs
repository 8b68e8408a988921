//! Cuts a text at its top-level statements, without reading them.
//!
//! Knows where KDL's strings, comments and line breaks end, and nothing else. Gives up where a text is not balanced:
//! then it is read as a whole, by those who can say what is wrong.

use super::characters::is_space;
use std::ops::Range;

/// The byte range of every top-level statement, `None` when the text does not come out even. What lies between them
/// is space, comments and semicolons.
pub(super) fn split(text: &str) -> Option<Vec<Range<usize>>> {
    let mut splitter = Splitter {
        text,
        bytes: text.as_bytes(),
        at: if text.starts_with('\u{FEFF}') { 3 } else { 0 },
        start: None,
        depth: 0,
        goes_on: false,
        pieces: Vec::new(),
    };
    splitter.run()?;
    Some(splitter.pieces)
}

struct Splitter<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    /// Of the statement that is being passed.
    start: Option<usize>,
    depth: usize,
    /// After `\` or `/-`: the next line break ends nothing.
    goes_on: bool,
    pieces: Vec<Range<usize>>,
}

impl Splitter<'_> {
    fn run(&mut self) -> Option<()> {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' => self.at += 1,
                b'"' => {
                    self.token();
                    self.at = self.string_end(self.at, 0)?;
                }
                b'#' => {
                    self.token();
                    let hashes = self.bytes[self.at..]
                        .iter()
                        .take_while(|&&b| b == b'#')
                        .count();
                    let after = self.at + hashes;
                    self.at = match self.bytes.get(after) {
                        Some(b'"') => self.string_end(after, hashes)?,
                        _ => after,
                    };
                }
                b'/' => self.slash()?,
                // Where it joins nothing it is odd.
                b'\\' if self.start.is_none() => return None,
                b'\\' => {
                    self.token();
                    self.goes_on = true;
                    self.at += 1;
                }
                b'{' => {
                    self.token();
                    self.depth += 1;
                    self.at += 1;
                }
                b'}' => {
                    self.depth = self.depth.checked_sub(1)?;
                    self.token();
                    self.at += 1;
                }
                b';' => {
                    if self.depth == 0 && self.start.is_none() {
                        return None;
                    }
                    self.at += 1;
                    self.end(self.at - 1);
                }
                0xEF if self.bytes[self.at..].starts_with("\u{FEFF}".as_bytes()) => return None,
                0x80.. if self.wide_space() > 0 => self.at += self.wide_space(),
                _ => match newline_len(&self.bytes[self.at..]) {
                    0 => {
                        self.token();
                        let c = self.text[self.at..].chars().next();
                        self.at += c.map_or(1, char::len_utf8);
                    }
                    len => {
                        if !std::mem::take(&mut self.goes_on) || self.is_blank_start() {
                            self.end(self.at);
                        }
                        self.at += len;
                    }
                },
            }
        }
        self.end(self.at);
        (self.depth == 0).then_some(())
    }

    /// The length of a space that is not ASCII, 0 where there is none.
    fn wide_space(&self) -> usize {
        let c = self.text[self.at..].chars().next();
        c.filter(|c| is_space(*c)).map_or(0, char::len_utf8)
    }

    /// Something that belongs to a statement stands here.
    fn token(&mut self) {
        self.start.get_or_insert(self.at);
        self.goes_on = false;
    }

    fn is_blank_start(&self) -> bool {
        self.start.is_none()
    }

    /// A line break or semicolon: at the top it ends the statement.
    fn end(&mut self, at: usize) {
        if self.depth == 0
            && let Some(start) = self.start.take()
        {
            self.pieces.push(start..at);
        }
    }

    /// Behind the string whose quote is at `quote`, after so many `#`.
    fn string_end(&self, quote: usize, hashes: usize) -> Option<usize> {
        let quotes = if self.bytes[quote..].starts_with(b"\"\"\"") {
            3
        } else {
            1
        };
        let mut at = quote + quotes;
        loop {
            at += memchr::memchr2(b'"', b'\\', &self.bytes[at..])?;
            if self.bytes[at] == b'\\' {
                at += if hashes == 0 { 2 } else { 1 };
                if at > self.bytes.len() {
                    return None;
                }
                continue;
            }
            let rest = &self.bytes[at..];
            let closes = rest.iter().take(quotes).filter(|&&b| b == b'"').count() == quotes
                && rest.len() >= quotes + hashes
                && rest[quotes..quotes + hashes].iter().all(|&b| b == b'#');
            if closes {
                return Some(at + quotes + hashes);
            }
            at += 1;
        }
    }

    fn slash(&mut self) -> Option<()> {
        match self.bytes.get(self.at + 1) {
            Some(b'/') => {
                let rest = &self.bytes[self.at..];
                let end = (0..rest.len()).find(|&at| newline_len(&rest[at..]) > 0);
                self.at += end.unwrap_or(rest.len());
            }
            Some(b'*') => {
                let mut depth = 1;
                self.at += 2;
                while depth > 0 {
                    self.at += memchr::memchr2(b'/', b'*', &self.bytes[self.at..])?;
                    match (self.bytes[self.at], self.bytes.get(self.at + 1)?) {
                        (b'/', b'*') => (depth, self.at) = (depth + 1, self.at + 2),
                        (b'*', b'/') => (depth, self.at) = (depth - 1, self.at + 2),
                        _ => self.at += 1,
                    }
                }
            }
            Some(b'-') => {
                self.token();
                self.goes_on = true;
                self.at += 2;
                self.skip_lines();
            }
            _ => {
                self.token();
                self.at += 1;
            }
        }
        Some(())
    }

    /// What `/-` switches off may stand on a later line.
    fn skip_lines(&mut self) {
        loop {
            let rest = &self.bytes[self.at..];
            match rest.first() {
                Some(b' ' | b'\t') => self.at += 1,
                Some(_) if newline_len(rest) > 0 => self.at += newline_len(rest),
                _ => return,
            }
        }
    }
}

/// The length of the line break that a text starts with, 0 where there is none.
fn newline_len(bytes: &[u8]) -> usize {
    match bytes {
        [b'\r', b'\n', ..] => 2,
        [b'\n' | b'\r' | 0x0B | 0x0C, ..] => 1,
        [0xC2, 0x85, ..] => 2,
        [0xE2, 0x80, 0xA8 | 0xA9, ..] => 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Option<Vec<&str>> {
        split(text).map(|pieces| pieces.into_iter().map(|piece| &text[piece]).collect())
    }

    #[test]
    fn cuts_at_the_ends_of_statements_only() {
        let text = "\u{FEFF}a 1; b \"x;\\\"\n\" {\n c; d\n} // }\n/* \n /* */ e */ f #\"\"\"\n\"\"\n\"\"\"# \\ // on\n 2\n/- g\n{\n}\n/-\nh 1\r\ni\u{85}j\u{2028}k\u{0B}l";
        let want = [
            "a 1",
            "b \"x;\\\"\n\" {\n c; d\n} // }",
            "f #\"\"\"\n\"\"\n\"\"\"# \\ // on\n 2",
            "/- g",
            "{\n}",
            "/-\nh 1",
            "i",
            "j",
            "k",
            "l",
        ];
        assert_eq!(pieces(text).unwrap(), want);
        for odd in [
            "a {",
            "a }",
            "a \"",
            "a #\"x\"",
            "/* a",
            "a \"\"\"\n\"",
            "a \"\\",
        ] {
            assert_eq!(pieces(odd), None, "{odd}");
        }
        assert_eq!(pieces("\n // x\n").unwrap(), Vec::<&str>::new());
    }
}
