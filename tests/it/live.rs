//! The live view on a real pseudo terminal: what stands on the screen while a build runs, and what is left of it.
//!
//! Commands wait for files that the tests write, so every state that is looked at lasts until it was seen.

use crate::support::{Outcome, Sandbox, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::num::NonZero;
use std::process::Child;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Long enough for any machine; only a failure takes it.
const DEADLINE: Duration = Duration::from_secs(20);

/// A terminal with a build in it.
struct Terminal {
    master: File,
    bytes: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    raw: Vec<u8>,
    child: Child,
}

impl Terminal {
    fn start(sandbox: &Sandbox, arguments: &str, size: (u16, u16), env: &[(&str, &str)]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pseudo terminal");
        grantpt(&master).expect("its other side");
        unlockpt(&master).expect("its other side");
        let name = ptsname(&master, Vec::new()).expect("its name");
        let name = name.into_string().expect("a name in ASCII");
        let master = File::from(master);
        resize(&master, size);
        let slave = OpenOptions::new()
            .read(true)
            .write(true)
            .open(name)
            .expect("its other side");
        let mut command = sandbox.command(arguments.split_whitespace());
        for name in ["CI", "NO_GRAPHICS", "NO_UNICODE", "LC_ALL", "LC_CTYPE"] {
            command.env_remove(name);
        }
        command.env("TERM", "xterm-256color").env("LANG", "C.UTF-8");
        command.envs(env.iter().copied()).stderr(slave);
        let child = command.spawn().expect("pipe starts");
        // Only the child holds the other side now, so that its end is seen.
        drop(command);
        let (sender, bytes) = channel();
        let mut reader = master.try_clone().expect("a second handle");
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                if sender.send(buffer[..length].to_vec()).is_err() {
                    break;
                }
            }
        });
        let (columns, rows) = (number(size.0), number(size.1));
        Terminal {
            master,
            bytes,
            screen: vt100::Parser::new(rows, columns, 1000),
            raw: Vec::new(),
            child,
        }
    }

    fn resize(&mut self, size: (u16, u16)) {
        self.screen
            .screen_mut()
            .set_size(number(size.1), number(size.0));
        resize(&self.master, size);
    }

    fn text(&self) -> String {
        self.screen.screen().contents()
    }

    /// Waits until the screen is as wanted, and gives its text.
    #[track_caller]
    fn wait_for(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let deadline = Instant::now() + DEADLINE;
        while !wanted(&self.text()) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.bytes.recv_timeout(left) else {
                panic!("waited in vain for {what}; the screen:\n{}", self.text());
            };
            self.take(&bytes);
        }
        self.text()
    }

    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        self.screen.process(bytes);
    }

    /// Waits for the end of the build: its exit code, and what is left on the screen.
    #[track_caller]
    fn end(mut self) -> (Option<i32>, String, Vec<u8>) {
        let deadline = Instant::now() + DEADLINE;
        while let Ok(bytes) = self
            .bytes
            .recv_timeout(deadline.saturating_duration_since(Instant::now()))
        {
            self.take(&bytes);
        }
        assert!(Instant::now() < deadline, "no end:\n{}", self.text());
        let status = self.child.wait().expect("the build's end");
        (status.code(), self.text(), std::mem::take(&mut self.raw))
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("it runs");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn number(number: u16) -> NonZero<u16> {
    NonZero::new(number).expect("a size")
}

fn resize(master: &File, (columns, rows): (u16, u16)) {
    let size = Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(master, size).expect("a size");
}

/// A node whose command waits for the file `go-NAME`.
fn waits(name: &str, more: &str) -> String {
    format!(
        "node \"{name}\" {{ {more}\n out \"{name}.txt\"; run \"touch started-{name}; until [ -e go-{name} ]; do \
         sleep 0.02; done; echo done > {{out}}\" }}\n"
    )
}

/// The text with every time as `T`.
fn timeless(text: &str) -> String {
    let is_time = |word: &str| word.starts_with(|first: char| first.is_ascii_digit());
    let words = |line: &str| {
        let mut words: Vec<&str> = line.split(' ').collect();
        for at in 1..words.len() {
            if matches!(words[at], "s" | "ms" | "s," | "ms,") && is_time(words[at - 1]) {
                words[at - 1] = "T";
            }
        }
        words.join(" ").replace("T ms", "T s")
    };
    text.lines()
        .map(|line| words(line.trim_end()) + "\n")
        .collect()
}

fn kedro_question() -> Sandbox {
    let names = [("A", ""), ("B", ""), ("C", ""), ("D", "exclusive")];
    let nodes = names.map(|(name, more)| waits(name, more)).concat();
    Sandbox::new(&format!("/- kdl-version 2\njobs 3\n{nodes}"))
}

#[test]
fn the_view_shows_what_runs_and_leaves_only_what_stays() {
    let sandbox = kedro_question();
    let mut terminal = Terminal::start(&sandbox, "build", (100, 30), &[]);
    let text = terminal.wait_for("three nodes", |text| text.contains("3 running, 1 ready"));
    let bar = "\u{2500}".repeat(40);
    let text = timeless(&text);
    let mut lines: Vec<&str> = text.lines().collect();
    // Which of the three was checked first is nobody's promise.
    lines[1..4].sort_unstable();
    assert_eq!(
        lines.join("\n") + "\n",
        format!(
            "\
4 nodes to check; up to 3 jobs at once
running  A                 T s
running  B                 T s
running  C                 T s
waiting  D                 for 3 running nodes to end, then runs alone
3 running, 1 ready
0 of 4 {bar} T s
"
        )
    );
    sandbox.write("go-B", "");
    let text = terminal.wait_for("the end of B", |text| text.contains("2 running, 1 ran"));
    assert!(text.contains("\nran      B "), "{text}");
    assert!(!text.contains("running  B"), "{text}");
    assert!(text.contains("for 2 running nodes to end"), "{text}");
    for name in ["A", "C", "D"] {
        sandbox.write(&format!("go-{name}"), "");
    }
    let (code, text, _) = terminal.end();
    assert_eq!(code, Some(0));
    let text = timeless(&text);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 6, "{text}");
    assert_eq!(lines[0], "4 nodes to check; up to 3 jobs at once");
    assert_eq!(lines[1], "ran      B                 T s");
    assert_eq!(lines[4], "ran      D                 T s");
    assert_eq!(lines[5], "done: 4 ran in T s");
}

