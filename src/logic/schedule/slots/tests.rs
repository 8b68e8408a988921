//! The rules of the queue, one at a time.

use super::*;
use crate::logic::schedule::Demand;

fn plain(weight: u64) -> Item {
    Item {
        needs: Vec::new(),
        after: Vec::new(),
        demand: Demand::default(),
        weight,
    }
}

fn with(weight: u64, change: impl FnOnce(&mut Demand)) -> Item {
    let mut item = plain(weight);
    change(&mut item.demand);
    item
}

fn alone(weight: u64) -> Item {
    with(weight, |demand| demand.alone = true)
}

fn wide(weight: u64, slots: u32) -> Item {
    with(weight, |demand| demand.slots = slots)
}

fn limited(weight: u64, limit: (u32, u32)) -> Item {
    with(weight, |demand| demand.limit = Some(limit))
}

fn drawing(weight: u64, draws: &[(u32, u64)]) -> Item {
    with(weight, |demand| demand.draws = draws.to_vec())
}

/// Nothing is queued; everything is pressing.
fn empty(jobs: u32, resources: &[u64], items: &[Item]) -> Slots {
    let limits = Limits {
        jobs,
        keep_going: false,
        resources: resources.to_vec(),
    };
    Slots::new(&limits, vec![u64::MAX; items.len()], items.iter())
}

/// All are queued.
fn slots(jobs: u32, resources: &[u64], items: &[Item]) -> Slots {
    let mut slots = empty(jobs, resources, items);
    (0..items.len() as u32).for_each(|rank| slots.queue(rank));
    slots
}

fn all(slots: &mut Slots, now_ms: u64) -> Vec<u32> {
    std::iter::from_fn(|| slots.start(now_ms)).collect()
}

fn end(slots: &mut Slots, ranks: &[u32]) {
    ranks.iter().for_each(|&rank| slots.end(rank, false));
}

const NOBODY: [u32; 0] = [];

#[test]
fn before_one_alone_only_what_ends_before_the_longest_runner_starts() {
    let items = [
        plain(100),
        alone(50),
        plain(200),
        plain(0),
        plain(101),
        plain(60),
        plain(40),
    ];
    let mut slots = slots(2, &[], &items);
    assert_eq!(all(&mut slots, 0), [0, 5]);
    end(&mut slots, &[5]);
    assert_eq!(all(&mut slots, 60), [6], "40 ms are left");
    end(&mut slots, &[6]);
    assert_eq!(all(&mut slots, 90), NOBODY, "10 ms are left");
    end(&mut slots, &[0]);
    assert_eq!(all(&mut slots, 130), [1], "it runs alone");
    end(&mut slots, &[1]);
    assert_eq!(all(&mut slots, 180), [2, 3]);
}

#[test]
fn filling_the_gap_does_not_put_off_its_end() {
    let items = [plain(100), alone(1), plain(90), plain(80), plain(70)];
    let mut slots = slots(3, &[], &items);
    assert_eq!(all(&mut slots, 0), [0, 2, 3]);
    end(&mut slots, &[0]);
    assert_eq!(
        all(&mut slots, 10),
        [4],
        "90 was the longest that still ran"
    );
    end(&mut slots, &[2, 3]);
    assert_eq!(all(&mut slots, 300), NOBODY);
    end(&mut slots, &[4]);
    assert_eq!(all(&mut slots, 300), [1]);
}

#[test]
fn a_more_urgent_newcomer_does_not_break_off_the_draining() {
    let mut slots = empty(2, &[], &[plain(9), plain(9), alone(9)]);
    slots.queue(1);
    slots.queue(2);
    assert_eq!(all(&mut slots, 0), [1]);
    slots.queue(0);
    assert_eq!(all(&mut slots, 5), NOBODY);
    end(&mut slots, &[1]);
    assert_eq!(all(&mut slots, 9), [2]);
    end(&mut slots, &[2]);
    assert_eq!(all(&mut slots, 18), [0]);
}

