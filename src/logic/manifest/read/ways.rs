//! Both ways to read a text come to the same: statement by statement, and the whole by kdl-rs.

use super::super::document::{self, Element};
use super::super::split;
use super::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// The statements of a text, read by kdl-rs at one go; `None` where something is wrong with it.
fn by_kdl(source: &Source) -> Option<Vec<Element<'static>>> {
    let guarded = guard(&source.text);
    let document = guarded
        .faults
        .is_empty()
        .then(|| KdlDocument::parse_v2(&guarded.clean).ok());
    Some(document::from_kdl(&document.flatten()?, source, 0))
}

/// The same, piece by piece.
fn by_pieces(source: &Source) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    let pieces = split::split(&source.text)?;
    if !fast::are_blank(&source.text, &(0..source.text.len()), &pieces) {
        return None;
    }
    for piece in pieces {
        elements.extend(fast::element(source, &piece)?);
    }
    Some(elements)
}

/// Spans of whole statements reach to different ends in the two; only their starts are used.
fn told(elements: &[Element<'_>]) -> String {
    let mut text = String::new();
    for element in elements {
        let children = element.children.as_deref().map(told);
        let _ = writeln!(
            text,
            "{:?} {:?} {:?} {} {children:?}",
            element.annotation, element.name, element.entries, element.span.start
        );
    }
    text
}

#[track_caller]
fn compare(name: &str, text: &str) {
    let source = Source::new(name, text);
    let whole = by_kdl(&source);
    let pieces = by_pieces(&source);
    // A piece that is declined is read as a whole: only what is accepted has to be the same.
    if let Some(pieces) = &pieces {
        let whole = whole
            .as_ref()
            .unwrap_or_else(|| panic!("{name} is accepted in pieces only:\n{text}"));
        assert_eq!(told(pieces), told(whole), "{name}:\n{text}");
    }
    let fast = format!("{:?}", read_with(&source, Way::Fast));
    let slow = format!("{:?}", read_with(&source, Way::KdlOnly));
    assert_eq!(fast, slow, "{name}:\n{text}");
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter();
    all.flatten()
        .map(walkdir::DirEntry::into_path)
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect()
}

/// The folder of the kdl package's own sources, where its official test cases lie.
pub(in super::super) fn kdl_package() -> PathBuf {
    let cargo = |arguments: &[&str]| {
        let told = std::process::Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .expect("cargo runs");
        let said = String::from_utf8_lossy(&told.stderr);
        assert!(told.status.success(), "{said}");
        String::from_utf8(told.stdout).expect("text")
    };
    let version = cargo(&["-vV"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    // Packages of other platforms may never have been downloaded, and nothing is downloaded here.
    let platform = ["--filter-platform", host.expect("a host")];
    let about = ["metadata", "--format-version=1", "--offline", "--locked"];
    let told = cargo(&[about.as_slice(), &platform].concat());
    let told: serde_json::Value = serde_json::from_str(&told).expect("JSON");
    let packages = told["packages"].as_array().expect("packages");
    let kdl = packages
        .iter()
        .find(|package| package["name"] == "kdl")
        .expect("kdl");
    let manifest = kdl["manifest_path"].as_str().expect("a path");
    Path::new(manifest).parent().expect("a folder").to_owned()
}

#[test]
fn the_official_cases_read_alike() {
    let cases = files(&kdl_package().join("tests/test_cases/input"), "kdl");
    assert!(cases.len() > 300, "{} cases", cases.len());
    let mut in_pieces = 0;
    for case in &cases {
        let Ok(text) = std::fs::read_to_string(case) else {
            continue;
        };
        compare(&case.display().to_string(), &text);
        in_pieces += usize::from(by_pieces(&Source::new("", text)).is_some());
    }
    assert!(in_pieces > 200, "{in_pieces} of {} in pieces", cases.len());
}

/// Invalid cases that are accepted: the guard blanks comments before kdl-rs sees them. The list may only shrink.
const TOO_KIND: [&str; 2] = [
    "slashdash_child_block_before_entry_err_fail",
    "zero_space_before_slashdash_arg_fail",
];

#[test]
fn the_official_cases_are_accepted_and_rejected_as_they_should() {
    let folder = kdl_package().join("tests/test_cases");
    let mut wrong = Vec::new();
    for case in files(&folder.join("input"), "kdl") {
        let stem = case
            .file_stem()
            .expect("a name")
            .to_string_lossy()
            .into_owned();
        let valid = !stem.ends_with("_fail");
        let accepted = std::fs::read_to_string(&case)
            .is_ok_and(|text| by_kdl(&Source::new("", text)).is_some());
        if valid != accepted {
            wrong.push(stem);
        }
    }
    wrong.retain(|case| !TOO_KIND.contains(&case.as_str()));
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn fixtures_and_the_book_read_alike() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut count = 0;
    for path in files(&root.join("fixtures"), "kdl") {
        compare(
            &path.display().to_string(),
            &std::fs::read_to_string(&path).expect("a text"),
        );
        count += 1;
    }
    for path in files(&root.join("book/src"), "md") {
        let text = std::fs::read_to_string(&path).expect("a text");
        for block in text.split("```kdl\n").skip(1) {
            compare(
                &path.display().to_string(),
                block.split("```").next().unwrap_or(""),
            );
            count += 1;
        }
    }
    assert!(count > 50, "{count}");
}

#[test]
fn usual_manifests_are_plain() {
    let text = "node \"a\" {\n    in \"x\" script=\"y.py\" (node)\"b\" // why\n    out #\"a\"b\"#\n    jobs 2; always\n}\n";
    let source = Source::new("", text);
    let piece = split::split(text).expect("even").remove(0);
    assert!(super::super::plain::read(&text[piece], 0).is_some());
    compare("plain", &source.text);
}

/// Words of KDL in all its forms, and a few that are wrong.
fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "node",
        "a",
        "in",
        "run",
        "jobs",
        "-",
        "- 1",
        "\"x y\"",
        "\"\"",
        "\"\\n\"",
        "#\"r\"#",
        "##\"r\"#\"##",
        "\"\"\"\n  m\n  \"\"\"",
        "#\"\"\"\nm\n\"\"\"#",
        "1",
        "-2",
        "0x1f",
        "1.5",
        "1e9",
        "1_000",
        "#true",
        "#null",
        "#inf",
        "true",
        "k=1",
        "k=\"v\"",
        "k=v",
        "(node)\"x\"",
        "k=(t)2",
        "(t)n",
        "{",
        "}",
        " {",
        "\n",
        "\n",
        "\r\n",
        "\u{85}",
        "\u{2028}",
        ";",
        "// c\n",
        "// c",
        "/* c */",
        "/* /* */ */",
        "/-",
        "/- ",
        "\\\n",
        "\\ // c\n",
        "\t",
        "\u{a0}",
        "\u{feff}",
        "é",
        "\"é\"",
        "[",
        "=",
        ",",
        "/",
        "'q'",
        "\"",
        "#",
        "node \"n\" { run \"x\" }\n",
        "node \"m\" {\n    in \"a\" \"b\"\n    out \"c\"\n    run \"cp {in} {out}\"\n}\n",
    ])
    .prop_map(str::to_owned)
}

/// The same texts each time; with more of them (`PROPTEST_CASES`) the search goes on from there.
pub(in crate::logic) fn same_each_time() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(2026),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(same_each_time())]

    #[test]
    fn random_texts_read_alike(words in prop::collection::vec((word(), any::<bool>()), 0..14)) {
        let mut text = String::new();
        for (word, space) in words {
            text.push_str(&word);
            text.push_str(if space { " " } else { "" });
        }
        compare("random", &text);
    }

    #[test]
    fn changed_manifests_read_alike(at in 0usize..400, word in word(), cut in 0usize..4) {
        let mut text = "params \"p.toml\"\nnode \"clean\" {\n    about \"Clean // it\"\n    matrix { model \"rf\" \"xgb\"; seed 1 2 }\n    in \"raw/*.csv\" script=\"c.py\"\n    out \"build/{matrix.model}.csv\"\n    run #\"awk '{ print $1 }' {in} > {out}\"#\n}\n\n// note\nnode \"b\" { in (node)\"clean\"; out \"b/\"; exec \"x\" \"{in}\" }\ndefaults { retries 1 }\n".to_owned();
        let at = at % text.len();
        text.replace_range(at..(at + cut).min(text.len()), &word);
        compare("changed", &text);
    }
}
