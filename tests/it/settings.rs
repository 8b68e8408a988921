//! What a node asks of the engine: retries, limits of time and number, what becomes of its outputs.

use crate::support::Sandbox;

#[test]
fn a_probe_is_a_part_of_the_key() {
    let sandbox = Sandbox::new(
        r#"
node "load" { probe "cat version"; out "build/x"; run "echo load >> runs; cp version {out}" }
node "use" { in "build/x"; out "build/y"; run "echo use >> runs; cp {in} {out}" }
"#,
    );
    sandbox
        .pipe("build")
        .expect_code(1)
        .expect_said("its probe `cat version` failed");
    sandbox.write("version", "1\n");
    assert_eq!(sandbox.build().ran(), 2);
    sandbox.build().expect_nothing_done();
    sandbox.write("version", "2\n");
    sandbox
        .pipe("why load")
        .expect_code(0)
        .expect_said("the probe `cat version` prints changed");
    assert_eq!(sandbox.build().ran(), 2);
    sandbox.write("version", "1\n");
    assert_eq!(sandbox.build().restored(), 2);
    assert_eq!(sandbox.take_runs().len(), 4);
}

#[test]
fn what_persists_is_gone_on_from() {
    let sandbox = Sandbox::new(
        r#"node "grow" { persist; in "src"; out "build/log"; run "cat {in} >> {out}; test ! -e fail" }"#,
    );
    sandbox.write("src", "1\n");
    sandbox.build();
    sandbox.write("src", "2\n");
    sandbox.write("fail", "");
    sandbox.pipe("build").expect_code(1);
    assert_eq!(sandbox.read("build/log"), "1\n2\n", "also after a failure");
    sandbox.remove("fail");
    assert_eq!(sandbox.build().ran(), 1);
    assert_eq!(sandbox.read("build/log"), "1\n2\n2\n");
    sandbox.write("build/log", "mine\n");
    sandbox.build().expect_said("build/log");
    assert_eq!(
        sandbox.read("build/log"),
        "1\n2\n2\n",
        "what the user wrote is set aside"
    );
}

#[test]
fn temporary_outputs_go_after_their_last_reader_and_come_back_when_needed() {
    let sandbox = Sandbox::new(
        r#"
node "big" { temp; in "src"; out "build/big"; run "echo big >> runs; cat {in} {in} > {out}" }
node "one" { in "build/big"; out "build/one"; run "echo one >> runs; head -n 1 {in} > {out}" }
node "two" { in "build/big" "more"; out "build/two"; run "echo two >> runs; cat {in} > {out}" }
"#,
    );
    sandbox.write("src", "1\n");
    sandbox.write("more", "m\n");
    assert_eq!(sandbox.build().ran(), 3);
    assert!(!sandbox.stands("build/big"));
    sandbox.build().expect_nothing_done();
    sandbox.pipe("status --exit-code").expect_code(0);
    sandbox.take_runs();
    sandbox.write("more", "n\n");
    sandbox.build();
    assert_eq!(
        sandbox.take_runs(),
        ["two"],
        "what it reads was brought back"
    );
    assert_eq!(sandbox.read("build/two"), "1\n1\nn\n");
    assert!(!sandbox.stands("build/big"));
    sandbox.pipe("build build/big").expect_code(0);
    assert!(sandbox.stands("build/big"), "asked for");
    sandbox.write("src", "2\n");
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["big", "one", "two"]);
    assert!(!sandbox.stands("build/big"));
    sandbox.remove(".pipe/cache");
    sandbox.write("more", "o\n");
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["big", "two"], "nothing kept it");
}

#[test]
fn a_temporary_output_stays_for_a_reader_that_failed() {
    let sandbox = Sandbox::new(
        r#"
node "big" { temp; in "src"; out "build/big"; run "echo big >> runs; cp {in} {out}" }
node "one" { in "build/big"; out "build/one"; run "test -e go && cp {in} {out}" }
"#,
    );
    sandbox.write("src", "1\n");
    sandbox.pipe("build").expect_code(1);
    assert!(sandbox.stands("build/big"));
    sandbox.write("go", "");
    sandbox.build();
    assert_eq!(sandbox.take_runs(), ["big"]);
    assert!(!sandbox.stands("build/big"));
}

