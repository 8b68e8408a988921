//! Cases that build systems are known to get wrong, and that no other file here holds. The table of all of them, with
//! the test for each, is `book/src/internals/conformance.md`.

mod files;
mod layers;
mod links;
mod names;
mod nodes;
mod places;

use crate::support::{Outcome, Sandbox};
use std::fs;
use std::path::Path;
use std::process::Command;

/// A project whose one node copies `a.txt` to `o.txt`.
fn copying() -> Sandbox {
    let sandbox = Sandbox::new(r#"node "n" { in "a.txt"; out "o.txt"; run "cat {in} > {out}" }"#);
    sandbox.write("a.txt", "one\n");
    sandbox
}

/// Runs a program that must end well.
#[track_caller]
fn call(folder: &Path, program: &str, arguments: &[&str]) {
    let ended = Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .output();
    Outcome::of(ended.expect("the program starts")).expect_code(0);
}

#[test]
fn every_test_that_the_book_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("book/src/internals/conformance.md"))
        .expect("a page of the book");
    let files = ["tests/it", "src"].map(|folder| walkdir::WalkDir::new(root.join(folder)));
    let code: String = files
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|end| end == "rs"))
        .map(|entry| fs::read_to_string(entry.path()).expect("source text"))
        .collect();
    let names: Vec<&str> = page
        .split('`')
        .filter(|word| word.matches('_').count() > 2 && !word.contains([' ', '/']))
        .collect();
    assert!(names.len() > 50, "{}", names.len());
    for name in names {
        assert!(code.contains(&format!("fn {name}()")), "{name}");
    }
}
