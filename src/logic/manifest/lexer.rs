//! Cuts a text into KDL 2's tokens: every kind of string, comments of both kinds, line continuations.
//!
//! Exists because kdl-rs recurses on what it reads: this does not, so the guard can look at any text safely first.
//! Does not know which tokens may follow each other; the guard does.

use super::characters::{is_forbidden, is_newline, is_space, is_word, line_end, newline_len};
use super::strings::{Ended, find_bad_indent, find_forbidden, scan_quoted};
use super::syntax::{Fault, FaultKind};
use std::ops::Range;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// Any of KDL's line breaks.
    Newline,
    /// `;`
    Semicolon,
    /// `{`
    Open,
    /// `}`
    Close,
    /// `=`
    Equals,
    /// `(`
    ParenOpen,
    /// `)`
    ParenClose,
    /// `/-`
    Slashdash,
    /// A quoted, raw or multi-line string.
    Text,
    /// A run of characters that a bare name may hold; also numbers.
    Word,
    /// `#true` and its like.
    Keyword,
    /// A character that has no meaning where it stands: `[ ] \ /`.
    Odd,
    /// Something unreadable: its place in [`Lexed::broken`].
    Broken(u32),
}

/// A token and where it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: u32,
    pub(super) end: u32,
    /// Nothing stands between the token before and this one.
    pub(super) glued: bool,
}

/// A text, cut up.
#[derive(Debug, Default)]
pub(super) struct Lexed {
    pub(super) tokens: Vec<Token>,
    /// Comments and the byte order mark: to be blanked before kdl-rs sees the text.
    pub(super) blanks: Vec<Range<usize>>,
    /// What is wrong with the tokens of kind [`TokenKind::Broken`].
    pub(super) broken: Vec<Fault>,
    /// What is wrong between tokens: in comments.
    pub(super) loose: Vec<Fault>,
}

/// Cuts `text` up.
pub(super) fn lex(text: &str) -> Lexed {
    let mut lexer = Lexer {
        text,
        at: 0,
        gap: true,
        out: Lexed::default(),
    };
    if text.starts_with('\u{FEFF}') {
        lexer.at = '\u{FEFF}'.len_utf8();
        lexer.out.blanks.push(0..lexer.at);
    }
    while let Some(next) = lexer.peek() {
        lexer.token(next);
    }
    lexer.out
}

/// The longest comment, in bytes, that may touch the word before it.
const SHORT_COMMENT: usize = 4096;

struct Lexer<'t> {
    text: &'t str,
    at: usize,
    gap: bool,
    out: Lexed,
}

