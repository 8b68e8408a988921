//! Bits flipped and files cut short in `.pipe/`, wherever that can be: what is told and built stays right.
//!
//! Looking goes through the library, since a process for each bit would take hours; builds go through the program, on
//! a sample. `PIPE_FAULTS=all` takes every bit and every length for both.

use crate::support::{Sandbox, all_faults, copy_tree};
use pipe::engine::project::{Given, Place};
use pipe::engine::session::Session;
use pipe::logic::plan::Forecast;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

const MANIFEST: &str = r#"
node "file" { in "a.txt"; out "build/o.txt"; run "cat {in} > {out}; echo talk" }
node "tree" { in "build/o.txt"; out "build/d/"; run "mkdir -p {out}/empty; cp {in} {out}/x; ln -s x {out}/link" }
"#;

fn built() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("a.txt", "some bytes\n");
    sandbox.build();
    // As a killed build leaves it.
    sandbox.write(
        ".pipe/lock",
        "4711 1795706831443 0123456789ab-4711-1795706831443 \n",
    );
    sandbox
}

/// Whether every bit is taken, or every so manieth.
fn stride(of_the_suite: usize) -> usize {
    if all_faults() { 1 } else { of_the_suite }
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files.sort();
    files
}

/// Every `stride`-th way to harm these bytes: a bit flipped, then the file cut short.
fn harmed(whole: &[u8], stride: usize) -> impl Iterator<Item = (String, Vec<u8>)> {
    let bits = (0..whole.len() * 8).step_by(stride).map(|bit| {
        let mut bytes = whole.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        (format!("bit {bit}"), bytes)
    });
    let lengths = (0..whole.len()).step_by(stride.div_ceil(4));
    bits.chain(lengths.map(|length| (format!("cut to {length}"), whole[..length].to_vec())))
}

/// A new file: what is mapped is never changed where it lies, and blobs are read-only.
fn replace(path: &Path, bytes: &[u8]) {
    let _ = fs::remove_file(path);
    fs::write(path, bytes).expect("a file of ours");
}

fn forecasts(place: &Place) -> Vec<Forecast> {
    let mut session = Session::open(place, Given::default()).expect("the project opens");
    let selection = session.select(&[]).expect("all nodes");
    let survey = session.survey(&selection, false);
    assert!(survey.missing.is_empty());
    survey.forecasts().into_iter().flatten().collect()
}

/// Status, list and why go by this survey. A node whose source was changed is never called fresh or cached, and one
/// that is fresh is never an error.
#[test]
fn looking_is_right_behind_any_damage() {
    let sandbox = built();
    let place = Place::find(sandbox.root(), None, None).expect("the project");
    let mut tried = 0;
    for file in files_below(&sandbox.path(".pipe")) {
        let whole = fs::read(&file).expect("a file of ours");
        let before = tried;
        for edited in [false, true] {
            sandbox.write(
                "a.txt",
                if edited {
                    "other bytes\n"
                } else {
                    "some bytes\n"
                },
            );
            for (what, bytes) in harmed(&whole, stride(if edited { 61 } else { 67 })) {
                replace(&file, &bytes);
                let found = forecasts(&place);
                assert_eq!(found.len(), 2, "{what} of {}", file.display());
                let has_to_run = matches!(found[0], Forecast::Stale(_));
                assert!(
                    !edited || has_to_run,
                    "{what} of {}: {found:?}",
                    file.display()
                );
                tried += 1;
            }
        }
        replace(&file, &whole);
        println!(
            "{}: {} ways",
            file.strip_prefix(sandbox.root()).unwrap_or(&file).display(),
            tried - before
        );
    }
    println!("{tried} times looked behind a flipped bit or a file cut short");
}

/// In turns with the outputs standing and with the outputs gone, or both where all damages are taken.
#[test]
fn the_next_build_is_right_behind_any_damage() {
    let sandbox = built();
    let whole = sandbox.beside("whole");
    copy_tree(sandbox.root(), &whole);
    let mut tried = 0;
    for file in files_below(&sandbox.path(".pipe")) {
        let bytes = fs::read(&file).expect("a file of ours");
        let mode = file.metadata().expect("it stands").permissions().mode();
        // As many of a small file as of a large one.
        for (number, (what, bytes)) in harmed(&bytes, stride(bytes.len() * 2 + 1)).enumerate() {
            for outputs_stand in [true, false] {
                if !all_faults() && outputs_stand != (number % 2 == 0) {
                    continue;
                }
                let what = format!("{what} of {}, outputs: {outputs_stand}", file.display());
                sandbox.remove("");
                copy_tree(&whole, sandbox.root());
                replace(&file, &bytes);
                fs::set_permissions(&file, fs::Permissions::from_mode(mode)).expect("a mode");
                if !outputs_stand {
                    sandbox.remove("build");
                }
                let build = sandbox.pipe("build");
                assert_eq!(build.code, 0, "{what}: {}", build.err);
                assert_eq!(sandbox.read("build/d/x"), "some bytes\n", "{what}");
                assert_eq!(sandbox.read("build/o.txt"), "some bytes\n", "{what}");
                assert!(sandbox.path("build/d/empty").is_dir(), "{what}");
                let idle = sandbox.pipe("build");
                assert!(
                    idle.err.starts_with("nothing to do"),
                    "{what}: {}",
                    idle.err
                );
                tried += 1;
            }
        }
    }
    println!("{tried} builds behind a flipped bit or a file cut short");
}

/// A hundred bytes at once, all over the cache, with every output gone: the build says so, runs what it cannot bring back,
/// and afterwards the cache is whole again.
#[test]
fn a_hundred_damaged_bytes_of_the_cache_are_told_and_mended() {
    const NODES: usize = 12;
    let nodes = (0..NODES).map(|number| {
        let numbers = 1 << number;
        format!("node \"n{number}\" {{ in \"a.txt\"; out \"build/{number}\" \"build/d{number}/\"; run \"cat {{in}} > {{out.0}}; seq {numbers} >> {{out.0}}; mkdir {{out.1}}; cp {{out.0}} {{out.1}}/x\" }}\n")
    });
    let sandbox = Sandbox::new(&nodes.collect::<String>());
    sandbox.write("a.txt", "some bytes\n");
    sandbox.build();
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = since.expect("after 1970").as_nanos() as u64;
    println!("seed {seed}");
    let mut numbers = seed;
    let mut below = |end: usize| {
        numbers = numbers
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (numbers >> 33) as usize % end
    };
    for round in 0..4 {
        let files = files_below(&sandbox.path(".pipe/cache"));
        // Small files as often as large ones: else only the largest blob would be hit.
        for _ in 0..100 {
            let file = &files[below(files.len())];
            let mut bytes = fs::read(file).expect("a file of the cache");
            if bytes.is_empty() {
                continue;
            }
            let at = below(bytes.len());
            bytes[at] ^= 1 + below(255) as u8;
            replace(file, &bytes);
        }
        sandbox.remove("build");
        let build = sandbox.build();
        build.expect_said("warning");
        assert_eq!(build.ran() + build.restored(), NODES, "{}", build.err);
        for number in 0..NODES {
            let numbers = (1..=1 << number).map(|line| format!("{line}\n"));
            let expected = format!("some bytes\n{}", numbers.collect::<String>());
            for place in [format!("build/{number}"), format!("build/d{number}/x")] {
                assert_eq!(sandbox.read(&place), expected, "round {round}: {place}");
            }
        }
        sandbox.build().expect_nothing_done();
        sandbox.remove("build");
        let mended = sandbox.build();
        assert_eq!(mended.restored(), NODES, "{}", mended.err);
    }
}
