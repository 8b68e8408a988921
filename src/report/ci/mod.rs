//! A build in the log of a CI service: what succeeded is folded, what failed stands open and last, failures are
//! annotations, and a summary in Markdown tells what ran and why.
//!
//! The lines are those of `plain`. Does not know which service it is for, nor the time: both are told.

mod github;
mod gitlab;
mod story;

use super::plain::{PlainOptions, PlainReport, Shown};
use crate::logic::event::{BuildEvent, FailureCause, Outcome, Summary};
use std::io::Write;
use std::time::Duration;
use story::Story;

/// A service whose log has a form of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// GitHub Actions.
    GitHub,
    /// GitLab CI.
    GitLab,
}

/// Writes the events of one build to `W`.
#[derive(Debug)]
pub struct CiReport<W> {
    out: W,
    service: Service,
    shown: Shown,
    /// Writes the usual lines into its buffer.
    plain: PlainReport<Vec<u8>>,
    /// What there is to say of each failure, for the end.
    failures: Vec<String>,
    groups: usize,
    story: Story,
}

impl<W: Write> CiReport<W> {
    /// Nothing is written yet.
    pub fn new(out: W, service: Service, options: PlainOptions) -> Self {
        CiReport {
            out,
            service,
            shown: options.output,
            plain: PlainReport::new(Vec::new(), options),
            failures: Vec::new(),
            groups: 0,
            story: Story::default(),
        }
    }

    /// Tells one event; `now_s` is the time in seconds since 1970 UTC.
    pub fn tell(&mut self, event: &BuildEvent, now_s: u64) {
        self.story.hear(event);
        self.plain.tell(event);
        let told = std::mem::take(self.plain.out());
        let told = String::from_utf8_lossy(&told);
        let told = match self.service {
            Service::GitHub => github::disarmed(&told).into_owned(),
            Service::GitLab => told.into_owned(),
        };
        let text = match event {
            BuildEvent::NodeFinished { outcome, .. } => self.settled(outcome, told, now_s),
            BuildEvent::Finished(_) => self.end(&told),
            _ => told,
        };
        if !text.is_empty() {
            let written = self.out.write_all(text.as_bytes());
            // A reader that went away is no reason to end a build.
            let _ = written.and_then(|()| self.out.flush());
        }
    }

    /// The whole build in Markdown.
    pub fn summary(&self, end: &Summary) -> String {
        self.story.markdown(end)
    }

    fn settled(&mut self, outcome: &Outcome, told: String, now_s: u64) -> String {
        let Some((line, below)) = told.split_once('\n') else {
            return told;
        };
        match outcome {
            Outcome::Ran { took, .. } if self.shown == Shown::Grouped && !below.is_empty() => {
                self.groups += 1;
                self.folded(line, below, *took, now_s)
            }
            Outcome::Failed(failure)
                if self.shown != Shown::Stream
                    && !matches!(failure.cause, FailureCause::NotCached(_)) =>
            {
                let line = format!("{line} (more at the end)\n");
                self.failures.push(told);
                line
            }
            _ => told,
        }
    }

    fn folded(&self, title: &str, text: &str, took: Duration, now_s: u64) -> String {
        match self.service {
            Service::GitHub => github::group(title, text),
            Service::GitLab => {
                let begun_s = now_s.saturating_sub(took.as_secs());
                gitlab::section(self.groups, title, text, begun_s, now_s)
            }
        }
    }

    fn end(&mut self, told: &str) -> String {
        let mut text = String::new();
        for failure in self.failures.drain(..) {
            text.push('\n');
            text.push_str(&failure);
        }
        if !text.is_empty() {
            text.push('\n');
        }
        if self.service == Service::GitHub {
            text.push_str(&github::annotations(&self.story.failed));
        }
        text + told
    }
}

#[cfg(test)]
mod tests;
