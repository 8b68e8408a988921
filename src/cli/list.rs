//! `pipe list`.

use super::arguments::List;
use super::{Caller, exit, output};
use crate::engine::session::{Session, SessionError};
use crate::report::status;

pub(super) fn run(caller: &Caller, asked: &List) -> Result<u8, SessionError> {
    let session = Session::open(&caller.place()?, caller.given())?;
    let selection = session.select(&asked.targets)?;
    output::data(status::list(&session.project.graph, &selection.named, asked.long).as_bytes());
    Ok(exit::DONE)
}
