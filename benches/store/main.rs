//! What keeping and restoring cost beside `cp -a`, `cp --reflink=always`, DVC and b3sum where they are installed, what the
//! ledger costs at 100,000 nodes, and what other forms of the cache would cost.
//!
//! `cargo bench --bench store -- [DIR] [PART…]` works in a new folder below DIR, by default the system's temporary one; it needs
//! 6 GB there. Parts are `large`, `small`, `tiny`, `ledger` and `tried`. Medians of five rounds, in which what is compared takes
//! turns; of DVC, which takes longest by far, one.

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark prints, measures time and starts its peers"
)]

mod ledger;
mod tried;

use pipe::base::path::ProjectPath;
use pipe::world::observe::{Links, Observer};
use pipe::world::store::cache::LocalCache;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;

fn main() {
    let mut arguments = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'));
    let below = arguments.next();
    let below = below.map_or_else(std::env::temp_dir, PathBuf::from);
    let parts: Vec<String> = arguments.collect();
    let wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    let folder = tempfile::tempdir_in(below).expect("a folder");
    let root = folder.path();
    println!("| | median ms | of the first |\n|---|---|---|");
    if wanted("large") {
        fs::write(root.join("large"), noise(1 << 30, 1)).expect("room");
        bench(root, "large", "one file of 1 GiB");
    }
    for (name, count, size) in [("small", 10_000, 4096), ("tiny", 100_000, 100)] {
        if !wanted(name) {
            continue;
        }
        for number in 0..count {
            let place = root.join(format!("{name}/{:03}/{number}", number % 256));
            if number < 256 {
                fs::create_dir_all(place.parent().expect("a folder")).expect("a folder");
            }
            fs::write(place, noise(size, number)).expect("room");
        }
        bench(root, name, &format!("{count} files of {size} bytes"));
    }
    if wanted("ledger") {
        ledger::bench(&root.join("state"));
    }
    if wanted("tried") {
        tried::bench(root);
    }
}

/// Bytes that do not repeat and cannot be compressed.
fn noise(size: usize, seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut bytes = Vec::with_capacity(size + 8);
    while bytes.len() < size {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(size);
    bytes
}

/// One thing to measure: what makes room before, and what is timed. It says whether it could be done.
struct Row<'a> {
    name: &'a str,
    before: Box<dyn Fn() + 'a>,
    act: Box<dyn Fn() -> bool + 'a>,
}

fn row<'a>(name: &'a str, before: impl Fn() + 'a, act: impl Fn() -> bool + 'a) -> Row<'a> {
    Row {
        name,
        before: Box::new(before),
        act: Box::new(act),
    }
}

/// Prints the medians of some rows; ratios are to the first.
fn measure(what: &str, rows: &[Row<'_>]) {
    measure_in(ROUNDS, what, rows);
}

fn measure_in(rounds: usize, what: &str, rows: &[Row<'_>]) {
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); rows.len()];
    for round in 0..rounds {
        for (row, times) in rows.iter().zip(&mut times) {
            if round > 0 && row.name.starts_with("dvc") {
                continue;
            }
            (row.before)();
            let begun = Instant::now();
            if (row.act)() {
                times.push(begun.elapsed());
            }
        }
    }
    let mut first = None;
    for (row, mut times) in rows.iter().zip(times) {
        times.sort();
        match times.get(times.len() / 2) {
            None => println!("| {what}: {} | not here | |", row.name),
            Some(median) => {
                let ms = median.as_secs_f64() * 1e3;
                let ratio = ms / *first.get_or_insert(ms);
                println!("| {what}: {} | {ms:.1} | {ratio:.2} |", row.name);
            }
        }
    }
}

fn bench(root: &Path, name: &str, what: &str) {
    let path = ProjectPath::parse(name).expect("a path");
    let cache = || LocalCache::new(&root.join("cache"), &root.join("aside"));
    let observer = || Observer::new(root.to_path_buf(), Box::new(|_| None));
    let remove = |name: &str| drop(Command::new("rm").arg("-rf").arg(root.join(name)).status());
    let copy = |flags: &[&str]| run(root, "cp", &[flags, &[name, "copy"]].concat());
    let kept = cache()
        .keep_output(root, &path, None)
        .expect("it is kept")
        .content;
    // Where there is no DVC, nothing may be removed for it to bring back.
    let has_dvc = dvc(root, &["init", "-q", "--no-scm"]);
    dvc(root, &["add", "-q", name]);
    let rows = [
        row("cp -a", || remove("copy"), || copy(&["-a"])),
        row(
            "cp -a --reflink=always",
            || remove("copy"),
            || copy(&["-a", "--reflink=always"]),
        ),
        row(
            "hash",
            || (),
            || observer().observe(&path, Links::Verbatim).is_ok(),
        ),
        row(
            "b3sum",
            || (),
            || {
                run(
                    root,
                    "sh",
                    &[
                        "-c",
                        &format!("find {name} -type f -print0 | xargs -0 b3sum"),
                    ],
                )
            },
        ),
        row(
            "keep",
            || remove("cache"),
            || cache().keep_output(root, &path, None).is_ok(),
        ),
        row(
            "keep what is there",
            || (),
            || cache().keep_output(root, &path, Some(&kept)).is_ok(),
        ),
        row(
            "restore",
            || remove(name),
            || {
                let restored = cache().restore_output(root, &path, &kept, &observer());
                restored.is_ok()
            },
        ),
        row(
            "dvc add",
            || {
                remove(".dvc/cache");
                remove(".dvc/tmp");
            },
            || dvc(root, &["add", "-q", name]),
        ),
        row(
            "dvc checkout",
            || {
                if has_dvc {
                    remove(name);
                }
            },
            || dvc(root, &["checkout", "-q", &format!("{name}.dvc")]),
        ),
    ];
    measure(what, &rows);
    drop(rows);
    if !root.join(name).exists() {
        let restored = cache().restore_output(root, &path, &kept, &observer());
        restored.expect("it comes back");
    }
    remove("copy");
    remove("cache");
    remove(".dvc");
    remove(name);
}

fn dvc(root: &Path, arguments: &[&str]) -> bool {
    run(root, "dvc", arguments)
}

fn run(root: &Path, program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
