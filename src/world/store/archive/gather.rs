//! What goes into an archive: the results that are whole, and where each of their blobs lies, here or behind.
//!
//! Does not know the archive's form.

use super::{Weight, index};
use crate::base::content::Content;
use crate::base::digest::Digest;
use crate::base::record::{Key, RunResult};
use crate::world::store::cache::{LocalCache, Lookup};
use crate::world::store::needs::needed;
use crate::world::store::pack::{Layout, Slice};
use std::collections::{BTreeMap, HashMap};

/// See the module.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) results: BTreeMap<Key, RunResult>,
    /// With their sizes.
    pub(super) blobs: BTreeMap<Digest, u64>,
    /// Where those lie that are not files of their own.
    pub(super) slices: HashMap<Digest, Slice>,
    pub(super) left_out: Vec<Key>,
}

/// A result all of whose blobs can be had.
struct Whole {
    result: RunResult,
    /// With their sizes.
    blobs: Vec<(Digest, u64)>,
    slices: HashMap<Digest, Slice>,
}

impl LocalCache {
    pub(super) fn gather(&self, keys: &[Key]) -> Gathered {
        let mut gathered = Gathered::default();
        for key in keys {
            match self.whole(key) {
                Some(whole) => {
                    gathered.blobs.extend(whole.blobs);
                    gathered.slices.extend(whole.slices);
                    gathered.results.insert(*key, whole.result);
                }
                None => gathered.left_out.push(*key),
            }
        }
        gathered
    }

    fn whole(&self, key: &Key) -> Option<Whole> {
        let Lookup::Hit(result) = self.result(key) else {
            return None;
        };
        let (needs, listed) = needed(&result, &|digest| self.tree(digest).ok().flatten());
        if !listed {
            return None;
        }
        let packed = self.slices_of(&result);
        let (mut blobs, mut slices) = (Vec::with_capacity(needs.len()), HashMap::new());
        for (digest, size) in needs {
            let slice = packed.get(&digest);
            let slice = slice.filter(|slice| size.is_none_or(|size| size == slice.size()));
            match slice {
                Some(slice) => {
                    blobs.push((digest, slice.size()));
                    slices.insert(digest, slice.clone());
                }
                None => blobs.push((digest, self.find_size(&digest, size)?)),
            }
        }
        Some(Whole {
            result,
            blobs,
            slices,
        })
    }

    /// What lies in packs of a result's directories.
    fn slices_of(&self, result: &RunResult) -> HashMap<Digest, Slice> {
        let mut slices = HashMap::new();
        for (_, content) in &result.outputs {
            if let Content::Tree { digest, .. } = content
                && let Ok(Some(tree)) = self.tree(digest)
                && let Some(layout) = Layout::of(&tree)
                && let Some(path) = self.find_pack(digest, &layout)
            {
                slices.extend(layout.slices(&path));
            }
        }
        slices
    }

    /// What the result of `key` would take in an archive; `None` when it is not whole.
    pub fn weigh(&self, key: &Key) -> Option<Weight> {
        let Whole { result, blobs, .. } = self.whole(key)?;
        Some(Weight {
            saves_ms: result.duration_ms,
            index: index::size_in_index(key, &result, blobs.len()),
            blobs,
        })
    }
}
