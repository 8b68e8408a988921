//! Nothing that a build started outlives it, in whatever way it ends: Ctrl-C in a terminal, a request without one, the
//! terminal closed, the build killed.

use crate::faults::signal;
use crate::support::{Sandbox, wait_until};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A project whose commands start `sleep`s in all the ways that other runners lose sight of.
struct Sleepers {
    sandbox: Sandbox,
    /// How long they sleep: a number that no other process of the machine has in its arguments.
    time: String,
}

/// How many processes of [`Sleepers`] sleep, or are stopped, when all have started.
const ALL: usize = 6;

impl Sleepers {
    fn new() -> Sleepers {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let time = format!("1000.{}{number:03}", std::process::id());
        let manifest = r##"
            jobs 8
            // A background and a foreground child, which the interrupt of a terminal does not reach.
            node "deaf" { out "deaf"; run #"echo half > {out}; sh -c 'trap "" INT; sleep TIME & sleep TIME'"# }
            // A session of its own below a shell that waits, with the shell's variables and without.
            node "session" { out "session"; run "echo half > {out}; setsid sleep TIME; true" }
            node "cleared" { out "cleared"; run "echo half > {out}; env -i setsid sleep TIME; true" }
            // The command itself ends at once, and leaves a session to itself.
            node "service" { exec "setsid" "sleep" "TIME"; always }
            // A group of its own, stopped.
            node "group" { out "group"; run "echo half > {out}; timeout 1000 sh -c 'kill -STOP $$; sleep TIME'" }
        "##;
        Sleepers {
            sandbox: Sandbox::new(&manifest.replace("TIME", &time)),
            time,
        }
    }

    /// The numbers of the processes that have the time as an argument of their own, or in their script.
    fn living(&self) -> Vec<String> {
        let entries = std::fs::read_dir("/proc").expect("the table of processes");
        let is_one = |number: &String| {
            let read = |file| std::fs::read(format!("/proc/{number}/{file}")).unwrap_or_default();
            let arguments = String::from_utf8_lossy(&read("cmdline")).into_owned();
            arguments.contains(&self.time)
                && !String::from_utf8_lossy(&read("stat")).contains(") Z ")
        };
        entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
            .filter(is_one)
            .collect()
    }

    /// Waits until so many sleep, or are stopped.
    fn wait_until_they_sleep(&self, count: usize) {
        let rests = |number: &String| {
            let stat = std::fs::read_to_string(format!("/proc/{number}/stat")).unwrap_or_default();
            stat.contains("(sleep) ") || stat.contains(") T ")
        };
        wait_until("all to sleep", || {
            self.living().iter().filter(|number| rests(number)).count() == count
        });
    }

    /// Nothing runs any more, and nothing half-written stands.
    #[track_caller]
    fn expect_clean(&self) {
        assert_eq!(self.living(), Vec::<String>::new(), "still running");
        for output in ["deaf", "session", "cleared", "group"] {
            assert!(!self.sandbox.stands(output), "{output} is half-written");
        }
    }
}

/// A terminal: what is typed at it, what shows on it.
struct Terminal {
    keyboard: File,
}

impl Terminal {
    /// Starts a build in a new terminal whose foreground it is.
    fn build(sandbox: &Sandbox) -> (Terminal, Child) {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a terminal");
        grantpt(&keyboard).expect("a terminal");
        unlockpt(&keyboard).expect("a terminal");
        let name = ptsname(&keyboard, Vec::new()).expect("the terminal's name");
        let screen: OwnedFd = File::options()
            .read(true)
            .write(true)
            .open(OsStr::from_bytes(name.as_bytes()))
            .expect("the terminal")
            .into();
        let end = || Stdio::from(screen.try_clone().expect("the terminal"));
        let pipe = sandbox.command(["build"]);
        let mut command = Command::new("setsid");
        command
            .arg("--ctty")
            .arg(pipe.get_program())
            .args(pipe.get_args());
        command.current_dir(sandbox.root());
        command.stdin(end()).stdout(end()).stderr(end());
        let child = command.spawn().expect("setsid starts");
        (
            Terminal {
                keyboard: File::from(keyboard),
            },
            child,
        )
    }

    fn press_ctrl_c(&mut self) {
        self.keyboard.write_all(b"\x03").expect("the terminal");
    }

