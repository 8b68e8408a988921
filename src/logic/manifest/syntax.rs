//! What can be wrong with a manifest's KDL, as values.
//!
//! Does not find the faults; the lexer and the guard do. Does not know how they are said; `words` does.

use super::problem::Problem;
use super::source::{Source, Span};
use super::words::{Words, words};
use std::ops::Range;
use std::sync::Arc;

/// Something that KDL cannot read, and where.
#[derive(Debug, Clone)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    /// Byte range in the text.
    pub(super) span: Range<usize>,
    /// A second place and what is there.
    pub(super) also: Option<(Range<usize>, &'static str)>,
}

/// What KDL cannot read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    UnclosedString,
    StringOverLines,
    UnclosedMultiLine,
    MultiLineOpening,
    MultiLineClosing,
    MultiLineIndent,
    BadEscape(char),
    Forbidden(char),
    UnclosedComment,
    Hash,
    BareKeyword,
    EqualsAfterName,
    StrayEquals,
    MissingValue,
    Brackets,
    Comma,
    Section,
    OldRawString,
    LeadingDigits,
    LeadingPoint,
    NumberTooLarge,
    UnquotedPath,
    UnquotedBackslash,
    Glued,
    UnquotedCommand,
    Parentheses,
    BadName,
    BlockWithoutName,
    AfterBlock,
    StrayClose,
    UnclosedBlock,
    TooDeep,
    StraySemicolon,
    NothingToComment,
    OldVersion,
    UnknownVersion,
    Other,
}

impl Fault {
    pub(super) fn new(kind: FaultKind, span: Range<usize>) -> Self {
        Fault {
            kind,
            span,
            also: None,
        }
    }

    pub(super) fn with(mut self, span: Range<usize>, text: &'static str) -> Self {
        self.also = Some((span, text));
        self
    }

    /// The same fault in a text that starts `by` bytes later.
    pub(super) fn shifted(mut self, by: usize) -> Self {
        let shift = |span: Range<usize>| span.start + by..span.end + by;
        self.span = shift(self.span);
        self.also = self.also.map(|(span, text)| (shift(span), text));
        self
    }

    /// The fault in words.
    pub(super) fn into_problem(self, source: &Arc<Source>) -> Problem {
        let text = first_line(&source.text[self.span.clone()]);
        let Words {
            code,
            message,
            label,
            help,
        } = words(self.kind, text);
        let problem = Problem::error(source, code, message)
            .at(span(&self.span), label)
            .help(help);
        match self.also {
            Some((place, text)) => problem.at(span(&place), text),
            None => problem,
        }
    }
}

fn span(range: &Range<usize>) -> Span {
    Span {
        start: range.start as u32,
        len: range.len() as u32,
    }
}

/// The first line of `text`, so that a message stays a line.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("").trim_end()
}
