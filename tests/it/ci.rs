//! Builds in CI: which caches are read and written, builds that run nothing, and the logs of services.

mod clones;
mod recipes;
mod since;

use crate::support::{Outcome, Sandbox, command_in};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Two nodes, one upon the other; each writes its name into `runs`.
const CHAIN: &str = r#"/- kdl-version 2
node "first" {
    in "source"
    out "build/first"
    run "echo first >> runs; echo said by first; tr a-z A-Z < {in} > {out}"
}
node "second" {
    in "build/first"
    out "build/second"
    run "echo second >> runs; rev < {in} > {out}"
}
"#;

const GITHUB: &[(&str, &str)] = &[("CI", "true"), ("GITHUB_ACTIONS", "true")];

fn chain() -> Sandbox {
    let sandbox = Sandbox::new(CHAIN);
    sandbox.write("source", "abc\n");
    sandbox
}

fn pipe_in(folder: &Path, arguments: &str, variables: &[(&str, &str)]) -> Outcome {
    let mut command = command_in(folder, arguments.split_whitespace());
    command.envs(variables.iter().copied());
    Outcome::of(command.output().expect("pipe starts"))
}

/// Every file below a folder with its bytes and its time of change.
fn picture(folder: &Path) -> BTreeMap<String, (Vec<u8>, std::time::SystemTime)> {
    let files = walkdir::WalkDir::new(folder).into_iter();
    let files = files.map(|entry| entry.expect("a folder that can be read"));
    let files = files.filter(|entry| entry.file_type().is_file());
    files
        .map(|entry| {
            let bytes = fs::read(entry.path()).expect("a file that can be read");
            let metadata = entry.metadata().expect("a file that stands");
            let time = metadata.modified().expect("a time");
            (entry.path().display().to_string(), (bytes, time))
        })
        .collect()
}

/// The same project in another folder, with nothing built and nothing remembered.
fn fresh_clone(sandbox: &Sandbox, name: &str) -> std::path::PathBuf {
    let clone = sandbox.moved_copy(name);
    for built in ["build", ".pipe", "runs"] {
        let path = clone.join(built);
        let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path));
    }
    clone
}

#[test]
fn with_cache_only_nothing_runs_and_what_is_missing_is_named() {
    let sandbox = chain();
    sandbox.pipe("build first").expect_code(0);
    sandbox.take_runs();
    sandbox.remove("build");
    let half = sandbox.pipe("build --cache-only").expect_code(4);
    half.expect_said("restored first");
    half.expect_said("stale    second");
    half.expect_said("not in the cache: 1 would have to run (`second`), 1 restored");
    assert!(sandbox.take_runs().is_empty() && sandbox.stands("build/first"));
    assert!(!sandbox.stands("build/second"));
    sandbox.build();
    sandbox.remove("build");
    sandbox.take_runs();
    sandbox.pipe("build --cache-only").expect_code(0);
    assert!(sandbox.take_runs().is_empty() && sandbox.stands("build/second"));
    // What stands that somebody changed is not replaced by nothing: it stays as it is.
    sandbox.write("source", "other\n");
    let none = sandbox.pipe("build --cache-only").expect_code(4);
    none.expect_said("would have to run (`first`), 1 blocked");
    assert_eq!(sandbox.read("build/second"), "CBA\n");
    sandbox.pipe("build --cache-only -f").expect_code(2);
}

#[test]
fn a_cache_can_be_used_one_way_only() {
    let sandbox = chain();
    let cache = sandbox.path(".pipe/cache/v1");
    sandbox.pipe("build --cache off").expect_code(0);
    assert!(!cache.join("results").exists(), "nothing was kept");
    sandbox.remove("build");
    sandbox.pipe("build --cache write").expect_code(0);
    assert_eq!(sandbox.take_runs(), ["first", "first", "second", "second"]);
    sandbox.remove("build");
    sandbox.pipe("build --cache write").expect_code(0);
    assert_eq!(
        sandbox.take_runs(),
        ["first", "second"],
        "none was restored"
    );
    sandbox.remove("build");
    let before = picture(&cache);
    assert_eq!(
        sandbox.pipe("build --cache read").expect_code(0).restored(),
        2
    );
    sandbox.write("source", "new\n");
    assert_eq!(sandbox.pipe("build --cache read").expect_code(0).ran(), 2);
    assert_eq!(picture(&cache), before, "none was added");
}

