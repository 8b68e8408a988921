//! What a command sees, what it leaves in its log, and how its end is told.

use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};

#[test]
fn endings_are_told_apart() {
    let place = Place::new();
    for (script, want) in [
        ("true", Ending::Exit(0)),
        ("exit 3", Ending::Exit(3)),
        ("kill -KILL $$", Ending::Signal(9)),
        ("kill -TERM $$", Ending::Signal(15)),
    ] {
        let execution = place.run(&["sh", "-c", script]);
        assert_eq!(execution.ending, want, "{script}");
        assert!(!execution.stopped && !execution.left_processes && execution.start_error.is_none());
        assert!(execution.started_ms > 1_600_000_000_000 && execution.took > Duration::ZERO);
    }
}

#[test]
fn both_outputs_go_to_one_log_in_their_order() {
    let place = Place::new();
    place.write("log", 0o644, "an older and longer log that has to go\n");
    let execution = place.run(&["sh", "-c", "echo 1; echo 2 >&2; echo 3; cat; echo 4 >&2"]);
    assert_eq!(place.log(), "1\n2\n3\n4\n");
    assert_eq!(execution.logged_bytes, 8);
}

#[test]
fn the_log_keeps_every_byte() {
    let place = Place::new();
    place.run(&["printf", r"\0\377\r\n\033[1m\200"]);
    assert_eq!(
        fs::read(place.0.path().join("log")).unwrap(),
        b"\0\xff\r\n\x1b[1m\x80"
    );
}

#[test]
fn much_output_goes_through() {
    let place = Place::new();
    let execution = place.run(&["head", "-c", "200000000", "/dev/zero"]);
    assert_eq!(
        (execution.ending, execution.logged_bytes),
        (Ending::Exit(0), 200_000_000)
    );
}

#[test]
fn the_command_sees_its_folder_and_its_environment_only() {
    let place = Place::new();
    place.write("sub/here", 0o644, "");
    let mut job = place.job(&["/usr/bin/env"]);
    job.env = vec![("B".into(), "2".into()), ("A".into(), "1".into())];
    LocalExecutor.run(&job, &Running::new());
    assert_eq!(place.log(), "A=1\nB=2\n");

    let mut job = place.job(&["ls"]);
    job.dir = place.0.path().join("sub");
    LocalExecutor.run(&job, &Running::new());
    assert_eq!(place.log(), "here\n");
}

#[test]
fn what_cannot_start_is_named() {
    let place = Place::new();
    place.write("plain", 0o644, "echo hi\n");
    place.write("no-interpreter", 0o755, "#!/no/such/interpreter\n");
    place.write("no-first-line", 0o755, "echo hi\n");
    let long = "x".repeat(200_000);
    for (argv, want) in [
        (
            vec!["no-such-program-here"],
            "cannot start no-such-program-here: no folder of the PATH has a program",
        ),
        (
            vec!["./absent"],
            "cannot start ./absent: there is no such file",
        ),
        (
            vec!["./plain"],
            "cannot start ./plain: it may not be executed (`chmod +x` allows it)",
        ),
        (vec!["/usr"], "cannot start /usr: it is a folder"),
        (
            vec!["./no-interpreter"],
            "cannot start ./no-interpreter: the interpreter that its first line names",
        ),
        (
            vec!["./no-first-line"],
            "cannot start ./no-first-line: it is neither a program for this machine nor",
        ),
        (
            vec!["true", &long],
            "cannot start true: its command line is too long for the system",
        ),
        (vec!["true", "a\0b"], "cannot start true: nul byte found"),
        (vec![], "cannot start : no program is named"),
    ] {
        let execution = place.run(&argv);
        assert_eq!(execution.ending, Ending::NotStarted, "{want}");
        let said = execution.start_error.unwrap().to_string();
        assert!(said.starts_with(want), "{said}");
        assert!(!execution.stopped);
    }
    let mut job = place.job(&["true"]);
    job.dir = place.0.path().join("absent");
    let said = LocalExecutor
        .run(&job, &Running::new())
        .start_error
        .unwrap()
        .to_string();
    assert_eq!(
        said,
        format!(
            "cannot run in {}: there is no such folder",
            job.dir.display()
        )
    );
    job.log = place.0.path().join("absent/log");
    let said = LocalExecutor
        .run(&job, &Running::new())
        .start_error
        .unwrap()
        .to_string();
    assert_eq!(
        said,
        format!(
            "cannot create {}: No such file or directory",
            job.log.display()
        )
    );
}

#[test]
fn programs_are_found_along_the_path_of_the_job() {
    let place = Place::new();
    place.write("first/tool", 0o644, "not executable\n");
    place.write("second/tool", 0o755, "#!/bin/sh\necho \"$0 $1\"\n");
    fs::create_dir_all(place.0.path().join("third/tool")).unwrap();
    for (path, program, want) in [
        ("first:third:second", "tool", "second/tool x\n"),
        ("first:third:second", "second/tool", "second/tool x\n"),
        (
            "/nowhere:",
            "second/../second/tool",
            "second/../second/tool x\n",
        ),
    ] {
        let mut job = place.job(&[program, "x"]);
        job.env = vec![("PATH".into(), path.into())];
        let execution = LocalExecutor.run(&job, &Running::new());
        assert_eq!(place.log(), want, "{execution:?}");
    }
    let mut job = place.job(&["tool"]);
    job.env = vec![("PATH".into(), "first:third".into())];
    let said = LocalExecutor
        .run(&job, &Running::new())
        .start_error
        .unwrap()
        .to_string();
    assert_eq!(
        said,
        "cannot start tool: it may not be executed (`chmod +x` allows it)"
    );
    // Without any PATH the usual folders serve.
    let mut job = place.job(&["true"]);
    job.env.clear();
    assert_eq!(
        LocalExecutor.run(&job, &Running::new()).ending,
        Ending::Exit(0)
    );
}

