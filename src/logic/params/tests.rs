//! Parameters out of real texts.

use super::*;
use proptest::prelude::*;

fn params(files: &[(&str, &str)]) -> Params {
    let mut params = Params::default();
    for (name, text) in files {
        let source = Source::new(*name, *text);
        params
            .add_file(&source, Format::of(name).expect("a known ending"))
            .unwrap_or_else(|problem| panic!("{name}: {}", problem.message));
    }
    params
}

#[test]
fn the_three_formats_say_the_same() {
    let all = [
        (
            "a.toml",
            "[train]\ndepth = 8\nrate = 0.5\nmodels = [\"rf\", \"xgb\"]\nfast = true\nname = \"x\"\n",
        ),
        (
            "a.json",
            r#"{"train": {"depth": 8, "rate": 0.5, "models": ["rf", "xgb"], "fast": true, "name": "x"}}"#,
        ),
        (
            "a.yaml",
            "train:\n  depth: 8\n  rate: 0.5\n  models: [rf, xgb]\n  fast: true\n  name: x\n",
        ),
    ];
    let [toml, json, yaml] = all.map(|file| params(&[file]));
    assert_eq!(toml, json);
    assert_eq!(toml, yaml);
    assert_eq!(
        toml.get("train.depth").and_then(Value::plain),
        Some("8".to_owned())
    );
    assert_eq!(
        toml.get("train.models").and_then(Value::items),
        Some(vec!["rf".to_owned(), "xgb".to_owned()])
    );
    assert_eq!(
        toml.get("train").map(Value::canonical).as_deref(),
        Some(r#"{"depth":8,"fast":true,"models":["rf","xgb"],"name":"x","rate":0.5}"#)
    );
    assert_eq!(toml.get("train.deep"), None);
    assert_eq!(toml.get("train.depth.more"), None);
}

#[test]
fn later_files_win_table_by_table_and_set_wins_over_all() {
    let mut all = params(&[
        ("a.toml", "x = 1\n[t]\na = 1\nb = 2\n"),
        ("b.yaml", "t:\n  b: no\n"),
        ("c.json", ""),
    ]);
    assert_eq!(all.get("t.a"), Some(&Value::Integer(1)));
    assert_eq!(
        all.get("t.b"),
        Some(&Value::Text("no".to_owned())),
        "YAML 1.2"
    );
    for (text, want) in [
        ("8", Value::Integer(8)),
        ("\"8\"", Value::Text("8".to_owned())),
        ("rf", Value::Text("rf".to_owned())),
        (
            "[1, 2]",
            Value::List(vec![Value::Integer(1), Value::Integer(2)]),
        ),
        ("1\ny = 2", Value::Text("1\ny = 2".to_owned())),
    ] {
        all.set("t.a", text).expect("it is there");
        assert_eq!(all.get("t.a"), Some(&want), "{text}");
    }
    let fault = all.set("t.aa", "1").unwrap_err();
    assert_eq!(fault.nearest.as_deref(), Some("t.a"));
}

#[test]
fn names_with_dots_and_dates_are_found() {
    let all = params(&[("a.toml", "day = 2024-01-02\n[\"a.b\"]\nc = 1\n")]);
    assert_eq!(all.get("a.b.c"), Some(&Value::Integer(1)));
    assert_eq!(all.get("day"), Some(&Value::Text("2024-01-02".to_owned())));
}

#[test]
fn what_cannot_be_read_is_pointed_at() {
    for (name, text, line) in [
        ("a.toml", "a = 1\nb = = 2\n", 2),
        ("a.toml", "a = 1\na = 2\n", 2),
        ("a.json", "{\"a\": 1,\n \"b\": }", 2),
        ("a.json", "{\"a\": 1,\n \"a\": 2}", 2),
        ("a.yaml", "a: 1\nb: [1\n", 2),
        ("a.yaml", "a: 1\na: 2\n", 2),
        ("a.json", "[1]", 1),
    ] {
        let source = Source::new(name, text);
        let mut all = Params::default();
        let problem = all
            .add_file(&source, Format::of(name).unwrap())
            .unwrap_err();
        let at = source.position(problem.labels[0].span.start).0;
        assert!(
            at == line || at == line + 1,
            "{name} {text:?}: line {at}, {}",
            problem.message
        );
    }
}

#[test]
fn bombs_do_not_go_off() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..12 {
        let all = vec![format!("*a{}", n - 1); 9].join(", ");
        bomb.push_str(&format!("a{n}: &a{n} [{all}]\n"));
    }
    let source = Source::new("a.yaml", bomb);
    assert!(Params::default().add_file(&source, Format::Yaml).is_err());
    for (name, text) in [
        ("a.json", "[".repeat(100_000)),
        ("a.yaml", "[".repeat(100_000)),
        ("a.toml", format!("a = {}", "[".repeat(100_000))),
    ] {
        let source = Source::new(name, text);
        assert!(
            Params::default()
                .add_file(&source, Format::of(name).unwrap())
                .is_err(),
            "{name}"
        );
    }
}

proptest! {
    #[test]
    fn random_texts_never_panic(text in "[\\[\\]{}a-c:=,\"'&*# \\n0-9.-]{0,60}") {
        for format in [Format::Toml, Format::Json, Format::Yaml] {
            let source = Source::new("x", text.as_str());
            let _ = Params::default().add_file(&source, format);
        }
    }

    #[test]
    fn texts_that_differ_have_different_canonical_texts(one in ".{0,8}", other in ".{0,8}") {
        let text = |inner: &str| Value::List(vec![Value::Text(inner.to_owned()), Value::Integer(1)]).canonical();
        prop_assert_eq!(one == other, text(&one) == text(&other));
    }
}
