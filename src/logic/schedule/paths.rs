//! Who uses whom, and how urgent each item is: the longest expected path from its start to the end of the build.
//!
//! Does not know slots, checks or failures.

use super::Item;
use std::cmp::Reverse;

/// For each item, those that name it; all lists lie in one vector, one after the other.
#[derive(Debug)]
pub(super) struct Users {
    /// Item `n`'s list is `list[starts[n]..starts[n + 1]]`.
    starts: Vec<usize>,
    list: Vec<u32>,
}

impl Users {
    /// Turns `named`, for each of `count` items the items that it names, around.
    pub(super) fn new<'a>(count: usize, named: impl Iterator<Item = &'a [u32]> + Clone) -> Self {
        let mut starts = vec![0; count + 1];
        for &target in named.clone().flatten() {
            starts[target as usize + 1] += 1;
        }
        for place in 0..count {
            starts[place + 1] += starts[place];
        }
        let mut list = vec![0; starts[count]];
        let mut filled = starts.clone();
        for (user, targets) in named.enumerate() {
            for &target in targets {
                list[filled[target as usize]] = user as u32;
                filled[target as usize] += 1;
            }
        }
        Users { starts, list }
    }

    /// The users of `item`.
    pub(super) fn of(&self, item: u32) -> &[u32] {
        &self.list[self.starts[item as usize]..self.starts[item as usize + 1]]
    }
}

/// What follows from the items alone: worked out once a build, and only read from then on.
#[derive(Debug)]
pub(super) struct Ways {
    pub(super) need_users: Users,
    pub(super) after_users: Users,
    /// How many items each one names.
    pub(super) named: Vec<u32>,
    /// The most urgent first.
    pub(super) by_urgency: Vec<u32>,
    /// From the start of each to the end of the build, in milliseconds.
    pub(super) longest: Vec<u64>,
}

impl Ways {
    pub(super) fn of(items: &[Item]) -> Self {
        let need_users = Users::new(items.len(), items.iter().map(|item| &*item.needs));
        let after_users = Users::new(items.len(), items.iter().map(|item| &*item.after));
        let named: Vec<u32> = items
            .iter()
            .map(|item| (item.needs.len() + item.after.len()) as u32)
            .collect();
        let weights: Vec<u64> = items.iter().map(|item| item.weight).collect();
        let (by_urgency, longest) = by_urgency(&weights, &named, &need_users, &after_users);
        Ways {
            need_users,
            after_users,
            named,
            by_urgency,
            longest,
        }
    }
}

/// All items, the start of the longest remaining path first; of two alike, the one with the lower number. And how long
/// that path is, by item.
///
/// An item whose duration is not known counts as the shortest, so that with no history at all depth decides.
/// `pending` is how many items each one names.
fn by_urgency(
    weights: &[u64],
    pending: &[u32],
    needs: &Users,
    after: &Users,
) -> (Vec<u32>, Vec<u64>) {
    let mut path: Vec<u64> = weights.iter().map(|&weight| weight.max(1)).collect();
    let order = users_last(pending, needs, after);
    debug_assert_eq!(
        order.len(),
        path.len(),
        "items that need each other in a circle"
    );
    for &item in order.iter().rev() {
        let users = needs.of(item).iter().chain(after.of(item));
        let longest = users.map(|&user| path[user as usize]).max().unwrap_or(0);
        path[item as usize] = path[item as usize].saturating_add(longest);
    }
    let mut items: Vec<u32> = (0..path.len() as u32).collect();
    items.sort_unstable_by_key(|&item| (Reverse(path[item as usize]), item));
    (items, path)
}

/// The items so that each comes before its users.
fn users_last(pending: &[u32], needs: &Users, after: &Users) -> Vec<u32> {
    let mut pending = pending.to_vec();
    let mut order: Vec<u32> = (0..pending.len() as u32)
        .filter(|&item| pending[item as usize] == 0)
        .collect();
    let mut done = 0;
    while let Some(&item) = order.get(done) {
        done += 1;
        for &user in needs.of(item).iter().chain(after.of(item)) {
            pending[user as usize] -= 1;
            if pending[user as usize] == 0 {
                order.push(user);
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn urgency(weights: &[u64], needs: &[&[u32]], after: &[&[u32]]) -> Vec<u32> {
        let pending: Vec<u32> = needs
            .iter()
            .zip(after)
            .map(|(n, a)| (n.len() + a.len()) as u32)
            .collect();
        let users = |named: &[&[u32]]| Users::new(weights.len(), named.iter().copied());
        by_urgency(weights, &pending, &users(needs), &users(after)).0
    }

    #[test]
    fn the_longest_remaining_path_comes_first() {
        // 1 alone is longer than 0, but 0 has 2 behind it.
        assert_eq!(
            urgency(&[3, 5, 4], &[&[], &[], &[0]], &[&[], &[], &[]]),
            [0, 1, 2]
        );
        // An edge of order makes one wait just as well.
        assert_eq!(
            urgency(&[3, 5, 4], &[&[], &[], &[]], &[&[], &[], &[0]]),
            [0, 1, 2]
        );
        assert_eq!(
            urgency(&[3, 5, 4], &[&[], &[], &[]], &[&[], &[], &[]]),
            [1, 2, 0]
        );
    }

    #[test]
    fn with_no_history_the_deepest_comes_first_then_the_number() {
        assert_eq!(
            urgency(&[0; 4], &[&[], &[], &[1], &[]], &[&[] as &[u32]; 4]),
            [1, 0, 2, 3]
        );
    }

    #[test]
    fn absurd_weights_do_not_overflow() {
        assert_eq!(
            urgency(&[u64::MAX, u64::MAX], &[&[], &[0]], &[&[], &[]]),
            [0, 1]
        );
    }
}
