//! The rules once more, written plainly and slowly: looks at every order and all news of a build from outside.
//!
//! Knows the scheduler only by what it says.

use super::story::Story;
use crate::logic::schedule::{Exclusive, Item, News, Order, Scheduler, State};
use std::cmp::Reverse;

/// Watches a build from outside: what it knows it was told by orders and news.
pub(super) struct Referee<'a> {
    story: &'a Story,
    states: Vec<State>,
    started_ms: Vec<u64>,
    /// Longest expected path from the start of each item.
    path: Vec<u64>,
    /// Some item demands more than a slot: the plain rules say what may start, not what has to.
    demanding: bool,
    /// While slots drain: when the longest runner is expected to end.
    drain: Option<u64>,
    alone_ran_last: bool,
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
            demanding: story.items.iter().any(|item| !item.demand.is_plain()),
            drain: None,
            alone_ran_last: false,
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

    fn alone(&self, item: u32) -> bool {
        self.item(item).exclusive == Exclusive::Alone
    }

    /// Whether another of its group runs, or waits and is more urgent.
    fn group_forbids(&self, item: u32) -> bool {
        let exclusive = self.item(item).exclusive;
        let same = |other: &u32| self.item(*other).exclusive == exclusive;
        let ahead = |other: u32| self.urgency(other) > self.urgency(item);
        matches!(exclusive, Exclusive::Group(_))
            && (self.in_state(State::Running).any(|other| same(&other))
                || self.in_state(State::Queued).filter(same).any(ahead))
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

    /// What has to start now, by the rules in `slots`; also notes that slots drain.
    fn must_start(&mut self, now: u64) -> Option<u32> {
        let running: Vec<u32> = self.in_state(State::Running).collect();
        if running.len() >= self.story.limits.jobs as usize
            || running.iter().any(|&item| self.alone(item))
        {
            return None;
        }
        let startable = |item| !self.group_forbids(item);
        let first = self.most_urgent(startable);
        let alone = self.most_urgent(|item| self.alone(item));
        let Some(longest) = running.iter().map(|&item| self.expected_end(item)).max() else {
            return if self.drain.is_some() || self.alone_ran_last {
                alone.or(first)
            } else {
                first
            };
        };
        if self.drain.is_none() && !first.is_some_and(|item| self.alone(item)) {
            return first;
        }
        let until = self.drain.unwrap_or(longest).min(longest);
        self.drain = Some(until);
        let fits = |weight: u64| weight > 0 && now + weight <= until;
        self.most_urgent(|item| {
            !self.alone(item) && !self.group_forbids(item) && fits(self.item(item).weight)
        })
    }

    pub(super) fn ordered(&mut self, order: Option<Order>, now: u64) {
        let must_start = if self.halted || self.demanding {
            None
        } else {
            self.must_start(now)
        };
        match order {
            Some(Order::Run(item)) => {
                assert_eq!(self.states[item as usize], State::Queued, "{item} runs");
                let beside: Vec<u32> = self.in_state(State::Running).collect();
                assert!(
                    beside.len() < self.story.limits.jobs as usize,
                    "too many at once"
                );
                assert!(
                    beside.iter().all(|&other| !self.alone(other)),
                    "{item} runs beside one alone"
                );
                assert!(
                    !self.alone(item) || beside.is_empty(),
                    "{item} does not run alone"
                );
                let exclusive = self.item(item).exclusive;
                let in_group = matches!(exclusive, Exclusive::Group(_));
                let beside_its_group = in_group
                    && beside
                        .iter()
                        .any(|&other| self.item(other).exclusive == exclusive);
                assert!(!beside_its_group, "{item} runs beside one of its group");
                if self.demanding {
                    self.check_demands(item);
                } else {
                    assert_eq!(must_start, Some(item), "the wrong one starts");
                }
                if self.alone(item) {
                    let late = self.drain.is_some_and(|until| now > until);
                    assert!(
                        self.demanding || !(self.story.exact && late),
                        "{item} waited longer than for the slots to drain"
                    );
                    self.drain = None;
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
                assert!(!idle || waiting.is_none(), "{waiting:?} waits for nothing");
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

    /// Nothing is overdrawn once `item` runs beside those that do. What is asked for beyond what there is counts as all.
    fn check_demands(&self, item: u32) {
        let limits = &self.story.limits;
        let together: Vec<&Item> = self
            .in_state(State::Running)
            .chain([item])
            .map(|item| self.item(item))
            .collect();
        if self.alone(item) {
            return;
        }
        let slots: u32 = together
            .iter()
            .map(|item| item.demand.slots.min(limits.jobs))
            .sum();
        assert!(
            slots <= limits.jobs,
            "{item} takes more slots than are free"
        );
        for (resource, &total) in limits.resources.iter().enumerate() {
            let draws = together.iter().flat_map(|item| &item.demand.draws);
            let of_it = draws.filter(|(drawn, _)| *drawn as usize == resource);
            let taken: u64 = of_it.map(|(_, amount)| (*amount).min(total)).sum();
            assert!(taken <= total, "{item} overdraws resource {resource}");
        }
        if let Some((group, most)) = self.item(item).demand.limit {
            let same = |item: &&&Item| item.demand.limit.is_some_and(|(other, _)| other == group);
            let count = together.iter().filter(same).count();
            assert!(
                count <= most as usize,
                "{item} is one too many of its limit"
            );
        }
    }

    pub(super) fn told(&mut self, news: News) {
        let (item, state) = match news {
            News::Settled(item) => (item, State::Settled),
            News::MustRun(item) | News::Again(item) => (item, State::Queued),
            News::Ran(item) => (item, State::Ran),
            News::Failed(item) => (item, State::Failed),
            News::Stopped(item) => (item, State::Stopped),
            News::Interrupted => return self.halted = true,
        };
        self.states[item as usize] = state;
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
