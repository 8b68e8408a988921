//! The cache: damage is noticed, never believed; what cannot be kept is told.

use crate::support::Sandbox;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn built() -> Sandbox {
    let sandbox = Sandbox::new(
        r#"
node "file" { in "a.txt"; out "build/o.txt"; run "cat {in} > {out}; echo talk" }
node "tree" { in "a.txt"; out "build/d/"; run "mkdir -p {out}/empty; cp {in} {out}/x; ln -s x {out}/link; chmod +x {out}/x" }
"#,
    );
    sandbox.write("a.txt", "some bytes\n");
    sandbox.build();
    sandbox
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn directories_come_back_whole() {
    let sandbox = built();
    sandbox.remove("build");
    let build = sandbox.build();
    assert_eq!((build.ran(), build.restored()), (0, 2), "{}", build.err);
    assert_eq!(sandbox.read("build/d/x"), "some bytes\n");
    assert_eq!(
        fs::read_link(sandbox.path("build/d/link")).expect("a link"),
        Path::new("x")
    );
    assert!(sandbox.path("build/d/empty").is_dir());
    assert_ne!(
        sandbox
            .path("build/d/x")
            .metadata()
            .expect("it stands")
            .permissions()
            .mode()
            & 0o100,
        0
    );
    sandbox.build().expect_nothing_done();
}

#[test]
fn a_damaged_blob_is_a_miss_with_a_warning_and_is_mended() {
    let sandbox = built();
    for blob in files_below(&sandbox.path(".pipe/cache/v1/blobs")) {
        let mut bytes = fs::read(&blob).expect("a blob");
        bytes[0] ^= 1;
        fs::set_permissions(&blob, fs::Permissions::from_mode(0o644)).expect("a mode");
        fs::write(&blob, bytes).expect("damage");
    }
    sandbox.remove("build");
    let build = sandbox.build();
    assert_eq!(build.ran(), 2, "{}", build.err);
    build.expect_said("cache");
    assert_eq!(sandbox.read("build/o.txt"), "some bytes\n");
    sandbox.remove("build");
    assert_eq!(
        sandbox.build().restored(),
        2,
        "the blobs were written afresh"
    );
}

/// What came back before the damage was found is ours: it is not moved away as if it were the user's.
#[test]
fn a_restore_that_fails_half_way_leaves_nothing_to_set_aside() {
    let sandbox = Sandbox::new(
        r#"node "two" { in "a.txt"; out "one" "other"; run "cat {in} > one; (echo 2; cat {in}) > other" }"#,
    );
    for text in ["x\n", "y\n"] {
        sandbox.write("a.txt", text);
        sandbox.build();
    }
    sandbox.write("a.txt", "x\n");
    let blobs = files_below(&sandbox.path(".pipe/cache/v1/blobs"));
    let second = blobs
        .iter()
        .find(|blob| fs::read(blob).expect("a blob") == b"2\nx\n")
        .expect("the second output");
    fs::set_permissions(second, fs::Permissions::from_mode(0o644)).expect("a mode");
    fs::write(second, "2\nz\n").expect("damage");
    let build = sandbox.build();
    assert_eq!(build.ran(), 1, "{}", build.err);
    assert_eq!(sandbox.read("other"), "2\nx\n");
    assert!(!sandbox.stands(".pipe/replaced"), "{}", build.err);
}

#[test]
fn every_file_of_ours_may_vanish_or_be_cut() {
    let sandbox = built();
    for file in files_below(&sandbox.path(".pipe")) {
        let saved = fs::read(&file).unwrap_or_default();
        for length in [0, saved.len() / 2] {
            let _ = fs::remove_file(&file);
            fs::write(&file, &saved[..length]).expect("a shorter file");
            sandbox.build();
            assert_eq!(
                sandbox.read("build/o.txt"),
                "some bytes\n",
                "{} cut to {length}",
                file.display()
            );
            sandbox.build().expect_nothing_done();
        }
        let _ = fs::remove_file(&file);
        sandbox.build();
        assert_eq!(
            sandbox.read("build/d/x"),
            "some bytes\n",
            "without {}",
            file.display()
        );
    }
    sandbox.remove(".pipe");
    sandbox.build();
    assert_eq!(sandbox.read("build/o.txt"), "some bytes\n");
}

#[test]
fn the_log_of_a_restored_node_is_that_of_the_run_that_made_it() {
    let sandbox = built();
    let cache = sandbox.beside("cache");
    fs::rename(sandbox.path(".pipe/cache"), &cache).expect("the cache moves out");
    sandbox.remove(".pipe");
    sandbox.remove("build");
    let with_cache = format!("--cache-dir {}", cache.display());
    assert_eq!(
        sandbox
            .pipe(&format!("build {with_cache}"))
            .expect_code(0)
            .restored(),
        2
    );
    assert_eq!(
        sandbox
            .pipe(&format!("log file {with_cache}"))
            .expect_code(0)
            .out,
        "talk\n"
    );
}

#[test]
fn a_cache_that_cannot_be_written_is_told_and_fails_nothing() {
    let sandbox = Sandbox::new(r#"node "n" { out "o.txt"; run "echo x > {out}" }"#);
    sandbox.write("not-a-folder", "");
    let build = sandbox
        .pipe("build --cache-dir not-a-folder/cache")
        .expect_code(0);
    assert_eq!(build.ran(), 1);
    build.expect_said("could not be kept");
    sandbox
        .pipe("build --cache-dir not-a-folder/cache")
        .expect_code(0)
        .expect_nothing_done();
}

#[test]
fn two_checkouts_share_one_cache() {
    let (one, other) = (built(), built());
    let cache = one.beside("cache");
    let with_cache = format!("build --cache-dir {}", cache.display());
    one.write("a.txt", "shared\n");
    other.write("a.txt", "shared\n");
    assert_eq!(one.pipe(&with_cache).expect_code(0).ran(), 2);
    let second = other.pipe(&with_cache).expect_code(0);
    assert_eq!((second.ran(), second.restored()), (0, 2), "{}", second.err);
    assert_eq!(other.read("build/o.txt"), "shared\n");
}
