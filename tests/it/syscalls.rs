//! A fault at every system call: killed there, or told EIO or ENOSPC; the next build is right and needs no ritual.
//!
//! strace puts the faults in, one a run, at the first call of a kind, at the second, and so on until a run passes
//! untouched. The suite takes every so manieth; `PIPE_FAULTS=all` takes all, which lasts half an hour. Where strace is
//! not installed these tests say so and pass.

use crate::support::{Outcome, Sandbox, all_faults, command_in, copy_tree};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Every call by which `pipe` touches files or a lock.
const CALLS_ON_FILES: &[&str] = &[
    "openat",
    "read",
    "pread64",
    "write",
    "pwrite64",
    "writev",
    "statx",
    "newfstatat",
    "fstat",
    "mkdir",
    "rename",
    "unlink",
    "unlinkat",
    "rmdir",
    "symlink",
    "readlink",
    "ftruncate",
    "chmod",
    "fchmod",
    "fsync",
    "fdatasync",
    "flock",
    "getdents64",
    "lseek",
    "copy_file_range",
    "sendfile",
    "ioctl",
    "fcntl",
    "utimensat",
];

/// Others at which it may be killed. No disk makes them fail; and when a folder cannot be closed, the standard library
/// panics, by which a released `pipe` dies as if it were killed.
const OTHER_CALLS: &[&str] = &[
    "close", "clone3", "execve", "sendto", "recvfrom", "pipe2", "wait4", "poll", "mmap",
];

const MANIFEST: &str = r#"
node "file" { in "a.txt"; out "build/o.txt"; run "cat {in} > {out}; echo talk" }
node "tree" { in "build/o.txt"; out "build/d/"; run "mkdir -p {out}/empty; cp {in} {out}/x; ln -s x {out}/link; chmod +x {out}/x" }
"#;

/// A build that takes longer is said to hang, in seconds.
const LONGEST: u64 = 20;

/// A project in some state, and what is done to it.
struct Scenario {
    name: &'static str,
    sandbox: Sandbox,
    arguments: &'static [&'static str],
    /// What stands in the project when all is done, outside `.pipe`.
    expected: BTreeMap<PathBuf, Vec<u8>>,
}

impl Scenario {
    fn new(name: &'static str, arguments: &'static [&'static str], prepare: fn(&Sandbox)) -> Self {
        let sandbox = Sandbox::new(MANIFEST);
        sandbox.write("a.txt", "some bytes\n");
        prepare(&sandbox);
        let done = sandbox.moved_copy("done");
        Outcome::of(command_in(&done, ["build"]).output().expect("pipe starts")).expect_code(0);
        let expected = standing(&done);
        Scenario {
            name,
            sandbox,
            arguments,
            expected,
        }
    }
}

fn scenarios() -> Vec<Scenario> {
    vec![
        Scenario::new("a first build", &["build"], |_| {}),
        Scenario::new("a build after an edit", &["build"], |sandbox| {
            sandbox.build();
            sandbox.write("a.txt", "other bytes\n");
        }),
        Scenario::new("a restore", &["build"], |sandbox| {
            sandbox.build();
            sandbox.remove("build");
        }),
        Scenario::new("a restore over another version", &["build"], |sandbox| {
            sandbox.build();
            sandbox.write("a.txt", "other bytes\n");
            sandbox.build();
            sandbox.write("a.txt", "some bytes\n");
        }),
        Scenario::new("a compaction", &["build"], |sandbox| {
            sandbox.build();
            let mut ledger = fs::read(sandbox.path(".pipe/ledger")).expect("a ledger");
            ledger[40] ^= 1;
            fs::write(sandbox.path(".pipe/ledger"), ledger).expect("damage");
        }),
        // With its outputs gone, so that the next build lives on what is left.
        Scenario::new(
            "a pruning",
            &["cache", "prune", "--max-size", "0", "--yes"],
            |sandbox| {
                for text in ["other bytes\n", "some bytes\n"] {
                    sandbox.write("a.txt", text);
                    sandbox.build();
                }
                sandbox.remove("build");
            },
        ),
        Scenario::new("a cleaning", &["clean", "--yes"], |sandbox| {
            sandbox.build();
        }),
    ]
}

/// Every file, link and folder of a project outside `.pipe`, with what it holds.
fn standing(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a folder").flatten() {
            let path = entry.path();
            let metadata = path.symlink_metadata().expect("it stands");
            let executable = metadata.permissions().mode() & 0o100 != 0;
            let holds = if metadata.is_dir() {
                if path == root.join(".pipe") {
                    continue;
                }
                folders.push(path.clone());
                b"folder".to_vec()
            } else if metadata.is_symlink() {
                let to = fs::read_link(&path).expect("a link");
                format!("link to {}", to.display()).into_bytes()
            } else {
                let bytes = fs::read(&path).expect("a file");
                [format!("file, {executable}: ").as_bytes(), &bytes].concat()
            };
            let relative = path.strip_prefix(root).expect("it is below the root");
            found.insert(relative.to_path_buf(), holds);
        }
    }
    found
}

