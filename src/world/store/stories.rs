//! Stories of builds in `.pipe/builds/`: a file a build, written once at its end, the last ones kept.
//!
//! A file is a mark, a checksum and the compressed story. One that is damaged, or of another version, is none: then
//! what the ledger knows of the build is all there is. Does not know what is read out of a story.

mod form;

use super::write_whole;
use crate::base::flat::{FlatReader, FlatWriter};
use crate::base::story::Story;
use crate::world::trouble::Trouble;
use std::fs;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// What a file begins with; counts up with the form.
const MARK: &[u8; 16] = b"pipe story 01\r\n\0";
/// Stories are kept of this many builds.
const KEPT: u32 = 100;
/// A story that is longer is none, in bytes: a damaged file must not take the memory.
const LONGEST: u64 = 1 << 30;

/// Leaves a story below `state`, and removes the oldest.
///
/// # Errors
/// It cannot be written.
pub fn write(state: &Path, story: &Story) -> Result<(), Trouble> {
    let folder = folder(state);
    fs::create_dir_all(&folder).map_err(Trouble::on("create", &folder))?;
    let path = file(state, story.build);
    let mut out = FlatWriter::default();
    form::put(&mut out, story);
    let mut head = FlatWriter(MARK.to_vec());
    head.long(out.0.len() as u64).long(xxh3_64(&out.0));
    let packed = zstd::bulk::compress(&out.0, 1).map_err(Trouble::on("write", &path))?;
    write_whole(&path, &[&head.0, &packed], false)?;
    if story.build > KEPT {
        for old in builds(state)
            .into_iter()
            .filter(|&build| build <= story.build - KEPT)
        {
            let _ = fs::remove_file(file(state, old));
        }
    }
    Ok(())
}

/// The story of a build; `None` where none is kept.
pub fn read(state: &Path, build: u32) -> Option<Story> {
    let bytes = fs::read(file(state, build)).ok()?;
    let mut from = FlatReader(bytes.strip_prefix(MARK)?);
    let (length, checksum) = (from.long()?, from.long()?);
    let length = usize::try_from(length.min(LONGEST)).ok()?;
    let plain = zstd::bulk::decompress(from.0, length).ok()?;
    let story = (xxh3_64(&plain) == checksum).then(|| form::take(&mut FlatReader(&plain)))??;
    (story.build == build).then_some(story)
}

/// The builds of which there are stories, the oldest first.
pub fn builds(state: &Path) -> Vec<u32> {
    let entries = fs::read_dir(folder(state)).into_iter().flatten().flatten();
    let number = |name: &str| name.strip_suffix(".story")?.parse().ok();
    let mut builds: Vec<u32> = entries
        .filter_map(|entry| number(entry.file_name().to_str()?))
        .collect();
    builds.sort_unstable();
    builds
}

fn folder(state: &Path) -> PathBuf {
    state.join("builds")
}

fn file(state: &Path, build: u32) -> PathBuf {
    folder(state).join(format!("{build}.story"))
}

#[cfg(test)]
mod tests;
