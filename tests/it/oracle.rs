//! The oracle: made-up projects are edited, harmed, killed and built, and each build is compared with what it should have
//! come to, worked out by the test itself.
//!
//! After every build: the outputs are, byte for byte, what the commands mean and what a build in an empty folder gives;
//! exactly those commands ran that had to; a build at once after it runs none.
//!
//! `tests/README.md` says how the engine was broken on purpose to see that this notices.
//!
//! `PIPE_ORACLE_MINUTES=30` goes on with fresh seeds for so long; `PIPE_ORACLE_SEED=0x…` tells one story again.

mod disk;
mod drive;
mod meaning;
mod memory;
mod project;
mod random;
mod runs;
mod steps;
mod trial;

use drive::Drive;
use random::Random;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};
use steps::{Step, story};

/// Stories of every test run. They begin with seed 0.
const STORIES: u64 = 150;
/// How often a shorter story is told before it is taken for a good one: what is killed dies at another moment each time.
const TRIES: usize = 3;
/// How long a story is shortened.
const SHRINKING: Duration = Duration::from_secs(60);

#[test]
#[expect(clippy::print_stdout, reason = "a long run says how far it came")]
fn every_build_is_what_a_clean_build_would_be() {
    let variable = |name: &str| std::env::var(name).ok();
    if let Some(seed) = variable("PIPE_ORACLE_SEED") {
        let seed = u64::from_str_radix(seed.trim_start_matches("0x"), 16)
            .expect("PIPE_ORACLE_SEED is hexadecimal");
        if let Err(told) = tell(&story(seed)) {
            panic!("{}", report(seed, told));
        }
        return;
    }
    let minutes = variable("PIPE_ORACLE_MINUTES").map(|minutes| {
        minutes
            .parse::<f64>()
            .expect("PIPE_ORACLE_MINUTES is a number")
    });
    let until = minutes.map(|minutes| Instant::now() + Duration::from_secs_f64(minutes * 60.0));
    let first = until.map_or(0, |_| {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("after 1970");
        Random::new(now.as_nanos() as u64).next()
    });
    let told = AtomicU64::new(0);
    let wrong: Mutex<Option<String>> = Mutex::new(None);
    std::thread::scope(|threads| {
        for _ in 0..std::thread::available_parallelism().map_or(2, usize::from) {
            threads.spawn(|| {
                while wrong.lock().expect("no thread dies with it").is_none() {
                    let number = told.fetch_add(1, Ordering::Relaxed);
                    if until.map_or(number >= STORIES, |until| Instant::now() > until) {
                        return;
                    }
                    let seed = first.wrapping_add(number);
                    if let Err(told) = tell(&story(seed)) {
                        let report = report(seed, told);
                        wrong
                            .lock()
                            .expect("no thread dies with it")
                            .get_or_insert(report);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no thread dies with it");
    assert!(wrong.is_none(), "{}", wrong.unwrap_or_default());
    if until.is_some() {
        println!(
            "{} stories from seed {first:#x}, no mismatch",
            told.into_inner()
        );
    }
}

/// Tells a story. If something is wrong: what happened up to then, and what it is.
fn tell(steps: &[Step]) -> Result<(), String> {
    let mut drive = Drive::new();
    for step in steps {
        if let Err(wrong) = drive.step(*step) {
            let manifest = drive.project.manifest(drive.jobs);
            let told = drive.told.join("\n");
            return Err(format!("{told}\n=> {wrong}\n{manifest}"));
        }
    }
    Ok(())
}

/// Drops steps from a story that goes wrong as long as it still does, and tells the shortest.
fn report(seed: u64, told: String) -> String {
    let mut steps = story(seed);
    let mut shortest = told;
    let mut length = steps.len() / 2;
    let until = Instant::now() + SHRINKING;
    while length > 0 {
        let mut at = 0;
        while at < steps.len() && Instant::now() < until {
            let mut fewer = steps.clone();
            fewer.drain(at..(at + length).min(steps.len()));
            match (0..TRIES).find_map(|_| tell(&fewer).err()) {
                Some(told) => (steps, shortest) = (fewer, told),
                None => at += length,
            }
        }
        length /= 2;
    }
    let mut report = String::new();
    write!(report, "seed {seed:#x} goes wrong; again: PIPE_ORACLE_SEED={seed:#x} cargo test --test it oracle\nthe shortest story found:\n{shortest}")
        .expect("a string takes all");
    report
}
