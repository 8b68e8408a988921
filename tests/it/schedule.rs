//! Slots, resources, limits and exclusive nodes through real processes, judged by the times that these record.

use crate::support::Sandbox;
use std::collections::{HashMap, HashSet};
use std::fmt::Write;

const NODES: usize = 200;
const JOBS: u32 = 8;
const GPUS: u32 = 3;
const MEMORY: u32 = 20;

/// What one node asks for.
#[derive(Default)]
struct Asked {
    needs: Vec<usize>,
    alone: bool,
    word: Option<u32>,
    /// The node of which it is an instance, and how many of its instances may run at once.
    family: Option<(usize, u32)>,
    slots: u32,
    gpus: u32,
    memory: u32,
}

/// Numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % end
    }

    fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// All that a node may ask for, each now and then. Every fifth node has a matrix, and makes up five of the 200.
fn asked() -> Vec<Asked> {
    let mut dice = Dice(7);
    let mut all: Vec<Asked> = Vec::new();
    while all.len() < NODES {
        let first = all.len();
        let instances = if dice.chance(15) {
            5.min(NODES - first)
        } else {
            1
        };
        let needs: Vec<usize> = (0..dice.below(3))
            .filter(|_| first > 0)
            .map(|_| dice.below(first as u64) as usize)
            .collect();
        let alone = dice.chance(5);
        let word = (!alone && dice.chance(15)).then(|| dice.below(3) as u32);
        let family = (instances > 1).then(|| (first, 1 + dice.below(3) as u32));
        let slots = if dice.chance(20) {
            1 + dice.below(8) as u32
        } else {
            1
        };
        let mut draws = |most: u32| {
            if dice.chance(25) {
                1 + dice.below(u64::from(most)) as u32
            } else {
                0
            }
        };
        let (gpus, memory) = (draws(GPUS), draws(MEMORY));
        for _ in 0..instances {
            let needs = needs.clone();
            all.push(Asked {
                needs,
                alone,
                word,
                family,
                slots,
                gpus,
                memory,
            });
        }
    }
    all
}

fn manifest(all: &[Asked]) -> String {
    let mut text =
        format!("jobs {JOBS}\nresource \"gpu\" {GPUS}\nresource \"memory\" \"{MEMORY}GiB\"\n");
    for (number, node) in all.iter().enumerate() {
        let sibling = node.family.is_some_and(|(first, _)| first < number);
        if sibling {
            continue;
        }
        let _ = writeln!(text, "node \"n{number}\" {{");
        let mut place = number.to_string();
        if let Some((first, most)) = node.family {
            let count = all
                .iter()
                .filter(|other| other.family.is_some_and(|(of, _)| of == first));
            let numbers: Vec<String> = (first..first + count.count())
                .map(|n| n.to_string())
                .collect();
            let _ = write!(
                text,
                "    matrix {{ n {} }}\n    jobs {most}\n",
                numbers.join(" ")
            );
            place = "{matrix.n}".to_owned();
        }
        for need in &node.needs {
            let _ = writeln!(text, "    in \"out/{need}\"");
        }
        match (node.alone, node.word) {
            (true, _) => text.push_str("    exclusive\n"),
            (_, Some(word)) => drop(writeln!(text, "    exclusive \"word-{word}\"")),
            _ => {}
        }
        if node.slots > 1 {
            let _ = writeln!(text, "    slots {}", node.slots);
        }
        if node.gpus > 0 {
            let _ = writeln!(text, "    use gpu={}", node.gpus);
        }
        if node.memory > 0 {
            let _ = writeln!(text, "    use memory=\"{}GiB\"", node.memory);
        }
        // The times that it records lie inside the times of its process.
        let _ = write!(
            text,
            "    out \"out/{place}\"\n    run #\"s=$EPOCHREALTIME; sleep 0.0{}; echo \"$s $EPOCHREALTIME\" > {{out}}\"#\n}}\n",
            1 + number % 4
        );
    }
    text
}

#[test]
fn the_times_of_200_real_commands_obey_every_limit() {
    let all = asked();
    let sandbox = Sandbox::new(&manifest(&all));
    let built = sandbox.pipe("build -j 8").expect_code(0);
    assert_eq!(built.ran(), NODES);
    let times: Vec<(u64, u64)> = (0..NODES)
        .map(|n| times(&sandbox.read(&format!("out/{n}"))))
        .collect();
    let mut most = 0;
    for (node, &(start, _)) in times.iter().enumerate() {
        for &need in &all[node].needs {
            assert!(
                times[need].1 <= start,
                "{node} starts before {need} has ended"
            );
        }
        // What is taken can only be too much when something has just started.
        let running: Vec<usize> = (0..NODES)
            .filter(|&other| times[other].0 <= start && start < times[other].1)
            .collect();
        most = most.max(running.len());
        check(&all, &running);
    }
    assert!(most > 1, "nothing ever ran beside anything");
}

