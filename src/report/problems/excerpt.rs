//! The lines that a problem points at, for miette: found by line number, cut to a window where they are long.
//!
//! Does not know problems' words, nor how the lines are drawn.

use super::ProblemStyle;
use crate::logic::manifest::{Label, Problem, Source, Span};
use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

/// The longest line that is shown whole, in characters; of a longer one this much around the mark.
const WINDOW: usize = 200;

/// The lines around a problem's places, cut to a readable width, with the places moved along.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    /// Lines of other files before this one in the source.
    before: usize,
    text: String,
    lines: Vec<ExcerptLine>,
    /// The places, in the excerpt's own offsets.
    pub(super) labels: Vec<LabeledSpan>,
}

/// A line of the excerpt.
#[derive(Debug, Clone, Copy)]
struct ExcerptLine {
    /// Its number in the source, from 0.
    number: usize,
    /// Where it starts in the excerpt.
    start: usize,
    /// How many characters of the source's line were cut off in front, less what stands there for them.
    cut: usize,
}

impl Excerpt {
    /// The excerpt that shows all places of `problem`.
    pub(super) fn new(problem: &Problem, style: ProblemStyle) -> Excerpt {
        let source = &problem.source;
        let end = source.text.len() as u32;
        let file_of = |label: &Label| source.file_at(label.span.start.min(end));
        let first = problem.labels.first();
        let file = first.map_or(0, file_of);
        let before = source.lines_before(file);
        let after = source.lines_before(file + 1);
        let until = if after > before {
            after
        } else {
            source.lines()
        };
        let places: Vec<(usize, &Label)> = problem
            .labels
            .iter()
            .filter(|label| file_of(label) == file)
            .map(|label| {
                (
                    source
                        .position(label.span.start.min(source.text.len() as u32))
                        .0
                        - 1,
                    label,
                )
            })
            .collect();
        let mut numbers: Vec<usize> = places
            .iter()
            .flat_map(|(line, _)| line.saturating_sub(1)..=line + 1)
            .filter(|n| (before..until).contains(n))
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let mut excerpt = Excerpt {
            name: source
                .place(first.map_or(0, |label| label.span.start.min(end)))
                .file
                .to_owned(),
            before,
            text: String::new(),
            lines: Vec::new(),
            labels: Vec::new(),
        };
        for number in numbers {
            let marks: Vec<&Label> = places
                .iter()
                .filter(|(line, _)| *line == number)
                .map(|(_, label)| *label)
                .collect();
            excerpt.add_line(source, number, &marks, problem.labels.first(), style);
        }
        excerpt
    }

    fn add_line(
        &mut self,
        source: &Source,
        number: usize,
        marks: &[&Label],
        primary: Option<&Label>,
        style: ProblemStyle,
    ) {
        let Some(range) = source.line(number) else {
            return;
        };
        let line = source.text[range.clone()].trim_end_matches('\r');
        let first_mark = marks
            .iter()
            .map(|label| label.span.start as usize - range.start)
            .min();
        let window = window(line, first_mark.unwrap_or(0));
        let start = self.text.len();
        let ellipsis = style.letters("…");
        if window.start > 0 {
            self.text.push_str(&ellipsis);
        }
        let shown_at = self.text.len();
        self.text.extend(line[window.clone()].chars().map(visible));
        if window.end < line.len() {
            self.text.push_str(&ellipsis);
        }
        let shown_for_cut = if window.start > 0 {
            ellipsis.chars().count()
        } else {
            0
        };
        let cut = line[..window.start]
            .chars()
            .count()
            .saturating_sub(shown_for_cut);
        self.lines.push(ExcerptLine { number, start, cut });
        for label in marks {
            let span = clip(label.span, range.start, line, &window);
            let at = |offset: usize| {
                shown_at
                    + line[window.start..offset]
                        .chars()
                        .map(|c| visible(c).len_utf8())
                        .sum::<usize>()
            };
            let (from, to) = (at(span.start), at(span.end));
            let text = (!label.text.is_empty()).then(|| style.letters(&label.text));
            self.labels.push(
                if primary.is_some_and(|primary| std::ptr::eq(primary, *label)) {
                    LabeledSpan::new_primary_with_span(text, (from, to - from))
                } else {
                    LabeledSpan::new(text, from, to - from)
                },
            );
        }
        self.text.push('\n');
    }

    /// The index of the excerpt's line that holds `offset`.
    fn line_at(&self, offset: usize) -> usize {
        self.lines
            .partition_point(|line| line.start <= offset)
            .saturating_sub(1)
    }
}

/// The part of `line` that is shown: all of it, or a window around `mark`.
fn window(line: &str, mark: usize) -> std::ops::Range<usize> {
    if line.chars().nth(WINDOW).is_none() {
        return 0..line.len();
    }
    let mark = line.floor_char_boundary(mark);
    let start = line[..mark]
        .char_indices()
        .rev()
        .nth(WINDOW / 4)
        .map_or(0, |(at, _)| at);
    let end = line[start..]
        .char_indices()
        .nth(WINDOW)
        .map_or(line.len(), |(at, _)| start + at);
    start..end
}

/// The part of a place that is on this line and in its window.
fn clip(
    span: Span,
    line_start: usize,
    line: &str,
    window: &std::ops::Range<usize>,
) -> std::ops::Range<usize> {
    let from = line
        .floor_char_boundary((span.start as usize).saturating_sub(line_start))
        .clamp(window.start, window.end);
    let to = line
        .floor_char_boundary((span.start + span.len) as usize - line_start)
        .clamp(from, window.end);
    from..to
}

/// A character as it can be shown: control characters must not reach a terminal.
fn visible(c: char) -> char {
    let invisible = c.is_control() && c != '\t'
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
        let adjacent = |a: usize, b: usize| self.lines[b].number - self.lines[a].number == b - a;
        if !adjacent(first, last) {
            return Err(MietteError::OutOfBounds);
        }
        let from = (first.saturating_sub(lines_before)..=first)
            .find(|&line| adjacent(line, first))
            .unwrap_or(first);
        let last_line = self.lines.len() - 1;
        let to = (last..=(last + lines_after).min(last_line))
            .rev()
            .find(|&line| adjacent(last, line))
            .unwrap_or(last);
        let start = if lines_before == 0 {
            span.offset()
        } else {
            self.lines[from].start
        };
        let stop = self
            .lines
            .get(to + 1)
            .map_or(self.text.len(), |line| line.start);
        let column = self.text[self.lines[first].start..start.max(self.lines[first].start)]
            .chars()
            .count();
        let column = if lines_before == 0 {
            column + self.lines[first].cut
        } else {
            0
        };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            &self.text.as_bytes()[start..stop],
            (start, stop - start).into(),
            self.lines[from].number - self.before,
            column,
            to - from,
        )))
    }
}
