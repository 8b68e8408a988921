//! From a text to a manifest and everything that is wrong with it: guard, kdl-rs, table, types.
//!
//! Does not know the single steps. Does not read files.

use super::Manifest;
use super::check::Reader;
use super::decode::Seen;
use super::foreign::foreign_format;
use super::guard::{Chunk, guard};
use super::problem::Problem;
use super::source::{Source, Span};
use super::syntax::first_line;
use kdl::{KdlDocument, KdlError};
use std::sync::Arc;

/// The largest manifest that is read, in bytes.
pub const MAX_BYTES: usize = 64 << 20;

/// Reads a manifest. The problems are sorted by place. There is a manifest also when there are errors, as long as
/// something could be read; nodes in which something was wrong are `poisoned`.
pub fn read(source: &Arc<Source>) -> (Option<Manifest>, Vec<Problem>) {
    if source.text.len() > MAX_BYTES {
        let message = format!("a manifest has at most {} MiB", MAX_BYTES >> 20);
        let problem = Problem::error(source, "too-large", message)
            .at(Span::default(), "")
            .help("this does not look like one; is it the right file?");
        return (None, vec![problem]);
    }
    let guarded = guard(&source.text);
    let mut fault_places: Vec<usize> = guarded
        .faults
        .iter()
        .map(|fault| fault.span.start)
        .collect();
    fault_places.sort_unstable();
    let mut reader = Reader {
        source,
        problems: Vec::new(),
        faults: &fault_places,
        damaged: false,
        base: 0,
    };
    reader.problems.extend(
        guarded
            .faults
            .iter()
            .cloned()
            .map(|fault| fault.into_problem(source)),
    );
    let whole = if guarded.faults.is_empty() {
        KdlDocument::parse_v2(&guarded.clean).ok()
    } else {
        None
    };
    let mut manifest = Manifest::default();
    let mut seen = Seen::default();
    match whole {
        Some(document) => {
            for node in document.nodes() {
                reader.top_level(node, &mut seen, &mut manifest);
            }
        }
        None => reader.chunks(&guarded.clean, &guarded.chunks, &mut seen, &mut manifest),
    }
    reader.base = 0;
    reader.whole(&mut manifest);
    let mut problems = reader.problems;
    problems.sort_by_key(|problem| problem.labels.first().map(|label| label.span));
    let readable = problems.is_empty() || manifest.nodes.iter().any(|node| !node.poisoned);
    if let Some(foreign) = (!readable).then(|| foreign_format(&source.text)).flatten() {
        return (None, vec![foreign.into_problem(source)]);
    }
    let nothing = manifest.nodes.is_empty() && seen.is_empty() && !problems.is_empty();
    ((!nothing).then_some(manifest), problems)
}

impl Reader<'_> {
    /// Reads every statement of the top level by itself, so that one that kdl-rs cannot read does not hide the others.
    fn chunks(&mut self, clean: &str, chunks: &[Chunk], seen: &mut Seen, manifest: &mut Manifest) {
        for (index, chunk) in chunks.iter().enumerate() {
            let until = chunks
                .get(index + 1)
                .map_or(clean.len(), |next| next.span.start);
            let first = self
                .faults
                .partition_point(|&fault| fault < chunk.span.start);
            self.damaged = self.faults.get(first).is_some_and(|&fault| fault < until);
            self.base = chunk.span.start as u32;
            let text = format!(
                "{}{}",
                &clean[chunk.span.clone()],
                "}".repeat(chunk.unclosed)
            );
            match KdlDocument::parse_v2(&text) {
                Ok(document) => {
                    for node in document.nodes() {
                        self.top_level(node, seen, manifest);
                    }
                }
                Err(error) if !self.damaged => self.unreadable(chunk, &error),
                // The guard has said what is wrong here.
                Err(_) => {}
            }
        }
    }

    /// Something that only kdl-rs objects to: its first word on each line.
    fn unreadable(&mut self, chunk: &Chunk, error: &KdlError) {
        let mut lines = Vec::new();
        for diagnostic in &error.diagnostics {
            let start = (chunk.span.start + diagnostic.span.offset()).min(chunk.span.end);
            let end = (start + diagnostic.span.len()).min(chunk.span.end);
            let (Some(text), (line, _)) = (
                self.source.text.get(start..end),
                self.source.position(start as u32),
            ) else {
                continue;
            };
            if lines.contains(&line) {
                continue;
            }
            lines.push(line);
            let span = Span {
                start: start as u32,
                len: first_line(text).len() as u32,
            };
            let label = diagnostic
                .message
                .clone()
                .unwrap_or_default()
                .to_lowercase();
            let help =
                "texts stand in quotes; a line is a word and its values, set apart by spaces";
            self.error("syntax", "this is not KDL", (span, &label), help);
        }
    }
}

#[cfg(test)]
mod tests;
