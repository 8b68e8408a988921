//! The parts of a path that a placeholder can name.
//!
//! Does not know placeholders; paths come as texts.

/// A part of a path: `{matrix.file.stem}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathPart {
    /// `.stem`: the name without its last extension.
    Stem,
    /// `.name`: without the folder.
    Name,
    /// `.dir`: the folder, `.` at the top.
    Dir,
    /// `.ext`: the last extension without its point; empty where there is none.
    Ext,
}

impl PathPart {
    /// `file.stem` is the stem of `file`, `stem` alone that of the thing itself, which is called by an empty name.
    pub fn split(member: &str) -> Option<(&str, PathPart)> {
        let (base, part) = member.rsplit_once('.').unwrap_or(("", member));
        let part = match part {
            "stem" => PathPart::Stem,
            "name" => PathPart::Name,
            "dir" => PathPart::Dir,
            "ext" => PathPart::Ext,
            _ => return None,
        };
        Some((base, part))
    }

    /// This part of a path.
    pub fn of(self, path: &str) -> &str {
        let (dir, name) = path.rsplit_once('/').unwrap_or((".", path));
        let (stem, ext) = match name.rsplit_once('.') {
            Some((stem, ext)) if !stem.is_empty() => (stem, ext),
            _ => (name, ""),
        };
        match self {
            PathPart::Stem => stem,
            PathPart::Name => name,
            PathPart::Dir => dir,
            PathPart::Ext => ext,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_paths() {
        let all = |path| {
            [PathPart::Stem, PathPart::Name, PathPart::Dir, PathPart::Ext].map(|part| part.of(path))
        };
        assert_eq!(all("a/b/c.tar.gz"), ["c.tar", "c.tar.gz", "a/b", "gz"]);
        assert_eq!(all(".bashrc"), [".bashrc", ".bashrc", ".", ""]);
        assert_eq!(all("plain"), ["plain", "plain", ".", ""]);
        assert_eq!(PathPart::split("file.stem"), Some(("file", PathPart::Stem)));
        assert_eq!(PathPart::split("stem"), Some(("", PathPart::Stem)));
        assert_eq!(PathPart::split("file.size"), None);
    }
}
