//! Several at once: builds in one checkout, looking while one builds, checkouts that share a cache.

use crate::faults::signal;
use crate::support::{Outcome, Sandbox, all_faults, wait_until};
use pipe::base::digest::Digest;
use pipe::engine::project::{Given, Place};
use pipe::engine::session::Session;
use pipe::logic::plan::Forecast;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};

/// A project whose one command waits for the file `go`.
fn waits_for_go() -> Sandbox {
    let sandbox = Sandbox::new(
        r#"node "n" { in "a.txt"; out "o.txt"; run "touch started; until test -e go; do sleep 0.01; done; echo x >> runs; cat {in} > {out}" }"#,
    );
    sandbox.write("a.txt", "1\n");
    sandbox
}

/// Starts a build and waits until its command runs.
fn start(sandbox: &Sandbox) -> Child {
    let mut command = sandbox.command(["build"]);
    let build = command.stderr(Stdio::null()).spawn().expect("pipe starts");
    wait_until("the command to run", || sandbox.stands("started"));
    build
}

/// Starts a second build and waits until it has said that it waits for the first.
fn start_second(sandbox: &Sandbox, first: &Child) -> Child {
    let told = sandbox.beside("told");
    let file = File::create(&told).expect("a file");
    let mut command = sandbox.command(["build"]);
    let second = command.stderr(file).spawn().expect("pipe starts");
    let words = format!("(process {}, for ", first.id());
    wait_until("the second build to say that it waits", || {
        fs::read_to_string(&told).is_ok_and(|text| text.contains(&words))
    });
    second
}

#[test]
fn a_second_build_waits_and_says_for_whom() {
    let sandbox = waits_for_go();
    let mut first = start(&sandbox);
    let second = start_second(&sandbox, &first);
    sandbox.write("go", "");
    assert!(first.wait().expect("it ends").success());
    let second = Outcome::of(second.wait_with_output().expect("it ends")).expect_code(0);
    assert!(second.out.is_empty());
    assert_eq!(sandbox.take_runs(), ["x"], "the second found the work done");
}

/// `go` never comes before the first is dead: the second can only end if it took over.
#[test]
fn a_waiting_build_takes_over_from_one_that_is_killed() {
    let sandbox = waits_for_go();
    let mut first = start(&sandbox);
    let second = start_second(&sandbox, &first);
    sandbox.remove("started");
    signal("KILL", first.id());
    first.wait().expect("it ends");
    wait_until("the second to run the command", || {
        sandbox.stands("started")
    });
    sandbox.write("go", "");
    Outcome::of(second.wait_with_output().expect("it ends")).expect_code(0);
    assert_eq!(sandbox.take_runs(), ["x"], "what the first left is ended");
    assert_eq!(sandbox.read("o.txt"), "1\n");
}

#[test]
fn a_build_that_does_not_wait_names_the_other_and_does_nothing() {
    let sandbox = waits_for_go();
    let mut first = start(&sandbox);
    let ledger = fs::read(sandbox.path(".pipe/ledger")).expect("a ledger");
    let second = sandbox.pipe("build --no-wait").expect_code(5);
    second.expect_said(&format!("process {}, for ", first.id()));
    let events = sandbox.pipe("build --no-wait --events -").expect_code(5);
    assert!(
        events.out.contains("is building in this project"),
        "{}",
        events.out
    );
    assert_eq!(
        fs::read(sandbox.path(".pipe/ledger")).expect("a ledger"),
        ledger
    );
    sandbox.write("go", "");
    assert!(first.wait().expect("it ends").success());
    assert_eq!(sandbox.take_runs(), ["x"]);
    sandbox
        .pipe("build --no-wait")
        .expect_code(0)
        .expect_nothing_done();
}

/// Whoever only looks waits for nobody and changes nothing; what is not done yet is not called done.
#[test]
fn looking_while_a_build_runs_waits_for_nobody_and_changes_nothing() {
    let sandbox = Sandbox::new(
        r#"
jobs 1
node "first" { in "a.txt"; out "first.txt"; run "cat {in} > {out}; echo talk" }
node "second" { in "first.txt"; out "second.txt"; run "echo half > {out}; : > started; until test -e go; do sleep 0.01; done; cat {in} > {out}" }
node "third" { in "second.txt"; out "third.txt"; run "cat {in} > {out}" }
"#,
    );
    sandbox.write("a.txt", "1\n");
    let mut build = start(&sandbox);
    let before = stamps_below(sandbox.root());
    for (asked, said) in [
        ("status", "stale"),
        ("status --json", "\"fresh\": 1"),
        ("why second", "second"),
        ("why first --json", "\"fresh\""),
        ("list", "third"),
        ("log first", "talk"),
        ("history", "1"),
        ("history first", "first"),
        ("build -n", "second"),
        ("check", ""),
    ] {
        sandbox.pipe(asked).expect_code(0).expect_said(said);
    }
    sandbox.pipe("status --exit-code second").expect_code(3);
    sandbox.pipe("status --exit-code first").expect_code(0);
    assert_eq!(stamps_below(sandbox.root()), before);
    sandbox.write("go", "");
    assert!(build.wait().expect("it ends").success());
}

