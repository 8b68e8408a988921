//! Which outputs come back from the cache: those that are asked for, those that a command has to read, those that stood
//! here before. What stays away, and what becomes of it when it is needed after all.

use crate::support::{Outcome, Sandbox, command_in};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Three nodes in a row and one beside; each says on the side that it ran.
const ROW: &str = r#"
node "wide" { in "src/a"; out "build/wide"; run "echo wide >> runs; awk '{ for (i = 0; i < 400; i++) print }' {in} > {out}" }
node "middle" { in "build/wide"; out "build/middle/"; run "echo middle >> runs; mkdir -p {out}; head -n 300 {in} > {out}/part" }
node "report" { in "build/middle/" "src/b"; out "build/report"; run "echo report >> runs; cat {in.0}/part {in.1} | tail -n 3 > {out}" }
node "aside" { in "build/wide"; out "build/aside"; run "echo aside >> runs; wc -l < {in} > {out}" }
"#;

/// A project that was built, and a folder in which it has just been cloned, with its cache.
struct Cloned {
    sandbox: Sandbox,
    clone: PathBuf,
}

impl Cloned {
    fn new(manifest: &str) -> Cloned {
        let sandbox = Sandbox::new(manifest);
        sandbox.write("src/a", "first\n");
        sandbox.write("src/b", "second\n");
        sandbox.build();
        let clone = sandbox.moved_copy("clone");
        for gone in ["build", "runs"] {
            let gone = clone.join(gone);
            let _ = fs::remove_dir_all(&gone).or_else(|_| fs::remove_file(&gone));
        }
        for entry in fs::read_dir(clone.join(".pipe"))
            .expect("a state")
            .flatten()
        {
            if entry.file_name() != "cache" {
                let gone = entry.path();
                let _ = fs::remove_dir_all(&gone).or_else(|_| fs::remove_file(&gone));
            }
        }
        Cloned { sandbox, clone }
    }

    fn pipe(&self, arguments: &str) -> Outcome {
        let output = command_in(&self.clone, arguments.split_whitespace()).output();
        Outcome::of(output.expect("pipe starts"))
    }

    fn build(&self, arguments: &str) -> Outcome {
        self.pipe(&format!("build {arguments}")).expect_code(0)
    }

    fn runs(&self) -> Vec<String> {
        let path = self.clone.join("runs");
        let text = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(&path);
        let mut runs: Vec<String> = text.lines().map(str::to_owned).collect();
        runs.sort();
        runs
    }

    fn stands(&self, path: &str) -> bool {
        self.clone.join(path).exists()
    }

    fn is_as_in_the_first(&self, path: &str) -> bool {
        let read = |root: &Path| fs::read(root.join(path)).expect("it stands");
        read(&self.clone) == read(self.sandbox.root())
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.clone.join(path), text).expect("a file");
    }

    /// Harms every blob of the clone's cache whose bytes are those of `path` in the first project.
    fn harm(&self, path: &str) {
        let bytes = fs::read(self.sandbox.path(path)).expect("it stands");
        let mut harmed = 0;
        for entry in walkdir::WalkDir::new(self.clone.join(".pipe/cache"))
            .into_iter()
            .flatten()
            .filter(|entry| entry.file_type().is_file())
        {
            if fs::read(entry.path()).expect("a blob") == bytes {
                let mode = fs::Permissions::from_mode(0o644);
                fs::set_permissions(entry.path(), mode).expect("a mode");
                fs::write(entry.path(), vec![b'x'; bytes.len()]).expect("a blob");
                harmed += 1;
            }
        }
        assert_eq!(harmed, 1, "{path} has one blob");
    }
}

fn size_of(folder: &Path) -> u64 {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.metadata().expect("a file").len())
        .sum()
}

#[test]
fn of_a_clone_only_the_target_is_restored() {
    let cloned = Cloned::new(ROW);
    let told = cloned.build("report");
    assert_eq!((told.ran(), told.restored()), (0, 1), "{}", told.err);
    told.expect_said("2 fresh (2 not on the disk)");
    assert!(cloned.is_as_in_the_first("build/report"));
    let asked = size_of(&cloned.sandbox.path("build/report"));
    let came = size_of(&cloned.clone.join("build"));
    assert!(came * 100 <= asked * 105, "{came} bytes for {asked}");
    cloned.build("report").expect_nothing_done();
    cloned.pipe("status --exit-code report").expect_code(0);
    cloned
        .pipe("status report")
        .expect_said("all 3 nodes are fresh (2 not on the disk)");
    cloned
        .pipe("status -a report")
        .expect_said("middle  not on the disk");
    cloned
        .pipe("status --json report")
        .expect_said("\"away\": 2");
    cloned
        .pipe("why report")
        .expect_said("its outputs were restored in build");
    cloned
        .pipe("why middle")
        .expect_said("`middle` will be restored from the cache: same key as in build");
    let all = cloned.build("");
    assert_eq!((all.ran(), all.restored()), (0, 3), "{}", all.err);
    assert!(cloned.is_as_in_the_first("build/wide"));
    cloned.build("").expect_nothing_done();
}

