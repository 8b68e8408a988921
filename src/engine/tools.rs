//! The hands that a build works with, and what it remembers: opened together, handed on together.
//!
//! Decides nothing.

use super::project::{Given, OpenError, Place};
use crate::base::content::Content;
use crate::base::path::ProjectPath;
use crate::logic::graph::Graph;
use crate::world::observe::{Links, Observer};
use crate::world::store::Announced;
use crate::world::store::cache::LocalCache;
use crate::world::store::fresh::FreshList;
use crate::world::store::ledger::Ledger;
use std::collections::HashMap;
use std::ffi::OsString;

/// The chosen hands, and what is remembered.
pub struct Tools {
    /// Looks at the disk.
    pub observer: Observer,
    /// What this checkout remembers.
    pub ledger: Ledger,
    /// What was fresh when the last build ended.
    pub fresh: Option<FreshList>,
    /// A graph that is known to be whole; the project's may be the same.
    pub graph: Option<Graph>,
    /// Keeps and restores.
    pub cache: LocalCache,
    /// The caller's environment.
    pub variables: Vec<(OsString, OsString)>,
    /// Parameters that the caller sets, with `--set`.
    pub sets: Vec<(String, String)>,
    /// Read manifests anew, by kdl-rs alone.
    pub by_kdl: bool,
    /// What was found damaged while opening; each costs time only.
    pub damages: Vec<String>,
}

impl Tools {
    /// Opens what is remembered. Never fails: what cannot be read is forgotten.
    pub fn open(place: &Place, given: Given) -> Tools {
        let as_left = FreshList::open(&place.state).and_then(|list| {
            let (stamp, build) = (&list.head().ledger, list.head().last_build);
            Some((Ledger::as_left(&place.state, stamp, build)?, list))
        });
        let (ledger, damages, fresh) = match as_left {
            Some((ledger, list)) => (ledger, Vec::new(), Some(list)),
            None => {
                let (ledger, damages) = Ledger::open(&place.state);
                (ledger, damages, None)
            }
        };
        let texts: HashMap<_, _> = fresh
            .iter()
            .flat_map(|list| list.head().texts.iter().cloned())
            .collect();
        let stamps = ledger.stamps();
        // So the ledger is not read for a manifest that is as it was.
        let recall = move |path: &[u8]| texts.get(path).copied().or_else(|| stamps(path));
        Tools {
            observer: Observer::new(place.root.clone(), Box::new(recall)),
            ledger,
            fresh,
            graph: None,
            cache: LocalCache::new(&place.cache, &place.state.join("tmp"))
                .over(place.access, &place.behind),
            variables: given.variables,
            sets: given.sets,
            by_kdl: given.by_kdl,
            damages,
        }
    }

    /// Announces a build to those who might prune the cache meanwhile.
    pub(super) fn announce(&self, place: &Place) -> Option<Announced> {
        self.cache.announce(&place.state)
    }

    /// Whether `now`, which stands at an output's path, is exactly what `pipe` last left there. What could not be read,
    /// and what is neither file nor directory, never is.
    pub(super) fn is_as_left(&self, path: &ProjectPath, now: Content) -> bool {
        matches!(now, Content::File { .. } | Content::Tree { .. })
            && self.ledger.written(path.as_str()) == Some(now)
    }

    /// Looks, and says whether what stands there is as `pipe` left it.
    pub(super) fn stands_as_left(&self, path: &ProjectPath) -> bool {
        let now = self.observer.observe(path, Links::Verbatim);
        now.is_ok_and(|now| self.is_as_left(path, now))
    }

    /// The caller's value of a variable.
    pub(super) fn variable(&self, name: &str) -> Result<Option<String>, OpenError> {
        let Some((_, value)) = self.variables.iter().find(|(key, _)| key == name) else {
            return Ok(None);
        };
        let value = value
            .to_str()
            .ok_or_else(|| OpenError::VariableNotUtf8(name.to_owned()))?;
        Ok(Some(value.to_owned()))
    }
}
