//! Which column each card stands in: right of all that it waits for, near to those that wait for it.
//!
//! Knows numbers only.

/// See the module.
pub(super) struct Columns {
    /// By card.
    pub(super) of: Vec<u32>,
    pub(super) count: usize,
}

impl Columns {
    /// `lines` run from lower to higher numbers. A column holds so many cards that the whole is about as high as wide;
    /// what finds no room moves on to the right.
    pub(super) fn assign(cards: usize, lines: &[(u32, u32)]) -> Columns {
        let most = (2.2 * (cards as f64).sqrt()).ceil().max(20.0) as u32;
        let by_end = grouped(cards, lines.iter().map(|&(from, to)| (to, from)));
        let by_start = grouped(cards, lines.iter().copied());
        let mut of = vec![0u32; cards];
        let mut taken: Vec<u32> = Vec::new();
        // From a full column to the next that may have room.
        let mut onward: Vec<u32> = Vec::new();
        for card in 0..cards {
            let before = by_end.of(card).iter();
            let first = before.map(|&from| of[from as usize] + 1).max().unwrap_or(0);
            let column = with_room(first, &mut onward, &mut taken, most);
            of[card] = column;
            taken[column as usize] += 1;
        }
        // What has more lines to the right than to the left is better off near to those.
        for card in (0..cards).rev() {
            let users = by_start.of(card);
            let Some(nearest) = users.iter().map(|&to| of[to as usize]).min() else {
                continue;
            };
            let column = nearest - 1;
            let is_pulled = users.len() > by_end.of(card).len();
            if is_pulled && column > of[card] && taken[column as usize] < most {
                taken[of[card] as usize] -= 1;
                taken[column as usize] += 1;
                of[card] = column;
            }
        }
        Columns::without_gaps(of, &taken)
    }

    /// Takes out columns that nothing stands in any more.
    fn without_gaps(mut of: Vec<u32>, taken: &[u32]) -> Columns {
        let mut next = 0;
        let places: Vec<u32> = taken
            .iter()
            .map(|&taken| {
                let place = next;
                next += u32::from(taken > 0);
                place
            })
            .collect();
        for column in &mut of {
            *column = places[*column as usize];
        }
        Columns {
            of,
            count: next as usize,
        }
    }
}

/// The first column from `first` on that has room.
fn with_room(first: u32, onward: &mut Vec<u32>, taken: &mut Vec<u32>, most: u32) -> u32 {
    let mut column = first;
    let mut passed = Vec::new();
    loop {
        while taken.len() <= column as usize {
            onward.push(taken.len() as u32);
            taken.push(0);
        }
        if taken[column as usize] < most {
            break;
        }
        passed.push(column);
        column = onward[column as usize].max(column + 1);
    }
    for full in passed {
        onward[full as usize] = column;
    }
    column
}

/// For each number, those that go with it, one list after the other.
pub(super) struct Grouped {
    starts: Vec<usize>,
    list: Vec<u32>,
}

impl Grouped {
    pub(super) fn of(&self, number: usize) -> &[u32] {
        &self.list[self.starts[number]..self.starts[number + 1]]
    }
}

pub(super) fn grouped(count: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Grouped {
    let mut starts = vec![0; count + 1];
    for (number, _) in pairs.clone() {
        starts[number as usize + 1] += 1;
    }
    for number in 0..count {
        starts[number + 1] += starts[number];
    }
    let mut list = vec![0; starts[count]];
    let mut filled = starts.clone();
    for (number, other) in pairs {
        list[filled[number as usize]] = other;
        filled[number as usize] += 1;
    }
    Grouped { starts, list }
}
