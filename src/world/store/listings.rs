//! What was in directories that nodes read, as files in `.pipe/listings/` named by the digest.
//!
//! A digest says that a directory changed; the listing of then says what in it. Nothing hangs on one: a lost or damaged
//! listing costs a few names in an explanation. Does not know whose directory it is.

use super::write_whole;
use crate::base::content::Tree;
use crate::base::digest::Digest;
use crate::world::trouble::Trouble;
use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Whether the listing with this digest is kept below `state`.
pub fn has(state: &Path, digest: &Digest) -> bool {
    place(state, digest).is_file()
}

/// Keeps a listing.
///
/// # Errors
/// It cannot be written.
pub fn keep(state: &Path, tree: &Tree) -> Result<(), Trouble> {
    let path = place(state, &tree.digest());
    let folder = path.parent().unwrap_or(state);
    fs::create_dir_all(folder).map_err(Trouble::on("create", folder))?;
    write_whole(&path, &[&tree.encode()], false)
}

/// The listing with this digest, if it is kept and whole.
pub fn read(state: &Path, digest: &Digest) -> Option<Tree> {
    let tree = Tree::decode(&fs::read(place(state, digest)).ok()?)?;
    (tree.digest() == *digest).then_some(tree)
}

/// How many are kept.
pub fn count(state: &Path) -> usize {
    fs::read_dir(state.join("listings")).map_or(0, Iterator::count)
}

/// Removes the listings that nobody wants any more.
pub fn prune(state: &Path, wanted: &HashSet<Digest>) {
    let names: HashSet<String> = wanted.iter().map(Digest::to_string).collect();
    let folder = state.join("listings");
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        if !name.to_str().is_some_and(|name| names.contains(name)) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn place(state: &Path, digest: &Digest) -> PathBuf {
    state.join("listings").join(digest.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::content::{EntryKind, TreeEntry};

    fn tree(name: &str) -> Tree {
        let entry = TreeEntry {
            path: name.as_bytes().to_vec(),
            kind: EntryKind::Folder,
        };
        Tree {
            entries: vec![entry],
        }
    }

    #[test]
    fn a_listing_is_whole_or_not_there_and_goes_when_nobody_wants_it() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path();
        let (one, two) = (tree("one"), tree("two"));
        assert_eq!(read(state, &one.digest()), None);
        keep(state, &one).unwrap();
        keep(state, &two).unwrap();
        assert_eq!(read(state, &one.digest()), Some(one.clone()));
        prune(state, &HashSet::from([two.digest()]));
        assert!(!has(state, &one.digest()) && has(state, &two.digest()));
        // A flipped letter is another listing: it is not taken for this one.
        fs::write(place(state, &two.digest()), tree("owt").encode()).unwrap();
        assert_eq!(read(state, &two.digest()), None);
    }
}
