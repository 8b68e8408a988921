//! Several at once: builds in one checkout, looking while one builds, checkouts that share a cache.

use crate::faults::signal;
use crate::support::{Outcome, Sandbox, wait_until};
use std::fs::{self, File};
use std::process::{Child, Stdio};

/// A project whose one command waits for the file `go`.
fn waits_for_go() -> Sandbox {
    let sandbox = Sandbox::new(
        r#"node "n" { in "a.txt"; out "o.txt"; run "touch started; until test -e go; do sleep 0.01; done; echo x >> runs; cat {in} > {out}" }"#,
    );
    sandbox.write("a.txt", "1\n");
    sandbox
}

/// Starts a build and waits until its command runs.
fn start(sandbox: &Sandbox) -> Child {
    let mut command = sandbox.command(["build"]);
    let build = command.stderr(Stdio::null()).spawn().expect("pipe starts");
    wait_until("the command to run", || sandbox.stands("started"));
    build
}

/// Starts a second build and waits until it has said that it waits for the first.
fn start_second(sandbox: &Sandbox, first: &Child) -> Child {
    let told = sandbox.beside("told");
    let file = File::create(&told).expect("a file");
    let mut command = sandbox.command(["build"]);
    let second = command.stderr(file).spawn().expect("pipe starts");
    let words = format!("(process {}, for ", first.id());
    wait_until("the second build to say that it waits", || {
        fs::read_to_string(&told).is_ok_and(|text| text.contains(&words))
    });
    second
}

#[test]
fn a_second_build_waits_and_says_for_whom() {
    let sandbox = waits_for_go();
    let mut first = start(&sandbox);
    let second = start_second(&sandbox, &first);
    sandbox.write("go", "");
    assert!(first.wait().expect("it ends").success());
    let second = Outcome::of(second.wait_with_output().expect("it ends")).expect_code(0);
    assert!(second.out.is_empty());
    assert_eq!(sandbox.take_runs(), ["x"], "the second found the work done");
}

/// `go` never comes before the first is dead: the second can only end if it took over.
#[test]
fn a_waiting_build_takes_over_from_one_that_is_killed() {
    let sandbox = waits_for_go();
    let mut first = start(&sandbox);
    let second = start_second(&sandbox, &first);
    sandbox.remove("started");
    signal("KILL", first.id());
    first.wait().expect("it ends");
    wait_until("the second to run the command", || {
        sandbox.stands("started")
    });
    sandbox.write("go", "");
    Outcome::of(second.wait_with_output().expect("it ends")).expect_code(0);
    assert_eq!(sandbox.take_runs(), ["x"], "what the first left is ended");
    assert_eq!(sandbox.read("o.txt"), "1\n");
}

#[test]
fn a_build_that_does_not_wait_names_the_other_and_does_nothing() {
    let sandbox = waits_for_go();
    let mut first = start(&sandbox);
    let ledger = fs::read(sandbox.path(".pipe/ledger")).expect("a ledger");
    let second = sandbox.pipe("build --no-wait").expect_code(5);
    second.expect_said(&format!("process {}, for ", first.id()));
    let events = sandbox.pipe("build --no-wait --events -").expect_code(5);
    assert!(
        events.out.contains("works in this project"),
        "{}",
        events.out
    );
    assert_eq!(
        fs::read(sandbox.path(".pipe/ledger")).expect("a ledger"),
        ledger
    );
    sandbox.write("go", "");
    assert!(first.wait().expect("it ends").success());
    assert_eq!(sandbox.take_runs(), ["x"]);
    sandbox
        .pipe("build --no-wait")
        .expect_code(0)
        .expect_nothing_done();
}