#[test]
fn earlier_runs_say_how_long_it_takes() {
    let sandbox = Sandbox::new(&format!("/- kdl-version 2\n{}", waits("A", "")));
    sandbox.write("go-A", "");
    sandbox.build();
    sandbox.remove("go-A");
    let mut terminal = Terminal::start(&sandbox, "build -f", (80, 24), &[]);
    let text = terminal.wait_for("the node", |text| text.contains("running  A"));
    assert!(
        timeless(&text).contains("running  A                 T s of ~"),
        "{text}"
    );
    sandbox.write("go-A", "");
    assert_eq!(terminal.end().0, Some(0));
}

#[test]
fn a_new_size_is_taken_at_once_and_never_overrun() {
    let nodes: String = (0..8)
        .map(|number| waits(&format!("n{number}"), ""))
        .collect();
    let sandbox = Sandbox::new(&format!("/- kdl-version 2\njobs 8\n{nodes}"));
    let mut terminal = Terminal::start(&sandbox, "build", (40, 6), &[]);
    let text = terminal.wait_for("eight nodes", |text| text.contains("8 running"));
    assert!(text.contains("\u{2026} 7 more"), "{text}");
    assert!(text.contains("to check"), "the line above is gone:\n{text}");
    terminal.resize((100, 20));
    let text = terminal.wait_for("the new size", |text| text.contains("running  n7"));
    assert!(!text.contains("more"), "{text}");
    assert!(text.contains(&"\u{2500}".repeat(40)), "{text}");
    for number in 0..8 {
        sandbox.write(&format!("go-n{number}"), "");
    }
    let (code, text, _) = terminal.end();
    assert_eq!(code, Some(0));
    assert!(!text.contains("running"), "{text}");
    assert_eq!(text.matches("ran      n").count(), 8, "{text}");
}

#[test]
fn an_interrupted_build_leaves_no_live_part() {
    let sandbox = Sandbox::new(
        "/- kdl-version 2\nnode \"slow\" { out \"x\"; run \"trap '' TERM INT; touch started; until [ -e go ]; do \
         sleep 0.02; done; touch {out}\" }",
    );
    let mut terminal = Terminal::start(&sandbox, "build", (80, 24), &[]);
    terminal.wait_for("the node", |text| text.contains("running  slow"));
    wait_until("the trap", || sandbox.stands("started"));
    terminal.signal(Signal::INT);
    terminal.wait_for("word of the interruption", |text| {
        text.contains("stopping when 1 running node has ended; Ctrl-C again kills")
    });
    terminal.signal(Signal::INT);
    let (code, text, _) = terminal.end();
    assert_eq!(code, Some(130));
    let text = timeless(&text);
    assert!(text.ends_with("interrupted: 1 not done in T s\n"), "{text}");
    assert!(!text.contains("running"), "{text}");
}

