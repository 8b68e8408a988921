//! What a placeholder is filled with reaches the command exactly, through a real shell, in every kind of quotes.
//!
//! Does not know how quoting is done.

use pipe::logic::manifest::template::{Style, Template, Written};
use pipe::logic::manifest::{Placeholder, Span};
use proptest::prelude::*;
use std::process::Command;

/// The arguments that a shell makes of `script`.
fn arguments(shell: &str, script: &str) -> Vec<String> {
    let output = Command::new(shell)
        .args(["-c", script])
        .output()
        .expect("a shell can be started");
    assert!(
        output.status.success(),
        "{script:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("UTF-8 goes through");
    let mut parts: Vec<String> = text.split('\0').map(str::to_owned).collect();
    parts.pop();
    parts
}

fn script(template: &str, values: &[String]) -> Result<String, String> {
    let span = Span {
        start: 0,
        len: template.len() as u32,
    };
    let (template, faults) = Template::parse(
        template,
        Written {
            text: template,
            span,
        },
        Style::Shell,
    );
    assert!(faults.is_empty(), "{faults:?}");
    let all = |_: &Placeholder| Some(values.to_vec());
    template
        .render(&all, Style::Shell)
        .map_err(|fault| fault.message)
}

/// What arrives: a path that starts with `-` gets `./` in front.
fn expected(value: &str) -> String {
    if value.starts_with('-') {
        format!("./{value}")
    } else {
        value.to_owned()
    }
}

/// Texts made of what shells care about.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("'"),
        Just("\""),
        Just("\\"),
        Just("$"),
        Just("$("),
        Just(")"),
        Just("`"),
        Just(" "),
        Just("\n"),
        Just("\t"),
        Just("-"),
        Just("{in}"),
        Just("*"),
        Just("?"),
        Just("#"),
        Just("!"),
        Just("~"),
        Just("a"),
        Just("=b"),
        Just("ä"),
        Just("日本"),
        Just("🐧"),
        Just("&"),
        Just(";"),
        Just("|"),
        Just("<<E"),
        Just("%s"),
        Just("${X}"),
        Just("\r"),
        Just("[z]"),
        Just("^"),
    ];
    prop_oneof![
        proptest::collection::vec(piece, 0..8).prop_map(|pieces| pieces.concat()),
        "[^\0]{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_arrives_as_it_is(value in nasty()) {
        let values = [value.clone()];
        let want = expected(&value);
        for (template, arrives) in [
            (r"printf '%s\0' {in}", want.clone()),
            (r"printf '%s\0' '<{in}>'", format!("<{want}>")),
            (r#"printf '%s\0' "<{in}>""#, format!("<{want}>")),
            (r"printf '%s\0' a{in}b", format!("a{want}b")),
            (r#"x="$(printf '%s.' {in})"; printf '%s\0' "$x""#, format!("{want}.")),
            (r#"x=$(printf '%s.' "{in}"); printf '%s\0' "${x}""#, format!("{want}.")),
            ("# it's a comment\nprintf '%s\\0' {in}", want.clone()),
        ] {
            let script = script(template, &values).expect("one value fits everywhere");
            prop_assert_eq!(arguments("sh", &script), vec![arrives.clone()], "{}", script);
        }
    }

    #[test]
    fn a_list_arrives_as_arguments(values in proptest::collection::vec(nasty(), 0..5)) {
        let script = script(r"printf '%s\0' first {in}", &values).expect("a list fits outside of quotes");
        let mut want = vec!["first".to_owned()];
        want.extend(values.iter().map(|value| expected(value)));
        prop_assert_eq!(arguments("sh", &script), want, "{}", script);
    }
}

#[test]
fn a_list_does_not_fit_into_quotes() {
    let values = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
    for template in ["echo '{in}'", "echo \"{in}\""] {
        assert_eq!(
            script(template, &values),
            Err("`{in}` is a list of 3 values inside quotes".to_owned())
        );
    }
}

#[test]
fn the_same_holds_in_bash() {
    let values = ["it's $HOME \\ `x` \"y\"\n#!".to_owned()];
    for (template, wrap) in [
        ("printf '%s\\0' {in}", ""),
        ("printf '%s\\0' \"|{in}|\"", "|"),
    ] {
        let script = script(template, &values).expect("one value fits");
        assert_eq!(
            arguments("bash", &script),
            [format!("{wrap}{}{wrap}", values[0])]
        );
    }
}
