//! `pipe fmt` and `pipe schema`.

use crate::support::Sandbox;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

const UGLY: &str = "include \"more/*.kdl\"\n\n\n\nnode   \"a\"{ // why\nout  \"x\"\n  run \"echo > {out}\";always\n}\n";
const NEAT: &str = "include \"more/*.kdl\"\n\nnode \"a\" { // why\n    out \"x\"\n    run \"echo > {out}\"\n    always\n}\n";

#[test]
fn the_manifest_and_its_includes_are_laid_out() {
    let sandbox = Sandbox::new(UGLY);
    sandbox.write("more/b.kdl", "node  \"b\" { out \"y\"; run \"true\" }");
    let mode = std::fs::Permissions::from_mode(0o640);
    std::fs::set_permissions(sandbox.path("pipe.kdl"), mode).expect("a mode");
    let told = sandbox.pipe("fmt --check").expect_code(1);
    assert!(told.out.contains("-node   \"a\"{ // why\n"), "{}", told.out);
    assert!(told.out.contains("+    always\n"), "{}", told.out);
    told.expect_said("2 files would change");
    assert_eq!(sandbox.read("pipe.kdl"), UGLY, "only looked at");
    sandbox
        .pipe("fmt")
        .expect_code(0)
        .expect_said("formatted more/b.kdl");
    assert_eq!(sandbox.read("pipe.kdl"), NEAT);
    assert_eq!(
        sandbox.read("more/b.kdl"),
        "node \"b\" { out \"y\"; run \"true\" }\n"
    );
    let kept = std::fs::metadata(sandbox.path("pipe.kdl")).expect("metadata");
    assert_eq!(kept.permissions().mode() & 0o777, 0o640);
    let again = sandbox.pipe("fmt --check").expect_code(0);
    assert_eq!((again.out, again.err), (String::new(), String::new()));
}

#[test]
fn a_text_with_faults_is_told_and_left_alone() {
    let sandbox = Sandbox::new("node \"a\" {\n  out \"x\n}\n");
    sandbox
        .pipe("fmt")
        .expect_code(2)
        .expect_said("pipe.kdl is left as it is");
    assert_eq!(sandbox.read("pipe.kdl"), "node \"a\" {\n  out \"x\n}\n");
    sandbox
        .pipe("fmt gone.kdl")
        .expect_code(2)
        .expect_said("gone.kdl");
}

#[test]
fn standard_input_goes_to_standard_output() {
    let sandbox = Sandbox::new("");
    let mut command = sandbox.command(["fmt", "-"]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pipe starts");
    let mut input = child.stdin.take().expect("an input");
    input.write_all(UGLY.as_bytes()).expect("written");
    drop(input);
    let done = child.wait_with_output().expect("an end");
    assert_eq!(String::from_utf8_lossy(&done.stdout), NEAT);
}

#[test]
fn the_schema_is_printed() {
    let sandbox = Sandbox::new("");
    let schema = include_str!("../../schemas/manifest.kdl");
    assert_eq!(sandbox.pipe("schema").expect_code(0).out, schema);
}
