//! The key of a node: the digest of everything that can change its result.
//!
//! Does not know how contents were observed, nor where results are kept.
//!
//! | part | row in [`KeyParts`] | why |
//! |---|---|---|
//! | version of this scheme | `KEY_VERSION`, hashed first | a change of meaning must not meet old results |
//! | command, as written, with placeholders | `command`, or `argument N` for `exec` | the work itself |
//! | what each placeholder stands for | `{in}`, `{out}`, `{in.NAME}`, `{node}` … | paths and their order reach the command |
//! | shell | `shell` | another shell reads the same text differently |
//! | folder in which the command starts | `folder` | relative paths |
//! | declared environment | `env NAME`; of a caller's value the digest, `caller NAME` | the command sees it |
//! | each output's path and kind | `output PATH` | what is kept and brought back |
//! | each input's path, kind, executable bit, digest | `inputs` | the data |
//!
//! What never enters, and why: times, owners and inode numbers (touching a file changes nothing); absolute paths
//! (a moved checkout is the same project); the node's name (unless the command holds `{node}`), `about`, comments, order of declaration (words for
//! people); `jobs`, `exclusive`, `after` (they say when, not what); `pass-env`, `PATH`, `HOME` (named in the book as
//! the holes they are).
//!
//! The parts are hashed in two steps, declaration and inputs, so that a snapshot can carry the first.

use crate::base::content::Content;
use crate::base::digest::{Digest, DigestWriter};
use crate::base::path::ProjectPath;
use crate::base::record::{Key, KeyParts, Row};

/// Changes whenever the meaning of a key changes; old results are then never found again.
pub const KEY_VERSION: &str = "pipe key 2";

/// The key of a node whose declaration has this digest and whose inputs stand like this.
pub fn key(declaration: Digest, inputs: &[(ProjectPath, Content)]) -> Key {
    let mut writer = DigestWriter::new(KEY_VERSION);
    writer.field("declaration", declaration.as_bytes());
    for (path, content) in inputs {
        writer.field("input", path.as_str().as_bytes());
        content.write_to(&mut writer);
    }
    Key(writer.finish())
}

/// The key of these parts.
pub fn key_of(parts: &KeyParts) -> Key {
    key(Row::digest_of(&parts.declaration), &parts.inputs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(name: &str, value: &str) -> Row {
        Row {
            name: name.into(),
            value: value.into(),
        }
    }

    fn known_parts() -> KeyParts {
        let file = |text: &str, executable| Content::File {
            digest: Digest::of(text.as_bytes()),
            executable,
            size: text.len() as u64,
        };
        KeyParts {
            declaration: vec![
                row("command", "sort {in} > {out}"),
                row("shell", "bash -euo pipefail -c"),
                row("{in}", "data/raw.csv"),
                row("{out}", "build/sorted.csv"),
                row("output build/sorted.csv", "file"),
            ],
            inputs: vec![
                (
                    ProjectPath::from_normal("data/raw.csv"),
                    file("b\na\n", false),
                ),
                (ProjectPath::from_normal("tools/sort"), file("#!", true)),
            ],
        }
    }

    /// If this fails, every user's cache is forgotten: raise `KEY_VERSION` on purpose, or find the accident.
    #[test]
    fn golden_key() {
        assert_eq!(
            key_of(&known_parts()).0.to_string(),
            "3491c49aa295cd67b5c6dc78e38357f214a4bc5c8a9d0b32e7addc1083b5d278",
        );
    }

    #[test]
    fn every_part_counts() {
        let base = key_of(&known_parts());
        let changes: [fn(&mut KeyParts); 8] = [
            |parts| parts.declaration[0].value.push(' '),
            |parts| parts.declaration[1].value = "sh -c".into(),
            |parts| parts.declaration.swap(2, 3),
            |parts| drop(parts.declaration.pop()),
            |parts| parts.inputs.swap(0, 1),
            |parts| parts.inputs[0].0 = ProjectPath::from_normal("data/other.csv"),
            |parts| parts.inputs[0].1 = Content::Absent,
            |parts| {
                if let Content::File { executable, .. } = &mut parts.inputs[0].1 {
                    *executable = true;
                }
            },
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut parts = known_parts();
            change(&mut parts);
            assert_ne!(key_of(&parts), base, "change {number}");
        }
    }
}
