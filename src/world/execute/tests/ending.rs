//! Ending commands, and what they leave behind.

use super::*;

/// Ends what carries this mark.
fn end(name: &str) -> usize {
    orphans::end_orphans(&token(name), Duration::from_secs(2), &|| false)
}

#[test]
fn a_child_left_behind_is_ended_and_reported() {
    let place = Place::new();
    let execution = place.run(&["sh", "-c", "sleep 60 & echo $! > child; echo hi"]);
    assert_eq!(
        (execution.ending, place.log().as_str()),
        (Ending::Exit(0), "hi\n")
    );
    assert!(execution.left_processes && !execution.stopped);
    assert!(execution.took < Duration::from_secs(30));
    assert!(!lives(place.process("child")));

    // One that ignores the request.
    let deaf = "trap '' TERM; echo $$ > deaf; sleep 60";
    place.write("child.sh", 0o644, deaf);
    let execution = place.run(&["sh", "-c", "sh child.sh & while ! test -s deaf; do :; done"]);
    assert!(execution.left_processes);
    assert!(!lives(place.process("deaf")));
}

/// With a longer grace than in earnest, so that a busy machine does not matter.
#[test]
fn a_tail_that_vanishes_by_itself_is_not_reported() {
    let place = Place::new();
    let tail = "(while kill -0 $$; do :; done; sleep 0.05; echo late) 2> /dev/null &";
    let (mut child, _, _) = start(&place.shell(&format!("{tail} echo early"))).unwrap();
    child.wait().unwrap();
    let grace = Duration::from_secs(20);
    assert!(!end_leftovers(
        Pid::from_child(&child),
        &Running::new(),
        grace
    ));
    assert_eq!(place.log(), "early\nlate\n");
}

#[test]
fn a_child_with_its_own_session_escapes_the_group() {
    let place = Place::new();
    let mut job = place
        .shell("setsid sh -c 'echo $$ > child; exec sleep 60' & while ! test -s child; do :; done");
    job.env
        .push((orphans::MARK.into(), token("escapes").into()));
    let execution = LocalExecutor.run(&job, &Running::new());
    assert!(!execution.left_processes);
    let child = place.process("child");
    assert!(lives(child));
    assert_eq!(end("escapes"), 1);
    assert!(!lives(child));
}

/// `timeout` makes a group of its own, so a stop reaches the shell alone.
#[test]
fn what_escapes_a_stop_is_found_by_its_mark() {
    let place = Place::new();
    let running = Running::new();
    let mut job = place.shell("timeout 60 sh -c 'echo $$ > child; sleep 60'; true");
    job.env
        .push((orphans::MARK.into(), token("stopped-build").into()));
    job.mark = token("stopped-build");
    thread::scope(|scope| {
        let run = scope.spawn(|| LocalExecutor.run(&job, &running));
        let child = place.process("child");
        running.stop_all(false);
        assert!(run.join().unwrap().stopped);
        assert!(!lives(child));
    });
}

#[test]
fn orphans_of_a_build_are_ended_and_others_are_not() {
    let place = Place::new();
    place.write("deaf.sh", 0o644, "trap '' TERM; echo $$ > deaf; sleep 60");
    let start = |token: &str, name: &str, script: &str| {
        let mut job = place.shell(script);
        job.env.push((orphans::MARK.into(), token.into()));
        job.log = place.0.path().join(format!("log-{name}"));
        job
    };
    // In sessions of their own, one deaf, and their parent stopped.
    let script = "setsid sleep 60 & echo $! > child; setsid sh deaf.sh & kill -STOP $$; sleep 60";
    let dead = start(&token("orphan-7"), "dead", script);
    let other = start(&token("orphan-77"), "other", "echo $$ > other; sleep 60");
    let running = Running::new();
    thread::scope(|scope| {
        let dead = scope.spawn(|| LocalExecutor.run(&dead, &running));
        scope.spawn(|| LocalExecutor.run(&other, &running));
        let processes = ["child", "deaf", "other"].map(|name| place.process(name));
        let found = end("orphan-7");
        let living = processes.map(lives);
        let again = end("orphan-7");
        // Before anything is judged, so that a failure does not wait for ever.
        running.stop_all(true);
        assert!(found >= 3 && again == 0, "{found} {again}");
        assert_eq!(living, [false, false, true]);
        assert_eq!(dead.join().unwrap().ending, Ending::Signal(15));
    });
}

