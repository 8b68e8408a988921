//! `pipe report` and `pipe diff`: what they tell of real builds, that they need no manifest, and that the page works in a
//! browser.
//!
//! Does not know how a build is reckoned with; the unit tests of `logic/story` do.

mod browser;

use crate::support::Sandbox;
use serde_json::Value;

const MANIFEST: &str = r##"
jobs 2
node "first" {
    in "raw.txt"
    out "b/first.txt"
    run "echo says $((1 + 1)) things; cat {in} > {out}"
}
node "fit" {
    matrix { model "rf" "xgb"; seed 1 2 }
    in "b/first.txt"
    out "b/{matrix.model}-{matrix.seed}.txt"
    run "cat {in} > {out}"
}
node "alone" {
    exclusive
    in "b/first.txt"
    out "b/alone.txt"
    run "cat {in} > {out}"
}
node "strange" {
    matrix { text "</script><script>document.title='bad'</script>" }
    after "alone"
    in "raw.txt"
    out "b/strange.txt"
    run "echo '</script><!-- <b>bold</b>'; cat {in} > {out}"
}
node "fails" {
    in "b/first.txt"
    out "b/never.txt"
    run "echo cannot go on >&2; exit 4"
}
node "below" {
    in "b/never.txt"
    out "b/below.txt"
    run "cp {in} {out}"
}
"##;

/// After one build, in which a node failed.
fn built() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("raw.txt", "raw");
    sandbox.pipe("build -k").expect_code(1);
    sandbox
}

/// The data in a page.
fn data(page: &str) -> Value {
    let (_, rest) = page
        .split_once("<script type=\"application/json\" id=\"data\">")
        .expect("data in the page");
    let (data, _) = rest.split_once("</script>").expect("its end");
    serde_json::from_str(data).expect("JSON")
}

fn node<'d>(data: &'d Value, name: &str) -> &'d Value {
    let nodes = data["nodes"].as_array().expect("nodes");
    let found = nodes.iter().find(|node| node["name"] == name);
    found.unwrap_or_else(|| panic!("no {name} in {data}"))
}

#[test]
fn a_report_tells_of_every_node_and_of_any_build() {
    let sandbox = built();
    let page = sandbox.pipe("report").expect_code(0).out;
    let first = data(&page);
    assert_eq!(first["nodes"].as_array().map(Vec::len), Some(9));
    let fails = node(&first, "fails");
    assert_eq!(
        (&fails["state"], &fails["ended"]),
        (&"failed".into(), &"exit code 4".into())
    );
    assert_eq!(fails["log"]["text"], "cannot go on");
    assert_eq!(node(&first, "below")["state"], "blocked");
    assert_eq!(node(&first, "first")["log"]["text"], "says 2 things");
    assert_eq!(
        node(&first, "first")["reasons"][0],
        "no result of it was known"
    );
    assert_eq!(
        node(&first, "first")["outputs"][0],
        serde_json::json!(["b/first.txt", 3])
    );
    let alone = &node(&first, "alone")["tries"][0];
    assert_eq!(
        alone["lanes"],
        serde_json::json!([0, 1]),
        "it has all slots"
    );
    let (from, to) = (alone["from"].as_u64(), alone["to"].as_u64());
    for other in first["nodes"].as_array().expect("nodes") {
        for one in other["tries"].as_array().expect("tries") {
            let is_before = one["to"].as_u64() <= from;
            assert!(
                is_before || one["from"].as_u64() >= to || other["name"] == "alone",
                "{other}"
            );
        }
    }

    // Restored in the next build, with the log of the run that made it.
    sandbox.remove("b/first.txt");
    sandbox.remove("b/alone.txt");
    sandbox.pipe("build -k").expect_code(1);
    let second = data(&sandbox.pipe("report").expect_code(0).out);
    let restored = node(&second, "first");
    assert_eq!(
        (&restored["state"], &restored["log"]["text"]),
        (&"restored".into(), &"says 2 things".into())
    );
    assert_eq!(node(&second, "fit@rf,1")["state"], "fresh");
    assert_eq!(second["build"], 2);

    // The log of another run than that which was restored is not its own.
    sandbox.write("raw.txt", "other");
    sandbox.pipe("build -k first").expect_code(0);
    let second = data(&sandbox.pipe("report 2").expect_code(0).out);
    let log = &node(&second, "first")["log"];
    assert!(log.is_null(), "{log}");

    // Any build, into a file, and without a sound manifest.
    sandbox.manifest("node {{{");
    sandbox.pipe("report 1 -o old.html").expect_code(0);
    let old = data(&sandbox.read("old.html"));
    assert_eq!(
        (&old["build"], &old["memory"]),
        (&1.into(), &first["memory"])
    );
    assert_eq!(node(&old, "first")["state"], "ran");
    sandbox
        .pipe("report 9")
        .expect_code(2)
        .expect_said("build 9 is not remembered here");
    let nothing = Sandbox::new("");
    nothing
        .pipe("report")
        .expect_code(2)
        .expect_said("no build is remembered here");
}

