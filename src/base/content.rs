//! What stands at a path, as far as a build cares: nothing, a file, or a tree of files.
//!
//! Does not know how it was found out; `world/observe` looks.

use crate::base::digest::{Digest, DigestWriter};
use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::path::ProjectPath;
use std::collections::HashSet;

/// What stands at a path. Equality is sameness for a build: times, owners and most mode bits do not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// Nothing stands there (or a link that leads nowhere).
    Absent,
    /// A plain file, or a link that leads to one.
    File {
        /// Of the bytes.
        digest: Digest,
        /// Whether its owner may execute it.
        executable: bool,
        /// Bytes.
        size: u64,
    },
    /// A directory, or a link that leads to one.
    Tree {
        /// [`Tree::digest`] of its listing.
        digest: Digest,
        /// Sum of its files, in bytes.
        size: u64,
        /// Number of its files and links.
        files: u64,
    },
    /// A FIFO, socket or device: never an input, never an output.
    Special,
}

impl Content {
    /// The digest of the bytes or of the listing.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Content::File { digest, .. } | Content::Tree { digest, .. } => Some(*digest),
            Content::Absent | Content::Special => None,
        }
    }

    /// Adds what counts for a key to `writer`: the kind, the executable bit and the digest.
    pub fn write_to(&self, writer: &mut DigestWriter) {
        match self {
            Content::Absent => writer.field("absent", &[]),
            Content::File {
                digest,
                executable: false,
                ..
            } => writer.field("file", digest.as_bytes()),
            Content::File {
                digest,
                executable: true,
                ..
            } => writer.field("program", digest.as_bytes()),
            Content::Tree { digest, .. } => writer.field("tree", digest.as_bytes()),
            Content::Special => writer.field("special", &[]),
        };
    }
}

/// The listing of a directory: every entry below it, sorted by path bytes. A folder comes before what it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    /// Sorted by `path`, no path twice.
    pub entries: Vec<TreeEntry>,
}

/// One entry of a [`Tree`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// Relative to the tree's top, raw bytes as the file system gave them, `/` between components.
    pub path: Vec<u8>,
    /// What it is.
    pub kind: EntryKind,
}

/// What an entry of a tree is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryKind {
    /// A folder; listed so that empty ones are kept.
    Folder,
    /// A plain file.
    File {
        /// Of the bytes.
        digest: Digest,
        /// Whether its owner may execute it.
        executable: bool,
        /// Bytes.
        size: u64,
    },
    /// A symbolic link, kept as its text.
    Link {
        /// What the link says, raw bytes.
        text: Vec<u8>,
        /// In a tree that is read: the digest of what the link leads to outside the tree, since a command that
        /// follows it reads that. Always `None` in a tree that a node wrote.
        through: Option<Digest>,
    },
}

/// Paths and what stands at each.
pub type Contents = Vec<(ProjectPath, Content)>;

/// Version of the listing's byte form; a part of every tree's digest.
const TREE_FORMAT: &[u8] = b"pipe tree 1\n";

