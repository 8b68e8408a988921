//! How long it takes to load a manifest of many nodes: the text alone, the text and the graph, a saved graph, and all of
//! it by kdl-rs; beside Ninja's parse of the same graph where Ninja is installed.
//!
//! `cargo bench --bench load -- [NODES…]`; medians of CPU and wall milliseconds, and the growth of peak memory.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark prints, measures time and starts its peer"
)]

use pipe::base::path::ProjectPath;
use pipe::logic::graph::expand::{Facts, expand};
use pipe::logic::graph::{Graph, Instances};
use pipe::logic::manifest::{self, Source, Way};
use pipe::logic::params::Params;
use std::collections::HashMap;
use std::fmt::Write;
use std::process::Command;
use std::time::Instant;

fn main() {
    let given: Vec<usize> = std::env::args()
        .filter_map(|text| text.parse().ok())
        .collect();
    let sizes = if given.is_empty() {
        vec![1_000, 10_000, 100_000]
    } else {
        given
    };
    println!(
        "{:>8} {:32} {:>9} {:>9} {:>9}",
        "nodes", "", "CPU ms", "wall ms", "peak MB"
    );
    for nodes in sizes {
        let text = manifest_of(nodes);
        let source = Source::new("pipe.kdl", text.as_str());
        let rounds = if nodes > 20_000 { 5 } else { 15 };
        measure(nodes, "text read", rounds, || {
            drop(manifest::read_quickly(&source).expect("simple nodes"));
        });
        measure(nodes, "text to graph", rounds, || {
            drop(graph_of(&text, true));
        });
        measure(nodes, "text to graph, with care", rounds.min(5), || {
            drop(graph_of(&text, false));
        });
        let bytes = graph_of(&text, true).bytes().clone();
        measure(nodes, "saved graph, in memory", rounds, || {
            let graph = Graph::open(bytes.clone()).expect("it was saved");
            assert_eq!(graph.len(), nodes);
        });
        println!(
            "{:>8} {:32} {:>9.1} MB saved, {:.1} MB text",
            nodes,
            "",
            bytes.len() as f64 / 1e6,
            text.len() as f64 / 1e6
        );
        if nodes <= 20_000 {
            measure(nodes, "kdl-rs alone, typed", 3, || {
                drop(manifest::read_with(&source, Way::KdlOnly));
            });
        }
        ninja(nodes, rounds);
    }
}

/// Three inputs and one or two outputs a node, some 240 bytes.
fn manifest_of(nodes: usize) -> String {
    let mut text = String::new();
    for n in 0..nodes {
        let more = if n % 2 == 0 {
            format!(" \"build/step_{n:06}.log\"")
        } else {
            String::new()
        };
        let before = if n % 10 == 0 {
            format!("data/source_{n:06}.csv")
        } else {
            format!("build/step_{:06}.parquet", n - 1)
        };
        let _ = writeln!(
            text,
            "node \"step_{n:06}\" {{\n    in \"{before}\" \"data/table_{:06}.csv\" script=\"scripts/transform_{:03}.py\"\n    out \"build/step_{n:06}.parquet\"{more}\n    run \"python {{in.script}} --level 3 {{in}} {{out}}\"\n}}",
            n / 3,
            n % 500,
        );
    }
    text
}

/// All that a changed manifest costs but for reading the file and writing the snapshot.
fn graph_of(text: &str, quick: bool) -> Graph {
    let source = &Source::new("pipe.kdl", text);
    let manifest = match quick {
        true => manifest::read_quickly(source).expect("simple nodes"),
        false => manifest::read(source).0.expect("a manifest"),
    };
    let (params, listings, variables) = (Params::default(), HashMap::new(), HashMap::new());
    let instances = Instances::of(&manifest, source, &params, &listings);
    let facts = Facts {
        listings: &listings,
        variables: &variables,
        manifest: &ProjectPath::from_normal("pipe.kdl"),
        memory: u64::MAX,
    };
    let (graph, problems) = expand(&manifest, source, instances, &facts);
    assert!(problems.is_empty(), "{problems:?}");
    graph.expect("a graph")
}

fn ninja(nodes: usize, rounds: usize) {
    let folder = std::env::temp_dir().join(format!("pipe-load-{nodes}"));
    let _ = std::fs::create_dir_all(&folder);
    let mut text = "rule r\n  command = python $in $out\n".to_owned();
    for n in 0..nodes {
        let more = if n % 2 == 0 {
            format!(" build/step_{n:06}.log")
        } else {
            String::new()
        };
        let before = if n % 10 == 0 {
            format!("data/source_{n:06}.csv")
        } else {
            format!("build/step_{:06}.parquet", n - 1)
        };
        let _ = writeln!(
            text,
            "build build/step_{n:06}.parquet{more}: r {before} data/table_{:06}.csv scripts/transform_{:03}.py",
            n / 3,
            n % 500
        );
    }
    if std::fs::write(folder.join("build.ninja"), text).is_err()
        || Command::new("ninja").arg("--version").output().is_err()
    {
        return println!("{nodes:>8} ninja is not installed (pip install ninja)");
    }
    // `-t rules` parses everything and prints one line.
    measure(nodes, "ninja, parse only", rounds, || {
        let done = Command::new("ninja")
            .args(["-t", "rules"])
            .current_dir(&folder)
            .output();
        assert!(done.is_ok_and(|done| done.status.success()));
    });
    let _ = std::fs::remove_dir_all(folder);
}

fn measure(nodes: usize, what: &str, rounds: usize, mut work: impl FnMut()) {
    let before = peak_kb();
    let mut taken: Vec<(f64, f64)> = (0..rounds)
        .map(|_| {
            let (cpu, wall) = (cpu_ms(), Instant::now());
            work();
            (cpu_ms() - cpu, wall.elapsed().as_secs_f64() * 1e3)
        })
        .collect();
    let mut median = |key: fn(&(f64, f64)) -> f64| {
        taken.sort_by(|a, b| key(a).total_cmp(&key(b)));
        key(&taken[taken.len() / 2])
    };
    let (cpu, wall) = (median(|t| t.0), median(|t| t.1));
    println!(
        "{nodes:>8} {what:32} {cpu:>9.2} {wall:>9.2} {:>9.1}",
        (peak_kb() - before) as f64 / 1e3
    );
}

/// Of this process and of children that have ended.
fn cpu_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or("")
        .split_whitespace()
        .collect();
    let ticks: f64 = fields
        .get(11..15)
        .unwrap_or_default()
        .iter()
        .filter_map(|field| field.parse::<f64>().ok())
        .sum();
    ticks * 10.0
}

fn peak_kb() -> i64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse().ok())
        .unwrap_or(0)
}
