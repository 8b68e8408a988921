//! Real streams of `pipe build --events` fit the schema, and tell enough for another program to draw the build.
//!
//! Does not know what people see beside it.

use super::json_schema::JsonSchema;
use crate::support::{Sandbox, wait_until};
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

/// The lines of a stream, each valid.
#[track_caller]
fn valid(text: &str) -> Vec<Value> {
    let schema = JsonSchema::named("events");
    assert!(text.ends_with('\n'), "{text}");
    let lines: Vec<Value> = text.lines().map(|line| schema.valid_line(line)).collect();
    let types: Vec<&str> = lines.iter().map(kind).collect();
    assert_eq!(types[0], "opened");
    let is_end = |kind: &&&str| kind.starts_with("build-") && **kind != "build-started";
    assert_eq!(types.iter().filter(is_end).count(), 1, "{types:?}");
    assert!(is_end(&types.last().expect("a last line")), "{types:?}");
    let times: Vec<u64> = lines.iter().map(|line| number(&line["ms"])).collect();
    assert!(times.is_sorted(), "{times:?}");
    lines
}

fn kind(line: &Value) -> &str {
    line["type"].as_str().expect("a type")
}

fn name(line: &Value) -> &str {
    line["node"].as_str().expect("a node")
}

#[track_caller]
fn number(value: &Value) -> u64 {
    value
        .as_u64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

/// The line of a type about a node.
#[track_caller]
fn line<'l>(lines: &'l [Value], wanted: &str, node: &str) -> &'l Value {
    let fits = |line: &&Value| kind(line) == wanted && line["node"] == node;
    let found = lines.iter().rfind(fits);
    found.unwrap_or_else(|| panic!("no {wanted} of {node} in {lines:#?}"))
}

/// Draws a build as another program would: who waits, who runs, what the slots hold. Panics where the lines do not
/// make a story, and gives the outcomes.
#[track_caller]
fn drawn(lines: &[Value]) -> HashMap<String, String> {
    let start = lines.iter().find(|line| kind(line) == "build-started");
    let jobs = start.map_or(0, |start| number(&start["jobs"]));
    let mut planned: HashMap<&str, &Value> = HashMap::new();
    let (mut queued, mut running) = (HashSet::new(), HashSet::new());
    let mut outcomes: HashMap<String, String> = HashMap::new();
    for line in lines {
        match kind(line) {
            "node-planned" => {
                let needs = line["needs"].as_array().expect("needs");
                assert!(
                    needs
                        .iter()
                        .all(|need| planned.contains_key(need.as_str().expect("a name")))
                );
                planned.insert(name(line), line);
            }
            "node-queued" => assert!(queued.insert(name(line))),
            "node-started" => {
                assert!(queued.remove(name(line)), "{line} was not in the queue");
                assert!(running.insert(name(line)));
                let taken = |node: &&str| number(&planned[node]["takes"]["slots"]);
                assert!(running.iter().map(taken).sum::<u64>() <= jobs, "{line}");
                let alone = |node: &&str| planned[node]["takes"]["exclusive"] == true;
                assert!(running.len() == 1 || !running.iter().any(alone), "{line}");
            }
            "node-retried" => {
                assert!(running.remove(name(line)) && queued.insert(name(line)));
            }
            "node-finished" => {
                running.remove(name(line));
                queued.remove(name(line));
                let outcome = line["outcome"].as_str().expect("an outcome").to_owned();
                let before = outcomes.insert(name(line).to_owned(), outcome);
                assert!(
                    planned.contains_key(name(line)) && before.is_none(),
                    "{line}"
                );
            }
            "build-finished" => {
                for outcome in ["restored", "ran", "failed", "blocked", "stopped"] {
                    let told = outcomes.values().filter(|told| *told == outcome).count();
                    assert_eq!(number(&line[outcome]), told as u64, "{outcome}");
                }
                assert_eq!(planned.len(), outcomes.len(), "every node is settled");
            }
            _ => {}
        }
    }
    assert!(
        running.is_empty() && queued.is_empty(),
        "{running:?} {queued:?}"
    );
    outcomes
}

/// Builds with these arguments and gives the stream.
#[track_caller]
fn build(sandbox: &Sandbox, arguments: &str, code: i32) -> Vec<Value> {
    let events = sandbox.beside("events.jsonl");
    let command = format!("build --events {} {arguments}", events.display());
    sandbox.pipe(&command).expect_code(code);
    valid(&fs::read_to_string(events).expect("the events"))
}

