//! Why nothing could be done, in words.
//!
//! Problems of the manifest are drawn by `report/problems`; the rest is said here, each with what to do.

use super::{Caller, output};
use crate::engine::changed::GitFault;
use crate::engine::project::OpenError;
use crate::engine::session::SessionError;
use crate::logic::graph::select::UnknownTarget;
use crate::logic::manifest::{Problem, Severity, Source};
use crate::logic::plan::forecast::{Missing, MissingFault};
use crate::report::{problems, units};
use std::fmt::Write;
use std::sync::Arc;

/// A missing source is told with so many of the nodes that read it.
const READERS_NAMED: usize = 3;

pub(super) fn show(error: &SessionError, caller: &Caller) {
    let mut text = String::new();
    if let SessionError::Open(OpenError::Problems(found)) = error {
        text.push_str(&problems::render(found, caller.screen.problem_style()));
    }
    let complaints = complaints(error, caller);
    for (index, complaint) in complaints.iter().enumerate() {
        let _ = writeln!(text, "error: {}", complaint.message);
        let next = complaints.get(index + 1);
        // A help that several share is said once, behind the last.
        if !complaint.help.is_empty() && next.is_none_or(|next| next.help != complaint.help) {
            let _ = writeln!(text, "  help: {}", complaint.help);
        }
    }
    if let Some(sum) = sum(error, complaints.len()) {
        let _ = writeln!(text, "error: {sum}; nothing has run");
    }
    output::talk(&text);
}

