//! `pipe graph`: what each form shows, that it waits for nobody and writes nothing, and that the page works in a
//! browser.
//!
//! Does not know the JSON form; `schemas/` does.

mod browser;

use crate::support::{Sandbox, wait_until};
use std::fmt::Write;
use std::process::Stdio;

const MANIFEST: &str = r##"
node "clean" {
    about "Says <b>\"hello\"</b> & more"
    in "raw.txt"
    out "clean.txt"
    run "cat {in} > {out}"
}
node "train" {
    matrix { model "rf" "xgb"; seed 1 2 }
    in "clean.txt"
    out "out/{matrix.model}-{matrix.seed}.txt"
    run "cat {in} > {out}"
}
node "evaluate" {
    exclusive
    in (node)"train"
    out "scores.txt"
    run "cat {in} > {out}"
}
node "notify" {
    exclusive "mail"
    after "evaluate"
    in "other.txt"
    out "sent.txt"
    run "cat {in} > {out}"
}
"##;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(MANIFEST);
    sandbox.write("raw.txt", "raw");
    sandbox.write("other.txt", "other");
    sandbox
}

#[track_caller]
fn graph(sandbox: &Sandbox, arguments: &str) -> String {
    let command = format!("graph {arguments}");
    let mut command = sandbox.command(command.split_whitespace());
    command.env("LC_ALL", "C.UTF-8").env_remove("NO_UNICODE");
    let outcome = crate::support::Outcome::of(command.output().expect("pipe starts"));
    let outcome = outcome.expect_code(0);
    assert_eq!(outcome.err, "");
    outcome.out
}

/// The lines of a tree without times, which differ from run to run, and without its head.
fn shape(tree: &str) -> Vec<String> {
    let is_time = |word: &&str| {
        let unit = ["ms", "s", "up to", "each"]
            .iter()
            .any(|unit| word.ends_with(unit));
        !(unit && word.contains(|character: char| character.is_ascii_digit()))
    };
    let line = |line: &str| {
        line.split("  ")
            .filter(is_time)
            .collect::<Vec<_>>()
            .join("  ")
    };
    tree.lines()
        .skip_while(|line| {
            !line.is_empty() && (line.contains(" node") || line.starts_with("longest"))
        })
        .map(line)
        .collect()
}

#[test]
fn the_tree_folds_matrices_and_tells_what_hangs_on_what() {
    let sandbox = sandbox();
    assert_eq!(
        shape(&graph(&sandbox, "")),
        [
            "notify  stale  exclusive mail  \u{25c6}",
            "\u{2514}\u{254c} after evaluate  may run  exclusive  \u{25c6}",
            "   \u{2514}\u{2500} train \u{d7}4  may run  \u{25c6}",
            "      \u{2514}\u{2500} clean  stale  \u{25c6}",
        ]
    );
    let unfolded = graph(&sandbox, "train@rf,1 --unfold");
    assert!(
        unfolded.starts_with("2 nodes: 1 stale, 1 may run\n"),
        "{unfolded}"
    );
    assert_eq!(shape(&unfolded)[0], "train@rf,1  may run  \u{25c6}");
    let up = graph(&sandbox, "train --up");
    assert_eq!(up, graph(&sandbox, "train"));
    let down = graph(&sandbox, "train --down");
    assert_eq!(
        shape(&down),
        [
            "train \u{d7}4  may run  \u{25c6}",
            "\u{2514}\u{2500} evaluate  may run  exclusive  \u{25c6}"
        ]
    );
    let both = graph(&sandbox, "train --up --down");
    assert_eq!(shape(&both).len(), 3, "{both}");
    sandbox.pipe("graph --down").expect_code(2);
    sandbox
        .pipe("graph trian")
        .expect_code(2)
        .expect_said("trian");
}