const MANIFEST: &str = r##"
jobs 2
resource "gpu" 4
node "a" {
    in "raw.txt"
    out "a.txt"
    use gpu="50%"
    run "cat {in} > {out}; echo said $(cat {in})"
}
node "b" {
    in "raw.txt"
    out "b.txt"
    run "until [ -e go ]; do sleep 0.01; done; cat {in} > {out}"
}
node "alone" {
    exclusive
    in "a.txt"
    out "alone.txt"
    run "cat {in} > {out}"
}
node "last" {
    in "alone.txt" "b.txt"
    out "last.txt"
    run "cat {in} > {out}"
}
"##;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("raw.txt", "1");
    sandbox.write("go", "");
    sandbox
}

#[test]
fn a_build_that_goes_well() {
    let sandbox = sandbox();
    let lines = build(&sandbox, "", 0);
    let outcomes = drawn(&lines);
    assert!(outcomes.len() == 4 && outcomes.values().all(|outcome| outcome == "ran"));
    let start = lines
        .iter()
        .find(|line| kind(line) == "build-started")
        .expect("a start");
    assert_eq!(
        (&start["build"], &start["total"], &start["jobs"]),
        (&json!(1), &json!(4), &json!(2))
    );
    assert_eq!(start["resources"][0], json!({"name": "gpu", "amount": 4}));
    let a = line(&lines, "node-started", "a");
    assert_eq!(a["reasons"][0]["kind"], "never-ran");
    assert_eq!(
        a["takes"],
        json!({"slots": 1, "exclusive": false, "resources": [{"name": "gpu", "amount": 2}]})
    );
    assert_eq!(sandbox.read(a["log"].as_str().expect("a path")), "said 1\n");
    assert_eq!(line(&lines, "output", "a")["bytes"], 7);
    let a = line(&lines, "node-finished", "a");
    assert_eq!(
        (&a["attempts"], &a["exit_code"], &a["unchanged"]),
        (&json!(1), &json!(0), &json!(false))
    );
    assert!(a["cpu_ms"].is_u64() && a["took_ms"].is_u64());
    assert_eq!(
        line(&lines, "node-planned", "last")["needs"],
        json!(["b", "alone"])
    );
    let ahead: Vec<u64> = lines
        .iter()
        .filter(|line| kind(line) == "ahead")
        .map(|line| number(&line["nodes"]))
        .collect();
    assert_eq!((ahead.first(), ahead.last()), (Some(&4), Some(&0)));

    let idle = build(&sandbox, "", 0);
    assert_eq!(idle.len(), 2);
    assert_eq!(
        (&idle[1]["outcome"], &idle[1]["fresh"]),
        (&json!("done"), &json!(4))
    );
}

#[test]
fn what_is_restored_says_what_it_saved() {
    let sandbox = sandbox();
    sandbox.build();
    sandbox.write("raw.txt", "2");
    let lines = build(&sandbox, "a", 0);
    let reason = &line(&lines, "node-started", "a")["reasons"][0];
    assert_eq!(
        (&reason["kind"], &reason["subject"]),
        (&json!("input-changed"), &json!("raw.txt"))
    );
    assert!(
        line(&lines, "node-planned", "a")["expected_ms"].is_u64(),
        "from the run before"
    );

    sandbox.write("raw.txt", "1");
    let lines = build(&sandbox, "a", 0);
    assert_eq!(
        drawn(&lines),
        HashMap::from([("a".to_owned(), "restored".to_owned())])
    );
    let a = line(&lines, "node-finished", "a");
    assert!(a["saved_ms"].is_u64() && a["attempts"] == 0 && a["took_ms"].is_null());
}

