//! Shows problems with the lines that they point at; miette draws them.
//!
//! Does not know how problems are found, nor where the text goes; prints no summary. Its work does not depend on the
//! length of the manifest: only the lines that are shown are looked at, and of long ones only a window.

mod excerpt;
pub(super) mod places;

use crate::logic::manifest::{Problem, Severity};
use excerpt::Excerpt;
use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters,
    ThemeStyles,
};
use places::Places;
use std::fmt::{self, Write};

/// How problems are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProblemStyle {
    /// With ANSI colours.
    pub colour: bool,
    /// With line-drawing characters; plain ASCII otherwise.
    pub unicode: bool,
    /// In sentences without any drawing, for screen readers; without colours too.
    pub narrated: bool,
    /// Columns of text.
    pub width: usize,
}

impl ProblemStyle {
    /// Our own words in the letters that may be used.
    fn letters(self, text: &str) -> String {
        if self.unicode {
            text.to_owned()
        } else {
            text.replace('…', "...")
        }
    }
}

/// How many problems are shown; of the others there is the number.
const MOST_SHOWN: usize = 20;

/// The problems as text, by place, each with an empty line behind it.
pub fn render(problems: &[Problem], style: ProblemStyle) -> String {
    let sorted = sorted(problems);
    let handler = handler(style);
    let mut text = String::new();
    let shown = &sorted[..sorted.len().min(MOST_SHOWN)];
    let places = Places::of(shown.iter().copied());
    for &problem in shown {
        let excerpt = Excerpt::new(problem, &places, style);
        if style.narrated {
            text.push_str(&narrated(problem, &places, &excerpt, style));
        } else {
            let report = Report {
                problem,
                excerpt,
                style,
            };
            // Writing into a string cannot fail.
            let _ = handler.render_report(&mut text, &report);
        }
        text.push('\n');
    }
    if sorted.len() > MOST_SHOWN {
        let more = sorted.len() - MOST_SHOWN;
        let _ = writeln!(
            text,
            "and {more} more; `pipe check --format json` has them all"
        );
    }
    text
}

/// By file and place.
pub(super) fn sorted(problems: &[Problem]) -> Vec<&Problem> {
    let mut sorted: Vec<&Problem> = problems.iter().collect();
    sorted.sort_by_key(|problem| {
        (
            &problem.source.name,
            problem.labels.first().map(|label| label.span),
        )
    });
    sorted
}

/// A problem in sentences: what a drawing would show by where things stand is said.
fn narrated(
    problem: &Problem,
    places: &Places<'_>,
    excerpt: &Excerpt,
    style: ProblemStyle,
) -> String {
    let kind = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    let mut text = format!("{kind}: {}\n", style.letters(&problem.message));
    for (label, line) in excerpt.in_order(problem) {
        let (start, end) = places.ends(problem, label);
        let _ = write!(text, "  {}, line {}, ", start.file, start.line);
        let _ = match (end.line == start.line, end.column.saturating_sub(1)) {
            (true, last) if last > start.column => {
                write!(text, "columns {} to {last}", start.column)
            }
            (true, _) => write!(text, "column {}", start.column),
            (false, _) => write!(text, "column {} to line {}", start.column, end.line),
        };
        if !label.text.is_empty() {
            let _ = write!(text, ": {}", style.letters(&label.text));
        }
        let _ = writeln!(text, "\n  the line reads: {}", line.trim());
    }
    if !problem.help.is_empty() {
        let _ = writeln!(text, "  help: {}", style.letters(&problem.help));
    }
    text
}

fn handler(style: ProblemStyle) -> GraphicalReportHandler {
    let characters = if style.unicode {
        ThemeCharacters::unicode()
    } else {
        ThemeCharacters::ascii()
    };
    let styles = if style.colour {
        ThemeStyles::ansi()
    } else {
        ThemeStyles::none()
    };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(style.width.max(40))
        .with_links(false)
        .with_context_lines(1)
        .without_syntax_highlighting()
}

/// A problem as miette wants it.
#[derive(Debug)]
struct Report<'p> {
    problem: &'p Problem,
    excerpt: Excerpt,
    style: ProblemStyle,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.style.letters(&self.problem.message))
    }
}

impl std::error::Error for Report<'_> {}

impl Diagnostic for Report<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.problem.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        (!self.problem.help.is_empty())
            .then(|| Box::new(self.style.letters(&self.problem.help)) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.excerpt)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.excerpt.labels.iter().cloned()))
    }
}

#[cfg(test)]
mod tests;
