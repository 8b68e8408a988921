//! What the scheduler's decisions cost in large graphs, wide and deep, plain and with every demand different.
//!
//! Does not judge the decisions.

use crate::graphs::Random;
use pipe::logic::schedule::{Demand, Item, Limits, News, Order, Scheduler};
use std::time::Instant;

const ITEMS: u32 = 100_000;
const JOBS: u32 = 16;
const MIB: u64 = 1 << 20;

/// Prints the second table.
pub(crate) fn table() {
    println!("\n{ITEMS} items, {JOBS} jobs, the best of three:\n");
    println!("| graph | to set up, ms | to decide, ms | per item, µs |");
    println!("|---|---|---|---|");
    row("wide, plain", &wide(|_, _| {}));
    row("a chain", &chain());
    row("layers of 1,000", &layers());
    row(
        "wide, 1 in 20 alone",
        &wide(|random, demand| demand.alone = random.below(20) == 0),
    );
    row(
        "wide, 100 words",
        &wide(|random, demand| demand.limit = Some((random.below(100) as u32, 1))),
    );
    row(
        "wide, 50,000 limits",
        &wide(|random, demand| demand.limit = Some((random.below(50_000) as u32, 1))),
    );
    row(
        "wide, each with its own share of one resource",
        &wide(|random, demand| demand.draws = vec![(0, 1 + random.below(16 * 1024 * MIB))]),
    );
    row(
        "wide, slots and shares of three resources",
        &wide(|random, demand| {
            demand.slots = 1 + random.below(4) as u32;
            let mut draw = |resource| (resource, 1 + random.below(16 * 1024 * MIB));
            demand.draws = vec![draw(0), draw(1), draw(2)];
        }),
    );
    row(
        "wide, all of it",
        &wide(|random, demand| {
            demand.alone = random.below(100) == 0;
            demand.slots = 1 + random.below(4) as u32;
            demand.limit = (random.below(3) == 0).then(|| (random.below(50) as u32, 2));
            demand.draws = (0..3)
                .map(|resource| (resource, 1 + random.below(8 * 1024 * MIB)))
                .collect();
        }),
    );
}

fn item(random: &mut Random, needs: Vec<u32>) -> Item {
    Item {
        needs,
        after: Vec::new(),
        demand: Demand::default(),
        weight: 1 + random.below(60_000),
    }
}

fn wide(change: impl Fn(&mut Random, &mut Demand)) -> Vec<Item> {
    let mut random = Random::new(0);
    let mut one = || {
        let mut item = item(&mut random, Vec::new());
        change(&mut random, &mut item.demand);
        item
    };
    (0..ITEMS).map(|_| one()).collect()
}

fn chain() -> Vec<Item> {
    let mut random = Random::new(0);
    (0..ITEMS)
        .map(|number| item(&mut random, number.checked_sub(1).into_iter().collect()))
        .collect()
}

fn layers() -> Vec<Item> {
    let mut random = Random::new(0);
    let mut one = |number: u32| {
        let needs = match (number / 1000).checked_sub(1) {
            None => Vec::new(),
            Some(layer) => (0..3)
                .map(|_| 1000 * layer + random.below(1000) as u32)
                .collect(),
        };
        item(&mut random, needs)
    };
    (0..ITEMS).map(&mut one).collect()
}

fn row(name: &str, items: &[Item]) {
    let limits = Limits {
        jobs: JOBS,
        keep_going: false,
        resources: vec![64 * 1024 * MIB; 3],
    };
    let mut best = (f64::MAX, f64::MAX);
    for _ in 0..3 {
        let begun = Instant::now();
        let mut scheduler = Scheduler::new(&limits, items);
        let set_up = begun.elapsed().as_secs_f64();
        let begun = Instant::now();
        live(&mut scheduler, items);
        best.0 = best.0.min(1000.0 * set_up);
        best.1 = best.1.min(1000.0 * begun.elapsed().as_secs_f64());
    }
    println!(
        "| {name} | {:.0} | {:.0} | {:.2} |",
        best.0,
        best.1,
        1000.0 * best.1 / items.len() as f64
    );
}

/// Every command takes as long as expected.
fn live(scheduler: &mut Scheduler, items: &[Item]) {
    let mut running: Vec<(u64, u32)> = Vec::new();
    let mut now = 0;
    let mut ran = 0;
    loop {
        while let Some(order) = scheduler.next(now) {
            match order {
                Order::Check(item) => scheduler.tell(News::MustRun(item)),
                Order::Run(item) => running.push((now + items[item as usize].weight, item)),
            }
        }
        let Some(first) = (0..running.len()).min_by_key(|&at| running[at]) else {
            break;
        };
        let (end, item) = running.swap_remove(first);
        now = end;
        ran += 1;
        scheduler.tell(News::Ran(item));
    }
    assert_eq!(ran, items.len());
}
