//! Clones that share results: one cache for two of them, damaged or not to be written; one file carried from run to run.

use super::{chain, fresh_clone, picture, pipe_in};
use crate::support::{Outcome, Sandbox};
use std::fs;
use std::path::Path;

fn built(clone: &Path, shared: &Path, source: &str) -> Outcome {
    let _ = fs::remove_dir_all(clone.join("build"));
    let _ = fs::remove_dir_all(clone.join(".pipe"));
    fs::write(clone.join("source"), source).expect("a source");
    let variables = [("PIPE_CACHE_DIR", shared.to_str().expect("a path"))];
    let outcome = pipe_in(clone, "build", &variables).expect_code(0);
    let second = fs::read_to_string(clone.join("build/second")).expect("an output");
    let wanted: String = source.trim().to_uppercase().chars().rev().collect();
    assert_eq!(second.trim(), wanted, "a wrong result");
    outcome
}

#[test]
fn of_two_clones_with_one_cache_the_second_restores() {
    let sandbox = chain();
    let shared = sandbox.beside("shared");
    let (one, two) = (fresh_clone(&sandbox, "one"), fresh_clone(&sandbox, "two"));
    assert_eq!(built(&one, &shared, "abc\n").ran(), 2);
    assert_eq!(built(&two, &shared, "abc\n").restored(), 2);
    // Every blob is damaged: each is found out, both nodes run, and what they keep is sound.
    for file in picture(&shared.join("v1/blobs")).into_keys() {
        let bytes = fs::read(&file).expect("a blob");
        fs::remove_file(&file).expect("a blob");
        fs::write(&file, vec![b'#'; bytes.len()]).expect("a damaged blob");
    }
    let damaged = built(&two, &shared, "abc\n");
    damaged.expect_said("damaged");
    assert_eq!((damaged.ran(), damaged.restored()), (2, 0));
    assert_eq!(built(&one, &shared, "abc\n").restored(), 2);
    // Nothing can be written any more, not even by root: where folders have to stand there are files.
    for folder in ["tmp", "users"] {
        fs::remove_dir_all(shared.join("v1").join(folder)).expect("a folder");
        fs::write(shared.join("v1").join(folder), "").expect("a file");
    }
    assert_eq!(built(&two, &shared, "abc\n").restored(), 2);
    let before: Vec<String> = picture(&shared).into_keys().collect();
    let ran = built(&two, &shared, "new\n");
    assert_eq!(ran.ran(), 2);
    ran.expect_said("warning:");
    assert_eq!(picture(&shared).into_keys().collect::<Vec<_>>(), before);
}

#[test]
fn with_cache_only_damage_is_something_that_is_missing() {
    let sandbox = chain();
    sandbox.build();
    sandbox.take_runs();
    sandbox.remove("build");
    for (file, (bytes, _)) in picture(&sandbox.path(".pipe/cache/v1/blobs")) {
        if bytes == b"CBA\n" {
            fs::remove_file(&file).expect("a blob");
            fs::write(&file, "XYZ\n").expect("a damaged blob");
        }
    }
    let half = sandbox.pipe("build --cache-only").expect_code(4);
    half.expect_said("not in the cache: 1 would have to run (`second`), 1 restored");
    assert!(!sandbox.stands("build/second") && sandbox.take_runs().is_empty());
}

/// Two chains of two nodes, whose outputs have sizes that tell them apart.
const APART: &str = r#"/- kdl-version 2
node "small" { in "source"; out "build/small"; run "sleep 0.05; head -c 1000 /dev/zero > {out}; cat {in} >> {out}" }
node "wanted" { in "source"; out "build/wanted"; run "head -c 100000 /dev/zero > {out}; cat {in} >> {out}" }
node "raw" { in "source"; out "build/raw"; run "head -c 3000000 /dev/urandom > {out}" }
node "plot" { in "build/raw"; out "build/plot"; run "head -c 2000 {in} > {out}" }
"#;

fn apart() -> Sandbox {
    let sandbox = Sandbox::new(APART);
    sandbox.write("source", "abc\n");
    sandbox
}

