//! Hints of real changes, waited for.

use super::*;
use std::fs;
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

fn started() -> (Watcher, Receiver<Hint>) {
    let (sender, receiver) = mpsc::channel();
    let watcher = Watcher::start(move |hint| {
        let _ = sender.send(hint);
    });
    (watcher.unwrap(), receiver)
}

fn wait_for(hints: &Receiver<Hint>, path: &Path) {
    let wanted = Hint::Touched(path.to_path_buf());
    while hints.recv_timeout(Duration::from_secs(20)).unwrap() != wanted {}
}

#[test]
fn a_folder_that_was_made_again_is_watched_again() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    fs::create_dir(&inner).unwrap();
    let wanted = BTreeSet::from([folder.path().to_path_buf(), inner.clone()]);
    let (mut watcher, hints) = started();
    assert_eq!(watcher.watch(&wanted), Ok(true));
    assert_eq!(watcher.watch(&wanted), Ok(false));
    fs::write(inner.join("a"), "1").unwrap();
    wait_for(&hints, &inner.join("a"));
    fs::remove_dir_all(&inner).unwrap();
    wait_for(&hints, &inner);
    // The new folder may well get the old one's inode.
    watcher.forget(&inner);
    fs::create_dir(&inner).unwrap();
    assert_eq!(watcher.watch(&wanted), Ok(true));
    fs::write(inner.join("b"), "1").unwrap();
    wait_for(&hints, &inner.join("b"));
    assert_eq!(watcher.count(), 2);
}

#[test]
fn reading_is_no_hint() {
    let folder = tempfile::tempdir().unwrap();
    let (file, last) = (folder.path().join("a"), folder.path().join("last"));
    fs::write(&file, "1").unwrap();
    let (mut watcher, hints) = started();
    watcher
        .watch(&BTreeSet::from([folder.path().to_path_buf()]))
        .unwrap();
    fs::read(&file).unwrap();
    fs::write(&last, "1").unwrap();
    assert_eq!(
        hints.recv_timeout(Duration::from_secs(20)),
        Ok(Hint::Touched(last))
    );
}
