//! Packs on real folders: what they hold comes back, whatever of them is damaged is found, and who has no pack needs none.

use super::*;
use crate::base::content::Content;
use crate::base::path::ProjectPath;
use crate::base::record::{Key, Made, RunResult, Usage};
use crate::world::observe::Observer;
use crate::world::store::cache::Access;
use std::collections::HashSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

struct Setting {
    folder: tempfile::TempDir,
    cache: LocalCache,
}

fn cache_in(folder: &Path) -> LocalCache {
    LocalCache::new(&folder.join("cache"), &folder.join("aside"))
}

impl Setting {
    /// A directory `d` with many tiny files, one larger, and some that are the same.
    fn new() -> Setting {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache_in(folder.path());
        let at = folder.path().join("d");
        fs::create_dir_all(at.join("deep")).unwrap();
        for number in 0..300 {
            fs::write(at.join(format!("{number}")), format!("file {number}")).unwrap();
        }
        for name in ["same", "deep/same"] {
            fs::write(at.join(name), "the same").unwrap();
        }
        fs::write(at.join("nothing"), "").unwrap();
        fs::write(at.join("large"), vec![7; 5000]).unwrap();
        fs::set_permissions(at.join("same"), fs::Permissions::from_mode(0o755)).unwrap();
        Setting { folder, cache }
    }

    fn keep(&self) -> Content {
        let path = ProjectPath::from_normal("d");
        let kept = self.cache.keep_output(self.folder.path(), &path, None);
        kept.unwrap().content
    }

    fn restore(&self, cache: &LocalCache, content: &Content) -> bool {
        let root = self.folder.path();
        let _ = fs::remove_dir_all(root.join("d"));
        let path = ProjectPath::from_normal("d");
        let observer = Observer::new(root.to_path_buf(), Box::new(|_| None));
        let restored = cache.restore_output(root, &path, content, &observer);
        let observer = Observer::new(root.to_path_buf(), Box::new(|_| None));
        let now = observer.observe(&path, crate::world::observe::Links::Verbatim);
        assert!(restored.is_err() || now.unwrap() == *content);
        restored.is_ok()
    }

    fn result(&self, content: Content) -> (Key, RunResult) {
        let result = RunResult {
            outputs: vec![(ProjectPath::from_normal("d"), content)],
            log: None,
            duration_ms: 1,
            usage: Usage::default(),
            made: Made::default(),
        };
        let key = Key(Digest::of(b"key"));
        self.cache.keep_result(&key, &result).unwrap();
        (key, result)
    }

    fn pack(&self, content: &Content) -> PathBuf {
        let Content::Tree { digest, .. } = content else {
            panic!("a directory")
        };
        self.cache.pack_path(digest)
    }

    fn count(&self, kind: &str) -> usize {
        self.cache.entries(kind).unwrap().len()
    }
}

#[test]
fn many_tiny_files_are_one_and_come_back() {
    let setting = Setting::new();
    let content = setting.keep();
    assert_eq!((setting.count("packs"), setting.count("blobs")), (1, 2));
    assert!(setting.cache.has_output(&content));
    assert!(setting.restore(&setting.cache, &content));
    let mode = setting.folder.path().join("d/same").metadata().unwrap();
    assert_eq!(mode.permissions().mode() & 0o100, 0o100);
    let before = setting.pack(&content).metadata().unwrap().len();
    assert_eq!(setting.keep(), content);
    assert_eq!(setting.pack(&content).metadata().unwrap().len(), before);
    // Over a directory in which something is missing and something is wrong.
    let at = setting.folder.path().join("d");
    fs::remove_file(at.join("17")).unwrap();
    fs::write(at.join("18"), "another").unwrap();
    let observer = Observer::new(setting.folder.path().to_path_buf(), Box::new(|_| None));
    let path = ProjectPath::from_normal("d");
    let over = setting
        .cache
        .restore_output(setting.folder.path(), &path, &content, &observer);
    over.unwrap();
    assert_eq!(setting.keep(), content);
}

#[test]
fn few_are_blobs() {
    let setting = Setting::new();
    for number in 0..100 {
        fs::remove_file(setting.folder.path().join(format!("d/{number}"))).unwrap();
    }
    let content = setting.keep();
    assert_eq!((setting.count("packs"), setting.count("blobs")), (0, 204));
    assert!(setting.restore(&setting.cache, &content));
}

#[test]
fn what_was_kept_as_blobs_is_still_read() {
    let setting = Setting::new();
    let content = setting.keep();
    fs::remove_file(setting.pack(&content)).unwrap();
    assert!(!setting.cache.has_output(&content));
    for entry in walkdir::WalkDir::new(setting.folder.path().join("d")) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            setting
                .cache
                .put_blob(&fs::read(entry.path()).unwrap())
                .unwrap();
        }
    }
    assert!(setting.cache.has_output(&content));
    assert!(setting.restore(&setting.cache, &content));
}

