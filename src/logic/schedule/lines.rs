//! Lines: items of which only so many may run at once, because their node or their word says so.
//!
//! Of each line only the most urgent may be next. Does not know slots or resources.

use std::collections::{BTreeSet, HashMap};

/// Stands in no line.
const NONE: u32 = u32::MAX;

/// See the module.
#[derive(Debug)]
pub(super) struct Lines {
    /// By rank.
    of: Vec<u32>,
    lines: Vec<Line>,
}

#[derive(Debug)]
struct Line {
    most: u32,
    running: u32,
    queued: BTreeSet<u32>,
    /// The one that is offered: the first in the queue while another may run.
    offered: Option<u32>,
}

/// Who is offered no longer, and who is offered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) before: Option<u32>,
    pub(super) now: Option<u32>,
}

impl Lines {
    /// Nobody queued; the limit of each rank, see [`super::Demand::limit`].
    pub(super) fn new(limits: impl Iterator<Item = Option<(u32, u32)>>) -> Self {
        let mut lines = Vec::new();
        let mut known: HashMap<u32, u32> = HashMap::new();
        let of = limits.map(|limit| {
            let Some((name, most)) = limit else {
                return NONE;
            };
            *known.entry(name).or_insert_with(|| {
                lines.push(Line {
                    most: most.max(1),
                    running: 0,
                    queued: BTreeSet::new(),
                    offered: None,
                });
                lines.len() as u32 - 1
            })
        });
        let of = of.collect();
        Lines { of, lines }
    }

    /// Puts a rank in its line; `None` when it stands in none.
    pub(super) fn queue(&mut self, rank: u32) -> Option<Change> {
        self.change(rank, |line| {
            line.queued.insert(rank);
        })
    }

    /// A queued rank starts.
    pub(super) fn start(&mut self, rank: u32) -> Option<Change> {
        self.change(rank, |line| {
            line.queued.remove(&rank);
            line.running += 1;
        })
    }

    /// A running rank has ended.
    pub(super) fn end(&mut self, rank: u32) -> Option<Change> {
        self.change(rank, |line| line.running -= 1)
    }

    /// Whether one can start and yet leave the other, which could start now, a place in its line.
    pub(super) fn leaves_place(&self, one: u32, other: u32) -> bool {
        let line = self.of[one as usize];
        let Some(shared) = self.lines.get(line as usize) else {
            return true;
        };
        line != self.of[other as usize] || shared.running + 2 <= shared.most
    }

    /// Whether both stand in the same line, or both in none.
    pub(super) fn are_alike(&self, one: u32, other: u32) -> bool {
        self.of[one as usize] == self.of[other as usize]
    }

    fn change(&mut self, rank: u32, act: impl FnOnce(&mut Line)) -> Option<Change> {
        let line = self.lines.get_mut(self.of[rank as usize] as usize)?;
        act(line);
        let open = line.running < line.most;
        let now = open.then(|| line.queued.first().copied()).flatten();
        let before = std::mem::replace(&mut line.offered, now);
        Some(Change { before, now })
    }
}