#[test]
fn a_failure_stays_whole_and_its_output_cannot_move_the_cursor() {
    let sandbox = Sandbox::new(
        "/- kdl-version 2\nnode \"bad\" { out \"x\"; run \"touch started; until [ -e go ]; do sleep 0.02; done; \
         printf '\\\\033[31mred\\\\033[0m\\\\033[2J\\\\033[5A\\\\n'; exit 3\" }",
    );
    let mut terminal = Terminal::start(&sandbox, "build", (80, 24), &[]);
    terminal.wait_for("the node", |text| text.contains("running  bad"));
    sandbox.write("go", "");
    let (code, text, raw) = terminal.end();
    assert_eq!(code, Some(1));
    let text = timeless(&text);
    assert!(text.starts_with("1 node to check"), "{text}");
    assert!(
        text.contains("\nfailed   bad               exit code 3, after T s\n"),
        "{text}"
    );
    assert!(text.contains("\n  | red\n"), "{text}");
    assert!(
        text.ends_with("failed: 1 failed (`bad`) in T s\n"),
        "{text}"
    );
    let raw = String::from_utf8_lossy(&raw);
    assert!(
        raw.contains("\u{1b}[31mred"),
        "no colour of its own:\n{raw}"
    );
}

#[test]
fn no_screen_for_services_dumb_terminals_and_who_wants_quiet() {
    let sandbox =
        Sandbox::new("/- kdl-version 2\nnode \"a\" { out \"x\"; run \"sleep 0.4; touch {out}\" }");
    for (arguments, env) in [
        ("build -f", ("CI", "true")),
        ("build -f", ("TERM", "dumb")),
        ("build -f -q", ("NO_COLOR", "1")),
    ] {
        let terminal = Terminal::start(&sandbox, arguments, (80, 24), &[env, ("NO_COLOR", "1")]);
        let (code, text, raw) = terminal.end();
        assert_eq!(code, Some(0));
        assert!(!raw.contains(&0x1b), "{env:?}: {text}");
        assert!(text.contains("done: 1 ran"), "{text}");
    }
}

/// Runs the program without a terminal.
fn told(sandbox: &Sandbox, arguments: &str) -> String {
    let output = sandbox.command(arguments.split_whitespace()).output();
    timeless(&Outcome::of(output.expect("pipe starts")).err)
}

#[test]
fn whose_output_is_shown() {
    let sandbox = Sandbox::new(
        "/- kdl-version 2\njobs 1\nnode \"good\" { out \"x\"; run \"printf 'one\\ntwo'; touch {out}\" }\nnode \"bad\" { \
         after \"good\"; out \"y\"; run \"echo oh; exit 1\" }",
    );
    let after = |option: &str| {
        let said = told(&sandbox, &format!("build -f {option}"));
        let line = |line: &&str| {
            line.contains('|') || line.contains("pipe log") || line.starts_with("ran")
        };
        said.lines().filter(line).collect::<Vec<_>>().join("\n")
    };
    let ran = "ran      good              T s";
    assert_eq!(after(""), format!("{ran}\n  | oh"));
    assert_eq!(after("--output failed"), after(""));
    let grouped = after("--output grouped").replace(", outputs as before", "");
    assert_eq!(grouped, format!("{ran}\n  | one\n  | two\n  | oh"));
    let stream = after("--output stream").replace(", outputs as before", "");
    let (good, bad) = ("good             |", "bad              |");
    assert_eq!(stream, format!("{good} one\n{good} two\n{ran}\n{bad} oh"));
    let none = after("--output none").replace(", outputs as before", "");
    assert_eq!(
        none,
        format!("{ran}\n  `pipe log bad` shows what it printed")
    );
    assert_eq!(
        after("-q --output none"),
        "  `pipe log bad` shows what it printed"
    );
    let quiet = after("-q --output grouped").replace(", outputs as before", "");
    assert_eq!(quiet, grouped);
}

#[test]
fn lines_are_told_while_the_command_runs_and_no_byte_twice() {
    let sandbox = Sandbox::new(
        "/- kdl-version 2\nnode \"a\" { out \"x\"; retries 1; run \"echo first; until [ -e go ]; do sleep 0.02; done; \
         echo second; [ -e again ] || { touch again; exit 1; }; touch {out}\" }",
    );
    let mut terminal = Terminal::start(&sandbox, "build --output stream", (80, 24), &[]);
    terminal.wait_for("the first line", |text| text.contains("| first"));
    sandbox.write("go", "");
    let (code, text, _) = terminal.end();
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("| first").count(), 2, "{text}");
    assert_eq!(text.matches("| second").count(), 2, "{text}");
}

#[test]
fn a_flood_of_output_is_cut_and_says_so() {
    let sandbox = Sandbox::new(
        "/- kdl-version 2\nnode \"flood\" { out \"x\"; run \"head -c 10000000 /dev/zero | tr '\\\\0' '\\\\n' | sed 's/^/line/'; \
         echo last; touch {out}\" }",
    );
    let grouped = told(&sandbox, "build --output grouped");
    assert!(grouped.len() < 1_000_000, "{} bytes", grouped.len());
    assert!(grouped.contains("  the end of what it printed; `pipe log flood` shows all\n"));
    assert!(grouped.contains("\n  | last\n"));
}
