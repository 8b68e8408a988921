//! The cache: damage is noticed, never believed; what cannot be kept is told.

#![expect(
    clippy::print_stderr,
    reason = "a test that cannot be made here says so"
)]

use crate::support::{Outcome, Sandbox, command_in, wait_until};
use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// Where reading a file moves the time it was last read at, that time tells whether somebody has read it.
#[test]
fn what_came_back_is_not_read_by_the_next_build() {
    let sandbox = built();
    sandbox.remove("build");
    assert_eq!(sandbox.build().restored(), 2);
    let read_at = |path: &str| {
        let metadata = sandbox.path(path).metadata().expect("it stands");
        (metadata.atime(), metadata.atime_nsec())
    };
    let files = ["build/o.txt", "build/d/x"];
    let before = files.map(read_at);
    sandbox.build().expect_nothing_done();
    assert_eq!(files.map(read_at), before);
    sandbox.read("build/o.txt");
    if read_at("build/o.txt") == before[0] {
        eprintln!("skipped: this file system does not tell when a file was read");
    }
}

/// A small XFS in a file, mounted while it lives.
struct Xfs(PathBuf);

impl Xfs {
    fn new(sandbox: &Sandbox) -> Option<Xfs> {
        let (image, place) = (sandbox.beside("image"), sandbox.beside("xfs"));
        File::create(&image).ok()?.set_len(400 << 20).ok()?;
        fs::create_dir(&place).ok()?;
        let run = |program: &str, arguments: &[&Path]| {
            let output = Command::new(program).args(arguments).output();
            output.is_ok_and(|output| output.status.success())
        };
        let made = run("mkfs.xfs", &[Path::new("-q"), &image]);
        let mounted = made && run("mount", &[Path::new("-oloop"), &image, &place]);
        mounted.then_some(Xfs(place))
    }

    fn used(&self) -> u64 {
        let stat = rustix::fs::statvfs(&self.0).expect("it is mounted");
        (stat.f_blocks - stat.f_bfree) * stat.f_frsize
    }
}

impl Drop for Xfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn where_files_can_be_cloned_the_cache_takes_no_room() {
    const SIZE: u64 = 64 << 20;
    let sandbox = Sandbox::new("");
    let Some(xfs) = Xfs::new(&sandbox) else {
        eprintln!("skipped: no XFS can be mounted here");
        return;
    };
    let manifest = r#"node "n" { out "o"; run "head -c 67108864 /dev/urandom > {out}" }"#;
    fs::write(xfs.0.join("pipe.kdl"), manifest).expect("a manifest");
    let before = xfs.used();
    let build = || Outcome::of(command_in(&xfs.0, ["build"]).output().expect("pipe starts"));
    build().expect_code(0);
    let bytes = fs::read(xfs.0.join("o")).expect("the output");
    fs::remove_file(xfs.0.join("o")).expect("it stands");
    assert_eq!(build().expect_code(0).restored(), 1);
    assert!(fs::read(xfs.0.join("o")).expect("the output") == bytes);
    let taken = xfs.used() - before;
    assert!(taken < SIZE * 3 / 2, "{taken} bytes for {SIZE}, twice");
}

/// It comes back, also after builds that were killed while they kept it.
#[test]
fn a_large_output_that_changes_a_little_takes_little() {
    let sandbox =
        Sandbox::new(r#"node "n" { in "a.txt" "large"; out "o"; run "cat {in} > {out}" }"#);
    let mut state = 1_u64;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state ^ state >> 29).to_le_bytes()
    };
    let large: Vec<u8> = (0..(17 << 17)).flat_map(|_| next()).collect();
    sandbox.write("large", &large);
    let is_right = |text: &str| {
        let found = fs::read(sandbox.path("o")).expect("the output");
        assert!(found == [text.as_bytes(), &large].concat(), "after {text}");
    };
    let texts = ["one", "two, longer", "three"];
    for text in texts {
        sandbox.write("a.txt", text);
        assert_eq!(sandbox.build().ran(), 1);
        is_right(text);
    }
    let size = || -> u64 {
        let walk = walkdir::WalkDir::new(sandbox.path(".pipe/cache"));
        let files = walk
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.metadata().ok());
        files
            .filter(fs::Metadata::is_file)
            .map(|file| file.len())
            .sum()
    };
    assert!(size() < 20 << 20, "{} bytes for three times 17 MiB", size());
    for text in texts {
        sandbox.write("a.txt", text);
        sandbox.remove("o");
        assert_eq!(
            sandbox.pipe("build --cache-only").expect_code(0).restored(),
            1
        );
        is_right(text);
    }
    sandbox.pipe("cache verify").expect_code(0);
    for round in 0..4 {
        let text = format!("killed {round}");
        sandbox.write("a.txt", &text);
        let mut build = sandbox
            .command(["build"])
            .stderr(Stdio::null())
            .spawn()
            .expect("pipe starts");
        let count = || fs::read_dir(sandbox.path(".pipe/cache/v1/tmp")).map_or(0, Iterator::count);
        let before = count();
        wait_until("something to be kept", || {
            count() > before || build.try_wait().expect("its state").is_some()
        });
        let _ = build.kill();
        let _ = build.wait();
        sandbox.build();
        is_right(&text);
        sandbox.remove("o");
        assert_eq!(sandbox.build().restored(), 1);
        is_right(&text);
    }
}
