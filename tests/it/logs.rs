//! `pipe log`: of which run, of a run that goes on, of all that failed; and what becomes of colours.
//!
//! Commands wait for files that the tests write, so that nothing depends on speed.

use crate::support::{Outcome, Sandbox, wait_until};
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

const MANIFEST: &str = r##"
node "talker" {
    in "go.txt"
    out "talker.txt"
    run "printf '\\033[31mred\\033[0m\\n'; touch spoke; until test -e finish; do sleep 0.01; done; echo end; touch {out}"
}
node "silent" {
    in "go.txt"
    out "silent.txt"
    run "touch {out}"
}
"##;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("go.txt", "1");
    sandbox
}

fn start(sandbox: &Sandbox, arguments: &str) -> Child {
    let mut command = sandbox.command(arguments.split_whitespace());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("pipe starts")
}

fn end(child: Child) -> Outcome {
    Outcome::of(child.wait_with_output().expect("its end"))
}

#[test]
fn a_log_is_followed_from_its_start_to_its_end() {
    let sandbox = sandbox();
    let mut build = start(&sandbox, "build talker");
    wait_until("the first line", || sandbox.stands("spoke"));
    let log = start(&sandbox, "log -f talker");
    sandbox.write("finish", "");
    let log = end(log).expect_code(0);
    assert_eq!(log.out, "red\nend\n", "no colours for a program");
    assert!(build.wait().expect("its end").success());
    let raw = sandbox.pipe("log talker --color always").expect_code(0);
    assert!(raw.out.contains("\x1b[31mred\x1b[0m"), "{:?}", raw.out);
    // Nothing runs any more: what it printed last.
    assert_eq!(
        sandbox.pipe("log -f talker").expect_code(0).out,
        "red\nend\n"
    );
    sandbox
        .pipe("log -f *")
        .expect_code(2)
        .expect_said("2 nodes");
}

#[test]
fn following_ends_when_the_build_is_killed() {
    let sandbox = sandbox();
    let mut build = start(&sandbox, "build talker");
    wait_until("the first line", || sandbox.stands("spoke"));
    let mut log = start(&sandbox, "log -f talker");
    let mut lines = BufReader::new(log.stdout.take().expect("its output")).lines();
    let first = lines.next().expect("a line").expect("a text");
    assert_eq!(first, "red");
    build.kill().expect("it runs");
    assert_eq!(lines.count(), 0, "the end, without another line");
    end(log)
        .expect_code(0)
        .expect_said("build 1 ended while `talker` ran");
    build.wait().expect("its end");
    // What a killed build has left is there to be read.
    assert_eq!(sandbox.pipe("log talker").expect_code(0).out, "red\n");
}

#[test]
fn following_a_node_that_does_not_run_ends_with_the_build() {
    let sandbox = sandbox();
    sandbox.pipe("build silent").expect_code(0);
    let build = start(&sandbox, "build");
    wait_until("the first line", || sandbox.stands("spoke"));
    let log = start(&sandbox, "log -f silent");
    sandbox.write("finish", "");
    end(log).expect_code(0);
    end(build).expect_code(0);
}

#[test]
fn the_logs_of_all_that_failed_are_shown_and_of_none_that_did_not() {
    let sandbox = Sandbox::new(
        "node \"a\" { out \"a\"; run \"echo from a; exit 3\" }\nnode \"b\" { out \"b\"; run \"echo from b; echo > b\" }\n\
         node \"c\" { out \"c\"; run \"echo from c; exit 4\" }\n",
    );
    sandbox
        .pipe("log --failed")
        .expect_code(0)
        .expect_said("no build is remembered here");
    sandbox.pipe("build -k").expect_code(1);
    let failed = sandbox.pipe("log --failed").expect_code(0);
    let mut lines: Vec<&str> = failed.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["from a", "from c"]);
    failed.expect_said("`a` failed (exit code 3) and printed:");
    sandbox.pipe("log").expect_code(2);
    sandbox.manifest("node \"b\" { out \"b\"; run \"echo more > b\" }\n");
    sandbox.build();
    sandbox
        .pipe("log --failed")
        .expect_code(0)
        .expect_said("nothing failed in build 2, the last one");
}

#[test]
fn a_restored_node_shows_the_log_of_the_run_that_made_it() {
    let sandbox = Sandbox::new("node \"a\" { in \"x\"; out \"a\"; run \"cat x; cp x a\" }\n");
    sandbox.write("x", "first\n");
    sandbox.build();
    sandbox.write("x", "second\n");
    sandbox.build();
    sandbox.write("x", "first\n");
    assert_eq!(sandbox.build().restored(), 1);
    assert_eq!(sandbox.pipe("log a").expect_code(0).out, "first\n");
    assert_eq!(sandbox.pipe("log a --run 2").expect_code(0).out, "second\n");
}
