//! What watching a command came to, in words and in lines for the manifest.
//!
//! Does not know how it was watched. Says no more than what was seen.

use super::printed::escaped;
use super::units;
use super::words::{list, shown};
use crate::base::path::ProjectPath;
use crate::logic::trace::{Finding, How, Reading, Strict, Traced, Writing};

/// The fence goes by folders where there are outputs.
const DENIED: &str =
    "strict: of the project all but its inputs and its outputs' folders was denied to it";

/// In a warning, so many lines are told of each kind.
const TOLD: usize = 10;

/// What is not as declared, in a few lines; `None` when there is nothing to warn of.
pub fn warning(traced: &Traced) -> Option<String> {
    let mut parts = trouble(traced, TOLD);
    if traced.found.is_well() {
        return (!parts.is_empty()).then(|| parts.join("\n  "));
    }
    parts.push(match traced.strict {
        Strict::No => "its result is not kept, and the next build runs it again".to_owned(),
        _ => "it is strict, so its result does not count".to_owned(),
    });
    Some(parts.join("\n  "))
}

/// All that watching a node came to.
pub fn report(traced: &Traced) -> String {
    let mut lines = trouble(traced, usize::MAX);
    if traced.is_well() {
        lines.push(well(traced));
    } else if !traced.found.is_well() {
        lines.push("its result is not kept, and the next build runs it again".to_owned());
    }
    let Finding {
        missed, unopened, ..
    } = &traced.found;
    if !unopened.is_empty() {
        lines.push(format!(
            "declared as inputs, but never opened: {}",
            list(unopened)
        ));
    }
    if !missed.is_empty() {
        lines.push(format!("looked for, but not there: {}", list(missed)));
    }
    match &traced.strict {
        Strict::Denied => {
            lines.push(DENIED.to_owned());
        }
        Strict::No | Strict::OnlyWatched(_) | Strict::NotEnforced(_) => {}
    }
    lines.join("\n  ") + "\n"
}

fn well(traced: &Traced) -> String {
    let (inputs, outputs) = traced.found.declared;
    format!(
        "`{}` does what it declares: of the project it opened nothing but its {} and its {}",
        traced.node,
        units::count(inputs, "input"),
        units::count(outputs, "output")
    )
}

/// What is wrong, the first line naming the node.
fn trouble(traced: &Traced, most: usize) -> Vec<String> {
    let node = format!("`{}`", traced.node);
    let mut lines = Vec::new();
    if let Some(why) = &traced.not_watched {
        lines.push(format!(
            "{node} was not watched, so nothing can be said about its files: {}",
            escaped(why)
        ));
    }
    for gap in &traced.gaps {
        lines.push(format!("not all of {node} was seen: {}", escaped(gap)));
    }
    match &traced.strict {
        Strict::OnlyWatched(why) => lines.push(format!(
            "{node} is strict, but nothing could be denied to it, it was only watched: {}",
            escaped(why)
        )),
        Strict::NotEnforced(why) => lines.push(format!(
            "{node} is strict, but that could not be enforced, so its result is not kept: {}",
            escaped(why)
        )),
        Strict::No | Strict::Denied => {}
    }
    let found = &traced.found;
    let denied = traced.strict == Strict::Denied;
    if !found.reads.is_empty() {
        lines.push(format!(
            "{node} {} files of the project that it does not declare; add to it:",
            if denied { "tried to read" } else { "reads" }
        ));
        lines.extend(found.reads.iter().take(most).map(reading));
        lines.extend(more(found.reads.len(), most));
    }
    if !found.writes.is_empty() {
        lines.push(format!(
            "{node} {} files of the project that it does not declare:",
            if denied { "tried to write" } else { "writes" }
        ));
        lines.extend(found.writes.iter().take(most).map(writing));
        lines.extend(more(found.writes.len(), most));
    }
    lines
}

fn more(count: usize, most: usize) -> Option<String> {
    let left = count.saturating_sub(most);
    (left > 0).then(|| format!("    and {left} more, which `pipe trace` names"))
}

fn reading(reading: &Reading) -> String {
    let folder = reading.files > 0;
    let line = format!("    in {}", quoted(&reading.path, folder));
    match (&reading.writer, reading.files) {
        (Some(writer), _) => format!("{line}  // which `{writer}` writes"),
        (None, 0) => line,
        (None, files) => format!("{line}  // {} of it", units::count(files, "file")),
    }
}

fn writing(writing: &Writing) -> String {
    let path = shown(&writing.path);
    match (writing.how, &writing.writer) {
        (How::Made | How::MadeFolder | How::Changed, Some(writer)) => {
            format!("    {path}  // an output of `{writer}`: only one node may write it")
        }
        (How::Removed, Some(writer)) => {
            format!("    {path}  // an output of `{writer}`, which it removes")
        }
        (How::Made, None) => format!("    out {}", quoted(&writing.path, false)),
        (How::MadeFolder, None) => format!("    out {}", quoted(&writing.path, true)),
        (How::Changed, None) => {
            format!(
                "    out {}  // it stood there before",
                quoted(&writing.path, false)
            )
        }
        (How::ChangedInput, _) => {
            format!("    {path}  // an input of its own, which it changes: write a copy instead")
        }
        (How::Removed, None) => format!("    {path}  // which it removes"),
    }
}

