//! `pipe list`.

use super::arguments::List;
use super::{Caller, exit, output};
use crate::engine::session::{Session, SessionError};
use crate::report::{json, status};

pub(super) fn run(caller: &Caller, asked: &List) -> Result<u8, SessionError> {
    let session = Session::open(&caller.place()?, caller.given())?;
    let selection = session.select(&asked.targets)?;
    let graph = &session.project.graph;
    let text = match asked.json {
        true => json::list(graph, &selection.named),
        false => status::list(graph, &selection.named, asked.long),
    };
    output::data(text.as_bytes());
    Ok(exit::DONE)
}
