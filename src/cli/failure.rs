//! Why nothing could be done, in words.
//!
//! Problems of the manifest are drawn by `report/problems`; the rest is said here, each with what to do.

use super::{Caller, output};
use crate::engine::project::OpenError;
use crate::engine::session::SessionError;
use crate::logic::graph::select::UnknownTarget;
use crate::logic::manifest::Severity;
use crate::logic::plan::forecast::{Missing, MissingFault};
use crate::report::{problems, units};
use std::fmt::Write;

/// A missing source is told with so many of the nodes that read it.
const READERS_NAMED: usize = 3;

pub(super) fn show(error: &SessionError, caller: &Caller) {
    let text = match error {
        SessionError::Open(OpenError::NoManifest(path)) if caller.global.manifest.is_some() => {
            format!("error: no manifest: {} is not there\n", path.display())
        }
        SessionError::Open(OpenError::NoManifest(path)) => format!(
            "error: no manifest: there is no pipe.kdl in {} or in a folder above it\n  help: `pipe init` starts a project here; -C names another folder\n",
            path.display()
        ),
        SessionError::Open(OpenError::Problems(found)) => {
            let errors = found
                .iter()
                .filter(|problem| problem.severity == Severity::Error)
                .count();
            let drawn = problems::render(found, caller.screen.problem_style());
            format!(
                "{drawn}error: {} in the manifest; nothing has run\n",
                units::count(errors, "problem")
            )
        }
        SessionError::Open(OpenError::VariableNotUtf8(name)) => format!(
            "error: the variable {name}, which the manifest takes from its caller, is not UTF-8 text\n  help: set it to a text, or hand it through with `pass-env \"{name}\"`, outside the key\n"
        ),
        SessionError::Open(OpenError::NotUtf8(names)) => not_utf8(names),
        SessionError::Open(OpenError::UnknownSet(fault)) => {
            let help = fault.nearest.as_ref().map_or_else(
                || "`--set` changes a parameter that a params file has".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            format!(
                "error: there is no parameter `{}` to set\n  help: {help}\n",
                fault.name
            )
        }
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
            "error: no node and no output is called `{}`",
            target.target
        );
        if let Some(nearest) = &target.nearest {
            let _ = writeln!(text, "  help: did you mean `{nearest}`?");
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
    let mut sources: Vec<(&Missing, Vec<&str>)> = Vec::new();
    for (reader, found) in missing {
        let same = |(known, _): &&mut (&Missing, _)| {
            (&known.what, &known.fault) == (&found.what, &found.fault)
        };
        match sources.iter_mut().find(same) {
            Some((_, readers)) => readers.push(reader),
            None => sources.push((found, vec![reader])),
        }
    }
    let mut text = String::new();
    for (missing, readers) in &sources {
        let (what, read) = (&missing.what, which_read(readers));
        let _ = match &missing.fault {
            MissingFault::NotThere => writeln!(
                text,
                "error: {what}, which {read}, is not there, and no node writes it"
            ),
            MissingFault::NoMatch => writeln!(
                text,
                "error: {what}, which {read}, matches no file and no declared output"
            ),
            MissingFault::Special => writeln!(
                text,
                "error: {what}, which {read}, is or holds a FIFO, socket or device; only files can be inputs"
            ),
            MissingFault::NotADirectory => writeln!(
                text,
                "error: {what}/, which {read}, is a file; without the slash it would be read as one"
            ),
            MissingFault::Unreadable(said) => writeln!(text, "error: {said}; {read} it"),
        };
    }
    let _ = writeln!(
        text,
        "error: {} missing; nothing has run",
        units::count(sources.len(), "source")
    );
    text
}

/// The nodes that read something, with the verb.
fn which_read(readers: &[&str]) -> String {
    let named: Vec<String> = readers
        .iter()
        .take(READERS_NAMED)
        .map(|reader| format!("`{reader}`"))
        .collect();
    match (readers.len(), readers.len().saturating_sub(READERS_NAMED)) {
        (1, _) => format!("{} reads", named[0]),
        (_, 0) => format!("{} read", named.join(", ")),
        (_, more) => format!("{} and {more} more read", named.join(", ")),
    }
}
