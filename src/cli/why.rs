//! `pipe why NODE`.

use super::arguments::Why;
use super::{Caller, exit, output};
use crate::engine::session::{Session, SessionError};
use crate::logic::graph::NodeId;
use crate::report::{json, status};

pub(super) fn run(caller: &Caller, asked: &Why) -> Result<u8, SessionError> {
    let mut session = Session::open(&caller.place()?, caller.given())?;
    let selection = session.select(std::slice::from_ref(&asked.node))?;
    let survey = session.survey(&selection, false);
    let graph = &session.project.graph;
    let nodes = graph.nodes();
    let nodes: Vec<NodeId> = nodes
        .filter(|node| selection.named[node.0 as usize])
        .collect();
    if asked.json {
        let standing = json::Standing {
            graph,
            forecasts: &survey.forecasts,
            missing: &survey.missing,
            away: &survey.away,
            remembered: &|node| (session.record(node), session.last_run(node)),
        };
        output::data(json::why(&standing, &nodes).as_bytes());
        return Ok(exit::DONE);
    }
    let mut text = String::new();
    for node in nodes {
        let record = session.record(node);
        text.push_str(&status::why(
            graph,
            &survey.forecasts,
            &survey.missing,
            &survey.away,
            node,
            record.as_ref(),
        ));
    }
    output::data(text.as_bytes());
    Ok(exit::DONE)
}
