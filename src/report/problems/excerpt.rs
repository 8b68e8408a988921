//! The lines that a problem points at, for miette: found by line number, cut to a window where they are long.
//!
//! Does not know problems' words, nor how the lines are drawn.

use super::ProblemStyle;
use super::places::{Places, file_of, line_of, range};
use crate::logic::manifest::{Label, Problem, Source};
use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};
use std::ops::Range;
use unicode_width::UnicodeWidthChar;

/// Columns that are kept for line numbers, frame, and what stands for the parts that are cut off.
const FRAME: usize = 14;

/// The narrowest window, in columns.
const LEAST: usize = 30;

/// A tab goes to the next multiple of this.
const TAB: usize = 4;

/// The lines around a problem's places, cut to a readable width, with the places moved along.
#[derive(Debug)]
pub(super) struct Excerpt {
    text: String,
    lines: Vec<ExcerptLine>,
    /// The places, in the excerpt's own offsets.
    pub(super) labels: Vec<LabeledSpan>,
    /// For each label its column in the file, counted from 0.
    columns: Vec<usize>,
    /// For each label its index among the problem's.
    indices: Vec<usize>,
}

/// A line of the excerpt; a long line may be there in several parts.
#[derive(Debug)]
struct ExcerptLine {
    file: String,
    /// Its number in the file, from 0.
    number: usize,
    /// Where it starts in the excerpt.
    start: usize,
}

impl Excerpt {
    /// The excerpt that shows all places of `problem`.
    pub(super) fn new(problem: &Problem, places: &Places<'_>, style: ProblemStyle) -> Excerpt {
        let source = &problem.source;
        let mut excerpt = Excerpt {
            text: String::new(),
            lines: Vec::new(),
            labels: Vec::new(),
            columns: Vec::new(),
            indices: Vec::new(),
        };
        let mut marks: Vec<(usize, &Label)> = problem
            .labels
            .iter()
            .map(|label| (line_of(source, range(source, label).start), label))
            .collect();
        marks.sort_by_key(|(line, label)| (*line, label.span));
        let mut numbers: Vec<usize> = marks
            .iter()
            .flat_map(|(line, _)| {
                let file = file_of(source, *line).start;
                let around = line.saturating_sub(1)..=line + 1;
                around.filter(move |near| file_of(source, *near).start == file)
            })
            .filter(|line| *line < source.lines())
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers {
            let here: Vec<&Label> = marks
                .iter()
                .filter(|(line, _)| *line == number)
                .map(|(_, label)| *label)
                .collect();
            excerpt.add_line(problem, number, &here, places, style);
        }
        excerpt
    }

    fn add_line(
        &mut self,
        problem: &Problem,
        number: usize,
        marks: &[&Label],
        places: &Places<'_>,
        style: ProblemStyle,
    ) {
        let source: &Source = &problem.source;
        let Some(whole) = source.line(number) else {
            return;
        };
        let line = source.text[whole.clone()].trim_end_matches('\r');
        let on_line = |label: &Label| {
            let range = range(source, label);
            let clip = |offset: usize| offset.saturating_sub(whole.start).min(line.len());
            clip(range.start)..clip(range.end)
        };
        let spans: Vec<Range<usize>> = marks.iter().map(|label| on_line(label)).collect();
        let file = file_of(source, number);
        let ellipsis = style.letters("…");
        for (window, inside) in windows(line, &spans, style.width) {
            self.lines.push(ExcerptLine {
                file: file.name.to_owned(),
                number: number - file.first_line,
                start: self.text.len(),
            });
            if window.start > 0 {
                self.text.push_str(&ellipsis);
            }
            let shown_at = self.text.len();
            self.text.push_str(&shown(&line[window.clone()]));
            if window.end < line.len() {
                self.text.push_str(&ellipsis);
            }
            self.text.push('\n');
            for mark in inside {
                let at = |offset: usize| {
                    let offset = offset.clamp(window.start, window.end);
                    shown_at + shown(&line[window.start..offset]).len()
                };
                let (from, to) = (at(spans[mark].start), at(spans[mark].end));
                let label = marks[mark];
                let text = (!label.text.is_empty()).then(|| style.letters(&label.text));
                let index = problem
                    .labels
                    .iter()
                    .position(|known| std::ptr::eq(known, label))
                    .unwrap_or(0);
                self.indices.push(index);
                self.labels.push(if index == 0 {
                    LabeledSpan::new_primary_with_span(text, (from, to - from))
                } else {
                    LabeledSpan::new(text, from, to - from)
                });
                self.columns
                    .push(places.ends(problem, label).0.column.saturating_sub(1));
            }
        }
    }

