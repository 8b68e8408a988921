//! Symbolic links, as inputs and inside outputs.

use crate::support::Sandbox;
use std::fs;
use std::os::unix::fs::symlink;

fn link(sandbox: &Sandbox, target: &str, place: &str) {
    let place = sandbox.path(place);
    let _ = fs::remove_file(&place);
    symlink(target, place).expect("a link");
}

#[test]
fn a_link_to_a_folder_counts_by_what_is_in_it() {
    let sandbox = Sandbox::new(r#"node "n" { in "data/"; out "o"; run "cat {in}/* > {out}" }"#);
    sandbox.write("one/x", "1\n");
    sandbox.write("two/x", "2\n");
    link(&sandbox, "one", "data");
    sandbox.build();
    sandbox.build().expect_nothing_done();
    sandbox.write("one/x", "3\n");
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("o"), "3\n");
    link(&sandbox, "two", "data");
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("o"), "2\n");
    link(&sandbox, "nowhere", "data");
    sandbox.pipe("build").expect_code(2).expect_said("data");
}

#[test]
fn a_link_out_of_the_project_counts_by_what_it_leads_to() {
    let sandbox =
        Sandbox::new(r#"node "n" { in "a.txt" "d/"; out "o"; run "cat a.txt d/x > {out}" }"#);
    fs::write(sandbox.beside("far.txt"), "1\n").expect("a file");
    fs::create_dir(sandbox.path("d")).expect("a folder");
    link(&sandbox, "../far.txt", "a.txt");
    link(&sandbox, "../../far.txt", "d/x");
    sandbox.build();
    sandbox.build().expect_nothing_done();
    fs::write(sandbox.beside("far.txt"), "2\n").expect("a file");
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("o"), "2\n2\n");
}

/// Names and contents are the same; only who leads to whom is not.
#[test]
fn two_links_in_a_directory_that_are_swapped_are_a_change() {
    let sandbox = Sandbox::new(r#"node "n" { in "d/"; out "o"; run "cat d/p d/q > {out}" }"#);
    sandbox.write("d/1", "1\n");
    sandbox.write("d/2", "2\n");
    link(&sandbox, "1", "d/p");
    link(&sandbox, "2", "d/q");
    sandbox.build();
    link(&sandbox, "2", "d/p");
    link(&sandbox, "1", "d/q");
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("o"), "2\n1\n");
}

#[test]
fn links_in_a_directory_may_lead_nowhere_or_in_a_circle() {
    let sandbox = Sandbox::new(r#"node "n" { in "d/"; out "o"; run "ls {in} > {out}" }"#);
    sandbox.write("d/x", "1\n");
    link(&sandbox, "nowhere", "d/dangling");
    link(&sandbox, ".", "d/circle");
    link(&sandbox, "self", "d/self");
    sandbox.build();
    sandbox.build().expect_nothing_done();
    link(&sandbox, "elsewhere", "d/dangling");
    assert_eq!(sandbox.build().ran(), 1, "its text counts");
}

/// It would lead from a copy of the output to somewhere else.
#[test]
fn a_link_from_an_output_directory_into_the_project_is_an_error() {
    let sandbox = Sandbox::new("");
    sandbox.write("a.txt", "1\n");
    let inside = sandbox.path("a.txt").display().to_string();
    for target in [&*inside, "../../a.txt"] {
        sandbox.manifest(&format!(
            "node \"n\" {{ out \"build/d/\"; run \"mkdir {{out}}; ln -s {target} {{out}}/l\" }}"
        ));
        sandbox
            .pipe("build")
            .expect_code(1)
            .expect_said("build/d/l");
        assert!(!sandbox.stands("build/d"));
    }
}

/// As in a virtual environment, whose `python` leads to the machine's.
#[test]
fn links_in_an_output_directory_come_back_as_they_were() {
    let sandbox = Sandbox::new(
        r#"node "n" { out "d/"; run "mkdir {out} {out}/e; echo 1 > {out}/x; ln -s ../x {out}/e/l; ln -s nowhere {out}/n; ln -s /bin/sh {out}/s" }"#,
    );
    sandbox.build();
    sandbox.remove("d");
    assert_eq!(sandbox.build().restored(), 1);
    for (place, target) in [("d/e/l", "../x"), ("d/n", "nowhere"), ("d/s", "/bin/sh")] {
        assert_eq!(
            fs::read_link(sandbox.path(place))
                .expect("a link")
                .as_os_str(),
            target
        );
    }
    sandbox.build().expect_nothing_done();
}
