//! A build in plain lines, for logs, pipes and people: one line for each node that was not fresh, all of a failure,
//! one line at the end.
//!
//! Does not know whether it writes to a terminal; the caller says whether colours are wanted. Nothing is told by
//! colour alone.

use super::stream::{Prefix, Stream};
use super::{blocks, failures, summary, units, words};
use crate::logic::event::{BuildEvent, Failure, FailureCause, Hearing, Notice, Outcome, Summary};
use crate::logic::plan::Reason;
use anstyle::{AnsiColor, Style};
use std::io::Write;
use unicode_width::UnicodeWidthStr;

/// Names are aligned to the longest so far, but to no less and no more than these, in columns.
const NAME_WIDTH: std::ops::RangeInclusive<usize> = 16..=32;
/// So many results that could not be kept are told one by one; the rest are counted.
const NOT_KEPT_TOLD: usize = 3;

/// What is told, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PlainOptions {
    /// With ANSI colours, our own and those of commands' output.
    pub colour: bool,
    /// Only failures, warnings and the result.
    pub quiet: bool,
    /// Also starts and commands, fresh, blocked and stopped nodes, and all that is at hand of a failed node's output.
    pub verbose: bool,
    /// Why each node runs.
    pub explain: bool,
    /// What is told of what commands print.
    pub output: Shown,
}

/// Whose output is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Shown {
    /// Of nodes that failed, below their line.
    #[default]
    Failed,
    /// Of every node that ran, below its line.
    Grouped,
    /// Of every node while it runs, each line with the node's name.
    Stream,
    /// Of none.
    None,
}

impl Shown {
    /// What has to be told for this to be shown.
    pub fn hearing(self) -> Hearing {
        match self {
            Shown::Failed | Shown::None => Hearing::Failed,
            Shown::Grouped => Hearing::Whole,
            Shown::Stream => Hearing::Flowing,
        }
    }
}

/// Writes the events of one build to `W`, each with a single write. A reader that went away is no reason to end a
/// build, so errors of `W` are not told.
#[derive(Debug)]
pub struct PlainReport<W> {
    out: W,
    options: PlainOptions,
    name_width: usize,
    stream: Stream,
    failed: Vec<String>,
    not_kept: usize,
}

impl<W: Write> PlainReport<W> {
    /// Nothing is written yet.
    pub fn new(out: W, options: PlainOptions) -> Self {
        PlainReport {
            out,
            options,
            name_width: *NAME_WIDTH.start(),
            stream: Stream::default(),
            failed: Vec::new(),
            not_kept: 0,
        }
    }

    /// Tells one event.
    pub fn tell(&mut self, event: &BuildEvent) {
        let text = match event {
            BuildEvent::Started { .. } if self.options.quiet => String::new(),
            BuildEvent::Started { total, fresh, jobs } => {
                summary::opening(*total, *fresh, *jobs) + "\n"
            }
            BuildEvent::NodeStarted {
                node,
                reasons,
                command,
                ..
            } => self.started(node, reasons, command),
            BuildEvent::Output {
                node,
                bytes,
                skipped,
            } => self.output(node, bytes, *skipped),
            BuildEvent::NodeFinished { node, outcome } => {
                self.rest(node) + &self.finished(node, outcome)
            }
            BuildEvent::Notice(notice) => {
                let rest = match notice {
                    Notice::Retrying { node, .. }
                    | Notice::Changed {
                        node: Some(node), ..
                    } => self.rest(node),
                    _ => String::new(),
                };
                rest + &self.notice(notice)
            }
            // Only of use while the next line is waited for.
            BuildEvent::Planned(_)
            | BuildEvent::NodeChecking { .. }
            | BuildEvent::NodeQueued { .. }
            | BuildEvent::Logged { .. }
            | BuildEvent::RoomFor(_)
            | BuildEvent::Ahead(_)
            | BuildEvent::Stopping(_) => String::new(),
            BuildEvent::Finished(summary) => self.end(summary),
        };
        if !text.is_empty() {
            let _ = self
                .out
                .write_all(text.as_bytes())
                .and_then(|()| self.out.flush());
        }
    }

    fn started(&mut self, node: &str, reasons: &[Reason], command: &str) -> String {
        let PlainOptions {
            verbose, explain, ..
        } = self.options;
        if !verbose && !explain {
            return String::new();
        }
        let mut sentences = reasons.iter().map(words::sentence);
        let first = sentences.next().unwrap_or_default();
        let mut text = self.line(
            "start",
            AnsiColor::Blue.on_default(),
            node,
            &indented(&first),
        );
        if explain {
            sentences
                .for_each(|sentence| text.push_str(&format!("  and {}\n", indented(&sentence))));
        }
        if verbose {
            text.push_str(&blocks::command(command));
        }
        text
    }

    fn output(&mut self, node: &str, bytes: &[u8], skipped: u64) -> String {
        let prefix = self.prefix(node);
        self.stream.take(node, bytes, skipped, prefix)
    }

    /// What is left of the last line that `node` printed.
    fn rest(&mut self, node: &str) -> String {
        if self.options.output != Shown::Stream {
            return String::new();
        }
        let prefix = self.prefix(node);
        self.stream.end(node, prefix)
    }