/// What happens at a call.
#[derive(Clone, Copy)]
struct Fault {
    name: &'static str,
    /// As strace is told.
    inject: &'static str,
    /// The suite takes every so manieth call.
    stride: usize,
}

const KILL: &str = "signal=KILL";

/// One project with one fault in it, and all that must hold afterwards. Whether the fault came to pass.
///
/// # Errors
/// What did not hold, with all that was said.
fn try_one(scenario: &Scenario, fault: Fault, call: &str, number: usize) -> Result<bool, String> {
    let trial = scenario.sandbox.beside("trial");
    let log = scenario.sandbox.beside("log");
    let _ = fs::remove_dir_all(&trial);
    copy_tree(scenario.sandbox.root(), &trial);
    let pipe = command_in(&trial, scenario.arguments);
    let mut traced = Command::new("timeout");
    traced.args(["--signal=KILL", &LONGEST.to_string(), "strace"]);
    traced.args(["-f", "-b", "execve", "-o"]).arg(&log);
    traced.arg(format!("--trace={call}"));
    traced.arg(format!("--inject={call}:{}:when={number}", fault.inject));
    traced.arg(pipe.get_program()).args(pipe.get_args());
    traced.current_dir(&trial).stdin(Stdio::null());
    traced
        .env_remove("PIPE_CACHE_DIR")
        .env("RAYON_NUM_THREADS", "2");
    let begun = Instant::now();
    let run = Outcome::of(traced.output().expect("timeout starts"));
    let hung = begun.elapsed() >= Duration::from_secs(LONGEST);
    let told = fs::read(&log).expect("strace's log");
    let told = String::from_utf8_lossy(&told);
    let build = || Outcome::of(command_in(&trial, ["build"]).output().expect("pipe starts"));
    let is_right = || standing(&trial) == scenario.expected;
    let wrong = |fault: &str, next: &str| {
        Err(format!(
            "{fault}\n{next}\nafter\n{}{}\n{told}",
            run.out, run.err
        ))
    };
    if hung {
        return wrong("it hangs", "");
    }
    if run.code == 0 && scenario.arguments[0] == "build" && !is_right() {
        return wrong("it says that all is done", "");
    }
    let next = build();
    if next.code != 0 || !is_right() {
        return wrong("the next build is not right", &next.err);
    }
    let idle = build();
    if !idle.err.starts_with("nothing to do") {
        return wrong("the build after the next is not idle", &idle.err);
    }
    Ok(told.contains("(INJECTED)") || told.contains("killed by SIGKILL"))
}

fn sweep(fault: Fault) {
    if Command::new("strace").arg("--version").output().is_err() {
        println!("skipped: strace is not installed, so no fault was put into a system call");
        return;
    }
    let stride = if all_faults() { 1 } else { fault.stride };
    let (mut tried, mut wrong) = (0, 0);
    let others = OTHER_CALLS.iter().filter(|_| fault.inject == KILL);
    let calls = CALLS_ON_FILES.iter().chain(others);
    for (place, scenario) in scenarios().iter().enumerate() {
        let before = tried;
        for (kind, call) in calls.clone().enumerate() {
            // Other calls in each scenario, so that the sample meets all of them.
            if stride > 1 && (kind + place) % 6 != 0 {
                continue;
            }
            let mut number = 1 + (place * 5 + kind * 3) % stride;
            loop {
                match try_one(scenario, fault, call, number) {
                    Ok(true) => {}
                    Ok(false) => break,
                    Err(what) => {
                        wrong += 1;
                        println!(
                            "{}, {} at {call} {number}: {what}",
                            scenario.name, fault.name
                        );
                    }
                }
                tried += 1;
                number += stride;
            }
        }
        println!("{}: {} with {}", scenario.name, tried - before, fault.name);
    }
    println!(
        "{tried} runs with {}, {wrong} of them not followed by a right build",
        fault.name
    );
    assert_eq!(wrong, 0, "see above");
    assert!(tried > 0, "strace put no fault in");
}

#[test]
fn killed_at_a_system_call() {
    sweep(Fault {
        name: "a kill",
        inject: KILL,
        stride: 12,
    });
}

#[test]
fn told_eio_at_a_system_call() {
    sweep(Fault {
        name: "EIO",
        inject: "error=EIO",
        stride: 12,
    });
}

#[test]
fn told_enospc_at_a_system_call() {
    sweep(Fault {
        name: "ENOSPC",
        inject: "error=ENOSPC",
        stride: 12,
    });
}
