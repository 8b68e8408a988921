//! How high things stand in their column: as level with their neighbours as their order and the space between them
//! allow.
//!
//! In each column that is a least-squares problem with an order to keep; pooling things that push each other solves it
//! exactly and in linear time. Knows columns and neighbours only.

use super::Thing;

const SWEEPS: usize = 12;
/// Above so many things the sweeps are fewer.
const MANY: usize = 30_000;

/// The upper edge of each thing; the uppermost is at 0.
pub(super) fn place(things: &[Thing], rows: &[Vec<u32>], space: f64) -> Vec<f64> {
    let mut tops = vec![0.0f64; things.len()];
    let tallest = rows
        .iter()
        .map(|row| extent(things, row, space))
        .fold(0.0, f64::max);
    for row in rows {
        let mut top = (tallest - extent(things, row, space)) / 2.0;
        for &thing in row {
            tops[thing as usize] = top;
            top += step(things, thing, space);
        }
    }
    let sweeps = if things.len() > MANY { 4 } else { SWEEPS };
    for sweep in 0..sweeps {
        // At the end both sides count, so that a card stands in the middle of all that it is joined to.
        let sides = match (sweep + 2 < sweeps, sweep % 2 == 0) {
            (true, true) => (true, false),
            (true, false) => (false, true),
            (false, _) => (true, true),
        };
        for at in 0..rows.len() {
            let column = if sweep % 2 == 0 {
                at
            } else {
                rows.len() - 1 - at
            };
            settle(things, &rows[column], space, sides, &mut tops);
        }
    }
    let highest = tops.iter().copied().fold(f64::INFINITY, f64::min);
    for top in &mut tops {
        *top -= highest;
    }
    tops
}

/// From the upper edge of a thing to that of the next. Lines on their way need less room than cards.
fn step(things: &[Thing], thing: u32, space: f64) -> f64 {
    match things[thing as usize].height {
        0.0 => space / 2.0,
        height => height + space,
    }
}

fn extent(things: &[Thing], row: &[u32], space: f64) -> f64 {
    row.iter().map(|&thing| step(things, thing, space)).sum()
}

/// Things that touch: they move together.
struct Pool {
    first: usize,
    weight: f64,
    /// Weight times wish, summed, each wish less the way from the first thing.
    wishes: f64,
}

impl Pool {
    fn top(&self) -> f64 {
        self.wishes / self.weight
    }
}

fn settle(things: &[Thing], row: &[u32], space: f64, sides: (bool, bool), tops: &mut [f64]) {
    let mut pools: Vec<Pool> = Vec::new();
    let mut ways = Vec::with_capacity(row.len());
    let mut way = 0.0;
    for (at, &thing) in row.iter().enumerate() {
        let (wish, weight) = wish(things, thing, sides, tops);
        ways.push(way);
        let mut pool = Pool {
            first: at,
            weight,
            wishes: weight * (wish - way),
        };
        way += step(things, thing, space);
        while let Some(last) = pools.pop_if(|last| last.top() > pool.top()) {
            pool = Pool {
                first: last.first,
                weight: last.weight + pool.weight,
                wishes: last.wishes + pool.wishes,
            };
        }
        pools.push(pool);
    }
    let ends = pools
        .iter()
        .skip(1)
        .map(|pool| pool.first)
        .chain([row.len()]);
    for (pool, end) in pools.iter().zip(ends) {
        for at in pool.first..end {
            tops[row[at] as usize] = pool.top() + ways[at];
        }
    }
}

/// Where a thing would like its upper edge to be, and how much.
fn wish(things: &[Thing], thing: u32, sides: (bool, bool), tops: &[f64]) -> (f64, f64) {
    let of = &things[thing as usize];
    let left = sides.0.then_some(&of.left).into_iter().flatten();
    let right = sides.1.then_some(&of.right).into_iter().flatten();
    let (mut sum, mut weights, mut count) = (0.0, 0.0, 0.0);
    for &other in left.chain(right) {
        let near = &things[other as usize];
        // A line on its way should stay straight before anything else.
        let weight = of.weight * near.weight;
        sum += weight * (tops[other as usize] + near.height / 2.0);
        weights += weight;
        count += 1.0;
    }
    if count == 0.0 {
        return (tops[thing as usize], 0.05);
    }
    (sum / weights - of.height / 2.0, weights / f64::sqrt(count))
}