#[test]
fn a_more_urgent_one_of_its_kind_takes_the_place_that_is_kept() {
    for kind in [alone(9), wide(9, 2)] {
        let mut slots = empty(3, &[], &[kind.clone(), wide(9, 2), kind]);
        slots.queue(1);
        slots.queue(2);
        assert_eq!(all(&mut slots, 0), [1]);
        slots.queue(0);
        assert_eq!(all(&mut slots, 5), NOBODY);
        end(&mut slots, &[1]);
        assert_eq!(all(&mut slots, 9), [0]);
    }
}

#[test]
fn those_that_must_be_alone_follow_each_other() {
    let mut slots = slots(2, &[], &[alone(9), plain(9), wide(9, 2), alone(9)]);
    for (now, rank) in [(0, 0), (9, 2), (18, 3), (27, 1)] {
        assert_eq!(all(&mut slots, now), [rank]);
        end(&mut slots, &[rank]);
    }
}

#[test]
fn one_alone_lets_others_pass_until_it_is_pressing() {
    let items = [plain(10), alone(10), plain(10), plain(10), plain(10)];
    let limits = Limits {
        jobs: 2,
        keep_going: false,
        resources: Vec::new(),
    };
    // Twice on two slots, its way takes four times as long as it says.
    let mut slots = Slots::new(&limits, vec![40, 5, 4, 3, 2], items.iter());
    (0..5).for_each(|rank| slots.queue(rank));
    assert_eq!(all(&mut slots, 0), [0, 2], "30 ms of others were left");
    end(&mut slots, &[0]);
    assert_eq!(all(&mut slots, 10), NOBODY, "now 20 ms are left");
    end(&mut slots, &[2]);
    assert_eq!(all(&mut slots, 10), [1]);
    end(&mut slots, &[1]);
    assert_eq!(all(&mut slots, 20), [3, 4]);

    let mut slots = Slots::new(&limits, vec![40, 5, 4, 3, 2], items.iter());
    (0..5).for_each(|rank| slots.queue(rank));
    assert_eq!(all(&mut slots, 0), [0, 2]);
    [3, 4].into_iter().for_each(|rank| slots.forget(rank));
    end(&mut slots, &[0]);
    assert_eq!(all(&mut slots, 10), NOBODY, "what will not run is no work");
}

#[test]
fn a_full_line_lets_others_pass() {
    let items = [
        limited(9, (7, 1)),
        limited(9, (7, 1)),
        limited(9, (8, 1)),
        limited(9, (7, 1)),
        plain(9),
    ];
    let mut slots = slots(3, &[], &items);
    assert_eq!(all(&mut slots, 0), [0, 2, 4]);
    assert_eq!(slots.queued(), 2);
    end(&mut slots, &[0]);
    assert_eq!(all(&mut slots, 1), [1]);
    end(&mut slots, &[2]);
    assert_eq!(all(&mut slots, 1), NOBODY);
    end(&mut slots, &[1]);
    assert_eq!(all(&mut slots, 1), [3]);
    assert_eq!(slots.queued(), 0);
}

#[test]
fn no_slots_count_as_one() {
    let mut slots = slots(0, &[], &[plain(1), plain(1)]);
    assert_eq!(all(&mut slots, 0), [0]);
}

#[test]
fn room_is_made_for_the_wide_and_the_short_fill_it() {
    let hungry = || drawing(40, &[(0, 8)]);
    let items = [
        plain(100),
        wide(50, 2),
        wide(200, 2),
        plain(160),
        hungry(),
        hungry(),
        plain(70),
    ];
    let mut slots = slots(3, &[10], &items);
    assert_eq!(all(&mut slots, 0), [0, 1]);
    assert_eq!(all(&mut slots, 40), NOBODY);
    end(&mut slots, &[1]);
    assert_eq!(all(&mut slots, 50), [2]);
    end(&mut slots, &[0]);
    assert_eq!(all(&mut slots, 100), [3], "nobody else is more urgent");
    end(&mut slots, &[2]);
    assert_eq!(all(&mut slots, 250), [4, 6], "5 finds nothing to draw on");
    end(&mut slots, &[3, 4, 6]);
    assert_eq!(all(&mut slots, 330), [5]);
    assert_eq!(slots.queued(), 0);
}

