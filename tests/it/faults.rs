//! Commands that go wrong, builds that are cut off: a clear report each time, and a right next build.

use crate::support::{Sandbox, wait_until};
use std::process::{Command, Stdio};

fn one(command: &str) -> Sandbox {
    let sandbox = Sandbox::new(&format!(
        "node \"n\" {{ in \"a.txt\"; out \"o.txt\"; run #\"{command}\"# }}"
    ));
    sandbox.write("a.txt", "1\n");
    sandbox
}

#[test]
fn a_failure_shows_the_output_and_leaves_no_half_written_file() {
    let sandbox = one("echo half > {out}; echo telling words; exit 3");
    let build = sandbox.pipe("build").expect_code(1);
    build.expect_said("exit code 3");
    build.expect_said("telling words");
    assert!(!sandbox.stands("o.txt"));
    sandbox
        .pipe("log n")
        .expect_code(0)
        .expect_said("telling words");
    sandbox.manifest(r#"node "n" { in "a.txt"; out "o.txt"; run "cat {in} > {out}" }"#);
    assert_eq!(sandbox.build().ran(), 1);
}

#[test]
fn an_output_that_was_not_written_is_named() {
    let sandbox = one("true");
    sandbox.pipe("build").expect_code(1).expect_said("o.txt");
    assert_eq!(sandbox.pipe("build").expect_code(1).ran(), 0);
}

#[test]
fn an_old_output_cannot_pass_for_a_new_one() {
    let sandbox = one("cat {in} > {out}");
    sandbox.build();
    sandbox.manifest(r#"node "n" { in "a.txt"; out "o.txt"; run "true" }"#);
    sandbox.pipe("build").expect_code(1).expect_said("o.txt");
    assert!(!sandbox.stands("o.txt"));
}

#[test]
fn a_command_that_cannot_be_found_is_named() {
    let sandbox = Sandbox::new(r#"node "n" { out "o"; exec "no-such-program-here" "{out}" }"#);
    sandbox
        .pipe("build")
        .expect_code(1)
        .expect_said("no-such-program-here");
    one("no-such-program-here")
        .pipe("build")
        .expect_code(1)
        .expect_said("no-such-program-here");
}

#[test]
fn a_signal_is_named() {
    one("kill -SEGV $$")
        .pipe("build")
        .expect_code(1)
        .expect_said("SIGSEGV");
}

#[test]
fn a_step_that_fails_in_the_middle_of_a_pipe_is_a_failure() {
    one("false | cat > {out}").pipe("build").expect_code(1);
}

#[test]
fn a_background_child_does_not_hold_the_build_and_is_ended() {
    let sandbox = one("sleep 1000 & echo $! > pid; cat {in} > {out}");
    let build = sandbox.build();
    assert_eq!(build.ran(), 1);
    build.expect_said("left");
    assert!(!is_alive(sandbox.read("pid").trim()));
    sandbox.build().expect_nothing_done();
}

#[test]
fn a_fifo_as_an_output_is_refused_and_does_not_hang() {
    let sandbox = one("mkfifo {out}");
    sandbox.pipe("build").expect_code(1).expect_said("o.txt");
    assert!(!sandbox.stands("o.txt"));
}

#[test]
fn failures_block_only_what_needs_them() {
    let manifest = r#"
jobs 1
node "bad" { out "bad.txt"; run "exit 1" }
node "below" { in "bad.txt"; out "below.txt"; run "cat {in} > {out}" }
node "beside" { out "beside.txt"; run "echo > {out}" }
"#;
    let sandbox = Sandbox::new(manifest);
    let build = sandbox.pipe("build -k").expect_code(1);
    build.expect_said("1 blocked");
    assert!(sandbox.stands("beside.txt") && !sandbox.stands("below.txt"));
    let second = Sandbox::new(manifest);
    second.pipe("build").expect_code(1);
    assert!(!second.stands("below.txt"));
}

/// The first interrupt ends the commands, whatever they do about it, and leaves nothing half-written.
#[test]
fn an_interrupt_ends_the_commands_and_clears_their_outputs() {
    let sandbox = one("echo half > {out}; sleep 1000 & echo $! > pid; touch started; wait");
    let mut build = sandbox
        .command(["build"])
        .stderr(Stdio::null())
        .spawn()
        .expect("pipe starts");
    wait_until("the command to start", || sandbox.stands("started"));
    signal("INT", build.id());
    assert_eq!(build.wait().expect("it ends").code(), Some(130));
    assert!(!sandbox.stands("o.txt"));
    wait_until("the background child to end", || {
        !is_alive(sandbox.read("pid").trim())
    });
    sandbox.manifest(r#"node "n" { in "a.txt"; out "o.txt"; run "cat {in} > {out}" }"#);
    assert_eq!(sandbox.build().ran(), 1);
}

/// Twenty builds killed at moments spread over their run; each next build is right and needs no ritual.
#[test]
fn a_killed_build_costs_only_the_work_in_flight() {
    let nodes: String = (0..12)
        .map(|number| {
            let input = if number < 4 { "a.txt".to_owned() } else { format!("build/{}", number - 4) };
            format!("node \"n{number}\" {{ in \"{input}\"; out \"build/{number}\"; run \"cat {{in}} > {{out}}; sleep 0.01; echo {number} >> {{out}}\" }}\n")
        })
        .collect();
    let sandbox = Sandbox::new(&format!("jobs 3\n{nodes}"));
    let expected = |seed: &str| format!("{seed}\n3\n7\n11\n");
    for round in 0..20 {
        let seed = format!("seed {round}");
        sandbox.write("a.txt", format!("{seed}\n"));
        let mut build = sandbox
            .command(["build"])
            .stderr(Stdio::null())
            .spawn()
            .expect("pipe starts");
        // The moment is told by progress, not by the clock: after so many outputs of this round.
        wait_until("some progress", || {
            let done = (0..12).filter(|number| {
                std::fs::read_to_string(sandbox.path(&format!("build/{number}")))
                    .is_ok_and(|text| text.contains(&seed))
            });
            done.count() >= round % 12 || build.try_wait().expect("its state").is_some()
        });
        signal("KILL", build.id());
        let _ = build.wait();
        sandbox.build();
        assert_eq!(sandbox.read("build/11"), expected(&seed));
        sandbox.build().expect_nothing_done();
    }
}

/// What a killed build left running is ended before the next build touches the same outputs, even when the lock file,
/// which tells of it, is lost as well.
#[test]
fn commands_of_a_killed_build_do_not_write_into_the_next_one() {
    for lock_is_lost in [false, true] {
        let sandbox = one(
            "touch started; echo $$ > pid; until test -e go; do sleep 0.01; done; echo stale > {out}",
        );
        kill_a_build(&sandbox, || {
            sandbox.stands("started") && sandbox.stands("pid")
        });
        let orphan = sandbox.read("pid").trim().to_owned();
        assert!(
            is_alive(&orphan),
            "the command outlives its build and its keeper"
        );
        if lock_is_lost {
            sandbox.remove(".pipe/lock");
        }
        sandbox.manifest(r#"node "n" { in "a.txt"; out "o.txt"; run "cat {in} > {out}" }"#);
        sandbox.build();
        assert!(!is_alive(&orphan), "the next build has ended it");
        assert_eq!(sandbox.read("o.txt"), "1\n");
    }
}

/// What a killed build left half-written is never a source, even when its node is gone.
#[test]
fn a_half_written_file_of_a_killed_build_is_no_source() {
    let reader = r#"node "all" { in "d/*"; out "all"; run "cat {in} > {out}" }"#;
    let sandbox = Sandbox::new(&format!(
        "node \"half\" {{ out \"d/half\"; run \"echo half > {{out}}; touch started; sleep 1000\" }}\n{reader}"
    ));
    sandbox.write("d/source", "s\n");
    kill_a_build(&sandbox, || sandbox.stands("started"));
    sandbox.manifest(reader);
    sandbox.build();
    assert_eq!(sandbox.read("all"), "s\n");
}

/// Starts a build and kills it as soon as its command has `started`, and before it the keeper that would tidy up.
fn kill_a_build(sandbox: &Sandbox, started: impl FnMut() -> bool) {
    let mut command = sandbox.command(["build"]);
    let mut build = command.stderr(Stdio::null()).spawn().expect("pipe starts");
    wait_until("the command to start", started);
    let children = Command::new("pgrep")
        .args(["-P", &build.id().to_string(), "-f", "__keep"])
        .output()
        .expect("pgrep starts");
    let keeper = String::from_utf8_lossy(&children.stdout);
    signal("KILL", keeper.trim().parse().expect("one keeper"));
    signal("KILL", build.id());
    let _ = build.wait();
}

pub(crate) fn signal(name: &str, process: u32) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .status();
    assert!(status.expect("kill starts").success());
}

fn is_alive(process: &str) -> bool {
    // A dead process that nobody has waited for yet counts as gone.
    std::fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat.contains(") Z "))
}
