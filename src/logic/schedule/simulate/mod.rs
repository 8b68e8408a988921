//! Drives the scheduler through tens of thousands of random builds and checks every order against rules that are
//! written down here a second time, plainly and slowly.
//!
//! Sabotages that were tried, and the first seed that found each:
//!
//! | function | sabotage | found by |
//! |---|---|---|
//! | `Room::new` | `alone` takes its slots only: others run beside it | seed 4 |
//! | `Room::new` | shares are not cut to what there is: it never starts | seed 28 |
//! | `Room::take` | a single slot is not counted | seed 0 |
//! | `Room::fits` | looks at the slots only: a resource is overdrawn | seed 3 |
//! | `Room::when_fits` | looks at the slots only | seed 3 |
//! | `Room::when_fits` | what is kept counts as left over | seed 14 |
//! | `Lines::change` | `<` becomes `<=`: one too many of a limit | seed 8 |
//! | `Lines::change` | the last of a line is offered, not the first | seed 8 |
//! | `Lines::end` | one place is never given back | seed 8 |
//! | `Lines::leaves_place` | always: the place kept in a line is taken | seed 642 |
//! | `Slots::choose_beside_hold` | `until.min` becomes `max`: filling the gap puts off its end | seed 91 |
//! | `Slots::choose_beside_hold` | the hold is forgotten: newcomers break off the draining | seed 3 |
//! | `Slots::choose_beside_hold` | anything fills the gap | seed 4 |
//! | `Slots::choose_beside_hold` | nothing fills the gap | seed 4 |
//! | `Slots::leader` | those that are alone do not follow each other | seed 5 |
//! | `Slots::leader` | one alone is always pressing | seed 160 |
//! | `Slots::forget` | does nothing: what is fresh counts as work | seed 8 |
//! | `Slots::queue` | a more urgent one of the kind does not take the place | seed 5 |
//! | `Slots::new` | what takes unknown time fits into any gap | seed 5 |
//! | `Slots::new` | one that takes every slot stands in a line | seed 0 |
//! | `Crowd::best` | leaves out what may be better | seed 14 |
//! | `Crowd::new` | the least of one side only | seed 13 |
//! | `Scheduler::next` | runs come before checks | seed 10 |
//! | `Scheduler::tell` | another try keeps what the first took | seed 1 |
//! | `Scheduler::block_users` | `dead.push(user)` is left out: only direct users are blocked | seed 12 |
//! | `Scheduler::block_users` | `release` is left out: what comes after a blocked item is forgotten | seed 30 |
//! | `Scheduler::block_users` | what is blocked counts as work | seed 5843 |
//! | `Scheduler::end` | `self.halted |= …` is left out: new work starts after a failure | seed 4 |
//! | `paths::by_urgency` | edges of `after` are left out: the wrong one starts first | seed 10 |

mod referee;
mod story;

use super::{News, Order, Scheduler};
use referee::Referee;
use story::{Random, Story};

const BUILDS: u64 = 20_000;

/// Lives through a story to its end and gives back all orders.
fn simulate(story: &Story, random: &mut Random) -> Vec<Order> {
    let mut scheduler = Scheduler::new(&story.limits, &story.items);
    let mut referee = Referee::new(story);
    let mut orders = Vec::new();
    let mut tries = vec![0; story.items.len()];
    let mut in_flight: Vec<(u64, Order)> = Vec::new();
    let mut now = 0;
    for step in 0.. {
        if story.interrupt_after == Some(step) {
            scheduler.tell(News::Interrupted);
            referee.told(News::Interrupted);
        }
        loop {
            let order = scheduler.next(now);
            referee.ordered(order, now);
            let Some(order) = order else { break };
            let takes = match order {
                Order::Check(item) => story.fates[item as usize].check_takes,
                Order::Run(item) => story.fates[item as usize].run_takes,
            };
            orders.push(order);
            if let Order::Check(item) = order
                && !story.fates[item as usize].must_run
                && item % 2 == 0
            {
                scheduler.tell(News::Restores(item));
                referee.told(News::Restores(item));
            }
            in_flight.push((now + takes, order));
        }
        let Some(earliest) = in_flight.iter().map(|&(end, _)| end).min() else {
            break;
        };
        assert!(!scheduler.is_done(), "done with something in flight");
        // Of those that end at the same time, any may report first.
        let choice: Vec<usize> = (0..in_flight.len())
            .filter(|&at| in_flight[at].0 == earliest)
            .collect();
        let (end, order) =
            in_flight.swap_remove(choice[random.below(choice.len() as u64) as usize]);
        now = end;
        let interrupted = story.interrupt_after.is_some_and(|after| after <= step);
        let news = match order {
            Order::Check(item) | Order::Run(item) if interrupted && random.chance(50) => {
                News::Stopped(item)
            }
            Order::Check(item) if story.fates[item as usize].check_fails => News::Failed(item),
            Order::Check(item) if story.fates[item as usize].must_run => News::MustRun(item),
            Order::Check(item) => News::Settled(item),
            Order::Run(item) if tries[item as usize] < story.fates[item as usize].again => {
                tries[item as usize] += 1;
                News::Again(item)
            }
            Order::Run(item) if story.fates[item as usize].run_fails => News::Failed(item),
            Order::Run(item) => News::Ran(item),
        };
        scheduler.tell(news);
        referee.told(news);
    }
    referee.the_end(&scheduler);
    orders
}

#[test]
fn every_random_build_keeps_the_rules() {
    for seed in 0..BUILDS {
        let live = || {
            let mut random = Random::new(seed);
            simulate(&Story::new(&mut random), &mut random)
        };
        let orders =
            std::panic::catch_unwind(live).unwrap_or_else(|_| panic!("seed {seed} breaks a rule"));
        if seed % 4 == 0 {
            assert_eq!(orders, live(), "seed {seed} tells two stories");
        }
    }
}
