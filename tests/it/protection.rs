//! Nothing that the user made is ever lost.

use crate::support::Sandbox;
use std::fs;

/// The one file below `.pipe/replaced/`, and what it holds.
fn set_aside(sandbox: &Sandbox, path: &str) -> String {
    let moments = fs::read_dir(sandbox.path(".pipe/replaced")).expect("a folder of replaced files");
    let places: Vec<_> = moments
        .map(|moment| moment.expect("an entry").path().join(path))
        .collect();
    let found: Vec<_> = places.iter().filter(|place| place.exists()).collect();
    assert_eq!(found.len(), 1, "{path} below {places:?}");
    fs::read_to_string(found[0]).expect("text")
}

#[test]
fn a_precious_file_declared_as_an_output_is_moved_not_deleted() {
    let sandbox =
        Sandbox::new(r#"node "oops" { in "a.txt"; out "precious.csv"; run "cat {in} > {out}" }"#);
    sandbox.write("a.txt", "made\n");
    sandbox.write("precious.csv", "years of work\n");
    let build = sandbox.build();
    build.expect_said("precious.csv");
    build.expect_said(".pipe/replaced/");
    assert_eq!(set_aside(&sandbox, "precious.csv"), "years of work\n");
    assert_eq!(sandbox.read("precious.csv"), "made\n");
}

#[test]
fn a_precious_folder_declared_as_an_output_is_moved_whole() {
    let sandbox =
        Sandbox::new(r#"node "oops" { out "data/"; run "mkdir {out}; echo made > {out}/x" }"#);
    sandbox.write("data/deep/precious.csv", "years of work\n");
    sandbox.build().expect_said(".pipe/replaced/");
    assert_eq!(
        set_aside(&sandbox, "data/deep/precious.csv"),
        "years of work\n"
    );
    assert!(!sandbox.stands("data/deep"));
    assert_eq!(sandbox.read("data/x"), "made\n");
}

#[test]
fn it_is_moved_even_when_the_command_then_fails() {
    let sandbox =
        Sandbox::new(r#"node "oops" { out "precious.csv"; run "echo half > {out}; exit 1" }"#);
    sandbox.write("precious.csv", "years of work\n");
    sandbox.pipe("build").expect_code(1);
    assert_eq!(set_aside(&sandbox, "precious.csv"), "years of work\n");
    assert!(!sandbox.stands("precious.csv"));
}

#[test]
fn a_link_where_an_output_goes_is_never_written_through() {
    let sandbox = Sandbox::new(r#"node "n" { out "out.txt"; run "echo made > {out}" }"#);
    sandbox.write("elsewhere.txt", "precious\n");
    std::os::unix::fs::symlink("elsewhere.txt", sandbox.path("out.txt")).expect("a link");
    sandbox.build();
    assert_eq!(sandbox.read("elsewhere.txt"), "precious\n");
    assert_eq!(sandbox.read("out.txt"), "made\n");
    // And when it is restored.
    sandbox.remove("out.txt");
    std::os::unix::fs::symlink("elsewhere.txt", sandbox.path("out.txt")).expect("a link");
    sandbox.build();
    assert_eq!(sandbox.read("elsewhere.txt"), "precious\n");
    assert_eq!(sandbox.read("out.txt"), "made\n");
}

/// What the ledger says of an output that is gone must not make the user's next file there look like ours.
#[test]
fn a_link_that_leads_nowhere_is_moved_too_after_a_failure() {
    let sandbox = Sandbox::new(r#"node "n" { out "out.txt"; run "exit 1" }"#);
    sandbox.pipe("build").expect_code(1);
    std::os::unix::fs::symlink("nowhere", sandbox.path("out.txt")).expect("a link");
    sandbox.manifest(r#"node "n" { out "out.txt"; run "echo made > {out}" }"#);
    sandbox.build().expect_said(".pipe/replaced/");
    assert_eq!(sandbox.read("out.txt"), "made\n");
}

#[test]
fn clean_removes_what_pipe_wrote_and_nothing_else() {
    let sandbox = Sandbox::new(
        r#"
node "a" { in "src.txt"; out "build/a"; run "cat {in} > {out}" }
node "b" { in "src.txt"; out "build/b"; run "cat {in} > {out}" }
"#,
    );
    sandbox.write("src.txt", "1\n");
    sandbox.build();
    sandbox.write("build/b", "edited\n");
    sandbox.write("build/other", "not declared\n");
    sandbox
        .pipe("clean -n")
        .expect_code(0)
        .expect_said("build/a");
    assert!(sandbox.stands("build/a"), "a dry run removes nothing");
    sandbox.pipe("clean").expect_code(2).expect_said("--yes");
    assert!(sandbox.stands("build/a"), "nobody could be asked");
    sandbox.pipe("clean --yes").expect_code(0);
    assert!(!sandbox.stands("build/a"));
    assert_eq!(sandbox.read("build/b"), "edited\n");
    assert!(sandbox.stands("build/other") && sandbox.stands("src.txt"));
    assert_eq!(sandbox.build().restored(), 2);
}

#[test]
fn clean_offers_what_gone_nodes_left_and_takes_empty_folders() {
    let stays = r#"node "a" { in "src.txt"; out "build/deep/a"; run "cat {in} > {out}" }"#;
    let gone = r#"
node "gone" { cache "off"; in "src.txt"; out "old/deep/gone"; run "echo gone > {out}" }
node "edited" { in "src.txt"; out "kept/edited"; run "cat {in} > {out}" }
"#;
    let sandbox = Sandbox::new(&format!("{stays}{gone}"));
    sandbox.write("src.txt", "1\n");
    sandbox.build();
    sandbox.write("kept/edited", "mine\n");
    sandbox.manifest(stays);
    let listed = sandbox.pipe("clean -n").expect_code(0);
    listed.expect_said("remove  old/deep/gone  (its node is gone)");
    listed.expect_said("keep    kept/edited");
    // A build lists both: neither can it bring the one back, nor is the other its own.
    let build = sandbox.build();
    build.expect_said("no node writes old/deep/gone any more; the cache could not");
    build.expect_said("no node writes kept/edited any more; it was changed since");
    assert!(sandbox.stands("old/deep/gone"));
    sandbox.build().expect_nothing_done();
    // Who names a node means its outputs alone.
    sandbox.pipe("clean a -y").expect_code(0);
    assert!(!sandbox.stands("build") && sandbox.stands("old/deep/gone"));
    sandbox.pipe("clean -y").expect_code(0);
    assert!(!sandbox.stands("old"), "the folders were made for it");
    assert_eq!(sandbox.read("kept/edited"), "mine\n");
    sandbox.build();
    sandbox.write("build/mine", "");
    sandbox.pipe("clean -y").expect_code(0);
    assert!(!sandbox.stands("build/deep") && sandbox.stands("build/mine"));
}

#[test]
fn init_never_overwrites() {
    let sandbox = Sandbox::new("// mine\n");
    sandbox.pipe("init").expect_code(2).expect_said("pipe.kdl");
    assert_eq!(sandbox.read("pipe.kdl"), "// mine\n");
}
