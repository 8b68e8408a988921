//! A manifest's text with its lines, and places in it.
//!
//! Does not know what the text means.

use std::ops::Deref;
use std::sync::Arc;

/// A text that problems point into: one file, or several one after the other.
#[derive(Debug)]
pub struct Source {
    /// As shown to people: the path of the first file relative to where they are, usually `pipe.kdl`.
    pub name: String,
    /// The whole text.
    pub text: String,
    line_starts: Vec<u32>,
    /// Where each file starts, and its name.
    files: Vec<(u32, String)>,
}

/// A place as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position<'s> {
    /// The file.
    pub file: &'s str,
    /// Counted from 1, in that file.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
}

impl Source {
    /// Takes a text and finds its lines once, so that showing a place costs nothing in the text's length.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Source::with_files(text.into(), vec![(0, name.into())])
    }

    /// Several files, names and texts, as one text. Places in the first are the same as in it alone.
    pub fn joined(files: Vec<(String, String)>) -> Arc<Self> {
        let mut text = String::new();
        let mut starts = Vec::with_capacity(files.len());
        for (name, file) in files {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            starts.push((text.len() as u32, name));
            text.push_str(&file);
        }
        Source::with_files(text, starts)
    }

    fn with_files(text: String, files: Vec<(u32, String)>) -> Arc<Self> {
        let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at as u32 + 1);
        let line_starts = std::iter::once(0).chain(breaks).collect();
        Arc::new(Source {
            name: files
                .first()
                .map(|(_, name)| name.clone())
                .unwrap_or_default(),
            text,
            line_starts,
            files,
        })
    }

    /// The byte range of each file, in order.
    pub fn files(&self) -> impl Iterator<Item = std::ops::Range<usize>> + '_ {
        let ends = self.files.iter().skip(1).map(|(start, _)| *start as usize);
        let starts = self.files.iter().map(|(start, _)| *start as usize);
        starts
            .zip(ends.chain([self.text.len()]))
            .map(|(start, end)| start..end)
    }

    /// The number of the file that holds a byte offset.
    pub fn file_at(&self, offset: u32) -> usize {
        self.files
            .partition_point(|(start, _)| *start <= offset)
            .saturating_sub(1)
    }

    /// A byte offset as people name it.
    pub fn place(&self, offset: u32) -> Position<'_> {
        let (line, column) = self.position(offset);
        let (start, name) = &self.files[self.file_at(offset)];
        Position {
            file: name,
            line: line + 1 - self.position(*start).0,
            column,
        }
    }

    /// The number of lines before a file.
    pub fn lines_before(&self, file: usize) -> usize {
        self.files
            .get(file)
            .map_or(0, |(start, _)| self.position(*start).0 - 1)
    }

    /// Line and column of a byte offset, both counted from 1, in the whole text; the column in characters.
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

impl Span {
    /// The part of `text` that lies here.
    pub fn of<'t>(&self, text: &'t str) -> &'t str {
        &text[self.start as usize..(self.start + self.len) as usize]
    }
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
