//! Looking after a project: taking outputs away, starting a new one.
//!
//! Removes only what `pipe` wrote and what still is as it left it.

use super::project::MANIFEST;
use super::session::{Session, SessionError, lock};
use crate::base::path::ProjectPath;
use crate::logic::event::BuildEvent;
use crate::logic::graph::select::Selection;
use crate::world::store::state;
use crate::world::trouble::Trouble;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What `clean` finds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cleaning {
    /// Outputs that stand as `pipe` left them.
    pub removable: Vec<ProjectPath>,
    /// Paths of outputs at which something stands that `pipe` did not write.
    pub foreign: Vec<ProjectPath>,
}

/// Finds what a cleaning of the selected nodes would remove; removes nothing.
pub fn plan_cleaning(session: &Session, selection: &Selection) -> Cleaning {
    let (graph, tools) = (&session.project.graph, &session.tools);
    let mut cleaning = Cleaning::default();
    for node in graph
        .nodes()
        .filter(|node| selection.named[node.0 as usize])
    {
        for output in graph.outputs(node) {
            let path = graph.project_path(output.path);
            if tools.stands_as_left(&path) {
                cleaning.removable.push(path);
            } else if state::stands(&session.project.place.root, &path) {
                cleaning.foreign.push(path);
            }
        }
    }
    cleaning
}

/// Removes what was found, under the project's lock, looking at each once more.
///
/// # Errors
/// An output could not be removed; those before it are gone.
pub fn clean(
    session: &Session,
    cleaning: &Cleaning,
    tell: &mut dyn FnMut(BuildEvent),
) -> Result<(), SessionError> {
    let place = &session.project.place;
    let lock = lock(place, "clean", true, tell)?;
    for path in &cleaning.removable {
        if session.tools.stands_as_left(path) {
            state::remove_output(&place.root, path)?;
        }
    }
    drop(lock);
    Ok(())
}

/// Removes outputs that no node declares any more, as long as they are as `pipe` left them, the cache can bring them
/// back, and no node names them as its source. What was changed since, or cannot be brought back, stays; globs leave it
/// out until somebody changes it.
///
/// # Errors
/// One cannot be removed.
pub(super) fn remove_leftovers(session: &Session) -> Result<Vec<ProjectPath>, Trouble> {
    let (graph, tools, place) = (
        &session.project.graph,
        &session.tools,
        &session.project.place,
    );
    let declared: HashSet<&str> = graph.outputs_of_all().collect();
    // No glob matches a leftover: who reads one has named it.
    let sources = graph.paths().filter(|&path| graph.producer(path).is_none());
    let named: Vec<ProjectPath> = sources.map(|path| graph.project_path(path)).collect();
    let is_gone = |path: &ProjectPath| {
        !declared.contains(path.as_str())
            && !path.ancestors().any(|folder| declared.contains(folder))
            && !named.iter().any(|named| named.is_within(path))
    };
    let mut removed = Vec::new();
    for (path, written) in tools.ledger.all_written() {
        if is_gone(&path) && tools.stands_as_left(&path) && tools.cache.has_output(&written) {
            state::remove_output(&place.root, &path)?;
            removed.push(path);
        }
    }
    removed.sort();
    Ok(removed)
}

/// What a new project starts with.
pub const FIRST_MANIFEST: &str = r#"/- kdl-version 2

// `pipe build` runs what is stale, `pipe status` says what that is, `pipe why NODE` says why.

node "hello" {
    about "Say hello to a name"
    in "name.txt"
    out "build/hello.txt"
    run "sed 's/^/Hello, /' {in} > {out}"
}

node "shout" {
    about "The same, louder"
    in "build/hello.txt"
    out "build/shout.txt"
    run "tr a-z A-Z < {in} > {out}"
}
"#;

/// Writes a first manifest and its one source into `folder`. Returns what was written.
///
/// # Errors
/// A manifest is there already; nothing is changed then.
pub fn init(folder: &Path) -> Result<Vec<PathBuf>, Trouble> {
    let mut written = vec![folder.join(MANIFEST)];
    if state::is_file(&written[0]) {
        let already = std::io::Error::other("it is already here, and nothing was written");
        return Err(Trouble::on("start a project with", &written[0])(already));
    }
    state::create_new(&written[0], FIRST_MANIFEST.as_bytes())?;
    let source = folder.join("name.txt");
    if state::create_new(&source, b"world\n").is_ok() {
        written.push(source);
    }
    Ok(written)
}
