//! `pipe log NODE`.

use super::arguments::Log;
use super::{Caller, exit, output};
use crate::base::record::RunOutcome;
use crate::engine::logs::Followed;
use crate::engine::session::{Session, SessionError};
use crate::logic::graph::NodeId;
use crate::report::failures;
use crate::report::printed::Shower;
use std::io::{IsTerminal, Write};

pub(super) fn run(caller: &Caller, asked: &Log) -> Result<u8, SessionError> {
    let session = Session::open(&caller.place()?, caller.given())?;
    let Some(node) = asked.node.as_ref().filter(|_| !asked.failed) else {
        return failed(caller, &session);
    };
    let selection = session.select(std::slice::from_ref(node))?;
    let nodes = session.project.graph.nodes();
    let nodes: Vec<NodeId> = nodes
        .filter(|node| selection.named[node.0 as usize])
        .collect();
    match (&nodes[..], asked.follow) {
        (&[node], true) => follow(caller, &session, node),
        (several, true) => {
            let first = session.project.graph.name(several[0]);
            output::refuse(
                &format!(
                    "`{node}` means {} nodes, and only one at a time can be followed",
                    several.len()
                ),
                &format!("name one of them, such as `{first}`"),
            );
            Ok(exit::USAGE)
        }
        (nodes, false) => past(caller, &session, nodes, asked.run),
    }
}

/// Logs of past runs.
fn past(
    caller: &Caller,
    session: &Session,
    nodes: &[NodeId],
    run: Option<u32>,
) -> Result<u8, SessionError> {
    let mut known = true;
    for &node in nodes {
        let name = session.project.graph.name(node);
        match session.log(node, run)? {
            Some(log) if log.is_empty() => output::talk(&format!("`{name}` printed nothing\n")),
            Some(log) => {
                if nodes.len() > 1 {
                    output::talk(&format!("`{name}` printed:\n"));
                }
                show(caller, &log);
            }
            None => {
                known = false;
                let which = run.map_or_else(String::new, |run| format!(" of build {run}"));
                output::refuse(
                    &format!("no log{which} of `{name}` is kept here"),
                    &format!("`pipe history {name}` lists its runs"),
                );
            }
        }
    }
    Ok(if known { exit::DONE } else { exit::USAGE })
}

fn failed(caller: &Caller, session: &Session) -> Result<u8, SessionError> {
    let (build, runs) = session.failed_last();
    if runs.is_empty() {
        let text = match build {
            0 => "no build is remembered here\n".to_owned(),
            build => format!("nothing failed in build {build}, the last one\n"),
        };
        output::talk(&text);
    }
    for run in runs {
        let name = &run.node;
        let cause = failures::remembered(&run);
        match session.log_of(&run)? {
            Some(log) if log.is_empty() => {
                output::talk(&format!("`{name}` failed ({cause}) and printed nothing\n"));
            }
            Some(log) => {
                output::talk(&format!("`{name}` failed ({cause}) and printed:\n"));
                show(caller, &log);
            }
            None => output::talk(&format!("`{name}` failed ({cause}); its log is gone\n")),
        }
    }
    Ok(exit::DONE)
}

/// What a node prints now; where no build is under way, what it printed last.
fn follow(caller: &Caller, session: &Session, node: NodeId) -> Result<u8, SessionError> {
    let mut shower = shower(caller);
    let mut out = std::io::stdout();
    let mut write = |bytes: &[u8]| out.write_all(bytes).and_then(|()| out.flush()).is_ok();
    let ended = session.follow(node, &mut |bytes| write(&shower.take(bytes)))?;
    write(&shower.end());
    let name = session.project.graph.name(node);
    let text = match ended {
        // It may have run between two looks.
        Followed::NothingRuns => {
            let now = Session::open(&caller.place()?, caller.given())?;
            let node = now.project.graph.find(name);
            return past(caller, &now, node.as_slice(), None);
        }
        Followed::DidNotRun { build } => {
            format!("build {build} ended, and `{name}` did not run in it\n")
        }
        Followed::Cut { build } => format!("build {build} ended while `{name}` ran\n"),
        Followed::Ended(run) if run.outcome == RunOutcome::Failed => {
            format!("`{name}` failed: {}\n", failures::remembered(&run))
        }
        Followed::Ended(_) => String::new(),
        Followed::Left => String::new(),
    };
    output::talk(&text);
    Ok(exit::DONE)
}

fn show(caller: &Caller, log: &[u8]) {
    let mut shower = shower(caller);
    output::data(&shower.take(log));
    output::data(&shower.end());
}

/// People at a terminal get lines that do nothing to it, programs get the bytes without colours.
fn shower(caller: &Caller) -> Shower {
    match std::io::stdout().is_terminal() || caller.screen.colour_out {
        true => Shower::for_people(caller.screen.colour_out),
        false => Shower::for_programs(),
    }
}

/// What one node printed in its last run.
pub(super) fn of(caller: &Caller, node: &str) -> Result<Option<Vec<u8>>, SessionError> {
    let session = Session::open(&caller.place()?, caller.given())?;
    match session.project.graph.find(node) {
        Some(node) => Ok(session.log(node, None)?),
        None => Ok(None),
    }
}
