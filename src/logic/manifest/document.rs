//! Statements as they were written, with places in the source: what both readers of KDL make and what the table of
//! words is checked against.
//!
//! Does not know what words mean. `from_kdl` is the one way from kdl-rs; `plain` makes the same without it.

use super::source::{Source, Span, Spanned};
use kdl::{KdlDocument, KdlEntry, KdlIdentifier, KdlNode, KdlValue};
use std::borrow::Cow;

/// A word with its values and its block.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Element<'t> {
    pub(super) annotation: Option<Spanned<Cow<'t, str>>>,
    pub(super) name: Spanned<Cow<'t, str>>,
    pub(super) entries: Vec<Entry<'t>>,
    pub(super) children: Option<Vec<Element<'t>>>,
    /// From its annotation or name to the end of its last value or block.
    pub(super) span: Span,
}

/// An argument or a property.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry<'t> {
    /// Of a property.
    pub(super) name: Option<Spanned<Cow<'t, str>>>,
    pub(super) annotation: Option<Spanned<Cow<'t, str>>>,
    pub(super) value: Scalar<'t>,
    /// Of the value alone, its quotes included.
    pub(super) span: Span,
    /// From its name or annotation on.
    pub(super) start: u32,
}

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Scalar<'t> {
    Text(Cow<'t, str>),
    Integer(i128),
    Float(f64),
    Bool(bool),
    Null,
}

/// Turns what kdl-rs read into elements; `base` is where its text starts in `source`.
pub(super) fn from_kdl<'t>(document: &KdlDocument, source: &Source, base: u32) -> Vec<Element<'t>> {
    let places = Places {
        base,
        end: source.text.len(),
    };
    places.elements(document)
}

struct Places {
    base: u32,
    end: usize,
}

impl Places {
    /// A place that kdl-rs names, in the source; braces that were added at its end are left out.
    fn span(&self, offset: usize, len: usize) -> Span {
        let start = (self.base as usize + offset).min(self.end);
        Span {
            start: start as u32,
            len: len.min(self.end - start) as u32,
        }
    }

    fn word<'t>(&self, name: &KdlIdentifier) -> Spanned<Cow<'t, str>> {
        let span = self.span(name.span().offset(), name.span().len());
        Spanned::new(Cow::Owned(name.value().to_owned()), span)
    }

    fn elements<'t>(&self, document: &KdlDocument) -> Vec<Element<'t>> {
        document
            .nodes()
            .iter()
            .map(|node| self.element(node))
            .collect()
    }

    fn element<'t>(&self, node: &KdlNode) -> Element<'t> {
        Element {
            annotation: node.ty().map(|annotation| self.word(annotation)),
            name: self.word(node.name()),
            entries: node
                .entries()
                .iter()
                .map(|entry| self.entry(entry))
                .collect(),
            children: node.children().map(|block| self.elements(block)),
            span: self.span(node.span().offset(), node.span().len()),
        }
    }

    fn entry<'t>(&self, entry: &KdlEntry) -> Entry<'t> {
        let end = entry.span().offset() + entry.span().len();
        let len = entry
            .format()
            .map_or(entry.span().len(), |format| format.value_repr.len());
        Entry {
            name: entry.name().map(|name| self.word(name)),
            annotation: entry.ty().map(|annotation| self.word(annotation)),
            value: match entry.value() {
                KdlValue::String(text) => Scalar::Text(Cow::Owned(text.clone())),
                KdlValue::Integer(number) => Scalar::Integer(*number),
                KdlValue::Float(number) => Scalar::Float(*number),
                KdlValue::Bool(yes) => Scalar::Bool(*yes),
                KdlValue::Null => Scalar::Null,
            },
            span: self.span(end - len, len),
            start: self.span(entry.span().offset(), 0).start,
        }
    }
}
