//! What is remembered of a build to sum it up at its end, and the summary, in Markdown.
//!
//! Does not know where it is shown. GitHub takes at most 1 MiB of it for a step, so all lists and texts are cut.

use crate::logic::event::{BuildEvent, Failure, FailureCause, Outcome, Summary};
use crate::report::changes::clipped;
use crate::report::{failures, printed, summary, units, words};
use std::collections::HashMap;
use std::time::Duration;

/// So many nodes are listed, so many of what they print, so many of the slowest.
const ROWS: usize = 200;
const OUTPUTS: usize = 10;
const SLOWEST: usize = 5;
/// A cell has at most so many characters, and a line of output as well.
const CELL: usize = 300;
/// Of what a failed command printed, the last lines: in the summary, and in an annotation.
const LINES: usize = 30;
const ANNOTATION_LINES: usize = 5;

/// A node that failed.
#[derive(Debug)]
pub(super) struct Failed {
    pub(super) node: String,
    /// What became of it, in a word or two.
    pub(super) word: &'static str,
    pub(super) cause: String,
    /// The last few lines that it printed.
    pub(super) end: String,
    lines: Vec<String>,
}

#[derive(Debug)]
struct Row {
    word: &'static str,
    node: String,
    time: String,
    why: String,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Story {
    pub(super) failed: Vec<Failed>,
    why: HashMap<String, String>,
    rows: Vec<Row>,
    times: Vec<(Duration, String)>,
}

impl Story {
    pub(super) fn hear(&mut self, event: &BuildEvent) {
        match event {
            BuildEvent::NodeStarted { node, reasons, .. } => {
                let why = reasons.first().map(words::sentence).unwrap_or_default();
                self.why.insert(node.clone(), why);
            }
            BuildEvent::NodeFinished { node, outcome } => self.settled(node, outcome),
            _ => {}
        }
    }

    fn settled(&mut self, node: &str, outcome: &Outcome) {
        let why = self.why.remove(node).unwrap_or_default();
        let (word, time, why) = match outcome {
            Outcome::Fresh => return,
            Outcome::Restored { saved_ms } => {
                let saved = format!("saved {}", units::duration_ms(*saved_ms));
                ("restored", saved, String::new())
            }
            Outcome::Ran {
                took, unchanged, ..
            } => {
                self.times.push((*took, node.to_owned()));
                let same = if *unchanged {
                    "; outputs as before"
                } else {
                    ""
                };
                ("ran", units::duration(*took), why + same)
            }
            Outcome::Failed(failure) => {
                let failed = Failed::of(node, failure);
                let row = (failed.word, took(failure.took), failed.cause.clone());
                self.failed.push(failed);
                row
            }
            Outcome::Blocked { by } => {
                let why = format!("`{by}`, which it needs, is not done");
                ("blocked", String::new(), why)
            }
            Outcome::Stopped => ("not done", String::new(), String::new()),
        };
        self.rows.push(Row {
            word,
            node: node.to_owned(),
            time,
            why,
        });
    }

    pub(super) fn markdown(&self, end: &Summary) -> String {
        let failed: Vec<String> = self.failed.iter().map(|one| one.node.clone()).collect();
        let (word, _, text) = summary::closing(end, &failed);
        let mut page = format!("### pipe: {word}\n\n{}\n", prose(&text));
        self.list(&mut page);
        self.slowest(&mut page);
        for failed in self
            .failed
            .iter()
            .filter(|one| !one.lines.is_empty())
            .take(OUTPUTS)
        {
            let fence = fence(&failed.lines);
            let lines = failed.lines.join("\n");
            page.push_str(&format!(
                "\n<details><summary>What {} printed at the end</summary>\n\n{fence}\n{lines}\n{fence}\n\n</details>\n",
                html(&failed.node)
            ));
        }
        page.push('\n');
        page
    }

    fn list(&self, page: &mut String) {
        if self.rows.is_empty() {
            return;
        }
        page.push_str("\n| outcome | node | time | why |\n|---|---|---|---|\n");
        // What went wrong comes first, then what ran.
        let rank = |row: &&Row| match row.word {
            "failed" | "missing" => 0,
            "ran" => 1,
            "restored" => 2,
            _ => 3,
        };
        let mut rows: Vec<&Row> = self.rows.iter().collect();
        rows.sort_by_key(rank);
        for Row {
            word,
            node,
            time,
            why,
        } in rows.into_iter().take(ROWS)
        {
            let (node, why) = (cell(node), cell(why));
            page.push_str(&format!("| {word} | {node} | {time} | {why} |\n"));
        }
        if let Some(more) = self.rows.len().checked_sub(ROWS + 1) {
            page.push_str(&format!("\nand {} more\n", more + 1));
        }
    }

    fn slowest(&self, page: &mut String) {
        if self.times.len() < 2 {
            return;
        }
        let mut times: Vec<_> = self.times.iter().collect();
        times.sort_by(|one, other| other.0.cmp(&one.0).then(one.1.cmp(&other.1)));
        let named = times.iter().take(SLOWEST);
        let named = named.map(|(took, node)| format!("{} {}", cell(node), units::duration(*took)));
        let named: Vec<String> = named.collect();
        page.push_str(&format!("\nSlowest: {}\n", named.join(", ")));
    }
}

impl Failed {
    fn of(node: &str, failure: &Failure) -> Self {
        let lines = printed::lines(&failure.output, false);
        let last = |count: usize| -> Vec<String> {
            let lines = lines[lines.len().saturating_sub(count)..].iter();
            lines.map(|line| clipped(line, CELL)).collect()
        };
        Failed {
            node: node.to_owned(),
            word: match failure.cause {
                FailureCause::NotCached(_) => "missing",
                _ => "failed",
            },
            cause: failures::cause(&failure.cause),
            end: last(ANNOTATION_LINES).join("\n"),
            lines: last(LINES),
        }
    }
}

fn took(took: Duration) -> String {
    match took {
        Duration::ZERO => String::new(),
        took => units::duration(took),
    }
}

/// Text that must not act as Markdown: names may hold anything.
fn cell(text: &str) -> String {
    prose(&clipped(&text.replace('\n', " "), CELL))
}

fn prose(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in html(text).chars() {
        if matches!(
            character,
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '!'
        ) {
            safe.push('\\');
        }
        safe.push(character);
    }
    safe
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// One that no line of the text ends.
fn fence(lines: &[String]) -> String {
    let longest = |line: &String| {
        let ticks = line
            .trim_start()
            .chars()
            .take_while(|&character| character == '`');
        ticks.count()
    };
    let longest = lines.iter().map(longest).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}
