//! Comparing, case by case.

use super::*;
use globset::{Glob, GlobSetBuilder};

fn path(text: &str) -> ProjectPath {
    ProjectPath::from_normal(text)
}

/// A touch by letters: `s` stood, `r` read, `w` written, `x` removed, `m` missed; `F` a folder stands now, `-` nothing.
fn touch(text: &str, letters: &str) -> Touched {
    let has = |letter| letters.contains(letter);
    Touched {
        path: path(text),
        stood: has('s'),
        stands: match (has('F'), has('-')) {
            (true, _) => Standing::Folder,
            (_, true) => Standing::Nothing,
            _ => Standing::File,
        },
        read: has('r'),
        written: has('w'),
        removed: has('x'),
        missed: has('m'),
    }
}

/// A node that reads `in.csv` and `data/`, writes `out.csv` and `scores/`, in a project where `other` writes
/// `other.csv` and `made/`.
fn found(touches: &[(&str, &str)]) -> Finding {
    let inputs = [path("in.csv"), path("data")];
    let writers = || {
        ["other.csv", "made"]
            .map(|output| (path(output), "other".to_owned()))
            .to_vec()
    };
    let mut ignored = GlobSetBuilder::new();
    ignored.add(Glob::new("*.log").unwrap());
    let declared = Declared {
        inputs: vec![(&inputs[0], false), (&inputs[1], true)],
        outputs: vec![path("out.csv"), path("scores")],
        ignored: ignored.build().unwrap(),
        temporary: Some(path("scratch")),
        writers: &writers,
    };
    let touches: Vec<Touched> = touches
        .iter()
        .map(|(path, letters)| touch(path, letters))
        .collect();
    compare(&touches, &declared, true)
}

/// The undeclared readings and writings, as words.
fn told(touches: &[(&str, &str)]) -> Vec<String> {
    let found = found(touches);
    let by = |writer: &Option<String>| {
        writer
            .as_ref()
            .map_or_else(String::new, |writer| format!(" by {writer}"))
    };
    let reads = found.reads.iter().map(|reading| match reading.files {
        0 => format!("in {}{}", reading.path, by(&reading.writer)),
        files => format!("in {}/ {files}{}", reading.path, by(&reading.writer)),
    });
    let writes = found
        .writes
        .iter()
        .map(|writing| format!("{:?} {}{}", writing.how, writing.path, by(&writing.writer)));
    reads.chain(writes).collect()
}

#[test]
fn what_is_declared_is_nothing_to_tell() {
    let touches = [
        ("in.csv", "sr"),
        ("data/a", "sr"),
        ("data/deep/b", "sr"),
        ("out.csv", "wr"),
        ("scores/1", "w"),
        ("scores/tmp", "wx-"),
    ];
    assert!(found(&touches).is_well());
    assert_eq!(found(&touches).unopened, []);
    assert_eq!(found(&touches[1..]).unopened, [path("in.csv")]);
    assert_eq!(found(&touches[..1]).unopened, [path("data")]);
}

#[test]
fn undeclared_readings() {
    assert_eq!(told(&[("config.yml", "sr")]), ["in config.yml"]);
    assert_eq!(told(&[("in.csv.bak", "sr")]), ["in in.csv.bak"]);
    assert_eq!(told(&[("database", "sr")]), ["in database"]);
    assert_eq!(told(&[("other.csv", "sr")]), ["in other.csv by other"]);
    assert_eq!(
        told(&[("made/a", "sr"), ("made/b", "sr")]),
        ["in made/ 2 by other"]
    );
    // It was made by somebody else while the command ran.
    assert_eq!(told(&[("late.csv", "r")]), ["in late.csv"]);
}

#[test]
fn many_files_of_a_folder_are_told_as_one() {
    let names: Vec<String> = (0..6).map(|number| format!("lib/{number}.py")).collect();
    let six: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "sr")).collect();
    assert_eq!(told(&six), ["in lib/ 6"]);
    assert_eq!(told(&six[..4]).len(), 4);
    // Not where the folder holds what is written: no node can read and write the same.
    let mut with_output = six.clone();
    with_output.push(("lib/cache.bin", "w"));
    assert_eq!(told(&with_output).len(), 7);
    let root: Vec<String> = (0..6).map(|number| format!("{number}.py")).collect();
    let root: Vec<(&str, &str)> = root.iter().map(|name| (name.as_str(), "sr")).collect();
    assert_eq!(told(&root).len(), 6);
}

#[test]
fn undeclared_writings() {
    assert_eq!(told(&[("new", "w")]), ["Made new"]);
    assert_eq!(told(&[("old", "sw")]), ["Changed old"]);
    assert_eq!(told(&[("in.csv", "srw")]), ["ChangedInput in.csv"]);
    assert_eq!(told(&[("old", "sx-")]), ["Removed old"]);
    assert_eq!(told(&[("in.csv", "sx-")]), ["Removed in.csv"]);
    assert_eq!(told(&[("other.csv", "sw")]), ["Changed other.csv by other"]);
    assert_eq!(
        told(&[("moved", "wF"), ("moved/a", "w")]),
        ["MadeFolder moved"]
    );
    // Gone again, or a mere folder.
    assert_eq!(
        told(&[("tmp1", "wx-"), ("tmp2", "w-"), ("dir", "F")]),
        [""; 0]
    );
}

#[test]
fn what_never_counts() {
    let touches = [
        (".git/HEAD", "sr"),
        ("lib/__pycache__/a.pyc", "w"),
        ("a.pyc", "sr"),
        (".venv/lib/x.py", "sr"),
        (".pipe/ledger", "sr"),
        ("x/.pipe-tmp", "w"),
        ("run.log", "sw"),
        ("scratch/x", "w"),
    ];
    assert_eq!(told(&touches), [""; 0]);
}

#[test]
fn look_ups_in_vain_are_no_readings() {
    let found = found(&[
        ("config.local.yml", "m-"),
        ("data/absent", "m-"),
        ("out.csv", "mw"),
        ("exclusive", "sm"),
    ]);
    assert!(found.is_well());
    assert_eq!(found.missed, [path("config.local.yml")]);
}
