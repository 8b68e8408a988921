//! Problems as data, for programs: the shape is described in `schemas/check.json`.
//!
//! Does not know how problems are found. Leaves nothing out: programs cut by themselves.

use crate::logic::manifest::{Label, Problem, Severity};
use serde_json::{Value, json};

/// Of the shape; raised when readers would have to be changed.
const VERSION: u32 = 1;

/// What `pipe check --format json` prints: all problems, and how many nodes there are, `None` when that could not be
/// found out.
pub fn check_report(problems: &[Problem], nodes: Option<usize>) -> String {
    let is_error = |problem: &Problem| problem.severity == Severity::Error;
    let report = json!({
        "version": VERSION,
        "sound": nodes.is_some() && !problems.iter().any(is_error),
        "nodes": nodes,
        "problems": problems.iter().map(problem).collect::<Vec<Value>>(),
    });
    format!("{report:#}\n")
}

fn problem(problem: &Problem) -> Value {
    let labels = problem.labels.iter().map(|one| label(problem, one));
    json!({
        "code": problem.code,
        "severity": match problem.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        "message": problem.message,
        "help": problem.help,
        "labels": labels.collect::<Vec<Value>>(),
    })
}

/// Line and column are counted from 1, the column in characters.
fn label(problem: &Problem, label: &Label) -> Value {
    let place = |offset: u32| {
        let source = &problem.source;
        source.place(offset.min(source.text.len() as u32))
    };
    let (start, end) = (
        place(label.span.start),
        place(label.span.start + label.span.len),
    );
    json!({
        "file": start.file,
        "start": { "line": start.line, "column": start.column },
        "end": { "line": end.line, "column": end.column },
        "text": label.text,
    })
}
