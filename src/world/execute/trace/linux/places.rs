//! Whether a name that a command used lies in the project, and where.
//!
//! A name that leads into the project by its letters is taken as written, since what it is made of there, links
//! included, is what has to be declared. A name from elsewhere may come in by a link on its way. Does not know what
//! was done to it.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path, PathBuf};

/// Finds places in the project.
#[derive(Debug)]
pub(in super::super) struct Places {
    root: PathBuf,
    /// Folders outside, by name: where in the project they lie after all.
    outside: HashMap<PathBuf, Option<PathBuf>>,
}

impl Places {
    /// `root`: absolute, without links.
    pub(in super::super) fn new(root: PathBuf) -> Self {
        Places {
            root,
            outside: HashMap::new(),
        }
    }

    /// The project's root.
    pub(in super::super) fn root(&self) -> &Path {
        &self.root
    }

    /// The path relative to the root; `None` for what lies elsewhere, and for the root itself.
    pub(in super::super) fn inside(&mut self, name: &[u8]) -> Option<PathBuf> {
        let path = plain(Path::new(OsStr::from_bytes(name)))?;
        if let Ok(relative) = path.strip_prefix(&self.root) {
            return Some(relative.to_path_buf()).filter(|path| !path.as_os_str().is_empty());
        }
        let (folder, last) = (path.parent()?, path.file_name()?);
        if !self.outside.contains_key(folder) {
            let real = fs::canonicalize(folder).ok();
            let inside = real.and_then(|real| Some(real.strip_prefix(&self.root).ok()?.into()));
            self.outside.insert(folder.to_path_buf(), inside);
        }
        let inside = self.outside.get(folder)?.as_ref()?;
        Some(inside.join(last))
    }
}

/// Without `.`, `//` and `..`. What `..` leads to depends on the links before it, so those are followed.
fn plain(path: &Path) -> Option<PathBuf> {
    let climbs = path
        .components()
        .any(|part| matches!(part, Component::ParentDir));
    if !climbs {
        // Comparing and joining go by components: only a `.` in the middle and double slashes are left, which
        // `components` leaves out.
        return Some(path.components().collect());
    }
    let parts: Vec<Component<'_>> = path.components().collect();
    let last = parts
        .iter()
        .rposition(|part| matches!(part, Component::ParentDir))?;
    let start: PathBuf = parts[..=last].iter().collect();
    let mut real = fs::canonicalize(start).ok()?;
    real.extend(&parts[last + 1..]);
    Some(real)
}

/// `name` as seen from `folder`.
pub(in super::super) fn join(folder: PathBuf, name: &[u8]) -> Vec<u8> {
    let mut path = folder.into_os_string().into_vec();
    if !name.is_empty() {
        path.push(b'/');
        path.extend_from_slice(name);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_as_written_and_links_from_outside_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path().canonicalize().unwrap();
        let root = top.join("project");
        fs::create_dir_all(root.join("data/v1")).unwrap();
        std::os::unix::fs::symlink("v1", root.join("data/now")).unwrap();
        std::os::unix::fs::symlink(&root, top.join("link")).unwrap();
        fs::create_dir(top.join("project-2")).unwrap();
        let mut places = Places::new(root.clone());
        let mut inside = |name: &str| {
            let found = places.inside(top.join(name).as_os_str().as_bytes());
            found.map(|path| path.to_str().unwrap().to_owned())
        };
        for (name, want) in [
            ("project/a", Some("a")),
            ("project//data/./v1/x", Some("data/v1/x")),
            ("project/data/now/x", Some("data/now/x")),
            ("project/data/now/../x", Some("data/x")),
            ("project/data/v1/../../a", Some("a")),
            ("link/data/v1/x", Some("data/v1/x")),
            ("link/absent", Some("absent")),
            ("project-2/a", None),
            ("project/../project-2/a", None),
            ("project", None),
            ("absent/../x", None),
        ] {
            assert_eq!(inside(name).as_deref(), want, "{name}");
        }
    }
}
