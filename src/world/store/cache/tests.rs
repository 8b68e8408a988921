//! The cache on real folders: what is kept comes back whole, or is said to be gone or damaged.

use super::*;
use crate::base::path::ProjectPath;
use crate::world::observe::{Links, Observer};
use std::fs::Permissions;
use std::os::unix::fs::{FileExt, MetadataExt, symlink};

struct Setting {
    folder: tempfile::TempDir,
    cache: LocalCache,
}

impl Setting {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("project")).unwrap();
        let cache = LocalCache::new(&folder.path().join("cache"), &folder.path().join("aside"));
        Setting { folder, cache }
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("project")
    }

    fn at(&self, path: &str) -> PathBuf {
        self.root().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::create_dir_all(self.at(path).parent().unwrap()).unwrap();
        fs::write(self.at(path), text).unwrap();
    }

    fn keep(&self, path: &str) -> Content {
        self.cache
            .keep_output(&self.root(), &ProjectPath::from_normal(path), None)
            .unwrap()
            .content
    }

    fn restore(&self, path: &str, content: &Content) -> Result<(), RestoreTrouble> {
        let path = ProjectPath::from_normal(path);
        self.cache
            .restore_output(&self.root(), &path, content, &self.observer())
    }

    fn observer(&self) -> Observer {
        Observer::new(self.root(), Box::new(|_| None))
    }

    /// A directory with everything that a directory can hold.
    fn zoo(&self) -> Content {
        self.write("d/plain", "text");
        self.write("d/deep/er/run", "#!");
        self.write("d/empty-file", "");
        fs::set_permissions(self.at("d/deep/er/run"), Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(self.at("d/empty")).unwrap();
        symlink("plain", self.at("d/link")).unwrap();
        symlink("nowhere", self.at("d/dangling")).unwrap();
        self.keep("d")
    }

    fn blobs(&self) -> Vec<PathBuf> {
        let walk = walkdir::WalkDir::new(self.folder.path().join("cache/v1/blobs"));
        walk.into_iter()
            .flatten()
            .filter(|entry| entry.file_type().is_file())
            .map(walkdir::DirEntry::into_path)
            .collect()
    }
}

fn result_of(content: Content) -> RunResult {
    RunResult {
        outputs: vec![(ProjectPath::from_normal("d"), content)],
        log: None,
        duration_ms: 1,
        usage: crate::base::record::Usage::default(),
        made: crate::base::record::Made::default(),
    }
}

#[test]
fn directories_come_back_as_they_were() {
    let setting = Setting::new();
    let content = setting.zoo();
    fs::remove_dir_all(setting.at("d")).unwrap();
    setting.restore("d", &content).unwrap();
    assert_eq!(setting.keep("d"), content);
    assert_eq!(
        fs::read_link(setting.at("d/dangling")).unwrap(),
        Path::new("nowhere")
    );
    assert!(setting.at("d/empty").is_dir());
    assert_eq!(
        setting.at("d/deep/er/run").metadata().unwrap().mode() & 0o111,
        0o111
    );
    assert_ne!(
        setting.at("d/plain").metadata().unwrap().mode() & 0o200,
        0,
        "the user may edit what comes back"
    );
}

#[test]
fn what_is_right_already_is_left_alone_and_the_rest_is_mended() {
    let setting = Setting::new();
    let content = setting.zoo();
    let before = setting.at("d/plain").metadata().unwrap();
    setting.write("d/deep/er/run", "other");
    setting.write("d/extra/file", "not listed");
    fs::remove_file(setting.at("d/link")).unwrap();
    fs::remove_dir(setting.at("d/empty")).unwrap();
    setting.write("d/empty", "a file in a folder's place");
    fs::remove_file(setting.at("d/empty-file")).unwrap();
    fs::create_dir(setting.at("d/empty-file")).unwrap();
    setting.restore("d", &content).unwrap();
    assert_eq!(setting.keep("d"), content);
    let after = setting.at("d/plain").metadata().unwrap();
    assert_eq!(
        (before.ino(), before.mtime_nsec()),
        (after.ino(), after.mtime_nsec())
    );
}

