//! How the live part looks: rows of what runs and what waits, the counts, a bar.
//!
//! The last line is always the bar, so that it stays in its place while the rows above it come and go. Does not know
//! what was drawn before.

use super::columns::{self, Builder, Line};
use super::{Phase, Progress, Running, Size};
use crate::logic::event::{Room, Stop};
use crate::report::printed::escaped;
use crate::report::units;
use anstyle::{AnsiColor, Style};
use std::time::Duration;

/// Columns of the word at the start of a row, and of the gap behind a name; as in the lines above.
const WORD: usize = 9;
const GAP: usize = 2;
/// A check that takes longer is shown.
const LONG_CHECK: Duration = Duration::from_secs(1);
/// The terminal writes `^C` behind the last line, which must not make it longer than a row.
const ECHO: usize = 2;
/// Columns of the bar.
const BAR: std::ops::RangeInclusive<usize> = 4..=40;

impl Progress {
    /// The lines for a screen of this size, never more than it has. `name_width` is the columns that names take in
    /// the lines above.
    pub fn render(&self, size: Size, name_width: usize, now: Duration) -> Vec<Line> {
        let canvas = Canvas {
            progress: self,
            // A full line would leave the cursor behind its end, where terminals differ.
            columns: size.columns.saturating_sub(1),
            name_width,
            now,
        };
        match self.phase {
            Phase::Over => Vec::new(),
            Phase::Survey => vec![canvas.phase("looking at what is there")],
            Phase::Locked => vec![canvas.phase("waiting for the other build")],
            Phase::Work => canvas.work(most_lines(size.rows)),
        }
    }
}

/// Two thirds of the screen, and at least the bar; the rest is for the lines that stay.
fn most_lines(rows: usize) -> usize {
    (rows * 2 / 3).max(1)
}

struct Canvas<'a> {
    progress: &'a Progress,
    columns: usize,
    name_width: usize,
    now: Duration,
}

