//! Which of the selected nodes files reach that differ from a revision of git.
//!
//! Asks git for the files; `logic/graph/reach` follows them. Does not know whether a node is stale.

use super::inputs;
use super::session::{Session, SessionError};
use crate::base::path::ProjectPath;
use crate::logic::event::Notice;
use crate::logic::graph::reach::{Changes, Reach, Surroundings, reach};
use crate::logic::graph::select::Selection;
use crate::world::execute::git;
pub use crate::world::execute::git::GitFault;
use crate::world::nearby;
use crate::world::observe::never_counts;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Of the nodes in `selection`, those that are reached, with what they need; and what there is to say of it.
pub(super) fn since(
    session: &Session,
    selection: &Selection,
    revision: &str,
) -> Result<(Selection, Notice), SessionError> {
    let (project, tools) = (&session.project, &session.tools);
    let graph = &project.graph;
    let found = git::changed_since(&project.place.root, revision).map_err(SessionError::Git)?;
    let mut changes = Changes {
        files: named(&found.tracked),
        unknown: named(&found.untracked),
    };
    let count = changes.files.len();
    // Git tells when a link changes, not when that changes to which it leads.
    let sources = graph.paths().filter(|&path| graph.producer(path).is_none());
    let sources = sources.map(|path| graph.project_path(path));
    changes
        .files
        .extend(sources.filter(|path| nearby::holds_links(&project.place.root, path)));
    let around = Surroundings {
        texts: &project.texts,
        patterns: &project.patterns,
        found: &|node| {
            let last = tools.ledger.node(graph.name(node))?;
            Some(
                last.parts
                    .inputs
                    .into_iter()
                    .map(|(path, _)| path)
                    .collect(),
            )
        },
        counts: &|node, rest| {
            let names = inputs::ignored(graph, node);
            !rest
                .split('/')
                .map(OsStr::new)
                .any(|name| names.has(name) || never_counts(name))
        },
    };
    let (reached, all_for) = match reach(graph, &changes, &around) {
        Reach::All(path) => (vec![true; graph.len()], Some(path)),
        Reach::Nodes(reached) => (reached, None),
    };
    let chosen = reached.iter().zip(&selection.members);
    let chosen: Vec<bool> = chosen
        .map(|(&reached, &member)| reached && member)
        .collect();
    let notice = Notice::ChangedSince {
        revision: revision.to_owned(),
        files: count,
        nodes: chosen.iter().filter(|&&chosen| chosen).count(),
        all_for,
    };
    Ok((Selection::of_nodes(graph, chosen), notice))
}

/// As the project names them; of a name that is not UTF-8, the folder that it stands in.
fn named(paths: &[PathBuf]) -> Vec<ProjectPath> {
    let named = |path: &PathBuf| {
        let mut with_parents = path.ancestors().map(Path::to_str);
        let text = with_parents.find_map(|text| text)?;
        ProjectPath::parse(text).ok().filter(|path| !path.is_root())
    };
    paths.iter().filter_map(named).collect()
}
