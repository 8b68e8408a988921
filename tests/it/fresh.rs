//! What the list of fresh nodes must not hide: after a build that found all as it was, every kind of change is seen.

use crate::support::{Sandbox, set_modified, wait_until};
use std::fs;
use std::time::Duration;

const CHAIN: &str = r#"
node "copy" { in "a.txt"; out "build/b.txt"; run "echo copy >> runs; cat {in} > {out}" }
node "count" { in "build/b.txt"; out "build/c.txt"; run "echo count >> runs; wc -c < {in} > {out}" }
node "list" { in "data/"; out "build/list/"; run "echo list >> runs; mkdir {out}; ls {in} > {out}/names" }
node "other" { in "z.txt"; out "build/z.txt"; run "echo other >> runs; cat {in} > {out}" }
"#;
const NODES: usize = 4;

/// A project whose list of fresh nodes has them all.
fn listed() -> Sandbox {
    let sandbox = Sandbox::new(CHAIN);
    sandbox.write("a.txt", "one\n");
    sandbox.write("z.txt", "zzz\n");
    sandbox.write("data/x", "x");
    sandbox.build();
    sandbox.build_until_listed(NODES);
    sandbox.take_runs();
    sandbox
}

#[test]
fn a_list_is_left_alone_while_nothing_changes() {
    let sandbox = listed();
    let stamp = || {
        let metadata = sandbox.path(".pipe/fresh").metadata().expect("a list");
        metadata.modified().expect("a time")
    };
    // Stamps of the manifest and of what lies in a directory may settle a build later.
    wait_until("a list that is left alone", || {
        let before = stamp();
        sandbox.build().expect_nothing_done();
        stamp() == before
    });
}

#[test]
fn a_source_of_the_same_size_and_time_is_seen() {
    let sandbox = listed();
    let source = sandbox.path("a.txt");
    let time = source.metadata().and_then(|now| now.modified()).unwrap();
    sandbox.write("a.txt", "two\n");
    set_modified(&source, time);
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["copy", "count"]);
    assert_eq!(sandbox.read("build/b.txt"), "two\n");
}

#[test]
fn an_output_that_is_gone_or_changed_comes_back() {
    let sandbox = listed();
    sandbox.remove("build/b.txt");
    assert_eq!(sandbox.build().restored(), 1);
    assert_eq!(sandbox.read("build/b.txt"), "one\n");
    sandbox.build_until_listed(NODES);
    sandbox.write("build/c.txt", "mine\n");
    assert_eq!(sandbox.build().restored(), 1);
    assert_eq!(sandbox.read("build/c.txt").trim(), "4");
    sandbox.build_until_listed(NODES);
    sandbox.write("build/list/more", "");
    assert_eq!(sandbox.build().restored(), 1);
    assert!(!sandbox.stands("build/list/more"));
    assert_eq!(sandbox.take_runs(), [""; 0]);
}

/// What one of them has read is not what the other was fresh with.
#[test]
fn a_source_of_two_is_new_for_the_one_that_was_not_asked_for() {
    let node = |name: &str| {
        format!(
            "node \"{name}\" {{ in \"s\"; out \"build/{name}\"; run \"echo {name} >> runs; cat {{in}} > {{out}}\" }}\n"
        )
    };
    let sandbox = Sandbox::new(&(node("left") + &node("right")));
    sandbox.write("s", "one\n");
    sandbox.build();
    sandbox.build_until_listed(2);
    sandbox.take_runs();
    sandbox.write("s", "two\n");
    let age = || {
        let changed = sandbox.path("s").metadata().and_then(|now| now.modified());
        changed.expect("a time").elapsed().unwrap_or_default()
    };
    wait_until("a stamp that may be trusted", || {
        age() > Duration::from_millis(50)
    });
    sandbox.pipe("build left").expect_code(0);
    assert_eq!(sandbox.take_runs(), ["left"]);
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["right"]);
    assert_eq!(sandbox.read("build/right"), "two\n");
}

/// What is listed is what its node has read, not what stands there when the build ends.
#[test]
fn a_source_that_is_edited_while_another_node_runs_is_seen() {
    let slow = "node \"slow\" { after \"copy\"; in \"z.txt\"; out \"s\"; run \"touch began; until test -e go; do sleep 0.01; done; cp {in} {out}\" }";
    let sandbox = Sandbox::new(&format!("{CHAIN}{slow}"));
    sandbox.write("a.txt", "one\n");
    sandbox.write("z.txt", "zzz\n");
    sandbox.write("data/x", "x");
    let mut build = sandbox.command(["build"]).spawn().expect("pipe starts");
    wait_until("the slow node", || sandbox.stands("began"));
    sandbox.write("a.txt", "two\n");
    sandbox.write("go", "");
    assert!(build.wait().expect("its end").success());
    sandbox.take_runs();
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["copy", "count"]);
    assert_eq!(sandbox.read("build/b.txt"), "two\n");
}

#[test]
fn a_directory_that_gains_a_file_is_seen() {
    let sandbox = listed();
    sandbox.write("data/y", "y");
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["list"]);
}