#[test]
fn nothing_is_written_through_a_link() {
    let setting = Setting::new();
    let content = setting.zoo();
    setting.write("precious/plain", "precious");
    fs::remove_dir_all(setting.at("d/deep")).unwrap();
    fs::remove_file(setting.at("d/plain")).unwrap();
    symlink("../precious", setting.at("d/deep")).unwrap();
    symlink("../precious/plain", setting.at("d/plain")).unwrap();
    setting.restore("d", &content).unwrap();
    assert_eq!(setting.keep("d"), content);
    assert_eq!(
        fs::read_to_string(setting.at("precious/plain")).unwrap(),
        "precious"
    );
    fs::remove_dir_all(setting.at("d")).unwrap();
    symlink("precious", setting.at("d")).unwrap();
    setting.restore("d", &content).unwrap();
    assert_eq!(fs::read_dir(setting.at("precious")).unwrap().count(), 1);
}

#[test]
fn every_flipped_bit_of_a_blob_is_found_out() {
    let setting = Setting::new();
    setting.write("f", "some bytes");
    let content = setting.keep("f");
    let blob = setting.blobs().remove(0);
    let whole = fs::read(&blob).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let _ = fs::remove_file(&blob);
        fs::write(&blob, damaged).unwrap();
        fs::remove_file(setting.at("f")).unwrap();
        assert!(
            matches!(
                setting.restore("f", &content),
                Err(RestoreTrouble::DamagedBlob(_))
            ),
            "bit {bit}"
        );
        assert!(!setting.at("f").exists() && !blob.exists());
        setting.write("f", "some bytes");
    }
    assert!(matches!(
        setting.restore("f", &content),
        Err(RestoreTrouble::MissingBlob(_))
    ));
    assert_eq!(setting.keep("f"), content, "kept afresh");
    setting.restore("f", &content).unwrap();
}

#[test]
fn a_result_is_whole_or_a_miss() {
    let setting = Setting::new();
    let key = Key(Digest::of(b"key"));
    assert_eq!(setting.cache.result(&key), Lookup::Miss);
    let result = result_of(setting.zoo());
    setting.cache.keep_result(&key, &result).unwrap();
    assert_eq!(setting.cache.result(&key), Lookup::Hit(result.clone()));
    let place = setting.cache.result_path(&key);
    let whole = fs::read(&place).unwrap();
    let damages = (0..whole.len() * 8).map(|bit| {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        damaged
    });
    for damaged in damages.chain((0..whole.len()).map(|end| whole[..end].to_vec())) {
        fs::write(&place, damaged).unwrap();
        assert!(matches!(setting.cache.result(&key), Lookup::Damaged(_)));
    }
    // A whole entry under another key's name.
    let other = Key(Digest::of(b"other"));
    setting.cache.keep_result(&key, &result).unwrap();
    setting.cache.keep_result(&other, &result).unwrap();
    fs::copy(setting.cache.result_path(&other), &place).unwrap();
    assert!(matches!(setting.cache.result(&key), Lookup::Damaged(_)));
}

#[test]
fn a_result_without_all_its_blobs_is_not_promised() {
    let setting = Setting::new();
    let result = result_of(setting.zoo());
    assert!(setting.cache.has_all(&result));
    for blob in setting.blobs() {
        let hidden = blob.with_extension("hidden");
        fs::rename(&blob, &hidden).unwrap();
        assert!(!setting.cache.has_all(&result), "{}", blob.display());
        fs::rename(&hidden, &blob).unwrap();
    }
    assert!(setting.cache.has_all(&result));
}

#[test]
fn a_damaged_listing_is_written_afresh() {
    let setting = Setting::new();
    let content = setting.zoo();
    let listing = setting.cache.blob_path(&content.digest().unwrap());
    let whole = fs::read(&listing).unwrap();
    fs::remove_file(&listing).unwrap();
    fs::write(&listing, vec![b'x'; whole.len()]).unwrap();
    assert!(!setting.cache.has_all(&result_of(content)));
    assert_eq!(setting.keep("d"), content);
    assert_eq!(fs::read(&listing).unwrap(), whole);
}

#[test]
fn what_was_left_half_made_is_swept_when_it_is_old() {
    let setting = Setting::new();
    let temporaries = setting.folder.path().join("cache/v1/tmp");
    fs::create_dir_all(&temporaries).unwrap();
    let [old, young, foreign] =
        [".pipe-tmp-1-0", ".pipe-tmp-1-1", "foreign"].map(|name| temporaries.join(name));
    for path in [&old, &young, &foreign] {
        let file = File::create(path).unwrap();
        let age = if *path == young { 60 } else { 3 * 86_400 };
        let time = std::time::SystemTime::now() - std::time::Duration::from_secs(age);
        file.set_times(fs::FileTimes::new().set_modified(time))
            .unwrap();
    }
    setting.write("f", "x");
    setting.keep("f");
    assert!(!old.exists() && young.exists() && foreign.exists());
}

