//! Single values: of the kind that the table asks for, with the annotation that it allows.
//!
//! Does not know how many there may be; `check` does.

use super::check::Reader;
use super::document::{Entry, Scalar};
use super::rules::{Argument, Word};
use super::source::{Span, Spanned};

/// An argument or property of the kind that the table asks for.
pub(super) struct Value<'k> {
    /// Of a property.
    pub(super) name: Option<Spanned<String>>,
    pub(super) datum: Datum<'k>,
    /// Of the value alone, its quotes included.
    pub(super) span: Span,
    /// One of those that its word allows.
    pub(super) annotation: Option<&'static str>,
}

/// What a value is.
#[derive(Debug, Clone, Copy)]
pub(super) enum Datum<'k> {
    Number(i128),
    Text(&'k str),
    Fraction(f64),
    Yes(bool),
}

impl Value<'_> {
    /// The text; empty for anything else.
    pub(super) fn text(&self) -> &str {
        match self.datum {
            Datum::Text(text) => text,
            Datum::Number(_) | Datum::Fraction(_) | Datum::Yes(_) => "",
        }
    }

    /// The text and where it is.
    pub(super) fn spanned(&self) -> Spanned<String> {
        Spanned::new(self.text().to_owned(), self.span)
    }
}

impl Reader<'_> {
    /// A property or argument of the kind that `word` takes.
    pub(super) fn value<'k>(
        &mut self,
        entry: &'k Entry<'_>,
        word: &'static Word,
    ) -> Option<Value<'k>> {
        let span = entry.span;
        let name = entry
            .name
            .as_ref()
            .map(|name| Spanned::new(name.value.clone().into_owned(), name.span));
        if let Some(name) = &name
            && word.properties.is_none()
        {
            let message = format!("`{}` takes no `{}=`", word.name, name.value);
            self.error(
                "unknown-property",
                message,
                (name.span, "not known here"),
                format!("write `{}`", word.example),
            );
            return None;
        }
        let annotation = self.annotation(entry, word, name.is_some())?;
        let datum = self.datum(&entry.value, word, span)?;
        Some(Value {
            name,
            datum,
            span,
            annotation,
        })
    }

    fn annotation(
        &mut self,
        entry: &Entry<'_>,
        word: &'static Word,
        named: bool,
    ) -> Option<Option<&'static str>> {
        let Some(annotation) = &entry.annotation else {
            return Some(None);
        };
        let span = annotation.span;
        let known = word
            .annotations
            .iter()
            .find(|known| **known == annotation.value);
        if let Some(known) = known
            && !named
        {
            return Some(Some(known));
        }
        let known = known.is_some();
        let (message, help) = match &*annotation.value {
            "node" if known => (
                "a whole node's outputs have no name".to_owned(),
                "write `in (node)\"train\"`".to_owned(),
            ),
            "glob" if word.name == "in" => (
                "a glob needs no annotation".to_owned(),
                "write `in \"data/*.csv\"`".to_owned(),
            ),
            other if word.name == "in" => (
                format!("`({other})` means nothing here"),
                "only `(node)` does, for every output of a node: `in (node)\"train\"`".to_owned(),
            ),
            other => (
                format!("`({other})` means nothing here"),
                format!("write `{}`", word.example),
            ),
        };
        self.error("annotation", message, (span, "not this"), help);
        None
    }

    fn datum<'k>(
        &mut self,
        value: &'k Scalar<'_>,
        word: &'static Word,
        span: Span,
    ) -> Option<Datum<'k>> {
        match (word.argument, value) {
            (Argument::Text, Scalar::Text(text)) => self.text(text, span),
            (Argument::Number(least, most), Scalar::Integer(number)) => {
                if (least..=most).contains(number) {
                    return Some(Datum::Number(*number));
                }
                let message = format!(
                    "`{}` is a number from {least} to {most}; this is {number}",
                    word.name
                );
                self.error("out-of-range", message, (span, "out of range"), "");
                None
            }
            (Argument::Value, Scalar::Text(text)) => self.text(text, span),
            (Argument::Value, Scalar::Integer(number)) => Some(Datum::Number(*number)),
            (Argument::Value, Scalar::Float(number)) => Some(Datum::Fraction(*number)),
            (Argument::Value, Scalar::Bool(yes)) => Some(Datum::Yes(*yes)),
            (Argument::Text, Scalar::Bool(_))
                if word.max.is_some_and(|max| max < 2) && word.min == 0 =>
            {
                let message = format!(
                    "`{}` takes no yes or no: it is on where it stands",
                    word.name
                );
                let help = "remove the value; to switch it off, remove the line or put `/-` in front of it";
                self.error("wrong-type", message, (span, "remove this"), help);
                None
            }
            (wanted, other) => {
                let written = self.written(span).lines().next().unwrap_or("").to_owned();
                let (want, kind) = (wanted.phrase(), kind_of(other));
                let message = format!(
                    "`{}` wants {want}, as in `{}`; this is the {kind} {written}",
                    word.name, word.example
                );
                let help = if wanted == Argument::Text {
                    format!("put it in quotes: \"{written}\"")
                } else {
                    String::new()
                };
                self.error("wrong-type", message, (span, &format!("not {want}")), help);
                None
            }
        }
    }

    /// A text; without quotes it may be a slip from another format.
    fn text<'k>(&mut self, text: &'k str, span: Span) -> Option<Datum<'k>> {
        let written = self.written(span);
        let quoted = written.starts_with(['"', '#']);
        if !quoted && text.starts_with('\'') {
            let help = "put double quotes around all of it";
            self.error(
                "single-quotes",
                "texts stand in double quotes",
                (span, "single quotes are letters here"),
                help,
            );
            return None;
        }
        if !quoted && text.ends_with(',') {
            let help = "remove the comma: `in \"a.csv\" \"b.csv\"`";
            self.error(
                "comma",
                "values are set apart by spaces, not by commas",
                (span, "a comma here"),
                help,
            );
            return None;
        }
        Some(Datum::Text(text))
    }
}

impl Argument {
    /// What is wanted, for messages.
    pub(super) fn phrase(self) -> &'static str {
        match self {
            Argument::Number(..) => "a whole number",
            Argument::Text => "a text",
            Argument::Value => "a text or a number",
        }
    }
}

fn kind_of(value: &Scalar<'_>) -> &'static str {
    match value {
        Scalar::Text(_) => "text",
        Scalar::Integer(_) | Scalar::Float(_) => "number",
        Scalar::Bool(_) => "yes-or-no value",
        Scalar::Null => "empty value",
    }
}
