//! What `status`, `why`, `list`, `history` and `diff` print as JSON fits their schemas and says what their texts say.
//!
//! Does not know how anything is judged.

use super::json_schema::JsonSchema;
use crate::support::Sandbox;
use serde_json::{Value, json};

const MANIFEST: &str = r##"
jobs 2
resource "gpu" 2
env WORD="one"
node "copy" {
    about "Copies"
    tags "t"
    in "raw.txt"
    out "copy.txt"
    run "cat {in} > {out}; echo copied"
}
node "sum" {
    exclusive "disk"
    in "copy.txt"
    out "sums/"
    run "mkdir {out}; wc -c {in} > {out}/n; cat raw.txt >/dev/null"
}
node "rest" {
    exclusive
    use gpu=1
    slots 2
    retries 1
    timeout "1m"
    after "sum"
    in "other.txt"
    out "rest.txt"
    exec "cp" "{in}" "{out}"
}
"##;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("raw.txt", "raw");
    sandbox.write("other.txt", "other");
    sandbox
}

#[track_caller]
fn document(sandbox: &Sandbox, schema: &str, arguments: &str) -> Value {
    let outcome = sandbox.pipe(arguments).expect_code(0);
    assert_eq!(outcome.err, "");
    JsonSchema::named(schema).valid(&outcome.out)
}

fn names(nodes: &Value) -> Vec<&str> {
    let nodes = nodes["nodes"].as_array().expect("nodes");
    nodes
        .iter()
        .map(|node| node["node"].as_str().expect("a name"))
        .collect()
}

/// The entry of a node.
#[track_caller]
fn of<'d>(document: &'d Value, node: &str) -> &'d Value {
    let nodes = document["nodes"].as_array().expect("nodes");
    nodes
        .iter()
        .find(|found| found["node"] == node)
        .unwrap_or_else(|| panic!("no `{node}` in {document}"))
}

#[test]
fn status_and_why_have_every_state_with_its_reasons() {
    let sandbox = sandbox();
    let status = document(&sandbox, "status", "status --json");
    assert_eq!(names(&status), ["copy", "sum", "rest"]);
    assert_eq!(
        status["counts"],
        json!({"fresh": 0, "away": 0, "cached": 0, "stale": 2, "may-run": 1, "missing": 0})
    );
    assert_eq!(of(&status, "sum")["waits_for"], "copy");
    assert_eq!(of(&status, "copy")["reasons"][0]["kind"], "never-ran");
    assert_eq!(of(&status, "copy")["last_run"], Value::Null);

    sandbox.build();
    let fresh = document(&sandbox, "status", "status --json");
    assert_eq!(fresh["counts"]["fresh"], 3);
    let copy = of(&fresh, "copy");
    assert_eq!(
        (&copy["up_to_date"]["build"], &copy["up_to_date"]["how"]),
        (&json!(1), &json!("ran"))
    );
    assert_eq!(copy["last_run"]["outcome"], "ran");

    // One of each: an input, a part of the declaration, an output that can be restored, a source that is gone.
    sandbox.write("raw.txt", "new");
    sandbox.manifest(&MANIFEST.replace("WORD=\"one\"", "WORD=\"two\""));
    let stale = document(&sandbox, "why", "why sum --json");
    assert_eq!(stale["asked"], json!(["sum"]));
    assert_eq!(names(&stale), ["sum", "copy"]);
    assert_eq!(of(&stale, "sum")["unsettled_needs"], json!(["copy"]));
    let reasons = &of(&stale, "copy")["reasons"];
    let text = sandbox.pipe("why sum").expect_code(0).out;
    let mut kinds = Vec::new();
    for reason in reasons.as_array().expect("reasons") {
        let sentence = reason["text"].as_str().expect("a text");
        assert!(text.contains(sentence), "{sentence:?} is not in\n{text}");
        kinds.push((
            reason["kind"].as_str().expect("a kind"),
            reason["subject"].as_str().expect("a subject"),
        ));
        match reason["kind"].as_str() {
            Some("declaration-changed") => {
                assert_eq!(
                    (&reason["old"], &reason["new"]),
                    (&json!("one"), &json!("two"))
                );
            }
            _ => assert_eq!(
                (&reason["old"]["size"], &reason["old"]["kind"]),
                (&json!(3), &json!("file"))
            ),
        }
    }
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            ("declaration-changed", "env WORD"),
            ("input-changed", "raw.txt")
        ]
    );

    sandbox.manifest(MANIFEST);
    sandbox.write("raw.txt", "raw");
    sandbox.remove("copy.txt");
    sandbox.remove("other.txt");
    let status = document(&sandbox, "status", "status --json");
    assert_eq!(
        (&of(&status, "copy")["state"], &of(&status, "rest")["state"]),
        (&json!("cached"), &json!("missing"))
    );
    assert_eq!(of(&status, "copy")["reasons"][0]["kind"], "output-missing");
    let missing = &of(&status, "rest")["missing"][0];
    assert_eq!(
        missing,
        &json!({"what": "other.txt", "fault": "not-there", "text": "source other.txt is not there"})
    );
    sandbox
        .pipe("status")
        .expect_code(0)
        .expect_said("source other.txt is not there");
    sandbox.pipe("status --json --exit-code").expect_code(3);
}

