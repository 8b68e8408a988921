//! What differs between two builds, for people.
//!
//! Does not compare; `logic/story/compare` does. How a moment is written is said by the caller.

use super::build::code;
use super::history::Moment;
use super::printed::escaped;
use super::{units, words};
use crate::base::story::{Fate, Story};
use crate::logic::story::compare::{Difference, NodeDifference, OutputDifference, Standing};
use std::fmt::Write;

/// `pipe diff`.
pub fn differences(
    first: &Story,
    second: &Story,
    difference: &Difference,
    moment: Moment<'_>,
) -> String {
    let head = |story: &Story| {
        format!(
            "build {}: {}, {}\n",
            story.build,
            moment(story.started_ms),
            units::duration_ms(story.took_ms)
        )
    };
    let mut text = head(first) + &head(second) + "\n";
    let (both, one): (Vec<_>, Vec<_>) = difference
        .nodes
        .iter()
        .partition(|node| node.then.is_some() && node.now.is_some());
    for node in both {
        push_node(&mut text, node);
    }
    for (story, is_first) in [(first, true), (second, false)] {
        let names: Vec<String> = one
            .iter()
            .filter(|node| node.then.is_some() == is_first)
            .map(|node| escaped(&node.name))
            .collect();
        if !names.is_empty() {
            let _ = writeln!(text, "only in build {}: {}", story.build, names.join(", "));
        }
    }
    text.push_str(&match (difference.alike, difference.nodes.len()) {
        (0, 0) => "nothing to compare\n".to_owned(),
        (0, _) => String::new(),
        (alike, 0) => format!("{}: no difference\n", units::count(alike, "node")),
        (alike, _) => format!("{} alike\n", units::count(alike, "node")),
    });
    text
}

fn push_node(text: &mut String, node: &NodeDifference) {
    let (Some(then), Some(now)) = (&node.then, &node.now) else {
        return;
    };
    let mut facts = vec![fates(then.fate, now.fate)];
    if let Some(times) = times(then, now) {
        facts.push(times);
    }
    match node.key_differs {
        Some(true) => facts.push("another key".to_owned()),
        Some(false) if !node.outputs.is_empty() => {
            facts.push("the same key, but other outputs".to_owned());
        }
        _ => {}
    }
    let _ = writeln!(text, "`{}`: {}", escaped(&node.name), facts.join("; "));
    for reason in &node.reasons {
        let _ = writeln!(text, "    {}", words::past_cause(reason));
    }
    for output in &node.outputs {
        let _ = writeln!(
            text,
            "    output {}: {}",
            escaped(&output.path),
            sizes(output)
        );
    }
}

fn fates(then: Fate, now: Fate) -> String {
    match then == now {
        true => code(now).to_owned(),
        false => format!("{}, then {}", code(then), code(now)),
    }
}

/// Both times; nothing where one is not known.
fn times(then: &Standing, now: &Standing) -> Option<String> {
    let (was, is) = (then.took_ms?, now.took_ms?);
    let both = format!(
        "{}, then {}",
        units::duration_ms(was),
        units::duration_ms(is)
    );
    Some(match now.slower_by(then) {
        None => both,
        Some(by) => {
            let percent = by.unsigned_abs().saturating_mul(100) / was.max(1);
            let word = if by > 0 { "more" } else { "less" };
            format!("{both} ({percent} % {word})")
        }
    })
}

fn sizes(output: &OutputDifference) -> String {
    match (output.then, output.now) {
        (Some(then), Some(now)) if then == now => {
            format!("other bytes, {} as before", units::size(now))
        }
        (Some(then), Some(now)) => format!("{}, then {}", units::size(then), units::size(now)),
        (Some(then), None) => format!("{}, then not written", units::size(then)),
        (None, Some(now)) => format!("new, {}", units::size(now)),
        (None, None) => "differs".to_owned(),
    }
}