#[test]
fn what_the_one_for_whom_room_is_made_does_not_need_is_used_meanwhile() {
    let items = [
        drawing(100, &[(0, 6)]),
        drawing(50, &[(0, 8)]),
        plain(500),
        drawing(500, &[(0, 2)]),
        drawing(500, &[(0, 1)]),
        drawing(100, &[(0, 2)]),
    ];
    let mut slots = slots(5, &[10], &items);
    // 1 waits for 0. Beside it 2 of the resource and all slots but one will be left over, whatever runs then.
    assert_eq!(all(&mut slots, 0), [0, 2, 3, 5]);
    end(&mut slots, &[2]);
    assert_eq!(all(&mut slots, 50), NOBODY, "4 would draw on what is kept");
    end(&mut slots, &[0, 5]);
    assert_eq!(all(&mut slots, 100), [1]);
    end(&mut slots, &[1]);
    assert_eq!(all(&mut slots, 150), [4]);
}

/// A stream of narrow items, each more urgent than the wide one, starts beside it but never in its place.
#[test]
fn a_wide_one_waits_for_those_that_run_and_for_nobody_else() {
    let mut items = vec![plain(10); 50];
    items.push(wide(10, 3));
    let mut slots = empty(4, &[], &items);
    (0..4).for_each(|rank| slots.queue(rank));
    assert_eq!(all(&mut slots, 0), [0, 1, 2, 3]);
    slots.queue(50);
    end(&mut slots, &[0]);
    assert_eq!(
        all(&mut slots, 4),
        NOBODY,
        "room is made, for one more later"
    );
    (4..50).for_each(|rank| slots.queue(rank));
    assert_eq!(
        all(&mut slots, 4),
        [4],
        "it takes the slot that will be left over"
    );
    end(&mut slots, &[1, 2, 3]);
    assert_eq!(all(&mut slots, 10), [50]);
}

#[test]
fn the_place_that_a_line_keeps_for_one_is_taken_by_nobody() {
    // 1 stands in a line with 2 and waits for slots; 2 would be done in time, but might be late.
    let kept = with(10, |demand| {
        demand.slots = 3;
        demand.limit = Some((5, 1));
    });
    let mut slots = empty(4, &[], &[limited(1, (5, 1)), plain(10), plain(10), kept]);
    [1, 2, 3].into_iter().for_each(|rank| slots.queue(rank));
    assert_eq!(all(&mut slots, 0), [1, 2]);
    slots.queue(0);
    assert_eq!(all(&mut slots, 1), NOBODY);
    end(&mut slots, &[1]);
    assert_eq!(all(&mut slots, 2), [3]);
    end(&mut slots, &[3]);
    assert_eq!(all(&mut slots, 3), [0]);
}

#[test]
fn limits_and_resources_are_never_overdrawn() {
    let mut items = vec![limited(9, (7, 2)); 3];
    items.extend([5, 5, 5].map(|half| drawing(9, &[(0, half)])));
    items.push(with(9, |demand| {
        demand.slots = 7;
        demand.draws = vec![(0, 99)];
    }));
    let mut slots = slots(8, &[10], &items);
    assert_eq!(all(&mut slots, 0), [0, 1, 3, 4]);
    end(&mut slots, &[0]);
    assert_eq!(all(&mut slots, 1), [2], "one of the limited may follow");
    end(&mut slots, &[1, 2, 3, 4]);
    assert_eq!(all(&mut slots, 9), [5]);
    end(&mut slots, &[5]);
    assert_eq!(all(&mut slots, 18), [6], "cut to what there is");
}

#[test]
fn another_try_gives_back_what_the_first_took() {
    let taking = with(9, |demand| {
        demand.limit = Some((1, 1));
        demand.draws = vec![(0, 10)];
    });
    let mut slots = slots(2, &[10], &[taking.clone(), taking]);
    assert_eq!(all(&mut slots, 0), [0]);
    slots.end(0, true);
    assert_eq!((all(&mut slots, 9), slots.queued()), (vec![0], 1));
    end(&mut slots, &[0]);
    assert_eq!(all(&mut slots, 18), [1]);
}
