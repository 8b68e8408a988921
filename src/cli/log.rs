//! `pipe log NODE`.

use super::arguments::Log;
use super::{Caller, exit, output};
use crate::engine::session::{Session, SessionError};

pub(super) fn run(caller: &Caller, asked: &Log) -> Result<u8, SessionError> {
    let session = Session::open(&caller.place()?, caller.given())?;
    let selection = session.select(std::slice::from_ref(&asked.node))?;
    let graph = &session.project.graph;
    let mut known = true;
    for node in graph
        .nodes()
        .filter(|node| selection.named[node.0 as usize])
    {
        match session.log(node, asked.run)? {
            Some(log) if log.is_empty() => {
                output::talk(&format!("`{}` printed nothing\n", graph.name(node)));
            }
            Some(log) => output::data(&log),
            None => {
                known = false;
                let which = asked
                    .run
                    .map_or_else(String::new, |run| format!(" of build {run}"));
                output::talk(&format!(
                    "no log{which} of `{}` is kept here\n",
                    graph.name(node)
                ));
            }
        }
    }
    Ok(if known { exit::DONE } else { exit::USAGE })
}

/// What one node printed in its last run.
pub(super) fn of(caller: &Caller, node: &str) -> Result<Option<Vec<u8>>, SessionError> {
    let session = Session::open(&caller.place()?, caller.given())?;
    match session.project.graph.find(node) {
        Some(node) => Ok(session.log(node, None)?),
        None => Ok(None),
    }
}
