//! The rules of the house that no compiler keeps: floors, file sizes, who may name which crate, who may print.
//!
//! Reads the sources as text, comments and literals left out. Does not know types or macros: a name that a macro
//! puts together escapes it.

mod source;

use source::File;
use std::fs;
use std::path::Path;

/// Most lines of a file, tests included.
const MOST_LINES: usize = 400;

/// Files that may be longer, each with its reason.
const LONG_FILES: &[(&str, &str)] = &[];

/// What each room may name with `crate::`: itself and what lies below it.
const FLOORS: &[(&str, &[&str])] = &[
    ("base", &["base"]),
    ("logic", &["base", "logic"]),
    ("world", &["base", "world"]),
    ("engine", &["base", "logic", "world", "engine"]),
    ("report", &["base", "logic", "report"]),
    ("cli", &["base", "logic", "engine", "report", "cli"]),
];

/// The same inside `logic`.
const LOGIC_FLOORS: &[(&str, &[&str])] = &[
    ("manifest", &["manifest"]),
    ("params", &["manifest", "params"]),
    ("depfile", &["depfile"]),
    ("graph", &["manifest", "params", "graph"]),
    ("plan", &["manifest", "graph", "plan"]),
    ("schedule", &["manifest", "graph", "schedule"]),
    ("room", &["room"]),
    ("drawing", &["manifest", "graph", "drawing"]),
    ("trace", &["trace"]),
    ("trigger", &["trigger"]),
    (
        "story",
        &["graph", "plan", "schedule", "event", "drawing", "story"],
    ),
    (
        "event",
        &[
            "manifest", "graph", "plan", "schedule", "room", "trace", "event",
        ],
    ),
];

/// Words that only some places may use, and those places, as the beginnings of paths below `src/`.
const RESERVED: &[(&str, &[&str])] = &[
    ("kdl::", &["logic/manifest"]),
    ("notify::", &["world/watch"]),
    ("println!", &["cli/", "report/"]),
    ("eprintln!", &["cli/", "report/"]),
    ("print!", &["cli/", "report/"]),
    ("eprint!", &["cli/", "report/"]),
    ("anstream::", &["cli/", "report/"]),
    (
        "unsafe",
        &["world/execute/trace/linux/sys.rs", "world/store/map.rs"],
    ),
    ("todo!", &[]),
    ("unimplemented!", &[]),
    ("dbg!", &[]),
];

/// The same, for all code but unit tests, which may start this very test program again to try out processes.
const RESERVED_OUTSIDE_TESTS: &[(&str, &[&str])] = &[
    ("io::stdout", &["cli/", "report/"]),
    ("io::stderr", &["cli/", "report/"]),
    ("env::var", &["cli/"]),
    ("process::exit", &["cli/"]),
];

/// The closed list of the ground floor.
const BASE: &[&str] = &[
    "content.rs",
    "digest.rs",
    "flat.rs",
    "mod.rs",
    "path.rs",
    "quantity.rs",
    "record.rs",
    "story.rs",
];

fn sources() -> Vec<File> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: Vec<File> = walkdir::WalkDir::new(&root)
        .into_iter()
        .map(|entry| entry.expect("src/ can be listed"))
        .filter(|entry| {
            entry
                .path()
                .extension()
                .is_some_and(|extension| extension == "rs")
        })
        .map(|entry| {
            let path = entry
                .path()
                .strip_prefix(&root)
                .expect("it was found there")
                .to_str()
                .expect("UTF-8 name");
            File::new(
                path,
                &fs::read_to_string(entry.path()).expect("a source can be read"),
            )
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 10, "src/ was not found");
    files
}

fn check_all(rule: fn(&File) -> Vec<String>) {
    let complaints: Vec<String> = sources()
        .iter()
        .flat_map(|file| {
            rule(file)
                .into_iter()
                .map(|said| format!("{}: {said}", file.path))
        })
        .collect();
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    check_all(opening);
}

