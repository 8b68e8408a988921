//! What is kept on disk: the cache (results by key, blobs by digest) and the ledger of this checkout.
//!
//! Decides nothing about nodes. Whatever is read back is checked first: damage is a miss, never a wrong answer.

pub mod cache;
mod format;
mod frames;
mod keep;
pub mod ledger;
pub mod lock;
mod restore;
pub mod state;

use crate::world::trouble::Trouble;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

static NEXT_TEMPORARY: AtomicU64 = AtomicU64::new(0);

/// A name in `folder` that no other thread or process uses; the process number tells whose litter it is.
fn temporary(folder: &Path) -> PathBuf {
    let number = NEXT_TEMPORARY.fetch_add(1, Ordering::Relaxed);
    folder.join(format!(".pipe-tmp-{}-{number}", std::process::id()))
}

/// Writes a file that is there wholly or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Trouble> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let temporary = temporary(folder);
    let write = || {
        fs::File::create(&temporary)?.write_all(bytes)?;
        fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&temporary);
        Trouble::on("write", path)(error)
    })
}
