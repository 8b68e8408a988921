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
//! 4. When it is one that demands more than is free, the same is kept for it: what starts meanwhile is expected to end
//!    by the time at which the demand can be met, or leaves the slots that it needs and draws on no resource.

use super::demands::Demands;
use super::tournament::Tournament;
use super::{Demand, Exclusive};
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
    demands: Demands,
    /// Slots that are taken.
    taken: usize,
    /// Set while room is made for one: what starts now must be expected to end by then.
    hold: Option<Hold>,
}

/// Room is made for an item.
#[derive(Debug, Clone, Copy)]
struct Hold {
    /// The demanding item; `None` for the most urgent that must be alone.
    demanding: Option<u32>,
    until: u64,
}

/// Items of which only one may run at once.
#[derive(Debug, Default)]
struct Group {
    busy: bool,
    queued: BinaryHeap<Reverse<u32>>,
}

impl Slots {
    /// Nothing queued, nothing running; `items` are the weight (see [`super::Item`]) and kind of each rank.
    pub(super) fn new<'d>(
        jobs: u32,
        resources: &[u64],
        items: impl Iterator<Item = (u64, Exclusive, &'d Demand)>,
    ) -> Self {
        let items: Vec<(u64, Exclusive, &Demand)> = items.collect();
        let numbered = items.iter().enumerate();
        let demands =
            numbered.map(|(rank, &(_, exclusive, demand))| (rank as u32, demand, exclusive));
        let demands = Demands::new(jobs, resources, demands);
        let (weights, exclusive): (Vec<u64>, Vec<Exclusive>) = items
            .into_iter()
            .map(|(weight, exclusive, _)| (weight, exclusive))
            .unzip();
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
            demands,
            taken: 0,
            hold: None,
        }
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// How many wait for a slot.
    pub(super) fn queued(&self) -> usize {
        self.queued + self.demands.queued()
    }

    /// The item that room is made for, or will be as soon as a slot is free: one that must be alone and is next.
    pub(super) fn holds_for(&self) -> Option<u32> {
        let alone = self.alone.peek().map(|&Reverse(rank)| rank);
        match self.hold {
            Some(hold) => hold.demanding.or(alone),
            None => {
                let others = self
                    .free
                    .best()
                    .into_iter()
                    .chain(self.open_demands().min());
                let first = others.min().unwrap_or(u32::MAX);
                alone.filter(|&alone| alone < first)
            }
        }
    }

    /// Puts an item in the queue.
    pub(super) fn queue(&mut self, rank: u32) {
        if self.demands.has(rank) {
            return self.demands.queue(rank);
        }
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
        if self.alone_runs || self.taken >= self.jobs {
            return None;
        }
        let rank = self.choose(now_ms)?;
        self.alone_ran_last = false;
        self.taken += self.demands.slots(rank);
        self.note_start(rank, now_ms);
        if self.demands.has(rank) {
            self.demands.start(rank);
            self.hold = self.hold.filter(|hold| hold.demanding != Some(rank));
            if let Exclusive::Group(group) = self.exclusive[rank as usize] {
                let group = self.groups.entry(group).or_default();
                group.busy = true;
                if let Some(&Reverse(first)) = group.queued.peek() {
                    self.free.remove(first);
                }
            }
            return Some(rank);
        }
        self.queued -= 1;
        match self.exclusive[rank as usize] {
            Exclusive::No => self.free.remove(rank),
            Exclusive::Alone => {
                self.alone.pop();
                self.hold = None;
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
        Some(rank)
    }

    fn note_start(&mut self, rank: u32, now_ms: u64) {
        let end = now_ms.saturating_add(self.weights[rank as usize]);
        self.ends[rank as usize] = end;
        self.running.insert((end, rank));
    }

    /// A running item has ended.
    pub(super) fn end(&mut self, rank: u32) {
        self.running.remove(&(self.ends[rank as usize], rank));
        self.taken -= self.demands.slots(rank);
        if self.demands.has(rank) {
            self.demands.end(rank);
        }
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
        if let Some(hold) = self.hold.filter(|hold| self.is_off(*hold)) {
            debug_assert!(hold.demanding.is_some());
            self.hold = None;
        }
        if self.hold.is_none() {
            let alone = self.alone.peek().map(|&Reverse(rank)| rank);
            if self.running.is_empty() && self.alone_ran_last && alone.is_some() {
                return alone;
            }
            let plain = self.free.best();
            let demanding = self.open_demands().min();
            let leader = [plain, demanding, alone].into_iter().flatten().min()?;
            if Some(leader) == plain {
                return plain;
            }
            if Some(leader) == demanding && self.demands.fits(leader, self.free_slots()) {
                return demanding;
            }
            self.hold = Some(Hold {
                demanding: demanding.filter(|&rank| rank == leader),
                until: u64::MAX,
            });
        }
        self.choose_beside_hold(now_ms)
    }

    /// Whether what room is made for cannot start any more: another of its group, or of its limit, came first.
    fn is_off(&self, hold: Hold) -> bool {
        hold.demanding
            .is_some_and(|rank| self.open_demands().all(|open| open != rank))
    }

    fn choose_beside_hold(&mut self, now_ms: u64) -> Option<u32> {
        let free_slots = self.free_slots();
        let mut hold = self.hold?;
        let Some(&(longest, _)) = self.running.last() else {
            let alone = || self.alone.peek().map(|&Reverse(rank)| rank);
            return hold.demanding.or_else(alone);
        };
        let possible = match hold.demanding {
            None => longest,
            Some(rank) if self.demands.fits(rank, free_slots) => return Some(rank),
            Some(rank) => self
                .demands
                .when_fits(rank, free_slots, self.running.iter().copied()),
        };
        hold.until = hold.until.min(possible);
        self.hold = Some(hold);
        let room = hold.until.saturating_sub(now_ms);
        let spare = hold
            .demanding
            .is_some_and(|rank| free_slots > self.demands.slots(rank));
        // Durations are kept one too low; see `new`.
        let plain = match spare {
            true => self.free.best(),
            false => room
                .checked_sub(1)
                .and_then(|gap| self.free.best_within(gap)),
        };
        let short = |rank: &u32| {
            let weight = self.weights[*rank as usize];
            let in_time = weight > 0 && weight <= room;
            let apart = |held| self.demands.are_apart(*rank, held, free_slots);
            self.demands.fits(*rank, free_slots) && (in_time || hold.demanding.is_some_and(apart))
        };
        let demanding = self.open_demands().filter(short).min();
        [plain, demanding].into_iter().flatten().min()
    }

    fn free_slots(&self) -> usize {
        self.jobs - self.taken
    }

    /// Demanding items, the first of each kind, that only want room.
    fn open_demands(&self) -> impl Iterator<Item = u32> + '_ {
        self.demands
            .first_of_each(&|group| self.groups.get(&group).is_some_and(|group| group.busy))
            .collect::<Vec<u32>>()
            .into_iter()
    }
}

#[cfg(test)]
mod tests;
