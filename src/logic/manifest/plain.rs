//! A small strict reader for statements that hold nothing unusual: bare words, quoted texts without escapes, whole
//! numbers, blocks, `//` comments.
//!
//! Declines everything else, right or wrong: kdl-rs reads that. What it does read, it reads as kdl-rs would.

use super::document::{Element, Entry, Scalar};
use super::source::{Span, Spanned};
use std::borrow::Cow;

/// Blocks inside blocks that are read here.
const DEPTH: usize = 4;

/// The statement that is the whole of `text`, which starts at `base` in the source; `None` where it is not plain.
pub(super) fn read(text: &str, base: u32) -> Option<Element<'_>> {
    let mut plain = Plain {
        text,
        bytes: text.as_bytes(),
        at: 0,
        base,
    };
    let element = plain.statement(0)?;
    plain.spaces();
    plain.comment()?;
    (plain.at == text.len()).then_some(element)
}

struct Plain<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    base: u32,
}

impl<'t> Plain<'t> {
    fn statement(&mut self, depth: usize) -> Option<Element<'t>> {
        let start = self.at;
        let name = self.word()?;
        let mut element = Element {
            annotation: None,
            name,
            entries: Vec::with_capacity(2),
            children: None,
            span: Span::default(),
        };
        let mut end = self.at;
        loop {
            let spaced = self.spaces();
            match self.peek() {
                None | Some(b'\n' | b'\r' | b';' | b'}') => break,
                Some(b'/') => {
                    self.comment()?;
                    break;
                }
                Some(b'{') if spaced && depth < DEPTH => {
                    self.at += 1;
                    element.children = Some(self.block(depth + 1)?);
                    end = self.at;
                    self.spaces();
                    match self.peek() {
                        None | Some(b'\n' | b'\r' | b';' | b'}' | b'/') => break,
                        Some(_) => return None,
                    }
                }
                Some(_) if spaced => element.entries.push(self.entry()?),
                Some(_) => return None,
            }
            end = self.at;
        }
        element.span = self.span(start, end);
        Some(element)
    }

    /// Behind a `{`, to behind its `}`.
    fn block(&mut self, depth: usize) -> Option<Vec<Element<'t>>> {
        let mut elements = Vec::with_capacity(4);
        loop {
            self.spaces();
            match self.peek()? {
                b'\n' => self.at += 1,
                b'\r' if self.bytes.get(self.at + 1) == Some(&b'\n') => self.at += 2,
                b'/' => self.comment()?,
                b'}' => {
                    self.at += 1;
                    return Some(elements);
                }
                _ => {
                    let statement = self.statement(depth)?;
                    // The block before it may have been forgotten to close; the guard can tell.
                    if statement.name.value == "node" {
                        return None;
                    }
                    elements.push(statement);
                    self.spaces();
                    self.comment()?;
                    match self.peek()? {
                        b';' => self.at += 1,
                        b'\n' | b'}' => {}
                        b'\r' if self.bytes.get(self.at + 1) == Some(&b'\n') => {}
                        _ => return None,
                    }
                }
            }
        }
    }

    fn entry(&mut self) -> Option<Entry<'t>> {
        let start = self.at;
        let annotation = self.annotation()?;
        if annotation.is_none() && self.peek().is_some_and(starts_word) {
            let word = self.word()?;
            if self.peek() != Some(b'=') {
                return Some(Entry {
                    name: None,
                    annotation: None,
                    span: word.span,
                    value: Scalar::Text(word.value),
                    start: word.span.start,
                });
            }
            self.at += 1;
            let annotation = self.annotation()?;
            let (value, span) = self.value()?;
            return Some(Entry {
                start: word.span.start,
                name: Some(word),
                annotation,
                value,
                span,
            });
        }
        let (value, span) = self.value()?;
        Some(Entry {
            name: None,
            annotation,
            value,
            span,
            start: self.base + start as u32,
        })
    }

    /// `(word)` where there is one.
    fn annotation(&mut self) -> Option<Option<Spanned<Cow<'t, str>>>> {
        if self.peek() != Some(b'(') {
            return Some(None);
        }
        self.at += 1;
        let word = self.word()?;
        if self.peek() != Some(b')') {
            return None;
        }
        self.at += 1;
        Some(Some(word))
    }

    fn value(&mut self) -> Option<(Scalar<'t>, Span)> {
        let start = self.at;
        let value = match self.peek()? {
            b'"' => {
                if self.bytes[start..].starts_with(b"\"\"\"") {
                    return None;
                }
                let length = self.bytes[start + 1..].iter().position(|&b| b == b'"')?;
                let inner = &self.text[start + 1..start + 1 + length];
                if !inner.bytes().all(|byte| is_plain(byte) && byte != b'\\') {
                    return None;
                }
                self.at += length + 2;
                Scalar::Text(Cow::Borrowed(inner))
            }
            b'#' => self.hash()?,
            byte if byte.is_ascii_digit() => Scalar::Integer(self.number()?),
            b'-' => {
                self.at += 1;
                Scalar::Integer(-self.number()?)
            }
            byte if starts_word(byte) => Scalar::Text(self.word()?.value),
            _ => return None,
        };
        Some((value, self.span(start, self.at)))
    }

    /// `#true`, `#false`, `#null` and raw strings of one line.
    fn hash(&mut self) -> Option<Scalar<'t>> {
        let rest = &self.text[self.at..];
        for (word, value) in [
            ("#true", Scalar::Bool(true)),
            ("#false", Scalar::Bool(false)),
            ("#null", Scalar::Null),
        ] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Some(value);
            }
        }
        let inner = rest.strip_prefix("#\"")?;
        if inner.starts_with("\"\"") {
            return None;
        }
        let inner = &inner[..inner.find("\"#")?];
        if !inner.bytes().all(is_plain) {
            return None;
        }
        self.at += inner.len() + 4;
        Some(Scalar::Text(Cow::Borrowed(inner)))
    }

    fn number(&mut self) -> Option<i128> {
        let digits = self.bytes[self.at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let number = self.text[self.at..self.at + digits].parse().ok()?;
        self.at += digits;
        // `1.5`, `1_000`, `0x1`, `1e3` and `1a` are for others.
        let ends = matches!(
            self.peek(),
            None | Some(b' ' | b'\t' | b'\n' | b'\r' | b';' | b'}')
        );
        (ends && digits <= 18).then_some(number)
    }

    /// A bare word that cannot be taken for anything else.
    fn word(&mut self) -> Option<Spanned<Cow<'t, str>>> {
        let start = self.at;
        if !self.peek().is_some_and(starts_word) {
            return None;
        }
        let length = self.bytes[start..]
            .iter()
            .take_while(|&&byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
            .count();
        let word = &self.text[start..start + length];
        if matches!(word, "true" | "false" | "null" | "inf" | "nan") {
            return None;
        }
        self.at += length;
        Some(Spanned::new(Cow::Borrowed(word), self.span(start, self.at)))
    }

    /// A `//` comment to the end of its line, where there is one; declines anything else that starts with `/`.
    fn comment(&mut self) -> Option<()> {
        if self.peek() != Some(b'/') {
            return Some(());
        }
        if self.bytes.get(self.at + 1) != Some(&b'/') {
            return None;
        }
        let rest = &self.bytes[self.at..];
        let end = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .unwrap_or(rest.len());
        let line = &rest[..end];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if !line.iter().all(|&byte| is_plain(byte)) {
            return None;
        }
        self.at += line.len();
        Some(())
    }

    /// Whether there were any.
    fn spaces(&mut self) -> bool {
        let start = self.at;
        while let Some(b' ' | b'\t') = self.peek() {
            self.at += 1;
        }
        self.at > start
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span {
            start: self.base + start as u32,
            len: (end - start) as u32,
        }
    }
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

/// A letter without any meaning of its own to KDL: line breaks, control characters and all that is not ASCII are none.
fn is_plain(byte: u8) -> bool {
    byte == b'\t' || (b' '..0x7F).contains(&byte)
}
