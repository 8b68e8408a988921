//! A set of items out of a fixed number, that answers: which is the most urgent, and which is the most urgent of those
//! that take at most so long?
//!
//! Items are called by rank, the most urgent is 0. Does not know why one asks.

/// No item.
const NOBODY: u32 = u32::MAX;

/// A tree over all items in the order of their durations; each inner place holds the lowest rank below it.
#[derive(Debug)]
pub(super) struct Tournament {
    /// Durations of all items, ascending.
    durations: Vec<u64>,
    /// Where among them each rank has its place.
    place: Vec<u32>,
    /// `1` is the top, `n`'s children are `2n` and `2n + 1`, the second half are the places.
    lowest: Vec<u32>,
}

impl Tournament {
    /// An empty set, which may hold the ranks of `durations`.
    pub(super) fn new(durations: &[u64]) -> Self {
        let mut order: Vec<u32> = (0..durations.len() as u32).collect();
        order.sort_unstable_by_key(|&rank| (durations[rank as usize], rank));
        let mut place = vec![0; durations.len()];
        for (at, &rank) in order.iter().enumerate() {
            place[rank as usize] = at as u32;
        }
        Tournament {
            durations: order.iter().map(|&rank| durations[rank as usize]).collect(),
            place,
            lowest: vec![NOBODY; 2 * durations.len()],
        }
    }

    /// Adds an item.
    pub(super) fn insert(&mut self, rank: u32) {
        self.set(rank, rank);
    }

    /// Takes an item out.
    pub(super) fn remove(&mut self, rank: u32) {
        self.set(rank, NOBODY);
    }

    /// The lowest rank in the set.
    pub(super) fn best(&self) -> Option<u32> {
        self.lowest.get(1).copied().filter(|&rank| rank != NOBODY)
    }

    /// The lowest rank among those that take at most `longest`.
    pub(super) fn best_within(&self, longest: u64) -> Option<u32> {
        let size = self.durations.len();
        let (mut left, mut right) = (
            size,
            size + self.durations.partition_point(|&time| time <= longest),
        );
        let mut best = NOBODY;
        // Upwards from both ends of the range, taking in each subtree that lies wholly inside.
        while left < right {
            if left % 2 == 1 {
                best = best.min(self.lowest[left]);
                left += 1;
            }
            if right % 2 == 1 {
                right -= 1;
                best = best.min(self.lowest[right]);
            }
            left /= 2;
            right /= 2;
        }
        (best != NOBODY).then_some(best)
    }

    fn set(&mut self, rank: u32, value: u32) {
        let mut at = self.durations.len() + self.place[rank as usize] as usize;
        self.lowest[at] = value;
        while at > 1 {
            at /= 2;
            self.lowest[at] = self.lowest[2 * at].min(self.lowest[2 * at + 1]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_one_has_no_best() {
        assert_eq!(Tournament::new(&[]).best(), None);
        assert_eq!(Tournament::new(&[]).best_within(9), None);
        assert_eq!(Tournament::new(&[1]).best(), None);
    }

    /// Every subset of seven items, compared with a plain search.
    #[test]
    fn answers_as_a_plain_search_does() {
        let durations = [5, 0, 3, 9, 3, 1, 7];
        for set in 0_u32..1 << durations.len() {
            let holds = |rank: &u32| set & 1 << rank != 0;
            let ranks = || (0..durations.len() as u32).filter(holds);
            let mut tournament = Tournament::new(&durations);
            (0..durations.len() as u32).for_each(|rank| tournament.insert(rank));
            (0..durations.len() as u32)
                .filter(|rank| !holds(rank))
                .for_each(|rank| tournament.remove(rank));
            assert_eq!(tournament.best(), ranks().next());
            for longest in 0..=10 {
                let want = ranks().find(|&rank| durations[rank as usize] <= longest);
                assert_eq!(
                    tournament.best_within(longest),
                    want,
                    "set {set:b}, at most {longest}"
                );
            }
        }
    }
}
