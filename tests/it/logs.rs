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

/// The command's end is enough: the build goes on. It says how that end was.
#[test]
fn following_ends_with_the_command_and_says_that_it_failed() {
    let other =
        "node \"other\" { out \"o\"; run \"until test -e last; do sleep 0.01; done; touch o\" }\n";
    let sandbox =
        Sandbox::new(&(MANIFEST.replace("echo end; touch {out}", "echo end; exit 7") + other));
    sandbox.write("go.txt", "1");
    let build = start(&sandbox, "build -k -j 2 talker other");
    wait_until("the first line", || sandbox.stands("spoke"));
    let mut log = start(&sandbox, "log -f talker");
    sandbox.write("finish", "");
    wait_until("the end", || log.try_wait().expect("its state").is_some());
    let log = end(log).expect_code(0);
    assert_eq!(log.out, "red\nend\n");
    log.expect_said("`talker` failed: exit code 7");
    sandbox.write("last", "");
    end(build).expect_code(1);
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
        "node \"a\" { out \"a\"; retries 1; run \"echo from a; exit 3\" }\nnode \"b\" { out \"b\"; run \"echo from b; echo > b\" }\n\
         node \"c\" { out \"c\"; run \"echo from c; exit 4\" }\n\
         node \"d\" { out \"d\"; retries 1; run \"echo from d; test -e tried || { touch tried; exit 5; }; touch d\" }\n",
    );
    sandbox
        .pipe("log --failed")
        .expect_code(0)
        .expect_said("no build is remembered here");
    sandbox.pipe("build -k").expect_code(1);
    let failed = sandbox.pipe("log --failed").expect_code(0);
    let mut lines: Vec<&str> = failed.out.lines().collect();
    lines.sort_unstable();
    assert_eq!(
        lines,
        ["from a", "from c"],
        "each once, and not what went well in the end"
    );
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
    // A program gets every byte of it.
    let first = "old\rfirst\n";
    sandbox.write("x", first);
    sandbox.build();
    sandbox.write("x", "second\n");
    sandbox.build();
    sandbox.write("x", first);
    assert_eq!(sandbox.build().restored(), 1);
    assert_eq!(sandbox.pipe("log a").expect_code(0).out, first);
    assert_eq!(sandbox.pipe("log a --run 1").expect_code(0).out, first);
    sandbox
        .pipe("log a --run 3")
        .expect_code(2)
        .expect_said("no log of build 3");
    assert_eq!(sandbox.pipe("log a --run 2").expect_code(0).out, "second\n");
}
