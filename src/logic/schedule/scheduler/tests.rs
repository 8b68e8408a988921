//! The life of items, step by step.

use super::*;
use crate::logic::schedule::Demand;

fn item(needs: &[u32], after: &[u32]) -> Item {
    Item {
        needs: needs.to_vec(),
        after: after.to_vec(),
        demand: Demand::default(),
        weight: 1,
    }
}

fn scheduler(keep_going: bool, items: &[Item]) -> Scheduler {
    Scheduler::new(
        &Limits {
            jobs: 4,
            keep_going,
            resources: Vec::new(),
        },
        items,
    )
}

/// Gives and answers orders until nothing is left to do; `failing` items fail, all others run.
fn run(scheduler: &mut Scheduler, failing: &[u32]) -> Vec<Order> {
    let mut orders = Vec::new();
    while !scheduler.is_done() {
        let first_new = orders.len();
        orders.extend(std::iter::from_fn(|| scheduler.next(0)));
        assert!(orders.len() > first_new, "not done, yet nothing to do");
        for &order in &orders[first_new..] {
            scheduler.tell(match order {
                Order::Check(item) => News::MustRun(item),
                Order::Run(item) if failing.contains(&item) => News::Failed(item),
                Order::Run(item) => News::Ran(item),
            });
        }
    }
    orders
}

#[test]
fn no_items_are_done_at_once() {
    let mut scheduler = scheduler(false, &[]);
    assert!(scheduler.is_done());
    assert_eq!(scheduler.next(0), None);
}

#[test]
fn a_need_runs_before_its_user_is_checked() {
    let mut scheduler = scheduler(false, &[item(&[1], &[]), item(&[], &[])]);
    let orders = run(&mut scheduler, &[]);
    assert_eq!(
        orders,
        [
            Order::Check(1),
            Order::Run(1),
            Order::Check(0),
            Order::Run(0)
        ]
    );
}

#[test]
fn a_failure_blocks_what_needs_it_and_stops_the_rest() {
    // 1 needs 0, 2 needs 1; 3 and 4 only come after nodes that end badly.
    let items = [
        item(&[], &[]),
        item(&[0], &[]),
        item(&[1], &[]),
        item(&[], &[1]),
        item(&[], &[0]),
    ];
    let mut stopping = scheduler(false, &items);
    run(&mut stopping, &[0]);
    let states: Vec<State> = (0..5).map(|item| stopping.state(item)).collect();
    let below = State::Blocked { by: 0 };
    assert_eq!(
        states,
        [State::Failed, below, below, State::Stopped, State::Stopped]
    );

    let mut going_on = scheduler(true, &items);
    run(&mut going_on, &[0]);
    let states: Vec<State> = (0..5).map(|item| going_on.state(item)).collect();
    assert_eq!(
        states,
        [State::Failed, below, below, State::Ran, State::Ran]
    );
}

#[test]
fn an_interruption_ends_when_the_last_in_flight_has_reported() {
    let mut scheduler = scheduler(true, &[item(&[], &[]), item(&[], &[]), item(&[0], &[])]);
    assert_eq!(scheduler.next(0), Some(Order::Check(0)));
    assert_eq!(scheduler.next(0), Some(Order::Check(1)));
    scheduler.tell(News::MustRun(0));
    assert_eq!(scheduler.next(0), Some(Order::Run(0)));
    scheduler.tell(News::Interrupted);
    assert_eq!((scheduler.next(0), scheduler.is_done()), (None, false));
    scheduler.tell(News::MustRun(1));
    assert_eq!(
        scheduler.state(1),
        State::Queued,
        "not stopped before the end: a failure may still block it"
    );
    scheduler.tell(News::Stopped(0));
    assert!(scheduler.is_done());
    assert!((0..3).all(|item| scheduler.state(item) == State::Stopped));
}

#[test]
fn what_is_withdrawn_takes_only_what_needs_it_along() {
    // 1 needs 0, 2 comes after 1, 3 is by itself.
    let items = [
        item(&[], &[]),
        item(&[0], &[]),
        item(&[], &[1]),
        item(&[], &[]),
    ];
    let mut scheduler = scheduler(false, &items);
    assert_eq!(scheduler.next(0), Some(Order::Check(0)));
    assert_eq!(scheduler.next(0), Some(Order::Check(3)));
    scheduler.tell(News::MustRun(0));
    scheduler.tell(News::MustRun(3));
    scheduler.next(0);
    scheduler.next(0);
    scheduler.tell(News::Withdrawn(0));
    assert_eq!(scheduler.next(0), Some(Order::Check(2)));
    scheduler.tell(News::Withdrawn(2));
    assert!(!scheduler.is_done(), "the others go on");
    scheduler.tell(News::Ran(3));
    assert!(scheduler.is_done() && !scheduler.is_halted());
    let states: Vec<State> = (0..4).map(|item| scheduler.state(item)).collect();
    assert_eq!(
        states,
        [State::Stopped, State::Stopped, State::Stopped, State::Ran]
    );
}

#[test]
fn another_try_waits_in_the_queue_like_the_first() {
    let mut scheduler = scheduler(false, &[item(&[], &[]), item(&[0], &[])]);
    assert_eq!(scheduler.next(0), Some(Order::Check(0)));
    scheduler.tell(News::MustRun(0));
    assert_eq!(scheduler.next(0), Some(Order::Run(0)));
    scheduler.tell(News::Again(0));
    assert_eq!((scheduler.is_done(), scheduler.running()), (false, 0));
    assert_eq!(scheduler.next(0), Some(Order::Run(0)));
    scheduler.tell(News::Ran(0));
    assert_eq!(scheduler.next(0), Some(Order::Check(1)));
}

/// Deep enough for any recursion to overflow the stack, wide enough for anything quadratic never to end.
#[test]
fn long_chains_and_wide_graphs_cost_no_more_than_their_size() {
    const COUNT: u32 = 100_000;
    let need_last = |n: u32| item(n.checked_sub(1).as_slice(), &[]);
    let chain: Vec<Item> = (0..COUNT).map(need_last).collect();
    assert_eq!(
        run(&mut scheduler(false, &chain), &[]).len(),
        2 * COUNT as usize
    );
    let mut failing = scheduler(true, &chain);
    assert_eq!(run(&mut failing, &[0]).len(), 2);
    assert_eq!(failing.state(COUNT - 1), State::Blocked { by: 0 });
    let wide = vec![
        Item {
            demand: Demand {
                limit: Some((0, 1)),
                ..Demand::default()
            },
            ..item(&[], &[])
        };
        COUNT as usize
    ];
    assert_eq!(
        run(&mut scheduler(false, &wide), &[]).len(),
        2 * COUNT as usize
    );
}

#[test]
fn no_slot_is_kept_free_while_a_check_is_undecided() {
    let mut items = vec![item(&[], &[]); 4];
    items[3].demand.alone = true;
    let mut scheduler = scheduler(false, &items);
    let checks = (0..4).map(|_| scheduler.next(0).expect("a check"));
    assert_eq!(checks.count(), 4);
    for first in [0, 2] {
        scheduler.tell(News::MustRun(first));
        assert_eq!(scheduler.next(0), Some(Order::Run(first)));
    }
    scheduler.tell(News::MustRun(3));
    assert_eq!(
        scheduler.next(0),
        None,
        "the check of 1 may find more to do beside them"
    );
    scheduler.tell(News::MustRun(1));
    assert_eq!(scheduler.next(0), Some(Order::Run(1)));
    assert_eq!(scheduler.next(0), None, "3 has to be alone");
}