#[test]
fn stale_shows_what_a_build_would_deal_with_and_how_much_of_a_card_that_is() {
    let sandbox = sandbox();
    sandbox.build();
    let fresh = graph(&sandbox, "");
    assert!(
        fresh.starts_with("7 nodes: 7 fresh\nlongest path, if all ran: about "),
        "{fresh}"
    );
    assert_eq!(graph(&sandbox, "--stale"), "no nodes\n");
    sandbox.remove("out/xgb-2.txt");
    sandbox.remove("other.txt");
    sandbox.write("scores.txt", "mine");
    let stale = graph(&sandbox, "--stale");
    assert!(
        stale.starts_with("3 nodes: 1 source missing, 2 cached\n"),
        "{stale}"
    );
    assert!(stale.contains("train@xgb,2  cached"), "{stale}");
    let all = graph(&sandbox, "");
    assert!(all.contains("train \u{d7}4  1 cached, 3 fresh"), "{all}");
}

#[test]
fn other_programs_get_what_they_draw() {
    let sandbox = sandbox();
    let dot = graph(&sandbox, "--format dot");
    assert!(
        dot.starts_with("digraph pipe {") && dot.ends_with("}\n"),
        "{dot}"
    );
    for part in [
        "train \u{d7}4\\nmay run",
        "peripheries=2",
        "penwidth=3",
        "style=dashed",
        "-> n",
    ] {
        assert!(dot.contains(part), "no {part} in\n{dot}");
    }
    let mermaid = graph(&sandbox, "--format mermaid");
    assert!(mermaid.starts_with("flowchart LR\n"), "{mermaid}");
    for part in [
        "[[\"evaluate<br>may run",
        " -.-> ",
        " ==> ",
        ":::may_run",
        "classDef stale",
    ] {
        assert!(mermaid.contains(part), "no {part} in\n{mermaid}");
    }
    let svg = graph(&sandbox, "--format svg");
    for part in [
        "class=\"card stale longest\"",
        "class=\"line after longest\"",
        "class=\"inner\"",
        "\u{d7}4</text>",
    ] {
        assert!(svg.contains(part), "no {part} in\n{svg}");
    }
    assert!(
        !svg.contains("href=\"http") && !svg.contains("url(http"),
        "{svg}"
    );
}

#[test]
fn it_waits_for_no_build_and_writes_nothing() {
    let sandbox = sandbox();
    for format in ["tree", "dot", "mermaid", "json", "svg", "html"] {
        graph(&sandbox, &format!("--format {format}"));
    }
    assert!(!sandbox.stands(".pipe"));
    sandbox.manifest(&MANIFEST.replace(
        "run \"cat {in} > {out}\"\n}\nnode \"train\"",
        "run \": > started; until [ -e go ]; do sleep 0.01; done; cat {in} > {out}\"\n}\nnode \"train\"",
    ));
    let mut build = sandbox
        .command(["build"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pipe starts");
    wait_until("the first command", || sandbox.stands("started"));
    let tree = graph(&sandbox, "clean");
    assert!(tree.contains("clean  stale"), "{tree}");
    assert!(
        build.try_wait().expect("a child").is_none(),
        "the build has ended meanwhile"
    );
    sandbox.write("go", "");
    assert!(build.wait().expect("a child").success());
}

#[test]
fn a_deep_chain_and_a_wide_matrix_end() {
    let mut manifest = String::new();
    for number in 0..400 {
        let input = match number {
            0 => "raw.txt".to_owned(),
            _ => format!("{}.txt", number - 1),
        };
        let _ = writeln!(
            manifest,
            "node \"n{number}\" {{\n    in \"{input}\"\n    out \"{number}.txt\"\n    run \"cat {{in}} > {{out}}\"\n}}"
        );
    }
    manifest.push_str("node \"wide\" {\n    matrix { i \"a\"");
    for number in 0..1000 {
        let _ = write!(manifest, " {number}");
    }
    manifest.push_str(
        " }\n    in \"raw.txt\"\n    out \"wide/{matrix.i}\"\n    run \"cat {in} > {out}\"\n}\n",
    );
    let sandbox = Sandbox::new(&manifest);
    sandbox.write("raw.txt", "raw");
    let tree = graph(&sandbox, "");
    assert!(tree.contains("[level 399] n0"), "the last line is missing");
    assert!(tree.lines().all(|line| line.len() < 400));
    let svg = graph(&sandbox, "--format svg");
    assert_eq!(svg.matches("class=\"card ").count(), 401);
    assert!(svg.contains("\u{d7}1001</text>"));
}
