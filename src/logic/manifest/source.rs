//! A manifest's text with its lines, and places in it.
//!
//! Does not know what the text means.

use std::ops::Deref;
use std::sync::Arc;

/// A text that problems point into.
#[derive(Debug)]
pub struct Source {
    /// As shown to people: the path relative to where they are, usually `pipe.kdl`.
    pub name: String,
    /// The whole text.
    pub text: String,
    line_starts: Vec<u32>,
}

impl Source {
    /// Takes a text and finds its lines once, so that showing a place costs nothing in the text's length.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let text = text.into();
        let breaks = text
            .bytes()
            .enumerate()
            .filter(|(_, byte)| *byte == b'\n')
            .map(|(at, _)| at as u32 + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        Arc::new(Source {
            name: name.into(),
            text,
            line_starts,
        })
    }

    /// Line and column of a byte offset, both counted from 1, the column in characters.
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let line = self.line_starts.partition_point(|&start| start <= offset) - 1;
        let start = self.line_starts[line] as usize;
        let end = (offset as usize).min(self.text.len());
        (line + 1, self.text[start..end].chars().count() + 1)
    }

    /// The byte range of line `line`, counted from 0, its line break left out; `None` past the end.
    pub fn line(&self, line: usize) -> Option<std::ops::Range<usize>> {
        let start = *self.line_starts.get(line)? as usize;
        let end = self
            .line_starts
            .get(line + 1)
            .map_or(self.text.len(), |&next| next as usize - 1);
        Some(start..end.max(start))
    }

    /// The number of lines, at least 1.
    pub fn lines(&self) -> usize {
        self.line_starts.len()
    }
}

/// A place in a [`Source`]: byte offset and length.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// Bytes from the start of the text.
    pub start: u32,
    /// Bytes.
    pub len: u32,
}

/// A value and where it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// Puts the two together.
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}
