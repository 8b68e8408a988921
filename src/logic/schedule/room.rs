//! How much there is of everything that commands take, what is left of it, and when there will be enough.
//!
//! The things are the slots, and then those resources that some item draws on. Does not know who should start.

use super::{Item, Limits};
use std::collections::HashMap;

/// See the module.
#[derive(Debug)]
pub(super) struct Room {
    left: Vec<u64>,
    /// What items take: all that take the same share one entry. The first is a whole machine, the second one slot.
    kinds: Vec<Box<[u64]>>,
    /// By rank.
    kind: Vec<u32>,
}

/// The kind of those that take every slot.
const ALL: u32 = 0;

impl Room {
    /// Everything is free. What is asked for beyond what there is counts as all of it, so that each item can start when
    /// nothing else runs. `items` are in the order of their ranks.
    pub(super) fn new<'i>(limits: &Limits, items: impl Iterator<Item = &'i Item> + Clone) -> Self {
        let jobs = u64::from(limits.jobs.max(1));
        let mut drawn: Vec<u32> = items
            .clone()
            .flat_map(|item| &item.demand.draws)
            .filter(|(_, amount)| *amount > 0)
            .map(|(resource, _)| *resource)
            .collect();
        drawn.sort_unstable();
        drawn.dedup();
        let there_is = |&resource: &u32| limits.resources.get(resource as usize).copied();
        let mut left = vec![jobs];
        left.extend(drawn.iter().map(|resource| there_is(resource).unwrap_or(0)));
        let mut all = vec![0; left.len()];
        all[0] = jobs;
        let mut known: HashMap<Box<[u64]>, u32> = HashMap::from([(all.clone().into(), ALL)]);
        let mut kinds = vec![all.into_boxed_slice()];
        let mut kind = Vec::new();
        for item in items {
            let mut amounts = vec![0; left.len()];
            amounts[0] = match item.demand.alone {
                true => jobs,
                false => u64::from(item.demand.slots).clamp(1, jobs),
            };
            // Nothing runs beside one that takes every slot, so it may have all the rest too.
            if amounts[0] < jobs {
                for (resource, amount) in &item.demand.draws {
                    if let Ok(thing) = drawn.binary_search(resource) {
                        amounts[thing + 1] = (amounts[thing + 1] + amount).min(left[thing + 1]);
                    }
                }
            }
            let next = kinds.len() as u32;
            let amounts = amounts.into_boxed_slice();
            let number = *known.entry(amounts.clone()).or_insert(next);
            if number == next {
                kinds.push(amounts);
            }
            kind.push(number);
        }
        Room { left, kinds, kind }
    }

    /// How many things there are.
    pub(super) fn things(&self) -> usize {
        self.left.len()
    }

    /// What a rank takes of each thing; the slots come first.
    pub(super) fn amounts(&self, rank: u32) -> &[u64] {
        &self.kinds[self.kind[rank as usize] as usize]
    }

    /// Whether a rank takes every slot.
    pub(super) fn takes_all(&self, rank: u32) -> bool {
        self.kind[rank as usize] == ALL
    }

    /// Whether both take the same.
    pub(super) fn are_alike(&self, one: u32, other: u32) -> bool {
        self.kind[one as usize] == self.kind[other as usize]
    }

    /// What is left of each thing.
    pub(super) fn left(&self) -> &[u64] {
        &self.left
    }

    /// Whether there is room for a rank now.
    pub(super) fn fits(&self, rank: u32) -> bool {
        covers(&self.left, self.amounts(rank))
    }

    pub(super) fn take(&mut self, rank: u32) {
        let amounts = &self.kinds[self.kind[rank as usize] as usize];
        for (left, amount) in self.left.iter_mut().zip(amounts) {
            *left -= amount;
        }
    }

    pub(super) fn give_back(&mut self, rank: u32) {
        let amounts = &self.kinds[self.kind[rank as usize] as usize];
        for (left, amount) in self.left.iter_mut().zip(amounts) {
            *left += amount;
        }
    }

    /// When there will be room for a rank, if all that run end when they are expected to, and what will be left of each
    /// thing beside it then. `running` is sorted by the expected end.
    pub(super) fn when_fits(
        &self,
        rank: u32,
        running: impl DoubleEndedIterator<Item = (u64, u32)>,
    ) -> (u64, Vec<u64>) {
        let wanted = self.amounts(rank);
        if self.takes_all(rank) {
            let last = { running }.next_back().map_or(0, |(end, _)| end);
            return (last, vec![0; wanted.len()]);
        }
        let mut left = self.left.clone();
        let mut last = 0;
        for (end, other) in running {
            if covers(&left, wanted) && end > last {
                break;
            }
            last = end;
            for (left, amount) in left.iter_mut().zip(self.amounts(other)) {
                *left += amount;
            }
        }
        for (left, amount) in left.iter_mut().zip(wanted) {
            *left = left.saturating_sub(*amount);
        }
        (last, left)
    }
}

/// Whether `left` is enough for `amounts`.
fn covers(left: &[u64], amounts: &[u64]) -> bool {
    amounts
        .iter()
        .zip(left)
        .all(|(amount, left)| amount <= left)
}
