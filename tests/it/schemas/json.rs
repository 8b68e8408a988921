//! What `pipe check` prints as JSON is what `schemas/check.json` says.
//!
//! Does not know the other documents; `documents` and `events` do.

use super::json_schema::JsonSchema;
use crate::support::{Sandbox, command_in};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn schema() -> JsonSchema {
    JsonSchema::named("check")
}

#[track_caller]
fn valid(text: &str) -> Value {
    schema().valid(text)
}

#[test]
fn every_report_fits_the_schema() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/invalid");
    let sandbox = Sandbox::new("");
    let mut seen = 0;
    for entry in fs::read_dir(folder).expect("the fixtures can be listed") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "kdl") {
            continue;
        }
        let manifest = fs::read_to_string(&path).expect("a fixture can be read");
        sandbox.manifest(&manifest);
        let text = sandbox.pipe("check").expect_code(2);
        let outcome = sandbox.pipe("check --format json").expect_code(2);
        assert_eq!((text.out.as_str(), outcome.err.as_str()), ("", ""));
        let report = valid(&outcome.out);
        let problems = report["problems"].as_array().expect("a list");
        assert!(
            !problems.is_empty() && report["sound"] == false,
            "{}",
            path.display()
        );
        for label in problems
            .iter()
            .flat_map(|problem| problem["labels"].as_array().expect("a list"))
        {
            assert_eq!(label["file"], "pipe.kdl");
            let offset = |end: &str| label[end]["offset"].as_u64().expect("a number") as usize;
            let meant = manifest.get(offset("start")..offset("end"));
            assert!(meant.is_some(), "{label} is no place in {}", path.display());
        }
        seen += problems.len();
    }
    assert!(seen > 200, "only {seen} problems");
}

#[test]
fn what_is_no_matter_of_the_text_is_told_too() {
    let sandbox = Sandbox::new(
        "node \"a\" {\n    in \"src.txt\"\n    out \"b.txt\"\n    run \"cp {in} {out}\"\n}\n",
    );
    let report = valid(&sandbox.pipe("check --format json").expect_code(2).out);
    assert_eq!(report["problems"][0]["code"], "missing-source");
    assert_eq!(report["problems"][0]["labels"], json!([]));

    sandbox.write("src.txt", "x");
    let report = valid(&sandbox.pipe("check --format json").expect_code(0).out);
    assert_eq!(
        report,
        json!({"version": 1, "sound": true, "nodes": 1, "outputs": 1, "sources": 1, "problems": []})
    );

    let elsewhere = tempfile::tempdir().expect("a folder");
    let outcome = command_in(elsewhere.path(), ["check", "--format", "json"])
        .output()
        .expect("pipe starts");
    assert_eq!(outcome.status.code(), Some(2));
    let report = valid(&String::from_utf8_lossy(&outcome.stdout));
    assert_eq!(report["problems"][0]["code"], "no-manifest");
}

#[test]
fn places_are_counted_in_characters_and_bytes() {
    let sandbox = Sandbox::new("// ä\nnöde \"a\" {\n}\n");
    let report = valid(&sandbox.pipe("check --format json").expect_code(2).out);
    let label = &report["problems"][0]["labels"][0];
    assert_eq!(label["start"], json!({"line": 2, "column": 1, "offset": 6}));
    assert_eq!(label["end"], json!({"line": 2, "column": 5, "offset": 11}));
}

#[test]
fn all_are_there_not_only_the_first_twenty() {
    let lines: String = (0..30).map(|line| format!("wrong{line} 1\n")).collect();
    let sandbox = Sandbox::new(&lines);
    let report = valid(&sandbox.pipe("check --format json").expect_code(2).out);
    assert_eq!(report["problems"].as_array().map(Vec::len), Some(30));
    sandbox
        .pipe("check")
        .expect_code(2)
        .expect_said("and 10 more; ");
}

#[test]
fn the_schema_can_refuse() {
    let schema = schema();
    let good = json!({"version": 1, "sound": false, "nodes": null, "outputs": null, "sources": null, "problems": [
        {"code": "a-b", "severity": "error", "message": "x", "help": null, "labels": [
            {"file": "a", "start": {"line": 1, "column": 1, "offset": 0}, "end": {"line": 1, "column": 1, "offset": 0}, "text": ""}]}]});
    assert_eq!(schema.complaints(&good), [""; 0]);
    for (place, bad) in [
        ("/version", json!(2)),
        ("/sound", json!("no")),
        ("/nodes", json!(-1)),
        ("/problems", json!({})),
        ("/problems/0", json!({})),
        ("/problems/0/code", json!("A_b")),
        ("/problems/0/severity", json!("advice")),
        ("/problems/0/message", json!("")),
        ("/problems/0/help", json!("")),
        ("/problems/0/labels/0/file", json!(null)),
        ("/problems/0/labels/0/start/line", json!(0)),
        (
            "/problems/0/labels/0/end",
            json!({"line": 1, "column": 1, "offset": 0, "more": 1}),
        ),
    ] {
        let mut value = good.clone();
        *value.pointer_mut(place).expect("a place") = bad;
        assert!(!schema.complaints(&value).is_empty(), "{place} passes");
    }
}
