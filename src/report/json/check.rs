//! What `pipe check` found; `schemas/check.json` describes it.
//!
//! Does not know how problems are found.

use super::{Size, VERSION, document};
use crate::logic::manifest::{Label, Problem, Severity};
use crate::report::problems::places::{Place, Places};
use crate::report::problems::sorted;
use serde::Serialize;

#[derive(Serialize)]
struct Document<'p> {
    version: u32,
    sound: bool,
    nodes: Option<usize>,
    outputs: Option<usize>,
    sources: Option<usize>,
    problems: Vec<Entry<'p>>,
}

#[derive(Serialize)]
struct Entry<'p> {
    code: &'p str,
    severity: &'static str,
    message: &'p str,
    help: Option<&'p str>,
    labels: Vec<Mark<'p>>,
}

#[derive(Serialize)]
struct Mark<'p> {
    file: &'p str,
    start: Point,
    end: Point,
    text: &'p str,
}

#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
    offset: usize,
}

/// All problems, and the size where there is nothing that keeps a build from starting.
pub fn check(problems: &[Problem], size: Option<Size>) -> String {
    let places = Places::of(problems);
    document(&Document {
        version: VERSION,
        sound: size.is_some(),
        nodes: size.map(|size| size.nodes),
        outputs: size.map(|size| size.outputs),
        sources: size.map(|size| size.sources),
        problems: sorted(problems)
            .into_iter()
            .map(|problem| entry(problem, &places))
            .collect(),
    })
}

fn entry<'p>(problem: &'p Problem, places: &Places<'p>) -> Entry<'p> {
    let mark = |label: &'p Label| {
        let (start, end) = places.ends(problem, label);
        Mark {
            file: start.file,
            start: point(start),
            end: point(end),
            text: &label.text,
        }
    };
    Entry {
        code: problem.code,
        severity: match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        message: &problem.message,
        help: Some(problem.help.as_str()).filter(|help| !help.is_empty()),
        labels: problem.labels.iter().map(mark).collect(),
    }
}

fn point(place: Place<'_>) -> Point {
    Point {
        line: place.line,
        column: place.column,
        offset: place.offset,
    }
}
