//! The live view of a build: what a person in front of a terminal wants to know right now, as a value.
//!
//! [`Progress`] hears the events and is told the time; [`Progress::render`] gives the lines for a screen of some size;
//! [`frame`] turns them into one write that replaces the lines before. Knows no terminal and no clock. What stays
//! above the live part, a line for each node, is `plain`'s.

mod columns;

pub mod frame;

mod view;

use crate::logic::event::{BuildEvent, Notice, Outcome, Prospect, Room, Stop};
use crate::logic::schedule::Ahead;
use std::collections::HashMap;
use std::time::Duration;

pub use columns::Line;

/// How the live part is drawn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LiveOptions {
    /// With ANSI colours.
    pub colour: bool,
    /// With characters beyond ASCII.
    pub unicode: bool,
}

/// A screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Characters of a line.
    pub columns: usize,
    /// Lines.
    pub rows: usize,
}

/// How far a build is. All times count from its start.
#[derive(Debug, Clone)]
pub struct Progress {
    options: LiveOptions,
    phase: Phase,
    total: usize,
    jobs: u32,
    counts: Counts,
    /// In the order in which they started.
    running: Vec<Running>,
    /// Since when each is checked or restored.
    checking: HashMap<String, Duration>,
    /// How many have to run and wait for their turn.
    queued: usize,
    ahead: Ahead,
    room: Option<Room>,
    stop: Option<Stop>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// The project is read and looked at.
    Survey,
    /// Another build has the project.
    Locked,
    /// Nodes are checked and run.
    Work,
    /// Nothing is left to show.
    Over,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    fresh: usize,
    restored: usize,
    ran: usize,
    failed: usize,
    blocked: usize,
    stopped: usize,
}

impl Counts {
    fn settled(&self) -> usize {
        self.fresh + self.restored + self.ran + self.failed + self.blocked + self.stopped
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Running {
    node: String,
    since: Duration,
    prospect: Prospect,
}

impl Running {
    fn elapsed(&self, now: Duration) -> Duration {
        now.saturating_sub(self.since)
    }

    /// How much longer it is expected to run; nothing where that is not known, or is past.
    fn left(&self, now: Duration) -> Duration {
        let expected = self.prospect.expected.unwrap_or_default();
        expected.saturating_sub(self.elapsed(now))
    }
}

impl Progress {
    /// A build that has just been asked for.
    pub fn new(options: LiveOptions) -> Self {
        Progress {
            options,
            phase: Phase::Survey,
            total: 0,
            jobs: 1,
            counts: Counts::default(),
            running: Vec::new(),
            checking: HashMap::new(),
            queued: 0,
            ahead: Ahead::default(),
            room: None,
            stop: None,
        }
    }

    /// Takes note of what happened at `now`.
    pub fn hear(&mut self, event: &BuildEvent, now: Duration) {
        match event {
            BuildEvent::Started { total, fresh, jobs } => {
                self.phase = Phase::Work;
                (self.total, self.jobs) = (*total, *jobs);
                // Another round of a build counts anew.
                self.counts = Counts {
                    fresh: *fresh,
                    ..Counts::default()
                };
                self.checking.clear();
            }
            BuildEvent::NodeChecking { node } => {
                self.checking.insert(node.clone(), now);
            }
            BuildEvent::NodeQueued { node } => {
                self.checking.remove(node);
                self.queued += 1;
            }
            BuildEvent::NodeStarted { node, prospect, .. } => {
                self.queued = self.queued.saturating_sub(1);
                self.running.push(Running {
                    node: node.clone(),
                    since: now,
                    prospect: *prospect,
                });
            }
            BuildEvent::NodeFinished { node, outcome } => {
                self.ended(node);
                let counts = &mut self.counts;
                *match outcome {
                    Outcome::Fresh => &mut counts.fresh,
                    Outcome::Restored { .. } => &mut counts.restored,
                    Outcome::Ran { .. } => &mut counts.ran,
                    Outcome::Failed(_) => &mut counts.failed,
                    Outcome::Blocked { .. } => &mut counts.blocked,
                    Outcome::Stopped => &mut counts.stopped,
                } += 1;
            }
            BuildEvent::Notice(Notice::Waiting { .. }) => self.phase = Phase::Locked,
            BuildEvent::Notice(
                Notice::Retrying { node, .. }
                | Notice::Changed {
                    node: Some(node), ..
                },
            ) => {
                self.ended(node);
                self.queued += 1;
            }
            BuildEvent::RoomFor(room) => self.room.clone_from(room),
            BuildEvent::Ahead(ahead) => self.ahead = *ahead,
            BuildEvent::Stopping(stop) => self.stop = Some(*stop),
            BuildEvent::Finished(_) => self.phase = Phase::Over,
            BuildEvent::Notice(_)
            | BuildEvent::Output { .. }
            | BuildEvent::Planned(_)
            | BuildEvent::Logged { .. } => {}
        }
    }

    fn ended(&mut self, node: &str) {
        self.checking.remove(node);
        self.running.retain(|running| running.node != node);
    }

    /// How much longer the build is expected to take; `None` where too little is known, or it is stopping.
    ///
    /// A bound from below: the longest path that is left, and the work that is left spread over all slots.
    pub fn left(&self, now: Duration) -> Option<Duration> {
        let unknown = |running: &&Running| running.prospect.expected.is_none();
        let guesses = self.ahead.guessed + self.running.iter().filter(unknown).count();
        let nodes = self.ahead.nodes + self.running.len();
        if nodes == 0 || guesses * 2 > nodes || self.stop.is_some() {
            return None;
        }
        let path = |running: &Running| running.left(now) + running.prospect.below;
        let paths = self.running.iter().map(path);
        let path = paths.fold(self.ahead.path, Duration::max);
        let work = |running: &Running| running.left(now) * running.prospect.slots.max(1);
        let work: Duration = self.running.iter().map(work).sum();
        Some(path.max(self.ahead.work + work / self.jobs.max(1)))
    }
}

#[cfg(test)]
mod tests;