#[test]
fn behind_a_cache_another_is_read_and_never_written() {
    let sandbox = chain();
    let shared = sandbox.beside("shared");
    let with = format!("build --cache-dir {}", shared.display());
    sandbox.pipe(&with).expect_code(0);
    let before = picture(&shared);
    let clone = fresh_clone(&sandbox, "clone");
    let read = [("PIPE_CACHE_READ", shared.to_str().expect("a path"))];
    let restored = pipe_in(&clone, "build", &read).expect_code(0);
    assert_eq!(restored.restored(), 2);
    // Another source, the same first letters: `first` has a new key, and an output that only the shared cache holds.
    fs::write(clone.join("source"), "ABC\n").expect("a source");
    let ran = pipe_in(&clone, "build", &read).expect_code(0);
    ran.expect_said("outputs as before");
    assert_eq!((ran.ran(), picture(&shared) == before), (1, true));
    // What was made here is whole here, without what lies behind.
    fs::remove_dir_all(clone.join("build")).expect("outputs");
    pipe_in(&clone, "build --cache-only first", &[]).expect_code(0);
    assert_eq!(
        fs::read_to_string(clone.join("build/first")).expect("an output"),
        "ABC\n"
    );
}

#[test]
fn damage_behind_costs_a_run_and_is_left_to_its_owner() {
    let sandbox = chain();
    let shared = sandbox.beside("shared");
    sandbox
        .pipe(&format!("build --cache-dir {}", shared.display()))
        .expect_code(0);
    for (file, (bytes, _)) in picture(&shared.join("v1/blobs")) {
        if bytes == b"ABC\n" {
            fs::remove_file(&file).expect("a blob");
            fs::write(&file, "XYZ\n").expect("a damaged blob");
        }
    }
    let before = picture(&shared);
    let clone = fresh_clone(&sandbox, "clone");
    let read = [("PIPE_CACHE_READ", shared.to_str().expect("a path"))];
    let built = pipe_in(&clone, "build", &read).expect_code(0);
    built.expect_said("damaged");
    assert_eq!((built.ran(), built.restored()), (1, 1));
    assert_eq!(
        fs::read_to_string(clone.join("build/second")).expect("an output"),
        "CBA\n"
    );
    assert_eq!(picture(&shared), before);
}

#[test]
fn a_pull_request_reads_the_shared_cache_and_writes_its_own() {
    let sandbox = chain();
    let shared = sandbox.beside("shared");
    let shared_text = shared.to_str().expect("a path").to_owned();
    let push = [
        GITHUB,
        &[
            ("GITHUB_EVENT_NAME", "push"),
            ("PIPE_CACHE_DIR", &shared_text),
        ],
    ]
    .concat();
    pipe_in(sandbox.root(), "build", &push).expect_code(0);
    let before = picture(&shared);
    let clone = fresh_clone(&sandbox, "clone");
    let gitlab = [
        ("CI", "true"),
        ("GITLAB_CI", "true"),
        ("CI_PIPELINE_SOURCE", "merge_request_event"),
        ("PIPE_CACHE_DIR", &*shared_text),
    ];
    let github = [
        GITHUB,
        &[
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("PIPE_CACHE_DIR", &shared_text),
        ],
    ]
    .concat();
    for (number, request) in [&gitlab[..], &github].into_iter().enumerate() {
        fs::write(clone.join("source"), "abc\n").expect("a source");
        let _ = fs::remove_dir_all(clone.join("build"));
        let built = pipe_in(&clone, "build", request).expect_code(0);
        built.expect_said("note: this is a pull request (");
        assert_eq!(built.restored(), 2, "{}", built.err);
        fs::write(clone.join("source"), format!("request {number}\n")).expect("a source");
        assert_eq!(pipe_in(&clone, "build", request).expect_code(0).ran(), 2);
        assert_eq!(picture(&shared), before, "the shared cache was written");
        assert!(clone.join(".pipe/cache/v1/results").is_dir());
    }
    fs::write(clone.join("source"), "all the same\n").expect("a source");
    let forced = pipe_in(&clone, "build --cache read-write", &github).expect_code(0);
    assert!(!forced.err.contains("pull request"), "{}", forced.err);
    assert_ne!(picture(&shared), before, "it was asked for");
}

