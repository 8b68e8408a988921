//! Patches on real folders: what changed a little takes little and comes back, whatever is damaged is found, and nothing goes
//! that is needed.

use super::*;
use crate::base::content::Content;
use crate::base::path::ProjectPath;
use crate::base::record::{Key, Made, RunResult, Usage};
use crate::world::observe::{Links, Observer};
use crate::world::store::cache::Access;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

const MIB: usize = 1 << 20;

struct Setting {
    folder: tempfile::TempDir,
    cache: LocalCache,
}

fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state ^ state >> 29).to_le_bytes()
    };
    (0..size / 8).flat_map(|_| next()).collect()
}

impl Setting {
    fn new() -> Setting {
        let folder = tempfile::tempdir().unwrap();
        let cache = LocalCache::new(&folder.path().join("cache"), &folder.path().join("aside"));
        Setting { folder, cache }
    }

    fn keep(&self, path: &str, bytes: &[u8], last: Option<&Content>) -> Content {
        let at = self.folder.path().join(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(at, bytes).unwrap();
        let path = ProjectPath::from_normal(path.split('/').next().unwrap());
        let kept = self.cache.keep_output(self.folder.path(), &path, last);
        kept.unwrap().content
    }

    /// Two versions of a file; the second is a patch.
    fn two(&self) -> [Content; 2] {
        let mut bytes = noise(18 * MIB, 1);
        let first = self.keep("f", &bytes, None);
        bytes[2 * MIB] ^= 1;
        bytes.splice(9 * MIB..9 * MIB, *b"put in");
        [first, self.keep("f", &bytes, Some(&first))]
    }

    /// Whatever is restored is what it should be.
    fn restore(&self, cache: &LocalCache, content: &Content) -> bool {
        let (root, path) = (self.folder.path(), ProjectPath::from_normal("f"));
        let _ = fs::remove_file(root.join("f"));
        let observer = || Observer::new(root.to_path_buf(), Box::new(|_| None));
        let restored = cache.restore_output(root, &path, content, &observer());
        let now = observer().observe(&path, Links::Verbatim);
        assert!(restored.is_err() || now.unwrap() == *content);
        restored.is_ok()
    }

    fn keep_result(&self, name: &str, content: Content) -> Key {
        let result = result_of(content);
        let key = Key(Digest::of(name.as_bytes()));
        self.cache.keep_result(&key, &result).unwrap();
        key
    }

    fn paths(&self, kind: &str) -> Vec<PathBuf> {
        let entries = self.cache.entries(kind).unwrap();
        entries.into_iter().map(|(_, path)| path).collect()
    }

    fn size_of_blobs(&self) -> u64 {
        let sizes = self.paths("blobs");
        sizes
            .iter()
            .map(|path| path.metadata().unwrap().len())
            .sum()
    }

    fn patch_of(&self, content: &Content) -> Patch {
        self.cache.patch(&content.digest().unwrap()).unwrap()
    }
}

fn result_of(content: Content) -> RunResult {
    RunResult {
        outputs: vec![(ProjectPath::from_normal("f"), content)],
        log: None,
        duration_ms: 1,
        usage: Usage::default(),
        made: Made::default(),
    }
}

#[test]
fn what_changed_a_little_takes_little_and_comes_back() {
    let setting = Setting::new();
    let [first, second] = setting.two();
    assert_eq!(setting.paths("patches").len(), 1);
    assert!(setting.size_of_blobs() < 19 * MIB as u64);
    for content in [&second, &first, &second] {
        assert!(setting.cache.has_output(content) && setting.restore(&setting.cache, content));
    }
    // The next one is told apart from the patch, and hangs on no other patch.
    let mut bytes = fs::read(setting.folder.path().join("f")).unwrap();
    bytes.truncate(17 * MIB + 5);
    bytes[0] ^= 1;
    let third = setting.keep("f", &bytes, Some(&second));
    assert_eq!(setting.paths("patches").len(), 2);
    assert!(setting.size_of_blobs() < 20 * MIB as u64);
    let parts = setting.patch_of(&third);
    let parts: Vec<&Digest> = parts.parts().iter().map(|(digest, _)| digest).collect();
    assert_eq!(parts.len(), 3);
    assert!(
        parts
            .iter()
            .all(|part| setting.cache.blob_path(part).is_file())
    );
    assert!(setting.restore(&setting.cache, &third));
    // Kept once more, nothing is added.
    let before = setting.cache.added();
    assert_eq!(setting.keep("f", &bytes, Some(&third)), third);
    assert_eq!(setting.keep("f", &bytes, Some(&first)), third);
    assert_eq!(setting.cache.added(), before);
}

#[test]
fn what_changed_much_is_kept_whole() {
    let setting = Setting::new();
    let first = setting.keep("f", &noise(17 * MIB, 1), None);
    let second = setting.keep("f", &noise(17 * MIB, 2), Some(&first));
    // The beginnings are the same, and most is not.
    let mixed = [noise(6 * MIB, 2), noise(12 * MIB, 3)].concat();
    let third = setting.keep("f", &mixed, Some(&second));
    assert!(setting.paths("patches").is_empty());
    for content in [first, second, third] {
        assert!(setting.restore(&setting.cache, &content));
    }
    let left = setting.paths("blobs").len();
    assert_eq!((left, setting.size_of_blobs()), (3, 52 * MIB as u64));
}

#[test]
fn files_of_directories_are_told_apart_by_path() {
    let setting = Setting::new();
    let mut bytes = noise(17 * MIB, 1);
    setting.keep("d/other", b"small", None);
    let first = setting.keep("d/deep/f", &bytes, None);
    bytes[MIB] ^= 1;
    let second = setting.keep("d/deep/f", &bytes, Some(&first));
    assert_eq!(setting.paths("patches").len(), 1);
    assert!(setting.cache.has_output(&second));
}

#[test]
fn damage_is_found_and_mended() {
    let setting = Setting::new();
    let [first, second] = setting.two();
    let patch = setting.cache.patch_path(&second.digest().unwrap());
    let bytes = fs::read(setting.folder.path().join("f")).unwrap();
    let mut files = setting.paths("blobs");
    assert_eq!(files.len(), 2);
    files.push(patch.clone());
    for file in files {
        let whole = fs::read(&file).unwrap();
        let wholly = |bytes: Option<&[u8]>| {
            let _ = fs::remove_file(&file);
            if let Some(bytes) = bytes {
                fs::write(&file, bytes).unwrap();
            }
        };
        let mut harms: Vec<Option<Vec<u8>>> = vec![None, Some(whole[..whole.len() - 1].to_vec())];
        for at in [whole.len() / 3, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            harms.push(Some(bytes));
        }
        for harm in harms {
            wholly(harm.as_deref());
            // Another value: one that has found damage trusts nothing any more.
            let folder = setting.folder.path();
            let cache = LocalCache::new(&folder.join("cache"), &folder.join("aside"));
            let is_all_there = harm.as_ref().is_some_and(|harm| harm.len() == whole.len());
            if !is_all_there {
                assert!(!cache.has_output(&second));
                let is_cut = cache.damage_in(&result_of(second)).is_some();
                assert_eq!(is_cut, harm.is_some());
            }
            let restored = setting.restore(&cache, &second);
            // A byte of the old version that the new one does not need harms nothing.
            assert!(!restored || is_all_there && file != patch);
            fs::write(folder.join("f"), &bytes).unwrap();
            let path = ProjectPath::from_normal("f");
            let kept = cache.keep_output(folder, &path, Some(&first)).unwrap();
            assert_eq!(kept.content, second);
            assert!(cache.has_output(&second), "after it was kept again");
            let _ = fs::remove_file(cache.blob_path(&second.digest().unwrap()));
            if !patch.exists() {
                wholly(Some(&whole));
                assert_eq!(setting.keep("f", &bytes, Some(&first)), second);
            }
            wholly(Some(&whole));
        }
    }
}

#[test]
fn no_flipped_bit_of_a_patch_goes_through() {
    let whole = Digest::of(b"whole");
    let patch = Patch {
        parts: vec![(Digest::of(b"one"), 9)],
        chunks: vec![Chunk {
            digest: Digest::of(b"chunk"),
            part: 0,
            at: 4,
            size: 5,
        }],
        size: 5,
    };
    let bytes = patch.encode(&whole);
    let number = |value: u32| value.to_le_bytes().to_vec();
    let body = [
        number(HEADER.len() as u32),
        HEADER.as_bytes().to_vec(),
        whole.as_bytes().to_vec(),
        number(1),
        Digest::of(b"one").as_bytes().to_vec(),
        9_u64.to_le_bytes().to_vec(),
        number(1),
        Digest::of(b"chunk").as_bytes().to_vec(),
        number(0),
        4_u64.to_le_bytes().to_vec(),
        number(5),
    ];
    let body = body.concat();
    assert_eq!(bytes, [Digest::of(&body).as_bytes(), &*body].concat());
    assert_eq!(Patch::decode(&whole, &bytes), Some(patch.clone()));
    assert_eq!(Patch::decode(&Digest::of(b"other"), &bytes), None);
    for bit in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(Patch::decode(&whole, &bytes), None, "bit {bit}");
    }
    // One that claims what is not in its blob.
    let mut beyond = patch;
    beyond.chunks[0].at = 5;
    assert_eq!(Patch::decode(&whole, &beyond.encode(&whole)), None);
    beyond.chunks[0].at = u64::MAX;
    assert_eq!(Patch::decode(&whole, &beyond.encode(&whole)), None);
}

