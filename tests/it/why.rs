//! `pipe why` alone explains every kind of stale node, and how a fresh one came to be so.

use crate::schemas::json_schema::JsonSchema;
use crate::support::{Sandbox, command_in};
use crate::trace::can_watch;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt;

const MANIFEST: &str = r##"
params "params.toml"
env WORD="one"
node "copy" {
    in "raw.txt"
    param "depth"
    out "build/copy.txt"
    run """
        set -u
        echo one > /dev/null
        echo two > /dev/null
        echo three > /dev/null
        cat {in} > {out}
        """
}
node "many" {
    in "parts/*.txt"
    out "build/many.txt"
    run "cat {in} > {out}"
}
node "folder" {
    in "data/"
    out "build/folder/"
    run "mkdir {out}; cp -r {in}/. {out}"
}
node "last" {
    in "build/copy.txt" "own.txt"
    out "build/last.txt"
    run "cat {in} > {out}"
}
"##;

fn built() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("params.toml", "depth = 1\n");
    for (path, text) in [
        ("raw.txt", "raw"),
        ("own.txt", "own"),
        ("parts/a.txt", "a"),
        ("parts/b.txt", "b"),
        ("data/same.csv", "1"),
        ("data/old.csv", "2"),
        ("data/deep/changed.csv", "3"),
    ] {
        sandbox.write(path, text);
    }
    sandbox.build();
    sandbox
}

/// `pipe why`, whose text must hold all of `wanted`, and whose document must fit its schema.
#[track_caller]
fn why(sandbox: &Sandbox, node: &str, wanted: &[&str]) -> (String, Value) {
    let text = sandbox.pipe(&format!("why {node}")).expect_code(0).out;
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted:?} is not in\n{text}");
    }
    let told = sandbox.pipe(&format!("why {node} --json")).expect_code(0);
    (text, JsonSchema::named("why").valid(&told.out))
}

/// The first reason of the first node.
fn first(document: &Value) -> &Value {
    &document["nodes"][0]["reasons"][0]
}

#[test]
fn a_changed_input_is_told_with_sizes_digests_and_since_when() {
    let sandbox = built();
    sandbox.write("raw.txt", "longer");
    let wanted = [
        "`last` may run, depending on what these write:",
        "  `copy` has to run; since build 1, just now:",
        "input raw.txt changed (3 B, ",
        " -> 6 B, ",
    ];
    let (_, document) = why(&sandbox, "last", &wanted);
    let copy = &document["nodes"][1];
    assert_eq!(copy["since"]["build"], 1);
    assert!(copy["since"]["started_ms"].as_u64() > Some(1_700_000_000_000));
    assert_eq!(copy["reasons"][0]["old"]["size"], 3);
    sandbox.write("raw.txt", "raw");
    let mode = fs::Permissions::from_mode(0o755);
    fs::set_permissions(sandbox.path("raw.txt"), mode).expect("a mode");
    why(&sandbox, "copy", &["input raw.txt is executable now"]);
}

#[test]
fn what_changed_in_the_node_itself_is_told_below_something_unsettled() {
    let sandbox = built();
    sandbox.write("raw.txt", "new");
    sandbox.write("own.txt", "mine");
    let changed = MANIFEST.replace(
        "out \"build/last.txt\"\n    run \"cat",
        "out \"build/last.txt\"\n    run \"cat -u",
    );
    sandbox.manifest(&changed);
    let wanted = [
        "`last` may run; since build 1, just now:",
        "input own.txt changed",
        "the command changed: `cat {in} > {out}` -> `cat -u {in} > {out}`",
        "  and it depends on what these write:",
        "  `copy` has to run",
    ];
    let (text, document) = why(&sandbox, "last", &wanted);
    assert!(
        !text.contains("build/copy.txt"),
        "nothing is said of what is not known:\n{text}"
    );
    let kinds: Vec<&Value> = (0..2)
        .map(|at| &document["nodes"][0]["own_changes"][at]["kind"])
        .collect();
    assert_eq!(kinds, ["input-changed", "declaration-changed"]);
}