impl Lexer<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn push(&mut self, kind: TokenKind, end: usize) {
        let glued = !self.gap && !self.out.tokens.is_empty();
        self.out.tokens.push(Token {
            kind,
            start: self.at as u32,
            end: end as u32,
            glued,
        });
        self.at = end;
        self.gap = false;
    }

    fn push_broken(&mut self, kind: FaultKind, span: Range<usize>, end: usize) {
        let index = self.out.broken.len() as u32;
        self.out.broken.push(Fault::new(kind, span));
        self.push(TokenKind::Broken(index), end);
    }

    fn token(&mut self, next: char) {
        let single = match next {
            ';' => Some(TokenKind::Semicolon),
            '{' => Some(TokenKind::Open),
            '}' => Some(TokenKind::Close),
            '=' => Some(TokenKind::Equals),
            '(' => Some(TokenKind::ParenOpen),
            ')' => Some(TokenKind::ParenClose),
            '[' | ']' => Some(TokenKind::Odd),
            _ => None,
        };
        match next {
            _ if single.is_some() => self.push(single.unwrap_or(TokenKind::Odd), self.at + 1),
            '"' => self.quoted(),
            '#' => self.hash(),
            '/' => self.slash(),
            '\\' => self.backslash(),
            _ if is_newline(next) => {
                self.push(TokenKind::Newline, self.at + newline_len(self.rest()));
            }
            _ if is_space(next) => {
                self.at += next.len_utf8();
                self.gap = true;
            }
            _ if is_forbidden(next) => {
                let end = self.at + next.len_utf8();
                self.push_broken(FaultKind::Forbidden(next), self.at..end, end);
            }
            _ => {
                let len = self
                    .rest()
                    .find(|other| !is_word(other))
                    .unwrap_or(self.rest().len());
                self.push(TokenKind::Word, self.at + len);
            }
        }
    }

    fn slash(&mut self) {
        let rest = self.rest();
        if rest.starts_with("/-") {
            self.push(TokenKind::Slashdash, self.at + 2);
        } else if rest.starts_with("//") && !self.text[..self.at].ends_with(':') {
            let end = self.at + rest.find(is_newline).unwrap_or(rest.len());
            self.comment(end);
        } else if rest.starts_with("/*") {
            self.block_comment();
        } else {
            self.push(TokenKind::Odd, self.at + 1);
        }
    }

    /// `raw/*.csv` without quotes opens a comment, as far as KDL goes; it is told apart by what touches it.
    fn block_comment(&mut self) {
        let last = self.out.tokens.last().filter(|_| !self.gap);
        let touches_word =
            last.is_some_and(|token| matches!(token.kind, TokenKind::Word | TokenKind::Odd));
        if touches_word && self.is_path_with_stars() {
            return self.push(TokenKind::Odd, self.at + 1);
        }
        let end = block_comment_end(self.text, self.at).unwrap_or_else(|| {
            self.out
                .loose
                .push(Fault::new(FaultKind::UnclosedComment, self.at..self.at + 2));
            self.text.len()
        });
        self.comment(end);
    }

    /// Whether the `/*` here, which touches a word, goes on as a path would: no short comment follows, or one that
    /// touches a word on its other side too.
    fn is_path_with_stars(&self) -> bool {
        let near = &self.text[..self.text.floor_char_boundary(self.at + SHORT_COMMENT)];
        let end = block_comment_end(near, self.at);
        near[self.at + 2..].starts_with(['.', '/', '{'])
            || end.is_none_or(|end| self.text[end..].starts_with(is_word))
    }

    fn comment(&mut self, end: usize) {
        let range = self.at..end;
        self.out
            .loose
            .extend(find_forbidden(self.text, range.clone()));
        self.out.blanks.push(range);
        self.at = end;
        self.gap = true;
    }

    /// A backslash at the end of a line joins the next line to it.
    fn backslash(&mut self) {
        let mut end = self.at + 1;
        loop {
            let rest = &self.text[end..];
            match rest.chars().next() {
                Some(space) if is_space(space) => end += space.len_utf8(),
                Some('/') if rest.starts_with("/*") => match block_comment_end(self.text, end) {
                    Some(after) => {
                        self.out.blanks.push(end..after);
                        end = after;
                    }
                    None => return self.push(TokenKind::Odd, self.at + 1),
                },
                Some('/') if rest.starts_with("//") => {
                    let after = end + rest.find(is_newline).unwrap_or(rest.len());
                    self.out.blanks.push(end..after);
                    end = after;
                }
                Some(newline) if is_newline(newline) => {
                    end += newline_len(rest);
                    break;
                }
                None => break,
                Some(_) => return self.push(TokenKind::Odd, self.at + 1),
            }
        }
        self.at = end;
        self.gap = true;
    }

    fn hash(&mut self) {
        let hashes = self.rest().bytes().take_while(|&byte| byte == b'#').count();
        if self.rest()[hashes..].starts_with('"') {
            return self.raw(hashes);
        }
        let after = &self.rest()[hashes..];
        let len = hashes + after.find(|c| !is_word(c)).unwrap_or(after.len());
        let (span, word) = (self.at..self.at + len, &self.rest()[..len]);
        if matches!(
            word,
            "#true" | "#false" | "#null" | "#inf" | "#-inf" | "#nan"
        ) {
            self.push(TokenKind::Keyword, span.end);
        } else {
            self.push_broken(FaultKind::Hash, span.clone(), span.end);
        }
    }

    fn quoted(&mut self) {
        if self.rest().starts_with("\"\"\"") {
            return self.multi_line(0);
        }
        let start = self.at;
        match scan_quoted(self.text, start + 1, "\"", false) {
            Ended::At(end) => self.push(TokenKind::Text, end),
            Ended::Fault(fault, end) => self.push_broken(fault.kind, fault.span, end),
            Ended::Never(line_end) => self.unclosed(start, line_end, "\""),
        }
    }

    fn raw(&mut self, hashes: usize) {
        let start = self.at;
        let quotes = start + hashes;
        if self.text[quotes..].starts_with("\"\"\"") {
            return self.multi_line(hashes);
        }
        let closing = format!("\"{}", "#".repeat(hashes));
        let line_end = line_end(self.text, start);
        match self.text[quotes + 1..line_end].find(&closing) {
            Some(len) => {
                let end = quotes + 1 + len + closing.len();
                match find_forbidden(self.text, start..end) {
                    Some(fault) => self.push_broken(fault.kind, fault.span, end),
                    None => self.push(TokenKind::Text, end),
                }
            }
            None => self.unclosed(start, line_end, &closing),
        }
    }

    /// A string that does not end on its line: either the closing quote was forgotten, or it was meant to go over
    /// several lines. A later line that holds an odd number of closing quotes speaks for the second.
    fn unclosed(&mut self, start: usize, first_end: usize, closing: &str) {
        let mut line_start = first_end;
        for _ in 0..60 {
            line_start += newline_len(&self.text[line_start..]);
            let end = line_end(self.text, line_start);
            let line = &self.text[line_start..end];
            let count = line.matches(closing).count();
            if count % 2 == 1 {
                let close = line_start + line.find(closing).unwrap_or(0) + closing.len();
                return self.push_broken(FaultKind::StringOverLines, start..first_end, close);
            }
            if count > 0 || end == self.text.len() {
                break;
            }
            line_start = end;
        }
        self.push_broken(FaultKind::UnclosedString, start..first_end, first_end);
    }

    fn multi_line(&mut self, hashes: usize) {
        let start = self.at;
        let opened = start + hashes + 3;
        let closing = format!("\"\"\"{}", "#".repeat(hashes));
        if !self.text[opened..].starts_with(is_newline) {
            let line_end = line_end(self.text, start);
            let end = self.text[opened..]
                .find(&closing)
                .map_or(line_end, |len| opened + len + closing.len());
            return self.push_broken(FaultKind::MultiLineOpening, start..opened, end);
        }
        let ended = if hashes == 0 {
            scan_quoted(self.text, opened, "\"\"\"", true)
        } else {
            match self.text[opened..].find(&closing) {
                Some(len) => Ended::At(opened + len + closing.len()),
                None => Ended::Never(self.text.len()),
            }
        };
        match ended {
            Ended::Never(end) => self.push_broken(FaultKind::UnclosedMultiLine, start..opened, end),
            Ended::Fault(fault, end) => self.push_broken(fault.kind, fault.span, end),
            Ended::At(end) => {
                let inside = opened..end - closing.len();
                let fault = find_forbidden(self.text, start..end)
                    .or_else(|| find_bad_indent(self.text, inside, hashes > 0));
                match fault {
                    Some(fault) => self.push_broken(fault.kind, fault.span, end),
                    None => self.push(TokenKind::Text, end),
                }
            }
        }
    }
}

/// Where the block comment that starts at `start` ends; comments nest.
fn block_comment_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let (mut at, mut depth) = (start + 2, 1);
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"*/" => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            b"/*" => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    None
}