#[test]
fn cache_stats_count_what_is_kept_and_what_it_saved() {
    let sandbox = sandbox();
    let empty = document(&sandbox, "cache-stats", "cache stats --json");
    assert_eq!((&empty["results"], &empty["size"]), (&json!(0), &json!(0)));
    sandbox.build();
    sandbox.write("raw.txt", "other");
    sandbox.build();
    sandbox.write("raw.txt", "raw");
    sandbox.build();
    let stats = document(&sandbox, "cache-stats", "cache stats --json");
    assert_eq!(
        (&stats["results"], &stats["here"]["results"]),
        (&json!(5), &json!(3)),
        "{stats}"
    );
    let history = &stats["history"];
    assert_eq!(
        (&history["builds"], &history["ran"], &history["restored"]),
        (&json!(3), &json!(5), &json!(2)),
        "{stats}"
    );
    assert!(stats["limit"].as_u64() >= Some(5 << 30), "{stats}");
    assert!(
        stats["size"].as_u64() > stats["here"]["size"].as_u64(),
        "{stats}"
    );
    let text = sandbox.pipe("cache stats").expect_code(0);
    text.expect_said("5 results");
    text.expect_said("2 nodes restored, 5 ran");
}

#[test]
fn list_says_what_a_node_is() {
    let list = document(&sandbox(), "list", "list --json");
    assert_eq!(names(&list), ["copy", "sum", "rest"]);
    assert_eq!(
        of(&list, "rest"),
        &json!({
            "node": "rest", "family": "rest", "about": "", "tags": [], "command": "cp other.txt rest.txt", "folder": "",
            "inputs": [{"path": "other.txt", "directory": false, "written_by": null}],
            "outputs": [{"path": "rest.txt", "directory": false, "written_by": null}],
            "needs": [], "after": ["sum"], "exclusive": true, "slots": 2,
            "resources": [{"name": "gpu", "amount": 1, "unit": "count"}], "retries": 1, "timeout_ms": 60000
        })
    );
    let sum = of(&list, "sum");
    assert_eq!(
        (&sum["exclusive"], &sum["needs"]),
        (&json!("disk"), &json!(["copy"]))
    );
    assert_eq!(sum["inputs"][0]["written_by"], "copy");
    assert_eq!(sum["outputs"][0]["directory"], true);
    let one = document(&sandbox(), "list", "list tag:t --json");
    assert_eq!(names(&one), ["copy"]);
}

