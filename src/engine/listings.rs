//! What globs match, and which of that are leftovers: outputs of nodes that are gone.
//!
//! Does not know what a match is for.

use super::project::{OpenError, Tools, UNFINISHED};
use crate::base::content::Content;
use crate::base::path::{PathPattern, ProjectPath};
use std::collections::{HashMap, HashSet};

/// Lists what several patterns match; see [`list`].
pub(super) fn list_all(
    tools: &Tools,
    patterns: Vec<PathPattern>,
    is_declared: &dyn Fn(&ProjectPath) -> bool,
    listings: &mut HashMap<String, Vec<ProjectPath>>,
    leftovers: &mut Vec<ProjectPath>,
) -> Result<(), OpenError> {
    for pattern in patterns {
        let (files, left) = list(tools, &pattern, is_declared)?;
        leftovers.extend(left);
        listings.insert(pattern.as_str().to_owned(), files);
    }
    Ok(())
}

/// The files that match, and apart from them those that only a node that is gone has written.
pub(super) fn list(
    tools: &Tools,
    pattern: &PathPattern,
    is_declared: &dyn Fn(&ProjectPath) -> bool,
) -> Result<(Vec<ProjectPath>, Vec<ProjectPath>), OpenError> {
    let listing = tools.observer.list(pattern)?;
    if !listing.not_utf8.is_empty() {
        let named = |name: String| (pattern.as_str().to_owned(), name);
        return Err(OpenError::NotUtf8(
            listing.not_utf8.into_iter().map(named).collect(),
        ));
    }
    let is_leftover = |path: &ProjectPath| !is_declared(path) && is_leftover(tools, path);
    let (left, files) = listing.files.into_iter().partition(is_leftover);
    Ok((files, left))
}

/// Whether `path`, which no node declares, is or lies in what a node that is gone wrote, and is as it was then, or was
/// being written when its build was killed. Once somebody has changed it, it is theirs.
pub(super) fn is_leftover(tools: &Tools, path: &ProjectPath) -> bool {
    let is_left = |path: &ProjectPath| match tools.ledger.written(path.as_str()) {
        None | Some(Content::Absent) => false,
        Some(UNFINISHED) => true,
        Some(Content::File { .. } | Content::Tree { .. }) => tools.stands_as_left(path),
    };
    is_left(path)
        || path
            .ancestors()
            .any(|folder| is_left(&ProjectPath::from_normal(folder)))
}

pub(super) fn lies_in(outputs: &HashSet<ProjectPath>, path: &ProjectPath) -> bool {
    outputs.contains(path) || path.ancestors().any(|folder| outputs.contains(folder))
}
