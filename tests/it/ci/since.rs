//! `pipe build --changed-since`: what files reach that git says have changed.

use super::pipe_in;
use crate::support::{Outcome, Sandbox};
use std::process::Command;

const MANIFEST: &str = r#"/- kdl-version 2
node "a" {
    in "src/a.txt"
    out "build/a"
    run "echo a >> runs; cp {in} {out}"
}
node "b" {
    in "src/b.txt"
    out "build/b"
    run "echo b >> runs; cp {in} {out}"
}
node "both" {
    in "build/a" "build/b"
    out "build/both"
    run "echo both >> runs; cat {in} > {out}"
}
node "many" {
    in "parts/*.txt"
    out "build/many"
    run "echo many >> runs; cat {in} > {out}"
}
node "tree" {
    in "tree/"
    out "build/tree"
    run "echo tree >> runs; ls {in} > {out}"
}
"#;

fn git(sandbox: &Sandbox, arguments: &str) {
    let status = Command::new("git")
        .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
        .args(arguments.split_whitespace())
        .current_dir(sandbox.root())
        .status();
    assert!(status.expect("git starts").success(), "git {arguments}");
}

fn committed() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    for file in [
        "src/a.txt",
        "src/b.txt",
        "parts/1.txt",
        "parts/2.txt",
        "tree/x",
    ] {
        sandbox.write(file, file);
    }
    sandbox.write(".gitignore", "build/\nruns\n*.tmp\n__pycache__/\n");
    git(&sandbox, "init -q");
    git(&sandbox, "add .");
    git(&sandbox, "commit -q -m first");
    sandbox
}

/// What would be built, and a build of it.
fn reached(sandbox: &Sandbox) -> (Outcome, Vec<String>) {
    let _ = std::fs::remove_dir_all(sandbox.path("build"));
    let _ = std::fs::remove_dir_all(sandbox.path(".pipe"));
    let built = sandbox.pipe("build --changed-since HEAD").expect_code(0);
    (built, sandbox.take_runs())
}

#[test]
fn only_what_changed_files_reach_is_built() {
    let sandbox = committed();
    let (built, runs) = reached(&sandbox);
    assert!(runs.is_empty());
    built.expect_said(
        "note: 0 files differ from HEAD; with what git does not know they reach 0 nodes",
    );
    sandbox.write("src/a.txt", "changed");
    // What it needs beside that has to stand as well.
    assert_eq!(reached(&sandbox).1, ["a", "b", "both"]);
    git(&sandbox, "add .");
    assert_eq!(reached(&sandbox).1, ["a", "b", "both"]);
    git(&sandbox, "commit -q -m second");
    assert!(reached(&sandbox).1.is_empty());
    sandbox.write("parts/3.txt", "new and unknown to git");
    assert_eq!(reached(&sandbox).1, ["many"]);
    sandbox.remove("parts/3.txt");
    sandbox.write("tree/y.tmp", "ignored by git, but read");
    assert_eq!(reached(&sandbox).1, ["tree"]);
    sandbox.remove("tree/y.tmp");
    sandbox.write("tree/__pycache__/z", "ignored by all");
    assert!(reached(&sandbox).1.is_empty());
    // A repository in this one, of which git tells only that it is there.
    sandbox.write("tree/inner/z", "new");
    git(&sandbox, "init -q tree/inner");
    assert_eq!(reached(&sandbox).1, ["tree"]);
    sandbox.remove("tree/inner");
    let dry = sandbox
        .pipe("build -n --changed-since HEAD~1")
        .expect_code(0);
    assert!(
        dry.out.contains("both") && !dry.out.contains("many"),
        "{}",
        dry.out
    );
}

#[test]
fn where_git_cannot_tell_all_is_looked_at() {
    let sandbox = committed();
    let all = ["a", "b", "both", "many", "tree"];
    // One that is gone may have been matched by a glob.
    sandbox.remove("parts/2.txt");
    let (built, runs) = reached(&sandbox);
    built.expect_said("parts/2.txt among them");
    assert_eq!(runs, all);
    git(&sandbox, "checkout -q -- parts");
    sandbox.manifest(&format!("{MANIFEST}// a comment\n"));
    let (built, runs) = reached(&sandbox);
    built.expect_said("pipe.kdl among them");
    assert_eq!(runs, all);
    sandbox.manifest(MANIFEST);
    // The link is what it was, but what it leads to is not.
    sandbox.write("elsewhere.txt", "one");
    sandbox.remove("src/b.txt");
    std::os::unix::fs::symlink("../elsewhere.txt", sandbox.path("src/b.txt")).expect("a link");
    git(&sandbox, "add .");
    git(&sandbox, "commit -q -m link");
    sandbox.write("elsewhere.txt", "two");
    assert_eq!(reached(&sandbox).1, ["a", "b", "both"]);
}

#[test]
fn what_git_cannot_answer_is_an_error_that_says_what_to_do() {
    let sandbox = committed();
    for revision in ["nowhere", "--all"] {
        let argument = format!("build --changed-since={revision}");
        let said = sandbox.pipe(&argument).expect_code(2);
        said.expect_said(&format!("git knows no revision `{revision}`"));
        said.expect_said("fetch-depth: 0");
    }
    let no_git = [("PATH", "/nowhere")];
    pipe_in(sandbox.root(), "build --changed-since HEAD", &no_git)
        .expect_code(2)
        .expect_said("git could not be started");
    let outside = Sandbox::new(MANIFEST);
    outside
        .pipe("build --changed-since HEAD")
        .expect_code(2)
        .expect_said("lies in no git repository");
    assert!(!outside.stands("runs"));
}
