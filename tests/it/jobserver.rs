//! GNU make's job server, both ways, with the make of this machine.

use crate::faults::signal;
use crate::support::{Outcome, Sandbox, wait_until};
use rustix::fs::{CWD, Mode, mkfifoat};
use std::fs::File;
use std::io::{Read, Write};
use std::process::{Command, Stdio};

/// Says in `log` that it starts and ends; meanwhile waits until so many have started.
const STEP: &str = r#"step() { echo + >> log; until test $(grep -c + log) -ge $1; do sleep 0.01; done; sleep 0.02; echo - >> log; }"#;

/// So many nodes that each do a step and wait until `together` have started theirs.
fn steps(nodes: usize, together: usize) -> Sandbox {
    let node = |number| {
        format!(
            "node \"n{number}\" {{ exec \"bash\" \"-c\" \". ./step.sh; step {together}\"; always }}\n"
        )
    };
    let sandbox = Sandbox::new(&(0..nodes).map(node).collect::<String>());
    sandbox.write("step.sh", STEP);
    sandbox
}

/// The most that ran at one moment.
fn most_at_once(sandbox: &Sandbox) -> i32 {
    let (mut now, mut most) = (0, 0);
    for line in sandbox.read("log").lines() {
        now += if line == "+" { 1 } else { -1 };
        most = most.max(now);
    }
    assert_eq!(now, 0, "all have ended");
    most
}

/// `make` with this makefile, in which `$(PIPE)` is the program.
fn make(sandbox: &Sandbox, arguments: &[&str], makefile: &str) -> Command {
    sandbox.write("Makefile", makefile);
    let mut command = Command::new("make");
    command.args(arguments).current_dir(sandbox.root());
    command
        .env("PIPE", env!("CARGO_BIN_EXE_pipe"))
        .env_remove("MAKEFLAGS")
        .env_remove("PIPE_CACHE_DIR");
    command.stdin(Stdio::null());
    command
}

/// Make counts its tokens at the end.
#[track_caller]
fn expect_all_tokens(outcome: &Outcome) {
    assert!(!outcome.err.contains("INTERNAL"), "{}", outcome.err);
}

#[test]
fn below_make_the_commands_share_its_limit() {
    let sandbox = steps(7, 3);
    let output = make(&sandbox, &["-j3"], "all:\n\t+$(PIPE) build\n")
        .output()
        .expect("make starts");
    let outcome = Outcome::of(output).expect_code(0);
    assert_eq!(most_at_once(&sandbox), 3);
    expect_all_tokens(&outcome);

    // Another recipe of make's takes one of the three.
    let sandbox = steps(7, 2);
    let makefile = "all: other pipe\nother:\n\t@until test -e done; do sleep 0.01; done\npipe:\n\t+$(PIPE) build; touch done\n";
    let output = make(&sandbox, &["-j3"], makefile)
        .output()
        .expect("make starts");
    let outcome = Outcome::of(output).expect_code(0);
    assert_eq!(most_at_once(&sandbox), 2);
    expect_all_tokens(&outcome);
}

#[test]
fn tokens_come_back_from_a_build_that_fails_or_is_interrupted() {
    let sandbox = Sandbox::new(
        r#"
        node "a" { run "touch a; until test -e b; do sleep 0.01; done; false" }
        node "b" { run "touch b; until test -e go; do sleep 0.01; done" }
        "#,
    );
    let makefile = "all:\n\t+$(PIPE) build & echo $$! > pid; wait $$!\n";
    let failing = makefile.replace("build", "build -k a");
    let mut failing = make(&sandbox, &["-j3"], &failing);
    sandbox.write("b", "");
    let outcome = Outcome::of(failing.output().expect("make starts")).expect_code(2);
    outcome.expect_said("exit code 1");
    expect_all_tokens(&outcome);

    sandbox.remove("b");
    sandbox.manifest(&sandbox.read("pipe.kdl").replace("false", "sleep 1000"));
    let running = make(&sandbox, &["-j3"], makefile)
        .stderr(Stdio::piped())
        .spawn()
        .expect("make starts");
    wait_until("both to run", || sandbox.stands("b"));
    signal(
        "TERM",
        sandbox.read("pid").trim().parse().expect("a number"),
    );
    let outcome = Outcome::of(running.wait_with_output().expect("make ends")).expect_code(2);
    outcome.expect_said("interrupted");
    expect_all_tokens(&outcome);
}

