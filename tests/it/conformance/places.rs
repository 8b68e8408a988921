//! Places where an output cannot go, or where it goes twice.

use crate::support::{Outcome, Sandbox};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

#[test]
fn a_file_where_a_folder_must_be_is_named_and_left_alone() {
    let sandbox = Sandbox::new(r#"node "n" { out "build/deep/o"; run "echo 1 > {out}" }"#);
    sandbox.write("build", "precious\n");
    sandbox
        .pipe("build")
        .expect_code(1)
        .expect_said("build is a file");
    assert_eq!(sandbox.read("build"), "precious\n");
    sandbox.remove("build");
    assert_eq!(sandbox.build().ran(), 1);
    // And when it is restored.
    sandbox.remove("build");
    sandbox.write("build", "precious\n");
    sandbox
        .pipe("build")
        .expect_code(1)
        .expect_said("build is a file");
    assert_eq!(sandbox.read("build"), "precious\n");
}

#[test]
fn a_read_only_folder_is_an_error_that_names_it_and_passes() {
    let sandbox = Sandbox::new(r#"node "n" { in "a"; out "build/o"; run "cat {in} > {out}" }"#);
    sandbox.write("a", "1\n");
    fs::create_dir(sandbox.path("build")).expect("a folder");
    let mode = |mode| {
        fs::set_permissions(sandbox.path("build"), Permissions::from_mode(mode)).expect("a mode");
    };
    mode(0o555);
    let refused = build_without_privileges(&sandbox).expect_code(1);
    refused.expect_said("build/o");
    refused.expect_said("ermission denied");
    mode(0o755);
    assert_eq!(sandbox.build().ran(), 1);
    sandbox.write("a", "2\n");
    mode(0o555);
    build_without_privileges(&sandbox)
        .expect_code(1)
        .expect_said("build/o");
    mode(0o755);
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("build/o"), "2\n");
}

/// A build that modes of folders hold back, also when root runs the tests.
fn build_without_privileges(sandbox: &Sandbox) -> Outcome {
    let build = sandbox.command(["build"]);
    if !rustix::process::geteuid().is_root() {
        let mut build = build;
        return Outcome::of(build.output().expect("pipe starts"));
    }
    let mut bound = Command::new("setpriv");
    bound
        .args(["--bounding-set=-dac_override,-dac_read_search"])
        .arg(build.get_program())
        .args(build.get_args());
    bound.current_dir(sandbox.root());
    Outcome::of(bound.output().expect("setpriv starts"))
}

/// Through a link one folder has two names; two nodes that write there would write one file.
#[test]
fn outputs_that_a_link_makes_one_are_told_of() {
    let sandbox = Sandbox::new(
        r#"
node "one" { out "build/x"; run "echo 1 > {out}" }
node "two" { out "link/x"; run "echo 2 > {out}" }
"#,
    );
    // So that the folder stays when its last output goes.
    sandbox.write("build/keep", "");
    symlink("build", sandbox.path("link")).expect("a link");
    let build = sandbox.pipe("build -k").expect_code(1);
    build.expect_said("link/x");
    build.expect_said("build/x");
    assert_eq!(sandbox.read("build/x"), "1\n");
    assert!(!sandbox.stands(".pipe/replaced"), "{}", build.err);
    // Apart from each other they may lie behind a link.
    sandbox.manifest(r#"node "two" { out "link/y"; run "echo 2 > {out}" }"#);
    sandbox.build();
    assert_eq!(sandbox.read("build/y"), "2\n");
    sandbox.build().expect_nothing_done();
}
