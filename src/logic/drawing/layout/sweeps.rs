//! In which order things stand in a column, so that few lines cross: each goes to the mean place of its neighbours in
//! the column before, there and back a few times; the best order is kept.
//!
//! Knows columns and neighbours only.

use super::Thing;

const SWEEPS: usize = 10;
/// Above so many lines the sweeps are fewer: there is no picture left that they could make clear.
const MANY: usize = 50_000;

/// By column, its things from the top.
pub(super) fn order(things: &[Thing], columns: usize) -> Vec<Vec<u32>> {
    let mut rows: Vec<Vec<u32>> = vec![Vec::new(); columns];
    for thing in from_the_left(things) {
        rows[things[thing as usize].column as usize].push(thing);
    }
    let mut place = vec![0.0f64; things.len()];
    for row in &rows {
        number(row, &mut place);
    }
    let lines: usize = things.iter().map(|thing| thing.right.len()).sum();
    let mut best = (crossings(things, &rows, &place), rows.clone());
    let sweeps = if lines > MANY { 2 } else { SWEEPS };
    for sweep in 0..sweeps {
        if best.0 == 0 {
            break;
        }
        let rightward = sweep % 2 == 0;
        for step in 0..columns {
            let column = if rightward { step } else { columns - 1 - step };
            sort(&mut rows[column], things, rightward, &mut place);
        }
        let count = crossings(things, &rows, &place);
        if count < best.0 {
            best = (count, rows.clone());
        }
    }
    best.1
}

/// All things, each after one that it is joined to where there is one: so a first order keeps together what belongs
/// together.
fn from_the_left(things: &[Thing]) -> Vec<u32> {
    let mut seen = vec![false; things.len()];
    let mut order = Vec::with_capacity(things.len());
    let mut stack = Vec::new();
    for start in 0..things.len() as u32 {
        if !things[start as usize].left.is_empty() || seen[start as usize] {
            continue;
        }
        stack.push(start);
        while let Some(thing) = stack.pop() {
            if std::mem::replace(&mut seen[thing as usize], true) {
                continue;
            }
            order.push(thing);
            let next = things[thing as usize].right.iter().rev();
            stack.extend(next.filter(|&&other| !seen[other as usize]));
        }
    }
    // What hangs on a line without a place of its own has things at its left that never lead to it.
    order.extend((0..things.len() as u32).filter(|&thing| !seen[thing as usize]));
    order
}

fn number(row: &[u32], place: &mut [f64]) {
    for (at, &thing) in row.iter().enumerate() {
        place[thing as usize] = at as f64;
    }
}

fn sort(row: &mut [u32], things: &[Thing], rightward: bool, place: &mut [f64]) {
    let mut keyed: Vec<(f64, u32)> = row
        .iter()
        .map(|&thing| {
            let of = &things[thing as usize];
            let near = if rightward { &of.left } else { &of.right };
            let sum: f64 = near.iter().map(|&other| place[other as usize]).sum();
            let mean = match near.len() {
                0 => place[thing as usize],
                count => sum / count as f64,
            };
            (mean, thing)
        })
        .collect();
    keyed.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (at, (_, thing)) in keyed.into_iter().enumerate() {
        row[at] = thing;
    }
    number(row, place);
}

/// How often lines cross, between each column and the next.
fn crossings(things: &[Thing], rows: &[Vec<u32>], place: &[f64]) -> u64 {
    let mut count = 0;
    let mut ends: Vec<usize> = Vec::new();
    for pair in rows.windows(2) {
        let mut tree = vec![0u32; pair[1].len() + 1];
        let mut told = 0u64;
        for &thing in &pair[0] {
            ends.clear();
            let right = things[thing as usize].right.iter();
            ends.extend(right.map(|&other| place[other as usize] as usize));
            for &end in &ends {
                count += told - up_to(&tree, end);
            }
            for &end in &ends {
                add(&mut tree, end);
            }
            told += ends.len() as u64;
        }
    }
    count
}

/// How many ends lie at `end` or above it: a Fenwick tree.
fn up_to(tree: &[u32], end: usize) -> u64 {
    let mut at = end + 1;
    let mut sum = 0;
    while at > 0 {
        sum += u64::from(tree[at]);
        at &= at - 1;
    }
    sum
}

fn add(tree: &mut [u32], end: usize) {
    let mut at = end + 1;
    while at < tree.len() {
        tree[at] += 1;
        at += at & at.wrapping_neg();
    }
}
