//! `pipe check`: as text for people, or as one JSON document for programs.

use super::arguments::{Check, Format};
use super::{Caller, exit, failure, output};
use crate::engine::project::OpenError;
use crate::engine::session::{Session, SessionError};
use crate::logic::manifest::{Problem, Source};
use crate::report::{json, problems, status};

pub(super) fn run(caller: &Caller, check: &Check) -> Result<u8, SessionError> {
    match check.format {
        Format::Text => text(caller),
        Format::Json => Ok(as_json(caller)),
    }
}

fn text(caller: &Caller) -> Result<u8, SessionError> {
    let session = look(caller, &mut |warnings| {
        if !warnings.is_empty() {
            output::talk(&problems::render(warnings, caller.screen.problem_style()));
        }
    })?;
    let size = status::size(&session.project.graph);
    output::data(status::checked(size, &session.project.place.shown).as_bytes());
    Ok(exit::DONE)
}

/// Whatever is wrong is in the document, also what is no matter of the manifest.
fn as_json(caller: &Caller) -> u8 {
    let mut found: Vec<Problem> = Vec::new();
    let outcome = look(caller, &mut |warnings| found.extend_from_slice(warnings));
    let size = match outcome {
        Ok(session) => Some(status::size(&session.project.graph)),
        Err(SessionError::Open(OpenError::Problems(problems))) => {
            found = problems;
            None
        }
        Err(error) => {
            found.extend(failure::complaints(&error, caller));
            None
        }
    };
    output::data(json::check(&found, size).as_bytes());
    if size.is_some() {
        exit::DONE
    } else {
        exit::USAGE
    }
}

/// Reads the manifest and looks for the sources; the warnings are told as soon as they are known.
fn look(caller: &Caller, warn: &mut dyn FnMut(&[Problem])) -> Result<Session, SessionError> {
    let mut session = Session::review(&caller.place()?, caller.given())?;
    let mut warnings = session.project.warnings.clone();
    for path in session.leftover_sources() {
        let message = format!("{path} is read as a source, but a node that is gone wrote it");
        warnings.push(
            Problem::error(&Source::new("", ""), "leftover-source", message)
                .help("a fresh checkout would not have it; declare a node that writes it, or put it under version control")
                .as_warning(),
        );
    }
    warn(&warnings);
    let selection = session.select(&[])?;
    let survey = session.survey(&selection, false);
    if !survey.missing.is_empty() {
        return Err(SessionError::Missing(session.name_missing(&survey)));
    }
    Ok(session)
}
