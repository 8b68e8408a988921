//! `pipe graph --format json` fits its schema and says what the graph is.
//!
//! Does not know how it is drawn.

use super::json_schema::JsonSchema;
use crate::support::Sandbox;
use serde_json::{Value, json};

const MANIFEST: &str = r##"
node "a" {
    in "raw.txt"
    out "a.txt"
    run "cat {in} > {out}"
}
node "b" {
    matrix { i 1 2 3 }
    in "a.txt"
    out "b{matrix.i}.txt"
    run "cat {in} > {out}"
}
node "c" {
    exclusive
    after "b"
    in "gone.txt"
    out "c.txt"
    run "cat {in} > {out}"
}
"##;

fn document(sandbox: &Sandbox, arguments: &str) -> Value {
    let outcome = sandbox.pipe(arguments).expect_code(0);
    assert_eq!(outcome.err, "");
    JsonSchema::named("graph").valid(&outcome.out)
}

#[test]
fn graph_has_cards_lines_and_nodes() {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("raw.txt", "raw");
    let first = document(&sandbox, "graph --format json");
    assert_eq!(
        first["counts"],
        json!({"stale": 1, "may-run": 3, "missing": 1})
    );
    assert_eq!(
        first["lines"],
        json!([
            {"from": 0, "to": 1, "kind": "needs", "pairs": 3, "longest": true},
            {"from": 1, "to": 2, "kind": "after", "pairs": 3, "longest": true}
        ])
    );
    assert_eq!(first["cards"][1]["nodes"], json!(["b@1", "b@2", "b@3"]));
    assert_eq!(first["cards"][2]["exclusive"], true);
    assert_eq!(first["nodes"][1]["waits_for"], "a");
    assert_eq!(first["nodes"][4]["missing"][0]["what"], "gone.txt");
    assert_eq!(
        first["longest_path"],
        json!({"of": "ahead", "nodes": ["a", "b@1", "c"], "expected_ms": 3000, "guessed": 3})
    );

    sandbox.write("gone.txt", "back");
    sandbox.build();
    let fresh = document(&sandbox, "graph --format json --unfold");
    assert_eq!(fresh["counts"], json!({"fresh": 5}));
    assert_eq!(fresh["cards"].as_array().map(Vec::len), Some(5));
    assert_eq!(
        (
            &fresh["longest_path"]["of"],
            &fresh["longest_path"]["guessed"]
        ),
        (&json!("all"), &json!(0))
    );
    let none = document(&sandbox, "graph --format json --stale");
    assert_eq!(
        (&none["longest_path"], &none["nodes"]),
        (&Value::Null, &json!([]))
    );
}
