//! What changed in a directory, by names.
//!
//! Does not know where the listings come from.

use crate::base::content::{EntryKind, Tree};
use std::collections::HashMap;

/// Names in a directory, relative to it, sorted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NameChanges {
    /// There now, and not before.
    pub added: Vec<String>,
    /// There before, and not now.
    pub removed: Vec<String>,
    /// There before and now, with other content.
    pub changed: Vec<String>,
}

/// What is in `new` that was not so in `old`. A folder is told only when it is empty or stands for something else: what
/// is in it speaks for it.
pub fn compare(old: &Tree, new: &Tree) -> NameChanges {
    let (before, after) = (by_name(old), by_name(new));
    let told = |tree: &Tree, name: &[u8], kind: &EntryKind| {
        let inside = [name, b"/"].concat();
        *kind != EntryKind::Folder
            || !tree
                .entries
                .iter()
                .any(|entry| entry.path.starts_with(&inside))
    };
    let mut changes = NameChanges::default();
    for entry in &new.entries {
        match before.get(entry.path.as_slice()) {
            None if told(new, &entry.path, &entry.kind) => changes.added.push(shown(&entry.path)),
            Some(kind) if **kind != entry.kind => changes.changed.push(shown(&entry.path)),
            None | Some(_) => {}
        }
    }
    for entry in &old.entries {
        if !after.contains_key(entry.path.as_slice()) && told(old, &entry.path, &entry.kind) {
            changes.removed.push(shown(&entry.path));
        }
    }
    changes
}

fn by_name(tree: &Tree) -> HashMap<&[u8], &EntryKind> {
    let entries = tree.entries.iter();
    entries
        .map(|entry| (entry.path.as_slice(), &entry.kind))
        .collect()
}

fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::content::TreeEntry;
    use crate::base::digest::Digest;

    fn tree(entries: &[(&str, Option<&str>)]) -> Tree {
        let entry = |(path, text): &(&str, Option<&str>)| TreeEntry {
            path: path.as_bytes().to_vec(),
            kind: text.map_or(EntryKind::Folder, |text| EntryKind::File {
                digest: Digest::of(text.as_bytes()),
                executable: false,
                size: text.len() as u64,
            }),
        };
        Tree {
            entries: entries.iter().map(entry).collect(),
        }
    }

    #[test]
    fn names_come_go_and_change() {
        let old = tree(&[
            ("a", Some("1")),
            ("b", Some("2")),
            ("d", None),
            ("d/x", Some("3")),
        ]);
        let new = tree(&[
            ("a", Some("1")),
            ("b", Some("changed")),
            ("e", None),
            ("n", None),
            ("n/y", Some("4")),
        ]);
        let changes = compare(&old, &new);
        assert_eq!(
            changes.added,
            ["e", "n/y"],
            "a folder that holds something speaks by it"
        );
        assert_eq!(changes.removed, ["d/x"]);
        assert_eq!(changes.changed, ["b"]);
        assert_eq!(compare(&old, &old), NameChanges::default());
    }
}