#[test]
fn pruning_leaves_what_a_patch_needs_and_takes_it_with_the_patch() {
    let setting = Setting::new();
    let [first, second] = setting.two();
    let (one, two) = (
        setting.keep_result("1", first),
        setting.keep_result("2", second),
    );
    let own = setting.folder.path().join("state");
    // All was made before any build that runs.
    let inventory = || {
        let mut inventory = setting.cache.inventory(&own).unwrap();
        inventory.floor_ns = i64::MAX;
        inventory
    };
    assert!(inventory().results.iter().all(|kept| kept.whole));
    setting
        .cache
        .take_out(&inventory(), &HashSet::from([one]))
        .unwrap();
    assert!(setting.restore(&setting.cache, &second));
    assert_eq!(setting.paths("blobs").len(), 2);
    // What has been used since stays.
    let mut used = inventory();
    used.floor_ns = setting.cache.inventory(&own).unwrap().floor_ns - 3_600_000_000_000;
    setting
        .cache
        .take_out(&used, &HashSet::from([two]))
        .unwrap();
    assert!(setting.cache.has_output(&second));
    setting
        .cache
        .take_out(&inventory(), &HashSet::from([two]))
        .unwrap();
    for kind in ["blobs", "patches", "results"] {
        assert!(setting.paths(kind).is_empty(), "{kind}");
    }
}

