//! The life of every item: who waits for whom, what is checked, what a failure blocks.
//!
//! Does not know slots; which of the queued items starts is decided in `slots`.

use super::paths::Ways;
use super::slots::Slots;
use super::{Item, Limits, News, Order, Outlook, State};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
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
        // With one slot the order of the commands is promised to be the same each time, whatever checks come in first.
        if self.one_by_one && self.checking > 0 {
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
            News::MustRun(item) => {
                self.checking -= 1;
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
mod tests {
    use super::*;
    use crate::logic::schedule::Demand;

    fn item(needs: &[u32], after: &[u32]) -> Item {
        Item {
            needs: needs.to_vec(),
            after: after.to_vec(),
            demand: Demand::default(),
            weight: 1,
        }
    }

    fn scheduler(keep_going: bool, items: &[Item]) -> Scheduler {
        Scheduler::new(
            &Limits {
                jobs: 4,
                keep_going,
                resources: Vec::new(),
            },
            items,
        )
    }

    /// Gives and answers orders until nothing is left to do; `failing` items fail, all others run.
    fn run(scheduler: &mut Scheduler, failing: &[u32]) -> Vec<Order> {
        let mut orders = Vec::new();
        while !scheduler.is_done() {
            let first_new = orders.len();
            orders.extend(std::iter::from_fn(|| scheduler.next(0)));
            assert!(orders.len() > first_new, "not done, yet nothing to do");
            for &order in &orders[first_new..] {
                scheduler.tell(match order {
                    Order::Check(item) => News::MustRun(item),
                    Order::Run(item) if failing.contains(&item) => News::Failed(item),
                    Order::Run(item) => News::Ran(item),
                });
            }
        }
        orders
    }

    #[test]
    fn no_items_are_done_at_once() {
        let mut scheduler = scheduler(false, &[]);
        assert!(scheduler.is_done());
        assert_eq!(scheduler.next(0), None);
    }

    #[test]
    fn a_need_runs_before_its_user_is_checked() {
        let mut scheduler = scheduler(false, &[item(&[1], &[]), item(&[], &[])]);
        let orders = run(&mut scheduler, &[]);
        assert_eq!(
            orders,
            [
                Order::Check(1),
                Order::Run(1),
                Order::Check(0),
                Order::Run(0)
            ]
        );
    }

    #[test]
    fn a_failure_blocks_what_needs_it_and_stops_the_rest() {
        // 1 needs 0, 2 needs 1; 3 and 4 only come after nodes that end badly.
        let items = [
            item(&[], &[]),
            item(&[0], &[]),
            item(&[1], &[]),
            item(&[], &[1]),
            item(&[], &[0]),
        ];
        let mut stopping = scheduler(false, &items);
        run(&mut stopping, &[0]);
        let states: Vec<State> = (0..5).map(|item| stopping.state(item)).collect();
        let below = State::Blocked { by: 0 };
        assert_eq!(
            states,
            [State::Failed, below, below, State::Stopped, State::Stopped]
        );

        let mut going_on = scheduler(true, &items);
        run(&mut going_on, &[0]);
        let states: Vec<State> = (0..5).map(|item| going_on.state(item)).collect();
        assert_eq!(
            states,
            [State::Failed, below, below, State::Ran, State::Ran]
        );
    }

    #[test]
    fn an_interruption_ends_when_the_last_in_flight_has_reported() {
        let mut scheduler = scheduler(true, &[item(&[], &[]), item(&[], &[]), item(&[0], &[])]);
        assert_eq!(scheduler.next(0), Some(Order::Check(0)));
        assert_eq!(scheduler.next(0), Some(Order::Check(1)));
        scheduler.tell(News::MustRun(0));
        assert_eq!(scheduler.next(0), Some(Order::Run(0)));
        scheduler.tell(News::Interrupted);
        assert_eq!((scheduler.next(0), scheduler.is_done()), (None, false));
        scheduler.tell(News::MustRun(1));
        assert_eq!(
            scheduler.state(1),
            State::Queued,
            "not stopped before the end: a failure may still block it"
        );
        scheduler.tell(News::Stopped(0));
        assert!(scheduler.is_done());
        assert!((0..3).all(|item| scheduler.state(item) == State::Stopped));
    }

    #[test]
    fn what_is_withdrawn_takes_only_what_needs_it_along() {
        // 1 needs 0, 2 comes after 1, 3 is by itself.
        let items = [
            item(&[], &[]),
            item(&[0], &[]),
            item(&[], &[1]),
            item(&[], &[]),
        ];
        let mut scheduler = scheduler(false, &items);
        assert_eq!(scheduler.next(0), Some(Order::Check(0)));
        assert_eq!(scheduler.next(0), Some(Order::Check(3)));
        scheduler.tell(News::MustRun(0));
        scheduler.tell(News::MustRun(3));
        scheduler.next(0);
        scheduler.next(0);
        scheduler.tell(News::Withdrawn(0));
        assert_eq!(scheduler.next(0), Some(Order::Check(2)));
        scheduler.tell(News::Withdrawn(2));
        assert!(!scheduler.is_done(), "the others go on");
        scheduler.tell(News::Ran(3));
        assert!(scheduler.is_done() && !scheduler.is_halted());
        let states: Vec<State> = (0..4).map(|item| scheduler.state(item)).collect();
        assert_eq!(
            states,
            [State::Stopped, State::Stopped, State::Stopped, State::Ran]
        );
    }

    #[test]
    fn another_try_waits_in_the_queue_like_the_first() {
        let mut scheduler = scheduler(false, &[item(&[], &[]), item(&[0], &[])]);
        assert_eq!(scheduler.next(0), Some(Order::Check(0)));
        scheduler.tell(News::MustRun(0));
        assert_eq!(scheduler.next(0), Some(Order::Run(0)));
        scheduler.tell(News::Again(0));
        assert_eq!((scheduler.is_done(), scheduler.running()), (false, 0));
        assert_eq!(scheduler.next(0), Some(Order::Run(0)));
        scheduler.tell(News::Ran(0));
        assert_eq!(scheduler.next(0), Some(Order::Check(1)));
    }

    /// Deep enough for any recursion to overflow the stack, wide enough for anything quadratic never to end.
    #[test]
    fn long_chains_and_wide_graphs_cost_no_more_than_their_size() {
        const COUNT: u32 = 100_000;
        let need_last = |n: u32| item(n.checked_sub(1).as_slice(), &[]);
        let chain: Vec<Item> = (0..COUNT).map(need_last).collect();
        assert_eq!(
            run(&mut scheduler(false, &chain), &[]).len(),
            2 * COUNT as usize
        );
        let mut failing = scheduler(true, &chain);
        assert_eq!(run(&mut failing, &[0]).len(), 2);
        assert_eq!(failing.state(COUNT - 1), State::Blocked { by: 0 });
        let wide = vec![
            Item {
                demand: Demand {
                    limit: Some((0, 1)),
                    ..Demand::default()
                },
                ..item(&[], &[])
            };
            COUNT as usize
        ];
        assert_eq!(
            run(&mut scheduler(false, &wide), &[]).len(),
            2 * COUNT as usize
        );
    }
}