#[test]
fn failures_say_why_and_what_was_printed() {
    let sandbox = Sandbox::new(
        r##"
node "bad" {
    out "bad.txt"
    run "echo oh no; exit 3"
}
node "lazy" {
    out "lazy.txt"
    run "true"
}
node "below" {
    in "bad.txt"
    out "below.txt"
    run "cp {in} {out}"
}
node "tries" {
    retries 2
    out "tries.txt"
    run "echo x >> tries; [ $(wc -l < tries) = 3 ] && cp tries {out}"
}
"##,
    );
    let lines = build(&sandbox, "-k -j 1", 1);
    let outcomes = drawn(&lines);
    assert_eq!(
        (&*outcomes["bad"], &*outcomes["below"], &*outcomes["tries"]),
        ("failed", "blocked", "ran")
    );
    let bad = line(&lines, "node-finished", "bad");
    assert_eq!(bad["cause"], json!({"kind": "exit", "text": "exit code 3"}));
    assert_eq!(bad["exit_code"], 3);
    assert_eq!(line(&lines, "output", "bad")["end"], "oh no\n");
    let lazy = line(&lines, "node-finished", "lazy");
    assert_eq!(
        (&lazy["cause"]["kind"], &lazy["exit_code"]),
        (&json!("outputs"), &json!(0))
    );
    assert!(
        lazy["hints"][0]
            .as_str()
            .is_some_and(|hint| hint.contains("{out}"))
    );
    assert_eq!(line(&lines, "node-finished", "below")["blocked_by"], "bad");
    let retried = line(&lines, "node-retried", "tries");
    assert_eq!(
        (
            &retried["retry"],
            &retried["retries"],
            &retried["cause"]["kind"]
        ),
        (&json!(2), &json!(2), &json!("exit"))
    );
    assert_eq!(line(&lines, "node-started", "tries")["attempt"], 3);
    assert_eq!(line(&lines, "node-finished", "tries")["attempts"], 3);

    sandbox.remove("tries");
    sandbox.remove("tries.txt");
    let stopped = build(&sandbox, "-f bad below", 1);
    drawn(&stopped);
    assert_eq!(stopped.last().expect("an end")["outcome"], "failed");
}

#[test]
fn what_cannot_be_built_is_refused_in_the_stream_too() {
    let sandbox = sandbox();
    sandbox.remove("raw.txt");
    let code = |lines: &[Value]| lines.last().expect("an end")["problems"][0]["code"].clone();
    let lines = build(&sandbox, "", 2);
    assert_eq!((lines.len(), code(&lines)), (2, json!("missing-source")));
    assert_eq!(code(&build(&sandbox, "nobody", 2)), "unknown-target");
    sandbox.manifest("node \"a\" {\n    inn \"x\"\n}\n");
    let lines = build(&sandbox, "", 2);
    let problems = lines[1]["problems"].as_array().expect("problems");
    assert!(
        problems
            .iter()
            .any(|problem| problem["code"] == "unknown-word"),
        "{problems:?}"
    );
    sandbox.remove("pipe.kdl");
    assert_eq!(code(&build(&sandbox, "", 2)), "no-manifest");
}

#[test]
fn a_reader_of_a_fifo_follows_while_commands_run() {
    let sandbox = sandbox();
    sandbox.remove("go");
    let fifo = sandbox.beside("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .expect("mkfifo")
            .success()
    );
    let mut build = sandbox
        .command(["build", "--events", fifo.to_str().expect("a name")])
        .stderr(Stdio::null())
        .spawn()
        .expect("pipe starts");
    let mut reader = BufReader::new(fs::File::open(&fifo).expect("the reader's end"));
    let mut text = String::new();
    // `b` runs, `alone` has to wait for it, and nothing ends before this reader has seen so.
    while !text.contains("slots-held") {
        assert!(reader.read_line(&mut text).expect("a line") > 0, "{text}");
    }
    sandbox.write("go", "");
    reader.read_to_string(&mut text).expect("the rest");
    assert!(build.wait().expect("an end").success());
    let lines = valid(&text);
    drawn(&lines);
    let held = line(&lines, "slots-held", "alone");
    assert_eq!(
        (&held["alone"], &held["slots"], &held["waits_for"]),
        (&json!(true), &json!(2), &json!(["b"]))
    );
    assert!(lines.iter().any(|line| kind(line) == "slots-released"));
}

#[test]
fn what_would_have_to_run_is_told_as_such() {
    let sandbox = sandbox();
    let lines = build(&sandbox, "a --cache-only", 4);
    let finished = line(&lines, "node-finished", "a");
    assert_eq!(finished["cause"]["kind"], "not-cached", "{finished}");
    assert_eq!(drawn(&lines)["a"], "failed");
}

#[test]
fn what_git_says_is_told() {
    let sandbox = sandbox();
    let git = |arguments: &str| {
        let told = Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@example.org"])
            .args(arguments.split_whitespace())
            .current_dir(sandbox.root())
            .status();
        assert!(told.expect("git starts").success());
    };
    git("init -q");
    git("commit -q --allow-empty -m first");
    let lines = build(&sandbox, "a --changed-since HEAD", 0);
    let told = |line: &&Value| line["kind"] == "changed-since";
    let told = lines.iter().find(told).expect("a notice");
    assert_eq!(told["level"], "note");
    assert!(lines.iter().any(|line| kind(line) == "build-finished"));
}