#[test]
fn a_program_that_is_being_written_is_waited_for() {
    let place = Place::new();
    place.write("tool", 0o755, "#!/bin/sh\necho ran\n");
    let writer = fs::OpenOptions::new()
        .append(true)
        .open(place.0.path().join("tool"))
        .unwrap();
    thread::scope(|scope| {
        let job = place.job(&["./tool"]);
        let run = scope.spawn(move || LocalExecutor.run(&job, &Running::new()).ending);
        wait_for("the log", || place.0.path().join("log").exists());
        drop(writer);
        assert_eq!(run.join().unwrap(), Ending::Exit(0));
    });
    assert_eq!(place.log(), "ran\n");
}

/// Signals that are ignored stay so in a new program, and Rust ignores SIGPIPE. std resets that one.
#[test]
fn a_command_starts_with_ordinary_signals() {
    let place = Place::new();
    let read = |status: &str, name: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        // The ordinary 31; the two above them are the C library's own.
        u64::from_str_radix(line.trim(), 16).unwrap() & 0x7fff_ffff
    };
    place.run(&["cat", "/proc/self/status"]);
    let own = fs::read_to_string("/proc/self/status").unwrap();
    let pipe = 1 << (Signal::PIPE.as_raw() - 1);
    assert_eq!(read(&own, "SigIgn:") & pipe, pipe);
    assert_eq!(read(&place.log(), "SigIgn:"), read(&own, "SigIgn:") & !pipe);
    assert_eq!(read(&place.log(), "SigBlk:"), 0);

    let execution = place.run(&["bash", "-euc", "yes | head -1"]);
    assert_eq!(
        (place.log().as_str(), execution.ending),
        ("y\n", Ending::Exit(0))
    );
    assert!(!execution.left_processes);
}

#[test]
fn a_hundred_jobs_on_eight_threads() {
    let place = Place::new();
    let running = Running::new();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= 100 {
                        return;
                    }
                    let mut job = place.shell(&format!("echo {number}; exit {}", number % 7));
                    job.log = place.0.path().join(format!("log-{number}"));
                    let execution = LocalExecutor.run(&job, &running);
                    assert_eq!(execution.ending, Ending::Exit(number as i32 % 7));
                    assert_eq!(fs::read_to_string(&job.log).unwrap(), format!("{number}\n"));
                    assert!(!execution.left_processes);
                }
            });
        }
    });
    assert_eq!(running.count(), 0);
}

/// Two processes that hold memory at the same time, which the kernel's own figure never adds up.
#[test]
fn the_memory_of_a_whole_tree_is_measured() {
    const MIB: u64 = 1 << 20;
    let place = Place::new();
    // What it prints at last is all in memory before: `tail -c` keeps that many bytes of what it read.
    let holder = |number| {
        format!(
            "(head -c 90000000 /dev/zero; echo > full{number}; until test -e seen; do sleep 0.01; done) | tail -c 90000000 > /dev/null &"
        )
    };
    let script = format!("{} {} wait", holder(1), holder(2));
    let running = Running::new();
    let job = place.shell(&script);
    let usage = thread::scope(|scope| {
        let run = scope.spawn(|| LocalExecutor.run(&job, &running));
        wait_for("both hold it", || {
            running.seen().is_some_and(|bytes| bytes > 160_000_000)
        });
        place.write("seen", 0o644, "");
        run.join().unwrap().usage
    });
    let peak = usage.peak.unwrap();
    assert_eq!(peak.source, PeakSource::Sampled);
    assert!((150 * MIB..400 * MIB).contains(&peak.bytes), "{peak:?}");
}

#[test]
fn processor_time_is_that_of_all_that_was_waited_for() {
    let place = Place::new();
    // `times` says what the shell's children took: the same, from another source.
    let script = "sh -c 'i=0; while test $i -lt 60000; do i=$((i + 1)); done'; times";
    let execution = place.run(&["sh", "-c", script]);
    let cpu = execution.usage.cpu_ms.unwrap();
    let seconds = |text: &str| -> f64 {
        let (minutes, seconds) = text.trim_end_matches('s').split_once('m').unwrap();
        minutes.parse::<f64>().unwrap() * 60.0 + seconds.parse::<f64>().unwrap()
    };
    let told = place.log();
    let children: f64 = told.lines().last().unwrap().split(' ').map(seconds).sum();
    assert!(children > 0.0, "{told}");
    let ms = (children * 1000.0) as u64;
    assert!(
        (ms.saturating_sub(10)..ms + 1000).contains(&cpu),
        "{cpu} {told}"
    );
    assert_eq!(execution.kernel_kills, None);
}
