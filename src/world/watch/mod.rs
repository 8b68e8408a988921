//! What the system tells of changes in folders, as plain messages. The one place that names the crate notify.
//!
//! Does not know which changes matter, and promises nothing: messages are hints, which get lost. The handler only hands
//! on, since one that stands still loses more.

mod kinds;
pub mod walk;

pub use kinds::{most_watches, silent_kind};

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hint {
    /// Something was made, written, renamed or removed at this path.
    Touched(PathBuf),
    /// Hints were lost: anything may have changed. What the system said.
    Lost(String),
}

/// Why folders cannot be watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There are too many.
    Limit,
    /// What the system said.
    Other(String),
}

/// Watches folders, each by itself and not what lies below it.
pub struct Watcher {
    system: RecommendedWatcher,
    /// Each with its device and inode: a folder that was made again is another one.
    watched: BTreeMap<PathBuf, (u64, u64)>,
}

impl Watcher {
    /// Watches nothing yet. `hear` is called on a thread of its own and must return at once.
    ///
    /// # Errors
    /// The system gives no watcher: what it said.
    pub fn start(hear: impl Fn(Hint) + Send + 'static) -> Result<Watcher, String> {
        let handler = move |event: notify::Result<Event>| match event {
            Ok(event) if event.need_rescan() => {
                hear(Hint::Lost("too much changed at once".to_owned()));
            }
            Ok(event) if tells_of_a_change(&event.kind) => {
                event.paths.into_iter().map(Hint::Touched).for_each(&hear);
            }
            Ok(_) => {}
            Err(error) => hear(Hint::Lost(said(&error))),
        };
        let system = notify::recommended_watcher(handler).map_err(|error| said(&error))?;
        Ok(Watcher {
            system,
            watched: BTreeMap::new(),
        })
    }

    /// Watches exactly these folders from now on; those that do not stand are left out. Whether some are new: what came
    /// into them before was not told.
    ///
    /// # Errors
    /// Some cannot be watched; those that could be are.
    pub fn watch(&mut self, folders: &BTreeSet<PathBuf>) -> Result<bool, Refusal> {
        let gone: Vec<PathBuf> = self
            .watched
            .iter()
            .filter(|(path, id)| !folders.contains(*path) || identity(path) != Some(**id))
            .map(|(path, _)| path.clone())
            .collect();
        for path in gone {
            self.watched.remove(&path);
            // One that no longer stands has taken its watch with it.
            let _ = self.system.unwatch(&path);
        }
        let mut new = false;
        let mut refused = None;
        for path in folders {
            if self.watched.contains_key(path) {
                continue;
            }
            let Some(id) = identity(path) else {
                continue;
            };
            match self.system.watch(path, RecursiveMode::NonRecursive) {
                Ok(()) => {
                    new = true;
                    self.watched.insert(path.clone(), id);
                }
                Err(error) if matches!(error.kind, ErrorKind::MaxFilesWatch) => {
                    return Err(Refusal::Limit);
                }
                // It went between the look and the watch.
                Err(_) if identity(path) != Some(id) => {}
                Err(error) => refused = Some(Refusal::Other(said(&error))),
            }
        }
        refused.map_or(Ok(new), Err)
    }

    /// This folder and those below it are to be watched anew when they are asked for again: the one that was watched may
    /// be gone, and of one that was moved notify has given up all below, also when it is back by now.
    pub fn forget(&mut self, folder: &Path) {
        let is_below = |path: &&PathBuf| path.starts_with(folder);
        let below: Vec<PathBuf> = self.watched.keys().filter(is_below).cloned().collect();
        for path in below {
            self.watched.remove(&path);
            let _ = self.system.unwatch(&path);
        }
    }

    /// How many folders are watched.
    pub fn count(&self) -> usize {
        self.watched.len()
    }

    /// Whether this very folder is watched.
    pub fn has(&self, folder: &Path) -> bool {
        self.watched.contains_key(folder)
    }
}

/// Reading is no change, and neither is opening to write: the closing is.
fn tells_of_a_change(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}

fn identity(folder: &Path) -> Option<(u64, u64)> {
    let metadata = folder.metadata().ok().filter(std::fs::Metadata::is_dir)?;
    Some((metadata.dev(), metadata.ino()))
}

fn said(error: &notify::Error) -> String {
    let text = match &error.kind {
        ErrorKind::Io(error) => error.to_string(),
        _ => error.to_string(),
    };
    let plain = text.split(" (os error").next().unwrap_or(&text);
    plain.to_owned()
}

#[cfg(test)]
mod tests;
