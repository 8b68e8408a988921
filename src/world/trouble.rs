//! The world refused: what was tried, on which path, and what the system said.
//!
//! Does not know what the refusal means for a build.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// An operation on the world that did not work.
#[derive(Debug)]
pub struct Trouble {
    /// The verb, as in "cannot {verb} {path}": `read`, `create`, `rename` …
    pub verb: &'static str,
    /// On what.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

impl Trouble {
    /// For `map_err`: `File::open(path).map_err(Trouble::on("open", path))`.
    pub fn on(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Trouble {
        let path = path.to_path_buf();
        move |error| Trouble { verb, path, error }
    }
}

/// Whether the system says that nothing is there; a file in place of a folder on the way says so too.
pub fn is_absence(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // std appends "(os error N)", which tells a person nothing.
        let said = self.error.to_string();
        let said = said.split(" (os error").next().unwrap_or(&said);
        write!(f, "cannot {} {}: {said}", self.verb, self.path.display())
    }
}

impl std::error::Error for Trouble {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}
