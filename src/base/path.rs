//! Paths inside the project, `/` on every system, and the globs over them.
//!
//! Does not know what stands on the disk, nor where the project lies.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The folder beside the manifest in which all state lives. No node may read or write inside it.
pub const STATE_FOLDER: &str = ".pipe";

/// How the names begin of what `pipe` itself makes beside the user's files: things half-made, things set aside. No glob
/// and no directory input sees them.
pub const OWN_PREFIX: &str = ".pipe-";

/// A normalised path relative to the project's root: components joined by `/`, no `.`, no `..`, no trailing `/`.
/// The root itself is the empty path.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProjectPath(Arc<str>);

/// Why a text is not a path inside the project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathFault {
    /// Nothing is named.
    Empty,
    /// It starts at the root of the file system.
    Absolute,
    /// `..` leads out of the project.
    Leaves,
    /// It lies in `.pipe/`.
    State,
    /// It holds a NUL byte, which no file name can.
    Nul,
}

impl std::borrow::Borrow<str> for ProjectPath {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl ProjectPath {
    /// Reads a path as it is written in a manifest and normalises it. `a/../b` is read as `b`, by its letters alone.
    ///
    /// # Errors
    /// See [`PathFault`].
    pub fn parse(text: &str) -> Result<Self, PathFault> {
        if text.is_empty() {
            return Err(PathFault::Empty);
        }
        if text.contains('\0') {
            return Err(PathFault::Nul);
        }
        if text.starts_with('/') {
            return Err(PathFault::Absolute);
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop().ok_or(PathFault::Leaves)?;
                }
                part => parts.push(part),
            }
        }
        if parts.first() == Some(&STATE_FOLDER) {
            return Err(PathFault::State);
        }
        Ok(ProjectPath(parts.join("/").into()))
    }

    /// The project's root.
    pub fn root() -> Self {
        ProjectPath("".into())
    }

    /// A path that is known to be normalised: read back from our own files, or put together from normal parts.
    pub fn from_normal(text: &str) -> Self {
        debug_assert!(
            text.split('/').all(|part| !matches!(part, "." | "..")) && !text.ends_with('/')
        );
        ProjectPath(text.into())
    }

    /// The text, with `/` between components.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the project's root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The folder this lies in; `None` for the root.
    pub fn parent(&self) -> Option<ProjectPath> {
        if self.is_root() {
            return None;
        }
        Some(ProjectPath(
            self.0
                .rsplit_once('/')
                .map_or("", |(parent, _)| parent)
                .into(),
        ))
    }

    /// Whether this is `folder` or lies inside it, component by component.
    pub fn is_within(&self, folder: &ProjectPath) -> bool {
        folder.is_root()
            || self
                .0
                .strip_prefix(&*folder.0)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Every folder above this path, nearest first, the root left out.
    pub fn ancestors(&self) -> impl Iterator<Item = &str> {
        let text: &str = &self.0;
        text.rmatch_indices('/').map(move |(at, _)| &text[..at])
    }

    /// Where this lies when the project lies at `root`.
    pub fn under(&self, root: &Path) -> PathBuf {
        if self.is_root() {
            root.to_path_buf()
        } else {
            root.join(&*self.0)
        }
    }
}

impl fmt::Display for ProjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.is_root() { "." } else { &self.0 })
    }
}

impl fmt::Debug for ProjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &self.0)
    }
}

/// A glob over project paths: `*` and `?` stay inside one component, `**` crosses them, `{a,b}` and `[a-z]` choose.
/// A name that starts with a dot is matched only where the pattern writes the dot, as in a shell.
#[derive(Clone)]
pub struct PathPattern {
    text: Arc<str>,
    matcher: globset::GlobMatcher,
}

impl PathPattern {
    /// `text` as a part of a pattern, matching nothing but itself.
    pub fn literal(text: &str) -> String {
        let mut literal = String::with_capacity(text.len());
        for c in text.chars() {
            match c {
                '*' | '?' | '[' | ']' | '{' | '}' | '\\' => literal.extend(['[', c, ']']),
                c => literal.push(c),
            }
        }
        literal
    }

