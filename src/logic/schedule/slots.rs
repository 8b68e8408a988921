//! Which queued item starts next: slots, resources, items that must be alone, and what may fill the gap before them.
//!
//! Items are called by rank, the most urgent is 0. Does not know the graph, nor why an item is in the queue.
//!
//! The rules:
//! 1. The most urgent item that may start does. One whose line is full lets others pass; of a line that is not full only
//!    the most urgent may start.
//! 2. When there is no room for it, room is *made*: from now on nothing starts but what is expected to end by the time at
//!    which there will be enough, or what takes only of that which will be left over then. That moment is never put off,
//!    so the item waits for those that run already, and for at most one wrong guess a slot. It takes nothing until then.
//! 3. One that must be alone is an item that takes every slot: room is made by letting the slots drain. When it has ended,
//!    others that take every slot and are in the queue follow at once: the slots are empty anyway.
//! 4. Draining costs time, so one that must be alone lets others pass while it is not *pressing*: while its way to the end
//!    is less than half as long as what others have still to start takes on all slots. More of its kind join it until then.

use super::crowd::{Crowd, Wanted};
use super::lines::{Change, Lines};
use super::room::Room;
use super::{Item, Limits};
use std::collections::BTreeSet;

/// The queue and the slots.
#[derive(Debug)]
pub(super) struct Slots {
    jobs: u64,
    /// By rank; see [`Item::weight`].
    weights: Vec<u64>,
    /// By rank: the longest way from its start to the end.
    paths: Vec<u64>,
    room: Room,
    lines: Lines,
    /// Queued items that may start as soon as there is room: those that stand in no line, and of each line the first.
    open: Crowd,
    /// Queued items that take every slot.
    alone: BTreeSet<u32>,
    queued: usize,
    /// Those that run, by the time at which they are expected to end.
    running: BTreeSet<(u64, u32)>,
    /// When each running item is expected to end; of others, what happens to stand there.
    ends: Vec<u64>,
    /// The last to start took every slot.
    alone_ran_last: bool,
    /// Set while room is made for one.
    hold: Option<Hold>,
    /// What items that leave room for others still have to do, before they start: milliseconds times slots.
    ahead: u128,
}

/// Room is made for an item.
#[derive(Debug, Clone, Copy)]
struct Hold {
    rank: u32,
    /// What starts now must be expected to end by then.
    until: u64,
}