#[test]
fn github_gets_groups_annotations_and_a_summary() {
    let sandbox = Sandbox::new(
        r#"/- kdl-version 2
node "good" {
    out "a"
    run "echo hello; echo x > {out}"
}
node "bad" {
    out "b"
    run "printf '\\033[31mno\\033[0m such luck\\n'; echo ' ::warning::forged'; echo 'x ##[error]forged'; exit 3"
}
"#,
    );
    let summary = sandbox.beside("summary.md");
    fs::write(&summary, "before\n").expect("a file");
    let variables = [
        GITHUB,
        &[("GITHUB_STEP_SUMMARY", summary.to_str().expect("a path"))],
    ]
    .concat();
    let built = pipe_in(sandbox.root(), "build -k -j 1 --color never", &variables).expect_code(1);
    let lines: Vec<&str> = built.err.lines().collect();
    let at = |start: &str| {
        let found = lines.iter().position(|line| line.starts_with(start));
        found.unwrap_or_else(|| panic!("no line begins with {start:?} in\n{}", built.err))
    };
    let group = at("::group::ran      good");
    assert_eq!(&lines[group + 1..group + 3], ["  | hello", "::endgroup::"]);
    let block = at("  | no such luck");
    assert!(block > group && block > at("failed   bad"));
    assert!(at("::error title=bad failed::exit code 3%0Ano such luck") > block);
    // What a node prints gives no orders, however it begins.
    let orders = |line: &&str| line.trim_start().starts_with("::") || line.contains("##[");
    let orders: Vec<&&str> = lines.iter().filter(|line| orders(line)).collect();
    assert_eq!(orders.len(), 3, "{orders:?}");
    assert!(
        built
            .last_line()
            .starts_with("failed: 1 failed (`bad`), 1 ran")
    );
    assert!(!built.err.contains('\x1b'));
    let page = fs::read_to_string(&summary).expect("the summary");
    assert!(page.starts_with("before\n### pipe: failed\n"), "{page}");
    assert!(page.contains("| failed | bad | "), "{page}");
    assert!(
        page.contains("| ran | good | ") && page.contains("never ran") | page.contains("no result"),
        "{page}"
    );
    // Their logs show colours.
    let coloured = pipe_in(sandbox.root(), "build", &variables).expect_code(1);
    assert!(coloured.err.contains("\x1b[31mno"), "{}", coloured.err);
    let plain = [&variables[..], &[("NO_COLOR", "1")]].concat();
    assert!(
        !pipe_in(sandbox.root(), "build", &plain)
            .expect_code(1)
            .err
            .contains('\x1b')
    );
    // Another service has no form of its own.
    let other = pipe_in(sandbox.root(), "build", &[("CI", "true")]).expect_code(1);
    assert!(
        !other.err.contains("\n::") && !other.err.contains('\x1b'),
        "{}",
        other.err
    );
}

#[test]
fn gitlab_gets_sections() {
    let sandbox = chain();
    let variables = [("CI", "true"), ("GITLAB_CI", "true"), ("NO_COLOR", "1")];
    let built = pipe_in(sandbox.root(), "build", &variables).expect_code(0);
    let start = built.err.find("\x1b[0Ksection_start:").expect("a section");
    let end = built.err.find("\x1b[0Ksection_end:").expect("its end");
    assert!(built.err[start..end].contains(":pipe_1[collapsed=true]\r\x1b[0Kran      first"));
    assert!(built.err[start..end].contains("\n  | said by first\n"));
    assert_eq!(built.last_line().split(':').next(), Some("done"));
}
