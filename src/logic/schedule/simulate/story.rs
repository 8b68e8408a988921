//! Random builds: graphs and what will happen to each item.
//!
//! Does not know the scheduler.

use crate::logic::schedule::{Demand, Item, Limits};

/// A small generator of random numbers (xorshift64*), so that a seed always tells the same story.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Random((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % end
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A random build: the graph, and what will happen to each item.
pub(super) struct Story {
    pub(super) limits: Limits,
    pub(super) items: Vec<Item>,
    pub(super) fates: Vec<Fate>,
    /// After so many news the user interrupts.
    pub(super) interrupt_after: Option<u64>,
    /// Commands take exactly as long as expected.
    pub(super) exact: bool,
}

#[derive(Clone, Copy)]
pub(super) struct Fate {
    pub(super) must_run: bool,
    pub(super) check_fails: bool,
    pub(super) run_fails: bool,
    pub(super) check_takes: u64,
    pub(super) run_takes: u64,
    /// How often its command is tried again before it counts.
    pub(super) again: u32,
}

impl Story {
    /// Each feature is left out, rare or frequent, by itself, so that all mixtures of them occur.
    pub(super) fn new(random: &mut Random) -> Self {
        let count = random.below(24) as usize;
        let mut items = graph(count, random);
        let limits = Limits {
            jobs: 1 + random.below(8) as u32,
            keep_going: random.chance(50),
            resources: (0..random.below(3)).map(|_| 1 + random.below(20)).collect(),
        };
        let mut often = |most: &[u64]| most[random.below(most.len() as u64) as usize];
        let (alone, wide, limited) = (often(&[0, 5, 30]), often(&[0, 10, 60]), often(&[0, 20, 60]));
        let (drawing, unknown) = (often(&[0, 30, 90]), often(&[0, 15]));
        for item in &mut items {
            item.weight = 1 + random.below(40);
            if random.chance(unknown) {
                item.weight = 0;
            }
            item.demand = Demand {
                alone: random.chance(alone),
                slots: if random.chance(wide) {
                    // One more than there is, now and then.
                    1 + random.below(u64::from(limits.jobs) + 1) as u32
                } else {
                    1
                },
                limit: random.chance(limited).then(|| limit(random)),
                draws: draws(&limits.resources, drawing, random),
            };
        }
        let exact = random.chance(50);
        let stale = [30, 80, 100][random.below(3) as usize];
        let failing = [0, 0, 4, 15][random.below(4) as usize];
        let again = [0, 10, 40][random.below(3) as usize];
        let fate = |item: &Item| Fate {
            must_run: random.chance(stale),
            check_fails: random.chance(failing / 4),
            run_fails: random.chance(failing),
            check_takes: random.below(6),
            run_takes: if exact { item.weight } else { random.below(60) },
            again: match random.chance(again) {
                true => 1 + random.below(3) as u32,
                false => 0,
            },
        };
        Story {
            fates: items.iter().map(fate).collect(),
            items,
            limits,
            interrupt_after: random.chance(20).then(|| random.below(30)),
            exact,
        }
    }
}

/// Edges lead from later to earlier in a shuffled order, so that there is no circle and numbers mean nothing.
fn graph(count: usize, random: &mut Random) -> Vec<Item> {
    let mut order: Vec<u32> = (0..count as u32).collect();
    (1..count).for_each(|place| order.swap(place, random.below(place as u64 + 1) as usize));
    let blank = Item {
        needs: Vec::new(),
        after: Vec::new(),
        demand: Demand::default(),
        weight: 0,
    };
    let mut items = vec![blank; count];
    let dense = random.below(4);
    for place in 1..count {
        let item = &mut items[order[place] as usize];
        for _ in 0..random.below(dense + 1) {
            let earlier = order[random.below(place as u64) as usize];
            if random.chance(70) {
                item.needs.push(earlier);
            } else {
                item.after.push(earlier);
            }
        }
    }
    items
}

/// A word, of which one may run at once, or a node of which some may.
fn limit(random: &mut Random) -> (u32, u32) {
    let number = random.below(6) as u32;
    match number {
        0..3 => (number, 1),
        _ => (1000 * number, number - 1),
    }
}

/// Shares of some resources; some ask for all, or for more than there is.
fn draws(resources: &[u64], often: u64, random: &mut Random) -> Vec<(u32, u64)> {
    let mut draws = Vec::new();
    for (resource, &total) in resources.iter().enumerate() {
        if random.chance(often) {
            draws.push((resource as u32, random.below(total + 2)));
        }
    }
    draws
}
