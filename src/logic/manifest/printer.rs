//! Puts tokens and comments on lines.
//!
//! Does not check that the result says the same; `format` does.

use super::characters::is_newline;
use super::format::Part;
use super::lexer::TokenKind;
use std::ops::Range;

const INDENT: usize = 4;

/// See the module.
pub(super) struct Printer<'t> {
    text: &'t str,
    parts: &'t [(Part, Range<usize>)],
    /// For each part that is a `{`: whether its block stood on one line.
    inline: Vec<bool>,
    /// Of the blocks that are open: whether each stays on its line.
    open: Vec<bool>,
    out: String,
    /// Line breaks that are due before the next part.
    breaks: usize,
    /// Within a statement that goes on after `\`.
    goes_on: bool,
}

impl<'t> Printer<'t> {
    pub(super) fn new(text: &'t str, parts: &'t [(Part, Range<usize>)]) -> Self {
        Printer {
            text,
            parts,
            inline: inline_blocks(text, parts),
            open: Vec::new(),
            out: String::with_capacity(text.len()),
            breaks: 0,
            goes_on: false,
        }
    }

    pub(super) fn print(&mut self) {
        for at in 0..self.parts.len() {
            self.part(at);
        }
    }

    /// The text, with one line break at its end.
    pub(super) fn finish(mut self) -> String {
        let end = self.out.trim_end_matches(['\n', ' ']).len();
        self.out.truncate(end);
        if !self.out.is_empty() {
            self.out.push('\n');
        }
        self.out
    }

    fn part(&mut self, at: usize) {
        let (part, range) = &self.parts[at];
        self.continuation(at);
        match part {
            Part::Token(TokenKind::Newline) => {
                self.breaks += 1;
                self.goes_on = false;
            }
            Part::Token(TokenKind::Semicolon) => self.semicolon(at),
            Part::Token(TokenKind::Open) => self.open(at),
            Part::Token(TokenKind::Close) => self.close(at),
            Part::Token(TokenKind::Text) if self.text[range.clone()].contains(is_newline) => {
                self.place(at);
                let moved = moved(&self.text[range.clone()], self.indent() + INDENT);
                self.out.push_str(&moved);
            }
            _ => {
                self.place(at);
                self.out.push_str(self.text[range.clone()].trim_end());
            }
        }
    }

    /// A `\` between the part before and this one.
    fn continuation(&mut self, at: usize) {
        let before = at
            .checked_sub(1)
            .map_or(0, |before| self.parts[before].1.end);
        let gap = &self.text[before..self.parts[at].1.start];
        let in_statement = at.checked_sub(1).is_some_and(|before| {
            use TokenKind::{Close, Newline, Open, Semicolon};
            let ends = [Newline, Semicolon, Open, Close].map(Part::Token);
            !ends.contains(&self.parts[before].0)
        });
        // Where nothing stands before it, it joins nothing.
        if gap.contains('\\') && in_statement {
            self.out.push_str(" \\");
            self.goes_on = true;
        }
        let after_line_comment = at.checked_sub(1).is_some_and(|before| {
            let (part, range) = &self.parts[before];
            *part == Part::Comment && self.text[range.clone()].starts_with("//")
        });
        if gap.contains(is_newline) && (self.goes_on || after_line_comment) {
            self.breaks = self.breaks.max(1);
        }
    }

    /// Moves to where part `at` belongs.
    fn place(&mut self, at: usize) {
        if self.breaks > 0 {
            return self.new_line(self.breaks > 1);
        }
        if !self.out.is_empty() && !self.out.ends_with('\n') && self.is_apart(at) {
            self.out.push(' ');
        }
    }

    fn new_line(&mut self, blank: bool) {
        self.breaks = 0;
        if self.out.is_empty() {
            return;
        }
        let after_open = self.out.ends_with('{');
        self.out.push('\n');
        if blank && !after_open {
            self.out.push('\n');
        }
        let more = if self.goes_on { INDENT } else { 0 };
        self.out
            .extend(std::iter::repeat_n(' ', self.indent() + more));
    }

    fn indent(&self) -> usize {
        INDENT * self.open.iter().filter(|inline| !**inline).count()
    }

    /// Whether a space stands before part `at` on its line.
    fn is_apart(&self, at: usize) -> bool {
        let Some((before, from)) = at.checked_sub(1).map(|before| &self.parts[before]) else {
            return false;
        };
        let (part, to) = &self.parts[at];
        let (before, part) = (*before, *part);
        if before == Part::Comment || part == Part::Comment {
            return true;
        }
        use TokenKind::{Close, Equals, Open, ParenClose, ParenOpen, Slashdash};
        if before == Part::Token(TokenKind::Semicolon) {
            return true;
        }
        let tight_after = [Equals, ParenOpen].map(Part::Token);
        let tight_before = [Equals, ParenClose].map(Part::Token);
        if tight_after.contains(&before) || tight_before.contains(&part) {
            return false;
        }
        if [Part::Token(ParenClose), Part::Token(Slashdash)].contains(&before) {
            return from.end != to.start && before == Part::Token(Slashdash);
        }
        from.end != to.start || [Open, Close].map(Part::Token).contains(&part)
    }

