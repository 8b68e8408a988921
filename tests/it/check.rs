//! `pipe check`, for people and for programs.

use crate::support::Sandbox;
use serde_json::Value;

fn checked(sandbox: &Sandbox, code: i32) -> Value {
    let told = sandbox.pipe("check --format json").expect_code(code);
    let value: Value = serde_json::from_str(&told.out).expect("JSON");
    value
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
