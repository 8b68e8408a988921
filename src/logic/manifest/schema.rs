//! The manifest's words as a KDL Schema 1.0.0 document, made from the table that decodes them.
//!
//! Does not know what a schema cannot say: paths, placeholders, names used twice.

use super::rules::{Argument, Place, Word};
use std::fmt::Write;

const HEADER: &str = "\
// The words of pipe.kdl as a KDL Schema (https://github.com/kdl-org/kdl, SCHEMA-SPEC.md, version 1.0.0).
// Made from src/logic/manifest/rules.rs; to renew it: PIPE_BLESS=1 cargo test --test it schemas
document {
    info {
        title \"pipe manifest\" lang=\"en\"
        description \"Nodes of a data pipeline: a command each, what it reads and what it writes\" lang=\"en\"
        license \"MIT OR Apache-2.0\" spdx=\"MIT OR Apache-2.0\"
    }
";

/// The text of `schemas/manifest.kdl`.
pub fn manifest_schema() -> String {
    let mut text = HEADER.to_owned();
    write_place(&mut text, Place::Top, 1);
    text.push_str("}\n");
    text
}

fn write_place(text: &mut String, place: Place, depth: usize) {
    for word in place.words() {
        write_word(text, word, depth);
    }
    if place == Place::Matrix {
        line(text, depth, "other-nodes-allowed #true");
    }
}

fn write_word(text: &mut String, word: &Word, depth: usize) {
    line(
        text,
        depth,
        &format!(
            "node {} description={} {{",
            quoted(word.name),
            quoted(word.about)
        ),
    );
    if !word.repeatable {
        line(text, depth + 1, "max 1");
    }
    if word.max != Some(0) {
        write_values(text, word, depth + 1);
    }
    if let Some(meaning) = word.properties {
        line(text, depth + 1, "other-props-allowed #true");
        line(
            text,
            depth + 1,
            &format!("prop description={} {{", quoted(meaning)),
        );
        write_kind(text, word.argument, depth + 2);
        line(text, depth + 1, "}");
    }
    if let Some(place) = word.block {
        line(text, depth + 1, "children {");
        write_place(text, place, depth + 2);
        line(text, depth + 1, "}");
    }
    line(text, depth, "}");
}

fn write_values(text: &mut String, word: &Word, depth: usize) {
    line(
        text,
        depth,
        &format!(
            "value description={} {{",
            quoted(&format!("as in: {}", word.example))
        ),
    );
    // Where values may have names, all of them may, so none need be left.
    if word.properties.is_none() {
        line(text, depth + 1, &format!("min {}", word.min));
    }
    if let Some(max) = word.max {
        line(text, depth + 1, &format!("max {max}"));
    }
    if !word.annotations.is_empty() {
        let names: Vec<String> = word.annotations.iter().map(|name| quoted(name)).collect();
        line(
            text,
            depth + 1,
            &format!("tag {{ enum {} }}", names.join(" ")),
        );
    }
    write_kind(text, word.argument, depth + 1);
    line(text, depth, "}");
}

fn write_kind(text: &mut String, argument: Argument, depth: usize) {
    match argument {
        Argument::Text => line(text, depth, "type \"string\""),
        Argument::Value => {}
        Argument::Number(least, most) => {
            line(text, depth, "type \"number\"");
            // `"%" 1` would let 2.0 through.
            line(text, depth, "format \"i64\"");
            line(text, depth, &format!("\">=\" {least}"));
            line(text, depth, &format!("\"<=\" {most}"));
        }
    }
}

fn line(text: &mut String, depth: usize, content: &str) {
    // Writing into a string cannot fail.
    let _ = writeln!(text, "{:width$}{content}", "", width = depth * 4);
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