    fn semicolon(&mut self, at: usize) {
        let last = matches!(self.next_kind(at), Some(TokenKind::Close) | None);
        match self.open.last() {
            // The last statement of a block needs none.
            Some(true) if last => {}
            Some(true) => self.out.push(';'),
            Some(false) | None => self.breaks = self.breaks.max(1),
        }
        self.goes_on = false;
    }

    fn open(&mut self, at: usize) {
        let inline = self.inline[at];
        self.place(at);
        self.out.push('{');
        self.open.push(inline);
        self.goes_on = false;
        let empty = self.next_kind(at) == Some(TokenKind::Close);
        let remark = self.parts.get(at + 1).is_some_and(|(part, range)| {
            let gap = &self.text[self.parts[at].1.end..range.start];
            *part == Part::Comment
                && self.text[range.clone()].starts_with("//")
                && !gap.contains(is_newline)
        });
        self.breaks = usize::from(!inline && !empty && !remark);
    }

    fn close(&mut self, at: usize) {
        let inline = self.open.pop().unwrap_or(false);
        let follows_open = at > 0 && self.parts[at - 1].0 == Part::Token(TokenKind::Open);
        self.goes_on = false;
        if inline || follows_open {
            self.breaks = 0;
            if !follows_open && !self.out.ends_with(' ') {
                self.out.push(' ');
            }
        } else {
            self.new_line(false);
        }
        self.out.push('}');
        let ends_line = !self.open.last().copied().unwrap_or(false);
        // A comment may follow on the same line; everything else starts a new one.
        let comment = matches!(self.parts.get(at + 1), Some((Part::Comment, _)));
        let entry = self.is_followed_by_entry(at);
        if ends_line && !comment && !entry {
            self.breaks = self.breaks.max(1);
            if self.next_is_newline(at) {
                self.breaks = 0;
            }
        }
    }

    /// After a block that `/-` switched off, the statement may go on.
    fn is_followed_by_entry(&self, at: usize) -> bool {
        !matches!(
            self.parts.get(at + 1).map(|(part, _)| *part),
            None | Some(Part::Token(
                TokenKind::Newline | TokenKind::Semicolon | TokenKind::Close
            ))
        )
    }

    fn next_is_newline(&self, at: usize) -> bool {
        let next = self.parts.get(at + 1).map(|(part, _)| *part);
        next == Some(Part::Token(TokenKind::Newline))
    }

    fn next_kind(&self, at: usize) -> Option<TokenKind> {
        let next = self.parts[at + 1..]
            .iter()
            .find_map(|(part, _)| match part {
                Part::Token(TokenKind::Newline) => None,
                part => Some(*part),
            });
        match next? {
            Part::Token(kind) => Some(kind),
            Part::Comment => Some(TokenKind::Word),
        }
    }
}

/// For each part: whether it is a `{` whose block stands on one line.
fn inline_blocks(text: &str, parts: &[(Part, Range<usize>)]) -> Vec<bool> {
    let mut inline = vec![false; parts.len()];
    let mut open: Vec<usize> = Vec::new();
    for (at, (part, range)) in parts.iter().enumerate() {
        match part {
            Part::Token(TokenKind::Open) => {
                inline[at] = true;
                open.push(at);
            }
            Part::Token(TokenKind::Close) => {
                open.pop();
            }
            _ => {}
        }
        let before = at.checked_sub(1).map_or(0, |before| parts[before].1.end);
        let breaks = text[before..range.end].contains(is_newline);
        if breaks || (*part == Part::Comment && text[range.clone()].starts_with("//")) {
            open.iter().for_each(|&block| inline[block] = false);
        }
    }
    inline
}

/// A text of several lines, all of them moved so that the closing quotes stand at `indent`.
fn moved(text: &str, indent: usize) -> String {
    let usual =
        text.split(is_newline).count() == text.split('\n').count() + text.matches('\r').count();
    let escapes = text.starts_with('"') && text.contains('\\');
    let Some((body, closing)) = text.rsplit_once('\n').filter(|_| usual && !escapes) else {
        return text.to_owned();
    };
    let old = &closing[..closing.len() - closing.trim_start_matches([' ', '\t']).len()];
    let mut lines = body.split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    let new = " ".repeat(indent);
    for line in lines {
        out.push('\n');
        match line.strip_prefix(old) {
            _ if line.trim_matches([' ', '\t', '\r']).is_empty() => {}
            Some(rest) => {
                out.push_str(&new);
                out.push_str(rest);
            }
            None => out.push_str(line),
        }
    }
    out.push('\n');
    out.push_str(&new);
    out.push_str(&closing[old.len()..]);
    out
}