#[test]
fn every_damage_is_found() {
    let setting = Setting::new();
    let content = setting.keep();
    let (key, _) = setting.result(content);
    let pack = setting.pack(&content);
    let sound = fs::read(&pack).unwrap();
    let put = |bytes: &[u8]| {
        let _ = fs::remove_file(&pack);
        fs::write(&pack, bytes).unwrap();
    };
    for at in (0..sound.len()).step_by(sound.len() / 40) {
        let mut bytes = sound.clone();
        bytes[at] ^= 4;
        put(&bytes);
        let inside = at >= HEADER.len();
        assert_ne!(setting.restore(&setting.cache, &content), inside, "at {at}");
        // A damaged pack is gone then, and the result is no longer whole.
        assert_ne!(setting.cache.has_output(&content), inside, "at {at}");
        put(&bytes);
        let verified = setting.cache.verify().unwrap();
        assert_eq!(verified.damaged_blobs.len(), 1, "at {at}");
        assert_eq!(verified.lame_results.len(), 1, "at {at}");
        assert_eq!(verified.lame_results[0].0, key);
        setting.result(content);
    }
    for size in [0, 5, HEADER.len(), sound.len() / 2, sound.len() - 1] {
        put(&sound[..size]);
        assert!(!setting.cache.has_output(&content), "cut to {size}");
        assert_eq!(setting.cache.verify().unwrap().damaged_blobs.len(), 1);
        setting.result(content);
    }
    put(&sound);
    assert!(setting.restore(&setting.cache, &content));
    let verified = setting.cache.verify().unwrap();
    assert_eq!((verified.blobs, verified.damaged_blobs.len()), (3, 0));
}

#[test]
fn a_pack_stays_and_goes_with_its_result() {
    let setting = Setting::new();
    let content = setting.keep();
    let (key, _) = setting.result(content);
    let mut inventory = setting.cache.inventory(Path::new("nowhere")).unwrap();
    // All of it was made within one tick of the disk's clock, and must not count as in use.
    inventory.floor_ns = i64::MAX;
    assert!(inventory.results[0].whole);
    let packed = setting.pack(&content).metadata().unwrap().len();
    let sizes: u64 = inventory.blobs.values().map(|room| room.size).sum();
    assert!(sizes > packed);
    setting.cache.take_out(&inventory, &HashSet::new()).unwrap();
    assert!(setting.cache.has_output(&content));
    let (count, freed) = setting
        .cache
        .take_out(&inventory, &HashSet::from([key]))
        .unwrap();
    assert!(count == 1 && freed >= packed);
    assert_eq!((setting.count("packs"), setting.count("blobs")), (0, 0));
}

#[test]
fn an_archive_carries_what_is_in_packs() {
    let setting = Setting::new();
    let content = setting.keep();
    let (key, _) = setting.result(content);
    let file = setting.folder.path().join("archive");
    let (carried, left_out) = setting.cache.export(&[key], &file).unwrap();
    assert!(left_out.is_empty());
    // 300 files, the same, nothing, the larger one, the listing.
    assert_eq!(carried.blobs, 304);
    let other = cache_in(&setting.folder.path().join("other"));
    other.import(&file, u64::MAX).unwrap();
    assert!(other.has_output(&content));
    assert!(setting.restore(&other, &content));
}

fn flip(pack: &Path, at: usize) {
    let mut bytes = fs::read(pack).unwrap();
    bytes[at] ^= 4;
    fs::remove_file(pack).unwrap();
    fs::write(pack, bytes).unwrap();
}

#[test]
fn packs_behind_are_read_and_never_written() {
    let setting = Setting::new();
    let content = setting.keep();
    let (key, _) = setting.result(content);
    let pack = setting.pack(&content);
    let behind = [setting.folder.path().join("cache")];
    let own = setting.folder.path().join("own");
    let over = |access| cache_in(&own).over(access, &behind);
    let cache = over(Access::default());
    assert!(cache.has_output(&content) && setting.restore(&cache, &content));
    let file = setting.folder.path().join("archive");
    let (carried, left_out) = cache.export(&[key], &file).unwrap();
    assert!(left_out.is_empty() && carried.blobs == 304);
    let write = |write| over(Access { read: false, write });
    assert!(!write(true).has_output(&content) && !write(false).has_output(&content));
    // Each is sound where the other is not.
    fs::create_dir_all(
        cache
            .pack_path(&content.digest().unwrap())
            .parent()
            .unwrap(),
    )
    .unwrap();
    let own_pack = cache.pack_path(&content.digest().unwrap());
    fs::copy(&pack, &own_pack).unwrap();
    flip(&own_pack, HEADER.len());
    assert!(setting.restore(&cache, &content));
    assert!(!own_pack.exists(), "a damaged one is gone");
    fs::copy(&pack, &own_pack).unwrap();
    flip(&pack, HEADER.len());
    let damaged = fs::read(&pack).unwrap();
    assert!(setting.restore(&cache, &content));
    fs::remove_file(&own_pack).unwrap();
    assert!(!setting.restore(&cache, &content));
    assert!(cache.export(&[key], &file).is_err());
    assert!(fs::read(&pack).unwrap() == damaged);
}

#[test]
fn once_there_was_damage_a_pack_is_kept_again_unless_it_is_right() {
    let setting = Setting::new();
    let content = setting.keep();
    let pack = setting.pack(&content);
    let sound = fs::read(&pack).unwrap();
    flip(&pack, HEADER.len());
    setting.cache.suspect();
    assert_eq!(setting.keep(), content);
    assert!(fs::read(&pack).unwrap() == sound);
    fs::remove_file(&pack).unwrap();
    fs::write(&pack, &sound[..9]).unwrap();
    let (_, result) = setting.result(content);
    assert!(setting.cache.damage_in(&result).is_some());
}
