//! Cases that build systems are known to get wrong, and that no other file here holds. The table of all of them, with
//! the test for each, is `book/src/internals/conformance.md`.

mod files;
mod links;
mod names;
mod nodes;
mod places;

use crate::support::{Outcome, Sandbox};
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