#[test]
fn without_the_cache_nothing_is_kept_or_restored() {
    let sandbox = Sandbox::new(
        r#"node "a" { cache "off"; in "src"; out "build/a"; run "echo a >> runs; cp {in} {out}; echo said" }"#,
    );
    sandbox.write("src", "1\n");
    sandbox.build();
    sandbox.build().expect_nothing_done();
    let entries = walkdir::WalkDir::new(sandbox.path(".pipe/cache"))
        .into_iter()
        .flatten();
    let is_entry = |entry: &walkdir::DirEntry| {
        let path = entry.path().display().to_string();
        entry.file_type().is_file() && (path.contains("/results/") || path.contains("/blobs/"))
    };
    let files = entries.filter(is_entry);
    assert_eq!(files.count(), 0, "the cache is empty");
    sandbox.write("src", "2\n");
    sandbox.build();
    sandbox.write("src", "1\n");
    assert_eq!(sandbox.build().ran(), 1);
    sandbox.remove("build/a");
    assert_eq!(sandbox.build().ran(), 1);
}

#[test]
fn ignored_names_do_not_count() {
    let sandbox = Sandbox::new(
        r#"
defaults { ignore "*.bak" }
node "a" { in "src/"; ignore "*.log" "cache"; out "build/a"; run "echo x > src/own.log; ls src > {out}" }
"#,
    );
    sandbox.write("src/a.txt", "1\n");
    sandbox.write("src/cache/x", "1\n");
    assert_eq!(sandbox.build().ran(), 1);
    sandbox.build().expect_nothing_done();
    sandbox.write("src/b.log", "");
    sandbox.write("src/deep/c.log", "");
    sandbox.write("src/cache/y", "");
    sandbox.write("src/a.bak", "");
    sandbox.remove("src/deep");
    sandbox.build().expect_nothing_done();
    sandbox.write("src/b.txt", "");
    assert_eq!(sandbox.build().ran(), 1);
}

#[test]
fn a_depfile_brings_inputs_that_were_not_declared() {
    let sandbox = Sandbox::new(
        r#"
node "cc" { in "main.c"; out "build/main"; depfile "build/main.d"; run "echo cc >> runs; cat main.c $(cat list) > {out}; echo build/main: main.c $(cat list) /etc/hosts > build/main.d" }
"#,
    );
    sandbox.write("main.c", "m\n");
    sandbox.write("list", "a.h\n");
    sandbox.write("a.h", "a\n");
    sandbox.write("b.h", "b\n");
    sandbox.build();
    sandbox.build();
    sandbox.build().expect_nothing_done();
    assert!(!sandbox.stands("build/main.d"), "it was read and put away");
    sandbox.take_runs();
    sandbox.write("a.h", "A\n");
    sandbox.pipe("why cc").expect_code(0).expect_said("a.h");
    sandbox.build();
    assert_eq!(sandbox.read("build/main"), "m\nA\n");
    sandbox.write("b.h", "B\n");
    sandbox.build().expect_nothing_done();
    sandbox.write("a.h", "a\n");
    assert_eq!(
        sandbox.build().restored(),
        1,
        "what was found is a part of the key"
    );
    let copy = sandbox.moved_copy("copy");
    std::fs::remove_file(copy.join(".pipe/ledger")).expect("a ledger");
    std::fs::remove_dir_all(copy.join("build")).expect("outputs");
    let built = crate::support::command_in(&copy, ["build"])
        .output()
        .expect("pipe starts");
    let said = String::from_utf8_lossy(&built.stderr).into_owned();
    assert!(
        said.contains("restored"),
        "also where nothing is remembered:\n{said}"
    );
}

#[test]
fn a_missing_or_broken_depfile_is_a_failure() {
    for (made, said) in [
        ("true", "its depfile"),
        ("echo nothing > x.d", "a rule has a colon"),
    ] {
        let sandbox = Sandbox::new(&format!(
            r#"node "cc" {{ out "build/o"; depfile "x.d"; run "echo > {{out}}; {made}" }}"#
        ));
        sandbox.pipe("build").expect_code(1).expect_said(said);
        assert!(!sandbox.stands("build/o"));
    }
}

