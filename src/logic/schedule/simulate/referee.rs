//! The rules once more, written plainly and slowly: looks at every order and all news of a build from outside.
//!
//! Knows the scheduler only by what it says.

use super::story::Story;
use crate::logic::schedule::{Demand, Item, News, Order, Scheduler, State};
use std::cmp::Reverse;
use std::collections::HashSet;

/// Watches a build from outside: what it knows it was told by orders and news.
pub(super) struct Referee<'a> {
    story: &'a Story,
    states: Vec<State>,
    started_ms: Vec<u64>,
    /// Longest expected path from the start of each item.
    path: Vec<u64>,
    /// The item for which room is made, and by when there was to be enough.
    hold: Option<(u32, u64)>,
    alone_ran_last: bool,
    /// Checked so far that it is known to come back.
    restoring: HashSet<u32>,
    halted: bool,
}

impl<'a> Referee<'a> {
    pub(super) fn new(story: &'a Story) -> Self {
        let count = story.items.len();
        let mut path: Vec<u64> = story.items.iter().map(|item| item.weight.max(1)).collect();
        // No path is longer than there are items.
        for _ in 0..count {
            for (user, item) in story.items.iter().enumerate() {
                for &named in item.needs.iter().chain(&item.after) {
                    let through = story.items[named as usize].weight.max(1) + path[user];
                    path[named as usize] = path[named as usize].max(through);
                }
            }
        }
        let (states, started_ms) = (vec![State::Waiting; count], vec![0; count]);
        Referee {
            story,
            states,
            started_ms,
            path,
            hold: None,
            alone_ran_last: false,
            restoring: HashSet::new(),
            halted: false,
        }
    }

    fn item(&self, item: u32) -> &Item {
        &self.story.items[item as usize]
    }