#[test]
fn in_a_fresh_clone_only_what_targets_need_is_restored() {
    let sandbox = apart();
    let shared = sandbox.beside("shared");
    let variables = [("PIPE_CACHE_DIR", shared.to_str().expect("a path"))];
    pipe_in(sandbox.root(), "build", &variables).expect_code(0);
    let clone = fresh_clone(&sandbox, "clone");
    let size = |path: &str| {
        let stands = fs::metadata(clone.join("build").join(path));
        stands.expect("it stands").len()
    };
    let came = || -> u64 {
        let files = picture(&clone.join("build")).into_values();
        files.map(|(bytes, _)| bytes.len() as u64).sum()
    };
    // The plot's raw data, 1,500 times as large, are read by nobody.
    let restored = pipe_in(&clone, "build wanted plot", &variables).expect_code(0);
    assert_eq!((restored.ran(), restored.restored()), (0, 2));
    restored.expect_said("1 fresh (1 not on the disk)");
    let asked = size("wanted") + size("plot");
    assert!(came() * 100 <= asked * 105, "{} of {asked} bytes", came());
    pipe_in(&clone, "build wanted plot", &variables)
        .expect_code(0)
        .expect_said("nothing to do");
    assert!(
        !clone.join(".pipe/cache").exists(),
        "nothing is copied beside"
    );
}

fn export(folder: &Path, arguments: &str, variables: &[(&str, &str)]) -> (Vec<u8>, Outcome) {
    let outcome = pipe_in(
        folder,
        &format!("cache export archive {arguments}"),
        variables,
    );
    let outcome = outcome.expect_code(0);
    (
        fs::read(folder.join("archive")).expect("an archive"),
        outcome,
    )
}

#[test]
fn a_pack_holds_what_the_graph_of_today_uses_within_its_size() {
    let sandbox = apart();
    sandbox.write("source", "of yesterday\n");
    sandbox.build();
    sandbox.write("source", "abc\n");
    sandbox.build();
    let (whole, said) = export(sandbox.root(), "", &[]);
    said.expect_said("4 results");
    // Of what does not fit, that goes in which saves most time for its room.
    let (archive, said) = export(sandbox.root(), "--max-size 150KB", &[]);
    assert!(archive.len() <= 150_000 && archive.len() < whole.len());
    said.expect_said("left out  raw\nthere is no room");
    said.expect_said("3 results");
    let (least, said) = export(sandbox.root(), "--max-size 4KB", &[]);
    assert!(least.len() <= 4000);
    said.expect_said("left out  wanted\n");
    assert!(!said.err.contains("left out  small"), "{}", said.err);
    assert!(export(sandbox.root(), "--max-size 10B", &[]).0.len() <= 1024);
    // The same results give the same bytes, whichever cache they lie in, this one's or one behind it.
    let clone = fresh_clone(&sandbox, "clone");
    fs::write(clone.join("whole"), &whole).expect("a file");
    pipe_in(&clone, "cache import whole", &[]).expect_code(0);
    assert_eq!(
        pipe_in(&clone, "build --cache-only", &[])
            .expect_code(0)
            .restored(),
        4
    );
    assert!(export(&clone, "--max-size 150KB", &[]).0 == archive);
    let other = fresh_clone(&sandbox, "other");
    let cache = clone.join(".pipe/cache");
    let before = picture(&cache);
    let behind = [("PIPE_CACHE_READ", cache.to_str().expect("a path"))];
    assert!(export(&other, "--max-size 150KB", &behind).0 == archive);
    assert!(picture(&cache) == before, "the cache behind was written");
    for wrong in ["5%", "7"] {
        let argument = format!("cache export archive --max-size {wrong}");
        sandbox
            .pipe(&argument)
            .expect_code(2)
            .expect_said("a size has a unit");
    }
}

#[test]
fn what_goes_against_the_use_of_the_cache_is_refused() {
    let sandbox = chain();
    sandbox.build();
    let (archive, _) = export(sandbox.root(), "", &[]);
    let cache = sandbox.path(".pipe/cache");
    let before = picture(&cache);
    for command in ["verify", "prune --max-size 0 --yes", "import archive"] {
        for wrong in ["read", "off"] {
            let argument = format!("cache {command} --cache {wrong}");
            sandbox
                .pipe(&argument)
                .expect_code(2)
                .expect_said("the cache cannot be");
        }
    }
    for wrong in ["write", "off"] {
        let argument = format!("cache export other --cache {wrong}");
        sandbox
            .pipe(&argument)
            .expect_code(2)
            .expect_said("the cache cannot be exported");
    }
    sandbox.pipe("cache stats --cache read").expect_code(0);
    sandbox
        .pipe("cache prune --max-size 0 -n --cache read")
        .expect_code(0);
    assert!(picture(&cache) == before && !sandbox.stands("other"));
    assert!(export(sandbox.root(), "--cache read", &[]).0 == archive);
}

#[test]
fn a_cache_to_be_read_that_is_not_there_is_told() {
    let sandbox = chain();
    let built = sandbox.pipe("build --cache-read nowhere").expect_code(0);
    built.expect_said("nowhere, which is to be read, is not there");
    assert_eq!(built.ran(), 2);
    assert!(!sandbox.stands("nowhere"), "it was made");
}
