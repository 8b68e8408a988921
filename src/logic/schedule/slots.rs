//! Which queued item starts next: slots, exclusive items, and what may fill the gap before them.
//!
//! Items are called by rank, the most urgent is 0. Does not know the graph, nor why an item is in the queue.
//!
//! The rules:
//! 1. The most urgent item that may start does. One whose group is busy lets others pass; of a group that is free
//!    only the most urgent may start.
//! 2. When that is one that must be alone, the slots *drain*: from now on nothing starts but what is expected to end
//!    before the longest of those that run, until the last has ended. That moment is never put off, so the item waits
//!    for those that ran already, and for at most one wrong guess a slot.
//! 3. When it has ended, others that must be alone and are in the queue follow at once: the slots are empty anyway.

use super::Exclusive;
use super::tournament::Tournament;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashMap};

/// The queue and the slots.
#[derive(Debug)]
pub(super) struct Slots {
    jobs: usize,
    weights: Vec<u64>,
    exclusive: Vec<Exclusive>,
    /// Queued items that may run beside those that run now: of each free group the most urgent, of a busy one none.
    free: Tournament,
    /// Queued items that must be alone.
    alone: BinaryHeap<Reverse<u32>>,
    groups: HashMap<u32, Group>,
    queued: usize,
    /// Those that run, by the time at which they are expected to end.
    running: BTreeSet<(u64, u32)>,
    /// When each running item is expected to end; of others, what happens to stand there.
    ends: Vec<u64>,
    alone_runs: bool,
    /// The last to start was alone.
    alone_ran_last: bool,
    /// Set while slots drain: what starts now must be expected to end by then.
    drain: Option<u64>,
}

/// Items of which only one may run at once.
#[derive(Debug, Default)]
struct Group {
    busy: bool,
    queued: BinaryHeap<Reverse<u32>>,
}

