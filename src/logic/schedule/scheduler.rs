//! The life of every item: who waits for whom, what is checked, what a failure blocks.
//!
//! Does not know slots; which of the queued items starts is decided in `slots`.

use super::paths::Ways;
use super::slots::Slots;
use super::{Item, Limits, News, Order, Outlook, State};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};
use std::sync::Arc;

/// The state of one build. Ask [`next`](Self::next) until it has no more orders, wait for something to happen,
/// [`tell`](Self::tell) it, and ask again, until [`is_done`](Self::is_done).
///
/// The same items and the same sequence of calls give the same orders. The cost of a call does not depend on the
/// number of items, but for a logarithm; where demands are of many kinds it is more, see the benchmark `policy`.
#[derive(Debug)]
pub struct Scheduler {
    keep_going: bool,
    one_by_one: bool,
    ways: Arc<Ways>,
    /// How many of its needs and afters each waiting item still waits for.
    pending: Vec<u32>,
    states: Vec<State>,
    /// Each item's place when all are sorted by urgency, the most urgent first. Unique.
    rank: Vec<u32>,
    /// Ranks of the items that wait for nothing but the order to check them.
    to_check: BinaryHeap<Reverse<u32>>,
    checking: usize,
    /// Of those in checking.
    restoring: HashSet<u32>,
    slots: Slots,
    halted: bool,
}

impl Scheduler {
    /// Everything waits. `needs` and `after` of all items together must not form a circle.
    ///
    /// # Panics
    /// When an item names another that does not exist, and, where debug assertions are on, on a circle.
    pub fn new(limits: &Limits, items: &[Item]) -> Self {
        let ways = Arc::new(Ways::of(items));
        let count = items.len();
        let mut rank = vec![0; count];
        for (place, &item) in ways.by_urgency.iter().enumerate() {
            rank[item as usize] = place as u32;
        }
        let by_rank = ways.by_urgency.iter().map(|&item| item as usize);
        let in_order = by_rank.clone().map(|item| &items[item]);
        let paths = by_rank.map(|item| ways.longest[item]).collect();
        let slots = Slots::new(limits, paths, in_order);
        let free = (0..count).filter(|&item| ways.named[item] == 0);
        Scheduler {
            keep_going: limits.keep_going,
            one_by_one: limits.jobs == 1,
            to_check: free.map(|item| Reverse(rank[item])).collect(),
            states: vec![State::Waiting; count],
            pending: ways.named.clone(),
            ways,
            rank,
            checking: 0,
            restoring: HashSet::new(),
            slots,
            halted: false,
        }
    }

    /// How much is ahead when nothing has begun yet. `guessed` says whose weight is not from a run of its own.
    pub fn outlook(&self, jobs: u32, items: &[Item], guessed: Vec<bool>) -> Outlook {
        Outlook::new(jobs, items, guessed, Arc::clone(&self.ways))
    }

    /// One more thing to do now, or `None` until there is news. `now_ms` is any clock that does not go back;
    /// it only serves to guess how much longer the running commands take.
    pub fn next(&mut self, now_ms: u64) -> Option<Order> {
        if self.halted {
            return None;
        }
        // What a check finds may be more urgent than what is queued.
        if let Some(Reverse(rank)) = self.to_check.pop() {
            let item = self.ways.by_urgency[rank as usize];
            self.states[item as usize] = State::Checking;
            self.checking += 1;
            return Some(Order::Check(item));
        }
        // With one slot the order of the commands is promised to be the same each time, whatever check ends first. And
        // slots are not kept free for one item while others that could fill them are about to be known.
        let is_undecided = self.checking > self.restoring.len();
        if is_undecided && (self.one_by_one || self.slots.is_about_to_hold()) {
            return None;
        }
        let rank = self.slots.start(now_ms)?;
        let item = self.ways.by_urgency[rank as usize];
        self.states[item as usize] = State::Running;
        Some(Order::Run(item))
    }