impl Canvas<'_> {
    fn work(&self, most: usize) -> Vec<Line> {
        let mut below: Vec<Line> = Vec::new();
        below.extend(self.progress.room.as_ref().map(|room| self.room(room)));
        below.extend(self.progress.stop.map(|stop| self.stop(stop)));
        below.push(self.counts());
        below.push(self.bar());
        let spare = below.len().saturating_sub(most);
        below.drain(..spare);
        let mut lines = self.running(most - below.len());
        lines.append(&mut below);
        lines
    }

    /// What runs and what is checked for long, of each the longest first, in so many lines.
    fn running(&self, most: usize) -> Vec<Line> {
        let running = &self.progress.running;
        let long =
            |(_, since): &(&String, &Duration)| self.now.saturating_sub(**since) >= LONG_CHECK;
        let mut checking: Vec<(&String, &Duration)> =
            self.progress.checking.iter().filter(long).collect();
        checking.sort_by_key(|(node, since)| (**since, *node));
        let count = running.len() + checking.len();
        let shown = match count <= most {
            true => count,
            false => most.saturating_sub(1),
        };
        let runs = running.iter().map(|one| self.run(one));
        let checks = checking
            .iter()
            .map(|(node, since)| self.check(node, **since));
        let mut lines: Vec<Line> = runs.chain(checks).take(shown).collect();
        if shown < count && most > 0 {
            let more = format!("{} {} more", self.mark(), count - shown);
            lines.push(self.line().to(WORD).add(dim(), &more).end());
        }
        lines
    }

    /// Large files are hashed, or come back from the cache.
    fn check(&self, node: &str, since: Duration) -> Line {
        let said = whole(self.now.saturating_sub(since));
        let cyan = AnsiColor::Cyan.on_default();
        self.row("checking", cyan, node, Style::new(), &said)
    }

    fn run(&self, running: &Running) -> Line {
        let elapsed = running.elapsed(self.now);
        let expected = running.prospect.expected;
        let late = expected.is_some_and(|expected| elapsed > expected + Duration::from_secs(1));
        let mut said = whole(elapsed);
        if let Some(expected) = expected {
            said.push_str(&format!(" of ~{}", units::duration(expected)));
        }
        if running.prospect.alone {
            said.push_str(", alone");
        }
        let style = match late {
            true => AnsiColor::Yellow.on_default(),
            false => Style::new(),
        };
        self.row(
            "running",
            AnsiColor::Blue.on_default(),
            &running.node,
            style,
            &said,
        )
    }

    fn room(&self, room: &Room) -> Line {
        let said = if room.alone {
            match self.progress.running.len() {
                0 => "to run alone".to_owned(),
                1 => "for 1 running node to end, then runs alone".to_owned(),
                count => format!("for {count} running nodes to end, then runs alone"),
            }
        } else {
            let mut wanted: Vec<String> = room.uses.iter().map(|name| escaped(name)).collect();
            if room.slots > 1 || wanted.is_empty() {
                wanted.insert(0, units::count(room.slots as usize, "slot"));
            }
            format!("for room: {}", wanted.join(", "))
        };
        let yellow = AnsiColor::Yellow.on_default();
        self.row("waiting", yellow, &room.node, Style::new(), &said)
    }

    fn stop(&self, stop: Stop) -> Line {
        let nodes = units::count(self.progress.running.len(), "running node");
        let said = match stop {
            Stop::Failure => format!("after a failure, when {nodes} ended"),
            Stop::Interrupt => format!("when {nodes} ended; Ctrl-C again kills"),
            Stop::Kill => format!("{nodes} killed"),
        };
        let said = match self.progress.running.len() {
            1 => said
                .replace(" ended", " has ended")
                .replace(" killed", " is killed"),
            _ => said
                .replace(" ended", " have ended")
                .replace(" killed", " are killed"),
        };
        let yellow = AnsiColor::Yellow.on_default().bold();
        self.line()
            .add(yellow, "stopping")
            .to(WORD)
            .add(Style::new(), &said)
            .end()
    }

    /// A row of the table.
    fn row(&self, word: &str, style: Style, node: &str, said_style: Style, said: &str) -> Line {
        let room = self.columns.saturating_sub(WORD + GAP);
        let node = columns::cut_middle(&escaped(node), room / 2, self.mark());
        let aligned = self.name_width.min(room / 2).max(columns::width(&node));
        let width = match columns::width(said) + aligned {
            wanted if wanted <= room => aligned,
            // What is said is worth more than that it stands below what is said of others.
            _ => columns::width(&node),
        };
        self.line()
            .add(style, word)
            .to(WORD)
            .add(Style::new(), &node)
            .to(WORD + width + GAP)
            .add(said_style, said)
            .end()
    }

    fn counts(&self) -> Line {
        let counts = &self.progress.counts;
        let running = self.progress.running.len();
        let queued = self.progress.queued;
        let ahead = counts.settled() + running + queued;
        let waiting = self.progress.total.saturating_sub(ahead);
        let red = AnsiColor::Red.on_default().bold();
        let parts = [
            (counts.failed, "failed", red),
            (running, "running", AnsiColor::Blue.on_default()),
            (counts.ran, "ran", AnsiColor::Green.on_default()),
            (counts.restored, "restored", AnsiColor::Cyan.on_default()),
            (counts.fresh, "fresh", Style::new()),
            (counts.blocked, "blocked", AnsiColor::Yellow.on_default()),
            (counts.stopped, "stopped", AnsiColor::Yellow.on_default()),
            (queued, "ready", Style::new()),
            (waiting, "waiting", dim()),
        ];
        let mut line = self.line();
        let mut separator = "";
        for (count, word, style) in parts.into_iter().filter(|(count, ..)| *count > 0) {
            let part = format!("{count} {word}");
            if line.room() < separator.len() + part.len() {
                return line.add(dim(), &format!(" {}", self.mark())).end();
            }
            line = line.add(Style::new(), separator).add(style, &part);
            separator = ", ";
        }
        line.end()
    }

    /// `7 of 11 ━━━━━━━━━─────── 12 s, ~48 s left`
    fn bar(&self) -> Line {
        let progress = self.progress;
        let (done, total) = (progress.counts.settled(), progress.total);
        let label = format!("{done:>0$} of {total} ", total.to_string().len());
        let mut times = format!(" {}", whole(self.now));
        let left = progress
            .left(self.now)
            .map_or(0, |left| left.as_millis().div_ceil(1000));
        if left > 0 {
            let left = whole(Duration::from_secs(left as u64));
            times.push_str(&format!(", ~{left} left"));
        }
        let line = self.last_line().add(Style::new(), &label);
        let room = line.room().saturating_sub(columns::width(&times));
        let line = if room < *BAR.start() {
            line
        } else {
            let width = room.min(*BAR.end());
            let full = (width * done).checked_div(total).unwrap_or(0);
            let (full_sign, empty_sign) = match progress.options.unicode {
                true => ("\u{2501}", "\u{2500}"),
                false => ("#", "-"),
            };
            let style = match progress.counts.failed {
                0 => AnsiColor::Green.on_default(),
                _ => AnsiColor::Red.on_default(),
            };
            line.add(style, &full_sign.repeat(full))
                .add(dim(), &empty_sign.repeat(width - full))
        };
        line.add(Style::new(), &times).end()
    }

    /// What is done before any node is; said only when it takes a while.
    fn phase(&self, said: &str) -> Line {
        let said = format!("{said}, {}", whole(self.now));
        self.last_line().add(dim(), &said).end()
    }

    fn last_line(&self) -> Builder {
        let columns = self.columns.saturating_sub(ECHO);
        Builder::new(columns, self.progress.options.colour, self.mark())
    }

    fn line(&self) -> Builder {
        Builder::new(self.columns, self.progress.options.colour, self.mark())
    }

    fn mark(&self) -> &'static str {
        match self.progress.options.unicode {
            true => "\u{2026}",
            false => "...",
        }
    }
}

fn dim() -> Style {
    Style::new().dimmed()
}

/// Whole seconds, so that nothing on the screen moves more often than once a second.
fn whole(time: Duration) -> String {
    match time.as_secs() {
        seconds if seconds < 60 => format!("{seconds} s"),
        seconds => units::duration(Duration::from_secs(seconds)),
    }
}
