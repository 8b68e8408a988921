//! Which folders and files stand, for who wants to watch them.
//!
//! Does not know which of them matter; the caller says.

use crate::base::path::ProjectPath;
use std::path::{Path, PathBuf};
use walkdir::{DirEntry, WalkDir};

/// Whether a folder stands there, or a link to one.
pub fn is_folder(place: &Path) -> bool {
    place.is_dir()
}

/// Where a link leads: the folder of what it leads to. `None` where no link stands, or it leads nowhere.
pub fn folder_behind_link(place: &Path) -> Option<PathBuf> {
    let is_link = place
        .symlink_metadata()
        .is_ok_and(|found| found.is_symlink());
    let real = is_link.then(|| place.canonicalize().ok()).flatten()?;
    real.parent().map(Path::to_path_buf)
}

/// `base` and the folders below it that `keep` keeps, down to `depth`. What cannot be read is left out.
pub fn folders(
    root: &Path,
    base: &ProjectPath,
    depth: usize,
    keep: &dyn Fn(&ProjectPath) -> bool,
) -> Vec<PathBuf> {
    let kept = |entry: &DirEntry| {
        entry.depth() == 0
            || (entry.file_type().is_dir() && inside(root, entry.path()).is_some_and(|p| keep(&p)))
    };
    let walk = WalkDir::new(base.under(root)).max_depth(depth).into_iter();
    let entries = walk.filter_entry(kept).flatten();
    let standing = entries.filter(|entry| entry.depth() > 0 || entry.path().is_dir());
    standing.map(DirEntry::into_path).collect()
}

/// The files of a project, but for what lies in folders that `keep` does not keep.
pub fn files(root: &Path, keep: &dyn Fn(&ProjectPath) -> bool) -> Vec<ProjectPath> {
    let kept = |entry: &DirEntry| {
        entry.depth() == 0 || inside(root, entry.path()).is_some_and(|path| keep(&path))
    };
    let entries = WalkDir::new(root).into_iter().filter_entry(kept).flatten();
    let files = entries.filter(|entry| !entry.file_type().is_dir());
    files
        .filter_map(|entry| inside(root, entry.path()))
        .collect()
}

/// A place as a path of the project; `None` outside of it, and for names that are no text.
pub fn inside(root: &Path, place: &Path) -> Option<ProjectPath> {
    let text = place.strip_prefix(root).ok()?.to_str()?;
    Some(ProjectPath::from_normal(text))
}

/// Whether anything stands there.
pub fn stands(place: &Path) -> bool {
    place.symlink_metadata().is_ok()
}