#[test]
fn a_manifest_with_the_same_paths_is_seen() {
    let sandbox = listed();
    sandbox.manifest(&CHAIN.replace("wc -c", "wc -l"));
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["count"]);
    assert_eq!(sandbox.read("build/c.txt").trim(), "1");
}

#[test]
fn a_failure_and_what_is_below_it_stay_stale() {
    let sandbox = listed();
    let failing = CHAIN.replace(
        "cat {in} > {out}\" }\nnode \"count\"",
        "exit 3\" }\nnode \"count\"",
    );
    assert_ne!(failing, CHAIN);
    sandbox.manifest(&failing);
    sandbox.pipe("build -k").expect_code(1);
    assert_eq!(sandbox.take_runs(), ["copy"]);
    sandbox.pipe("build -k").expect_code(1);
    assert_eq!(sandbox.take_runs(), ["copy"], "it is tried again");
}

#[test]
fn what_was_not_asked_for_is_judged_by_what_it_reads_now() {
    let sandbox = listed();
    sandbox.write("a.txt", "longer than before\n");
    sandbox.pipe("build copy").expect_code(0);
    assert_eq!(sandbox.take_runs(), ["copy"]);
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["count"]);
    assert_eq!(sandbox.read("build/c.txt").trim(), "19");
}

#[test]
fn a_list_of_another_ledger_is_not_believed() {
    let sandbox = listed();
    let list = fs::read(sandbox.path(".pipe/fresh")).unwrap();
    sandbox.remove(".pipe/ledger");
    sandbox.build().expect_nothing_done();
    // Found in the cache, it is remembered again, as without a list.
    sandbox.write("a.txt", "two\n");
    let status = sandbox.pipe("status").expect_code(0);
    status.expect_said("a.txt changed");
    // Nor is one that lies beside a ledger that has gone on.
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["copy", "count"]);
    fs::write(sandbox.path(".pipe/fresh"), list).unwrap();
    sandbox.build().expect_nothing_done();
    sandbox.remove("build/b.txt");
    assert_eq!(sandbox.build().restored(), 1);
    assert_eq!(sandbox.read("build/b.txt"), "two\n");
}

/// The restored file may be trusted at once, and is another one than the node that was not asked for has seen.
#[test]
fn what_was_not_asked_for_is_not_fresh_with_what_came_back() {
    let sandbox = listed();
    sandbox.write("a.txt", "longer than before\n");
    sandbox.build();
    sandbox.build_until_listed(NODES);
    sandbox.write("a.txt", "one\n");
    assert_eq!(sandbox.pipe("build copy").expect_code(0).restored(), 1);
    assert_eq!(sandbox.build().restored(), 1);
    assert_eq!(sandbox.read("build/c.txt").trim(), "4");
}

#[test]
fn what_follows_from_a_change_may_run() {
    let sandbox = listed();
    sandbox.write("a.txt", "two\n");
    let status = sandbox.pipe("status --json").expect_code(0);
    assert!(status.out.contains("\"may-run\": 1,"), "{}", status.out);
}

/// An older ledger does not know what the last build wrote; were the list believed, the next run would take the output
/// for somebody's.
#[test]
fn an_older_ledger_does_not_make_outputs_strange() {
    let sandbox = listed();
    let ledger = fs::read(sandbox.path(".pipe/ledger")).unwrap();
    sandbox.write("z.txt", "yyy\n");
    sandbox.build();
    sandbox.build_until_listed(NODES);
    fs::write(sandbox.path(".pipe/ledger"), ledger).unwrap();
    sandbox.build().expect_nothing_done();
    sandbox.write("z.txt", "xxx\n");
    let built = sandbox.build();
    assert!(!sandbox.stands(".pipe/replaced"), "{}", built.err);
    assert_eq!(sandbox.read("build/z.txt"), "xxx\n");
}

#[test]
fn a_forced_node_runs_though_it_is_listed() {
    let sandbox = listed();
    sandbox.pipe("build -f other").expect_code(0);
    assert_eq!(sandbox.take_runs(), ["other"]);
}

/// What can be restored turns out to be damaged and runs; what it writes then is news for a node that was found fresh.
#[test]
fn a_fresh_node_below_a_damaged_entry_is_looked_at_again() {
    let sandbox = Sandbox::new(
        r#"
        node "count" { in "a.txt"; out "b.txt"; run "cat {in} counter > {out}" }
        node "copy" { in "b.txt"; out "c.txt"; run "cat {in} > {out}" }
        "#,
    );
    sandbox.write("a.txt", "a\n");
    sandbox.write("counter", "1\n");
    sandbox.build();
    sandbox.build_until_listed(2);
    sandbox.remove("b.txt");
    let blobs = walkdir::WalkDir::new(sandbox.path(".pipe/cache/v1/blobs")).into_iter();
    for blob in blobs.flatten().filter(|blob| blob.file_type().is_file()) {
        fs::remove_file(blob.path()).expect("it goes");
        fs::write(blob.path(), "b\n2\n").expect("damage of the same size");
    }
    sandbox.write("counter", "2\n");
    sandbox.build();
    assert_eq!(sandbox.read("b.txt"), "a\n2\n");
    assert_eq!(sandbox.read("c.txt"), "a\n2\n");
}
