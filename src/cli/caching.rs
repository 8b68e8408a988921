//! Which caches a call reads and which it writes, from options and variables.
//!
//! Does not know what is in them.

use super::arguments::{EVERYWHERE, Global};
use super::ci::{self, Variables};
use crate::engine::project::{Access, Place};
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

#[derive(Debug, Args)]
pub(super) struct CacheChoice {
    /// Another cache, which is only read: what the first does not have is looked for there [env: PIPE_CACHE_READ]
    #[arg(long, value_name = "DIR", global = true, help_heading = EVERYWHERE)]
    pub(super) cache_read: Option<PathBuf>,
    /// What the cache is used for
    #[arg(long = "cache", value_name = "USE", global = true, help_heading = EVERYWHERE)]
    pub(super) cache_use: Option<CacheUse>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum CacheUse {
    /// Results in it are restored, none are added
    Read,
    /// Results are added, none are restored
    Write,
    /// Both; pull requests in CI write to .pipe/cache only, unless this is said
    ReadWrite,
    /// Neither
    Off,
}

impl CacheUse {
    fn access(self) -> Access {
        Access {
            read: matches!(self, CacheUse::Read | CacheUse::ReadWrite),
            write: matches!(self, CacheUse::Write | CacheUse::ReadWrite),
        }
    }
}

/// What was chosen.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    /// Where results go; `None` for the project's own cache.
    pub(super) cache: Option<PathBuf>,
    access: Access,
    behind: Vec<PathBuf>,
    /// What the user should know of the choice.
    pub(super) note: Option<String>,
}

impl Chosen {
    pub(super) fn apply(self, mut place: Place, folder: &Path) -> Place {
        place.access = self.access;
        let behind = self.behind.iter().map(|path| folder.join(path));
        place.behind = behind.filter(|path| *path != place.cache).collect();
        place
    }
}

/// Chooses. Whoever can open a pull request can make its commands write what they like, so in one a cache that others
/// may share is only read, and what it makes goes to the checkout's own.
pub(super) fn choose(global: &Global, variable: Variables<'_>) -> Chosen {
    let folder = |name| {
        let value = variable(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let cache = global.cache_dir.clone();
    let cache = cache.or_else(|| folder("PIPE_CACHE_DIR"));
    let read = global.caches.cache_read.clone();
    let read = read.or_else(|| folder("PIPE_CACHE_READ"));
    let chosen = Chosen {
        access: global
            .caches
            .cache_use
            .map_or_else(Access::default, CacheUse::access),
        behind: read.into_iter().collect(),
        note: None,
        cache,
    };
    match (&chosen.cache, ci::pull_request(variable)) {
        (Some(shared), Some(because)) if global.caches.cache_use.is_none() => {
            let note = format!(
                "this is a pull request ({because}): the cache {} is only read, what runs is kept in .pipe/cache; \
                 `--cache read-write` writes it all the same",
                shared.display()
            );
            Chosen {
                behind: [shared.clone()].into_iter().chain(chosen.behind).collect(),
                cache: None,
                note: Some(note),
                ..chosen
            }
        }
        _ => chosen,
    }
}