impl Slots {
    /// Nothing queued, nothing running; `items` in the order of their ranks, with the longest way from the start of each
    /// to the end.
    pub(super) fn new<'i>(
        limits: &Limits,
        paths: Vec<u64>,
        items: impl Iterator<Item = &'i Item> + Clone,
    ) -> Self {
        let room = Room::new(limits, items.clone());
        let weights: Vec<u64> = items.clone().map(|item| item.weight).collect();
        // An item whose duration is not known fits into no gap.
        let durations: Vec<u64> = weights
            .iter()
            .map(|&weight| if weight == 0 { u64::MAX } else { weight })
            .collect();
        let open = Crowd::new(&durations, room.things(), |rank| room.amounts(rank));
        // Nothing runs beside one that takes every slot, so it stands in no line.
        let limits_of = (0..).zip(items).map(|(rank, item)| {
            let limit = item.demand.limit;
            limit.filter(|_| !room.takes_all(rank))
        });
        let mut slots = Slots {
            jobs: u64::from(limits.jobs.max(1)),
            lines: Lines::new(limits_of),
            open,
            ends: vec![0; weights.len()],
            weights,
            paths,
            room,
            alone: BTreeSet::new(),
            queued: 0,
            running: BTreeSet::new(),
            alone_ran_last: false,
            hold: None,
            ahead: 0,
        };
        slots.ahead = (0..slots.weights.len() as u32)
            .map(|rank| slots.work(rank))
            .sum();
        slots
    }

    /// How many run.
    pub(super) fn running(&self) -> usize {
        self.running.len()
    }

    /// How many wait for a slot.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// The item that room is made for, or will be as soon as a slot is free: one that must be alone and is next.
    pub(super) fn holds_for(&self) -> Option<u32> {
        let next = || self.leader().filter(|&rank| self.room.takes_all(rank));
        self.hold.map(|hold| hold.rank).or_else(next)
    }

    /// Whether the next start would begin to keep slots free.
    pub(super) fn is_about_to_hold(&self) -> bool {
        let leader = self.leader();
        self.hold.is_none() && leader.is_some_and(|leader| !self.room.fits(leader))
    }

    /// Puts an item in the queue.
    pub(super) fn queue(&mut self, rank: u32) {
        self.queued += 1;
        if self.room.takes_all(rank) {
            self.alone.insert(rank);
        } else if let Some(change) = self.lines.queue(rank) {
            self.offer(change);
        } else {
            self.open.insert(rank);
        }
        // A more urgent one that wants the same takes the place that is kept.
        if let Some(hold) = &mut self.hold
            && rank < hold.rank
            && self.room.are_alike(rank, hold.rank)
            && self.lines.are_alike(rank, hold.rank)
        {
            hold.rank = rank;
        }
    }

    /// This item's command will not run after all.
    pub(super) fn forget(&mut self, rank: u32) {
        self.ahead -= self.work(rank);
    }

    /// Starts one item and says which, if one may start.
    pub(super) fn start(&mut self, now_ms: u64) -> Option<u32> {
        if self.queued == 0 || self.room.left()[0] == 0 {
            return None;
        }
        let rank = self.choose(now_ms)?;
        self.queued -= 1;
        self.hold = self.hold.filter(|hold| hold.rank != rank);
        self.alone_ran_last = self.room.takes_all(rank);
        if self.alone_ran_last {
            self.alone.remove(&rank);
        } else if let Some(change) = self.lines.start(rank) {
            self.offer(change);
        } else {
            self.open.remove(rank);
        }
        self.room.take(rank);
        self.ahead -= self.work(rank);
        let end = now_ms.saturating_add(self.weights[rank as usize]);
        self.ends[rank as usize] = end;
        self.running.insert((end, rank));
        Some(rank)
    }

    /// A running item has ended, and is queued again if it is to be tried `again`.
    pub(super) fn end(&mut self, rank: u32, again: bool) {
        self.running.remove(&(self.ends[rank as usize], rank));
        self.room.give_back(rank);
        if let Some(change) = self.lines.end(rank) {
            self.offer(change);
        }
        if again {
            self.ahead += self.work(rank);
            self.queue(rank);
        }
    }

    fn offer(&mut self, Change { before, now }: Change) {
        if before != now {
            before.into_iter().for_each(|rank| self.open.remove(rank));
            now.into_iter().for_each(|rank| self.open.insert(rank));
        }
    }

    fn choose(&mut self, now_ms: u64) -> Option<u32> {
        if self.hold.is_none() {
            let leader = self.leader()?;
            if self.room.fits(leader) {
                return Some(leader);
            }
            self.hold = Some(Hold {
                rank: leader,
                until: u64::MAX,
            });
        }
        self.choose_beside_hold(now_ms)
    }

    /// The one that should start next, whether there is room for it or not.
    fn leader(&self) -> Option<u32> {
        let (open, alone) = (self.open.first(), self.alone.first().copied());
        let (Some(first), Some(one)) = (open, alone) else {
            return open.or(alone);
        };
        let idle = self.running.is_empty();
        let goes = match idle {
            true => one < first || self.alone_ran_last,
            false => one < first && self.is_pressing(one),
        };
        Some(if goes { one } else { first })
    }

    fn is_pressing(&self, rank: u32) -> bool {
        2 * u128::from(self.jobs) * u128::from(self.paths[rank as usize]) >= self.ahead
    }

    fn choose_beside_hold(&mut self, now_ms: u64) -> Option<u32> {
        let mut hold = self.hold?;
        if self.room.fits(hold.rank) {
            return Some(hold.rank);
        }
        let (possible, spare) = self.room.when_fits(hold.rank, self.running.iter().copied());
        hold.until = hold.until.min(possible);
        self.hold = Some(hold);
        let wanted = Wanted {
            free: self.room.left(),
            beside: Some((hold.until.saturating_sub(now_ms), &spare)),
        };
        self.open
            .best(&wanted, |rank| self.lines.leaves_place(rank, hold.rank))
    }

    fn work(&self, rank: u32) -> u128 {
        let shares = !self.room.takes_all(rank);
        u128::from(self.weights[rank as usize])
            * u128::from(shares)
            * u128::from(self.room.amounts(rank)[0])
    }
}

#[cfg(test)]
mod tests;
