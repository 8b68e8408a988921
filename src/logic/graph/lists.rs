//! Many lists of numbers, one after the other, as a run of all numbers and a run of where each list ends.
//!
//! Does not know what the numbers are.

/// See the module. Lists are filled in order: numbers are pushed, then the list is closed.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Where each closed list ends in `items`.
    pub(super) ends: Vec<u32>,
    pub(super) items: Vec<u32>,
}

impl Lists {
    /// Room for so many lists.
    pub(super) fn for_lists(count: usize) -> Self {
        Lists {
            ends: Vec::with_capacity(count),
            items: Vec::with_capacity(count),
        }
    }

    /// Adds to the list that is being filled.
    pub(super) fn push(&mut self, item: u32) {
        self.items.push(item);
    }

    /// Ends the list that is being filled.
    pub(super) fn close(&mut self) {
        let end = u32::try_from(self.items.len()).expect("under four billion uses");
        self.ends.push(end);
    }

    /// Sorts the list that is being filled, each number once, and ends it.
    pub(super) fn close_as_set(&mut self) {
        let start = self.ends.last().map_or(0, |&end| end as usize);
        if self.items.len() - start > 1 {
            self.items[start..].sort_unstable();
            let mut kept = start;
            for at in start..self.items.len() {
                if kept == start || self.items[kept - 1] != self.items[at] {
                    self.items[kept] = self.items[at];
                    kept += 1;
                }
            }
            self.items.truncate(kept);
        }
        self.close();
    }

    /// A closed list.
    pub(super) fn of(&self, list: usize) -> &[u32] {
        let start = match list {
            0 => 0,
            list => self.ends[list - 1] as usize,
        };
        &self.items[start..self.ends[list] as usize]
    }

    /// How many lists are closed.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// For each number below [`Lists::len`], the lists that hold it, in order.
    pub(super) fn reversed(&self) -> Lists {
        self.reversed_for(self.len(), u32::MAX)
    }

    /// For each number below `count`, the lists that hold it, in order. A number is what `mask` leaves of an item.
    pub(super) fn reversed_for(&self, count: usize, mask: u32) -> Lists {
        let mut ends = vec![0; count];
        for &item in &self.items {
            ends[(item & mask) as usize] += 1;
        }
        let mut sum = 0;
        for end in &mut ends {
            // Where the list starts, for now; filling moves it to its end.
            (sum, *end) = (sum + *end, sum);
        }
        let mut items = vec![0; self.items.len()];
        for list in 0..self.len() {
            for item in self.of(list).iter().map(|item| item & mask) {
                items[ends[item as usize] as usize] = list as u32;
                ends[item as usize] += 1;
            }
        }
        Lists { ends, items }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_kept_apart_and_turned_around() {
        let mut lists = Lists::for_lists(3);
        [2, 1, 2].into_iter().for_each(|item| lists.push(item));
        lists.close_as_set();
        lists.close();
        lists.push(1);
        lists.close_as_set();
        let all: Vec<&[u32]> = (0..3).map(|list| lists.of(list)).collect();
        assert_eq!(all, [&[1, 2][..], &[], &[1]]);
        let users = lists.reversed();
        let all: Vec<&[u32]> = (0..3).map(|list| users.of(list)).collect();
        assert_eq!(all, [&[][..], &[0, 2], &[0]]);
        let masked = lists.reversed_for(2, 1);
        assert_eq!((masked.of(0), masked.of(1)), (&[0][..], &[0, 2][..]));
    }
}
