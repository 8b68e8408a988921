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
        ("caller", None, Some(_)) => format!("variable `{name}`, which the caller sets, is new"),
        ("caller", Some(_), None) => format!("variable `{name}` is not set by the caller any more"),
        ("caller", ..) => format!("the caller's value of the variable `{name}` changed"),
        ("param", None, Some(new)) => added(&format!("parameter `{name}`"), new),
        ("param", _, None) => format!("parameter `{name}` is not used any more"),
        ("param", Some(old), Some(new)) => changed(&format!("parameter `{name}`"), old, new),
        ("env", None, Some(new)) => added(&format!("variable `{name}`"), new),
        ("env", _, None) => format!("variable `{name}` is not set any more"),
        ("env", Some(old), Some(new)) => changed(&format!("variable `{name}`"), old, new),
        ("command" | "shell", Some(old), Some(new)) => changed(&format!("the {word}"), old, new),
        ("command", None, Some(new)) => added("the command, as `run`,", new),
        ("command", _, None) => "the command is not given as `run` any more".to_owned(),
        ("shell", None, Some(new)) => added("the shell", new),
        ("shell", _, None) => "no shell is used any more".to_owned(),
        ("probe", Some(old), Some(new)) => {
            changed(&format!("what the probe `{name}` prints"), old, new)
        }
        ("probe", None, Some(new)) => added(&format!("the probe `{name}`"), new),
        ("probe", _, None) => format!("the probe `{name}` is not declared any more"),
        (placeholder, Some(old), Some(new)) if placeholder.starts_with('{') => {
            changed(&format!("what `{placeholder}` stands for"), old, new)
        }
        (_, None, Some(new)) => added(&part, new),
        (_, Some(old), Some(new)) => changed(&part, old, new),
        (_, _, None) => format!("{part} is gone"),
    }
}

/// The same of a run in the past, of which the values are not known any more.
pub(super) fn past_declaration(part: &str) -> String {
    let (word, name) = part.split_once(' ').unwrap_or((part, ""));
    let what = match word {
        "command" | "shell" | "depfile" => format!("the {word}"),
        "folder" => "the folder in which it starts".to_owned(),
        "param" => format!("parameter `{name}`"),
        "env" | "caller" => format!("variable `{name}`"),
        "probe" => format!("what the probe `{name}` prints"),
        "output" => format!("the declaration of output {name}"),
        "argument" => part.to_owned(),
        _ if word.starts_with('{') => format!("what `{part}` stands for"),
        _ => format!("`{part}`"),
    };
    format!("{what} changed")
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
mod tests;
