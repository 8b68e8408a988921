//! From a text to a manifest and everything that is wrong with it: guard, kdl-rs, table, types.
//!
//! Does not know the single steps. Does not read files.

mod fast;

use super::check::Reader;
use super::decode::Seen;
use super::document;
use super::environment::foreign;
use super::foreign::foreign_format;
use super::guard::{Chunk, guard};
use super::problem::Problem;
use super::rules::Place;
use super::source::{Source, Span};
use super::syntax::{Fault, first_line};
use super::{EnvDecl, EnvValue, Manifest};
use kdl::{KdlDocument, KdlError};
use std::ops::Range;
use std::sync::Arc;

/// The largest manifest that is read, in bytes.
pub const MAX_BYTES: usize = 256 << 20;

/// Reads a manifest. The problems are sorted by place. There is a manifest also when there are errors, as long as
/// something could be read; nodes in which something was wrong are `poisoned`.
pub fn read(source: &Arc<Source>) -> (Option<Manifest>, Vec<Problem>) {
    read_with(source, Way::Fast)
}

/// How a text is read; what comes of it is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// Statement by statement, plain ones without kdl-rs.
    #[default]
    Fast,
    /// All of it by kdl-rs.
    KdlOnly,
}

/// Reads a manifest in which nothing is wrong, leaving simple nodes as they are. `None` where that is not sure: it is
/// then for [`read`].
pub fn read_quickly(source: &Arc<Source>) -> Option<Manifest> {
    if source.text.len() > MAX_BYTES {
        return None;
    }
    let mut manifest = Manifest::default();
    let mut seen = Seen::default();
    for (number, file) in source.files().enumerate() {
        let place = place_of(number);
        let problems = fast::read_file(source, file, place, true, &mut seen, &mut manifest)?;
        problems.is_empty().then_some(())?;
    }
    let env = manifest.env.iter().chain(&manifest.defaults.env);
    let same_for_all = |decl: &EnvDecl| match &decl.value {
        EnvValue::Set(template) => template.as_literal().is_some(),
        EnvValue::Caller => true,
    };
    let shell = manifest.defaults.shell.as_ref();
    if shell.is_some_and(|shell| foreign(shell).is_some()) || !env.into_iter().all(same_for_all) {
        return None;
    }
    let mut reader = Reader {
        source,
        problems: Vec::new(),
        faults: &[],
        damaged: false,
    };
    reader.whole(&mut manifest);
    reader.problems.is_empty().then_some(manifest)
}

fn place_of(file: usize) -> Place {
    match file {
        0 => Place::Top,
        _ => Place::Included,
    }
}

/// [`read`], in the way that is asked for.
pub fn read_with(source: &Arc<Source>, way: Way) -> (Option<Manifest>, Vec<Problem>) {
    if source.text.len() > MAX_BYTES {
        let message = format!("a manifest has at most {} MiB", MAX_BYTES >> 20);
        let problem = Problem::error(source, "too-large", message)
            .at(Span::default(), "")
            .help("this does not look like one; is it the right file?");
        return (None, vec![problem]);
    }
    let mut manifest = Manifest::default();
    let mut seen = Seen::default();
    let mut problems = Vec::new();
    for (number, file) in source.files().enumerate() {
        let place = place_of(number);
        let fast = match way {
            Way::Fast => {
                fast::read_file(source, file.clone(), place, false, &mut seen, &mut manifest)
            }
            Way::KdlOnly => None,
        };
        problems.extend(match fast {
            Some(problems) => problems,
            None => read_file(source, file, place, &mut seen, &mut manifest),
        });
    }
    let mut reader = Reader {
        source,
        problems,
        faults: &[],
        damaged: false,
    };
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

/// Reads one file of the source into `manifest`; what is wrong with it comes back.
fn read_file(
    source: &Arc<Source>,
    file: Range<usize>,
    place: Place,
    seen: &mut Seen,
    manifest: &mut Manifest,
) -> Vec<Problem> {
    let guarded = guard(&source.text[file.clone()]);
    let sound = guarded.faults.is_empty();
    let faults: Vec<Fault> = guarded
        .faults
        .into_iter()
        .map(|fault| fault.shifted(file.start))
        .collect();
    let mut fault_places: Vec<usize> = faults.iter().map(|fault| fault.span.start).collect();
    fault_places.sort_unstable();
    let mut reader = Reader {
        source,
        problems: Vec::new(),
        faults: &fault_places,
        damaged: false,
    };
    let told = faults.into_iter().map(|fault| fault.into_problem(source));
    reader.problems.extend(told);
    let whole = sound.then(|| KdlDocument::parse_v2(&guarded.clean).ok());
    match whole.flatten() {
        Some(document) => {
            for node in &document::from_kdl(&document, source, file.start as u32) {
                reader.top_level(node, place, seen, manifest);
            }
        }
        None => {
            let text = FileText {
                start: file.start,
                clean: &guarded.clean,
                place,
            };
            reader.chunks(&text, &guarded.chunks, seen, manifest);
        }
    }
    reader.problems
}

/// A file's text as the guard left it.
struct FileText<'t> {
    /// Where it starts in the source.
    start: usize,
    clean: &'t str,
    place: Place,
}

impl Reader<'_> {
    /// Reads every statement of the top level by itself, so that one that kdl-rs cannot read does not hide the others.
    fn chunks(
        &mut self,
        file: &FileText<'_>,
        chunks: &[Chunk],
        seen: &mut Seen,
        manifest: &mut Manifest,
    ) {
        for (index, chunk) in chunks.iter().enumerate() {
            let until = chunks
                .get(index + 1)
                .map_or(file.clean.len(), |next| next.span.start);
            let from = file.start + chunk.span.start;
            let first = self.faults.partition_point(|&fault| fault < from);
            let next = self.faults.get(first);
            self.damaged = next.is_some_and(|&fault| fault < file.start + until);
            let text = format!(
                "{}{}",
                &file.clean[chunk.span.clone()],
                "}".repeat(chunk.unclosed)
            );
            match KdlDocument::parse_v2(&text) {
                Ok(document) => {
                    let base = from as u32;
                    for node in &document::from_kdl(&document, self.source, base) {
                        self.top_level(node, file.place, seen, manifest);
                    }
                }
                Err(error) if !self.damaged => {
                    self.unreadable(&(from..file.start + chunk.span.end), &error);
                }
                // The guard has said what is wrong here.
                Err(_) => {}
            }
        }
    }

    /// Something that only kdl-rs objects to: its first word on each line.
    fn unreadable(&mut self, chunk: &Range<usize>, error: &KdlError) {
        let mut lines = Vec::new();
        for diagnostic in &error.diagnostics {
            let start = (chunk.start + diagnostic.span.offset()).min(chunk.end);
            let end = (start + diagnostic.span.len()).min(chunk.end);
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
#[cfg(test)]
#[expect(
    clippy::disallowed_methods,
    reason = "the official cases lie where cargo keeps packages"
)]
mod ways;
#[cfg(test)]
pub(super) use ways::kdl_package;
#[cfg(test)]
pub(in crate::logic) use ways::same_each_time;
