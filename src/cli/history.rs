//! `pipe history [NODE]`.

use super::arguments::History as Asked;
use super::{Caller, exit, output};
use crate::engine::history::History;
use crate::engine::session::{Session, SessionError};
use crate::report::history::{self, NodeRuns};
use crate::report::json;

/// So many builds or runs are shown when nobody says otherwise.
const SHOWN: usize = 20;

pub(super) fn run(caller: &Caller, asked: &Asked) -> Result<u8, SessionError> {
    let past = History::open(&caller.place()?);
    let (last, most) = (
        asked.last.unwrap_or(SHOWN),
        asked.last.unwrap_or(usize::MAX),
    );
    let text = match &asked.node {
        None => {
            let builds = past.builds();
            match asked.json {
                true => json::builds(&builds[builds.len().saturating_sub(most)..]),
                false => history::builds(&builds, last, &output::moment),
            }
        }
        Some(node) => {
            let mut nodes = runs(caller, &past, node)?;
            if asked.json {
                for node in &mut nodes {
                    node.runs.drain(..node.runs.len().saturating_sub(most));
                }
                json::runs(&nodes)
            } else {
                history::runs(&nodes, last, &output::moment)
            }
        }
    };
    output::data(text.as_bytes());
    Ok(exit::DONE)
}

/// A node that is remembered is found by its name, also when it is gone; others as in every command.
fn runs(caller: &Caller, past: &History, node: &str) -> Result<Vec<NodeRuns>, SessionError> {
    let of = |name: &str| NodeRuns {
        node: name.to_owned(),
        runs: past.runs(name),
    };
    let known = of(node);
    if !known.runs.is_empty() {
        return Ok(vec![known]);
    }
    let session = Session::open(&caller.place()?, caller.given())?;
    let selection = session.select(&[node.to_owned()])?;
    let graph = &session.project.graph;
    let named = graph.nodes();
    let named = named.filter(|node| selection.named[node.0 as usize]);
    Ok(named.map(|node| of(graph.name(node))).collect())
}
