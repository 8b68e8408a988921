//! What is kept on disk: the cache (results by key, blobs by digest) and the ledger of this checkout.
//!
//! Decides nothing about nodes. Whatever is read back is checked first: damage is a miss, never a wrong answer.

mod archive;
pub mod cache;
mod copy;
mod entry;
pub mod folders;
mod format;
mod frames;
pub mod fresh;
mod keep;
pub mod ledger;
pub mod listings;
pub mod lock;
mod map;
mod needs;
mod pack;
mod patch;
mod restore;
mod room;
pub mod state;
pub mod stories;
mod verify;

pub use archive::{ArchiveFault, Carried, Weight};
pub use room::{Announced, Inventory, KeptResult};
pub use verify::Verified;

use crate::base::path::OWN_PREFIX;
use crate::world::clock;
use crate::world::trouble::Trouble;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

static NEXT_TEMPORARY: AtomicU64 = AtomicU64::new(0);
static PROCESS_START: OnceLock<i64> = OnceLock::new();

/// A name in `folder` that no other thread and no other process uses. Process numbers alone would not do: containers
/// that share a cache use the same ones.
fn temporary(folder: &Path) -> PathBuf {
    let start = PROCESS_START.get_or_init(clock::now_ns);
    let number = NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed);
    folder.join(format!(
        "{OWN_PREFIX}tmp-{}-{start:x}-{number}",
        std::process::id()
    ))
}

/// Removes from `folder` what was half-made more than a day ago: whoever made it is gone.
fn sweep(folder: &Path) {
    const OLD: Duration = Duration::from_secs(24 * 60 * 60);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(OWN_PREFIX);
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let is_old = modified.is_ok_and(|modified| modified.elapsed().is_ok_and(|age| age > OLD));
        if is_ours && is_old {
            let _ = state::remove_place(&entry.path());
        }
    }
}

/// Writes a file that is there wholly or not at all, and that only its owner may read when it is `private`.
fn write_whole(path: &Path, parts: &[&[u8]], private: bool) -> Result<(), Trouble> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = temporary(folder);
    let write = || {
        let mode = if private { 0o600 } else { 0o666 };
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&temporary)?;
        for part in parts {
            file.write_all(part)?;
        }
        fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        Trouble::on("write", path)(error)
    })
}
