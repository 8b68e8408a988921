//! `pipe why NODE`, and of a path.

use super::arguments::Why;
use super::{Caller, exit, output};
use crate::engine::session::{Session, SessionError};
use crate::logic::graph::NodeId;
use crate::logic::graph::lookup::{Whereabouts, whereabouts};
use crate::report::json::{self, Standing};
use crate::report::why::{self, More};

pub(super) fn run(caller: &Caller, asked: &Why) -> Result<u8, SessionError> {
    let place = caller.place()?;
    let mut session = Session::open(&place, caller.given())?;
    let found = whereabouts(&session.project.graph, &asked.node, &place.standing);
    let targets = targets(&session, &asked.node, found.as_ref());
    let selection = session.select(&targets)?;
    let survey = session.survey(&selection, false);
    let graph = &session.project.graph;
    let nodes: Vec<NodeId> = match &found {
        // Those that read it are told in a line each.
        Some(found) => found.writers.clone(),
        None => graph
            .nodes()
            .filter(|node| selection.named[node.0 as usize])
            .collect(),
    };
    let forecasts = survey.forecasts();
    let starts = session.build_starts();
    let standing = Standing {
        graph,
        forecasts: &forecasts,
        missing: &survey.missing,
        away: &survey.away,
        remembered: &|node| {
            (
                session.fitting_record(&survey, node),
                session.last_run(node),
            )
        },
    };
    let more = More {
        made: &|node| session.made(&survey, node, &starts),
        names: &|node, reason| session.name_changes(node, reason),
        own: &|node| session.own_changes(&survey, node),
        starts: &starts,
        now_ms: session.now_ms(),
    };
    if asked.json {
        let text = json::why(&standing, &more, &nodes, found.as_ref());
        output::data(text.as_bytes());
        return Ok(exit::DONE);
    }
    let mut text = String::new();
    if let Some(found) = &found {
        text.push_str(&why::path(&standing, found));
    }
    for node in nodes {
        text.push_str(&why::why(&standing, &more, node));
    }
    output::data(text.as_bytes());
    Ok(exit::DONE)
}

/// What has to be judged: of a path, all that write or read it.
fn targets(session: &Session, given: &str, found: Option<&Whereabouts>) -> Vec<String> {
    let name = |node: &NodeId| session.project.graph.name(*node).to_owned();
    match found {
        Some(found) => found
            .writers
            .iter()
            .chain(&found.readers)
            .map(name)
            .collect(),
        None => vec![given.to_owned()],
    }
}
