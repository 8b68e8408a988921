//! Every way in which something can change behind the tool's back, and the ways that only look like a change.

use crate::support::{Sandbox, set_modified, wait_until};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, SystemTime};

const TWO: &str = r#"
node "copy" { in "a.txt"; out "build/b.txt"; run "echo copy >> runs; cat {in} > {out}" }
node "count" { in "build/b.txt"; out "build/c.txt"; run "echo count >> runs; wc -c < {in} > {out}" }
"#;

fn two() -> Sandbox {
    let sandbox = Sandbox::new(TWO);
    sandbox.write("a.txt", "one\n");
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["copy", "count"]);
    sandbox
}

#[test]
fn equal_outputs_stop_the_wave() {
    let sandbox = two();
    sandbox.write("a.txt", "two\n");
    sandbox.build();
    assert_eq!(
        sandbox.take_runs(),
        ["copy", "count"],
        "the bytes of b.txt changed"
    );
    sandbox.manifest(&TWO.replace("cat {in}", "cat < {in}"));
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["copy"], "b.txt is what it was");
}

/// Row C of the conformance matrix: content changed, modification time and size as they were.
#[test]
fn a_change_behind_an_unchanged_time_and_size_is_noticed() {
    let sandbox = two();
    settle(&sandbox);
    let path = sandbox.path("a.txt");
    let before = path
        .metadata()
        .expect("it stands")
        .modified()
        .expect("a time");
    sandbox.write("a.txt", "two\n");
    set_modified(&path, before);
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["copy", "count"]);
    assert_eq!(sandbox.read("build/b.txt"), "two\n");
}

/// Row D: replaced by an older file.
#[test]
fn an_older_file_in_its_place_is_noticed() {
    let sandbox = two();
    settle(&sandbox);
    sandbox.write("older.txt", "old\n");
    set_modified(
        &sandbox.path("older.txt"),
        SystemTime::now() - Duration::from_secs(86_400),
    );
    fs::rename(sandbox.path("older.txt"), sandbox.path("a.txt"))
        .expect("the older one takes its place");
    sandbox.build();
    assert_eq!(sandbox.read("build/b.txt"), "old\n");
}

/// Writes of the same size within one tick of the clock, over and over.
#[test]
fn quick_edits_of_equal_size_are_never_missed() {
    let sandbox = two();
    for number in 10..40 {
        sandbox.write("a.txt", format!("{number}\n"));
        sandbox.build();
        assert_eq!(sandbox.read("build/b.txt"), format!("{number}\n"));
    }
}

/// Row A: the source is edited while its node runs.
#[test]
fn a_source_edited_while_its_node_runs_runs_it_again() {
    let sandbox = Sandbox::new(
        r#"node "slow" { in "a.txt"; out "b.txt"; run "cat {in} > {out}; touch started; until test -e go; do sleep 0.01; done" }"#,
    );
    sandbox.write("a.txt", "before\n");
    let mut build = sandbox.command(["build"]).spawn().expect("pipe starts");
    wait_until("the command to start", || sandbox.stands("started"));
    sandbox.write("a.txt", "during\n");
    sandbox.write("go", "");
    assert!(build.wait().expect("it ends").success());
    assert_eq!(sandbox.read("b.txt"), "before\n", "the outputs stay");
    let again = sandbox.build();
    assert_eq!(again.ran(), 1, "{}", again.err);
    assert_eq!(sandbox.read("b.txt"), "during\n");
    sandbox.build().expect_nothing_done();
}

/// What the command read is not what its key says: such a result must never be found again.
#[test]
fn a_result_of_an_edit_in_between_is_not_taken_for_that_of_the_old_source() {
    let sandbox = Sandbox::new(
        r#"node "slow" { in "a.txt"; out "b.txt"; run "touch started; until test -e go; do sleep 0.01; done; cat {in} > {out}" }"#,
    );
    sandbox.write("a.txt", "before\n");
    let mut build = sandbox.command(["build"]).spawn().expect("pipe starts");
    wait_until("the command to start", || sandbox.stands("started"));
    sandbox.write("a.txt", "during\n");
    sandbox.write("go", "");
    assert!(build.wait().expect("it ends").success());
    assert_eq!(sandbox.read("b.txt"), "during\n");
    sandbox.write("a.txt", "before\n");
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("b.txt"), "before\n");
}

/// Changed and changed back while the command ran: equal bytes at the end prove nothing about what was read.
#[test]
fn a_source_that_was_another_for_a_moment_is_not_recorded() {
    let sandbox = Sandbox::new(
        r#"node "slow" { in "a.txt"; out "b.txt"; run "touch started; until test -e go; do sleep 0.01; done; cat {in} > {out}; touch read; until test -e end; do sleep 0.01; done" }"#,
    );
    sandbox.write("a.txt", "one\n");
    let mut build = sandbox.command(["build"]).spawn().expect("pipe starts");
    wait_until("the command to start", || sandbox.stands("started"));
    sandbox.write("a.txt", "two\n");
    sandbox.write("go", "");
    wait_until("the command to read", || sandbox.stands("read"));
    sandbox.write("a.txt", "one\n");
    sandbox.write("end", "");
    assert!(build.wait().expect("it ends").success());
    assert_eq!(sandbox.read("b.txt"), "two\n");
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("b.txt"), "one\n");
}