    /// The problem's labels in their own order, each with the line, or the part of it, that it is on.
    pub(super) fn in_order<'p>(
        &self,
        problem: &'p Problem,
    ) -> impl Iterator<Item = (&'p Label, &str)> {
        problem.labels.iter().enumerate().map(|(index, label)| {
            let shown = self.indices.iter().position(|&shown| shown == index);
            let line = shown.map(|shown| self.line_at(self.labels[shown].offset()));
            let line = line.and_then(|line| self.text[self.lines[line].start..].lines().next());
            (label, line.unwrap_or(""))
        })
    }

    /// The index of the excerpt's line that holds `offset`.
    fn line_at(&self, offset: usize) -> usize {
        self.lines
            .partition_point(|line| line.start <= offset)
            .saturating_sub(1)
    }

    /// Whether two of the excerpt's lines lie in one file with nothing left out between them.
    fn adjacent(&self, first: usize, last: usize) -> bool {
        let (a, b) = (&self.lines[first], &self.lines[last]);
        a.file == b.file && b.number == a.number + (last - first)
    }
}

/// The parts of a line that are shown, each with the indices of the marks in it: all of it; or where it is long,
/// windows so that every mark starts in one.
fn windows(line: &str, marks: &[Range<usize>], width: usize) -> Vec<(Range<usize>, Vec<usize>)> {
    let room = width.saturating_sub(FRAME).max(LEAST);
    if forward(line, 0, room + FRAME / 2) == line.len() {
        return vec![(0..line.len(), (0..marks.len()).collect())];
    }
    if marks.is_empty() {
        return vec![(0..forward(line, 0, room), Vec::new())];
    }
    let mut windows: Vec<(Range<usize>, Vec<usize>)> = Vec::new();
    for (index, mark) in marks.iter().enumerate() {
        match windows.last_mut() {
            Some((window, inside)) if mark.start >= window.start && mark.end <= window.end => {
                inside.push(index);
            }
            _ => {
                let start = back(line, mark.start, room / 4);
                let end = forward(line, start, room);
                let start = match end == line.len() {
                    true => start.min(back(line, end, room)),
                    false => start,
                };
                windows.push((start..end, vec![index]));
            }
        }
    }
    windows
}

/// How far so many columns reach from `from` on.
fn forward(line: &str, from: usize, columns: usize) -> usize {
    let mut left = columns;
    for (at, c) in line[from..].char_indices() {
        match left.checked_sub(columns_of(c)) {
            Some(rest) => left = rest,
            None => return from + at,
        }
    }
    line.len()
}

/// How far so many columns reach from `from` towards the line's start.
fn back(line: &str, from: usize, columns: usize) -> usize {
    let mut left = columns;
    for (at, c) in line[..from].char_indices().rev() {
        match left.checked_sub(columns_of(c)) {
            Some(rest) => left = rest,
            None => return at + c.len_utf8(),
        }
    }
    0
}

/// The most columns that a character takes.
fn columns_of(c: char) -> usize {
    if c == '\t' {
        TAB
    } else {
        visible(c).width().unwrap_or(0)
    }
}

/// A part of a line as it can be shown. What stands for the start of a text is the start of what stands for it all.
fn shown(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    let mut column = 0;
    for c in part.chars() {
        if c == '\t' {
            let spaces = TAB - column % TAB;
            text.extend(std::iter::repeat_n(' ', spaces));
            column += spaces;
        } else {
            text.push(visible(c));
            column += columns_of(c);
        }
    }
    text
}

/// A character as it can be shown: control characters must not reach a terminal.
fn visible(c: char) -> char {
    let invisible = c.is_control()
        || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2028}' | '\u{2029}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    if invisible { '\u{FFFD}' } else { c }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let end = span.offset() + span.len();
        if end > self.text.len() || self.lines.is_empty() {
            return Err(MietteError::OutOfBounds);
        }
        let (first, last) = (
            self.line_at(span.offset()),
            self.line_at(end.saturating_sub(1).max(span.offset())),
        );
        if !self.adjacent(first, last) {
            return Err(MietteError::OutOfBounds);
        }
        let from = (first.saturating_sub(lines_before)..=first)
            .find(|&line| self.adjacent(line, first))
            .unwrap_or(first);
        let last_line = self.lines.len() - 1;
        let to = (last..=(last + lines_after).min(last_line))
            .rev()
            .find(|&line| self.adjacent(last, line))
            .unwrap_or(last);
        let stop = self
            .lines
            .get(to + 1)
            .map_or(self.text.len(), |line| line.start);
        // Without lines around it, miette asks for the place itself, to name it.
        let (start, column) = if lines_before == 0 {
            let label = self
                .labels
                .iter()
                .position(|label| label.inner() == span)
                .map_or(0, |label| self.columns[label]);
            (span.offset(), label)
        } else {
            (self.lines[from].start, 0)
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.lines[first].file.clone(),
            &self.text.as_bytes()[start..stop],
            (start, stop - start).into(),
            self.lines[from].number,
            column,
            to - from,
        )))
    }
}
