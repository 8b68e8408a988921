//! Changes while a build runs: who goes on, who starts again, and that nothing is lost or run twice.

use super::{Watch, is, ran, save};
use crate::support::{Sandbox, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::process::Command;

/// `slow` and `other` wait for files that the tests write; each says when it starts.
const SLOW: &str = r#"
/- kdl-version 2
jobs 4
node "first" { in "src/f.txt"; out "build/first"; run "cat {in} > {out}" }
node "slow" { in "src/a.txt"; out "build/slow"; run "echo slow >> starts; until [ -e go ]; do sleep 0.01; done; cat {in} > {out}" }
node "other" { in "src/b.txt"; out "build/other"; run "echo other >> starts; until [ -e go ]; do sleep 0.01; done; cat {in} > {out}" }
node "below" { in "build/slow" "build/first"; out "build/below"; run "echo below >> starts; cat {in} > {out}" }
"#;

fn slow() -> Sandbox {
    let sandbox = Sandbox::new(SLOW);
    for name in ["f", "a", "b"] {
        sandbox.write(&format!("src/{name}.txt"), "old");
    }
    sandbox
}

fn starts(sandbox: &Sandbox, node: &str) -> usize {
    let text = fs::read_to_string(sandbox.path("starts")).unwrap_or_default();
    text.lines().filter(|line| *line == node).count()
}

fn is_notice(line: &Value, kind: &str) -> bool {
    is(line, "notice") && line["kind"] == kind
}

#[test]
fn only_the_node_whose_input_changed_starts_again() {
    let sandbox = slow();
    let mut watch = Watch::start(&sandbox, "");
    wait_until("both", || {
        starts(&sandbox, "slow") == 1 && starts(&sandbox, "other") == 1
    });
    sandbox.write("src/a.txt", "new");
    watch.wait_for("the word of it", |line| {
        is_notice(line, "restarting") && line["node"] == "slow"
    });
    wait_until("the second start", || starts(&sandbox, "slow") == 2);
    sandbox.write("go", "");
    let lines = watch.rest();
    let mut ran = ran(&lines);
    // It may have been done before.
    ran.retain(|node| *node != "first");
    assert_eq!(ran, ["below", "other", "slow"]);
    assert_eq!(sandbox.read("build/below"), "newold");
    assert_eq!(starts(&sandbox, "other"), 1, "it goes on");
    assert_eq!(
        (starts(&sandbox, "slow"), starts(&sandbox, "below")),
        (2, 1)
    );
}

#[test]
fn what_lies_below_a_changed_node_that_is_done_waits_for_it() {
    let sandbox = slow();
    let mut watch = Watch::start(&sandbox, "");
    let done = |line: &Value| is(line, "node-finished") && line["node"] == "first";
    watch.wait_for("the first node", done);
    wait_until("both", || {
        starts(&sandbox, "slow") == 1 && starts(&sandbox, "other") == 1
    });
    sandbox.write("src/f.txt", "new");
    watch.wait_for("the change", |line| is(line, "changed"));
    sandbox.write("go", "");
    let lines = watch.rest_when("the end", || {
        sandbox.stands("build/below") && sandbox.read("build/below") == "oldnew"
    });
    assert_eq!(
        ran(&lines).iter().filter(|node| **node == "below").count(),
        1,
        "never with the old file"
    );
    assert_eq!(
        (starts(&sandbox, "slow"), starts(&sandbox, "other")),
        (1, 1)
    );
}

#[test]
fn a_build_can_be_let_go_on_or_begun_again() {
    let sandbox = slow();
    let mut watch = Watch::start(&sandbox, "--on-change finish");
    wait_until("both", || {
        starts(&sandbox, "slow") == 1 && starts(&sandbox, "other") == 1
    });
    sandbox.write("src/a.txt", "new");
    sandbox.write("go", "");
    watch.rest_when("the end", || {
        sandbox.stands("build/below") && sandbox.read("build/below") == "newold"
    });
    assert_eq!(
        (starts(&sandbox, "slow"), starts(&sandbox, "other")),
        (2, 1)
    );
    assert_eq!(watch.end(), Some(130));

    let sandbox = slow();
    let mut watch = Watch::start(&sandbox, "--on-change restart");
    wait_until("both", || {
        starts(&sandbox, "slow") == 1 && starts(&sandbox, "other") == 1
    });
    sandbox.write("src/a.txt", "new");
    wait_until("both again", || {
        starts(&sandbox, "slow") == 2 && starts(&sandbox, "other") == 2
    });
    sandbox.write("go", "");
    let lines = watch.rest();
    assert_eq!(ran(&lines), ["below", "first", "other", "slow"]);
    assert_eq!(sandbox.read("build/below"), "newold");
}

#[test]
fn a_signal_ends_the_build_and_the_watch() {
    let sandbox = slow();
    let mut watch = Watch::start(&sandbox, "");
    wait_until("both", || {
        starts(&sandbox, "slow") == 1 && starts(&sandbox, "other") == 1
    });
    watch.signal(Signal::TERM);
    let code = watch.child.wait().expect("its end").code();
    assert_eq!(code, Some(130));
    assert!(!sandbox.stands("build/slow"));
}

#[test]
fn a_node_that_writes_its_own_source_is_found() {
    let sandbox = Sandbox::new(
        "/- kdl-version 2\nnode \"selfish\" { in \"src/a.txt\"; out \"build/a\"; run \"cat {in} > {out}; date +%N >> src/a.txt\" }\n",
    );
    sandbox.write("src/a.txt", "a");
    let mut watch = Watch::start(&sandbox, "");
    let lines = watch.wait_for("the word of it", |line| is_notice(line, "circle"));
    let text = lines[lines.len() - 1]["text"].as_str().unwrap();
    assert!(
        text.contains("src/a.txt") && text.contains("`selfish`"),
        "{text}"
    );
    // Nobody's change is lost for it: the next build only waits.
    watch.wait_for("the next build", |line| is(line, "node-started"));
    sandbox.manifest(
        "/- kdl-version 2\nnode \"selfish\" { in \"src/a.txt\"; out \"build/a\"; run \"cat {in} > {out}\" }\n",
    );
    watch.rest();
    assert_eq!(sandbox.read("build/a"), sandbox.read("src/a.txt"));
}

/// The processes that would end the commands of a watch that is killed.
fn keepers(watch: &Watch) -> Vec<String> {
    let parent = watch.child.id().to_string();
    let found = Command::new("pgrep")
        .args(["-P", &parent, "-f", "__keep"])
        .output();
    let found = String::from_utf8(found.expect("pgrep starts").stdout).expect("numbers");
    found.lines().map(str::to_owned).collect()
}

#[test]
fn one_keeper_keeps_each_build_of_a_watch() {
    let sandbox = Sandbox::new(
        r#"
/- kdl-version 2
node "n" {
    in "src/a.txt"
    out "build/n"
    run "echo $$ > number; cp {in} started; if grep -q wait {in}; then exec sleep 1000; fi; cp {in} {out}"
}
"#,
    );
    let build = |watch: &mut Watch, text: &str| {
        save(&sandbox, "src/a.txt", text);
        watch.rest_when("a build", || {
            sandbox.stands("build/n") && sandbox.read("build/n") == text
        });
        keepers(watch)
    };
    sandbox.write("src/a.txt", "0");
    let mut watch = Watch::start(&sandbox, "");
    let first = build(&mut watch, "1");
    assert_eq!(first.len(), 1);
    assert_eq!(build(&mut watch, "2"), first);

    let keeper = first[0].parse().ok().and_then(Pid::from_raw);
    kill_process(keeper.expect("a number"), Signal::KILL).expect("it runs");
    let second = build(&mut watch, "3");
    assert!(second.len() == 1 && second != first, "{second:?}");

    save(&sandbox, "src/a.txt", "wait");
    wait_until("the command", || sandbox.read("started") == "wait");
    watch.signal(Signal::KILL);
    let line = format!("/proc/{}/cmdline", sandbox.read("number").trim());
    wait_until("the end of the command", || {
        fs::read(&line).unwrap_or_default().is_empty()
    });
}
