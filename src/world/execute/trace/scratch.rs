//! Folders for what a command writes beside its outputs.
//!
//! Does not know whose they are.

use crate::world::trouble::Trouble;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

/// Makes a folder that a fence is to let a command write into, if it is not there: a fence knows only what stands.
///
/// # Errors
/// It cannot be made.
pub fn make_folder(folder: &Path) -> Result<(), Trouble> {
    fs::create_dir_all(folder).map_err(Trouble::on("create", folder))
}

/// A folder for the temporary files of one command: removed, with all that is in it, when dropped.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// A new one in `folder`, which is made if need be.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn make(folder: &Path) -> Result<Scratch, Trouble> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let place = folder.join(format!("run-{}-{number}", std::process::id()));
        // A process of this number that was killed may have left one.
        let _ = fs::remove_dir_all(&place);
        fs::create_dir_all(&place).map_err(Trouble::on("create", &place))?;
        Ok(Scratch(place))
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
