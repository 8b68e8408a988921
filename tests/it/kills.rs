//! Builds killed at random moments, hundreds of times in one checkout, each followed by a right build.
//!
//! `PIPE_KILLS=N` is another number of them, `PIPE_SEED=N` repeats a run's moments as far as the machine lets it.

use crate::faults::signal;
use crate::support::Sandbox;
use std::process::Stdio;
use std::time::{Duration, Instant};

const MANIFEST: &str = r#"
jobs 3
node "one" { in "a.txt"; out "build/one"; run "cat {in} > {out}; echo 1 >> {out}" }
node "two" { in "a.txt"; out "build/two/"; run "mkdir {out}; cp {in} {out}/x; ln -s x {out}/link" }
node "all" { in "build/one" "build/two/"; out "build/all"; run "cat build/one build/two/link > {out}; echo talk" }
"#;

/// Numbers that look random, by xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(otherwise, |text| {
        text.parse()
            .unwrap_or_else(|_| panic!("{variable} is a number"))
    })
}

#[test]
fn killed_at_random_moments() {
    let clock = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanoseconds = u64::from(clock.map_or(1, |time| time.subsec_nanos()));
    let seed = number("PIPE_SEED", nanoseconds).max(1);
    let (rounds, mut numbers) = (number("PIPE_KILLS", 200), Numbers(seed));
    println!("PIPE_SEED={seed}");
    let sandbox = Sandbox::new(MANIFEST);
    let mut killed = 0;
    // A little longer than a build takes here, so that the moments fall all over it.
    let mut longest = Duration::from_millis(50);
    for round in 0..rounds {
        // An old text is restored from the cache, a new one runs.
        let text = format!("text {}\n", numbers.below(round / 2 + 2));
        sandbox.write("a.txt", &text);
        if numbers.below(4) == 0 && sandbox.stands("build") {
            sandbox.remove("build");
        }
        let mut command = sandbox.command(["build"]);
        let begun = Instant::now();
        let mut build = command.stderr(Stdio::null()).spawn().expect("pipe starts");
        let moment = Duration::from_micros(numbers.below(longest.as_micros() as u64));
        while begun.elapsed() < moment && build.try_wait().expect("its state").is_none() {
            std::thread::yield_now();
        }
        if build.try_wait().expect("its state").is_none() {
            signal("KILL", build.id());
            killed += 1;
        }
        build.wait().expect("it ends");
        let begun = Instant::now();
        let next = sandbox.pipe("build");
        let what = format!("round {round} of PIPE_SEED={seed}: {}", next.err);
        assert_eq!(next.code, 0, "{what}");
        longest = (longest * 7 + begun.elapsed() * 5 / 4) / 8;
        assert_eq!(
            sandbox.read("build/all"),
            format!("{text}1\n{text}"),
            "{what}"
        );
        assert_eq!(sandbox.read("build/two/x"), text, "{what}");
        if round % 10 == 0 {
            sandbox.build().expect_nothing_done();
        }
    }
    println!(
        "{killed} of {rounds} builds were killed before their end, each followed by a right build"
    );
    assert!(killed > rounds / 10, "hardly any was killed in time");
}
