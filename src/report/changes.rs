//! What was and what is, in plain words: contents of files, rows of a declaration.
//!
//! Does not know why it matters.

use super::printed::escaped;
use super::units;
use super::words::shown;
use crate::base::content::Content;
use crate::base::path::ProjectPath;
use crate::logic::plan::names::NameChanges;
use similar::{ChangeTag, TextDiff};

/// The longest value that is told inside a sentence, in characters; a longer one is told in lines of its own.
const INLINE: usize = 60;
/// The longest line of a value, in characters.
const LINE: usize = 160;
/// Of a text that changed, so many lines are told.
const CHANGED_LINES: usize = 16;
/// So many lines around a change are told.
const CONTEXT: usize = 2;
/// Of a directory that changed, so many names are told.
const NAMES: usize = 8;

/// At most `longest` characters of `text`.
pub(super) fn clipped(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}\u{2026}", &text[..end]),
        None => text.to_owned(),
    }
}

/// An input or output (`what`) that is not what it was.
pub(super) fn content(what: &str, path: &ProjectPath, old: &Content, new: &Content) -> String {
    let path = shown(path);
    match (old, new) {
        (_, Content::Absent) => format!("{what} {path} is gone"),
        (Content::Absent, _) => format!("{what} {path} is there now"),
        (
            Content::File {
                digest: old,
                executable: before,
                ..
            },
            Content::File {
                digest: new,
                executable: now,
                ..
            },
        ) if old == new && before != now => {
            let state = if *now {
                "executable now"
            } else {
                "not executable any more"
            };
            format!("{what} {path} is {state}")
        }
        _ => format!(
            "{what} {path} changed ({} -> {})",
            contents(old),
            contents(new)
        ),
    }
}

fn contents(content: &Content) -> String {
    match content {
        Content::Absent => "nothing".to_owned(),
        Content::File { digest, size, .. } => format!("{}, {}", units::size(*size), digest.short()),
        Content::Tree {
            digest,
            size,
            files,
        } => {
            let files = units::count(usize::try_from(*files).unwrap_or(usize::MAX), "file");
            format!("{files}, {}, {}", units::size(*size), digest.short())
        }
        Content::Special => "a FIFO, socket or device".to_owned(),
    }
}

/// A row of the declaration, whose names are made in `logic/graph/expand`. Where a longer text changed, the first line
/// ends in a colon, and old lines (`- `) and new ones (`+ `) follow.
pub(super) fn declaration(part: &str, old: Option<&str>, new: Option<&str>) -> String {
    let part = escaped(part);
    let (word, name) = part.split_once(' ').unwrap_or((&part, ""));
    match (word, old, new) {
        ("output", None, _) => format!("output {name} is declared now"),
        ("output", _, None) => format!("output {name} is not declared any more"),
        ("output", Some(old), Some(new)) => format!("output {name} was a {old} and is a {new} now"),
        ("folder", old, new) => {
            let [old, new] = [old, new].map(|folder| folder.unwrap_or("."));
            changed("the folder in which it starts", old, new)
        }
        // Only digests are known of what comes from the caller.
        ("caller", None, Some(_)) => format!("variable {name}, which the caller sets, is new"),
        ("caller", Some(_), None) => format!("variable {name} is not set by the caller any more"),
        ("caller", ..) => format!("the caller's value of {name} changed"),
        ("param", None, Some(new)) => added(&format!("parameter {name}"), new),
        ("param", _, None) => format!("parameter {name} is not used any more"),
        ("param", Some(old), Some(new)) => changed(&format!("parameter {name}"), old, new),
        ("env", None, Some(new)) => added(&format!("variable {name}"), new),
        ("env", _, None) => format!("variable {name} is not set any more"),
        ("env", Some(old), Some(new)) => changed(&format!("variable {name}"), old, new),
        ("command" | "shell", Some(old), Some(new)) => changed(&format!("the {word}"), old, new),
        ("command", None, Some(new)) => added("the command, as `run`,", new),
        ("command", _, None) => "the command is not given as `run` any more".to_owned(),
        ("shell", None, Some(new)) => added("the shell", new),
        ("shell", _, None) => "no shell is used any more".to_owned(),
        (placeholder, Some(old), Some(new)) if placeholder.starts_with('{') => {
            changed(&format!("what `{placeholder}` stands for"), old, new)
        }
        (_, None, Some(new)) => added(&part, new),
        (_, Some(old), Some(new)) => changed(&part, old, new),
        (_, _, None) => format!("{part} is gone"),
    }
}

fn added(what: &str, value: &str) -> String {
    if is_short(value) {
        return format!("{what} is new: {}", quoted(value));
    }
    format!("{what} is new:{}", hunks("", value))
}

fn changed(what: &str, old: &str, new: &str) -> String {
    if is_short(old) && is_short(new) {
        return format!("{what} changed: {} -> {}", quoted(old), quoted(new));
    }
    format!("{what} changed:{}", hunks(old, new))
}

/// What is between two texts as a unified diff has it: lines that went (`- `), came (`+ `) and stand around them.
fn hunks(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut lines = Vec::new();
    for (number, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 {
            let at = group.first().map_or(0, |op| op.new_range().start);
            lines.push(format!("@@ line {} @@", at + 1));
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let line = change.value().trim_end_matches(['\n', '\r']);
            lines.push(format!("{mark} {}", clipped(&escaped(line), LINE)));
        }
    }
    cut(lines, CHANGED_LINES)
}

/// Lines, each on a new one; of too many, the first.
fn cut(mut lines: Vec<String>, most: usize) -> String {
    // One more line costs no more than saying that there is one.
    let left_out = lines.len().saturating_sub(most);
    if left_out > 1 {
        lines.truncate(most);
        lines.push(format!("\u{2026} {} more", units::count(left_out, "line")));
    }
    lines
        .iter()
        .map(|line| format!("\n{}", line.trim_end()))
        .collect()
}

/// Names that came to a directory (`+ `), went (`- `) and changed (`~ `), each on a new line.
pub(super) fn names(changes: &NameChanges) -> String {
    let marked = |mark: char, names: &[String]| -> Vec<String> {
        let line = |name: &String| format!("{mark} {}", clipped(&escaped(name), LINE));
        names.iter().map(line).collect()
    };
    let lines = [
        marked('+', &changes.added),
        marked('-', &changes.removed),
        marked('~', &changes.changed),
    ];
    cut(lines.concat(), NAMES)
}

fn is_short(value: &str) -> bool {
    value.chars().count() <= INLINE && !value.contains('\n')
}

fn quoted(value: &str) -> String {
    if value.is_empty() {
        "nothing".to_owned()
    } else {
        format!("`{}`", escaped(value))
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::sentence;
    use super::*;
    use crate::base::digest::Digest;
    use crate::logic::plan::Reason;

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
                "variable LANG changed: `C` -> nothing",
            ),
            ("env LANG", None, Some("C"), "variable LANG is new: `C`"),
            (
                "env LANG",
                Some("C"),
                None,
                "variable LANG is not set any more",
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
            "variable A is new: `\\u{7}`"
        );
    }
}
