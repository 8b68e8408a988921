//! Folders that are made within another, those that are moved whole, and those that were made for outputs and hold nothing
//! any more.
//!
//! Does not know whose outputs they were.

use crate::base::path::ProjectPath;
use crate::world::trouble::Trouble;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Makes `home` and `folder` in it, but nothing above: whoever moved a project away may want to move it back, and finds
/// the place free.
///
/// # Errors
/// One cannot be made, or the folder is gone that `home` stands in.
pub(super) fn make_within(home: &Path, folder: &Path) -> Result<(), Trouble> {
    match fs::create_dir(home) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(Trouble::on("create", home)(error))
        }
        _ => fs::create_dir_all(folder).map_err(Trouble::on("create", folder)),
    }
}

/// Moves a file or a whole folder, on one disk. A file system of layers, as containers have, does not rename a folder of a
/// layer below: then all that is in it is moved one by one.
pub(super) fn move_whole(from: &Path, to: &Path) -> io::Result<()> {
    let moved = fs::rename(from, to);
    let refused = |error: &io::Error| error.kind() == ErrorKind::CrossesDevices;
    if !moved.as_ref().is_err_and(refused) {
        return moved;
    }
    let (folder, beside) = (from.symlink_metadata()?, to.parent().unwrap_or(to));
    if !folder.is_dir() || folder.dev() != beside.metadata()?.dev() {
        return moved;
    }
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        move_whole(&entry.path(), &to.join(entry.file_name()))?;
    }
    fs::set_permissions(to, folder.permissions())?;
    fs::remove_dir(from)
}

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
