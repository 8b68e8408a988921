//! Places in a run of bytes by the hash of the name that stands there, in the order in which they were added.
//!
//! Filling it costs next to nothing, since most processes ask for a few names or for none: those are looked for one by
//! one. From some number of questions on there is a sorted order. Does not know what a place holds.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many questions are answered by looking through everything: about what the sorting takes.
const FEW: usize = 64;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Index<T> {
    hashes: Vec<u64>,
    places: Vec<T>,
    asked: AtomicUsize,
    /// Numbers of entries, by hash and then by age.
    sorted: OnceLock<Vec<u32>>,
}

impl<T: Copy> Index<T> {
    /// Adds a place. Two names of one hash are the caller's to tell apart.
    pub(super) fn add(&mut self, hash: u64, place: T) {
        self.sorted.take();
        self.hashes.push(hash);
        self.places.push(place);
    }

    /// The place that was added last for a hash.
    pub(super) fn last(&self, hash: u64) -> Option<T> {
        let found = match self.is_worth_sorting() {
            true => self.group(hash).last().map(|&number| number as usize),
            false => self.hashes.iter().rposition(|&other| other == hash),
        };
        found.map(|number| self.places[number])
    }

    /// Every place for a hash, the oldest first.
    pub(super) fn all(&self, hash: u64) -> Vec<T> {
        if self.is_worth_sorting() {
            let group = self.group(hash).iter();
            return group.map(|&number| self.places[number as usize]).collect();
        }
        let all = self.hashes.iter().zip(&self.places);
        all.filter(|(other, _)| **other == hash)
            .map(|(_, &place)| place)
            .collect()
    }

    fn group(&self, hash: u64) -> &[u32] {
        let sorted = self.sorted();
        let hash_of = |number: &u32| self.hashes[*number as usize];
        let start = sorted.partition_point(|number| hash_of(number) < hash);
        let end = sorted.partition_point(|number| hash_of(number) <= hash);
        &sorted[start..end]
    }

    /// Every place, the oldest first.
    pub(super) fn places(&self) -> &[T] {
        &self.places
    }

    /// The places of each hash, the oldest first; the hashes in no order.
    pub(super) fn groups(
        &self,
    ) -> impl Iterator<Item = impl DoubleEndedIterator<Item = T> + ExactSizeIterator> {
        let groups = self.numbers_by_hash();
        groups.map(|group| group.iter().map(|&number| self.places[number as usize]))
    }

    /// Every hash and place, by hash and then by age.
    pub(super) fn by_hash(&self) -> impl Iterator<Item = (u64, T)> {
        let sorted = self.sorted().iter().map(|&number| number as usize);
        sorted.map(|number| (self.hashes[number], self.places[number]))
    }

    /// Every hash and the place that was added last for it, by hash.
    pub(super) fn last_by_hash(&self) -> impl Iterator<Item = (u64, T)> {
        let last = self.numbers_by_hash().filter_map(|group| group.last());
        let last = last.map(|&number| number as usize);
        last.map(|number| (self.hashes[number], self.places[number]))
    }

    /// The numbers of the entries of each hash.
    fn numbers_by_hash(&self) -> impl Iterator<Item = &[u32]> {
        let same =
            |one: &u32, other: &u32| self.hashes[*one as usize] == self.hashes[*other as usize];
        self.sorted().chunk_by(same)
    }

    fn is_worth_sorting(&self) -> bool {
        self.sorted.get().is_some() || self.asked.fetch_add(1, Ordering::Relaxed) >= FEW
    }

    fn sorted(&self) -> &[u32] {
        self.sorted.get_or_init(|| {
            let mut order: Vec<u32> = (0..self.hashes.len() as u32).collect();
            order.sort_unstable_by_key(|&number| (self.hashes[number as usize], number));
            order
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_questions_and_many_have_the_same_answers() {
        let mut index = Index::default();
        for number in 0..300_u32 {
            index.add(u64::from(number % 100), number);
        }
        assert_eq!(index.all(7), [7, 107, 207], "looked through");
        for _ in 0..2 {
            for hash in 0..100 {
                assert_eq!(index.last(hash), Some(hash as u32 + 200));
            }
        }
        assert!(index.sorted.get().is_some(), "it was worth it");
        assert_eq!(index.last(100), None);
        assert_eq!(index.all(7), [7, 107, 207]);
        assert_eq!(index.places().len(), 300);
        let mut groups: Vec<Vec<u32>> = index.groups().map(Iterator::collect).collect();
        groups.sort_unstable();
        assert_eq!(groups.len(), 100);
        assert_eq!(groups[7], [7, 107, 207]);
        index.add(7, 999);
        assert_eq!(index.last(7), Some(999), "what is added later counts");
    }
}
