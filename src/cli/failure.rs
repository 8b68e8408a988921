//! Why nothing could be done, in words.
//!
//! Problems of the manifest are drawn by `report/problems`; the rest is said here, each with what to do.

use super::output::{self, Screen};
use crate::engine::project::OpenError;
use crate::engine::session::SessionError;
use crate::logic::graph::select::UnknownTarget;
use crate::logic::manifest::Severity;
use crate::logic::plan::forecast::{Missing, MissingFault};
use crate::report::{problems, units};
use std::fmt::Write;

pub(super) fn show(error: &SessionError, screen: &Screen) {
    let text = match error {
        SessionError::Open(OpenError::NoManifest(path)) => format!(
            "error: no manifest: there is no pipe.kdl in {} or in a folder above it\n  help: `pipe init` starts a project here; -C names another folder\n",
            path.display()
        ),
        SessionError::Open(OpenError::Problems(found)) => {
            let errors = found
                .iter()
                .filter(|problem| problem.severity == Severity::Error)
                .count();
            let drawn = problems::render(found, screen.problem_style());
            format!(
                "{drawn}error: {} in the manifest; nothing has run\n",
                units::count(errors, "problem")
            )
        }
        SessionError::Open(OpenError::NotUtf8(names)) => not_utf8(names),
        SessionError::Open(OpenError::Trouble(trouble)) => format!("error: {trouble}\n"),
        SessionError::Trouble(trouble) => format!("error: {trouble}\n"),
        SessionError::UnknownTargets(targets) => unknown_targets(targets),
        SessionError::Missing(missing) => self::missing(missing),
    };
    output::talk(&text);
}

fn not_utf8(names: &[(String, String)]) -> String {
    let mut text = String::new();
    for (pattern, name) in names {
        let _ = writeln!(
            text,
            "error: the name {name:?}, which {pattern} matches, is not UTF-8"
        );
    }
    text.push_str("  help: rename the file, or read its folder as a directory input, where any name is allowed\n");
    text
}

fn unknown_targets(targets: &[UnknownTarget]) -> String {
    let mut text = String::new();
    for target in targets {
        let _ = writeln!(
            text,
            "error: no node and no output is called {}",
            target.target
        );
        if let Some(nearest) = &target.nearest {
            let _ = writeln!(text, "  help: did you mean {nearest}?");
        }
    }
    if targets.iter().all(|target| target.nearest.is_none()) {
        text.push_str(
            "  help: `pipe list` shows the nodes, `pipe list --long` also what they write\n",
        );
    }
    text
}

fn missing(missing: &[(String, Missing)]) -> String {
    let mut text = String::new();
    for (reader, missing) in missing {
        let what = &missing.what;
        let _ = match &missing.fault {
            MissingFault::NotThere => {
                writeln!(
                    text,
                    "error: {what}, which `{reader}` reads, is not there, and no node writes it"
                )
            }
            MissingFault::NoMatch => {
                writeln!(
                    text,
                    "error: {what}, which `{reader}` reads, matches no file and no declared output"
                )
            }
            MissingFault::Special => {
                writeln!(
                    text,
                    "error: {what}, which `{reader}` reads, is or holds a FIFO, socket or device; only files can be inputs"
                )
            }
            MissingFault::NotADirectory => {
                writeln!(
                    text,
                    "error: {what}/, which `{reader}` reads, is a file; without the slash it would be read as one"
                )
            }
            MissingFault::Unreadable(said) => writeln!(text, "error: `{reader}`: {said}"),
        };
    }
    let _ = writeln!(
        text,
        "error: {} missing; nothing has run",
        units::count(missing.len(), "source")
    );
    text
}