    fn in_state(&self, state: State) -> impl Iterator<Item = u32> + '_ {
        (0..self.states.len() as u32).filter(move |&item| self.states[item as usize] == state)
    }

    fn well(&self, item: u32) -> bool {
        matches!(self.states[item as usize], State::Settled | State::Ran)
    }

    /// A failed item that `item` needs, directly or not.
    fn failed_below(&self, item: u32) -> Option<u32> {
        let needs = &self.item(item).needs;
        needs
            .iter()
            .find_map(|&need| match self.states[need as usize] {
                State::Failed => Some(need),
                _ => self.failed_below(need),
            })
    }

    fn ended(&self, item: u32) -> bool {
        self.well(item)
            || self.states[item as usize] == State::Failed
            || self.failed_below(item).is_some()
    }

    fn may_be_checked(&self, item: u32) -> bool {
        let Item { needs, after, .. } = self.item(item);
        needs.iter().all(|&need| self.well(need)) && after.iter().all(|&other| self.ended(other))
    }

    fn slots(&self, item: u32) -> u32 {
        let Demand { alone, slots, .. } = self.item(item).demand;
        let jobs = self.story.limits.jobs;
        if alone { jobs } else { slots.clamp(1, jobs) }
    }

    /// Whether it takes every slot, so that nothing can run beside it.
    fn alone(&self, item: u32) -> bool {
        self.slots(item) == self.story.limits.jobs
    }

    /// How much it takes of the slots and of each resource; what is asked for beyond what there is counts as all.
    fn amounts(&self, item: u32) -> Vec<u64> {
        let resources = self.story.limits.resources.iter().enumerate();
        let drawn = |(number, &total): (usize, &u64)| {
            let draws = self.item(item).demand.draws.iter();
            let of_it = draws.filter(|(drawn, _)| *drawn as usize == number);
            let asked = of_it.map(|(_, amount)| *amount).sum::<u64>();
            if self.alone(item) {
                0
            } else {
                asked.min(total)
            }
        };
        let slots = u64::from(self.slots(item));
        [slots].into_iter().chain(resources.map(drawn)).collect()
    }

    /// What is left while these run.
    fn left(&self, running: &[u32]) -> Vec<u64> {
        let limits = &self.story.limits;
        let mut left = vec![u64::from(limits.jobs)];
        left.extend(&limits.resources);
        for &item in running {
            for (left, amount) in left.iter_mut().zip(self.amounts(item)) {
                *left -= amount;
            }
        }
        left
    }

    fn fits(&self, item: u32, left: &[u64]) -> bool {
        let amounts = self.amounts(item);
        amounts
            .iter()
            .zip(left)
            .all(|(amount, left)| amount <= left)
    }

    /// The limit that an item shares. Nothing runs beside one alone, so it keeps any.
    fn limit(&self, item: u32) -> Option<(u32, u32)> {
        let limit = self.item(item).demand.limit;
        limit.filter(|_| !self.alone(item))
    }

    fn running_within(&self, limit: Option<(u32, u32)>) -> usize {
        self.in_state(State::Running)
            .filter(|&other| self.limit(other) == limit)
            .count()
    }

    /// Whether its limit is reached, or another of the same limit waits and is more urgent.
    fn limit_forbids(&self, item: u32) -> bool {
        let limit = self.limit(item);
        limit.is_some_and(|(_, most)| {
            let mut queued = self.in_state(State::Queued);
            self.running_within(limit) >= most as usize
                || queued.any(|other| {
                    self.limit(other) == limit && self.urgency(other) > self.urgency(item)
                })
        })
    }

    fn urgency(&self, item: u32) -> (u64, Reverse<u32>) {
        (self.path[item as usize], Reverse(item))
    }

    fn most_urgent(&self, wanted: impl Fn(u32) -> bool) -> Option<u32> {
        let queued = self.in_state(State::Queued).filter(|&item| wanted(item));
        queued.max_by_key(|&item| self.urgency(item))
    }

    fn expected_end(&self, item: u32) -> u64 {
        self.started_ms[item as usize] + self.item(item).weight
    }

    /// Whether the way from an item to the end is at least half as long as what others have still to start takes.
    fn is_pressing(&self, item: u32) -> bool {
        let ahead = |&other: &u32| {
            let state = self.states[other as usize];
            matches!(state, State::Waiting | State::Checking | State::Queued)
                && self.failed_below(other).is_none()
                && !self.alone(other)
        };
        let work = |other: u32| self.item(other).weight * u64::from(self.slots(other));
        let all: u64 = (0..self.states.len() as u32).filter(ahead).map(work).sum();
        2 * self.path[item as usize] * u64::from(self.story.limits.jobs) >= all
    }

    fn leader(&self, running: &[u32]) -> Option<u32> {
        let alone = self.most_urgent(|item| self.alone(item));
        let other = self.most_urgent(|item| !self.alone(item) && !self.limit_forbids(item));
        let (Some(one), Some(next)) = (alone, other) else {
            return alone.or(other);
        };
        let goes = self.urgency(one) > self.urgency(next);
        let goes = match running {
            [] => goes || self.alone_ran_last,
            _ => goes && self.is_pressing(one),
        };
        Some(if goes { one } else { next })
    }

    /// When there is room for `held`, if all that run end as expected, and what is left beside it then.
    fn when_fits(&self, held: u32, mut running: Vec<u32>) -> (u64, Vec<u64>) {
        // The first to end is the last of these; of two alike, the more urgent ends first.
        running
            .sort_by_key(|&item| Reverse((self.expected_end(item), Reverse(self.urgency(item)))));
        let mut last = 0;
        while let Some(&next) = running.last()
            && (!self.fits(held, &self.left(&running)) || self.expected_end(next) == last)
        {
            last = self.expected_end(next);
            running.pop();
        }
        running.push(held);
        (last, self.left(&running))
    }

    /// Whether room is not made for anybody yet, and would be now.
    fn is_about_to_hold(&self) -> bool {
        let running: Vec<u32> = self.in_state(State::Running).collect();
        let left = self.left(&running);
        let leader = self.leader(&running);
        self.hold.is_none() && leader.is_some_and(|leader| !self.fits(leader, &left))
    }

    /// What has to start now, by the rules in `slots`; also notes for which room is made.
    fn must_start(&mut self, now: u64) -> Option<u32> {
        let running: Vec<u32> = self.in_state(State::Running).collect();
        let left = self.left(&running);
        if left[0] == 0 {
            return None;
        }
        let (held, until) = match self.hold {
            Some(hold) => hold,
            None => (self.leader(&running)?, u64::MAX),
        };
        if self.fits(held, &left) {
            return Some(held);
        }
        let (possible, spare) = self.when_fits(held, running);
        let until = until.min(possible);
        self.hold = Some((held, until));
        let limit = self.limit(held);
        let limit_left = limit.map_or(usize::MAX, |(_, most)| {
            most as usize - self.running_within(limit)
        });
        self.most_urgent(|item| {
            let Item { weight, .. } = *self.item(item);
            let in_time = weight > 0 && now + weight <= until;
            let in_the_way = self.limit(item) == limit && limit_left < 2;
            !self.alone(item)
                && !self.limit_forbids(item)
                && !in_the_way
                && self.fits(item, &left)
                && (in_time || self.fits(item, &spare))
        })
    }

    /// What may never be, by whatever policy.
    fn check_start(&self, item: u32) {
        assert_eq!(self.states[item as usize], State::Queued, "{item} runs");
        let beside: Vec<u32> = self.in_state(State::Running).collect();
        let alone = |item: u32| self.item(item).demand.alone;
        assert!(
            !beside.iter().any(|&other| alone(other)),
            "{item} runs beside one alone"
        );
        assert!(
            !alone(item) || beside.is_empty(),
            "{item} does not run alone"
        );
        let left = self.left(&beside);
        assert!(
            self.fits(item, &left),
            "{item} takes more than there is: {left:?}"
        );
        let limit = self.limit(item);
        assert!(
            limit.is_none_or(|(_, most)| self.running_within(limit) < most as usize),
            "{item} is one too many of its limit"
        );
    }

    pub(super) fn ordered(&mut self, order: Option<Order>, now: u64) {
        let checks = matches!(order, Some(Order::Check(_)));
        // With one slot, nothing starts before all that is looked at is known; with more, none is kept free before.
        let looks = self
            .in_state(State::Checking)
            .any(|item| !self.restoring.contains(&item))
            && (self.story.limits.jobs == 1 || self.is_about_to_hold());
        let must_start = match self.halted || checks || looks {
            true => None,
            false => self.must_start(now),
        };
        match order {
            Some(Order::Run(item)) => {
                self.check_start(item);
                assert_eq!(must_start, Some(item), "the wrong one starts");
                if let Some((held, until)) = self.hold
                    && held == item
                {
                    let late = self.story.exact && now > until;
                    assert!(!late, "{item} waited longer than for those that ran");
                    self.hold = None;
                }
                self.alone_ran_last = self.alone(item);
                self.states[item as usize] = State::Running;
                self.started_ms[item as usize] = now;
            }
            Some(Order::Check(item)) => {
                assert_eq!(
                    self.states[item as usize],
                    State::Waiting,
                    "{item} is checked"
                );
                assert!(self.may_be_checked(item), "{item} is checked too early");
                self.states[item as usize] = State::Checking;
            }
            None if self.halted => {}
            None => {
                assert_eq!(must_start, None, "it should have started");
                let idle = self.in_state(State::Running).next().is_none();
                let waiting = self.in_state(State::Queued).next();
                let well = !idle || looks || waiting.is_none();
                assert!(well, "{waiting:?} waits for nothing");
                let ready = self
                    .in_state(State::Waiting)
                    .find(|&item| self.may_be_checked(item));
                assert_eq!(ready, None, "it should have been checked");
            }
        }
        assert!(
            order.is_none() || !self.halted,
            "an order after the end: {order:?}"
        );
    }

    pub(super) fn told(&mut self, news: News) {
        let (item, state) = match news {
            News::Settled(item) => (item, State::Settled),
            News::MustRun(item) | News::Again(item) => (item, State::Queued),
            News::Ran(item) => (item, State::Ran),
            News::Failed(item) => (item, State::Failed),
            News::Stopped(item) | News::Withdrawn(item) => (item, State::Stopped),
            News::Interrupted => return self.halted = true,
            News::Restores(item) => {
                self.restoring.insert(item);
                return;
            }
        };
        self.states[item as usize] = state;
        if let Some((held, until)) = self.hold
            && state == State::Queued
            && self.urgency(item) > self.urgency(held)
            && self.amounts(item) == self.amounts(held)
            && self.limit(item) == self.limit(held)
        {
            self.hold = Some((item, until));
        }
        self.halted |= state == State::Failed && !self.story.limits.keep_going;
    }

    pub(super) fn the_end(&self, scheduler: &Scheduler) {
        assert!(
            scheduler.is_done(),
            "nothing is in flight, but it is not done"
        );
        assert_eq!(scheduler.running(), 0);
        for item in 0..self.states.len() as u32 {
            let state = scheduler.state(item);
            match self.states[item as usize] {
                State::Waiting if self.failed_below(item).is_some() => {
                    let State::Blocked { by } = state else {
                        panic!("{item} is {state:?}, not blocked")
                    };
                    assert_eq!(
                        self.states[by as usize],
                        State::Failed,
                        "{item} is blocked by {by}"
                    );
                }
                State::Waiting | State::Queued => {
                    assert!(self.halted, "{item} was forgotten");
                    assert_eq!(state, State::Stopped, "{item}");
                }
                known => assert_eq!(state, known, "{item}"),
            }
        }
    }
}
