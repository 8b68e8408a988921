//! Builds of a watch look only where something was seen to change; that must not let anything wrong be read.

use super::{Watch, ran, save};
use crate::support::Sandbox;

const PAIR: &str = r#"
node "upper" { in "src/a.txt"; out "build/upper"; run "cat {in} > {out}" }
node "lower" { in "build/upper" "src/b.txt"; out "build/lower"; run "cat {in} > {out}" }
node "apart" { in "src/c.txt"; out "build/apart"; run "cat {in} > {out}" }
"#;

/// A project whose list of fresh nodes has all three.
fn listed() -> Sandbox {
    let sandbox = Sandbox::new(PAIR);
    for name in ["a", "b", "c"] {
        sandbox.write(&format!("src/{name}.txt"), name);
    }
    sandbox.build();
    sandbox.build_until_listed(3);
    sandbox
}

#[test]
fn an_output_that_was_harmed_is_right_again_before_it_is_read() {
    let sandbox = listed();
    let mut watch = Watch::start(&sandbox, "");
    watch.rest();
    sandbox.write("build/upper", "harmed");
    save(&sandbox, "src/b.txt", "B");
    let lines = watch.rest();
    assert_eq!(ran(&lines), ["lower"]);
    assert_eq!(sandbox.read("build/lower"), "aB");
    assert_eq!(sandbox.read("build/upper"), "a");
}

#[test]
fn changes_one_after_the_other_are_each_built() {
    let sandbox = listed();
    let mut watch = Watch::start(&sandbox, "");
    watch.rest();
    for (source, node, output, text) in [
        ("src/c.txt", &["apart"][..], "build/apart", "C"),
        ("src/a.txt", &["lower", "upper"], "build/lower", "A1b"),
        ("src/b.txt", &["lower"], "build/lower", "A1B2"),
        ("src/c.txt", &["apart"], "build/apart", "C3"),
    ] {
        let new = &text[text.len() - 2.min(text.len())..];
        let new = if source == "src/a.txt" { "A1" } else { new };
        save(&sandbox, source, new);
        let lines = watch.rest();
        assert_eq!(ran(&lines), node, "{source}");
        assert_eq!(sandbox.read(output), text, "{source}");
    }
}

#[test]
fn what_is_away_comes_back_when_a_change_makes_it_needed() {
    let sandbox = listed();
    for gone in ["build", ".pipe/ledger", ".pipe/fresh"] {
        sandbox.remove(gone);
    }
    let mut watch = Watch::start(&sandbox, "lower");
    assert!(ran(&watch.rest()).is_empty());
    assert_eq!(sandbox.read("build/lower"), "ab");
    assert!(!sandbox.stands("build/upper"));
    for text in ["B", "B2"] {
        save(&sandbox, "src/b.txt", text);
        let lines = watch.rest();
        assert_eq!(ran(&lines), ["lower"]);
        assert_eq!(sandbox.read("build/lower"), format!("a{text}"));
        assert_eq!(sandbox.read("build/upper"), "a");
    }
    save(&sandbox, "src/a.txt", "A");
    assert_eq!(ran(&watch.rest()), ["lower", "upper"]);
    assert_eq!(sandbox.read("build/lower"), "AB2");
}
