//! What is wrong with a manifest, as a value: what, where, and what to do.
//!
//! Does not know how it is shown; `report/problems` does.

use super::source::{Source, Span};
use std::sync::Arc;

/// One thing that is wrong with the user's text.
#[derive(Debug, Clone)]
pub struct Problem {
    /// A stable name such as `unknown-word`, for programs and for looking up.
    pub code: &'static str,
    /// Whether a build can go on.
    pub severity: Severity,
    /// What is wrong, in the user's words, without a full stop.
    pub message: String,
    /// The places, the most important first; each with a few words.
    pub labels: Vec<Label>,
    /// What to do; empty when the message says it all.
    pub help: String,
    /// The text that the labels point into.
    pub source: Arc<Source>,
}

/// A place and what is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// A few words; may be empty.
    pub text: String,
}

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing can be built.
    Error,
    /// Worth a look.
    Warning,
}

/// Problems of two looks at one text, in the order of the text. What the second says of a place that the first has
/// spoken of already is left out.
pub fn merged(first: Vec<Problem>, second: Vec<Problem>) -> Vec<Problem> {
    let place = |problem: &Problem| problem.labels.first().map(|label| label.span);
    let told: Vec<Span> = first.iter().filter_map(place).collect();
    let is_new = |problem: &Problem| {
        problem
            .labels
            .iter()
            .all(|label| !told.contains(&label.span))
    };
    let mut problems = first;
    problems.extend(second.into_iter().filter(is_new));
    problems.sort_by_key(place);
    problems
}

impl Problem {
    /// An error with no place yet.
    pub fn error(source: &Arc<Source>, code: &'static str, message: impl Into<String>) -> Self {
        Problem {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: String::new(),
            source: Arc::clone(source),
        }
    }

    /// The same, as something that a build can go on with.
    #[must_use]
    pub fn as_warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// Adds a place.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }
}
