//! Reads a whole cache and puts aside what is not what its name says, and results that lack something.
//!
//! What is put aside lies in `damaged/` until the next pruning; nothing looks for it there.

use super::cache::LocalCache;
use super::format::decode_result;
use crate::base::digest::Digest;
use crate::base::record::{Key, RunResult};
use crate::world::trouble::{Trouble, is_absence};
use rayon::prelude::*;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// Files are read in pieces of this size, in bytes.
const PIECE: usize = 256 * 1024;

/// What came of it.
#[derive(Debug, Default)]
pub struct Verified {
    /// Blobs that were read.
    pub blobs: usize,
    /// Results that were read.
    pub results: usize,
    /// Bytes of blobs that were read.
    pub bytes: u64,
    /// Damaged blobs, put aside.
    pub damaged_blobs: Vec<Digest>,
    /// Damaged results, put aside.
    pub damaged_results: Vec<Key>,
    /// Results that need a blob which is not there, or is damaged, put aside; with that blob.
    pub lame_results: Vec<(Key, RunResult, Digest)>,
}

/// What a blob turned out to be.
enum State {
    /// It has gone meanwhile.
    Gone,
    Damaged,
    /// With so many bytes.
    Sound(u64),
}

impl LocalCache {
    /// Reads every blob and every result.
    ///
    /// # Errors
    /// Something cannot be read or put aside.
    pub fn verify(&self) -> Result<Verified, Trouble> {
        let mut verified = Verified::default();
        let blobs = self.entries("blobs")?;
        let states: Vec<State> = blobs
            .par_iter()
            .map(|(digest, path)| look(path, digest))
            .collect::<Result<_, Trouble>>()?;
        let mut sound: HashMap<Digest, u64> = HashMap::new();
        for ((digest, path), state) in blobs.iter().zip(states) {
            match state {
                State::Gone => continue,
                State::Sound(size) => {
                    verified.bytes += size;
                    sound.insert(*digest, size);
                }
                State::Damaged => {
                    self.put_aside("blob", path, digest)?;
                    verified.damaged_blobs.push(*digest);
                }
            }
            verified.blobs += 1;
        }
        self.verify_packs(&mut verified)?;
        self.verify_patches(&mut sound, &mut verified)?;
        self.verify_results(&mut sound, &mut verified)?;
        Ok(verified)
    }

    /// A pack without its listing is of no use to anybody, and goes with the next pruning.
    fn verify_packs(&self, verified: &mut Verified) -> Result<(), Trouble> {
        for (digest, path) in self.entries("packs")? {
            let Some(tree) = self.tree(&digest)? else {
                continue;
            };
            let size = match self.pack(&digest, &tree)? {
                Some(pack) => {
                    let sound = pack.is_sound().map_err(Trouble::on("read", &path))?;
                    sound.then_some(pack.size())
                }
                None if path.exists() => None,
                None => continue,
            };
            verified.blobs += 1;
            match size {
                Some(size) => verified.bytes += size,
                None => {
                    self.put_aside("pack", &path, &digest)?;
                    verified.damaged_blobs.push(digest);
                }
            }
        }
        Ok(())
    }

    /// A patch that lacks a blob is of no use, and the result that needs it is found to lack it.
    fn verify_patches(
        &self,
        sound: &mut HashMap<Digest, u64>,
        verified: &mut Verified,
    ) -> Result<(), Trouble> {
        for (digest, path) in self.entries("patches")? {
            let is_right = match self.open_patch(&digest)? {
                Some(patched) => {
                    let found = patched.digest().map_err(Trouble::on("read", &path))?;
                    sound.insert(digest, patched.size());
                    found == digest
                }
                None if path.exists() => self.patch_alone(&digest).is_some(),
                None => continue,
            };
            verified.blobs += 1;
            if !is_right {
                sound.remove(&digest);
                self.put_aside("patch", &path, &digest)?;
                verified.damaged_blobs.push(digest);
            }
        }
        Ok(())
    }

    fn verify_results(
        &self,
        sound: &mut HashMap<Digest, u64>,
        verified: &mut Verified,
    ) -> Result<(), Trouble> {
        let tree = |digest: &Digest| self.tree(digest).ok().flatten();
        for (digest, path) in self.entries("results")? {
            let bytes = match fs::read(&path) {
                Err(error) if is_absence(error.kind()) => continue,
                read => read.map_err(Trouble::on("read", &path))?,
            };
            verified.results += 1;
            let key = Key(digest);
            let Some(result) = decode_result(&key, &bytes) else {
                self.put_aside("result", &path, &digest)?;
                verified.damaged_results.push(key);
                continue;
            };
            let (needs, _) = self.needed_loose(&result, &tree);
            let mut lacks = None;
            for (blob, size) in needs {
                if !self.is_sound(&blob, size, sound)? {
                    lacks = Some(blob);
                }
            }
            if let Some(blob) = lacks {
                self.put_aside("result", &path, &digest)?;
                verified.lame_results.push((key, result, blob));
            }
        }
        Ok(())
    }

    /// Also looks at what a build has added since.
    fn is_sound(
        &self,
        blob: &Digest,
        size: Option<u64>,
        sound: &mut HashMap<Digest, u64>,
    ) -> Result<bool, Trouble> {
        if !sound.contains_key(blob)
            && let State::Sound(found) = look(&self.blob_path(blob), blob)?
        {
            sound.insert(*blob, found);
        }
        // A file whose patch a build has added since is as good as its blobs are.
        if size.is_some_and(|size| !sound.contains_key(blob) && self.has_patch(blob, size)) {
            return Ok(true);
        }
        let found = sound.get(blob);
        Ok(found.is_some_and(|found| size.is_none_or(|size| size == *found)))
    }

    fn put_aside(&self, kind: &str, path: &Path, digest: &Digest) -> Result<(), Trouble> {
        let folder = self.folder().join("damaged");
        fs::create_dir_all(&folder).map_err(Trouble::on("create", &folder))?;
        match fs::rename(path, folder.join(format!("{kind}-{digest}"))) {
            Err(error) if !is_absence(error.kind()) => Err(Trouble::on("put aside", path)(error)),
            _ => Ok(()),
        }
    }
}

fn look(path: &Path, digest: &Digest) -> Result<State, Trouble> {
    let file = match File::open(path) {
        Err(error) if is_absence(error.kind()) => return Ok(State::Gone),
        file => file.map_err(Trouble::on("read", path))?,
    };
    let (found, size) = hash_all(&file, &mut io::sink()).map_err(Trouble::on("read", path))?;
    Ok(match found == *digest {
        true => State::Sound(size),
        false => State::Damaged,
    })
}

/// Hands everything of `from` on to `to`, and hashes it on the way. Returns its digest and its size.
pub(super) fn hash_all(mut from: impl Read, to: &mut impl Write) -> io::Result<(Digest, u64)> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; PIECE];
    let mut size = 0;
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok((Digest::from_bytes(*hasher.finalize().as_bytes()), size));
        }
        hasher.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
        size += count as u64;
    }
}