#[test]
fn no_file_is_too_long() {
    check_all(length);
    let files = sources();
    for (path, _) in LONG_FILES {
        let lines = files
            .iter()
            .find(|file| file.path == *path)
            .map_or(0, |file| file.text.lines().count());
        assert!(
            lines > MOST_LINES,
            "{path} needs no exception: it has {lines} lines"
        );
    }
}

#[test]
fn imports_run_down_the_floors() {
    check_all(floors);
}

#[test]
fn words_stay_where_they_belong() {
    check_all(reserved_words);
}

#[test]
fn the_ground_floor_is_a_closed_list() {
    let files = sources();
    let found: Vec<&str> = files
        .iter()
        .filter_map(|file| file.path.strip_prefix("base/"))
        .collect();
    assert_eq!(found, BASE);
}

fn opening(file: &File) -> Vec<String> {
    let said = file
        .text
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("//! "));
    if said.is_some_and(|said| !said.trim().is_empty()) {
        Vec::new()
    } else {
        vec!["does not open with `//!` and what it does".to_owned()]
    }
}

fn length(file: &File) -> Vec<String> {
    let lines = file.text.lines().count();
    if lines <= MOST_LINES || LONG_FILES.iter().any(|(path, _)| *path == file.path) {
        Vec::new()
    } else {
        vec![format!("{lines} lines; {MOST_LINES} is the limit")]
    }
}

fn reserved_words(file: &File) -> Vec<String> {
    let everywhere = RESERVED.iter().map(|row| (row, file.code.as_str()));
    let outside_tests = RESERVED_OUTSIDE_TESTS
        .iter()
        .map(|row| (row, file.code_outside_tests()));
    let strays = everywhere
        .chain(outside_tests)
        .filter(|((word, places), code)| {
            !places.iter().any(|place| file.path.starts_with(place)) && has_word(code, word)
        });
    strays
        .map(|((word, places), _)| format!("names `{word}`, which is for {places:?} only"))
        .collect()
}

/// Whether `word` stands in `code` and is not the end of a longer name.
fn has_word(code: &str, word: &str) -> bool {
    let joins = |before: char| before.is_alphanumeric() || before == '_';
    // `kdl::` is not meant by `other::kdl::`, but `io::stdout` is by `std::io::stdout`.
    let path_joins = |before: char| before == ':' && word.ends_with("::");
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back();
        !before.is_some_and(|before| joins(before) || path_joins(before))
    })
}

fn floors(file: &File) -> Vec<String> {
    let module = file.module();
    let Some(room) = module.first() else {
        // lib.rs names no paths; main.rs sees the library from outside.
        let others = FLOORS
            .iter()
            .map(|(room, _)| *room)
            .filter(|room| *room != "cli");
        let named = others.filter(|room| has_word(&file.code, &format!("pipe::{room}")));
        return named
            .map(|room| format!("names `pipe::{room}`; only cli is for the program"))
            .collect();
    };
    let mut complaints = Vec::new();
    for path in file.named_paths() {
        let shown = path.join("::");
        let Some(target) = path.first() else {
            complaints.push("climbs to the crate's root; write `crate::` and the room".to_owned());
            continue;
        };
        match allowed(FLOORS, room) {
            None => complaints.push(format!("`{room}` is not a room in the list of floors")),
            Some(rooms) if !rooms.contains(&target.as_str()) => {
                complaints.push(format!("names {shown}, which does not lie below `{room}`"));
            }
            Some(_) => {}
        }
        if let (Some(inner), "logic", "logic", Some(target)) =
            (module.get(1), room.as_str(), target.as_str(), path.get(1))
        {
            match allowed(LOGIC_FLOORS, inner) {
                None => complaints.push(format!(
                    "`logic/{inner}` is not in the list of floors inside logic"
                )),
                Some(rooms) if !rooms.contains(&target.as_str()) => {
                    complaints.push(format!(
                        "names {shown}, which does not lie below `logic/{inner}`"
                    ));
                }
                Some(_) => {}
            }
        }
    }
    complaints.sort();
    complaints.dedup();
    complaints
}