/// Path, inode, size and time of everything below a folder.
fn stamps_below(folder: &Path) -> Vec<(PathBuf, u64, u64, i64, i64)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let metadata = entry.path().symlink_metadata().expect("it stands");
            if metadata.is_dir() {
                folders.push(entry.path());
            }
            let (seconds, rest) = (metadata.mtime(), metadata.mtime_nsec());
            found.push((entry.path(), metadata.ino(), metadata.len(), seconds, rest));
        }
    }
    found.sort();
    found
}

/// While many nodes come to their end: what is called fresh has its new output already.
#[test]
fn looking_while_much_happens_is_never_wrong() {
    const COUNT: usize = 40;
    let nodes = (0..COUNT).map(|number| {
        format!("node \"n{number}\" {{ in \"a.txt\"; out \"build/{number}\"; run \"cat {{in}} > {{out}}\" }}\n")
    });
    let sandbox = Sandbox::new(&nodes.collect::<String>());
    sandbox.write("a.txt", "1\n");
    sandbox.build();
    let (mut looks, mut fresh_in_all) = (0, 0);
    for round in 2..5 {
        let text = format!("{round}\n");
        sandbox.write("a.txt", &text);
        let mut command = sandbox.command(["build"]);
        let mut build = command.stderr(Stdio::null()).spawn().expect("pipe starts");
        while build.try_wait().expect("its state").is_none() {
            let mut session = Session::open(
                &Place::find(sandbox.root(), None, None).expect("the project"),
                Given::default(),
            )
            .expect("it opens");
            let selection = session.select(&[]).expect("all");
            let survey = session.survey(&selection, false);
            for node in session.project.graph.nodes() {
                if *survey.forecast(node) == Forecast::Fresh {
                    let number = &session.project.graph.name(node)[1..];
                    assert_eq!(sandbox.read(&format!("build/{number}")), text);
                    fresh_in_all += 1;
                }
            }
            let asked = ["status", "why n7", "log n7", "history", "list"][looks % 5];
            sandbox.pipe(asked).expect_code(0);
            looks += 1;
        }
        assert!(build.wait().expect("it ends").success());
    }
    println!(
        "looked {looks} times during builds; {fresh_in_all} times a node was called fresh, and was"
    );
}

/// Several checkouts build the same and other versions over one cache, while somebody reads every entry that shows.
#[test]
fn checkouts_that_share_a_cache_lose_nothing_and_see_nothing_half_made() {
    const CHECKOUTS: usize = 4;
    let rounds = if all_faults() { 200 } else { 6 };
    let manifest = r#"
node "file" { in "a.txt"; out "build/o"; run "cat {in} > {out}; echo talk" }
node "tree" { in "build/o"; out "build/d/"; run "mkdir -p {out}/empty; cp {in} {out}/x; head -c 300000 /dev/zero > {out}/large; cat {in} >> {out}/large" }
"#;
    let checkouts: Vec<Sandbox> = (0..CHECKOUTS).map(|_| Sandbox::new(manifest)).collect();
    let cache = checkouts[0].beside("cache");
    let build = format!("build --cache-dir {}", cache.display());
    let text = |round: usize| format!("version {round}\n");
    let over = AtomicBool::new(false);
    let read = std::thread::scope(|threads| {
        let reader = threads.spawn(|| {
            let mut read = 0;
            while !over.load(Ordering::Relaxed) {
                read += blobs_below(&cache);
            }
            read
        });
        let builders: Vec<_> = checkouts
            .iter()
            .enumerate()
            .map(|(place, checkout)| {
                let build = &build;
                threads.spawn(move || {
                    for turn in 0..rounds {
                        // Some go the same way at the same time, some the other way.
                        let round = if place % 2 == 0 {
                            turn
                        } else {
                            rounds - 1 - turn
                        };
                        checkout.write("a.txt", text(round));
                        let built = checkout.pipe(build).expect_code(0);
                        assert!(!built.err.contains("cache"), "{}", built.err);
                        assert_eq!(checkout.read("build/o"), text(round));
                        assert!(checkout.read("build/d/large").ends_with(&text(round)));
                    }
                })
            })
            .collect();
        let ended: Vec<_> = builders
            .into_iter()
            .map(std::thread::ScopedJoinHandle::join)
            .collect();
        over.store(true, Ordering::Relaxed);
        assert!(
            ended.iter().all(Result::is_ok),
            "a builder has failed, see above"
        );
        reader.join().expect("every entry is whole")
    });
    // Another checkout finds all of it.
    let late = Sandbox::new(manifest);
    for round in 0..rounds {
        late.write("a.txt", text(round));
        let built = late.pipe(&build).expect_code(0);
        assert_eq!((built.ran(), built.restored()), (0, 2), "{}", built.err);
    }
    assert!(
        files_in(&cache.join("v1/tmp")).is_empty(),
        "something half-made is left"
    );
    println!(
        "{} builds of {CHECKOUTS} checkouts over one cache; {read} entries read meanwhile, all whole",
        CHECKOUTS * rounds
    );
}

/// Checks that every blob is what its name says. How many there were.
fn blobs_below(cache: &Path) -> usize {
    let mut count = 0;
    for folder in files_in(&cache.join("v1/blobs")) {
        for blob in files_in(&folder) {
            let Ok(bytes) = fs::read(&blob) else { continue };
            let part = |path: &Path| {
                path.file_name()
                    .expect("a name")
                    .to_string_lossy()
                    .into_owned()
            };
            let name = part(&folder) + &part(&blob);
            assert_eq!(Digest::of(&bytes).to_string(), name, "half made");
            count += 1;
        }
    }
    count
}

fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}
