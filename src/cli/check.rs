//! `pipe check`: everything that can be known without running a command.

use super::arguments::{Check, CheckFormat};
use super::{Caller, exit, output};
use crate::engine::project::OpenError;
use crate::engine::session::{Session, SessionError};
use crate::report::json;
use crate::report::{problems, status};

pub(super) fn run(caller: &Caller, check: &Check) -> Result<u8, SessionError> {
    let opened = Session::review(caller.place()?, caller.given());
    let mut session = match opened {
        Err(OpenError::Problems(found)) if check.format == CheckFormat::Json => {
            output::data(json::check_report(&found, None).as_bytes());
            return Ok(exit::USAGE);
        }
        opened => opened?,
    };
    let warnings = &session.project.warnings;
    if check.format == CheckFormat::Json {
        let report = json::check_report(warnings, Some(session.project.graph.len()));
        output::data(report.as_bytes());
    } else if !warnings.is_empty() {
        output::talk(&problems::render(warnings, caller.screen.problem_style()));
    }
    for path in session.leftover_sources() {
        output::talk(&format!(
            "warning: {path} is read as a source, but a node that is gone wrote it; a fresh checkout would not have it\n"
        ));
    }
    let selection = session.select(&[])?;
    let survey = session.survey(&selection, false);
    if !survey.missing.is_empty() {
        return Err(SessionError::Missing(session.name_missing(&survey)));
    }
    if check.format == CheckFormat::Text {
        let project = &session.project;
        output::data(status::checked(&project.graph, &project.place.shown).as_bytes());
    }
    Ok(exit::DONE)
}