    /// All that showed until the last program that had the terminal has ended.
    fn screen(mut self) -> String {
        let mut shown = Vec::new();
        // Ends with an error when nobody has the other end any more.
        let _ = self.keyboard.read_to_end(&mut shown);
        String::from_utf8_lossy(&shown).into_owned()
    }
}

#[test]
fn ctrl_c_in_a_terminal_ends_everything() {
    let sleepers = Sleepers::new();
    let (mut terminal, mut build) = Terminal::build(&sleepers.sandbox);
    sleepers.wait_until_they_sleep(ALL);
    terminal.press_ctrl_c();
    assert_eq!(build.wait().expect("it ends").code(), Some(130));
    sleepers.expect_clean();
    let screen = terminal.screen();
    assert!(screen.contains("interrupted"), "{screen}");
}

/// The first asks, and these do not listen; the second does not ask.
#[test]
fn ctrl_c_twice_kills() {
    let sleepers = Sleepers::new();
    let deaf = r##"
        node "deaf" { out "deaf"; run #"trap "" INT TERM; echo half > {out}; setsid sleep TIME & sleep TIME & sleep TIME"# }
        node "heard" { run "trap 'touch heard; exit 1' TERM; touch listens; while true; do sleep 0.01; done" }
    "##;
    sleepers
        .sandbox
        .manifest(&deaf.replace("TIME", &sleepers.time));
    let (mut terminal, mut build) = Terminal::build(&sleepers.sandbox);
    sleepers.wait_until_they_sleep(3);
    wait_until("one to listen", || sleepers.sandbox.stands("listens"));
    terminal.press_ctrl_c();
    wait_until("the first to be heard", || sleepers.sandbox.stands("heard"));
    terminal.press_ctrl_c();
    assert_eq!(build.wait().expect("it ends").code(), Some(130));
    sleepers.expect_clean();
}

#[test]
fn a_request_without_a_terminal_ends_everything() {
    let sleepers = Sleepers::new();
    let mut build = sleepers.sandbox.command(["build"]);
    let mut build = build.stderr(Stdio::null()).spawn().expect("pipe starts");
    sleepers.wait_until_they_sleep(ALL);
    signal("TERM", build.id());
    assert_eq!(build.wait().expect("it ends").code(), Some(130));
    sleepers.expect_clean();
}

#[test]
fn a_closed_terminal_ends_everything() {
    let sleepers = Sleepers::new();
    let (terminal, mut build) = Terminal::build(&sleepers.sandbox);
    sleepers.wait_until_they_sleep(ALL);
    drop(terminal);
    assert_eq!(build.wait().expect("it ends").code(), Some(130));
    sleepers.expect_clean();
}

/// Nobody starts a next build, which would tidy up.
#[test]
fn nothing_survives_a_build_that_is_killed() {
    let sleepers = Sleepers::new();
    let mut build = sleepers.sandbox.command(["build"]);
    let mut build = build.stderr(Stdio::null()).spawn().expect("pipe starts");
    sleepers.wait_until_they_sleep(ALL);
    signal("KILL", build.id());
    build.wait().expect("it ends");
    wait_until("all to end", || sleepers.living().is_empty());
    // What is half-written stands, but is never taken for a result.
    assert_eq!(sleepers.sandbox.read("deaf"), "half\n");
    sleepers
        .sandbox
        .manifest(r#"node "deaf" { out "deaf"; run "echo whole > {out}" }"#);
    assert_eq!(sleepers.sandbox.build().ran(), 1);
    assert_eq!(sleepers.sandbox.read("deaf"), "whole\n");
}

/// What left the group of a command that ended well is ended with the build, and the build says so.
#[test]
fn a_service_that_a_command_left_ends_with_the_build() {
    let sleepers = Sleepers::new();
    let services = r#"
        node "service" { out "a"; run "env -i setsid sh -c 'echo > up; exec sleep TIME' < /dev/null & until test -e up; do sleep 0.01; done; touch {out}" }
        // It is there for others as long as the build lasts.
        node "user" { in "a"; out "b"; run "pgrep -fx 'sleep TIME' > {out}" }
    "#;
    sleepers
        .sandbox
        .manifest(&services.replace("TIME", &sleepers.time));
    sleepers
        .sandbox
        .build()
        .expect_said("1 process that a command had left running was ended with the build");
    assert_eq!(sleepers.living(), Vec::<String>::new());
}

/// The time that a command may take is over for all that it started, also for what it is tried again beside.
#[test]
fn a_timeout_ends_the_whole_tree() {
    let sleepers = Sleepers::new();
    let tree = r#"
        node "n" {
            retries 1
            timeout 1
            out "o"
            run "pgrep -fx 'sleep TIME' >> seen || echo none >> seen; (setsid sleep TIME &) ; timeout 1000 sleep TIME"
        }
    "#;
    sleepers
        .sandbox
        .manifest(&tree.replace("TIME", &sleepers.time));
    sleepers.sandbox.pipe("build").expect_code(1);
    assert_eq!(sleepers.living(), Vec::<String>::new());
    assert_eq!(sleepers.sandbox.read("seen"), "none\nnone\n");
}
