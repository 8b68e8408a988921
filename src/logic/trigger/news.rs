//! What a watch tells between its builds, as values.
//!
//! Does not know who listens.

use crate::base::path::ProjectPath;
use std::time::Duration;

/// One step of a watch's story, beside those of its builds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// These sources, or what the manifest is made of, changed; a build follows.
    Changed {
        /// Which, sorted.
        paths: Vec<ProjectPath>,
    },
    /// The user wants a build.
    Asked {
        /// Of everything, fresh or not.
        force: bool,
    },
    /// The last build is over and nothing has changed since.
    Waiting {
        /// Sources that are looked at, a glob or a folder counted once.
        sources: usize,
        /// Folders that the system is asked to tell of.
        folders: usize,
        /// Every node that was asked for is up to date.
        well: bool,
    },
    /// Hints were lost, and everything is looked at: why.
    LooksAtAll {
        /// What the system said.
        why: String,
    },
    /// From now on the sources are looked at every now and then.
    Polls(Polling),
    /// A file changes in every build; the next one waits.
    Circle {
        /// The file.
        path: ProjectPath,
        /// The nodes that ran and read it.
        nodes: Vec<String>,
        /// So long, unless something changes while nothing runs.
        pause: Duration,
    },
}

/// Why sources are looked at every now and then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Polling {
    /// The user wants it.
    Asked,
    /// A file system that tells of no changes.
    Silent {
        /// What it is called.
        kind: String,
        /// A folder on it.
        folder: String,
    },
    /// The system lets nobody watch so many folders.
    Limit {
        /// How many it does.
        most: Option<u64>,
        /// How many are needed.
        needed: usize,
    },
    /// The system gives no watcher: what it said.
    Refused(String),
}
