//! What changed, in words: contents, rows of the declaration, longer texts.

use super::*;
use crate::base::digest::Digest;
use crate::logic::plan::Reason;
use crate::report::words::sentence;

fn path(text: &str) -> ProjectPath {
    ProjectPath::from_normal(text)
}

fn file(text: &str, size: u64) -> Content {
    Content::File {
        digest: Digest::of(text.as_bytes()),
        executable: false,
        size,
    }
}

fn row(part: &str, old: Option<&str>, new: Option<&str>) -> String {
    let own = |value: Option<&str>| value.map(str::to_owned);
    sentence(&Reason::Declaration {
        part: part.to_owned(),
        old: own(old),
        new: own(new),
    })
}

#[test]
fn contents_are_told_with_size_and_digest() {
    let input = |old, new| {
        sentence(&Reason::Input {
            path: path("raw.csv"),
            old,
            new,
        })
    };
    let (one, two) = (Digest::of(b"1").short(), Digest::of(b"2").short());
    let want = format!("input raw.csv changed (1.2 KiB, {one} -> 17 B, {two})");
    assert_eq!(input(file("1", 1229), file("2", 17)), want);
    let tree = Content::Tree {
        digest: Digest::of(b"2"),
        size: 5,
        files: 1,
    };
    let want = format!("input raw.csv changed (7 B, {one} -> 1 file, 5 B, {two})");
    assert_eq!(input(file("1", 7), tree), want);
    assert_eq!(
        input(file("1", 7), Content::Absent),
        "input raw.csv is gone"
    );
    assert_eq!(
        input(Content::Absent, file("1", 7)),
        "input raw.csv is there now"
    );
    let program = Content::File {
        digest: Digest::of(b"1"),
        executable: true,
        size: 7,
    };
    assert_eq!(
        input(file("1", 7), program),
        "input raw.csv is executable now"
    );
    assert_eq!(
        input(program, file("1", 7)),
        "input raw.csv is not executable any more"
    );
    let (old, new) = (file("1", 7), Content::Special);
    let output = sentence(&Reason::OutputChanged {
        path: path("b"),
        old,
        new,
    });
    assert_eq!(
        output,
        format!("output b changed (7 B, {one} -> a FIFO, socket or device)")
    );
}

#[test]
fn parts_of_the_declaration() {
    for (part, old, new, want) in [
        (
            "command",
            Some("a"),
            Some("b"),
            "the command changed: `a` -> `b`",
        ),
        ("shell", Some("sh -c"), None, "no shell is used any more"),
        (
            "folder",
            None,
            Some("src"),
            "the folder in which it starts changed: `.` -> `src`",
        ),
        (
            "env LANG",
            Some("C"),
            Some(""),
            "variable `LANG` changed: `C` -> nothing",
        ),
        ("env LANG", None, Some("C"), "variable `LANG` is new: `C`"),
        (
            "env LANG",
            Some("C"),
            None,
            "variable `LANG` is not set any more",
        ),
        (
            "output b.csv",
            None,
            Some("file"),
            "output b.csv is declared now",
        ),
        (
            "output b.csv",
            Some("file"),
            None,
            "output b.csv is not declared any more",
        ),
        (
            "output b",
            Some("file"),
            Some("directory"),
            "output b was a file and is a directory now",
        ),
        ("argument 2", None, Some("-v"), "argument 2 is new: `-v`"),
        ("argument 2", Some("-v"), None, "argument 2 is gone"),
        (
            "probe python --version",
            Some("3.12"),
            Some("3.13"),
            "what the probe `python --version` prints changed: `3.12` -> `3.13`",
        ),
        (
            "{out}",
            Some("a"),
            Some("b"),
            "what `{out}` stands for changed: `a` -> `b`",
        ),
    ] {
        assert_eq!(row(part, old, new), want);
    }
}

#[test]
fn parts_of_the_declaration_of_a_run_in_the_past() {
    for (part, want) in [
        ("command", "the command changed"),
        ("param train.depth", "parameter `train.depth` changed"),
        ("caller LANG", "variable `LANG` changed"),
        ("output b.csv", "the declaration of output b.csv changed"),
        ("argument 2", "argument 2 changed"),
        ("{in.a}", "what `{in.a}` stands for changed"),
    ] {
        assert_eq!(past_declaration(part), want);
    }
}

#[test]
fn of_a_longer_text_the_lines_that_changed_are_told() {
    let changed = row(
        "command",
        Some("cd x\nsort a\nend"),
        Some("cd x\nsort b\nuniq\nend"),
    );
    assert_eq!(
        changed,
        "the command changed:\n  cd x\n- sort a\n+ sort b\n+ uniq\n  end"
    );
    let long = "x".repeat(200);
    let changed = row("command", Some("a"), Some(&long));
    assert_eq!(
        changed,
        format!("the command changed:\n- a\n+ {}\u{2026}", "x".repeat(LINE))
    );
    let many: String = (1..=20).map(|number| format!("\n{number}")).collect();
    let grown = row("command", Some("a"), Some(&format!("a{many}")));
    assert!(
        grown.ends_with("\n+ 14\n+ 15\n\u{2026} 6 lines more") || grown.contains("\u{2026}"),
        "{grown}"
    );
}

#[test]
fn control_characters_do_not_come_through() {
    assert_eq!(
        sentence(&Reason::InputAdded(path("a\x1b[2J"))),
        "input a\\u{1b}[2J is new"
    );
    assert_eq!(
        row("env A", None, Some("\x07")),
        "variable `A` is new: `\\u{7}`"
    );
}