#[test]
fn a_make_in_a_node_shares_the_slots_of_the_build() {
    let sandbox = steps(0, 0);
    let targets = "all: a b c d e\na b c d e:\n\t@bash -c '. ./step.sh; step 2'\n";
    sandbox.write("sub.mk", targets);
    let sub = r#"node "sub" { run "make -s -f sub.mk; touch done"; always }"#;
    // Alone it gets both slots; with another node beside it, one of three is taken.
    sandbox.manifest(&format!("jobs 2\n{sub}"));
    sandbox.build();
    assert_eq!(most_at_once(&sandbox), 2);
    sandbox.remove("log");
    sandbox.remove("done");
    let beside = r#"node "beside" { run "until test -e done; do sleep 0.01; done"; always }"#;
    sandbox.manifest(&format!("jobs 3\n{sub}\n{beside}"));
    sandbox.build();
    assert_eq!(most_at_once(&sandbox), 2);
    assert!(!sandbox.pipe("log sub").out.contains("warning"));
}

/// A pool by name, as makes from 4.4 on have it; here without a make.
#[test]
fn from_a_named_pool_the_same_bytes_come_back() {
    let sandbox = steps(6, 3);
    let path = sandbox.beside("pool");
    mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).expect("a named pipe");
    let mut pool = File::options()
        .read(true)
        .write(true)
        .open(&path)
        .expect("the pipe");
    pool.write_all(b"xy").expect("tokens");
    let build = |arguments: &str| {
        let mut command = sandbox.command(arguments.split(' '));
        command.env(
            "MAKEFLAGS",
            format!(" -j9 --jobserver-auth=fifo:{}", path.display()),
        );
        Outcome::of(command.output().expect("pipe starts"))
    };
    let mut tokens = || {
        let mut bytes = [0; 2];
        pool.read_exact(&mut bytes).expect("both");
        pool.write_all(&bytes).expect("back");
        bytes.sort_unstable();
        bytes
    };
    build("build").expect_code(0);
    assert_eq!((most_at_once(&sandbox), tokens()), (3, *b"xy"));
    // A number on the command line is its own.
    sandbox.remove("log");
    sandbox.write("step.sh", STEP.replace("$1", "4"));
    build("build -j4").expect_code(0);
    assert_eq!((most_at_once(&sandbox), tokens()), (4, *b"xy"));
}

#[test]
fn a_pool_that_is_not_open_is_named_and_nothing_runs_side_by_side() {
    let sandbox = steps(3, 0);
    let mut command = sandbox.command(["build"]);
    command.env("MAKEFLAGS", " -j3 --jobserver-auth=700,701");
    let outcome = Outcome::of(command.output().expect("pipe starts")).expect_code(0);
    outcome.expect_said("make's job server is not open to this command");
    assert_eq!(most_at_once(&sandbox), 1);
}

/// What commands are offered is not part of a key, and what the manifest says wins.
#[test]
fn the_variables_are_no_part_of_a_key() {
    let sandbox = Sandbox::new(r#"node "n" { out "o"; run "echo $MAKEFLAGS > {out}" }"#);
    sandbox.pipe("build -j3").expect_code(0);
    assert!(sandbox.read("o").contains("-j3 --jobserver-auth="));
    sandbox
        .pipe("build -j4")
        .expect_code(0)
        .expect_nothing_done();
    sandbox.manifest(r#"env MAKEFLAGS="-k"; node "n" { out "o"; run "echo $MAKEFLAGS > {out}" }"#);
    sandbox.build();
    assert_eq!(sandbox.read("o"), "-k\n");
}
