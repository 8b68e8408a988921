//! Past builds and runs as tables for people.
//!
//! Knows records as values; how a moment is written is said by the caller, who knows the time zone.

use super::{units, words};
use crate::base::record::{BuildEnd, BuildRecord, RunOutcome, RunRecord};
use std::fmt::Write;

/// What is remembered of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeRuns {
    /// Its name.
    pub node: String,
    /// Its runs, oldest first.
    pub runs: Vec<RunRecord>,
}

/// Writes a moment, given in milliseconds since 1970 UTC.
pub type Moment<'m> = &'m dyn Fn(u64) -> String;

/// `pipe history`: the last builds, the newest first.
pub fn builds(builds: &[BuildRecord], last: usize, moment: Moment<'_>) -> String {
    if builds.is_empty() {
        return "no build is remembered here\n".to_owned();
    }
    let mut rows = vec![row(["build", "when", "result", "took", "nodes"])];
    rows.extend(builds.iter().rev().take(last).map(|record| {
        let end = record.end.as_ref();
        [
            record.build.to_string(),
            moment(record.started_ms),
            outcome(end).to_owned(),
            end.map_or_else(String::new, |end| units::duration_ms(end.took_ms)),
            end.map_or_else(String::new, counts),
        ]
    }));
    table(&rows) + &left_out(builds.len(), last, "build")
}

/// `pipe history NODE`: how long a node usually takes, and its last runs, the newest first.
pub fn runs(nodes: &[NodeRuns], last: usize, moment: Moment<'_>) -> String {
    let of_one = |NodeRuns { node, runs }: &NodeRuns| {
        if runs.is_empty() {
            return format!("`{node}`: no run of it is remembered here\n");
        }
        let mut rows = vec![row([
            "build", "when", "result", "took", "cpu", "memory", "why",
        ])];
        rows.extend(runs.iter().rev().take(last).map(|run| {
            [
                run.build.to_string(),
                moment(run.started_ms),
                run_outcome(run.outcome).to_owned(),
                units::duration_ms(run.duration_ms),
                run.usage
                    .cpu_ms
                    .map_or_else(String::new, units::duration_ms),
                run.usage
                    .peak
                    .map_or_else(String::new, |peak| units::size(peak.bytes)),
                run.cause
                    .as_ref()
                    .map_or_else(String::new, words::past_cause),
            ]
        }));
        let heading = heading(node, runs);
        format!(
            "{heading}\n{}{}",
            table(&rows),
            left_out(runs.len(), last, "run")
        )
    };
    nodes.iter().map(of_one).collect::<Vec<_>>().join("\n")
}

/// How a build ended, in a word.
pub(super) fn outcome(end: Option<&BuildEnd>) -> &'static str {
    match end {
        None => "unfinished",
        Some(end) if end.interrupted => "interrupted",
        Some(end) if end.failed > 0 => "failed",
        Some(end) if end.stopped > 0 => "stopped",
        Some(_) => "done",
    }
}

/// The median of the runs that went well, in milliseconds.
pub(super) fn median_ms(runs: &[RunRecord]) -> Option<u64> {
    let mut good: Vec<u64> = good(runs).map(|run| run.duration_ms).collect();
    good.sort_unstable();
    good.get(good.len() / 2).copied()
}

fn good(runs: &[RunRecord]) -> impl DoubleEndedIterator<Item = &RunRecord> {
    runs.iter().filter(|run| run.outcome == RunOutcome::Ran)
}

/// A run's outcome in a word.
pub(super) fn run_outcome(outcome: RunOutcome) -> &'static str {
    match outcome {
        RunOutcome::Ran => "ran",
        RunOutcome::Failed => "failed",
        RunOutcome::Stopped => "stopped",
    }
}

fn heading(node: &str, runs: &[RunRecord]) -> String {
    let count = units::count(runs.len(), "run");
    let (Some(median), Some(last)) = (median_ms(runs), good(runs).next_back()) else {
        return format!("`{node}`: {count}, none of which went well");
    };
    let usual = units::duration_ms(median);
    if good(runs).count() == 1 {
        return format!("`{node}`: {count}; the one that went well took {usual}");
    }
    format!(
        "`{node}`: {count}; usually {usual} (median), last {}{}",
        units::duration_ms(last.duration_ms),
        change(median, last.duration_ms)
    )
}

/// How far a duration is from the usual one, where that is worth a word.
fn change(usual: u64, last: u64) -> String {
    // Below this, what is measured is the machine and not the command.
    const TELLING_MS: u64 = 100;
    if usual.abs_diff(last) < TELLING_MS || usual == 0 {
        return String::new();
    }
    let percent = usual.abs_diff(last) * 100 / usual;
    match percent {
        0..10 => String::new(),
        _ if last > usual => format!(", {percent} % more"),
        _ => format!(", {percent} % less"),
    }
}

fn counts(end: &BuildEnd) -> String {
    let counts = [
        (end.failed, "failed"),
        (end.blocked, "blocked"),
        (end.stopped, "not done"),
        (end.ran, "ran"),
        (end.restored, "restored"),
        (end.fresh, "fresh"),
    ];
    let told = counts.iter().filter(|(count, _)| *count > 0);
    let mut text = told
        .map(|(count, word)| format!("{count} {word}"))
        .collect::<Vec<_>>()
        .join(", ");
    if end.saved_ms > 0 {
        let _ = write!(text, "; saved {}", units::duration_ms(end.saved_ms));
    }
    text
}

fn left_out(all: usize, shown: usize, noun: &str) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        more => format!(
            "{} more, older; `--last {all}` shows all\n",
            units::count(more, noun)
        ),
    }
}

fn row<const N: usize>(cells: [&str; N]) -> [String; N] {
    cells.map(str::to_owned)
}

/// Columns as wide as their widest cell; numbers and times to the right, the last one as it comes.
fn table<const N: usize>(rows: &[[String; N]]) -> String {
    const TO_THE_RIGHT: [&str; 4] = ["build", "took", "cpu", "memory"];
    let width = |column: usize| {
        let cells = rows.iter().map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            let width = widths[column];
            let to_the_right = TO_THE_RIGHT.contains(&&*rows[0][column]);
            let gap = if column == 0 { "" } else { "  " };
            let _ = match to_the_right {
                true => write!(line, "{gap}{cell:>width$}"),
                false => write!(line, "{gap}{cell:width$}"),
            };
        }
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text
}

#[cfg(test)]
mod tests;