#[test]
fn a_longer_command_is_told_as_a_diff_and_parameters_by_value() {
    let sandbox = built();
    sandbox.manifest(
        &MANIFEST
            .replace("echo two", "echo 2")
            .replace("WORD=\"one\"", "WORD=\"two\""),
    );
    sandbox.write("params.toml", "depth = 2\n");
    let wanted = [
        "the command changed:\n      set -u\n      echo one > /dev/null\n    - echo two > /dev/null\n    + echo 2 > /dev/null\n      echo three > /dev/null\n",
        "parameter `depth` changed: `1` -> `2`",
        "variable `WORD` changed: `one` -> `two`",
    ];
    why(&sandbox, "copy", &wanted);
    sandbox.manifest(&MANIFEST.replace(
        "in \"raw.txt\"",
        "in \"raw.txt\"\n    dir \"parts\"\n    shell \"sh\" \"-c\"",
    ));
    let wanted = [
        "the folder in which it starts changed: `.` -> `parts`",
        "the shell changed: ",
    ];
    sandbox.write("parts/raw.txt", "raw");
    why(&sandbox, "copy", &wanted);
    sandbox.manifest(&MANIFEST.replace(
        "out \"build/copy.txt\"",
        "out \"build/copy.txt\" \"build/more.txt\"",
    ));
    why(&sandbox, "copy", &["output build/more.txt is declared now"]);
}

#[test]
fn names_that_came_and_went_are_told_of_globs_and_directories() {
    let sandbox = built();
    sandbox.remove("parts/a.txt");
    sandbox.write("parts/c.txt", "c");
    why(
        &sandbox,
        "many",
        &[
            "input parts/c.txt is new",
            "input parts/a.txt is not read any more",
        ],
    );
    for number in 0..9 {
        sandbox.write(&format!("parts/more{number}.txt"), "x");
    }
    let (text, document) = why(&sandbox, "many", &["  - 5 more inputs are new\n"]);
    assert_eq!(text.lines().count(), 8, "{text}");
    assert_eq!(
        document["nodes"][0]["reasons"].as_array().map(Vec::len),
        Some(11)
    );

    sandbox.remove("data/old.csv");
    sandbox.write("data/deep/new.csv", "4");
    sandbox.write("data/deep/changed.csv", "changed");
    let wanted = [
        "input data changed (3 files, 3 B, ",
        "):\n    + deep/new.csv\n    - old.csv\n    ~ deep/changed.csv\n",
    ];
    let (_, document) = why(&sandbox, "folder", &wanted);
    let names =
        json!({"added": ["deep/new.csv"], "removed": ["old.csv"], "changed": ["deep/changed.csv"]});
    assert_eq!(first(&document)["names"], names);
}

#[test]
fn outputs_that_went_or_changed_are_told_and_where_they_come_back_from() {
    let sandbox = built();
    sandbox.remove("build/copy.txt");
    let wanted = [
        "`copy` will be restored from the cache: same key as in build 1, just now:",
        "output build/copy.txt is missing",
    ];
    let (_, document) = why(&sandbox, "copy", &wanted);
    assert_eq!(document["nodes"][0]["made"]["here"], true);
    sandbox.write("build/copy.txt", "by hand");
    why(&sandbox, "copy", &["output build/copy.txt changed (3 B, "]);
    sandbox.write("build/folder/stray.csv", "by hand");
    why(
        &sandbox,
        "folder",
        &[
            "output build/folder changed (3 files",
            "\n    + stray.csv\n",
        ],
    );
}

