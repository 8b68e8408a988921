//! Queued items that take more than one plain slot: several slots, shares of resources, a place among so many.
//!
//! Items of one *shape* (the same demands) are told apart by rank only, so one queue a shape is enough. Does not know
//! which of all queued items starts; `slots` decides that.

use super::{Demand, Exclusive};
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Demands {
    shapes: Vec<Shape>,
    /// The shape of each demanding rank.
    of: HashMap<u32, usize>,
    /// What is left of each resource.
    left: Vec<u64>,
    /// How many run of each limited group.
    running: HashMap<u32, u32>,
    queued: usize,
}

#[derive(Debug)]
struct Shape {
    demand: Demand,
    group: Option<u32>,
    queued: BinaryHeap<Reverse<u32>>,
}

impl Demands {
    /// Nothing queued, nothing taken. Demands are cut to what there is, so that each can be met when nothing else runs.
    pub(super) fn new<'d>(
        jobs: u32,
        resources: &[u64],
        items: impl Iterator<Item = (u32, &'d Demand, Exclusive)>,
    ) -> Self {
        let mut all = Demands {
            left: resources.to_vec(),
            ..Demands::default()
        };
        let mut known: HashMap<(Demand, Option<u32>), usize> = HashMap::new();
        for (rank, demand, exclusive) in items {
            let group = match exclusive {
                // It takes the whole machine anyway.
                Exclusive::Alone => continue,
                Exclusive::Group(group) => Some(group),
                Exclusive::No => None,
            };
            if demand.is_plain() {
                continue;
            }
            let mut demand = demand.clone();
            demand.slots = demand.slots.clamp(1, jobs.max(1));
            for (resource, amount) in &mut demand.draws {
                *amount = (*amount).min(resources.get(*resource as usize).copied().unwrap_or(0));
            }
            let next = known.len();
            let shape = *known.entry((demand.clone(), group)).or_insert(next);
            if shape == all.shapes.len() {
                all.shapes.push(Shape {
                    demand,
                    group,
                    queued: BinaryHeap::new(),
                });
            }
            all.of.insert(rank, shape);
        }
        all
    }

    /// Whether this rank is looked after here.
    pub(super) fn has(&self, rank: u32) -> bool {
        !self.of.is_empty() && self.of.contains_key(&rank)
    }

    /// How many are queued.
    pub(super) fn queued(&self) -> usize {
        self.queued
    }

    /// How many slots a rank takes.
    pub(super) fn slots(&self, rank: u32) -> usize {
        if self.of.is_empty() {
            return 1;
        }
        let shape = self.of.get(&rank).map(|&shape| &self.shapes[shape]);
        shape.map_or(1, |shape| shape.demand.slots as usize)
    }

    pub(super) fn queue(&mut self, rank: u32) {
        self.shapes[self.of[&rank]].queued.push(Reverse(rank));
        self.queued += 1;
    }

    /// Takes the first of its shape out of the queue, with all that it demands.
    pub(super) fn start(&mut self, rank: u32) {
        let shape = &mut self.shapes[self.of[&rank]];
        let first = shape.queued.pop();
        debug_assert_eq!(first, Some(Reverse(rank)), "not the first of its shape");
        self.queued -= 1;
        for &(resource, amount) in &shape.demand.draws {
            self.left[resource as usize] -= amount;
        }
        if let Some((group, _)) = shape.demand.limit {
            *self.running.entry(group).or_default() += 1;
        }
    }

    /// Gives back what a running one took.
    pub(super) fn end(&mut self, rank: u32) {
        let demand = &self.shapes[self.of[&rank]].demand;
        for &(resource, amount) in &demand.draws {
            self.left[resource as usize] += amount;
        }
        if let Some((group, _)) = demand.limit {
            *self.running.entry(group).or_default() -= 1;
        }
    }

    /// The first of every shape that neither its limit nor a busy group holds back.
    pub(super) fn first_of_each<'a>(
        &'a self,
        is_busy: &'a dyn Fn(u32) -> bool,
    ) -> impl Iterator<Item = u32> + 'a {
        let open = move |shape: &&Shape| {
            let full = shape.demand.limit.is_some_and(|(group, most)| {
                self.running
                    .get(&group)
                    .is_some_and(|&running| running >= most)
            });
            !full && !shape.group.is_some_and(is_busy)
        };
        let first = |shape: &Shape| shape.queued.peek().map(|&Reverse(rank)| rank);
        self.shapes.iter().filter(open).filter_map(first)
    }

    /// Whether a rank could start with so many slots free.
    pub(super) fn fits(&self, rank: u32, free_slots: usize) -> bool {
        let demand = &self.shapes[self.of[&rank]].demand;
        let enough = |&(resource, amount): &(u32, u64)| self.left[resource as usize] >= amount;
        free_slots >= demand.slots as usize && demand.draws.iter().all(enough)
    }

    /// Whether two ranks draw on no common resource, and their slots are free together: the one is not in the other's way.
    pub(super) fn are_apart(&self, one: u32, other: u32, free_slots: usize) -> bool {
        let draws = |rank: u32| &self.shapes[self.of[&rank]].demand.draws;
        let shared =
            |&(resource, _): &(u32, u64)| draws(other).iter().any(|&(drawn, _)| drawn == resource);
        self.slots(one) + self.slots(other) <= free_slots && !draws(one).iter().any(shared)
    }

    /// When a rank could start at the latest, if all that run end when they are expected to. `running` is sorted by
    /// the expected end.
    pub(super) fn when_fits(
        &self,
        rank: u32,
        free_slots: usize,
        running: impl Iterator<Item = (u64, u32)>,
    ) -> u64 {
        let demand = &self.shapes[self.of[&rank]].demand;
        let mut slots = free_slots;
        let mut left = self.left.clone();
        let mut last = 0;
        for (end, other) in running {
            last = end;
            slots += self.slots(other);
            if let Some(&shape) = self.of.get(&other) {
                for &(resource, amount) in &self.shapes[shape].demand.draws {
                    left[resource as usize] += amount;
                }
            }
            let enough = |&(resource, amount): &(u32, u64)| left[resource as usize] >= amount;
            if slots >= demand.slots as usize && demand.draws.iter().all(enough) {
                break;
            }
        }
        last
    }
}