/// Seconds with six decimals, twice, as microseconds.
fn times(line: &str) -> (u64, u64) {
    let mut both = line.split_whitespace().map(|time| {
        let digits = time.replace(['.', ','], "");
        digits
            .parse()
            .unwrap_or_else(|_| panic!("not a time: {line:?}"))
    });
    let mut next = || both.next().expect("two times");
    (next(), next())
}

fn check(all: &[Asked], running: &[usize]) {
    let sum = |of: fn(&Asked) -> u32| running.iter().map(|&node| of(&all[node])).sum::<u32>();
    assert!(sum(|node| node.slots) <= JOBS, "slots: {running:?}");
    assert!(sum(|node| node.gpus) <= GPUS, "gpu: {running:?}");
    assert!(sum(|node| node.memory) <= MEMORY, "memory: {running:?}");
    let alone = running.iter().any(|&node| all[node].alone);
    assert!(!alone || running.len() == 1, "not alone: {running:?}");
    let mut words = HashSet::new();
    let mut families: HashMap<usize, u32> = HashMap::new();
    for &node in running {
        let word = all[node].word;
        assert!(
            word.is_none_or(|word| words.insert(word)),
            "one word: {running:?}"
        );
        if let Some((family, most)) = all[node].family {
            let count = families.entry(family).or_default();
            *count += 1;
            assert!(*count <= most, "one node: {running:?}");
        }
    }
}

/// `long` runs, `big` waits to be alone and is the most urgent, and 40 short nodes are ready. `long` does not end before
/// 20 of these have: had they to wait for `big`, it would wait in vain.
#[test]
fn short_nodes_fill_the_slots_while_an_exclusive_one_waits() {
    let shorts = r#"node "short" { matrix { n (param)"shorts" }; out "round-{params.round}/{matrix.n}"; run "date +%s%N > {out}" }"#;
    let numbers: Vec<String> = (0..40).map(|n| n.to_string()).collect();
    let params = |round: u32| format!("round = {round}\nshorts = [{}]\n", numbers.join(", "));
    let slow =
        |name| format!("node \"{name}\" {{ out \"{name}\"; run \"sleep 2; touch {name}\" }}\n");
    // History comes first: `long`, and what follows `big`, take two seconds.
    let sandbox = Sandbox::new(&format!(
        "jobs 5\nparams \"params.toml\"\n{}{}{shorts}",
        slow("long"),
        slow("tail")
    ));
    sandbox.write("params.toml", params(1));
    sandbox.build();

    sandbox.write("params.toml", params(2));
    let wait = "until [[ -e first && $(ls round-2 | wc -l) -ge 20 ]]; do (( SECONDS < 20 )) || exit 1; sleep 0.01; done";
    sandbox.manifest(&format!(
        r##"
jobs 3
params "params.toml"
node "first" {{ out "first"; run "date +%s%N > {{out}}" }}
node "long" {{ out "long"; run #"{wait}; date +%s%N > {{out}}"# }}
node "big" {{ exclusive; in "first"; out "big"; run "date +%s%N > {{out}}" }}
node "tail" {{ in "big"; out "tail"; run "date +%s%N > {{out}}" }}
{shorts}
"##
    ));
    sandbox.build();
    let time = |path: &str| sandbox.read(path).trim().parse::<u64>().expect("a time");
    assert!(time("first") < time("long") && time("long") < time("big"));
    let before = (0..40).filter(|n| time(&format!("round-2/{n}")) < time("long"));
    assert!(before.count() >= 20);
    assert!(time("big") < time("tail"));
}

#[test]
fn a_node_that_wants_more_slots_than_j_gives_gets_all_of_them() {
    let sandbox = Sandbox::new(
        r#"
jobs 4
node "wide" { slots 3; matrix { n 1 2 }; out "{matrix.n}"; run "mkdir busy && sleep 0.05 && rmdir busy && echo {slots} > {out}" }
node "narrow" { out "3"; run "mkdir busy && sleep 0.05 && rmdir busy && touch {out}" }
"#,
    );
    let built = sandbox.pipe("build -j 2").expect_code(0);
    built.expect_said("takes 3 slots, but this build has 2; it gets all of them and runs alone");
    assert_eq!(built.err.matches("takes 3 slots").count(), 1, "once");
    assert_eq!(
        sandbox.read("1"),
        "3\n",
        "the placeholder is what the manifest says"
    );
    sandbox.manifest("jobs 2\nnode \"wide\" { slots 3; out \"x\"; run \"touch {out}\" }\n");
    sandbox
        .pipe("build")
        .expect_code(2)
        .expect_said("`wide` takes 3 slots, but there are 2");
}
