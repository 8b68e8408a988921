//! A directory as a listing of all that is below it.
//!
//! Does not know whether the directory is somebody's input or output; the way links count is told.

use super::{Links, NameSet, Observer, raw, walk_trouble};
use crate::base::content::{Content, EntryKind, Tree, TreeEntry};
use crate::base::digest::Digest;
use crate::base::path::{OWN_PREFIX, ProjectPath, STATE_FOLDER};
use crate::world::stamps::stamp_of;
use crate::world::trouble::Trouble;
use rayon::prelude::*;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Names that are nobody's data, left out of directories that people write.
const IGNORED: [&str; 6] = [
    "__pycache__",
    ".git",
    STATE_FOLDER,
    ".DS_Store",
    ".ipynb_checkpoints",
    "4913",
];

pub(super) fn observe(
    observer: &Observer,
    place: &Path,
    path: &ProjectPath,
    links: Links,
    ignored: &NameSet,
) -> Result<Content, Trouble> {
    let look = Look { links, ignored };
    let tree = tree(observer, place, path.as_str().as_bytes(), look, &[])?;
    Ok(tree.map_or(Content::Special, |tree| tree.content()))
}

impl Observer {
    /// The listing of the directory at `path`, as its digest is made from it; `None` when no directory can be read
    /// there.
    pub fn listing(&self, path: &ProjectPath, links: Links, ignored: &NameSet) -> Option<Tree> {
        let place = path.under(&self.root);
        let look = Look { links, ignored };
        if !place.is_dir() {
            return None;
        }
        tree(self, &place, path.as_str().as_bytes(), look, &[]).ok()?
    }
}

/// How a directory is looked at.
#[derive(Clone, Copy)]
struct Look<'a> {
    links: Links,
    /// Names that do not count, beside those that never do in what people write.
    ignored: &'a NameSet,
}

impl Look<'_> {
    fn skips(self, name: &OsStr) -> bool {
        (self.links == Links::Through && never_counts(name)) || self.ignored.has(name)
    }
}

/// The listing, without what is skipped; `None` when something is below that is neither file, folder
/// nor link.
fn tree(
    observer: &Observer,
    place: &Path,
    key: &[u8],
    look: Look<'_>,
    outer: &[PathBuf],
) -> Result<Option<Tree>, Trouble> {
    let mut found = Vec::new();
    let wanted = |entry: &DirEntry| entry.depth() == 0 || !look.skips(entry.file_name());
    for entry in WalkDir::new(place).into_iter().filter_entry(wanted) {
        let entry = entry.map_err(|error| walk_trouble(place, error))?;
        if entry.depth() > 0 {
            found.push(entry);
        }
    }
    let top = place
        .canonicalize()
        .map_err(Trouble::on("look at", place))?;
    let tops = [outer, &[top]].concat();
    let entries: Vec<Option<TreeEntry>> = found
        .par_iter()
        .with_min_len(16)
        .map(|entry| tree_entry(observer, place, &tops, key, entry, look))
        .collect::<Result<_, Trouble>>()?;
    let Some(mut entries) = entries.into_iter().collect::<Option<Vec<TreeEntry>>>() else {
        return Ok(None);
    };
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(Some(Tree { entries }))
}

fn tree_entry(
    observer: &Observer,
    place: &Path,
    tops: &[PathBuf],
    key: &[u8],
    entry: &DirEntry,
    look: Look<'_>,
) -> Result<Option<TreeEntry>, Trouble> {
    let relative = raw(entry.path().strip_prefix(place).unwrap_or(entry.path())).to_vec();
    let kind = if entry.file_type().is_dir() {
        EntryKind::Folder
    } else if entry.file_type().is_symlink() {
        let text = entry
            .path()
            .read_link()
            .map_err(Trouble::on("read the link", entry.path()))?;
        let through = match look.links {
            Links::Verbatim => None,
            Links::Through => through(observer, entry.path(), tops, &joined(key, &relative), look)?,
        };
        EntryKind::Link {
            text: raw(&text).to_vec(),
            through,
        }
    } else if entry.file_type().is_file() {
        let metadata = entry
            .metadata()
            .map_err(|error| walk_trouble(entry.path(), error))?;
        match observer.file(entry.path(), &joined(key, &relative), &stamp_of(&metadata))? {
            Content::File {
                digest,
                executable,
                size,
            } => EntryKind::File {
                digest,
                executable,
                size,
            },
            Content::Absent | Content::Tree { .. } | Content::Special => return Ok(None),
        }
    } else {
        return Ok(None);
    };
    Ok(Some(TreeEntry {
        path: relative,
        kind,
    }))
}

/// The digest of what a link leads to, unless a listing has it anyway. `tops` are the directories that are being listed:
/// the one that was asked for, and those that links have led to; so links in a circle end.
fn through(
    observer: &Observer,
    link: &Path,
    tops: &[PathBuf],
    key: &[u8],
    look: Look<'_>,
) -> Result<Option<Digest>, Trouble> {
    let Ok(target) = link.canonicalize() else {
        return Ok(None);
    };
    let is_listed = |top: &PathBuf| {
        let inside = target.strip_prefix(top);
        inside.is_ok_and(|inside| !inside.iter().any(|name| look.skips(name)))
    };
    if tops.iter().any(is_listed) {
        return Ok(None);
    }
    let metadata = target.metadata().map_err(Trouble::on("look at", &target))?;
    if metadata.is_file() {
        Ok(observer.file(&target, key, &stamp_of(&metadata))?.digest())
    } else if metadata.is_dir() {
        Ok(tree(observer, &target, key, look, tops)?.map(|tree| tree.digest()))
    } else {
        Ok(None)
    }
}

impl Observer {
    /// Links below the directory `path` that lead to somewhere in the project, out of that directory or by an absolute
    /// path: the link's path and its text. A result that holds one would not be the same elsewhere.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn leaving_links(&self, path: &ProjectPath) -> Result<Vec<(String, String)>, Trouble> {
        let place = path.under(&self.root);
        let mut leaving = Vec::new();
        for entry in WalkDir::new(&place) {
            let entry = entry.map_err(|error| walk_trouble(&place, error))?;
            if entry.depth() == 0 || !entry.file_type().is_symlink() {
                continue;
            }
            let text = entry
                .path()
                .read_link()
                .map_err(Trouble::on("read the link", entry.path()))?;
            let from = entry.path().parent().unwrap_or(&place);
            let target = without_dots(&from.join(&text));
            // An absolute link would lead from a copy of the output back to this checkout.
            let stays = target.starts_with(&place) && text.is_relative();
            if target.starts_with(&self.root) && !stays {
                let link = entry
                    .path()
                    .strip_prefix(&self.root)
                    .unwrap_or(entry.path());
                leaving.push((link.display().to_string(), text.display().to_string()));
            }
        }
        Ok(leaving)
    }
}

/// The path with `.` and `..` taken out by its letters: the target need not stand.
fn without_dots(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            component => clean.push(component),
        }
    }
    clean
}

fn joined(key: &[u8], relative: &[u8]) -> Vec<u8> {
    if key.is_empty() {
        relative.to_vec()
    } else {
        [key, b"/", relative].concat()
    }
}

/// Whether what has this name never counts in a directory that people write.
pub fn never_counts(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else {
        return false;
    };
    IGNORED.contains(&name)
        || [".pyc", "~", ".swp", ".swo"]
            .iter()
            .any(|ending| name.ends_with(ending))
        || name.starts_with(".#")
        || name.starts_with(OWN_PREFIX)
}
