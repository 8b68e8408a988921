//! A watch where things go wrong: hints that are lost, no watches left, no watcher at all; and many edits at random.

use super::{Watch, cases, is, ran, save};
use crate::support::{Sandbox, wait_until};
use rustix::process::Signal;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

fn notice<'l>(lines: &'l [Value], kind: &str) -> Option<&'l str> {
    let found = lines.iter().find(|line| line["kind"] == kind)?;
    found["text"].as_str()
}

#[test]
fn after_an_overflow_everything_is_looked_at() {
    let most = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events");
    let most: usize = most.unwrap_or_default().trim().parse().unwrap_or(0);
    if !(1..=50_000).contains(&most) {
        return;
    }
    let sandbox = cases();
    let mut watch = Watch::start(&sandbox, "");
    watch.rest();
    // Nobody takes the hints now, so that the system has to throw them away.
    watch.signal(Signal::STOP);
    for _ in 0..=most / 3 {
        fs::write(sandbox.path("src/noise"), "").unwrap();
        fs::remove_file(sandbox.path("src/noise")).unwrap();
    }
    save(&sandbox, "src/a.txt", "after the overflow");
    save(&sandbox, "data/new/b.txt", "too");
    watch.signal(Signal::CONT);
    let lines = watch.rest_when("both changes", || {
        sandbox.read("build/one.txt") == "after the overflow"
            && sandbox.read("build/all.txt").contains("too")
    });
    assert_eq!(ran(&lines), ["all", "one"]);
    let said = notice(&lines, "looks-at-all").expect("it says so");
    assert!(said.contains("every source is looked at again"), "{said}");
}

/// A watch in a namespace of its own, where it may have so many watches or watchers; `None` where that is not allowed.
fn limited(sandbox: &Sandbox, limit: &str) -> Option<Watch> {
    let unshared = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["-Ur", "sh", "-c", script, "sh"]);
        command
    };
    let set = format!("echo {limit}");
    let tried = unshared(&set)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !tried.is_ok_and(|status| status.success()) {
        return None;
    }
    let mut command = unshared(&format!("{set}; exec \"$@\""));
    command.arg(env!("CARGO_BIN_EXE_pipe"));
    command
        .args(["watch", "--events", "-"])
        .current_dir(sandbox.root());
    command.stdin(Stdio::null());
    Some(Watch::of(command))
}

#[test]
fn without_watches_or_a_watcher_the_sources_are_looked_at() {
    for (limit, said) in [
        (
            "4 > /proc/sys/user/max_inotify_watches",
            "4 for all your programs",
        ),
        (
            "0 > /proc/sys/user/max_inotify_instances",
            "gives no watcher",
        ),
    ] {
        let sandbox = cases();
        let Some(mut watch) = limited(&sandbox, limit) else {
            return;
        };
        let lines = watch.rest();
        let text = notice(&lines, "polls").expect("it says so");
        assert!(text.contains(said), "{text}");
        save(&sandbox, "data/deep/new.txt", "2");
        let lines = watch.rest();
        assert_eq!(ran(&lines), ["all"]);
    }
}

#[test]
fn the_sources_can_be_looked_at_without_the_system() {
    let sandbox = cases();
    let mut watch = Watch::start(&sandbox, "--poll");
    let lines = watch.rest();
    assert!(notice(&lines, "polls").is_some());
    assert_eq!(lines.last().expect("a line")["folders"], 0);
    save(&sandbox, "src/a.txt", "seen");
    assert_eq!(ran(&watch.rest()), ["one"]);
}

/// Four sources in a row of nodes, and a glob.
const ROW: &str = r#"
/- kdl-version 2
jobs 4
node "a" { in "src/a"; out "build/a"; run "sleep 0.02; cat {in} > {out}" }
node "b" { in "src/b" "build/a"; out "build/b"; run "sleep 0.01; cat {in} > {out}" }
node "c" { in "src/c"; out "build/c"; run "cat {in} > {out}" }
node "d" { in "build/b" "build/c" "src/d"; out "build/d"; run "sleep 0.01; cat {in} > {out}" }
node "g" { in "data/**/*.txt"; out "build/g"; run "cat {in} > {out}" }
"#;

#[test]
fn many_edits_at_random_end_as_a_clean_build_does() {
    let sandbox = Sandbox::new(ROW);
    for name in ["a", "b", "c", "d"] {
        sandbox.write(&format!("src/{name}"), "0\n");
    }
    sandbox.write("data/0.txt", "0\n");
    let mut watch = Watch::start(&sandbox, "");
    watch.rest();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |most: u64| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed % most
    };
    for edit in 0..600 {
        let text = format!("{edit}\n");
        let name = ["a", "b", "c", "d"][random(4) as usize];
        match random(6) {
            0 | 1 => sandbox.write(&format!("src/{name}"), text),
            2 => {
                sandbox.write("src/new~", text);
                fs::rename(
                    sandbox.path("src/new~"),
                    sandbox.path(&format!("src/{name}")),
                )
                .unwrap();
            }
            3 => sandbox.write(&format!("data/{}/{}.txt", random(3), random(4)), text),
            4 => {
                let _ = fs::remove_dir_all(sandbox.path(&format!("data/{}", random(3))));
            }
            _ => {
                let (from, to) = (random(3), random(3));
                let place = |at: u64| sandbox.path(&format!("data/{at}"));
                let _ = fs::rename(place(from), place(to));
            }
        }
        if edit % 40 == 39 {
            // Let it come to something in between.
            watch.wait_for("a node", |line| {
                is(line, "node-started") || is(line, "watching")
            });
        }
    }
    save(&sandbox, "src/b", "last\n");
    let last = || fs::read_to_string(sandbox.path("build/d")).is_ok_and(|d| d.starts_with("last"));
    watch.rest_when("the last edit", last);
    let clean = sandbox.moved_copy("clean");
    for built in ["build", ".pipe"] {
        fs::remove_dir_all(clean.join(built)).unwrap();
    }
    let built = crate::support::command_in(&clean, ["build", "-q"]).status();
    assert!(built.unwrap().success());
    let read = |root: &Path, output: &str| fs::read_to_string(root.join("build").join(output)).ok();
    wait_until("the outputs of a clean build", || {
        let same = |output: &&str| read(sandbox.root(), output) == read(&clean, output);
        ["a", "b", "c", "d", "g"].iter().all(same)
    });
}

#[test]
fn a_project_that_is_moved_away_leaves_its_place_free_and_goes_on_when_it_is_back() {
    let sandbox = cases();
    let mut watch = Watch::start(&sandbox, "");
    watch.rest();
    let away = sandbox.beside("away");
    fs::rename(sandbox.root(), &away).unwrap();
    watch.wait_for("a refusal", |line| is(line, "build-refused"));
    watch.rest();
    assert!(!sandbox.root().exists(), "nothing stands where it was");
    fs::rename(&away, sandbox.root()).unwrap();
    save(&sandbox, "src/a.txt", "edited");
    watch.rest_when("the edit", || sandbox.read("build/one.txt") == "edited");

    // There and back before anybody looks: all folders are the same as before, and still told of.
    fs::rename(sandbox.root(), &away).unwrap();
    fs::rename(&away, sandbox.root()).unwrap();
    for text in ["found by a look at everything", "found by its folder"] {
        save(&sandbox, "src/a.txt", text);
        watch.rest_when(text, || sandbox.read("build/one.txt") == text);
    }
}