impl Slots {
    /// Nothing queued, nothing running; `items` are the weight (see [`super::Item`]) and kind of each rank.
    pub(super) fn new(jobs: u32, items: impl Iterator<Item = (u64, Exclusive)>) -> Self {
        let (weights, exclusive): (Vec<u64>, Vec<Exclusive>) = items.unzip();
        // An item whose duration is not known fits into no gap.
        let durations: Vec<u64> = weights
            .iter()
            .map(|&weight| weight.wrapping_sub(1))
            .collect();
        Slots {
            jobs: jobs.max(1) as usize,
            free: Tournament::new(&durations),
            ends: vec![0; weights.len()],
            weights,
            exclusive,
            alone: BinaryHeap::new(),
            groups: HashMap::new(),
            queued: 0,
            running: BTreeSet::new(),
            alone_runs: false,
            alone_ran_last: false,
            drain: None,
        }
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// How many wait for a slot.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// Puts an item in the queue.
    pub(super) fn queue(&mut self, rank: u32) {
        self.queued += 1;
        match self.exclusive[rank as usize] {
            Exclusive::No => self.free.insert(rank),
            Exclusive::Alone => self.alone.push(Reverse(rank)),
            Exclusive::Group(group) => {
                let group = self.groups.entry(group).or_default();
                let first = group.queued.peek().map(|&Reverse(first)| first);
                group.queued.push(Reverse(rank));
                if !group.busy && first.is_none_or(|first| rank < first) {
                    first.into_iter().for_each(|first| self.free.remove(first));
                    self.free.insert(rank);
                }
            }
        }
    }

    /// Starts one item and says which, if one may start.
    pub(super) fn start(&mut self, now_ms: u64) -> Option<u32> {
        if self.alone_runs || self.running.len() >= self.jobs {
            return None;
        }
        let rank = self.choose(now_ms)?;
        self.queued -= 1;
        self.alone_ran_last = false;
        match self.exclusive[rank as usize] {
            Exclusive::No => self.free.remove(rank),
            Exclusive::Alone => {
                self.alone.pop();
                self.drain = None;
                self.alone_runs = true;
                self.alone_ran_last = true;
            }
            Exclusive::Group(group) => {
                self.free.remove(rank);
                let group = self.groups.entry(group).or_default();
                group.queued.pop();
                group.busy = true;
            }
        }
        let end = now_ms.saturating_add(self.weights[rank as usize]);
        self.ends[rank as usize] = end;
        self.running.insert((end, rank));
        Some(rank)
    }

    /// A running item has ended.
    pub(super) fn end(&mut self, rank: u32) {
        self.running.remove(&(self.ends[rank as usize], rank));
        match self.exclusive[rank as usize] {
            Exclusive::No => {}
            Exclusive::Alone => self.alone_runs = false,
            Exclusive::Group(group) => {
                let group = self.groups.entry(group).or_default();
                group.busy = false;
                if let Some(&Reverse(next)) = group.queued.peek() {
                    self.free.insert(next);
                }
            }
        }
    }

    fn choose(&mut self, now_ms: u64) -> Option<u32> {
        let free = self.free.best();
        let Some(&Reverse(alone)) = self.alone.peek() else {
            return free;
        };
        let alone_leads = self.drain.is_some() || free.is_none_or(|rank| alone < rank);
        let Some(&(longest, _)) = self.running.last() else {
            return if alone_leads || self.alone_ran_last {
                Some(alone)
            } else {
                free
            };
        };
        if !alone_leads {
            return free;
        }
        let until = self.drain.map_or(longest, |until| until.min(longest));
        self.drain = Some(until);
        // Durations are kept one too low; see `new`.
        let gap = until.saturating_sub(now_ms).checked_sub(1)?;
        self.free.best_within(gap)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Exclusive::{Alone, Group, No};

    fn slots(jobs: u32, items: &[(u64, Exclusive)]) -> Slots {
        let mut slots = Slots::new(jobs, items.iter().copied());
        (0..items.len() as u32).for_each(|rank| slots.queue(rank));
        slots
    }

    fn all(slots: &mut Slots, now_ms: u64) -> Vec<u32> {
        std::iter::from_fn(|| slots.start(now_ms)).collect()
    }

    #[test]
    fn before_one_alone_only_what_ends_before_the_longest_runner_starts() {
        let mut slots = slots(
            2,
            &[
                (100, No),
                (50, Alone),
                (200, No),
                (0, No),
                (101, No),
                (60, No),
                (40, No),
            ],
        );
        assert_eq!(all(&mut slots, 0), [0, 5]);
        slots.end(5);
        assert_eq!(all(&mut slots, 60), [6], "40 ms are left");
        slots.end(6);
        assert_eq!(all(&mut slots, 90), [0_u32; 0], "10 ms are left");
        slots.end(0);
        assert_eq!(all(&mut slots, 130), [1], "it runs alone");
        slots.end(1);
        assert_eq!(all(&mut slots, 180), [2, 3]);
    }

    #[test]
    fn filling_the_gap_does_not_put_off_its_end() {
        let mut slots = slots(3, &[(100, No), (1, Alone), (90, No), (80, No), (70, No)]);
        assert_eq!(all(&mut slots, 0), [0, 2, 3]);
        slots.end(0);
        assert_eq!(
            all(&mut slots, 10),
            [4],
            "90 was the longest that still ran"
        );
        slots.end(2);
        slots.end(3);
        assert_eq!(all(&mut slots, 300), [0_u32; 0]);
        slots.end(4);
        assert_eq!(all(&mut slots, 300), [1]);
    }

    #[test]
    fn a_more_urgent_newcomer_does_not_break_off_the_draining() {
        let mut slots = Slots::new(2, [(9, No), (9, No), (9, Alone)].into_iter());
        slots.queue(1);
        slots.queue(2);
        assert_eq!(all(&mut slots, 0), [1]);
        slots.queue(0);
        assert_eq!(all(&mut slots, 5), [0_u32; 0]);
        slots.end(1);
        assert_eq!(all(&mut slots, 9), [2]);
        slots.end(2);
        assert_eq!(all(&mut slots, 18), [0]);
    }

    #[test]
    fn those_that_must_be_alone_follow_each_other() {
        let mut slots = slots(2, &[(9, Alone), (9, No), (9, Alone)]);
        assert_eq!(all(&mut slots, 0), [0]);
        slots.end(0);
        assert_eq!(all(&mut slots, 9), [2]);
        slots.end(2);
        assert_eq!(all(&mut slots, 18), [1]);
    }

    #[test]
    fn a_busy_group_lets_others_pass() {
        let mut slots = slots(
            3,
            &[
                (9, Group(7)),
                (9, Group(7)),
                (9, Group(8)),
                (9, Group(7)),
                (9, No),
            ],
        );
        assert_eq!(all(&mut slots, 0), [0, 2, 4]);
        assert_eq!(slots.queued(), 2);
        slots.end(0);
        assert_eq!(all(&mut slots, 1), [1]);
        slots.end(2);
        assert_eq!(all(&mut slots, 1), [0_u32; 0]);
        slots.end(1);
        assert_eq!(all(&mut slots, 1), [3]);
        assert_eq!(slots.queued(), 0);
    }

    #[test]
    fn no_slots_count_as_one() {
        let mut slots = slots(0, &[(1, No), (1, No)]);
        assert_eq!(all(&mut slots, 0), [0]);
    }
}
