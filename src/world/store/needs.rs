//! Which blobs a result needs.
//!
//! Does not look whether they are there, but for packs and patches.

use super::cache::LocalCache;
use super::patch;
use crate::base::content::{Content, EntryKind, Tree};
use crate::base::digest::Digest;
use crate::base::record::RunResult;

impl LocalCache {
    /// The same as [`needed`], without what lies in packs that are here, and with the blobs of files that are here as patches.
    pub(super) fn needed_loose(
        &self,
        result: &RunResult,
        tree: &dyn Fn(&Digest) -> Option<Tree>,
    ) -> (Vec<(Digest, Option<u64>)>, bool) {
        let found = |digest: &Digest| {
            let mut found = tree(digest)?;
            if let Some(pack) = self.layout_here(digest, &found) {
                found.entries.retain(|entry| match &entry.kind {
                    EntryKind::File { digest, .. } => !pack.holds(digest),
                    EntryKind::Folder | EntryKind::Link { .. } => true,
                });
            }
            Some(found)
        };
        let (mut needs, listed) = needed(result, &found);
        let alone = needs.clone();
        for (digest, size) in alone {
            if size.is_some_and(|size| size >= patch::LARGE && !self.has(&digest, size))
                && let Some(patch) = self.patch_alone(&digest)
            {
                let parts = patch.parts().iter();
                needs.extend(parts.map(|(digest, size)| (*digest, Some(*size))));
            }
        }
        each_once(&mut needs);
        (needs, listed)
    }
}

/// The blobs that a result needs, each once and with its size where that is known; and whether these are all, which
/// they are not when a listing is missing.
pub(super) fn needed(
    result: &RunResult,
    tree: &dyn Fn(&Digest) -> Option<Tree>,
) -> (Vec<(Digest, Option<u64>)>, bool) {
    let mut needs: Vec<(Digest, Option<u64>)> =
        result.log.iter().map(|digest| (*digest, None)).collect();
    let mut listed = true;
    for (_, content) in &result.outputs {
        match content {
            Content::File { digest, size, .. } => needs.push((*digest, Some(*size))),
            Content::Tree { digest, .. } => {
                needs.push((*digest, None));
                let Some(tree) = tree(digest) else {
                    listed = false;
                    continue;
                };
                needs.extend(tree.entries.iter().filter_map(|entry| match entry.kind {
                    EntryKind::File { digest, size, .. } => Some((digest, Some(size))),
                    EntryKind::Folder | EntryKind::Link { .. } => None,
                }));
            }
            Content::Absent | Content::Special => {}
        }
    }
    each_once(&mut needs);
    (needs, listed)
}

fn each_once(needs: &mut Vec<(Digest, Option<u64>)>) {
    needs.sort();
    needs.dedup();
    needs.dedup_by(|later, first| {
        // Without a size sorts before with one; two sizes for one digest stay, so that they are noticed.
        let same = later.0 == first.0 && first.1.is_none();
        if same {
            first.1 = later.1;
        }
        same
    });
}