#[test]
fn history_has_every_build_and_every_run() {
    let sandbox = sandbox();
    let empty = document(&sandbox, "history", "history --json");
    assert_eq!(empty["builds"], json!([]));
    sandbox.build();
    sandbox.pipe("build").expect_code(0).expect_nothing_done();
    sandbox.write("raw.txt", "new");
    sandbox.remove("rest.txt");
    sandbox.build();
    sandbox.manifest(&MANIFEST.replace("echo copied", "exit 3"));
    sandbox.pipe("build copy").expect_code(1);

    let builds = document(&sandbox, "history", "history --json");
    let list = builds["builds"].as_array().expect("builds");
    let said: Vec<(&Value, &Value, &Value, &Value)> = list
        .iter()
        .map(|build| {
            (
                &build["outcome"],
                &build["ran"],
                &build["restored"],
                &build["failed"],
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            (&json!("done"), &json!(3), &json!(0), &json!(0)),
            (&json!("done"), &json!(2), &json!(1), &json!(0)),
            (&json!("failed"), &json!(0), &json!(0), &json!(1)),
        ]
    );
    let text = sandbox.pipe("history").expect_code(0).out;
    let numbers: Vec<&str> = text
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert_eq!(numbers, ["build", "3", "2", "1"], "the newest first");

    let runs = document(&sandbox, "history", "history copy --json");
    let runs = &of(&runs, "copy")["runs"];
    let why: Vec<&Value> = (0..3).map(|run| &runs[run]["why"]["kind"]).collect();
    assert_eq!(why, ["never-ran", "input-changed", "declaration-changed"]);
    assert_eq!(
        (&runs[2]["exit_code"], &runs[2]["outcome"]),
        (&json!(3), &json!("failed"))
    );
    assert!(runs[1]["started_ms"].as_u64() > runs[0]["started_ms"].as_u64());
    let last = document(&sandbox, "history", "history copy --json -n 1");
    assert_eq!(of(&last, "copy")["runs"][0]["build"], 3);
    sandbox
        .pipe("history copy")
        .expect_code(0)
        .expect_said("input raw.txt changed");

    // The log of each run is found by the number of its build.
    assert_eq!(
        sandbox.pipe("log copy --run 2").expect_code(0).out,
        "copied\n"
    );

    // What is gone from the manifest is remembered, and a broken manifest hides nothing.
    sandbox.manifest("node \"other\" {");
    document(&sandbox, "history", "history --json");
    let gone = document(&sandbox, "history", "history copy --json");
    assert_eq!(of(&gone, "copy")["runs"][0]["build"], 1);
    sandbox.pipe("history other").expect_code(2);
}

#[test]
fn a_run_that_only_pretends_to_go_well_is_remembered_as_failed() {
    let sandbox = Sandbox::new("node \"a\" {\n    out \"a.txt\"\n    run \"true\"\n}\n");
    sandbox.pipe("build").expect_code(1);
    let runs = document(&sandbox, "history", "history a --json");
    let run = &of(&runs, "a")["runs"][0];
    assert_eq!(
        (&run["outcome"], &run["exit_code"]),
        (&json!("failed"), &json!(0))
    );
    sandbox
        .pipe("why a")
        .expect_code(0)
        .expect_said("its last run failed");
}

#[test]
fn every_schema_is_printed_and_says_which_it_is() {
    let sandbox = sandbox();
    let names = [
        "cache-stats",
        "check",
        "diff",
        "events",
        "graph",
        "history",
        "list",
        "status",
        "why",
    ];
    for name in names {
        let printed = sandbox.pipe(&format!("schema {name}")).expect_code(0).out;
        let printed: Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(printed, JsonSchema::named(name).0);
        assert_eq!(printed["$id"], format!("urn:pipe-build:{name}:1"));
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas");
    let files = std::fs::read_dir(folder).expect("the schemas can be listed");
    let json = files.flatten().filter(|file| {
        file.path()
            .extension()
            .is_some_and(|ending| ending == "json")
    });
    assert_eq!(json.count(), names.len());
}

#[test]
fn diff_has_both_sides_of_each_node() {
    let sandbox = sandbox();
    sandbox.build();
    sandbox.write("raw.txt", "longer");
    sandbox.manifest(&MANIFEST.replace("node \"rest\"", "node \"other\""));
    sandbox.build();
    let diff = document(&sandbox, "diff", "diff --json");
    assert_eq!(
        (&diff["first"]["build"], &diff["second"]["build"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(names(&diff), ["copy", "other", "rest", "sum"]);
    let copy = of(&diff, "copy");
    assert_eq!(copy["key_differs"], true);
    assert_eq!(copy["reasons"][0]["text"], "input raw.txt changed");
    assert_eq!(
        copy["outputs"],
        json!([{"path": "copy.txt", "first_size": 3, "second_size": 6}])
    );
    assert_eq!(
        (&of(&diff, "other")["first"], &of(&diff, "rest")["second"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(of(&diff, "rest")["first"]["outcome"], "ran");
    let text = sandbox.pipe("diff").expect_code(0).out;
    assert!(text.contains("only in build 2: other"), "{text}");
}
