//! Names that break scripts.

use crate::support::Sandbox;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

const ODD: [&str; 8] = [
    "a b",
    "line\nbreak",
    "naïve-ü-数据",
    "-n",
    "*",
    "'\"",
    "$(x)",
    "back\\slash",
];

/// As single files: each is read and written under its own name.
#[test]
fn odd_names_of_declared_files_arrive_as_they_are() {
    for name in ODD {
        // A star would be a glob, and a control character has no place in a name that messages show.
        if name == "*" {
            continue;
        }
        let escaped = name
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
            .replace('\n', "\\n");
        let sandbox = Sandbox::new(&format!(
            "node \"n\" {{ in \"in/{escaped}\"; out \"out/{escaped}\"; run \"cat < {{in}} > {{out}}\" }}"
        ));
        sandbox.write(&format!("in/{name}"), "1\n");
        sandbox.build();
        assert_eq!(sandbox.read(&format!("out/{name}")), "1\n");
        sandbox.build().expect_nothing_done();
        sandbox.remove("out");
        assert_eq!(sandbox.build().restored(), 1, "{name:?}");
        sandbox.write(&format!("in/{name}"), "2\n");
        assert_eq!(sandbox.build().ran(), 1, "{name:?}");
    }
}

/// Inside directories any bytes are a name, and come back as they were.
#[test]
fn odd_names_inside_directories_are_kept() {
    let sandbox = Sandbox::new(r#"node "n" { in "in/"; out "out/"; run "cp -R {in} {out}" }"#);
    let name = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    let names: Vec<_> = ODD
        .iter()
        .map(|text| name(text.as_bytes()))
        .chain([name(b"no\xff-utf8")])
        .collect();
    fs::create_dir(sandbox.path("in")).expect("a folder");
    for name in &names {
        fs::write(sandbox.path("in").join(name), "1\n").expect("a file");
    }
    sandbox.build();
    sandbox.build().expect_nothing_done();
    sandbox.remove("out");
    assert_eq!(sandbox.build().restored(), 1);
    for name in &names {
        assert_eq!(
            fs::read(sandbox.path("out").join(name)).expect("it is back"),
            b"1\n",
            "{}",
            name.display()
        );
    }
    fs::rename(
        sandbox.path("in").join(&names[8]),
        sandbox.path("in").join(name(b"no\xfe-utf8")),
    )
    .expect("renamed");
    assert_eq!(sandbox.build().ran(), 1);
}

#[test]
fn a_glob_finds_odd_names_and_says_which_it_cannot_hand_over() {
    let sandbox = Sandbox::new(r#"node "n" { in "in/*"; out "o"; run "cat -- {in} > {out}" }"#);
    for name in ODD {
        sandbox.write(&format!("in/{name}"), "1\n");
    }
    sandbox.build();
    assert_eq!(sandbox.read("o"), "1\n".repeat(ODD.len()));
    sandbox.build().expect_nothing_done();
    fs::write(
        sandbox.path("in").join(OsStr::from_bytes(b"no\xff-utf8")),
        "",
    )
    .expect("a file");
    sandbox.pipe("build").expect_code(2).expect_said("-utf8");
}

/// On a file system that tells them apart they are two names.
#[test]
fn names_that_differ_in_case_only_are_two_files() {
    let sandbox = Sandbox::new(
        r#"
node "upper" { in "A.txt"; out "b/X.txt"; run "cat {in} > {out}" }
node "lower" { in "a.txt"; out "b/x.txt"; run "cat {in} > {out}" }
"#,
    );
    sandbox.write("A.txt", "upper\n");
    sandbox.write("a.txt", "lower\n");
    assert_eq!(
        sandbox.read("A.txt"),
        "upper\n",
        "this test needs a file system that tells case apart"
    );
    sandbox.build();
    sandbox.remove("b");
    assert_eq!(sandbox.build().restored(), 2);
    assert_eq!(
        (sandbox.read("b/X.txt"), sandbox.read("b/x.txt")),
        ("upper\n".to_owned(), "lower\n".to_owned())
    );
    fs::rename(sandbox.path("a.txt"), sandbox.path("t")).expect("renamed");
    sandbox.pipe("build").expect_code(2).expect_said("a.txt");
}