    /// Takes note of what happened.
    pub fn tell(&mut self, news: News) {
        match news {
            News::Settled(item) => self.end(item, State::Settled),
            News::Ran(item) => self.end(item, State::Ran),
            News::Failed(item) => self.end(item, State::Failed),
            News::Stopped(item) => self.end(item, State::Stopped),
            News::Withdrawn(item) => {
                self.leave(item);
                self.states[item as usize] = State::Stopped;
                self.give_up_users(item, State::Stopped);
            }
            News::Restores(item) => {
                self.restoring.insert(item);
            }
            News::MustRun(item) => {
                self.checking -= 1;
                self.restoring.remove(&item);
                self.states[item as usize] = State::Queued;
                self.slots.queue(self.rank[item as usize]);
            }
            News::Again(item) => {
                self.states[item as usize] = State::Queued;
                self.slots.end(self.rank[item as usize], true);
            }
            News::Interrupted => self.halted = true,
        }
    }

    /// Whether nothing is in flight and nothing will start any more.
    pub fn is_done(&self) -> bool {
        let idle = self.checking == 0 && self.slots.running() == 0;
        idle && (self.halted || (self.to_check.is_empty() && self.slots.queued() == 0))
    }

    /// Where `item` is now. An item that will never be reached is [`State::Stopped`] once the build is done.
    pub fn state(&self, item: u32) -> State {
        match self.states[item as usize] {
            State::Waiting | State::Queued if self.is_done() => State::Stopped,
            state => state,
        }
    }

    /// How many commands run.
    pub fn running(&self) -> usize {
        self.slots.running()
    }

    /// For which item slots are kept free now, though others could start.
    pub fn makes_room_for(&self) -> Option<u32> {
        let rank = self.slots.holds_for().filter(|_| !self.halted)?;
        Some(self.ways.by_urgency[rank as usize])
    }

    /// Whether no orders are given any more, after a failure or an interruption.
    pub fn is_halted(&self) -> bool {
        self.halted
    }

    /// Takes `item` out of flight; it does not come back.
    fn leave(&mut self, item: u32) {
        let rank = self.rank[item as usize];
        match self.states[item as usize] {
            State::Checking => {
                self.checking -= 1;
                self.restoring.remove(&item);
                self.slots.forget(rank);
            }
            State::Running => self.slots.end(rank, false),
            state => debug_assert!(false, "news of item {item}, which is {state:?}"),
        }
    }

    fn end(&mut self, item: u32, end: State) {
        self.leave(item);
        self.states[item as usize] = end;
        match end {
            State::Settled | State::Ran => {
                self.release(item, Edge::Need);
                self.release(item, Edge::After);
            }
            State::Failed => {
                self.halted |= !self.keep_going;
                self.give_up_users(item, State::Blocked { by: item });
            }
            // Only an interruption stops an item, so what waits for it will not be reached either.
            _ => self.halted = true,
        }
    }

    /// Everything that needs `root`, directly or not, will not be reached; what only comes after it will.
    fn give_up_users(&mut self, root: u32, as_what: State) {
        let mut dead = vec![root];
        while let Some(item) = dead.pop() {
            for &user in self.ways.need_users.of(item) {
                let state = &mut self.states[user as usize];
                if *state == State::Waiting {
                    *state = as_what;
                    self.slots.forget(self.rank[user as usize]);
                    dead.push(user);
                }
            }
            self.release(item, Edge::After);
        }
    }

    /// `item` has ended: those that waited for it along this kind of edge wait for one thing less.
    fn release(&mut self, item: u32, edge: Edge) {
        let users = match edge {
            Edge::Need => self.ways.need_users.of(item),
            Edge::After => self.ways.after_users.of(item),
        };
        for &user in users {
            let user = user as usize;
            self.pending[user] -= 1;
            if self.pending[user] == 0 && self.states[user] == State::Waiting {
                self.to_check.push(Reverse(self.rank[user]));
            }
        }
    }
}

/// The two ways in which an item waits for another.
#[derive(Debug, Clone, Copy)]
enum Edge {
    Need,
    After,
}

#[cfg(test)]
mod tests;
