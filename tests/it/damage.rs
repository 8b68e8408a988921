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
    survey.forecasts.into_iter().flatten().collect()
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