#[test]
fn all_that_a_target_needs_is_restored_when_that_is_asked_for() {
    let cloned = Cloned::new(ROW);
    cloned
        .pipe("build -n --restore all report")
        .expect_said("would restore 3 nodes");
    cloned
        .pipe("build -n report")
        .expect_said("would restore 1 node");
    let told = cloned.build("--restore all report");
    assert_eq!((told.ran(), told.restored()), (0, 3), "{}", told.err);
    assert!(cloned.is_as_in_the_first("build/middle/part"));
    assert!(!cloned.stands("build/aside"));
}

#[test]
fn what_a_command_has_to_read_is_restored_and_nothing_above_it() {
    let cloned = Cloned::new(ROW);
    cloned.write("src/b", "other\n");
    let told = cloned.build("report");
    assert_eq!(cloned.runs(), ["report"]);
    assert_eq!(told.restored(), 1, "{}", told.err);
    assert!(cloned.stands("build/middle/part") && !cloned.stands("build/wide"));
    cloned.build("report").expect_nothing_done();
}

#[test]
fn what_is_away_runs_when_it_is_needed_and_the_cache_is_gone() {
    let cloned = Cloned::new(ROW);
    cloned.build("report");
    fs::remove_dir_all(cloned.clone.join(".pipe/cache")).expect("a cache");
    cloned.build("report").expect_nothing_done();
    cloned.write("src/b", "other\n");
    cloned.build("report");
    assert_eq!(cloned.runs(), ["middle", "report", "wide"]);
    assert!(cloned.is_as_in_the_first("build/wide"));
}

#[test]
fn a_damaged_target_is_made_again_from_inputs_that_come_back() {
    let cloned = Cloned::new(ROW);
    cloned.harm("build/report");
    let told = cloned.build("report");
    assert_eq!(cloned.runs(), ["report"]);
    assert_eq!((told.ran(), told.restored()), (1, 1), "{}", told.err);
    assert!(cloned.is_as_in_the_first("build/report"));
    assert!(!cloned.stands("build/wide"), "nobody reads it");
    cloned.build("report").expect_nothing_done();
}

#[test]
fn a_wholly_damaged_cache_costs_the_runs() {
    let cloned = Cloned::new(ROW);
    for path in ["build/report", "build/middle/part", "build/wide"] {
        cloned.harm(path);
    }
    let told = cloned.build("report");
    assert_eq!(
        cloned.runs(),
        ["middle", "report", "wide"],
        "each once\n{}",
        told.err
    );
    assert!(cloned.is_as_in_the_first("build/report"));
    cloned.build("report").expect_nothing_done();
    cloned.build("").expect_said("aside");
}

#[test]
fn damage_in_a_cache_that_is_only_read_costs_a_run() {
    let cloned = Cloned::new(ROW);
    cloned.harm("build/report");
    fs::rename(
        cloned.clone.join(".pipe/cache"),
        cloned.clone.join("shared"),
    )
    .expect("a cache");
    let sizes = || size_of(&cloned.clone.join("shared"));
    let before = sizes();
    let told = cloned.build("--cache-read shared report");
    assert_eq!(sizes(), before, "nothing is removed from it");
    assert_eq!(cloned.runs(), ["report"], "{}", told.err);
    assert!(cloned.is_as_in_the_first("build/report"));
    cloned
        .build("--cache-read shared report")
        .expect_nothing_done();
}

#[test]
fn what_stood_here_and_was_removed_is_noticed() {
    let cloned = Cloned::new(ROW);
    cloned.build("");
    fs::remove_file(cloned.clone.join("build/wide")).expect("it stood");
    assert_eq!(cloned.build("report").restored(), 1);
    assert!(cloned.stands("build/wide"));
    // What `pipe` took away itself is not missed.
    cloned.pipe("clean --yes wide").expect_code(0);
    assert!(!cloned.stands("build/wide"));
    cloned.build("report").expect_nothing_done();
    assert!(!cloned.stands("build/wide"));
}

