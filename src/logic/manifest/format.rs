//! Lays a manifest's text out anew: indent, spaces, blank lines. Every comment and every value keep their own text.
//!
//! Works on tokens, not on what they mean, so it serves any KDL 2 text. What it makes is proved to say the same before
//! anybody sees it. Does not know files.

use super::document::{self, Element};
use super::guard::guard;
use super::lexer::{Token, TokenKind, lex};
use super::printer::Printer;
use super::problem::Problem;
use super::source::{Source, Span};
use kdl::KdlDocument;
use std::ops::Range;
use std::sync::Arc;

/// Why a text cannot be laid out.
#[derive(Debug)]
pub enum FormatFault {
    /// It is not KDL; what is wrong with it.
    Problems(Vec<Problem>),
    /// What came out would not say the same. Never the user's fault; nothing is to be written.
    Unsure(&'static str),
}

/// A part of a text that is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Token(TokenKind),
    /// `// …` or `/* … */`
    Comment,
}

/// Lays out a text of one file.
///
/// # Errors
/// See [`FormatFault`].
pub fn format(source: &Arc<Source>) -> Result<String, FormatFault> {
    let before = parsed(source)?;
    let text = laid_out(&source.text);
    let result = Source::new(source.name.clone(), text.as_str());
    let after = parsed(&result).map_err(|_| FormatFault::Unsure("it is no KDL any more"))?;
    if !same_elements(&before, &after) {
        return Err(FormatFault::Unsure("a value is another one"));
    }
    if told(&source.text) != told(&text) {
        return Err(FormatFault::Unsure("a word or a comment is lost or moved"));
    }
    if laid_out(&text) != text {
        return Err(FormatFault::Unsure("a second time gives another text"));
    }
    Ok(text)
}

fn parsed(source: &Arc<Source>) -> Result<Vec<Element<'static>>, FormatFault> {
    let guarded = guard(&source.text);
    if !guarded.faults.is_empty() {
        let problems = guarded.faults.into_iter();
        let problems = problems.map(|fault| fault.into_problem(source)).collect();
        return Err(FormatFault::Problems(problems));
    }
    match KdlDocument::parse_v2(&guarded.clean) {
        Ok(document) => Ok(document::from_kdl(&document, source, 0)),
        Err(error) => {
            let place = error
                .diagnostics
                .first()
                .map_or_else(Span::default, |first| Span {
                    start: first.span.offset().min(source.text.len()) as u32,
                    len: 0,
                });
            let problem = Problem::error(source, "syntax", "this is not KDL").at(place, "here");
            Err(FormatFault::Problems(vec![problem]))
        }
    }
}

fn same_elements(one: &[Element<'_>], other: &[Element<'_>]) -> bool {
    let same = |(a, b): (&Element<'_>, &Element<'_>)| {
        let text = |word: &Option<super::Spanned<std::borrow::Cow<'_, str>>>| {
            word.as_ref().map(|word| word.value.clone().into_owned())
        };
        let entries = a.entries.iter().zip(&b.entries).all(|(a, b)| {
            text(&a.name) == text(&b.name)
                && text(&a.annotation) == text(&b.annotation)
                && format!("{:?}", a.value) == format!("{:?}", b.value)
        });
        let children = match (&a.children, &b.children) {
            (Some(a), Some(b)) => same_elements(a, b),
            (None, None) => true,
            _ => false,
        };
        a.name.value == b.name.value
            && text(&a.annotation) == text(&b.annotation)
            && a.entries.len() == b.entries.len()
            && entries
            && children
    };
    one.len() == other.len() && one.iter().zip(other).all(same)
}

/// The words and comments of a text, without what layout may change.
fn told(text: &str) -> Vec<String> {
    let keep = |(part, range): (Part, Range<usize>)| match part {
        Part::Token(TokenKind::Newline | TokenKind::Semicolon) => None,
        // Its lines may have moved together; what it says has been compared.
        Part::Token(TokenKind::Text) if text[range.clone()].contains('\n') => {
            Some("\"\"\"".to_owned())
        }
        _ => Some(text[range].trim_end().to_owned()),
    };
    parts(text).into_iter().filter_map(keep).collect()
}

/// Tokens and comments in their order; a byte order mark is dropped.
fn parts(text: &str) -> Vec<(Part, Range<usize>)> {
    let lexed = lex(text);
    let token = |token: &Token| {
        let range = token.start as usize..token.end as usize;
        (Part::Token(token.kind), range)
    };
    let comments = lexed
        .blanks
        .iter()
        .filter(|range| text[range.start..].starts_with('/'));
    let mut parts: Vec<(Part, Range<usize>)> = lexed
        .tokens
        .iter()
        .map(token)
        .chain(comments.map(|range| (Part::Comment, range.clone())))
        .collect();
    parts.sort_by_key(|(_, range)| range.start);
    parts
}

fn laid_out(text: &str) -> String {
    let parts = parts(text);
    let mut printer = Printer::new(text, &parts);
    printer.print();
    printer.finish()
}

#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "fixtures and official cases lie on the disk"
)]
mod tests;
