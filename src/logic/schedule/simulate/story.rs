//! Random builds: graphs and what will happen to each item.
//!
//! Does not know the scheduler.

use crate::logic::schedule::{Demand, Exclusive, Item, Limits};

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
    pub(super) fn new(random: &mut Random) -> Self {
        let count = random.below(24) as usize;
        // Edges lead from later to earlier in a shuffled order, so that there is no circle and numbers mean nothing.
        let mut order: Vec<u32> = (0..count as u32).collect();
        (1..count).for_each(|place| order.swap(place, random.below(place as u64 + 1) as usize));
        let blank = Item {
            needs: Vec::new(),
            after: Vec::new(),
            exclusive: Exclusive::No,
            demand: Demand::default(),
            weight: 0,
        };
        let mut items = vec![blank; count];
        let dense = random.below(4);
        let alone = [0, 5, 30][random.below(3) as usize];
        for place in 0..count {
            let item = &mut items[order[place] as usize];
            for _ in 0..if place == 0 {
                0
            } else {
                random.below(dense + 1)
            } {
                let earlier = order[random.below(place as u64) as usize];
                if random.chance(70) {
                    &mut item.needs
                } else {
                    &mut item.after
                }
                .push(earlier);
            }
            item.weight = if random.chance(15) {
                0
            } else {
                1 + random.below(40)
            };
            item.exclusive = match random.below(100) {
                roll if roll < alone => Exclusive::Alone,
                roll if roll < alone + 25 => Exclusive::Group(random.below(3) as u32 * 1000),
                _ => Exclusive::No,
            };
        }
        let exact = random.chance(50);
        let stale = [30, 80, 100][random.below(3) as usize];
        let failing = [0, 0, 4, 15][random.below(4) as usize];
        let fate = |item: &Item| Fate {
            must_run: random.chance(stale),
            check_fails: random.chance(failing / 4),
            run_fails: random.chance(failing),
            check_takes: random.below(6),
            run_takes: if exact { item.weight } else { random.below(60) },
            again: 0,
        };
        Story {
            fates: items.iter().map(fate).collect(),
            items,
            limits: Limits {
                jobs: 1 + random.below(8) as u32,
                keep_going: random.chance(50),
                resources: Vec::new(),
            },
            interrupt_after: random.chance(20).then(|| random.below(30)),
            exact,
        }
    }

    /// The same, where some items demand more than a slot and some commands are tried again.
    pub(super) fn demanding(random: &mut Random) -> Self {
        let mut story = Story::new(random);
        let jobs = u64::from(story.limits.jobs);
        story.limits.resources = (0..random.below(3)).map(|_| 1 + random.below(20)).collect();
        let often = [20, 60, 100][random.below(3) as usize];
        let resources = story.limits.resources.clone();
        for item in &mut story.items {
            if !random.chance(often) {
                continue;
            }
            item.demand.slots = 1 + random.below(jobs + 1) as u32;
            item.demand.limit = random
                .chance(30)
                .then(|| (random.below(3) as u32, 1 + random.below(3) as u32));
            for (resource, &total) in resources.iter().enumerate() {
                if random.chance(50) {
                    item.demand
                        .draws
                        .push((resource as u32, random.below(total + 2)));
                }
            }
        }
        // All of one limited group share one limit.
        for item in &mut story.items {
            item.demand.limit = item.demand.limit.map(|(group, _)| (group, group + 1));
        }
        for fate in &mut story.fates {
            fate.again = if random.chance(10) {
                1 + random.below(3) as u32
            } else {
                0
            };
        }
        story
    }
}
