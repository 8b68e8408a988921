//! Where somebody beside a running build has a word with it: files changed, or it shall end.
//!
//! Does not know what the build does about it. A word that no build hears is lost; whoever said it looks again later.

use crate::base::path::ProjectPath;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Word {
    /// These sources changed.
    Changed {
        /// Which.
        paths: Vec<ProjectPath>,
        /// The build is to do something about it.
        act: bool,
    },
    /// Whatever runs shall end, and nothing start.
    Stop,
}

type Hearer = Box<dyn Fn(Word) + Send>;

/// The desk; its clones are the same.
#[derive(Clone, Default)]
pub struct Desk(Arc<Mutex<Option<Hearer>>>);

/// A build listens as long as this lives.
pub(super) struct Listening(Desk);

impl Desk {
    /// Says something to the build that listens, if any does.
    pub fn say(&self, word: Word) {
        if let Some(hear) = &*self.lock() {
            hear(word);
        }
    }

    pub(super) fn listen(&self, hear: impl Fn(Word) + Send + 'static) -> Listening {
        *self.lock() = Some(Box::new(hear));
        Listening(self.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Hearer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}