/// Runs `script` on another thread until it has written its file `ready`, then calls `stop`.
fn stopped(place: &Place, script: &str, running: &Running, stop: impl FnOnce()) -> Execution {
    let job = place.shell(script);
    thread::scope(|scope| {
        let run = scope.spawn(|| LocalExecutor.run(&job, running));
        wait_for("ready", || {
            place.0.path().join("ready").exists() && running.count() == 1
        });
        stop();
        run.join().unwrap()
    })
}

#[test]
fn stopping_asks_first_and_lets_commands_tidy_up() {
    let place = Place::new();
    let running = Running::new();
    let script = "trap 'echo tidy; exit 0' TERM; echo > ready; while :; do sleep 0.01; done";
    let execution = stopped(&place, script, &running, || running.stop_all(false));
    // That it says it succeeded does not count: it was stopped.
    assert_eq!(
        (execution.ending, execution.stopped),
        (Ending::Exit(0), true)
    );
    assert_eq!(place.log().lines().last(), Some("tidy"));
    assert_eq!(running.count(), 0);

    let late = LocalExecutor.run(&place.shell("echo ran > late"), &running);
    assert!(late.stopped && late.ending == Ending::NotStarted && late.start_error.is_none());
    assert!(!place.0.path().join("late").exists());
}

#[test]
fn a_command_that_ignores_the_request_is_killed_after_the_grace() {
    let place = Place::new();
    let running = Running::with_grace(Duration::from_secs(2));
    let script = "trap '' TERM INT; echo > ready; sleep 60";
    let execution = stopped(&place, script, &running, || running.stop_all(false));
    assert_eq!(
        (execution.ending, execution.stopped),
        (Ending::Signal(9), true)
    );
    assert!(!execution.left_processes);
}

#[test]
fn stopping_by_force_does_not_wait() {
    let place = Place::new();
    let running = Running::with_grace(Duration::from_secs(3600));
    let script = "trap '' TERM INT; (trap '' TERM; sleep 60) & echo > ready; sleep 60";
    let execution = stopped(&place, script, &running, || {
        running.stop_all(false);
        running.stop_all(true);
    });
    assert_eq!(
        (execution.ending, execution.stopped),
        (Ending::Signal(9), true)
    );
}

/// The stop comes between the question whether a job may start and its start.
#[test]
fn a_job_that_starts_during_a_stop_is_asked_and_killed() {
    let place = Place::new();
    let running = Running::with_grace(Duration::from_secs(2));
    running.stop_all(false);
    let script = "trap 'echo > asked' TERM; echo > ready; while :; do sleep 0.01; done";
    let (mut child, _, _) = start(&place.shell(script)).unwrap();
    let stands = |name: &str| place.0.path().join(name).exists();
    wait_for("ready", || stands("ready"));
    running.add(Pid::from_child(&child), "");
    assert_eq!(ending(child.wait().unwrap()), Ending::Signal(9));
    assert!(stands("asked"));
    assert!(running.remove(Pid::from_child(&child)).signalled);
}

/// The leader dies of the request at once; what it waited for has the whole grace to tidy up.
#[test]
fn children_of_a_stopped_leader_get_the_whole_grace() {
    let place = Place::new();
    let running = Running::new();
    let child = "trap 'sleep 1.3; echo tidy > tidied; exit' TERM; echo > ready; while :; do sleep 0.01; done";
    place.write("child", 0o755, &format!("#!/bin/sh\n{child}\n"));
    let execution = stopped(&place, "./child; true", &running, || {
        running.stop_all(false);
    });
    assert_eq!(
        (execution.ending, execution.stopped),
        (Ending::Signal(15), true)
    );
    assert!(!execution.left_processes);
    assert!(place.0.path().join("tidied").exists());
}

#[test]
fn a_stopped_process_hears_the_request() {
    let place = Place::new();
    let running = Running::with_grace(Duration::from_secs(10));
    let execution = stopped(
        &place,
        "echo > ready; kill -STOP $$; sleep 60",
        &running,
        || running.stop_all(false),
    );
    assert_eq!(
        (execution.ending, execution.stopped),
        (Ending::Signal(15), true)
    );
}

#[test]
fn refusing_leaves_running_jobs_alone() {
    let place = Place::new();
    let running = Running::new();
    let script = "echo > ready; while ! test -e go; do sleep 0.01; done";
    let execution = stopped(&place, script, &running, || {
        running.refuse();
        place.write("go", 0o644, "");
    });
    assert_eq!(
        (execution.ending, execution.stopped),
        (Ending::Exit(0), false)
    );
    assert!(LocalExecutor.run(&place.shell("true"), &running).stopped);
}
