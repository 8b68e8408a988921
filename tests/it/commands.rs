//! The commands beside `build`, targets, and input that is hard to pass on.

use crate::support::Sandbox;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

const CHAIN: &str = r#"
node "a" { about "the first"; in "src.txt"; out "build/a"; run "cat {in} > {out}" }
node "b" { in "build/a"; out "build/b"; run "cat {in} > {out}" }
node "c" { in "build/b"; out "build/c"; run "cat {in} > {out}" }
node "other" { in "src.txt"; out "build/other"; run "cat {in} > {out}" }
"#;

fn chain() -> Sandbox {
    let sandbox = Sandbox::new(CHAIN);
    sandbox.write("src.txt", "1\n");
    sandbox
}

#[test]
fn targets_are_nodes_paths_and_globs() {
    let sandbox = chain();
    assert_eq!(sandbox.pipe("build b").expect_code(0).ran(), 2);
    assert_eq!(sandbox.pipe("build build/c").expect_code(0).ran(), 1);
    assert_eq!(sandbox.pipe("build oth*").expect_code(0).ran(), 1);
    sandbox.build().expect_nothing_done();
    assert_eq!(
        sandbox.pipe("build -f b").expect_code(0).ran(),
        1,
        "only the target is forced"
    );
    sandbox
        .pipe("build othr")
        .expect_code(2)
        .expect_said("other");
}

#[test]
fn status_and_dry_run_change_nothing_and_agree_with_the_build() {
    let sandbox = chain();
    let status = sandbox.pipe("status").expect_code(0);
    assert!(!sandbox.stands(".pipe"), "status leaves nothing behind");
    status.expect_said("2 stale");
    status.expect_said("2 may run");
    sandbox.pipe("status --exit-code").expect_code(3);
    sandbox.pipe("build -n").expect_code(0).expect_said("stale");
    assert!(!sandbox.stands("build"));
    assert_eq!(sandbox.build().ran(), 4);
    sandbox
        .pipe("status --exit-code")
        .expect_code(0)
        .expect_said("all 4 nodes are fresh");
    sandbox.remove("build/b");
    sandbox
        .pipe("status")
        .expect_code(0)
        .expect_said("1 to restore");
}

#[test]
fn why_tells_the_chain_down_to_the_root_with_old_and_new() {
    let sandbox = chain();
    sandbox.build();
    sandbox
        .pipe("why c")
        .expect_code(0)
        .expect_said("`c` is fresh");
    sandbox.write("src.txt", "22\n");
    let why = sandbox.pipe("why c").expect_code(0);
    for text in ["`c` may run", "`b` may run", "`a` has to run", "src.txt"] {
        why.expect_said(text);
    }
    sandbox.build();
    sandbox.manifest(&CHAIN.replace("build/b\"; run \"cat", "build/b\"; run \"cat -u"));
    sandbox.pipe("why b").expect_code(0).expect_said("cat -u");
}

#[test]
fn list_and_check_look_at_the_whole_manifest() {
    let sandbox = chain();
    sandbox.pipe("list").expect_code(0).expect_said("the first");
    sandbox
        .pipe("list --long b")
        .expect_code(0)
        .expect_said("build/a");
    sandbox.pipe("check").expect_code(0).expect_said("4 nodes");
    sandbox.remove("src.txt");
    sandbox.pipe("check").expect_code(2).expect_said("src.txt");
    sandbox
        .pipe("build")
        .expect_code(2)
        .expect_said("nothing has run");
    sandbox.pipe("status").expect_code(0).expect_said("missing");
}

#[test]
fn init_makes_a_project_that_builds() {
    let sandbox = Sandbox::new("");
    sandbox.remove("pipe.kdl");
    sandbox
        .pipe("build")
        .expect_code(2)
        .expect_said("pipe init");
    sandbox.pipe("init").expect_code(0);
    assert_eq!(sandbox.build().ran(), 2);
    assert_eq!(sandbox.read("build/shout.txt"), "HELLO, WORLD\n");
}

#[test]
fn a_build_starts_from_a_folder_inside_the_project() {
    let sandbox = chain();
    std::fs::create_dir(sandbox.path("deep")).expect("a folder");
    let mut command = sandbox.command(["build"]);
    command.current_dir(sandbox.path("deep"));
    assert!(command.status().expect("pipe starts").success());
    assert!(sandbox.stands("build/c"));
}

/// `sort` fed by names with spaces, quotes, a leading dash and letters beyond ASCII.
#[test]
fn awkward_names_reach_the_command_whole() {
    let names = [
        "with space",
        "it's",
        "say \"hi\"",
        "-n",
        "größe",
        "a$b",
        "semi;colon",
        "new\nline",
        "back\\slash",
    ];
    let sandbox =
        Sandbox::new("node \"join\" { in \"in/*\"; out \"out/all\"; run \"sort {in} > {out}\" }");
    for (number, name) in names.iter().enumerate() {
        sandbox.write(&format!("in/{name}"), format!("{number}\n"));
    }
    sandbox.build();
    assert_eq!(sandbox.read("out/all"), "0\n1\n2\n3\n4\n5\n6\n7\n8\n");

    let sandbox = Sandbox::new(
        "node \"join\" { in \"-n\" \"-r\"; out \"-o\"; exec \"sh\" \"-c\" \"cat \\\"$@\\\" > ./-o\" \"sh\" \"{in}\" }",
    );
    sandbox.write("-n", "n\n");
    sandbox.write("-r", "r\n");
    sandbox.build();
    assert_eq!(sandbox.read("-o"), "n\nr\n");
}

#[test]
fn a_name_that_is_not_utf8_is_a_clear_error_in_a_glob_and_fine_in_a_directory() {
    let sandbox =
        Sandbox::new("node \"join\" { in \"in/*\"; out \"all\"; run \"cat {in} > {out}\" }");
    sandbox.write("in/good", "1");
    std::fs::write(sandbox.path("in").join(OsStr::from_bytes(b"b\xffd")), "2").expect("a file");
    sandbox.pipe("build").expect_code(2).expect_said("UTF-8");
    sandbox.manifest("node \"join\" { in \"in/\"; out \"all\"; run \"cat {in}/* > {out}\" }");
    sandbox.build();
    assert_eq!(sandbox.read("all").len(), 2);
}

#[test]
fn a_command_starts_in_its_folder_and_sees_its_paths_from_there() {
    let sandbox = Sandbox::new(
        r#"node "n" { dir "sub/deep"; in "data/x" here="sub/deep/y"; out "build/o"; run "cat {in} {in.here} > {out}; pwd" }"#,
    );
    sandbox.write("data/x", "x");
    sandbox.write("sub/deep/y", "y");
    sandbox.build();
    assert_eq!(sandbox.read("build/o"), "xy");
    sandbox.pipe("log n").expect_code(0).expect_said("sub/deep");
}

#[test]
fn two_thousand_nodes_build_and_then_nothing_is_done() {
    let nodes: String = (0..2000)
        .map(|number| {
            let input = if number < 50 { "src.txt".to_owned() } else { format!("build/{}", number - 50) };
            format!("node \"n{number}\" {{ in \"{input}\"; out \"build/{number}\"; exec \"cp\" \"{{in}}\" \"{{out}}\" }}\n")
        })
        .collect();
    let sandbox = Sandbox::new(&nodes);
    sandbox.write("src.txt", "1\n");
    assert_eq!(sandbox.build().ran(), 2000);
    sandbox.build().expect_nothing_done();
    sandbox.write("src.txt", "1\n");
    sandbox.build().expect_nothing_done();
}