#[test]
fn an_interrupt_is_told() {
    let sandbox = sandbox();
    sandbox.remove("go");
    let events = sandbox.beside("events.jsonl");
    let mut build = sandbox
        .command([
            "build",
            "b",
            "last",
            "--events",
            events.to_str().expect("a name"),
        ])
        .stderr(Stdio::null())
        .spawn()
        .expect("pipe starts");
    let text = || fs::read_to_string(&events).unwrap_or_default();
    wait_until("b to start", || {
        text()
            .lines()
            .any(|line| line.contains("node-started") && line.contains("\"node\":\"b\""))
    });
    let process = build.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-INT", &process])
            .status()
            .expect("kill")
            .success()
    );
    assert_eq!(build.wait().expect("an end").code(), Some(130));
    let lines = valid(&text());
    assert_eq!(drawn(&lines)["b"], "stopped");
    assert_eq!(lines.last().expect("an end")["outcome"], "interrupted");
    assert!(
        lines
            .iter()
            .any(|line| kind(line) == "stopping" && line["why"] == "interrupt")
    );
    let history = sandbox.pipe("history --json").expect_code(0).out;
    let history = JsonSchema::named("history").valid(&history);
    assert_eq!(history["builds"][0]["outcome"], "interrupted");
}

#[test]
fn nobody_who_reads_can_harm_the_build() {
    let sandbox = sandbox();
    // A device that takes nothing.
    let full = sandbox.pipe("build --events /dev/full").expect_code(0);
    assert_eq!(
        full.err.matches("cannot write to /dev/full").count(),
        1,
        "{}",
        full.err
    );
    assert!(full.last_line().starts_with("done: 4 ran"), "{}", full.err);

    // A reader that goes away at once.
    sandbox.write("raw.txt", "2");
    let mut build = sandbox
        .command(["build", "--events", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("pipe starts");
    drop(build.stdout.take());
    let outcome = build.wait_with_output().expect("an end");
    let err = String::from_utf8_lossy(&outcome.stderr).into_owned();
    assert!(outcome.status.success(), "{err}");
    assert_eq!(
        err.matches("cannot write to standard output").count(),
        1,
        "{err}"
    );

    // A place where nothing can be written is a mistake, told before anything runs.
    sandbox.write("raw.txt", "3");
    let wrong = sandbox
        .pipe("build --events no/folder/e.jsonl")
        .expect_code(2);
    wrong.expect_said("no/folder/e.jsonl");
    assert_eq!(sandbox.read("a.txt"), "2");
}

#[test]
fn standard_output_and_descriptors_are_streams_too() {
    let sandbox = sandbox();
    let outcome = sandbox.pipe("build --events -").expect_code(0);
    drawn(&valid(&outcome.out));
    outcome.expect_said("done: 4 ran");
    sandbox.write("raw.txt", "2");
    let script = "exec 5>&1; \"$0\" build -q --events /dev/fd/5 | cat";
    let through = Command::new("bash")
        .args(["-c", script, env!("CARGO_BIN_EXE_pipe")])
        .current_dir(sandbox.root())
        .output()
        .expect("bash starts");
    drawn(&valid(&String::from_utf8_lossy(&through.stdout)));
}

#[test]
fn the_schema_of_events_can_refuse() {
    let schema = JsonSchema::named("events");
    let good = json!({"version": 1, "ms": 5, "type": "node-queued", "node": "a"});
    assert_eq!(schema.complaints(&good), [""; 0]);
    for bad in [
        json!({"version": 2, "ms": 5, "type": "node-queued", "node": "a"}),
        json!({"version": 1, "ms": -5, "type": "node-queued", "node": "a"}),
        json!({"version": 1, "ms": 5, "type": "node-queued", "node": ""}),
        json!({"version": 1, "ms": 5, "type": "node-queued"}),
        json!({"version": 1, "ms": 5, "type": "node-queued", "node": "a", "more": 1}),
        json!({"version": 1, "ms": 5, "type": "something", "node": "a"}),
        json!({"version": 1, "ms": 5, "node": "a"}),
    ] {
        assert!(!schema.complaints(&bad).is_empty(), "{bad} passes");
    }
}
