//! Where the labels of problems lie: file, line and column of every offset that is asked for.
//!
//! Does not know what is shown there. Walks over each line once, however many places it holds, so that a manifest of
//! one long line costs no more than any other.

use crate::logic::manifest::{Label, Problem, Source};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

/// A place as people and editors name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) struct Place<'s> {
    /// The file's name.
    pub(in crate::report) file: &'s str,
    /// Counted from 1, in the file.
    pub(in crate::report) line: usize,
    /// Counted from 1, in characters.
    pub(in crate::report) column: usize,
    /// Bytes from the start of the file.
    pub(in crate::report) offset: usize,
}

/// The places of some problems.
pub(in crate::report) struct Places<'s>(HashMap<(*const Source, usize), Place<'s>>);

/// The file that a line of the text belongs to.
pub(super) struct File<'s> {
    pub(super) name: &'s str,
    /// Its first line in the text, counted from 0.
    pub(super) first_line: usize,
    /// Its first byte in the text.
    pub(super) start: usize,
}

/// The file that holds `line`. The only place that knows how files lie in one text.
pub(super) fn file_of(source: &Source, line: usize) -> File<'_> {
    let offset = source.line(line).map_or(0, |line| line.start);
    let file = source.file_at(offset as u32);
    File {
        name: source.place(offset as u32).file,
        first_line: source.lines_before(file),
        start: source.files().nth(file).map_or(0, |file| file.start),
    }
}

/// What a label covers, as it can be cut out of the text.
pub(super) fn range(source: &Source, label: &Label) -> Range<usize> {
    let at = |offset: usize| source.text.floor_char_boundary(offset);
    let start = at(label.span.start as usize);
    start..at(label.span.start as usize + label.span.len as usize).max(start)
}

/// The number of the line that holds `offset`, counted from 0.
pub(super) fn line_of(source: &Source, offset: usize) -> usize {
    let (mut low, mut high) = (0, source.lines());
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        match source.line(middle) {
            Some(line) if line.start <= offset => low = middle,
            _ => high = middle,
        }
    }
    low
}

impl<'s> Places<'s> {
    pub(in crate::report) fn of(problems: impl IntoIterator<Item = &'s Problem>) -> Self {
        let mut asked: Vec<(&'s Arc<Source>, usize)> = Vec::new();
        for problem in problems {
            for label in &problem.labels {
                let range = range(&problem.source, label);
                asked.push((&problem.source, range.start));
                asked.push((&problem.source, range.end));
            }
        }
        asked.sort_by_key(|(source, offset)| (Arc::as_ptr(source), *offset));
        let mut places = HashMap::with_capacity(asked.len());
        let mut last: Option<(*const Source, usize, usize, usize)> = None;
        for (source, offset) in asked {
            let line = line_of(source, offset);
            let start = source.line(line).map_or(0, |line| line.start);
            let (from, before) = last
                .filter(|(of, on, _, _)| (*of, *on) == (Arc::as_ptr(source), line))
                .map_or((start, 0), |(_, _, offset, column)| (offset, column));
            let column = before + source.text[from..offset].chars().count();
            last = Some((Arc::as_ptr(source), line, offset, column));
            let file = file_of(source, line);
            let place = Place {
                file: file.name,
                line: line - file.first_line + 1,
                column: column + 1,
                offset: offset - file.start,
            };
            places.insert((Arc::as_ptr(source), offset), place);
        }
        Places(places)
    }

    /// Where `label` starts and ends; the end is the first character that is not covered.
    pub(in crate::report) fn ends(
        &self,
        problem: &Problem,
        label: &Label,
    ) -> (Place<'s>, Place<'s>) {
        let range = range(&problem.source, label);
        let at = |offset| self.0[&(Arc::as_ptr(&problem.source), offset)];
        (at(range.start), at(range.end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::manifest::Span;

    #[test]
    fn every_place_is_where_the_source_says() {
        let source = Source::new("a.kdl", "äb\r\n\n  c d\te");
        let problems: Vec<Problem> = (0..source.text.len() as u32 + 3)
            .rev()
            .map(|start| Problem::error(&source, "test", "x").at(Span { start, len: 2 }, ""))
            .collect();
        let places = Places::of(&problems);
        for problem in &problems {
            let label = &problem.labels[0];
            let (start, end) = places.ends(problem, label);
            let covered = range(&source, label);
            for (place, offset) in [(start, covered.start), (end, covered.end)] {
                assert_eq!(
                    (place.line, place.column),
                    source.position(offset as u32),
                    "{offset}"
                );
                assert_eq!((place.file, place.offset), ("a.kdl", offset));
            }
        }
    }
}
