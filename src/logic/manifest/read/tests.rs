//! Whole manifests through `read`: good ones, damaged ones, and texts that are none.
//!
//! Does not test single messages; `fixtures/invalid/` does.

use super::*;
use crate::logic::manifest::characters::is_word;
use crate::logic::manifest::syntax::{Fault, FaultKind};
use crate::logic::manifest::{Command, EnvValue, Exclusive, InputKind};
use proptest::prelude::*;

const GOOD: &str = r##"/- kdl-version 2
jobs 4 // as many as there are
env PYTHONHASHSEED="0" "LANG"
pass-env "AWS_*" "HTTP_PROXY"
defaults { shell "bash" "-euo" "pipefail" "-c"; env A="{node}"; pass-env "X" }
/* banner ****** /* nested */ */
node "clean" {
    about "Clean the table"; dir "sub/{node}"
    in "raw/*.csv" script="clean.py" /-"off.csv" (node)"fetch"
    out "build/{node}.csv" "build/parts/" log="build/clean.log"
    run #"""
        awk '{ print $1 }' {in} | \
            python {in.script} --to {out.0} "{out.log}" ${HOME}
        """#
    after "fetch"
    env SEED="1" TO="{out.log}"
    /- always
    exclusive "gpu"
}
node fetch {
    out \
        "raw.csv"; always
    exec "curl" "-o" "{out}" "https://example.org/\u{e4}.csv"
    exclusive
}
"##;

fn read_text(text: &str) -> (Option<Manifest>, Vec<Problem>) {
    read(&Source::new("pipe.kdl", text))
}

#[test]
fn a_manifest_with_everything_is_read() {
    let (manifest, problems) = read_text(GOOD);
    assert!(problems.is_empty(), "{problems:#?}");
    let manifest = manifest.unwrap();
    assert_eq!(manifest.jobs, Some(4));
    assert!(
        matches!(manifest.env[0].value, EnvValue::Set(_))
            && matches!(manifest.env[1].value, EnvValue::Caller)
    );
    assert_eq!(
        manifest.defaults.shell.as_deref().unwrap(),
        ["bash", "-euo", "pipefail", "-c"]
    );
    let [clean, fetch] = &manifest.nodes[..] else {
        panic!("two nodes")
    };
    assert_eq!(clean.inputs.len(), 3);
    assert_eq!(clean.inputs[1].name.as_ref().unwrap().value, "script");
    assert!(matches!(&clean.inputs[2].kind, InputKind::Node(name) if name.text == "fetch"));
    let outputs: Vec<&str> = clean
        .outputs
        .iter()
        .map(|out| out.path.text.as_str())
        .collect();
    assert_eq!(
        outputs,
        ["build/{node}.csv", "build/parts/", "build/clean.log"]
    );
    let Command::Run(script) = &clean.command else {
        panic!("a script")
    };
    assert!(
        script
            .value
            .text
            .starts_with("awk '{ print $1 }' {in} | \\\n    python")
    );
    assert_eq!(script.value.placeholders().count(), 4);
    assert_eq!(clean.exclusive, Some(Exclusive::Group("gpu".to_owned())));
    assert_eq!(fetch.exclusive, Some(Exclusive::Alone));
    assert!(fetch.always && !clean.always && !fetch.poisoned);
    let Command::Exec(arguments) = &fetch.command else {
        panic!("an argument vector")
    };
    assert_eq!(arguments[3].value.text, "https://example.org/ä.csv");
}

#[test]
fn places_are_those_of_the_text() {
    let source = Source::new("pipe.kdl", GOOD);
    let manifest = read(&source).0.unwrap();
    let at = |span: Span| &source.text[span.start as usize..(span.start + span.len) as usize];
    let clean = &manifest.nodes[0];
    assert_eq!(at(clean.name.span), "\"clean\"");
    assert_eq!(at(clean.inputs[1].span), "\"clean.py\"");
    assert_eq!(at(clean.inputs[1].name.as_ref().unwrap().span), "script");
    assert_eq!(at(clean.inputs[2].span), "\"fetch\"");
    assert_eq!(at(clean.after[0].span), "\"fetch\"");
    let Command::Run(script) = &clean.command else {
        panic!("a script")
    };
    let placeholders: Vec<&str> = script
        .value
        .placeholders()
        .map(|placeholder| at(placeholder.span))
        .collect();
    assert_eq!(
        placeholders,
        ["{in}", "{in.script}", "{out.0}", "{out.log}"]
    );
    assert_eq!(at(manifest.nodes[1].name.span), "fetch");
}

#[test]
fn one_bad_word_hides_nothing_else() {
    let text = "node \"a\" {\n out x/a.csv \"b.csv\"\n inn \"c.csv\"\n run \"true\"\n}\nnode \"b\" { out \"d.csv\"; run \"true\" }\n";
    let (manifest, problems) = read_text(text);
    let manifest = manifest.unwrap();
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(manifest.nodes[0].poisoned && !manifest.nodes[1].poisoned);
    assert_eq!(manifest.nodes[0].outputs[0].path.text, "b.csv");
    assert!(matches!(manifest.nodes[0].command, Command::Run(_)));
}

#[test]
fn nothing_that_kdl_rs_chokes_on_reaches_it() {
    for text in [
        "a /-{".repeat(5_000),
        "/- a {".repeat(5_000),
        "/-".repeat(50_000),
        "a {".repeat(50_000),
        "}".repeat(50_000),
        "= ".repeat(50_000),
        "/*".repeat(50_000),
        "a/*".repeat(50_000),
        "a=[b],".repeat(50_000),
        format!(
            "{}{} node \"a\" {{ run \"x\" }}",
            "/*".repeat(50_000),
            "*/".repeat(50_000)
        ),
        format!("/*{}*/ node \"a\" {{ run \"x\" }}", "* / ".repeat(50_000)),
        format!("node \"a\" {{ run {} }}", "( ".repeat(50_000)),
        format!("node \"a\" {{ run \"{}\" }}", "{in".repeat(50_000)),
        "\"\n".repeat(20_000),
        format!("node \"a\" {}", "\\\n".repeat(20_000)),
    ] {
        let (_, problems) = read_text(&text);
        assert!(problems.len() < 1_100);
    }
}

/// kdl-rs needs twice the time for every level of `/-`: it must see none.
#[test]
fn what_is_commented_out_is_blanked() {
    let deep = |open: &str| format!("{}b{}", open.repeat(30), " }".repeat(30));
    for text in [
        "/- a { b 1; c /-2 }\nd".to_owned(),
        "a /-b /-c=1 /- \n (t)d /-{ e { f } } { g } /-{ h }".to_owned(),
        "a { /- b \"x\"; c }\n/- d".to_owned(),
        "/* a /* b */ */ c // d /- e\n\\ // f\n".to_owned(),
        deep("a /-{ "),
        deep("/- a { "),
        deep("a { /- b; "),
    ] {
        let guarded = guard(&text);
        assert!(guarded.faults.is_empty(), "{text}: {:?}", guarded.faults);
        assert!(
            !guarded.clean.contains('/'),
            "{text} becomes {}",
            guarded.clean
        );
        assert!(
            KdlDocument::parse_v2(&guarded.clean).is_ok(),
            "{text} becomes {}",
            guarded.clean
        );
    }
}

#[test]
fn a_text_that_is_too_large_is_refused() {
    let (manifest, problems) = read_text(&" ".repeat(MAX_BYTES + 1));
    assert!(manifest.is_none());
    assert_eq!(problems[0].code, "too-large");
}

#[test]
fn an_empty_manifest_is_one() {
    for text in ["", "\u{FEFF}", "// nothing yet\n", "/- node \"a\" { }"] {
        let (manifest, problems) = read_text(text);
        assert!(
            manifest.is_some() && problems.is_empty(),
            "{text:?}: {problems:?}"
        );
    }
}

fn is_sound(text: &str) -> Result<(), TestCaseError> {
    let (_, problems) = read_text(text);
    for label in problems.iter().flat_map(|problem| &problem.labels) {
        let (start, end) = (
            label.span.start as usize,
            (label.span.start + label.span.len) as usize,
        );
        prop_assert!(text.get(start..end).is_some(), "{:?} in {:?}", label, text);
    }
    let in_order = problems
        .windows(2)
        .all(|pair| pair[0].labels[0].span <= pair[1].labels[0].span);
    prop_assert!(in_order);
    Ok(())
}

/// Texts made of what KDL cares about.
fn soup() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just(" "),
        Just("\n"),
        Just("{"),
        Just("}"),
        Just(";"),
        Just("="),
        Just("("),
        Just(")"),
        Just("\""),
        Just("#"),
        Just("\"\"\"\n"),
        Just("#\"\"\"\n"),
        Just("\n\"\"\"#"),
        Just("\\"),
        Just("/-"),
        Just("/*"),
        Just("*/"),
        Just("//"),
        Just("a"),
        Just("\"b\""),
        Just("#\"c\"#"),
        Just("#true"),
        Just("true"),
        Just("12"),
        Just("1.5e3"),
        Just("0x_"),
        Just("3m"),
        Just(".5"),
        Just("+"),
        Just("-"),
        Just("["),
        Just("/"),
        Just(","),
        Just("ä"),
        Just("\u{2028}"),
        Just("\u{FEFF}"),
        Just("\\n"),
        Just("\\u{e4}"),
        Just("\r\n"),
        Just("\t"),
        Just("(x)"),
        Just("a=1"),
        Just(" a"),
        Just(" \"x y\" "),
        Just("node \"n\" {\n"),
        Just("run \"{in}\"\n"),
        Just("r\"a\""),
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_survived(text in "\\PC{0,200}") {
        is_sound(&text)?;
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        is_sound(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn any_damage_to_a_good_manifest_is_survived(
        edits in proptest::collection::vec((any::<prop::sample::Index>(), soup(), 0..30_usize), 1..4)
    ) {
        let mut text = GOOD.to_owned();
        for (place, new, cut) in edits {
            let start = text.floor_char_boundary(place.index(text.len() + 1));
            let end = text.ceil_char_boundary((start + cut).min(text.len()));
            text.replace_range(start..end, &new);
        }
        is_sound(&text)?;
    }

    /// The guard has no rules of its own: what it lets through, kdl-rs reads, and what kdl-rs reads it lets through.
    #[test]
    fn guard_and_kdl_agree(text in soup()) {
        let guarded = guard(&text);
        prop_assert_eq!(guarded.clean.len(), text.len());
        // Multi-line strings with backslashes are left to kdl-rs.
        let left_to_kdl = text.contains("\"\"\"") && text.contains('\\');
        if guarded.faults.is_empty() && !left_to_kdl {
            let parsed = KdlDocument::parse_v2(&guarded.clean);
            prop_assert!(parsed.is_ok(), "let through: {:?} as {:?}: {:?}", text, guarded.clean, parsed.err().map(|e| e.diagnostics));
        }
        // Two rules are stricter: no invisible characters in comments, and a comment that touches a word may be a
        // path without quotes.
        let visible = |fault: &Fault| !matches!(fault.kind, FaultKind::Forbidden(_));
        let touching = text.contains("://") || text.match_indices("/*").any(|(at, _)| text[..at].ends_with(is_word));
        if guarded.faults.iter().any(visible) && !touching {
            prop_assert!(KdlDocument::parse_v2(&text).is_err(), "refused: {:?}: {:?}", text, guarded.faults);
        }
    }
}