/// What is wrong, each for itself; the problems of a manifest are not in it, they are drawn.
pub(super) fn complaints(error: &SessionError, caller: &Caller) -> Vec<Problem> {
    let nowhere = Source::new("", "");
    let one = |code, message: String| vec![Problem::error(&nowhere, code, message)];
    match error {
        SessionError::Open(OpenError::Problems(_)) => Vec::new(),
        SessionError::Open(OpenError::NoManifest(path)) if caller.global.manifest.is_some() => one(
            "no-manifest",
            format!("no manifest: {} is not there", path.display()),
        ),
        SessionError::Open(OpenError::NoManifest(path)) => {
            let message = format!(
                "no manifest: there is no pipe.kdl in {} or in a folder above it",
                path.display()
            );
            let help = "`pipe init` starts a project here; `-C` names another folder";
            vec![Problem::error(&nowhere, "no-manifest", message).help(help)]
        }
        SessionError::Open(OpenError::VariableNotUtf8(name)) => {
            let message = format!(
                "the variable `{name}`, which the manifest takes from its caller, is not UTF-8 text"
            );
            let help = format!(
                "set it to a text, or hand it through with `pass-env \"{name}\"`, outside the key"
            );
            vec![Problem::error(&nowhere, "variable-not-utf8", message).help(help)]
        }
        SessionError::Open(OpenError::NotUtf8(names)) => names
            .iter()
            .map(|(pattern, name)| {
                let message = format!("the name {name:?}, which {pattern} matches, is not UTF-8");
                let help = "rename the file, or read its folder as a directory input, where any name is allowed";
                Problem::error(&nowhere, "name-not-utf8", message).help(help)
            })
            .collect(),
        SessionError::Open(OpenError::Trouble(trouble)) | SessionError::Trouble(trouble) => {
            one("trouble", trouble.to_string())
        }
        SessionError::Busy(holder) => {
            let message = format!("another `pipe` is building in this project ({holder}); nothing was done");
            let help = "without `--no-wait` the build waits for its turn";
            vec![Problem::error(&nowhere, "busy", message).help(help)]
        }
        SessionError::Open(OpenError::UnknownSet(fault)) => {
            let message = format!("there is no parameter `{}` to set", fault.name);
            let help = fault.nearest.as_ref().map_or_else(
                || "`--set` changes a parameter that a params file has".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            vec![Problem::error(&nowhere, "unknown-param", message).help(help)]
        }
        SessionError::Archive { verb, file, said } => {
            let message = format!("cannot {verb} {}: {said}", file.display());
            one("archive", message)
        }
        SessionError::CacheUse { done } => {
            let message = format!("the cache cannot be {done}: `--cache` says that it is not used for that");
            let help = "leave out `--cache`, or say `--cache read-write`";
            vec![Problem::error(&nowhere, "cache-use", message).help(help)]
        }
        SessionError::BadVariable { name, said } => {
            let message = format!("the variable `{name}` cannot be understood: {said}");
            one("bad-variable", message)
        }
        SessionError::Git(fault) => git(fault, &nowhere),
        SessionError::UnknownTargets(targets) => unknown_targets(targets, &nowhere),
        SessionError::Missing(missing) => self::missing(missing, &nowhere),
    }
}

/// The last line, where many things may be wrong.
fn sum(error: &SessionError, complaints: usize) -> Option<String> {
    match error {
        SessionError::Open(OpenError::Problems(found)) => {
            let errors = found
                .iter()
                .filter(|problem| problem.severity == Severity::Error)
                .count();
            Some(format!(
                "{} in the manifest",
                units::count(errors, "problem")
            ))
        }
        SessionError::Missing(_) => Some(format!("{} missing", units::count(complaints, "source"))),
        SessionError::Open(_)
        | SessionError::Busy(_)
        | SessionError::Git(_)
        | SessionError::Trouble(_)
        | SessionError::Archive { .. }
        | SessionError::CacheUse { .. }
        | SessionError::BadVariable { .. }
        | SessionError::UnknownTargets(_) => None,
    }
}

fn git(fault: &GitFault, nowhere: &Arc<Source>) -> Vec<Problem> {
    let (message, help) = match fault {
        GitFault::NotStarted(said) => (
            format!("what was changed cannot be found out: git could not be started ({said})"),
            "`--changed-since` needs the program git in the PATH; without it everything stale is built".to_owned(),
        ),
        GitFault::NoRepository(folder) => (
            format!("what was changed cannot be found out: {} lies in no git repository", folder.display()),
            "without `--changed-since` everything stale is built".to_owned(),
        ),
        GitFault::UnknownRevision(revision) => (
            format!("git knows no revision `{revision}` here"),
            "a shallow clone lacks old revisions: `git fetch origin REV`, or with actions/checkout `fetch-depth: 0`".to_owned(),
        ),
        GitFault::Refused(said) => (
            format!("what was changed cannot be found out: git said: {said}"),
            String::new(),
        ),
    };
    vec![Problem::error(nowhere, "git", message).help(help)]
}

fn unknown_targets(targets: &[UnknownTarget], nowhere: &Arc<Source>) -> Vec<Problem> {
    let hopeless = targets.iter().all(|target| target.nearest.is_none());
    let complaint = |target: &UnknownTarget| {
        let message = format!("no node and no output is called `{}`", target.target);
        let help = match &target.nearest {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None if hopeless => {
                "`pipe list` shows the nodes, `pipe list --long` also what they write".to_owned()
            }
            None => String::new(),
        };
        Problem::error(nowhere, "unknown-target", message).help(help)
    };
    targets.iter().map(complaint).collect()
}

fn missing(missing: &[(String, Missing)], nowhere: &Arc<Source>) -> Vec<Problem> {
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
    let complaint = |(missing, readers): &(&Missing, Vec<&str>)| {
        let (what, read) = (&missing.what, which_read(readers));
        let message = match &missing.fault {
            MissingFault::NotThere => {
                format!("{what}, which {read}, is not there, and no node writes it")
            }
            MissingFault::NoMatch => {
                format!("{what}, which {read}, matches no file and no declared output")
            }
            MissingFault::Special => format!(
                "{what}, which {read}, is or holds a FIFO, socket or device; only files can be inputs"
            ),
            MissingFault::NotADirectory => format!(
                "{what}/, which {read}, is a file; without the slash it would be read as one"
            ),
            MissingFault::Unreadable(said) => format!("{said}; {read} it"),
        };
        Problem::error(nowhere, "missing-source", message)
    };
    sources.iter().map(complaint).collect()
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
