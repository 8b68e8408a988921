//! `pipe check`.

use super::{Caller, exit, output};
use crate::engine::session::{Session, SessionError};
use crate::report::{problems, status};

pub(super) fn run(caller: &Caller) -> Result<u8, SessionError> {
    let mut session = Session::open(caller.place()?, caller.given())?;
    let warnings = &session.project.warnings;
    if !warnings.is_empty() {
        output::talk(&problems::render(warnings, caller.screen.problem_style()));
    }
    let selection = session.select(&[])?;
    let survey = session.survey(&selection, false);
    if !survey.missing.is_empty() {
        return Err(SessionError::Missing(session.name_missing(&survey)));
    }
    output::data(status::checked(&session.project.graph, &session.project.place.shown).as_bytes());
    Ok(exit::DONE)
}