#[test]
fn what_another_checkout_made_is_told_as_such() {
    let sandbox = built();
    let other = sandbox.moved_copy("other");
    fs::remove_dir_all(other.join(".pipe")).expect("the memory of the copy");
    fs::remove_dir_all(other.join("build")).expect("its outputs");
    let pipe = |arguments: &str| {
        let mut command = command_in(&other, arguments.split_whitespace());
        let output = command
            .env("PIPE_CACHE_DIR", sandbox.path(".pipe/cache"))
            .output();
        String::from_utf8(output.expect("pipe starts").stdout).expect("a text")
    };
    let elsewhere = "same key as in build 1, just now, in another checkout";
    let text = pipe("why copy");
    assert!(text.contains(elsewhere), "{text}");
    pipe("build copy");
    let text = pipe("why copy");
    let wanted = "`copy` is fresh: its outputs were restored in build 1, just now, from the run in build 1, just now, in another checkout";
    assert!(text.contains(wanted), "{text}");
    // The same outputs under another name: they stand already.
    sandbox.manifest(&MANIFEST.replace("node \"copy\"", "node \"clone\""));
    let wanted =
        "`clone` is fresh: its outputs belong to its key, which is that of build 1, just now\n";
    why(&sandbox, "clone", &[wanted]);
    sandbox.build();
    why(&sandbox, "clone", &["its outputs stood already"]);
    why(
        &sandbox,
        "many",
        &["`many` is fresh: its command ran in build 1, just now; 2 inputs, the command"],
    );
}

#[test]
fn failures_are_told_with_their_ending_and_where_the_log_is() {
    let sandbox = Sandbox::new(
        "node \"a\" {\n    in \"x\"\n    out \"o\"\n    run \"echo said; exit 3\"\n}\n",
    );
    sandbox.write("x", "1");
    why(
        &sandbox,
        "a",
        &[
            "`a` has to run:",
            "no result of it is known, neither here nor in the cache",
        ],
    );
    sandbox.pipe("build").expect_code(1);
    let wanted = ["`a` has to run:\n  - its last run failed (exit code 3, in build 1, just now)"];
    let (_, document) = why(&sandbox, "a", &wanted);
    assert_eq!(first(&document)["kind"], "last-run-failed");
    let good = "node \"a\" {\n    in \"x\"\n    out \"o\"\n    run \"cp {in} {out}\"\n}\n";
    sandbox.manifest(good);
    sandbox.build();
    sandbox.manifest(&good.replace("cp {in} {out}", "exit 4"));
    sandbox.pipe("build").expect_code(1);
    let wanted = [
        "has to run; since build 2, just now:",
        "the command changed: `cp {in} {out}` -> `exit 4`",
        "its last run failed (exit code 4, in build 3, just now); `pipe log a` shows what it printed",
    ];
    why(&sandbox, "a", &wanted);
}

#[test]
fn the_remaining_kinds_of_reasons_are_told() {
    let manifest = "node \"a\" {\n    always\n    out \"o\"\n    run \"echo > o\"\n}\nnode \"p\" {\n    probe \"cat said\"\n    out \"q\"\n    run \"echo > q\"\n}\n\
        node \"two\" {\n    in \"x\" \"y\"\n    env \"FROM_OUTSIDE\"\n    out \"t\"\n    run \"cat x y > t\"\n}\n";
    let sandbox = Sandbox::new(manifest);
    for (path, text) in [("said", "1"), ("x", "x"), ("y", "y")] {
        sandbox.write(path, text);
    }
    sandbox.build();
    let (_, document) = why(&sandbox, "a", &["`always` makes it run in every build"]);
    assert_eq!(first(&document)["kind"], "always");
    sandbox
        .pipe("build -n -f two")
        .expect_code(0)
        .expect_said("`--force` asks for it");
    sandbox.write("said", "2");
    why(&sandbox, "p", &["probe"]);
    sandbox.remove("said");
    let (_, document) = why(&sandbox, "p", &["cat said"]);
    assert_eq!(first(&document)["kind"], "probe-failed");
    let mut command = sandbox.command(["why", "two"]);
    let text = command
        .env("FROM_OUTSIDE", "secret")
        .output()
        .expect("pipe starts")
        .stdout;
    let text = String::from_utf8(text).expect("a text");
    assert!(
        text.contains("variable `FROM_OUTSIDE`, which the caller sets, is new"),
        "{text}"
    );
    assert!(!text.contains("secret"), "{text}");
    sandbox.manifest(&manifest.replace("in \"x\" \"y\"", "in \"y\" \"x\""));
    why(&sandbox, "two", &["what `{in}` stands for changed"]);
    sandbox.remove("x");
    let (_, document) = why(
        &sandbox,
        "two",
        &["`two` cannot run:", "source x is not there"],
    );
    assert_eq!(document["nodes"][0]["state"], "missing");
}

