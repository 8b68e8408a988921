//! A set of items out of a fixed number, that answers: which is the most urgent, and which is the most urgent of those
//! that take at most so much of each thing and at most so long?
//!
//! Items are called by rank, the most urgent is 0. Does not know why one asks, nor what the things are.

/// No item.
const NOBODY: u32 = u32::MAX;

/// What is asked of an item.
pub(super) struct Wanted<'a> {
    /// It takes at most so much of each thing.
    pub(super) free: &'a [u64],
    /// It also takes at most so long, or at most so much of each thing; `None` when it may take as long as it likes.
    pub(super) beside: Option<(u64, &'a [u64])>,
}

impl Wanted<'_> {
    fn allows(&self, duration: u64, amounts: &[u64]) -> bool {
        let within = |most: &[u64]| {
            amounts
                .iter()
                .zip(most)
                .all(|(amount, most)| amount <= most)
        };
        within(self.free)
            && self
                .beside
                .is_none_or(|(longest, spare)| duration <= longest || within(spare))
    }
}

/// A tree over all items; each inner place holds the lowest rank below it, and the least that anything below it may take.
#[derive(Debug)]
pub(super) struct Crowd {
    /// How many leaves, a power of two. `1` is the top, `n`'s children are `2n` and `2n + 1`, the second half are the
    /// leaves.
    leaves: usize,
    /// Which leaf each rank has.
    leaf: Vec<u32>,
    lowest: Vec<u32>,
    /// At each place, whether the items are in the set or not.
    shortest: Vec<u64>,
    /// The same for what they take: so many numbers at each place.
    least: Vec<u64>,
    things: usize,
}

impl Crowd {
    /// An empty set, which may hold the ranks of `durations`; `amounts(rank)` are the `things` numbers that it takes.
    pub(super) fn new<'a>(
        durations: &[u64],
        things: usize,
        amounts: impl Fn(u32) -> &'a [u64],
    ) -> Self {
        let count = durations.len();
        let leaves = count.next_power_of_two();
        let mut order: Vec<u32> = (0..count as u32).collect();
        let key = |rank: u32, side: usize| match side.checked_sub(1) {
            None => durations[rank as usize],
            Some(thing) => amounts(rank)[thing],
        };
        sort_alike_together(&mut order, leaves, 0, things + 1, &key);
        let mut crowd = Crowd {
            leaves,
            leaf: vec![0; count],
            lowest: vec![NOBODY; 2 * leaves],
            shortest: vec![u64::MAX; 2 * leaves],
            least: vec![u64::MAX; 2 * leaves * things],
            things,
        };
        for (place, &rank) in order.iter().enumerate() {
            let at = leaves + place;
            crowd.leaf[rank as usize] = at as u32;
            crowd.shortest[at] = durations[rank as usize];
            crowd.least[at * things..(at + 1) * things].copy_from_slice(amounts(rank));
        }
        for at in (1..leaves).rev() {
            crowd.shortest[at] = crowd.shortest[2 * at].min(crowd.shortest[2 * at + 1]);
            for thing in 0..things {
                let of = |place: usize| crowd.least[place * things + thing];
                crowd.least[at * things + thing] = of(2 * at).min(of(2 * at + 1));
            }
        }
        crowd
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
    pub(super) fn first(&self) -> Option<u32> {
        Some(self.lowest[1]).filter(|&rank| rank != NOBODY)
    }

    /// The lowest rank among those that are as wanted and for which `also` holds.
    pub(super) fn best(&self, wanted: &Wanted<'_>, also: impl Fn(u32) -> bool) -> Option<u32> {
        let mut best = NOBODY;
        let mut places = vec![1];
        while let Some(at) = places.pop() {
            let least = &self.least[at * self.things..(at + 1) * self.things];
            if self.lowest[at] >= best || !wanted.allows(self.shortest[at], least) {
                continue;
            }
            if at >= self.leaves {
                if also(self.lowest[at]) {
                    best = self.lowest[at];
                }
                continue;
            }
            // The more promising side is looked at first, so that the other can mostly be left out.
            let (left, right) = (2 * at, 2 * at + 1);
            if self.lowest[left] < self.lowest[right] {
                places.extend([right, left]);
            } else {
                places.extend([left, right]);
            }
        }
        Some(best).filter(|&rank| rank != NOBODY)
    }

    fn set(&mut self, rank: u32, value: u32) {
        let mut at = self.leaf[rank as usize] as usize;
        self.lowest[at] = value;
        while at > 1 {
            at /= 2;
            self.lowest[at] = self.lowest[2 * at].min(self.lowest[2 * at + 1]);
        }
    }
}

/// Sorts so that below each place of the tree items are alike: halves are told apart by one side after the other.
fn sort_alike_together(
    order: &mut [u32],
    leaves: usize,
    side: usize,
    sides: usize,
    key: &impl Fn(u32, usize) -> u64,
) {
    let half = leaves / 2;
    if order.len() < 2 {
        return;
    }
    let differs = |side: &usize| {
        let first = key(order[0], *side);
        order.iter().any(|&rank| key(rank, *side) != first)
    };
    let Some(side) = (side..side + sides).map(|side| side % sides).find(differs) else {
        return;
    };
    if order.len() > half {
        order.select_nth_unstable_by_key(half, |&rank| (key(rank, side), rank));
    }
    let (left, right) = order.split_at_mut(half.min(order.len()));
    sort_alike_together(left, half, side + 1, sides, key);
    sort_alike_together(right, half, side + 1, sides, key);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_one_has_no_best() {
        let nothing = Wanted {
            free: &[9],
            beside: None,
        };
        for durations in [&[][..], &[1]] {
            let crowd = Crowd::new(durations, 1, |_| &[1]);
            assert_eq!(
                (crowd.first(), crowd.best(&nothing, |_| true)),
                (None, None)
            );
        }
    }

    /// Every subset of seven items, compared with a plain search.
    #[test]
    fn answers_as_a_plain_search_does() {
        let durations = [5, 0, 3, 9, 3, 1, 7];
        let amounts = [[1, 0], [4, 0], [1, 5], [2, 9], [1, 1], [3, 3], [4, 8]];
        for set in 0_u32..1 << durations.len() {
            let holds = |rank: &u32| set & 1 << rank != 0;
            let ranks = || (0..durations.len() as u32).filter(holds);
            let mut crowd = Crowd::new(&durations, 2, |rank| &amounts[rank as usize]);
            (0..durations.len() as u32).for_each(|rank| crowd.insert(rank));
            (0..durations.len() as u32)
                .filter(|rank| !holds(rank))
                .for_each(|rank| crowd.remove(rank));
            assert_eq!(crowd.first(), ranks().next());
            for (free, spare, also) in [
                ([4, 9], [0, 0], 7),
                ([3, 5], [1, 1], 7),
                ([4, 4], [4, 0], 2),
                ([0, 9], [9, 9], 7),
            ] {
                for beside in [None, Some(0), Some(3), Some(7)] {
                    let wanted = Wanted {
                        free: &free,
                        beside: beside.map(|longest| (longest, &spare[..])),
                    };
                    let under = |rank: u32, most: [u64; 2]| {
                        let [one, other] = amounts[rank as usize];
                        one <= most[0] && other <= most[1]
                    };
                    let plain = ranks().find(|&rank| {
                        let in_time =
                            beside.is_none_or(|longest| durations[rank as usize] <= longest);
                        rank != also && under(rank, free) && (in_time || under(rank, spare))
                    });
                    assert_eq!(crowd.best(&wanted, |rank| rank != also), plain, "{set:b}");
                }
            }
        }
    }
}