/// A file that somebody made is no output that is away.
#[test]
fn what_stands_at_an_output_that_nobody_asked_for_is_set_aside() {
    let cloned = Cloned::new(ROW);
    fs::create_dir(cloned.clone.join("build")).expect("a folder");
    cloned.write("build/wide", "mine\n");
    let told = cloned.build("report");
    told.expect_said("it was moved to .pipe/replaced/");
    assert_eq!((told.ran(), told.restored()), (0, 2), "{}", told.err);
    assert!(cloned.is_as_in_the_first("build/wide"));
    assert!(!cloned.stands("build/middle"));
}

#[test]
fn between_two_targets_nothing_has_to_stand() {
    let cloned = Cloned::new(ROW);
    let told = cloned.build("wide report");
    assert_eq!((told.ran(), told.restored()), (0, 2), "{}", told.err);
    assert!(cloned.stands("build/wide") && !cloned.stands("build/middle"));
    cloned.build("wide report").expect_nothing_done();
}

/// What needs nothing that failed goes on, and what failed is not tried twice.
#[test]
fn damage_beside_a_failure_is_mended_where_builds_keep_going() {
    let more = "node \"fails\" { in \"src/b\"; out \"build/fails\"; run \"echo fails >> runs; echo talk; test -e well; touch {out}\" }\n\
                node \"below\" { in \"build/fails\"; out \"build/below\"; run \"echo below >> runs; cp {in} {out}\" }\n";
    for (arguments, ran) in [("-k", &["fails", "report"][..]), ("", &["fails"])] {
        let cloned = Cloned::new(ROW);
        cloned.write("pipe.kdl", &format!("jobs 1\n{ROW}{more}"));
        cloned.harm("build/report");
        let told = cloned
            .pipe(&format!("build {arguments} report below"))
            .expect_code(1);
        assert_eq!(cloned.runs(), ran, "{}", told.err);
        assert_eq!(
            told.err.matches("failed   fails").count(),
            1,
            "{}",
            told.err
        );
        if arguments == "-k" {
            assert!(cloned.is_as_in_the_first("build/report"));
            told.expect_said("failed: 1 failed (`fails`), 1 blocked, 1 ran");
            assert!(!told.err.contains("hint"), "{}", told.err);
        } else {
            told.expect_said("1 not done");
            told.expect_said("hint: `pipe build -k`");
        }
        let failed = cloned.pipe("log --failed").expect_code(0);
        assert_eq!(failed.out, "talk\n", "{}", failed.err);
        cloned.write("well", "");
        cloned.build(&format!("{arguments} report below"));
        assert!(cloned.is_as_in_the_first("build/report"));
        cloned.build("report below").expect_nothing_done();
    }
}

#[test]
fn what_stands_in_another_version_is_brought_up_to_date() {
    let cloned = Cloned::new(ROW);
    cloned.write("src/a", "another\n");
    cloned.build("");
    cloned.runs();
    cloned.write("src/a", "first\n");
    cloned.build("report");
    assert!(cloned.runs().is_empty());
    for path in ["build/wide", "build/middle/part", "build/report"] {
        assert!(cloned.is_as_in_the_first(path), "{path}");
    }
}

#[test]
fn whoever_reads_a_folder_finds_in_it_what_nodes_write_there() {
    let cloned = Cloned::new(
        r#"
node "a" { in "src/a"; out "data/a"; run "echo a >> runs; cp {in} {out}" }
node "all" { in "data/"; out "build/all"; run "echo all >> runs; cat data/* > {out}" }
node "end" { in "build/all"; out "build/end"; run "echo end >> runs; cp {in} {out}" }
"#,
    );
    fs::remove_file(cloned.clone.join("data/a")).expect("an output");
    let plan = cloned.pipe("build -n end").expect_code(0);
    plan.expect_said("would restore 1 node; 2 may run");
    cloned.build("end");
    assert!(cloned.runs().is_empty());
    assert!(cloned.is_as_in_the_first("build/end"));
    cloned.build("end").expect_nothing_done();
}

#[test]
fn a_reader_of_what_is_away_is_judged_by_what_belongs_there() {
    let sandbox = Sandbox::new(
        r#"
node "big" { temp; in "src"; out "build/big"; run "echo big >> runs; cp {in} {out}" }
node "other" { in "src"; out "build/other"; run "echo other >> runs; cp {in} {out}" }
node "both" { in "build/big" "build/other"; out "build/both"; run "echo both >> runs; cat {in} > {out}" }
"#,
    );
    sandbox.write("src", "1\n");
    sandbox.build();
    sandbox.take_runs();
    sandbox.remove("build/other");
    assert_eq!(sandbox.build().restored(), 1, "and `both` is fresh still");
    assert!(sandbox.take_runs().is_empty());
    assert!(!sandbox.stands("build/big"));
}
