//! Looking after a project: taking outputs away, starting a new one.
//!
//! Removes only what `pipe` wrote and what still is as it left it.

use super::listed;
use super::memory::Memory;
use super::project::{MANIFEST, Project, UNFINISHED};
use super::session::{Session, SessionError};
use super::turn::lock;
use crate::base::content::Content;
use crate::base::path::ProjectPath;
use crate::logic::event::{BuildEvent, Fate, Notice};
use crate::logic::graph::select::Selection;
use crate::world::store::folders::remove_empty_above;
use crate::world::store::ledger::Ledger;
use crate::world::store::state;
use crate::world::trouble::Trouble;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// What `clean` finds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cleaning {
    /// Outputs that stand as `pipe` left them.
    pub removable: Vec<ProjectPath>,
    /// The same of nodes that are gone.
    pub leftovers: Vec<ProjectPath>,
    /// Paths of outputs at which something stands that `pipe` did not write, or did not finish.
    pub foreign: Vec<ProjectPath>,
}

impl Cleaning {
    /// How many outputs would go.
    pub fn count(&self) -> usize {
        self.removable.len() + self.leftovers.len()
    }
}

/// Finds what a cleaning of the selected nodes would remove, with the outputs of nodes that are gone where no node is
/// named; removes nothing.
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
    if !selection.explicit {
        for (path, found) in leftovers(session) {
            match found {
                Leftover::Untouched { .. } => cleaning.leftovers.push(path),
                Leftover::Changed | Leftover::Unfinished => cleaning.foreign.push(path),
            }
        }
    }
    cleaning
}

/// Removes what was found, under the project's lock, looking at each once more; and the folders that are empty then.
///
/// # Errors
/// An output could not be removed; those before it are gone.
pub fn clean(
    session: &Session,
    cleaning: &Cleaning,
    tell: &mut dyn FnMut(BuildEvent),
) -> Result<(), SessionError> {
    let lock = lock(&session.project.place, "clean", true, tell)?;
    let all = cleaning.removable.iter().chain(&cleaning.leftovers);
    let still: Vec<&ProjectPath> = all
        .filter(|path| session.tools.stands_as_left(path))
        .collect();
    remove(session, &still)?;
    // Whoever looks for them must not think that somebody else took them. A build may have written since the session was opened.
    let place = &session.project.place;
    let (ledger, _) = Ledger::open(&place.state);
    let mut memory = Memory::new(&place.state, &ledger, ledger.last_build());
    memory.removed(still.into_iter().cloned())?;
    memory.finish(&[], false, None)?;
    drop(lock);
    Ok(())
}

/// Removes outputs, and the folders above them that are empty then and that no node names.
fn remove(session: &Session, outputs: &[&ProjectPath]) -> Result<(), Trouble> {
    let (graph, root) = (&session.project.graph, &session.project.place.root);
    let named: HashSet<&str> = graph.paths().map(|path| graph.path(path)).collect();
    for path in outputs {
        state::remove_output(root, path)?;
        remove_empty_above(root, path, &|folder| named.contains(folder));
    }
    Ok(())
}

/// What stands where a node that is gone wrote an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leftover {
    /// What it wrote; the cache can bring it back, or not.
    Untouched { kept: bool },
    /// Something else.
    Changed,
    /// Its build was killed while it wrote.
    Unfinished,
}

/// Everything that stands where only a node that is gone wrote, sorted. What a node names as its source is not among it.
fn leftovers(session: &Session) -> Vec<(ProjectPath, Leftover)> {
    let (graph, tools) = (&session.project.graph, &session.tools);
    let root = &session.project.place.root;
    let declared: HashSet<&str> = graph.outputs_of_all().collect();
    // No glob matches a leftover: who reads one has named it.
    let sources = graph.paths().filter(|&path| graph.producer(path).is_none());
    let named: Vec<ProjectPath> = sources.map(|path| graph.project_path(path)).collect();
    let is_gone = |path: &ProjectPath| {
        !declared.contains(path.as_str())
            && !path.ancestors().any(|folder| declared.contains(folder))
            && !named.iter().any(|named| named.is_within(path))
    };
    let holds_outputs = |path: &ProjectPath| {
        let inside = |output: &&&str| ProjectPath::from_normal(output).is_within(path);
        declared.iter().any(|output| inside(&output))
    };
    let mut found = Vec::new();
    for (path, written) in tools.ledger.all_written() {
        if written == Content::Absent || !is_gone(&path) || !state::stands(root, &path) {
            continue;
        }
        let leftover = match written {
            UNFINISHED => Leftover::Unfinished,
            _ if tools.stands_as_left(&path) => Leftover::Untouched {
                kept: tools.cache.has_output(&written),
            },
            // A folder in which other nodes write now is theirs.
            _ if holds_outputs(&path) => continue,
            _ => Leftover::Changed,
        };
        found.push((path, leftover));
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    found
}

/// What a build did about the outputs of nodes that are gone.
#[derive(Debug, Default)]
pub(super) struct Tidied {
    /// Removed: they were as `pipe` left them, and the cache can bring them back.
    pub(super) removed: Vec<ProjectPath>,
    /// Changed since; they are the user's from now on.
    pub(super) given_up: Vec<ProjectPath>,
    /// As `pipe` left them, or half-made, but what could not be brought back is not removed unasked. Globs leave them
    /// out until somebody changes them.
    pub(super) stay: Vec<ProjectPath>,
}

/// Removes outputs that no node declares any more, as long as they are as `pipe` left them, the cache can bring them
/// back, and no node names them as its source.
///
/// # Errors
/// One cannot be removed.
pub(super) fn remove_leftovers(session: &Session) -> Result<Tidied, Trouble> {
    let mut tidied = Tidied::default();
    for (path, leftover) in leftovers(session) {
        match leftover {
            Leftover::Untouched { kept: true } => tidied.removed.push(path),
            Leftover::Changed => tidied.given_up.push(path),
            Leftover::Untouched { kept: false } | Leftover::Unfinished => tidied.stay.push(path),
        }
    }
    remove(session, &tidied.removed.iter().collect::<Vec<_>>())?;
    Ok(tidied)
}

/// Tells what became of outputs of nodes that are gone, each once.
pub(super) fn tell_leftovers(session: &Session, tidied: &Tidied, tell: &mut dyn FnMut(BuildEvent)) {
    let mut told: HashSet<ProjectPath> = tidied.removed.iter().cloned().collect();
    let mut tell = |notice| tell(BuildEvent::Notice(notice));
    let mut all = |paths: &[ProjectPath], fate| {
        for path in paths {
            if told.insert(path.clone()) || fate == Fate::Removed {
                let path = path.clone();
                tell(Notice::Leftover { path, fate });
            }
        }
    };
    all(&session.project.leftovers, Fate::LeftOut);
    all(&tidied.given_up, Fate::Yours);
    all(&tidied.stay, Fate::Stays);
    all(&tidied.removed, Fate::Removed);
}

/// Logs are kept of this many builds.
const BUILDS_WITH_LOGS: u32 = 20;

/// Removes logs and listings that are of no use any more when build number `build` ends.
pub(super) fn forget_the_old(project: &Project, build: u32) {
    let oldest = build.saturating_sub(BUILDS_WITH_LOGS);
    state::prune_logs(&project.place.state, oldest);
    listed::prune(project);
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
