//! Folders that were made for outputs and hold nothing any more.
//!
//! Does not know whose outputs they were.

use crate::base::path::ProjectPath;
use std::fs;
use std::path::Path;

/// Removes the folders above `path` that are empty now, the innermost first, up to one that `stays`. What holds
/// anything, is a link, or is in use in another way, stays by itself.
pub fn remove_empty_above(root: &Path, path: &ProjectPath, stays: &dyn Fn(&str) -> bool) {
    for folder in path.ancestors() {
        if folder.is_empty() || stays(folder) || fs::remove_dir(root.join(folder)).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_empty_goes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("a/b/c/d")).unwrap();
        fs::write(root.join("a/x"), "").unwrap();
        let path = ProjectPath::from_normal("a/b/c/d/file");
        remove_empty_above(root, &path, &|folder| folder == "a/b/c");
        assert!(root.join("a/b/c").is_dir() && !root.join("a/b/c/d").exists());
        remove_empty_above(root, &path, &|_| false);
        assert!(
            root.join("a/b/c").is_dir(),
            "d is not there, so nothing was left empty by it"
        );
        remove_empty_above(root, &ProjectPath::from_normal("a/b/c/file"), &|_| false);
        assert!(root.join("a/x").exists() && !root.join("a/b").exists());
    }
}
