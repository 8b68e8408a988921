//! The first and the last line of a build: what is ahead, what was done.
//!
//! Does not know the steps between.

use super::units;
use crate::logic::event::Summary;
use anstyle::{AnsiColor, Style};
use std::time::Duration;

/// So many failed nodes are named in the last line.
const NAMED: usize = 5;

/// What is ahead.
pub(super) fn opening(total: usize, fresh: usize, jobs: u32) -> String {
    let checks = match fresh {
        0 => format!("{} to check", units::count(total, "node")),
        1 => format!(
            "{} of {} to check, 1 is fresh",
            total - fresh,
            units::count(total, "node")
        ),
        _ => format!(
            "{} of {} to check, {fresh} are fresh",
            total - fresh,
            units::count(total, "node")
        ),
    };
    match jobs {
        1 => format!("{checks}; one job at a time"),
        _ => format!("{checks}; up to {jobs} jobs at once"),
    }
}

/// How it ended: a word, its colour, and the rest. `failed` are the names of the nodes that failed.
pub(super) fn closing(summary: &Summary, failed: &[String]) -> (&'static str, Style, String) {
    let good = AnsiColor::Green.on_default().bold();
    let took = units::duration(summary.took);
    if is_all_fresh(summary) {
        let what = match summary.fresh {
            0 => "there are no nodes".to_owned(),
            1 => "1 node is fresh".to_owned(),
            count => format!("all {count} nodes are fresh{}", units::away(summary.away)),
        };
        return ("nothing to do", good, format!("{what} ({took})"));
    }
    let (word, style) = if summary.interrupted {
        ("interrupted", AnsiColor::Yellow.on_default().bold())
    } else if summary.failed > 0 && summary.failed == summary.not_cached {
        ("not in the cache", AnsiColor::Red.on_default().bold())
    } else if summary.failed > 0 {
        ("failed", AnsiColor::Red.on_default().bold())
    } else if summary.stopped > 0 {
        ("stopped", AnsiColor::Yellow.on_default().bold())
    } else {
        ("done", good)
    };
    let mut parts = Vec::new();
    if summary.failed > 0 && summary.failed == summary.not_cached {
        parts.push(format!(
            "{} would have to run{}",
            summary.failed,
            names(failed)
        ));
    } else if summary.failed > 0 {
        parts.push(format!("{} failed{}", summary.failed, names(failed)));
    }
    let counts = [
        (summary.blocked, "blocked"),
        (summary.stopped, "not done"),
        (summary.ran, "ran"),
        (summary.restored, "restored"),
        (summary.fresh, "fresh"),
    ];
    let told = counts.iter().filter(|(count, _)| *count > 0);
    parts.extend(told.map(|(count, word)| format!("{count} {word}")));
    if summary.fresh > 0 {
        let fresh = parts.last_mut().expect("it has just been told");
        fresh.push_str(&units::away(summary.away));
    }
    let mut text = format!("{} in {took}", parts.join(", "));
    if summary.saved_ms > 0 {
        let saved = Duration::from_millis(summary.saved_ms);
        text.push_str(&format!("; restoring saved {}", units::duration(saved)));
    }
    if summary.undeclared > 0 {
        let nodes = units::count(summary.undeclared, "node");
        text.push_str(&format!("; {nodes} touched files not declared"));
    }
    (word, style, text)
}

fn is_all_fresh(summary: &Summary) -> bool {
    let others =
        summary.ran + summary.restored + summary.failed + summary.blocked + summary.stopped;
    others == 0 && !summary.interrupted
}

fn names(failed: &[String]) -> String {
    let named = failed
        .iter()
        .take(NAMED)
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ");
    match failed.len() {
        0 => String::new(),
        count if count <= NAMED => format!(" ({named})"),
        count => format!(" ({named} and {} more)", count - NAMED),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(summary: &Summary, failed: &[&str]) -> String {
        let failed: Vec<String> = failed.iter().map(|&name| name.to_owned()).collect();
        let (word, _, text) = closing(summary, &failed);
        format!("{word}: {text}")
    }

    #[test]
    fn openings() {
        assert_eq!(
            opening(8, 3, 4),
            "5 of 8 nodes to check, 3 are fresh; up to 4 jobs at once"
        );
        assert_eq!(
            opening(2, 1, 1),
            "1 of 2 nodes to check, 1 is fresh; one job at a time"
        );
        assert_eq!(opening(1, 0, 2), "1 node to check; up to 2 jobs at once");
    }

    #[test]
    fn closings() {
        let took = Duration::from_millis(4000);
        let base = Summary {
            took,
            ..Summary::default()
        };
        let fresh = Summary {
            fresh: 8,
            took: Duration::from_millis(12),
            ..base.clone()
        };
        assert_eq!(
            line(&fresh, &[]),
            "nothing to do: all 8 nodes are fresh (12 ms)"
        );
        assert_eq!(
            line(&Summary { fresh: 1, ..fresh }, &[]),
            "nothing to do: 1 node is fresh (12 ms)"
        );
        assert_eq!(
            line(&base, &[]),
            "nothing to do: there are no nodes (4.0 s)"
        );
        let done = Summary {
            ran: 3,
            restored: 2,
            fresh: 3,
            saved_ms: 200_000,
            ..base.clone()
        };
        assert_eq!(
            line(&done, &[]),
            "done: 3 ran, 2 restored, 3 fresh in 4.0 s; restoring saved 3 min 20 s"
        );
        let failed = Summary {
            failed: 1,
            blocked: 2,
            stopped: 4,
            ran: 3,
            ..base.clone()
        };
        assert_eq!(
            line(&failed, &["split"]),
            "failed: 1 failed (`split`), 2 blocked, 4 not done, 3 ran in 4.0 s"
        );
        let many = Summary {
            failed: 7,
            ..base.clone()
        };
        assert_eq!(
            line(&many, &["a", "b", "c", "d", "e", "f", "g"]),
            "failed: 7 failed (`a`, `b`, `c`, `d`, `e` and 2 more) in 4.0 s"
        );
        let interrupted = Summary {
            stopped: 2,
            fresh: 1,
            interrupted: true,
            ..base.clone()
        };
        assert_eq!(
            line(&interrupted, &[]),
            "interrupted: 2 not done, 1 fresh in 4.0 s"
        );
        assert_eq!(
            line(&Summary { stopped: 2, ..base }, &[]),
            "stopped: 2 not done in 4.0 s"
        );
    }
}