/// A path as the manifest would have it.
fn quoted(path: &ProjectPath, folder: bool) -> String {
    let mut text = String::from("\"");
    for c in path.as_str().chars() {
        match c {
            '"' | '\\' => text.extend(['\\', c]),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            '\r' => text.push_str("\\r"),
            c if c.is_control() => text.push_str(&format!("\\u{{{:x}}}", c as u32)),
            c => text.push(c),
        }
    }
    if folder {
        text.push('/');
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> ProjectPath {
        ProjectPath::from_normal(text)
    }

    fn traced(found: Finding) -> Traced {
        Traced {
            node: "clean".to_owned(),
            found,
            not_watched: None,
            gaps: Vec::new(),
            strict: Strict::No,
        }
    }

    fn reads(path_text: &str, files: usize, writer: Option<&str>) -> Reading {
        Reading {
            path: path(path_text),
            files,
            writer: writer.map(str::to_owned),
        }
    }

    fn writes(path_text: &str, how: How, writer: Option<&str>) -> Writing {
        Writing {
            path: path(path_text),
            how,
            writer: writer.map(str::to_owned),
        }
    }

    #[test]
    fn all_is_well() {
        let mut told = traced(Finding {
            declared: (3, 1),
            ..Finding::default()
        });
        assert_eq!(warning(&told), None);
        assert_eq!(
            report(&told),
            "`clean` does what it declares: of the project it opened nothing but its 3 inputs and its 1 output\n"
        );
        told.found.unopened = vec![path("old.csv")];
        told.found.missed = vec![path("config.local.yml")];
        told.strict = Strict::Denied;
        assert_eq!(
            report(&told).lines().skip(1).collect::<Vec<_>>(),
            [
                "  declared as inputs, but never opened: old.csv",
                "  looked for, but not there: config.local.yml",
                "  strict: of the project all but its inputs and its outputs' folders was denied to it",
            ]
        );
    }

    #[test]
    fn lines_to_add() {
        let found = Finding {
            reads: vec![
                reads("a \"b\"\\.csv", 0, None),
                reads("lib", 7, None),
                reads("build/x", 2, Some("split")),
                reads("line\nbreak\u{7}", 0, None),
            ],
            writes: vec![
                writes("new.log", How::Made, None),
                writes("old.log", How::Changed, None),
                writes("in.csv", How::ChangedInput, None),
                writes("gone", How::Removed, None),
                writes("theirs", How::Changed, Some("split")),
                writes("moved", How::MadeFolder, None),
            ],
            ..Finding::default()
        };
        let told = warning(&traced(found.clone())).unwrap();
        assert_eq!(
            told.lines().collect::<Vec<_>>(),
            [
                "`clean` reads files of the project that it does not declare; add to it:",
                "      in \"a \\\"b\\\"\\\\.csv\"",
                "      in \"lib/\"  // 7 files of it",
                "      in \"build/x/\"  // which `split` writes",
                "      in \"line\\nbreak\\u{7}\"",
                "  `clean` writes files of the project that it does not declare:",
                "      out \"new.log\"",
                "      out \"old.log\"  // it stood there before",
                "      in.csv  // an input of its own, which it changes: write a copy instead",
                "      gone  // which it removes",
                "      theirs  // an output of `split`: only one node may write it",
                "      out \"moved/\"",
                "  its result is not kept, and the next build runs it again",
            ]
        );
        let mut strict = traced(found);
        strict.strict = Strict::Denied;
        assert!(
            warning(&strict)
                .unwrap()
                .ends_with("it is strict, so its result does not count")
        );
    }

    #[test]
    fn what_was_not_seen_is_said_and_nothing_is_claimed() {
        let mut told = traced(Finding::default());
        told.not_watched = Some("no seccomp".to_owned());
        let said = "`clean` was not watched, so nothing can be said about its files: no seccomp";
        assert_eq!(warning(&told).as_deref(), Some(said));
        assert_eq!(report(&told), format!("{said}\n"));
        told.strict = Strict::NotEnforced("no Landlock, and no seccomp".to_owned());
        assert!(warning(&told).unwrap().contains("could not be enforced"));
        let mut gaps = traced(Finding::default());
        gaps.gaps = vec!["3 names".to_owned()];
        assert!(!report(&gaps).contains("does what it declares"));
        gaps.strict = Strict::OnlyWatched("no Landlock".to_owned());
        assert!(
            warning(&gaps)
                .unwrap()
                .contains("it was only watched: no Landlock")
        );
    }
}
