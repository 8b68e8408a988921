//! Room in the cache: what is damaged is found, what goes is what was asked for, and no build loses what it has just
//! made.

use crate::support::{Outcome, Sandbox, wait_until};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

const MANIFEST: &str = r#"
node "a" { in "a.txt"; out "build/a"; run "cat {in} > {out}" }
node "b" { in "build/a"; out "build/b/"; run "mkdir {out}; cp {in} {out}/x; echo b >> {out}/x" }
"#;

/// Three versions of the source were built; the last one stands.
fn built() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    for text in ["1\n", "2\n", "3\n"] {
        sandbox.write("a.txt", text);
        sandbox.build();
    }
    sandbox
}

fn entries(cache: &Path, kind: &str) -> Vec<PathBuf> {
    let folders = fs::read_dir(cache.join("v1").join(kind));
    let folders = folders.into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = folders
        .flat_map(|folder| fs::read_dir(folder.path()).into_iter().flatten().flatten())
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

fn own(sandbox: &Sandbox, kind: &str) -> Vec<PathBuf> {
    entries(&sandbox.path(".pipe/cache"), kind)
}

fn last_used(path: &Path, ago: Duration) {
    let file = File::open(path).expect("an entry");
    file.set_modified(SystemTime::now() - ago).expect("a time");
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Builds the three versions of the source and says which can be restored.
fn restorable(sandbox: &Sandbox) -> Vec<&'static str> {
    let mut found = Vec::new();
    for text in ["1\n", "2\n", "3\n"] {
        sandbox.write("a.txt", text);
        sandbox.remove("build");
        if sandbox.build().ran() == 0 {
            found.push(text.trim_end());
        }
    }
    found
}

#[test]
fn verify_puts_damage_aside_and_the_next_build_mends_it() {
    let sandbox = built();
    sandbox
        .pipe("cache verify")
        .expect_code(0)
        .expect_said("all sound");
    for blob in own(&sandbox, "blobs") {
        if fs::read(&blob).expect("a blob") == b"3\n" {
            fs::remove_file(&blob).expect("it goes");
            fs::write(&blob, "4\n").expect("damage");
        }
    }
    let result = &own(&sandbox, "results")[0];
    let cut = fs::read(result).expect("a result");
    fs::write(result, &cut[..cut.len() - 1]).expect("damage");
    let found = sandbox.pipe("cache verify").expect_code(1);
    found.expect_said("damaged  blob");
    found.expect_said("damaged  result");
    let aside = fs::read_dir(sandbox.path(".pipe/cache/v1/damaged"));
    assert!(aside.expect("a folder").count() >= 2);
    sandbox.pipe("cache verify").expect_code(0);
    sandbox.remove("build");
    let build = sandbox.build();
    assert!(build.ran() >= 1, "{}", build.err);
    assert_eq!(sandbox.read("build/b/x"), "3\nb\n");
    sandbox.pipe("cache verify").expect_code(0);
    sandbox.pipe("cache prune -y").expect_code(0);
    assert!(!sandbox.stands(".pipe/cache/v1/damaged"));
}

#[test]
fn verify_finds_results_whose_blobs_are_gone() {
    let sandbox = built();
    for blob in own(&sandbox, "blobs") {
        if fs::read(&blob).expect("a blob") == b"1\nb\n" {
            fs::remove_file(&blob).expect("it goes");
        }
    }
    let found = sandbox.pipe("cache verify").expect_code(1);
    found.expect_said("useless  result");
    found.expect_said("build/b");
    assert_eq!(own(&sandbox, "results").len(), 5);
    sandbox.pipe("cache verify").expect_code(0);
}

#[test]
fn prune_asks_first_and_what_stands_stays_fresh() {
    let sandbox = built();
    let before = own(&sandbox, "results");
    sandbox
        .pipe("cache prune --max-size 0 -n")
        .expect_code(0)
        .expect_said("would remove 6 results");
    sandbox
        .pipe("cache prune --max-size 0")
        .expect_code(2)
        .expect_said("--yes");
    assert_eq!(own(&sandbox, "results"), before);
    let pruned = sandbox.pipe("cache prune --max-size 0 -y").expect_code(0);
    pruned.expect_said("build/a");
    pruned.expect_said("removed 6 results");
    assert_eq!(
        (own(&sandbox, "results"), own(&sandbox, "blobs")),
        (vec![], vec![])
    );
    sandbox.build().expect_nothing_done();
    sandbox
        .pipe("cache prune --max-size 0 -y")
        .expect_code(0)
        .expect_said("nothing to remove");
    sandbox.remove("build");
    assert_eq!(sandbox.build().ran(), 2);
}

#[test]
fn age_and_number_take_what_is_old_and_leave_what_is_in_use() {
    for arguments in ["--older-than 2d", "--keep-last 1"] {
        let sandbox = built();
        for result in own(&sandbox, "results") {
            last_used(&result, 3 * DAY);
        }
        // What is restored is used.
        sandbox.write("a.txt", "1\n");
        assert_eq!(sandbox.build().restored(), 2);
        sandbox.write("a.txt", "3\n");
        sandbox.build();
        for result in own(&sandbox, "results") {
            let modified = result.metadata().and_then(|found| found.modified());
            if modified.expect("a time").elapsed().expect("it is past") < DAY {
                last_used(&result, DAY);
            }
        }
        sandbox
            .pipe(&format!("cache prune {arguments} -y"))
            .expect_code(0);
        let expected: &[&str] = if arguments.starts_with("--older") {
            &["1", "3"]
        } else {
            &["3"]
        };
        // One of "1" and "3" is the last of its node; "3" is in use and stays in any case.
        let left = restorable(&sandbox);
        assert!(
            expected.iter().all(|text| left.contains(text)) && !left.contains(&"2"),
            "{arguments}: {left:?}"
        );
    }
}

#[test]
fn a_size_is_kept_to_with_the_longest_unused_first() {
    let sandbox = Sandbox::new(r#"node "a" { in "a.txt"; out "build/a"; run "cat {in} > {out}" }"#);
    let mut results = Vec::new();
    for (text, days) in [("1", 5), ("2", 9), ("3", 7), ("4", 8)] {
        sandbox.write("a.txt", text.repeat(100_000));
        sandbox.build();
        let new = own(&sandbox, "results");
        let new: Vec<PathBuf> = new
            .into_iter()
            .filter(|path| !results.contains(path))
            .collect();
        last_used(&new[0], days * DAY);
        results.push(new[0].clone());
    }
    sandbox
        .pipe("cache prune --max-size 250KiB -y")
        .expect_code(0)
        .expect_said("removed 2 results");
    // Of the four, "4" is in use here; of the rest "2" and "3" went.
    let mut stay = vec![results[0].clone(), results[3].clone()];
    stay.sort();
    assert_eq!(own(&sandbox, "results"), stay);
    assert_eq!(own(&sandbox, "blobs").len(), 2);
}

#[test]
fn what_another_checkout_has_in_use_goes_later() {
    let one = built();
    let cache = one.beside("cache");
    let shared = format!("--cache-dir {}", cache.display());
    let other = Sandbox::new(MANIFEST);
    for (sandbox, text) in [(&one, "1\n"), (&one, "2\n"), (&other, "9\n")] {
        sandbox.write("a.txt", text);
        sandbox.remove_if_there("build");
        sandbox.pipe(&format!("build -f {shared}")).expect_code(0);
    }
    for result in entries(&cache, "results") {
        last_used(&result, 9 * DAY);
    }
    one.pipe(&format!("cache prune --older-than 1d -y {shared}"))
        .expect_code(0)
        .expect_said("removed 2 results");
    one.pipe(&format!("cache stats {shared}"))
        .expect_said("only in 1 other checkout: 2 results");
    other.remove("build");
    let build = other.pipe(&format!("build {shared}")).expect_code(0);
    assert_eq!(build.restored(), 2, "{}", build.err);
}

/// Whatever is asked for, a running build keeps what it has made and found; and when it has ended, nothing keeps it.
#[test]
fn a_running_build_loses_nothing() {
    let sandbox = Sandbox::new(
        r#"
node "first" { in "a.txt"; out "build/first"; run "cat {in} > {out}" }
node "second" { in "build/first"; out "build/second"; run "while [ ! -e go ]; do sleep 0.01; done; cat {in} > {out}" }
"#,
    );
    sandbox.write("a.txt", "same bytes\n");
    let cache = sandbox.path(".pipe/cache");
    let build = sandbox
        .command(["build"])
        .stderr(std::process::Stdio::piped())
        .spawn();
    let build = build.expect("pipe starts");
    wait_until("the first result", || entries(&cache, "results").len() == 1);
    let prune = || {
        let pruned = sandbox.pipe("cache prune --max-size 0 -y").expect_code(0);
        (
            pruned,
            entries(&cache, "results").len(),
            entries(&cache, "blobs").len(),
        )
    };
    let (pruned, results, blobs) = prune();
    assert_eq!((results, blobs), (1, 1), "{}", pruned.err);
    sandbox.write("go", "");
    let outcome = Outcome::of(build.wait_with_output().expect("it ends")).expect_code(0);
    assert_eq!(outcome.ran(), 2, "{}", outcome.err);
    sandbox.remove("build");
    assert_eq!(sandbox.build().restored(), 2);
    let (pruned, results, blobs) = prune();
    assert_eq!((results, blobs), (0, 0), "{}", pruned.err);
}

#[test]
fn a_build_prunes_a_cache_that_has_become_too_large() {
    let sandbox = Sandbox::new(r#"node "a" { in "a.txt"; out "build/a"; run "cat {in} > {out}" }"#);
    let build = |text: &str, most: &str| {
        sandbox.write("a.txt", text.repeat(100_000));
        let mut command = sandbox.command(["build"]);
        Outcome::of(
            command
                .env("PIPE_CACHE_MAX", most)
                .output()
                .expect("pipe starts"),
        )
    };
    for text in ["1", "2", "3", "4"] {
        assert!(!build(text, "off").expect_code(0).err.contains("cache"));
    }
    assert_eq!(own(&sandbox, "results").len(), 4);
    let pruned = build("5", "250KiB").expect_code(0);
    pruned.expect_said("the cache was larger than 250 KiB: 4 results");
    assert_eq!(own(&sandbox, "blobs").len(), 1, "down to four fifths");
    // What was added since is counted without looking.
    assert!(!build("6", "250KiB").expect_code(0).err.contains("cache"));
    build("7", "250KiB").expect_said("2 results");
    assert_eq!(own(&sandbox, "blobs").len(), 1);
    // Not even a limit of nothing takes from a build what it has just made.
    build("8", "0").expect_said("1 result");
    assert_eq!(own(&sandbox, "blobs").len(), 1);
    sandbox.remove("build");
    assert_eq!(sandbox.build().restored(), 1);
    build("9", "much")
        .expect_code(2)
        .expect_said("PIPE_CACHE_MAX");
}

#[test]
fn path_is_that_of_the_cache() {
    let sandbox = Sandbox::new(MANIFEST);
    let path = sandbox.pipe("cache path").expect_code(0).out;
    assert_eq!(
        Path::new(path.trim_end()),
        sandbox
            .path(".pipe/cache")
            .canonicalize()
            .unwrap_or_else(|_| sandbox
                .root()
                .canonicalize()
                .expect("the root")
                .join(".pipe/cache"))
    );
    let elsewhere = sandbox
        .pipe("cache path --cache-dir /some/where")
        .expect_code(0);
    assert_eq!(elsewhere.out, "/some/where\n");
}