#[test]
fn blobs_are_shared_and_read_only() {
    let setting = Setting::new();
    setting.write("a", "same");
    setting.write("b", "same");
    assert_eq!(setting.keep("a"), setting.keep("b"));
    assert_eq!(setting.blobs().len(), 1);
    assert_eq!(setting.blobs()[0].metadata().unwrap().mode() & 0o777, 0o444);
    assert_eq!(
        setting.cache.blob(&Digest::of(b"same")).unwrap().as_deref(),
        Some(&b"same"[..])
    );
}

#[test]
fn large_files_go_through_in_pieces() {
    let setting = Setting::new();
    let text = "0123456789abcdef".repeat(200_000);
    setting.write("f", &text);
    let content = setting.keep("f");
    assert_eq!(content.digest(), Some(Digest::of(text.as_bytes())));
    fs::remove_file(setting.at("f")).unwrap();
    setting.restore("f", &content).unwrap();
    assert_eq!(fs::read_to_string(setting.at("f")).unwrap(), text);
}

fn sparse(setting: &Setting) -> u64 {
    let file = File::create(setting.at("f")).unwrap();
    file.set_len(8 << 20).unwrap();
    file.write_all_at(b"in the middle", (5 << 20) + 77).unwrap();
    file.metadata().unwrap().blocks()
}

#[test]
fn holes_stay_holes() {
    let setting = Setting::new();
    let blocks = sparse(&setting);
    let bytes = fs::read(setting.at("f")).unwrap();
    let content = setting.keep("f");
    assert_eq!(content.digest(), Some(Digest::of(&bytes)));
    fs::remove_file(setting.at("f")).unwrap();
    setting.restore("f", &content).unwrap();
    assert!(fs::read(setting.at("f")).unwrap() == bytes);
    let restored = setting.at("f").metadata().unwrap().blocks();
    assert!(
        restored <= blocks.max(64),
        "{restored} blocks of {blocks}, for 16384 without holes"
    );
}

#[test]
fn what_came_back_need_not_be_read_and_what_is_right_is_not_read_twice() {
    let setting = Setting::new();
    let content = setting.zoo();
    let path = ProjectPath::from_normal("d");
    let observer = setting.observer();
    let restore = || {
        let restored = setting
            .cache
            .restore_output(&setting.root(), &path, &content, &observer);
        restored.unwrap();
        assert_eq!(observer.observe(&path, Links::Verbatim).unwrap(), content);
        assert_eq!(observer.read_so_far().0, 0);
    };
    fs::remove_dir_all(setting.at("d")).unwrap();
    restore();
    fs::remove_file(setting.at("d/plain")).unwrap();
    restore();
}

/// Within one tick of the clock too, so many times over.
#[test]
fn an_edit_right_after_a_file_came_back_is_seen() {
    let setting = Setting::new();
    setting.write("f", "as kept");
    let (content, path) = (setting.keep("f"), ProjectPath::from_normal("f"));
    for _ in 0..500 {
        let observer = setting.observer();
        let root = setting.root();
        let restored = setting
            .cache
            .restore_output(&root, &path, &content, &observer);
        restored.unwrap();
        // In place, with the size it has.
        let file = File::options().write(true).open(setting.at("f")).unwrap();
        file.write_all_at(b"as made", 0).unwrap();
        assert_ne!(observer.observe(&path, Links::Verbatim).unwrap(), content);
    }
}

#[test]
fn the_same_large_output_is_not_copied_again() {
    let setting = Setting::new();
    setting.write("f", &"0123456789abcdef".repeat(20_000));
    let content = setting.keep("f");
    // Where nothing can be made, nothing can be copied.
    let folder = setting.folder.path().join("cache/v1/tmp");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "").unwrap();
    let path = ProjectPath::from_normal("f");
    let keep = |last| setting.cache.keep_output(&setting.root(), &path, last);
    assert_eq!(keep(Some(&content)).unwrap().content, content);
    assert!(keep(None).is_err());
}