    /// Whether a manifest's text is a pattern and not a plain path.
    pub fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?', '[', '{'])
    }

    /// Reads a pattern.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the pattern.
    pub fn parse(text: &str) -> Result<Self, String> {
        let clean = text.trim_start_matches("./");
        let glob = globset::GlobBuilder::new(clean)
            .literal_separator(true)
            .backslash_escape(true)
            .build()
            .map_err(|error| error.kind().to_string())?;
        Ok(PathPattern {
            text: clean.into(),
            matcher: glob.compile_matcher(),
        })
    }

    /// The pattern as written, without a leading `./`.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether `path` matches.
    pub fn matches(&self, path: &ProjectPath) -> bool {
        self.matcher.is_match(path.as_str()) && self.hidden_parts_are_asked_for(path.as_str())
    }

    /// The deepest folder that all matches share: where a listing has to start.
    pub fn base(&self) -> ProjectPath {
        let fixed = self
            .text
            .find(['*', '?', '[', '{'])
            .map_or(&*self.text, |at| &self.text[..at]);
        let folder = fixed.rsplit_once('/').map_or("", |(folder, _)| folder);
        ProjectPath::parse(folder).unwrap_or_else(|_| ProjectPath::root())
    }

    fn hidden_parts_are_asked_for(&self, path: &str) -> bool {
        let hidden = |text: &str| text.split('/').filter(|part| part.starts_with('.')).count();
        hidden(path) <= hidden(&self.text)
    }
}

impl fmt::Debug for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PathPattern({:?})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_and_kept_inside() {
        for (text, want) in [
            ("a/b", Ok("a/b")),
            ("./a//b/", Ok("a/b")),
            ("a/../b", Ok("b")),
            (".", Ok("")),
            ("", Err(PathFault::Empty)),
            ("/etc/passwd", Err(PathFault::Absolute)),
            ("../x", Err(PathFault::Leaves)),
            ("a/../../x", Err(PathFault::Leaves)),
            (".pipe/ledger", Err(PathFault::State)),
            ("a/../.pipe", Err(PathFault::State)),
            (".pipeline", Ok(".pipeline")),
            ("a\0b", Err(PathFault::Nul)),
        ] {
            let got = ProjectPath::parse(text);
            assert_eq!(
                got.as_ref()
                    .map(ProjectPath::as_str)
                    .map_err(|&fault| fault),
                want,
                "{text:?}"
            );
        }
    }

    #[test]
    fn within_goes_by_components() {
        let path = |text| ProjectPath::parse(text).unwrap();
        assert!(path("a/b").is_within(&path("a")));
        assert!(path("a").is_within(&path("a")));
        assert!(path("a").is_within(&ProjectPath::root()));
        assert!(!path("ab").is_within(&path("a")));
        assert_eq!(path("a/b/c").ancestors().collect::<Vec<_>>(), ["a/b", "a"]);
        assert_eq!(path("a").parent(), Some(ProjectPath::root()));
    }

    #[test]
    fn patterns_match_like_a_shell() {
        let matches = |pattern: &str, path: &str| {
            PathPattern::parse(pattern)
                .unwrap()
                .matches(&ProjectPath::parse(path).unwrap())
        };
        assert!(matches("raw/*.csv", "raw/a.csv"));
        assert!(!matches("raw/*.csv", "raw/x/a.csv"));
        assert!(matches("raw/**/*.csv", "raw/a.csv"));
        assert!(matches("raw/**/*.csv", "raw/x/y/a.csv"));
        assert!(!matches("raw/*", "raw/.hidden"));
        assert!(matches("raw/.*", "raw/.hidden"));
        assert!(matches("./raw/{a,b}.csv", "raw/b.csv"));
        assert_eq!(
            PathPattern::parse("data/in/*/x.csv")
                .unwrap()
                .base()
                .as_str(),
            "data/in"
        );
        assert_eq!(
            PathPattern::parse("*.csv").unwrap().base(),
            ProjectPath::root()
        );
    }
}