/// The edit is taken back before the command ends: bytes are what they were, and yet the command may have read others.
#[test]
fn a_command_that_edits_its_own_input_is_not_recorded() {
    let sandbox = Sandbox::new(
        r#"node "self" { in "a.txt"; out "b.txt"; run "cat {in} > {out}; echo more >> a.txt" }"#,
    );
    sandbox.write("a.txt", "1\n");
    let first = sandbox.build();
    first.expect_said("a.txt");
    assert_eq!(
        sandbox.build().ran(),
        1,
        "it never settles, and says so each time"
    );
}

#[test]
fn the_executable_bit_counts_and_other_bits_do_not() {
    let sandbox = two();
    let mode = |mode| {
        fs::set_permissions(sandbox.path("a.txt"), fs::Permissions::from_mode(mode))
            .expect("a mode");
    };
    mode(0o600);
    sandbox.build().expect_nothing_done();
    mode(0o755);
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["copy"]);
}

#[test]
fn a_directory_input_gains_loses_and_renames_files() {
    let sandbox = Sandbox::new(r#"node "list" { in "data/"; out "l.txt"; run "ls {in} > {out}" }"#);
    sandbox.write("data/one", "1");
    sandbox.build();
    sandbox.write("data/two", "2");
    assert_eq!(sandbox.build().ran(), 1);
    fs::rename(sandbox.path("data/two"), sandbox.path("data/three")).expect("renamed");
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("l.txt"), "one\nthree\n");
    sandbox.remove("data/three");
    let back = sandbox.build();
    assert_eq!((back.ran(), back.restored()), (0, 1), "{}", back.err);
    fs::create_dir(sandbox.path("data/empty")).expect("a folder");
    assert_eq!(sandbox.build().ran(), 1, "an empty folder is a change too");
}

#[test]
fn a_glob_sees_new_files_and_outputs_but_no_leftovers() {
    let manifest = r#"
node "make" { in "seed"; out "data/made.csv"; run "cat {in} > {out}" }
node "join" { in "data/*.csv"; out "all"; run "cat {in} > {out}" }
"#;
    let sandbox = Sandbox::new(manifest);
    sandbox.write("seed", "s\n");
    sandbox.write("data/a.csv", "a\n");
    sandbox.build();
    assert_eq!(
        sandbox.read("all"),
        "a\ns\n",
        "the declared output is among the matches"
    );
    sandbox.write("data/b.csv", "b\n");
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("all"), "a\nb\ns\n");
    // The node is gone, its output still stands: it is not data.
    sandbox.manifest(
        manifest
            .split_once("node \"join\"")
            .map(|(_, join)| format!("node \"join\"{join}"))
            .as_deref()
            .unwrap(),
    );
    let build = sandbox.build();
    build.expect_said("data/made.csv");
    assert_eq!(sandbox.read("all"), "a\nb\n");
    // Somebody takes it over by changing it.
    sandbox.write("data/made.csv", "mine\n");
    sandbox.build();
    assert_eq!(sandbox.read("all"), "a\nb\nmine\n");
}

#[test]
fn outputs_of_nodes_that_are_gone_go_too() {
    let gone = r#"
node "file" { in "seed"; out "data/made.csv"; run "cat {in} > {out}" }
node "tree" { in "seed"; out "data/d/"; run "mkdir {out}; cp {in} {out}/x.csv; cp {in} {out}/y" }
node "edited" { in "seed"; out "data/edited.csv"; run "cat {in} > {out}" }
"#;
    let stays = r#"
node "glob" { in "data/**/*.csv"; out "g"; run "cat {in} > {out}" }
node "list" { in "data/"; out "l"; run "ls {in} > {out}" }
"#;
    let sandbox = Sandbox::new(&format!("{gone}{stays}"));
    sandbox.write("seed", "s\n");
    sandbox.write("data/a.csv", "a\n");
    sandbox.build();
    sandbox.write("data/edited.csv", "mine\n");
    sandbox.manifest(stays);
    let build = sandbox.build();
    build.expect_said("data/made.csv");
    assert!(!sandbox.stands("data/made.csv") && !sandbox.stands("data/d"));
    assert_eq!(sandbox.read("g"), "a\nmine\n");
    assert_eq!(sandbox.read("l"), "a.csv\nedited.csv\n");
    sandbox.build().expect_nothing_done();
    // The nodes come back, and so do their outputs.
    sandbox.manifest(&format!("{gone}{stays}"));
    let back = sandbox.build();
    assert_eq!(sandbox.read("data/made.csv"), "s\n");
    back.expect_said("data/edited.csv");
}