    fn prefix(&mut self, node: &str) -> Prefix {
        Prefix {
            width: self.widened(node),
            colour: self.options.colour,
        }
    }

    fn finished(&mut self, node: &str, outcome: &Outcome) -> String {
        let PlainOptions { quiet, verbose, .. } = self.options;
        match outcome {
            Outcome::Failed(failure) => self.failure(node, failure),
            Outcome::Ran {
                took,
                unchanged,
                printed,
                ..
            } => {
                let printed = match self.options.output {
                    Shown::Grouped => blocks::whole(node, printed, self.options),
                    Shown::Failed | Shown::Stream | Shown::None => String::new(),
                };
                if quiet && printed.is_empty() {
                    return String::new();
                }
                let same = if *unchanged {
                    ", outputs as before"
                } else {
                    ""
                };
                let rest = format!("{}{same}", units::duration(*took));
                self.line("ran", AnsiColor::Green.on_default(), node, &rest) + &printed
            }
            _ if quiet => String::new(),
            Outcome::Restored { saved_ms } => {
                let rest = format!("saved {}", units::duration_ms(*saved_ms));
                self.line("restored", AnsiColor::Cyan.on_default(), node, &rest)
            }
            _ if !verbose => String::new(),
            Outcome::Fresh => self.line("fresh", Style::new(), node, ""),
            Outcome::Blocked { by } => {
                let rest = format!("`{by}`, which it needs, failed");
                self.line("blocked", AnsiColor::Yellow.on_default(), node, &rest)
            }
            Outcome::Stopped => self.line(
                "stopped",
                AnsiColor::Yellow.on_default(),
                node,
                "the build ended before it was done",
            ),
        }
    }

    fn failure(&mut self, node: &str, failure: &Failure) -> String {
        self.failed.push(node.to_owned());
        let mut rest = failures::cause(&failure.cause);
        if !failure.took.is_zero() {
            rest.push_str(&format!(", after {}", units::duration(failure.took)));
        }
        let word = match failure.cause {
            FailureCause::NotCached(_) => "stale",
            _ => "failed",
        };
        let mut text = self.line(word, AnsiColor::Red.on_default().bold(), node, &rest);
        if word == "stale" {
            return text;
        }
        text.push_str(&blocks::command(&failure.command));
        text.push_str(&blocks::output(node, failure, self.options));
        for hint in failures::hints(failure) {
            text.push_str(&self.marked("  hint", AnsiColor::Cyan.on_default(), &hint));
        }
        text
    }

    fn notice(&mut self, notice: &Notice) -> String {
        if let Notice::Traced(traced) = notice
            && !self.options.verbose
            && !traced.warns()
        {
            return String::new();
        }
        let is_news = notice.is_news();
        if matches!(notice, Notice::NotKept { .. }) {
            self.not_kept += 1;
            if self.not_kept > NOT_KEPT_TOLD && !self.options.verbose {
                return String::new();
            }
        }
        match is_news {
            true if self.options.quiet => String::new(),
            true => self.marked("note", Style::new().bold(), &words::notice(notice)),
            false => self.marked(
                "warning",
                AnsiColor::Yellow.on_default().bold(),
                &words::notice(notice),
            ),
        }
    }

    fn end(&self, summary: &Summary) -> String {
        let (word, style, text) = summary::closing(summary, &self.failed);
        let mut text = self.marked(word, style, &text);
        if summary.failed > 0 && summary.stopped > 0 && !summary.interrupted {
            let hint = "`pipe build -k` goes on with everything that does not need what failed";
            text.push_str(&self.marked("hint", AnsiColor::Cyan.on_default(), hint));
        }
        if summary.not_kept > NOT_KEPT_TOLD {
            let warning = format!(
                "{} could not be kept in the cache",
                units::count(summary.not_kept, "result")
            );
            text.push_str(&self.marked("warning", AnsiColor::Yellow.on_default().bold(), &warning));
        }
        text
    }

    /// A line of the table.
    fn line(&mut self, word: &str, style: Style, node: &str, rest: &str) -> String {
        let (style, width) = (self.paint(style), self.widened(node));
        let node = padded(node, width);
        let line = format!("{style}{word:<8}{style:#} {node}  {rest}");
        format!("{}\n", line.trim_end())
    }

    /// The columns of names when `node` is one of them.
    fn widened(&mut self, node: &str) -> usize {
        self.name_width = self.name_width.max(node.width()).min(*NAME_WIDTH.end());
        self.name_width
    }

    /// Where it writes to.
    pub fn out(&mut self) -> &mut W {
        &mut self.out
    }

    /// The columns that names take so far.
    pub fn name_width(&self) -> usize {
        self.name_width
    }

    /// A word, a colon, a sentence.
    fn marked(&self, word: &str, style: Style, sentence: &str) -> String {
        let style = self.paint(style);
        format!("{style}{word}:{style:#} {sentence}\n")
    }

    fn paint(&self, style: Style) -> Style {
        if self.options.colour {
            style
        } else {
            Style::new()
        }
    }
}

/// `text` with spaces up to `width` columns.
pub(super) fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(text.width())))
}

/// Further lines of a sentence go below it.
fn indented(sentence: &str) -> String {
    sentence.replace('\n', "\n      ")
}

#[cfg(test)]
mod tests;
