//! The rules of the queue, one at a time.

use super::*;
use Exclusive::{Alone, Group, No};

fn slots(jobs: u32, items: &[(u64, Exclusive)]) -> Slots {
    let plain = Demand::default();
    let kinds = items
        .iter()
        .map(|&(weight, exclusive)| (weight, exclusive, &plain));
    let mut slots = Slots::new(jobs, &[], kinds);
    (0..items.len() as u32).for_each(|rank| slots.queue(rank));
    slots
}

fn all(slots: &mut Slots, now_ms: u64) -> Vec<u32> {
    std::iter::from_fn(|| slots.start(now_ms)).collect()
}

#[test]
fn before_one_alone_only_what_ends_before_the_longest_runner_starts() {
    let mut slots = slots(
        2,
        &[
            (100, No),
            (50, Alone),
            (200, No),
            (0, No),
            (101, No),
            (60, No),
            (40, No),
        ],
    );
    assert_eq!(all(&mut slots, 0), [0, 5]);
    slots.end(5);
    assert_eq!(all(&mut slots, 60), [6], "40 ms are left");
    slots.end(6);
    assert_eq!(all(&mut slots, 90), [0u32; 0], "10 ms are left");
    slots.end(0);
    assert_eq!(all(&mut slots, 130), [1], "it runs alone");
    slots.end(1);
    assert_eq!(all(&mut slots, 180), [2, 3]);
}

#[test]
fn filling_the_gap_does_not_put_off_its_end() {
    let mut slots = slots(3, &[(100, No), (1, Alone), (90, No), (80, No), (70, No)]);
    assert_eq!(all(&mut slots, 0), [0, 2, 3]);
    slots.end(0);
    assert_eq!(
        all(&mut slots, 10),
        [4],
        "90 was the longest that still ran"
    );
    slots.end(2);
    slots.end(3);
    assert_eq!(all(&mut slots, 300), [0u32; 0]);
    slots.end(4);
    assert_eq!(all(&mut slots, 300), [1]);
}

#[test]
fn a_more_urgent_newcomer_does_not_break_off_the_draining() {
    let plain = Demand::default();
    let kinds = [(9, No, &plain), (9, No, &plain), (9, Alone, &plain)];
    let mut slots = Slots::new(2, &[], kinds.into_iter());
    slots.queue(1);
    slots.queue(2);
    assert_eq!(all(&mut slots, 0), [1]);
    slots.queue(0);
    assert_eq!(all(&mut slots, 5), [0u32; 0]);
    slots.end(1);
    assert_eq!(all(&mut slots, 9), [2]);
    slots.end(2);
    assert_eq!(all(&mut slots, 18), [0]);
}

#[test]
fn those_that_must_be_alone_follow_each_other() {
    let mut slots = slots(2, &[(9, Alone), (9, No), (9, Alone)]);
    assert_eq!(all(&mut slots, 0), [0]);
    slots.end(0);
    assert_eq!(all(&mut slots, 9), [2]);
    slots.end(2);
    assert_eq!(all(&mut slots, 18), [1]);
}

#[test]
fn a_busy_group_lets_others_pass() {
    let mut slots = slots(
        3,
        &[
            (9, Group(7)),
            (9, Group(7)),
            (9, Group(8)),
            (9, Group(7)),
            (9, No),
        ],
    );
    assert_eq!(all(&mut slots, 0), [0, 2, 4]);
    assert_eq!(slots.queued(), 2);
    slots.end(0);
    assert_eq!(all(&mut slots, 1), [1]);
    slots.end(2);
    assert_eq!(all(&mut slots, 1), [0u32; 0]);
    slots.end(1);
    assert_eq!(all(&mut slots, 1), [3]);
    assert_eq!(slots.queued(), 0);
}

#[test]
fn no_slots_count_as_one() {
    let mut slots = slots(0, &[(1, No), (1, No)]);
    assert_eq!(all(&mut slots, 0), [0]);
}

#[test]
fn room_is_made_for_the_wide_and_the_short_fill_it() {
    let wide = Demand {
        slots: 3,
        ..Demand::default()
    };
    let hungry = Demand {
        draws: vec![(0, 8)],
        ..Demand::default()
    };
    let plain = Demand::default();
    let kinds = [
        (100, No, &plain),
        (50, No, &wide),
        (200, No, &plain),
        (60, No, &plain),
        (40, No, &hungry),
        (40, No, &hungry),
    ];
    let mut slots = Slots::new(3, &[10], kinds.into_iter());
    (0..6).for_each(|rank| slots.queue(rank));
    assert_eq!(all(&mut slots, 0), [0, 3, 4], "what ends before 100");
    slots.end(3);
    slots.end(4);
    assert_eq!(all(&mut slots, 60), [5]);
    slots.end(5);
    slots.end(0);
    assert_eq!(all(&mut slots, 100), [1], "it takes every slot");
    slots.end(1);
    assert_eq!(all(&mut slots, 150), [2]);
    assert_eq!(slots.queued(), 0);
}

#[test]
fn limits_and_resources_are_never_overdrawn() {
    let few = Demand {
        limit: Some((7, 2)),
        ..Demand::default()
    };
    let half = Demand {
        draws: vec![(0, 5)],
        ..Demand::default()
    };
    let all_of_it = Demand {
        slots: 99,
        draws: vec![(0, 99)],
        ..Demand::default()
    };
    let mut kinds = vec![(9, No, &few); 3];
    kinds.extend([
        (9, No, &half),
        (9, No, &half),
        (9, No, &half),
        (9, No, &all_of_it),
    ]);
    let mut slots = Slots::new(8, &[10], kinds.into_iter());
    (0..7).for_each(|rank| slots.queue(rank));
    assert_eq!(all(&mut slots, 0), [0, 1, 3, 4]);
    slots.end(0);
    assert_eq!(all(&mut slots, 1), [2], "one of the limited may follow");
    for rank in [1, 2, 3, 4] {
        slots.end(rank);
    }
    assert_eq!(all(&mut slots, 9), [5]);
    slots.end(5);
    assert_eq!(all(&mut slots, 18), [6], "cut to what there is");
}