#[test]
fn where_only_outputs_went_it_is_told_that_the_cache_lacks_them() {
    let sandbox = built();
    fs::remove_dir_all(sandbox.path(".pipe/cache")).expect("the cache goes");
    sandbox.remove("build/copy.txt");
    let wanted = [
        "`copy` has to run; since build 1, just now:",
        "  - output build/copy.txt is missing\n  its key is as it was, but the cache does not have its result",
    ];
    why(&sandbox, "copy", &wanted);
    sandbox.write("raw.txt", "new");
    let (text, _) = why(&sandbox, "copy", &["input raw.txt changed"]);
    assert!(!text.contains("its key is as it was"), "{text}");
}

#[test]
fn inputs_that_changed_places_are_told() {
    let manifest = |inputs: &str| {
        format!(
            "node \"a\" {{\n    in {inputs}\n    out \"o\"\n    run \"cat {{in.one}} {{in.two}} > o\"\n}}\n"
        )
    };
    let sandbox = Sandbox::new(&manifest("one=\"x\" two=\"y\""));
    sandbox.write("x", "x");
    sandbox.write("y", "y");
    sandbox.build();
    sandbox.manifest(&manifest("two=\"y\" one=\"x\""));
    let (_, document) = why(&sandbox, "a", &["its inputs are given in another order"]);
    assert_eq!(first(&document)["kind"], "input-order");
}

#[test]
fn a_run_that_touched_what_it_does_not_declare_is_told() {
    if !can_watch() {
        return;
    }
    let manifest = "node \"a\" {\n    in \"x\"\n    out \"o\"\n    run \"cat {in} y > {out}\"\n}\n";
    let sandbox = Sandbox::new(manifest);
    sandbox.write("x", "x");
    sandbox.write("y", "y");
    sandbox.pipe("build --trace").expect_code(1);
    let wanted = [
        "`a` has to run:\n",
        "its last run read or wrote files that it does not declare, in build 1, just now; `pipe trace a` names them\n",
    ];
    let (_, document) = why(&sandbox, "a", &wanted);
    assert_eq!(first(&document)["kind"], "last-run-undeclared");
}

#[test]
fn of_a_path_it_is_told_who_writes_and_who_reads_it() {
    let sandbox = built();
    let (text, document) = why(
        &sandbox,
        "raw.txt",
        &["raw.txt is a source: no node writes it"],
    );
    assert!(text.contains("these read it:\n  fresh    copy\n"), "{text}");
    let want = json!({"path": "raw.txt", "written_by": [], "read_by": ["copy"]});
    assert_eq!((&document["path"], &document["nodes"]), (&want, &json!([])));
    sandbox.write("data/old.csv", "new");
    why(
        &sandbox,
        "data/old.csv",
        &["stale    folder  input data changed"],
    );
    let wanted = [
        "build/copy.txt is written by `copy`",
        "these read it:\n  fresh    last",
        "`copy` is fresh: ",
    ];
    let (_, document) = why(&sandbox, "build/copy.txt", &wanted);
    assert_eq!(document["asked"], json!(["copy"]));
    // From a folder of the project, as it is seen there.
    let mut command = sandbox.command(["why", "old.csv"]);
    let output = command
        .current_dir(sandbox.path("data"))
        .output()
        .expect("pipe starts");
    let text = String::from_utf8(output.stdout).expect("a text");
    assert!(text.starts_with("data/old.csv is a source"), "{text}");
    sandbox.pipe("why nothing.txt").expect_code(2);
}