fn allowed(
    floors: &[(&str, &'static [&'static str])],
    room: &str,
) -> Option<&'static [&'static str]> {
    floors
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, rooms)| *rooms)
}

/// A path below `src/`, a text that must not stand there, and one that may.
const FLOOR_CASES: &str = r##"
logic/graph/a.rs    | use crate::world::clock;                     | use crate::base::path;
world/a.rs          | use crate::{base::path, logic::event};       | use crate::{base::path, world::b};
cli/a.rs            | fn f() { crate::world::clock::now_ms(); }    | fn f() { crate::engine::build(); }
report/a.rs         | use crate::engine::Project;                  | // use crate::engine::Project;
base/a.rs           | use crate::logic::event;                     | const A: &str = "crate::logic";
base/a.rs           | use super::super::logic::event;              | use super::path;
engine/a.rs         | use crate::cli::run;                         | use crate::{logic::{plan, event}, world};
cellar/a.rs         | use crate::base::path;                       | use std::fs;
main.rs             | fn main() { pipe::engine::build(); }         | fn main() { pipe::cli::run(); }
logic/manifest/a.rs | use crate::logic::graph::Graph;              | use super::problem::Problem;
logic/manifest/mod.rs | use super::graph::Graph;                   | use self::problem::Problem;
logic/plan/a.rs     | use crate::logic::{plan::key, schedule};     | use crate::logic::{plan::key, graph};
logic/schedule/mod.rs | use super::plan::Reason;                   | use super::graph::NodeId;
logic/graph/a.rs    | use crate::logic::event::Notice;             | use crate::logic::manifest::Problem;
logic/graph/a.rs    | mod tests { use super::super::super::event; } | mod tests { use super::super::flat; }
base/a.rs           | mod tests { use super::super::super::world; } | mod tests { use super::*; }
"##;

/// The same.
const WORD_CASES: &str = r##"
logic/graph/a.rs    | use kdl::KdlNode;                  | use crate::logic::manifest::kdl::x;
world/observe/a.rs  | use notify::Watcher;               | fn notify() {}
engine/a.rs         | println!("x");                     | writeln!(out, "println!");
world/a.rs          | std::io::stderr().write(b"x");     | command.stderr(pipe);
world/a.rs          | std::env::var_os("PATH");          | env!("PATH");
world/a.rs          | env::vars(); mod tests {}          | mod tests { fn f() { env::vars(); } }
engine/a.rs         | std::process::exit(1);             | std::process::id();
world/a.rs          | unsafe { f() }                     | // unsafe
world/a.rs          | #![expect(unsafe_code)]            | let safe = 1;
cli/a.rs            | todo!()                            | r#"todo!()"#; let x: &'a str = 'a';
cli/a.rs            | /* /* x */ */ dbg!(x)              | /* dbg!(x) /* */ todo!() */
cli/a.rs            | let quote = '"'; dbg!(x);          | let quote = "\" dbg!(x);";
"##;

#[test]
fn every_rule_can_fail() {
    check_cases(floors, FLOOR_CASES);
    check_cases(reserved_words, WORD_CASES);
    let complains =
        |rule: fn(&File) -> Vec<String>, text: &str| !rule(&File::new("a.rs", text)).is_empty();
    assert!(
        complains(opening, "use x;\n")
            && complains(opening, "//!\n")
            && !complains(opening, "//! Does.\n")
    );
    let limit = "\n".repeat(MOST_LINES);
    assert!(complains(length, &format!("{limit}\n")) && !complains(length, &limit));
}

fn check_cases(rule: fn(&File) -> Vec<String>, cases: &str) {
    for case in cases.lines().filter(|line| !line.is_empty()) {
        let cells: Vec<&str> = case.split(" | ").map(str::trim).collect();
        let [path, wrong, right] = cells[..] else {
            panic!("not a case: {case}")
        };
        assert!(
            !rule(&File::new(path, wrong)).is_empty(),
            "passes, but must not: {case}"
        );
        assert_eq!(
            rule(&File::new(path, right)),
            [""; 0],
            "does not pass: {case}"
        );
    }
}
