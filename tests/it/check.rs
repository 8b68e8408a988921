//! `pipe check`, for people and for programs.

use crate::support::Sandbox;
use serde_json::Value;

/// What is wrong with `value` by a JSON Schema; knows the words that ours use, and fails on any other.
fn faults(schema: &Value, root: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (word, wanted) in schema.as_object().expect("a schema") {
        let fine = match word.as_str() {
            "$schema" | "title" | "description" | "$defs" => true,
            "$ref" => {
                let name = wanted
                    .as_str()
                    .expect("a name")
                    .trim_start_matches("#/$defs/");
                found.extend(faults(&root["$defs"][name], root, value, place));
                true
            }
            "const" => value == wanted,
            "enum" => wanted.as_array().expect("values").contains(value),
            "minimum" => value.is_null() || value.as_i64() >= wanted.as_i64(),
            "type" => {
                let kind = match value {
                    Value::Null => "null",
                    Value::Bool(_) => "boolean",
                    Value::Number(_) => "integer",
                    Value::String(_) => "string",
                    Value::Array(_) => "array",
                    Value::Object(_) => "object",
                };
                wanted == kind
                    || wanted
                        .as_array()
                        .is_some_and(|kinds| kinds.contains(&Value::from(kind)))
            }
            "required" => wanted
                .as_array()
                .expect("names")
                .iter()
                .all(|name| value.get(name.as_str().expect("a name")).is_some()),
            "additionalProperties" => {
                assert_eq!(wanted, &Value::Bool(false));
                let known = schema["properties"].as_object().expect("properties");
                value
                    .as_object()
                    .is_some_and(|object| object.keys().all(|name| known.contains_key(name)))
            }
            "properties" => {
                for (name, inner) in wanted.as_object().expect("properties") {
                    if let Some(value) = value.get(name) {
                        found.extend(faults(inner, root, value, &format!("{place}.{name}")));
                    }
                }
                true
            }
            "items" => {
                for (number, value) in value.as_array().into_iter().flatten().enumerate() {
                    found.extend(faults(wanted, root, value, &format!("{place}[{number}]")));
                }
                true
            }
            other => panic!("the schema says `{other}`, which this test does not know"),
        };
        if !fine {
            found.push(format!("{place}: {word} is not kept by {value}"));
        }
    }
    found
}

fn checked(sandbox: &Sandbox, code: i32) -> Value {
    let told = sandbox.pipe("check --format json").expect_code(code);
    let value: Value = serde_json::from_str(&told.out).expect("JSON");
    let schema: Value =
        serde_json::from_str(include_str!("../../schemas/check.json")).expect("JSON");
    assert_eq!(
        faults(&schema, &schema, &value, "report"),
        Vec::<String>::new()
    );
    value
}

#[test]
fn the_report_as_data_keeps_its_schema() {
    let sandbox = Sandbox::new("node \"a\" { ot \"x\" }\nnode \"a\" { out \"x\"; run \"{n}\" }\n");
    let report = checked(&sandbox, 2);
    assert_eq!(
        (&report["sound"], &report["nodes"]),
        (&Value::Bool(false), &Value::Null)
    );
    let problems = report["problems"].as_array().expect("a list");
    assert!(problems.len() >= 3, "{problems:?}");
    let first = &problems[0]["labels"][0];
    assert_eq!(
        (&first["file"], &first["start"]["line"]),
        (&Value::from("pipe.kdl"), &Value::from(1))
    );
    sandbox.manifest("resource \"gpu\" 1\nnode \"a\" { out \"x\"; run \"echo > {out}\" }\n");
    let report = checked(&sandbox, 0);
    assert_eq!(
        (&report["sound"], &report["nodes"]),
        (&Value::Bool(true), &Value::from(1))
    );
    assert_eq!(report["problems"][0]["severity"], "warning");
}

#[test]
fn more_than_twenty_are_all_told_to_programs() {
    let text: String = (0..30)
        .map(|n| format!("node \"n{n}\" {{ ot \"x{n}\"; run \"true\" }}\n"))
        .collect();
    let sandbox = Sandbox::new(&text);
    assert_eq!(
        checked(&sandbox, 2)["problems"]
            .as_array()
            .expect("a list")
            .len(),
        30
    );
    sandbox
        .pipe("check")
        .expect_code(2)
        .expect_said("and 10 more");
}

#[test]
fn what_seems_wrong_is_told_and_nothing_is_run() {
    let sandbox = Sandbox::new(
        "params \"p.toml\"\nnode \"a\" { in \"old.csv\"; out \"x\"; run \"cp {in} {out}; echo > log/extra.txt\" }\n",
    );
    sandbox.write("p.toml", "unused = 1\n");
    sandbox.write("old.csv", "");
    let told = sandbox.pipe("check").expect_code(0);
    told.expect_said("no node names the parameters `unused`");
    told.expect_said("`a` seems to write log/extra.txt");
    assert!(!sandbox.stands("x") && !sandbox.stands(".pipe"));
    sandbox.write("log/kept", "");
    sandbox.build();
    sandbox.manifest("node \"gone\" { out \"made.csv\"; run \"echo > {out}\" }\n");
    sandbox.build();
    sandbox.manifest("node \"b\" { in \"made.csv\"; out \"y\"; run \"cp {in} {out}\" }\n");
    sandbox
        .pipe("check")
        .expect_code(0)
        .expect_said("a node that is gone wrote it");
    sandbox.manifest("node \"b\" { in \"none/*.csv\"; out \"y\"; run \"cp {in} {out}\" }\n");
    sandbox
        .pipe("check")
        .expect_code(2)
        .expect_said("none/*.csv");
}