#[test]
fn a_trace_has_a_span_for_each_slot_of_each_command() {
    let sandbox = built();
    let trace: Value =
        serde_json::from_str(&sandbox.pipe("report --format trace").expect_code(0).out)
            .expect("JSON");
    let events = trace["traceEvents"].as_array().expect("events");
    let spans = |name: &str| {
        events
            .iter()
            .filter(|event| event["ph"] == "X" && event["name"] == name && event["cat"] != "room")
            .count()
    };
    assert_eq!((spans("first"), spans("alone"), spans("below")), (1, 2, 0));
}

#[test]
fn what_is_left_of_a_build_without_a_story_is_told() {
    let sandbox = built();
    sandbox.remove(".pipe/builds/1.story");
    let page = sandbox.pipe("report").expect_code(0).out;
    assert!(page.contains("is not kept any more"), "{page}");
    let data = data(&page);
    assert_eq!(node(&data, "fails")["state"], "failed");
    assert_eq!(node(&data, "first")["log"]["text"], "says 2 things");
    sandbox.write(".pipe/builds/1.story", "damaged");
    assert!(
        sandbox
            .pipe("report")
            .expect_code(0)
            .out
            .contains("is not kept any more")
    );
    sandbox
        .pipe("diff 1 1")
        .expect_code(2)
        .expect_said("nothing is kept of build 1");
}

#[test]
fn a_build_with_nothing_to_do_leaves_no_story() {
    let sandbox = Sandbox::new("node \"a\" { out \"a.txt\"; run \"echo > {out}\" }");
    sandbox.build();
    sandbox.build();
    assert!(sandbox.stands(".pipe/builds/1.story"));
    assert!(!sandbox.stands(".pipe/builds/2.story"));
}

#[test]
fn diff_names_what_changed_between_two_builds() {
    let sandbox = built();
    sandbox
        .pipe("diff")
        .expect_code(2)
        .expect_said("no two builds");
    sandbox.write("raw.txt", "longer");
    sandbox.manifest(&MANIFEST.replace("node \"below\"", "node \"under\""));
    sandbox.pipe("build -k first fails under").expect_code(1);
    let told = sandbox.pipe("diff").expect_code(0).out;
    for part in [
        "`first`: ran; ",
        "; another key\n    input raw.txt changed\n    output b/first.txt: 3 B, then 6 B\n",
        "only in build 1: alone, below, fit@rf,1, ",
        "only in build 2: under\n",
    ] {
        assert!(told.contains(part), "no {part:?} in\n{told}");
    }
    let back = sandbox.pipe("diff 2 1").expect_code(0).out;
    assert!(
        back.contains("output b/first.txt: 6 B, then 3 B\n"),
        "{back}"
    );
    assert!(
        sandbox
            .pipe("diff 2 2")
            .expect_code(0)
            .out
            .ends_with("3 nodes: no difference\n")
    );
    sandbox
        .pipe("diff 1 7")
        .expect_code(2)
        .expect_said("nothing is kept of build 7");
}
