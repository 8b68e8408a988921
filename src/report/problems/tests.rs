//! How problems look: marks over their words, whatever the line; and what must not reach a terminal.

use super::*;
use crate::logic::manifest::{Source, Span};
use std::sync::Arc;
use unicode_width::UnicodeWidthChar;

const PLAIN: ProblemStyle = ProblemStyle {
    colour: false,
    unicode: false,
    narrated: false,
    width: 80,
};

fn span(source: &Source, text: &str) -> Span {
    Span {
        start: source.text.find(text).expect("it is there") as u32,
        len: text.len() as u32,
    }
}

fn problem(source: &Arc<Source>, text: &str) -> Problem {
    Problem::error(source, "test", "wrong").at(span(source, text), "here")
}

#[test]
fn the_place_is_named_and_marked() {
    let source = Source::new("pipe.kdl", "one\r\ntwo äöü three\r\nfour\r\n");
    let text = render(&[problem(&source, "three")], PLAIN);
    assert!(text.contains("[pipe.kdl:2:9]"), "{text}");
    assert!(
        text.contains("two äöü three\n   :         ^^|^^\n"),
        "{text}"
    );
}

#[test]
fn a_long_line_is_shown_around_its_mark() {
    let source = Source::new(
        "pipe.kdl",
        format!("{}mark{}\nnext", "x".repeat(5_000), "y".repeat(5_000)),
    );
    for style in [
        PLAIN,
        ProblemStyle {
            unicode: true,
            ..PLAIN
        },
    ] {
        let text = render(&[problem(&source, "mark")], style);
        assert!(text.contains("[pipe.kdl:1:5001]"), "{text}");
        assert!(
            text.lines().all(|line| line.chars().count() < 230),
            "{text}"
        );
        let marked: Vec<&str> = text
            .lines()
            .skip_while(|line| !line.contains("mark"))
            .take(2)
            .collect();
        let column = |line: &str, what: &str| line.find(what).map(|at| line[..at].chars().count());
        let start = if style.unicode { "─" } else { "^" };
        assert_eq!(
            column(marked[0], "mark"),
            column(marked[1], start),
            "{text}"
        );
    }
}

#[test]
fn all_marks_of_a_long_line_are_over_their_words() {
    let far = |gap: usize| format!("one {} two {} end", "字".repeat(gap), "x".repeat(900));
    for gap in [5, 30, 400] {
        let source = Source::new("pipe.kdl", far(gap));
        let both = problem(&source, "one").at(span(&source, "two"), "there");
        let text = render(&[both], PLAIN);
        for (word, label) in [("one", "here"), ("two", "there")] {
            assert!(is_marked(&text, word), "{gap} {word}: {text}");
            assert!(text.contains(label), "{text}");
        }
        assert!(text.lines().all(|line| columns(line) <= 80), "{text}");
    }
}

#[test]
fn tabs_and_wide_letters_do_not_move_a_mark() {
    for before in ["\t", "a\tb\t", "字字\t字", "e\u{301}\t"] {
        let long = format!("{}mark{}", before.repeat(60), before.repeat(60));
        for line in [format!("{before}mark"), long] {
            let source = Source::new("pipe.kdl", line);
            let text = render(&[problem(&source, "mark")], PLAIN);
            assert!(is_marked(&text, "mark"), "{text}");
            assert!(text.lines().all(|line| columns(line) <= 80), "{text}");
        }
    }
}

#[test]
fn a_mark_wider_than_the_window_is_cut() {
    let source = Source::new("pipe.kdl", "字x".repeat(3_000));
    let whole = Span {
        start: 4_000,
        len: 8_000,
    };
    let text = render(
        &[Problem::error(&source, "test", "wrong").at(whole, "here")],
        PLAIN,
    );
    assert!(text.contains("[pipe.kdl:1:2001]"), "{text}");
    assert!(text.contains("^^|^^"), "{text}");
    assert!(text.lines().all(|line| columns(line) <= 80), "{text}");
}

#[test]
fn narrated_problems_are_sentences() {
    let source = Source::new("pipe.kdl", "a\n    wrong 1\n");
    let style = ProblemStyle {
        narrated: true,
        ..PLAIN
    };
    let told = problem(&source, "wrong")
        .at(span(&source, "a"), "first")
        .help("do …");
    assert_eq!(
        render(&[told], style),
        "error: wrong\n  pipe.kdl, line 2, columns 5 to 9: here\n  the line reads: wrong 1\n\
         \x20 pipe.kdl, line 1, column 1: first\n  the line reads: a\n  help: do ...\n\n"
    );
}

fn columns(text: &str) -> usize {
    text.chars().filter_map(UnicodeWidthChar::width).sum()
}

/// Whether the line below the line with `word` has a mark right below its first letter.
fn is_marked(text: &str, word: &str) -> bool {
    let lines: Vec<&str> = text.lines().collect();
    lines.windows(2).any(|pair| {
        let at = pair[0].find(word).map(|at| columns(&pair[0][..at]));
        at.is_some_and(|at| matches!(pair[1].as_bytes().get(at), Some(b'^' | b'|')))
    })
}

#[test]
fn places_at_the_edges_are_shown() {
    let source = Source::new("pipe.kdl", "a\nb");
    for start in 0..=3 {
        let label = Span { start, len: 0 };
        let text = render(
            &[Problem::error(&source, "test", "wrong").at(label, "here")],
            PLAIN,
        );
        assert!(
            text.contains("here") && text.contains("[pipe.kdl:"),
            "{start}: {text}"
        );
    }
    let empty = Source::new("pipe.kdl", "");
    assert!(
        render(
            &[Problem::error(&empty, "test", "wrong").at(Span::default(), "here")],
            PLAIN
        )
        .contains("wrong")
    );
    assert!(render(&[Problem::error(&empty, "test", "no place")], PLAIN).contains("no place"));
}

#[test]
fn a_mark_over_several_lines_stays_on_the_first() {
    let source = Source::new("pipe.kdl", "one two\nthree\nfour\n");
    let whole = Span { start: 4, len: 12 };
    let text = render(
        &[Problem::error(&source, "test", "wrong").at(whole, "here")],
        PLAIN,
    );
    assert!(text.contains("one two\n   :     ^|^\n"), "{text}");
}

#[test]
fn control_characters_do_not_reach_the_terminal() {
    let source = Source::new("pipe.kdl", "bad \u{1b}[31m mark \u{202e}");
    let text = render(&[problem(&source, "mark")], PLAIN);
    assert!(
        !text.contains('\u{1b}') && !text.contains('\u{202e}'),
        "{text:?}"
    );
}

#[test]
fn many_are_cut_and_all_are_sorted() {
    let source = Source::new(
        "pipe.kdl",
        (0..30)
            .map(|line| format!("line{line:02}\n"))
            .collect::<String>(),
    );
    let problems: Vec<Problem> = (0..30)
        .rev()
        .map(|line| problem(&source, &format!("line{line:02}")))
        .collect();
    let text = render(&problems, PLAIN);
    assert!(text.contains("\nand 10 more; "), "{text}");
    assert!(text.find("[pipe.kdl:1:1]") < text.find("[pipe.kdl:2:1]"));
    assert!(!text.contains("[pipe.kdl:21:1]"));
}

#[test]
fn colour_is_only_there_when_asked_for() {
    let source = Source::new("pipe.kdl", "a mark");
    assert!(!render(&[problem(&source, "mark")], PLAIN).contains('\u{1b}'));
    assert!(
        render(
            &[problem(&source, "mark")],
            ProblemStyle {
                colour: true,
                ..PLAIN
            }
        )
        .contains('\u{1b}')
    );
}
