//! Every manifest in `fixtures/invalid/` gets exactly the report that stands beside it.
//!
//! Does not judge whether a report is good; people do, when they read the `.expected` files in a review.

use crate::support::{Outcome, Sandbox};
use pipe::base::path::{PathPattern, ProjectPath};
use pipe::logic::graph::expand::{Facts, caller_variables, expand};
use pipe::logic::graph::{Instances, axis_patterns};
use pipe::logic::manifest::problem::merged;
use pipe::logic::manifest::{Problem, Source, Span, read};
use pipe::logic::params::Params;
use pipe::report::json::check;
use pipe::report::problems::{ProblemStyle, render};
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

const STYLE: ProblemStyle = ProblemStyle {
    colour: false,
    unicode: false,
    narrated: false,
    width: 100,
};

/// Everything that is wrong with a manifest, from all that looks at it: its text, and then its graph. The project
/// holds no file but the manifest, and the caller has no variables.
fn problems(source: &Arc<Source>) -> Vec<Problem> {
    let (manifest, problems) = read(source);
    let Some(manifest) = manifest else {
        return problems;
    };
    let params = Params::default();
    let nothing = |patterns: Vec<PathPattern>| -> HashMap<String, Vec<ProjectPath>> {
        let empty = |pattern: PathPattern| (pattern.as_str().to_owned(), Vec::new());
        patterns.into_iter().map(empty).collect()
    };
    let axes = nothing(axis_patterns(&manifest));
    let instances = Instances::of(&manifest, source, &params, &axes);
    let listings = nothing(instances.patterns());
    let variables = caller_variables(&manifest)
        .into_iter()
        .map(|name| (name, None))
        .collect();
    let facts = Facts {
        listings: &listings,
        variables: &variables,
        manifest: &ProjectPath::parse(&source.name).expect("fixtures have plain names"),
        memory: 8 << 30,
    };
    let (_graph, more) = expand(&manifest, source, instances, &facts);
    merged(problems, more)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/invalid")
}

fn names_with(extension: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder()).expect("fixtures/invalid can be listed");
    entries
        .map(|entry| entry.expect("an entry can be read").path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect()
}

#[test]
fn every_invalid_manifest_gets_its_report() {
    let bless = std::env::var_os("PIPE_BLESS").is_some();
    let mut wrong = Vec::new();
    for name in names_with("kdl") {
        let text = std::fs::read_to_string(folder().join(format!("{name}.kdl")))
            .expect("a fixture can be read");
        let source = Source::new(format!("{name}.kdl"), text);
        let problems = problems(&source);
        assert!(!problems.is_empty(), "{name}.kdl yields no problem");
        for label in problems.iter().flat_map(|problem| &problem.labels) {
            let end = label.span.start as usize + label.span.len as usize;
            assert!(
                source.text.get(label.span.start as usize..end).is_some(),
                "{name}.kdl: {label:?} is no place"
            );
        }
        let report = render(&problems, STYLE);
        assert!(
            report.lines().all(|line| line.chars().count() < 250),
            "{name}: a line is too long to read"
        );
        let expected = folder().join(format!("{name}.expected"));
        if bless {
            std::fs::write(&expected, &report).expect("an expectation can be written");
        } else if std::fs::read_to_string(&expected).ok().as_deref() != Some(&report) {
            wrong.push(format!("{name}.kdl reports:\n{report}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nIf this is right, PIPE_BLESS=1 cargo test --test it diagnostics writes it down.",
        wrong.join("\n")
    );
}

#[test]
fn no_fixture_is_forgotten() {
    if std::env::var_os("PIPE_BLESS").is_some() {
        // They are being written at this moment.
        return;
    }
    let (manifests, reports) = (names_with("kdl"), names_with("expected"));
    assert!(manifests.len() >= 25, "only {} fixtures", manifests.len());
    assert_eq!(
        manifests, reports,
        "every .kdl has its .expected, and the other way round"
    );
}

#[test]
fn ten_mistakes_are_told_at_once() {
    let text = std::fs::read_to_string(folder().join("ten-mistakes.kdl"))
        .expect("the fixture can be read");
    let marked: Vec<usize> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains("// mistake"))
        .map(|(line, _)| line + 1)
        .collect();
    let source = Source::new("ten-mistakes.kdl", text);
    let found: Vec<usize> = problems(&source)
        .iter()
        .map(|problem| source.position(problem.labels[0].span.start).0)
        .collect();
    assert_eq!(
        found, marked,
        "the lines with a problem are the marked ones"
    );
    assert_eq!(found.len(), 10);
}

/// 24 MB, with its mistakes at the end: on lines of their own, or all on one line.
fn large(line_break: &str) -> Arc<Source> {
    let good = format!("pass-env \"{}\"{line_break}", "A".repeat(80));
    let text = good.repeat((24 << 20) / good.len()) + &format!("wrong 1{line_break}").repeat(100);
    Source::new("pipe.kdl", text)
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
#[ignore = "measures time: cargo test --release --test it twenty_problems -- --ignored --nocapture"]
fn twenty_problems_at_the_end_of_a_large_manifest_are_shown_at_once() {
    for line_break in ["\n", ";"] {
        let source = large(line_break);
        let problems: Vec<Problem> = source
            .text
            .match_indices("wrong")
            .map(|(at, word)| {
                let span = Span {
                    start: at as u32,
                    len: word.len() as u32,
                };
                Problem::error(&source, "unknown-word", "unknown word").at(span, "not known")
            })
            .collect();
        assert_eq!(problems.len(), 100);
        let begun = Instant::now();
        let text = render(&problems, STYLE);
        let shown = begun.elapsed();
        assert!(text.contains("and 80 more"));
        let begun = Instant::now();
        let data = check(&problems, None);
        let written = begun.elapsed();
        assert!(data.len() > 100 * 50);
        eprintln!("shown in {shown:?}, as JSON in {written:?}");
        assert!(shown.max(written) < Duration::from_millis(50));
    }
}

#[test]
fn the_environment_says_how_problems_look() {
    let sandbox = Sandbox::new("node \"a\" {\n    inputs \"x\"\n}\n");
    let told = |name: &str| {
        let mut command = sandbox.command(["check"]);
        command.env("LC_ALL", "C.UTF-8").env(name, "1");
        Outcome::of(command.output().expect("pipe starts"))
            .expect_code(2)
            .err
    };
    let drawn = told("NO_UNICODE");
    assert!(
        drawn.is_ascii() && drawn.contains("`-- not known"),
        "{drawn}"
    );
    let narrated = told("NO_GRAPHICS");
    assert!(
        narrated.contains("  pipe.kdl, line 2, columns 5 to 10: not known inside a node\n"),
        "{narrated}"
    );
}