impl Tree {
    /// The listing's byte form, in which the cache keeps it and of which the digest is taken.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = FlatWriter(TREE_FORMAT.to_vec());
        for entry in &self.entries {
            out.bytes(&entry.path);
            match &entry.kind {
                EntryKind::Folder => out.byte(0),
                EntryKind::File {
                    digest,
                    executable,
                    size,
                } => out
                    .byte(1 + u8::from(*executable))
                    .digest(digest)
                    .long(*size),
                EntryKind::Link {
                    text,
                    through: None,
                } => out.byte(3).bytes(text),
                EntryKind::Link {
                    text,
                    through: Some(digest),
                } => out.byte(4).bytes(text).digest(digest),
            };
        }
        out.0
    }

    /// Reads the byte form back. `None` when it is damaged, of another version, unsorted, or names a path that
    /// could lead out of the tree: by its parts, or because something else than a folder lies above it.
    pub fn decode(bytes: &[u8]) -> Option<Tree> {
        let mut rest = FlatReader(bytes.strip_prefix(TREE_FORMAT)?);
        let mut entries: Vec<TreeEntry> = Vec::new();
        let mut folders: HashSet<Vec<u8>> = HashSet::new();
        while !rest.is_empty() {
            let path = rest.bytes()?.to_vec();
            let proper = path
                .split(|&byte| byte == b'/')
                .all(|part| !matches!(part, b"" | b"." | b".."));
            let sorted = entries.last().is_none_or(|last| last.path < path);
            let above = path
                .iter()
                .rposition(|&byte| byte == b'/')
                .map(|at| &path[..at]);
            let in_folder = above.is_none_or(|above| folders.contains(above));
            if !proper || !sorted || !in_folder || path.contains(&0) {
                return None;
            }
            let kind = match rest.byte()? {
                0 => EntryKind::Folder,
                kind @ (1 | 2) => EntryKind::File {
                    digest: rest.digest()?,
                    executable: kind == 2,
                    size: rest.long()?,
                },
                3 => EntryKind::Link {
                    text: rest.bytes()?.to_vec(),
                    through: None,
                },
                4 => EntryKind::Link {
                    text: rest.bytes()?.to_vec(),
                    through: Some(rest.digest()?),
                },
                _ => return None,
            };
            if kind == EntryKind::Folder {
                folders.insert(path.clone());
            }
            entries.push(TreeEntry { path, kind });
        }
        Some(Tree { entries })
    }

    /// The digest of the byte form.
    pub fn digest(&self) -> Digest {
        Digest::of(&self.encode())
    }

    /// What stands at a path whose listing this is.
    pub fn content(&self) -> Content {
        let size = |entry: &TreeEntry| match entry.kind {
            EntryKind::File { size, .. } => size,
            EntryKind::Folder | EntryKind::Link { .. } => 0,
        };
        Content::Tree {
            digest: self.digest(),
            size: self.entries.iter().map(size).sum(),
            files: self
                .entries
                .iter()
                .filter(|entry| entry.kind != EntryKind::Folder)
                .count() as u64,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Tree {
        let file = |executable| EntryKind::File {
            digest: Digest::of(b"x"),
            executable,
            size: 1,
        };
        let entry = |path: &str, kind| TreeEntry {
            path: path.as_bytes().to_vec(),
            kind,
        };
        Tree {
            entries: vec![
                entry("a", EntryKind::Folder),
                entry("a/run", file(true)),
                entry("b", file(false)),
                entry(
                    "c",
                    EntryKind::Link {
                        text: b"b".to_vec(),
                        through: None,
                    },
                ),
                entry(
                    "d",
                    EntryKind::Link {
                        text: b"../x".to_vec(),
                        through: Some(Digest::of(b"y")),
                    },
                ),
            ],
        }
    }

    #[test]
    fn listing_goes_both_ways() {
        assert_eq!(Tree::decode(&sample().encode()), Some(sample()));
        assert!(matches!(
            sample().content(),
            Content::Tree {
                size: 2,
                files: 4,
                ..
            }
        ));
    }

    #[test]
    fn no_listing_leads_out_of_its_tree() {
        for path in ["../x", "/x", "a//b", "a/.", ""] {
            let entries = vec![TreeEntry {
                path: path.as_bytes().to_vec(),
                kind: EntryKind::Folder,
            }];
            assert_eq!(Tree::decode(&Tree { entries }.encode()), None, "{path:?}");
        }
    }

    /// Restored in parallel, such a listing could write through the link.
    #[test]
    fn nothing_lies_below_a_link_or_a_file() {
        let entry = |path: &str, kind| TreeEntry {
            path: path.as_bytes().to_vec(),
            kind,
        };
        let file = || EntryKind::File {
            digest: Digest::of(b""),
            executable: false,
            size: 0,
        };
        for above in [
            EntryKind::Link {
                text: b"/tmp".to_vec(),
                through: None,
            },
            file(),
        ] {
            let entries = vec![entry("a", above), entry("a/x", file())];
            assert_eq!(Tree::decode(&Tree { entries }.encode()), None);
        }
        assert_eq!(
            Tree::decode(
                &Tree {
                    entries: vec![entry("a/x", file())]
                }
                .encode()
            ),
            None
        );
    }

    #[test]
    fn every_truncation_is_noticed_or_a_shorter_listing() {
        let bytes = sample().encode();
        for end in 0..bytes.len() {
            assert_ne!(Tree::decode(&bytes[..end]), Some(sample()));
        }
    }
}