#[test]
fn verifying_reads_patches() {
    let setting = Setting::new();
    let [first, second] = setting.two();
    let keys = [
        setting.keep_result("1", first),
        setting.keep_result("2", second),
    ];
    let sound = setting.cache.verify().unwrap();
    assert_eq!((sound.blobs, sound.results), (3, 2));
    assert!(sound.damaged_blobs.is_empty() && sound.lame_results.is_empty());
    let harm = |path: &Path| {
        let mut bytes = fs::read(path).unwrap();
        bytes[MIB.min(path.metadata().unwrap().len() as usize - 1)] ^= 1;
        fs::remove_file(path).unwrap();
        fs::write(path, bytes).unwrap();
    };
    harm(&setting.paths("patches")[0]);
    let found = setting.cache.verify().unwrap();
    assert_eq!(found.damaged_blobs, [second.digest().unwrap()]);
    assert_eq!(found.lame_results.len(), 1);
    assert_eq!(found.lame_results[0].0, keys[1]);
    // The old version's blob: both go.
    setting.two();
    let keys = [
        setting.keep_result("1", first),
        setting.keep_result("2", second),
    ];
    harm(&setting.cache.blob_path(&first.digest().unwrap()));
    let found = setting.cache.verify().unwrap();
    assert_eq!(found.damaged_blobs, [first.digest().unwrap()]);
    let lame: HashSet<Key> = found.lame_results.iter().map(|lame| lame.0).collect();
    assert_eq!(lame, HashSet::from(keys));
}

#[test]
fn archives_and_caches_behind_know_patches() {
    let setting = Setting::new();
    let [_, second] = setting.two();
    let key = setting.keep_result("2", second);
    let folder = setting.folder.path();
    let archive = folder.join("archive");
    let (carried, left_out) = setting.cache.export(&[key], &archive).unwrap();
    assert_eq!((carried.results, carried.blobs, left_out.len()), (1, 1, 0));
    let other = LocalCache::new(&folder.join("other"), &folder.join("aside"));
    assert_eq!(other.import(&archive, u64::MAX).unwrap(), carried);
    assert!(other.has_output(&second) && setting.restore(&other, &second));
    let front = LocalCache::new(&folder.join("front"), &folder.join("aside"));
    let front = front.over(Access::default(), &[folder.join("cache")]);
    assert!(front.has_output(&second) && setting.restore(&front, &second));
    let (carried, left_out) = front.export(&[key], &archive).unwrap();
    assert_eq!((carried.blobs, left_out.len()), (1, 0));
    // What is damaged behind is not removed, and nothing is brought back.
    let base = setting
        .paths("blobs")
        .into_iter()
        .max_by_key(|path| path.metadata().unwrap().len());
    let base = base.unwrap();
    let bytes = vec![0; base.metadata().unwrap().len() as usize];
    fs::remove_file(&base).unwrap();
    fs::write(&base, bytes).unwrap();
    assert!(!setting.restore(&front, &second));
    assert!(base.exists() && setting.paths("patches").len() == 1);
    assert!(front.export(&[key], &archive).is_err());
}