#[test]
fn what_a_gone_node_wrote_may_be_named_as_a_source() {
    let sandbox = Sandbox::new(r#"node "n" { out "data/x"; run "echo 1 > {out}" }"#);
    sandbox.build();
    sandbox.manifest(r#"node "m" { in "data/x"; out "y"; run "cat {in} > {out}" }"#);
    sandbox.build();
    assert_eq!(sandbox.read("y"), "1\n");
    assert!(sandbox.stands("data/x"));
}

#[test]
fn an_output_may_become_a_folder_of_outputs() {
    let sandbox = Sandbox::new(r#"node "n" { out "b/r"; run "echo 1 > {out}" }"#);
    sandbox.build();
    sandbox.manifest(r#"node "n" { out "b/r/main"; run "echo 1 > {out}" }"#);
    sandbox.build();
    assert_eq!(sandbox.read("b/r/main"), "1\n");
}

#[test]
fn two_manifests_in_one_folder_leave_each_other_alone() {
    let sandbox = Sandbox::new(r#"node "n" { out "b/x"; run "echo 1 > {out}" }"#);
    sandbox.write(
        "two.kdl",
        r#"node "t" { in "b/*"; out "t"; run "cat {in} > {out}" }"#,
    );
    sandbox.build();
    sandbox.pipe("build --manifest two.kdl").expect_code(0);
    assert_eq!(sandbox.read("t"), "1\n");
    sandbox.build().expect_nothing_done();
    sandbox
        .pipe("build --manifest two.kdl")
        .expect_code(0)
        .expect_nothing_done();
}

#[test]
fn a_name_in_the_command_counts() {
    let sandbox = Sandbox::new(r#"node "a" { out "o"; run "echo {node} > {out}" }"#);
    sandbox.build();
    sandbox.manifest(r#"node "bb" { out "o"; run "echo {node} > {out}" }"#);
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("o"), "bb\n");
}

#[test]
fn links_count_by_what_they_lead_to() {
    let sandbox = two();
    sandbox.write("one.txt", "1\n");
    sandbox.write("other.txt", "2\n");
    let link = |target: &str| {
        let _ = fs::remove_file(sandbox.path("a.txt"));
        std::os::unix::fs::symlink(target, sandbox.path("a.txt")).expect("a link");
    };
    link("one.txt");
    sandbox.build();
    assert_eq!(sandbox.read("build/b.txt"), "1\n");
    link("other.txt");
    sandbox.build();
    assert_eq!(sandbox.read("build/b.txt"), "2\n");
    sandbox.write("other.txt", "3\n");
    sandbox.build();
    assert_eq!(sandbox.read("build/b.txt"), "3\n");
    link("nowhere");
    sandbox.pipe("build").expect_code(2).expect_said("a.txt");
}

#[test]
fn declared_variables_count_and_the_rest_of_the_environment_does_not() {
    let sandbox = Sandbox::new(
        "env \"FLAVOUR\"\npass-env \"HANDED\"\nnode \"n\" { out \"o\"; run #\"echo \"${FLAVOUR-none} ${HANDED-none} ${SECRET-none} $LANG $TZ\" > {out}\"# }",
    );
    let build = |variables: &[(&str, &str)]| {
        let mut command = sandbox.command(["build"]);
        command
            .env_remove("FLAVOUR")
            .env_remove("HANDED")
            .env("SECRET", "x")
            .envs(variables.iter().copied());
        crate::support::Outcome::of(command.output().expect("pipe starts")).expect_code(0)
    };
    build(&[]);
    assert_eq!(sandbox.read("o"), "none none none C.UTF-8 UTC\n");
    assert_eq!(build(&[("FLAVOUR", "mint")]).ran(), 1);
    assert_eq!(
        build(&[("FLAVOUR", "mint"), ("HANDED", "1")]).ran(),
        0,
        "handed through, not in the key"
    );
    assert_eq!(sandbox.read("o"), "mint none none C.UTF-8 UTC\n");
    let mut odd = sandbox.command(["build"]);
    odd.env("FLAVOUR", OsStr::from_bytes(b"mi\xffnt"));
    let refused = crate::support::Outcome::of(odd.output().expect("pipe starts")).expect_code(2);
    refused.expect_said("FLAVOUR");
}

#[test]
fn a_manifest_that_is_no_text_is_refused() {
    let sandbox = Sandbox::new("");
    sandbox.write("pipe.kdl", b"node \"a\" { out \"o\"; run \"tr\xff\" }");
    sandbox.pipe("build").expect_code(2).expect_said("UTF-8");
}

/// Lets the stamps of all files grow old enough to be trusted, by building until nothing is read any more.
fn settle(sandbox: &Sandbox) {
    let old = SystemTime::now() - Duration::from_millis(50);
    wait_until("the clock to leave the files behind", || {
        let newest = ["a.txt", "build/b.txt", "build/c.txt"].map(|path| {
            sandbox
                .path(path)
                .metadata()
                .expect("it stands")
                .modified()
                .expect("a time")
        });
        SystemTime::now()
            .duration_since(*newest.iter().max().expect("three"))
            .is_ok_and(|age| age > Duration::from_millis(50))
            && SystemTime::now() > old
    });
    sandbox.build().expect_nothing_done();
}
