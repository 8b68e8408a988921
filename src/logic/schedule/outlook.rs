//! How much of a build is still ahead, by expected times: what a time left can be counted from.
//!
//! A bound from below, twice: no build is shorter than its longest path, nor than its work spread over all slots. Does
//! not know a clock, nor how far the running commands are; who shows the time left adds both.

use super::Item;
use super::paths::Ways;
use std::sync::Arc;
use std::time::Duration;

/// What is ahead of a build beside the commands that run now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ahead {
    /// The longest path through nodes whose commands have not started.
    pub path: Duration,
    /// The work of nodes whose commands have not started, spread over all slots.
    pub work: Duration,
    /// How many nodes that is.
    pub nodes: usize,
    /// For how many of them the time is a guess, since they never ran here.
    pub guessed: usize,
}

/// Keeps count of what is ahead. The cost of a step does not depend on the number of items, but for a failure's.
#[derive(Debug)]
pub struct Outlook {
    jobs: u64,
    ways: Arc<Ways>,
    /// Expected milliseconds of each command.
    weights: Vec<u64>,
    /// What it takes of all slots, in milliseconds times slots.
    work: Vec<u64>,
    guessed: Vec<bool>,
    is_ahead: Vec<bool>,
    /// How many of the most urgent are not ahead any more.
    passed: usize,
    /// Sums over what is ahead.
    work_ahead: u64,
    nodes: usize,
    guesses: usize,
}

impl Outlook {
    /// Everything is ahead. `guessed` says whose weight is not from a run of its own.
    pub(super) fn new(jobs: u32, items: &[Item], guessed: Vec<bool>, ways: Arc<Ways>) -> Self {
        let jobs = u64::from(jobs.max(1));
        let share = |item: &Item| match item.demand.alone {
            true => jobs,
            false => u64::from(item.demand.slots).clamp(1, jobs),
        };
        let work: Vec<u64> = items
            .iter()
            .map(|item| item.weight.saturating_mul(share(item)))
            .collect();
        Outlook {
            jobs,
            ways,
            nodes: items.len(),
            guesses: guessed.iter().filter(|&&guessed| guessed).count(),
            work_ahead: work.iter().fold(0, |sum, work| sum.saturating_add(*work)),
            is_ahead: vec![true; items.len()],
            weights: items.iter().map(|item| item.weight).collect(),
            work,
            guessed,
            passed: 0,
        }
    }

    /// `item`'s command has started, or `item` is settled without it.
    pub fn leaves(&mut self, item: u32) {
        let place = item as usize;
        if std::mem::take(&mut self.is_ahead[place]) {
            self.nodes -= 1;
            self.guesses -= usize::from(self.guessed[place]);
            self.work_ahead = self.work_ahead.saturating_sub(self.work[place]);
        }
    }

    /// `item` will be tried again.
    pub fn returns(&mut self, item: u32) {
        let place = item as usize;
        if !std::mem::replace(&mut self.is_ahead[place], true) {
            self.nodes += 1;
            self.guesses += usize::from(self.guessed[place]);
            self.work_ahead = self.work_ahead.saturating_add(self.work[place]);
            self.passed = 0;
        }
    }

    /// `item` failed: it and all that needs it is not ahead any more.
    pub fn fails(&mut self, item: u32) {
        self.leaves(item);
        let mut dead = vec![item];
        while let Some(item) = dead.pop() {
            for at in 0..self.ways.need_users.of(item).len() {
                let user = self.ways.need_users.of(item)[at];
                if self.is_ahead[user as usize] {
                    self.leaves(user);
                    dead.push(user);
                }
            }
        }
    }

    /// How long `item`'s command is expected to run; `None` where that would be a guess.
    pub fn expected(&self, item: u32) -> Option<Duration> {
        let known = !self.guessed[item as usize];
        known.then(|| Duration::from_millis(self.weights[item as usize]))
    }

    /// The longest path that follows when `item` has ended.
    pub fn below(&self, item: u32) -> Duration {
        let (path, own) = (
            self.ways.longest[item as usize],
            self.weights[item as usize],
        );
        Duration::from_millis(path.saturating_sub(own.max(1)))
    }

    /// What is ahead now.
    pub fn ahead(&mut self) -> Ahead {
        let has_left = |item: &&u32| !self.is_ahead[**item as usize];
        let rest = &self.ways.by_urgency[self.passed..];
        self.passed += rest.iter().take_while(has_left).count();
        let path = self.ways.by_urgency.get(self.passed);
        Ahead {
            path: Duration::from_millis(path.map_or(0, |&item| self.ways.longest[item as usize])),
            work: Duration::from_millis(self.work_ahead / self.jobs),
            nodes: self.nodes,
            guessed: self.guesses,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logic::schedule::Demand;

    fn item(weight: u64, needs: &[u32]) -> Item {
        Item {
            needs: needs.to_vec(),
            after: Vec::new(),
            demand: Demand::default(),
            weight,
        }
    }

    fn ahead(path: u64, work: u64, nodes: usize) -> Ahead {
        Ahead {
            path: Duration::from_millis(path),
            work: Duration::from_millis(work),
            nodes,
            guessed: 0,
        }
    }

    #[test]
    fn the_longest_path_and_the_work_shrink_as_commands_start() {
        // A chain of 300 and 100, and a node of 250 beside it, on two slots.
        let items = [item(300, &[]), item(100, &[0]), item(250, &[])];
        let mut outlook = Outlook::new(2, &items, vec![false; 3], Arc::new(Ways::of(&items)));
        assert_eq!(outlook.ahead(), ahead(400, 325, 3));
        outlook.leaves(0);
        outlook.leaves(0);
        assert_eq!(outlook.ahead(), ahead(250, 175, 2));
        assert_eq!(outlook.below(0), Duration::from_millis(100));
        outlook.leaves(2);
        assert_eq!(outlook.ahead(), ahead(100, 50, 1));
        outlook.returns(0);
        assert_eq!(outlook.ahead(), ahead(400, 200, 2));
        outlook.fails(0);
        assert_eq!(outlook.ahead(), ahead(0, 0, 0));
    }

    #[test]
    fn an_exclusive_node_takes_all_slots_and_a_wide_one_several() {
        let demand = Demand {
            alone: true,
            ..Demand::default()
        };
        let alone = Item {
            demand,
            ..item(100, &[])
        };
        let demand = Demand {
            slots: 2,
            ..Demand::default()
        };
        let wide = Item {
            demand,
            ..item(100, &[])
        };
        let items = [alone, wide];
        let mut outlook = Outlook::new(4, &items, vec![false, true], Arc::new(Ways::of(&items)));
        let now = outlook.ahead();
        assert_eq!((now.work.as_millis(), now.guessed), (150, 1));
        assert_eq!(outlook.expected(0), Some(Duration::from_millis(100)));
        assert_eq!(outlook.expected(1), None);
    }
}