#[test]
fn a_failed_command_is_tried_again() {
    let sandbox = Sandbox::new(
        r#"
defaults { retries 1 }
node "flaky" { retries 2; out "build/a"; run "echo try >> runs; test $(wc -l < runs) -ge 3; echo ok > {out}" }
"#,
    );
    let built = sandbox.build();
    built.expect_said("`flaky` failed (exit code 1) and is tried again, 2 of 2");
    assert_eq!(built.ran(), 1);
    assert_eq!(sandbox.take_runs().len(), 3);
    sandbox.manifest(
        r#"
defaults { retries 1 }
node "bad" { out "build/b"; run "echo try >> runs; false" }
"#,
    );
    sandbox.pipe("build").expect_code(1);
    assert_eq!(sandbox.take_runs().len(), 2);
}

#[test]
fn a_command_that_takes_too_long_is_ended_with_all_that_it_started() {
    let sandbox = Sandbox::new(
        r#"node "slow" { timeout "300ms"; out "build/a"; run "echo > {out}; sleep 60 & echo $! > child; wait" }"#,
    );
    sandbox
        .pipe("build")
        .expect_code(1)
        .expect_said("took longer than its `timeout`");
    let child = sandbox.read("child");
    let alive = std::fs::read_to_string(format!("/proc/{}/stat", child.trim()));
    assert!(
        alive.is_err() || alive.is_ok_and(|stat| stat.contains(") Z ")),
        "the child is gone"
    );
    assert!(!sandbox.stands("build/a"));
}

#[test]
fn limits_of_slots_instances_and_resources_are_kept() {
    let sandbox = Sandbox::new(
        r#"
jobs 6
resource "db" 2
node "few" { jobs 2; matrix { n 1 2 3 4 5 }; out "few/{matrix.n}"; run "{params.run:raw}" }
node "wide" { slots 4; matrix { n 1 2 3 }; out "wide/{matrix.n}"; run "{params.run:raw}" }
node "db" { use db=1; matrix { n 1 2 3 4 }; out "db/{matrix.n}"; run "{params.run:raw}" }
params "p.toml"
"#,
    );
    // Each writes when it starts and when it ends, and counts what runs until two of its kind have met once; of the
    // wide ones no two ever do.
    let run = r#"
kind=${PIPE_OUT%/*}; mkdir -p on seen; touch on/$kind-$$; tries=0
until ls on > seen/$kind-$$; [ $kind = wide ] || [ -e met-$kind ] || [ $tries = 400 ]; do
    [ $(grep -c "^$kind" seen/$kind-$$) -lt 2 ] || touch met-$kind
    tries=$((tries + 1)); sleep 0.02
done
rm on/$kind-$$; echo > $PIPE_OUT"#;
    sandbox.write("p.toml", format!("run = '''{run}'''\n"));
    assert_eq!(sandbox.build().ran(), 12);
    let most = |kind: &str| {
        let seen = std::fs::read_dir(sandbox.path("seen")).expect("each has looked");
        let of_kind = seen.flatten().filter(|entry| {
            let name = entry.file_name();
            name.to_string_lossy().starts_with(kind)
        });
        let count = |entry: std::fs::DirEntry| {
            let listed = std::fs::read_to_string(entry.path()).expect("a list");
            listed.lines().filter(|line| line.starts_with(kind)).count()
        };
        of_kind.map(count).max().unwrap_or(0)
    };
    assert_eq!(most("few"), 2);
    assert_eq!(
        most("wide"),
        1,
        "two of four slots each do not fit into six"
    );
    assert_eq!(most("db"), 2);
    sandbox.manifest("resource \"db\" 2\nnode \"a\" { use db=3; out \"x\"; run \"true\" }\n");
    sandbox
        .pipe("build")
        .expect_code(2)
        .expect_said("more of `db` is asked for than there is");
}
