//! Single keys, and `--clear`, on a terminal that `script` provides; without it a line says so.

use super::save;
use crate::support::{Sandbox, wait_until};
use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};

/// A screen cleared, with what was scrolled off it.
const CLEARED: &str = "\x1b[2J\x1b[3J\x1b[H";

/// A watch on a terminal.
struct Screen {
    child: Child,
    keys: ChildStdin,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Screen {
    /// `None` where there is no `script`.
    fn start(sandbox: &Sandbox, arguments: &str) -> Option<Self> {
        let call = format!("{} watch {arguments}", env!("CARGO_BIN_EXE_pipe"));
        let spawned = Command::new("script")
            .args(["-qefc", &call, "/dev/null"])
            .current_dir(sandbox.root())
            .env("TERM", "xterm")
            .env_remove("CI")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut child) = spawned else {
            println!("skipped: there is no `script` here");
            return None;
        };
        let keys = child.stdin.take().expect("its input");
        let mut out = child.stdout.take().expect("its output");
        let shown: Arc<Mutex<Vec<u8>>> = Arc::default();
        let seen = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = out.read(&mut buffer) {
                let mut seen = seen.lock().expect("nobody died with it");
                seen.extend_from_slice(&buffer[..length]);
            }
        });
        Some(Screen { child, keys, shown })
    }

    fn count(&self, text: &str) -> usize {
        let shown = self.shown.lock().expect("nobody died with it");
        String::from_utf8_lossy(&shown).matches(text).count()
    }

    /// Waits until `text` has been shown so often.
    #[track_caller]
    fn wait_for(&self, text: &str, times: usize) {
        wait_until(text, || self.count(text) >= times);
        assert_eq!(self.count(text), times, "{text:?}");
    }

    fn press(&mut self, key: &str) {
        self.keys.write_all(key.as_bytes()).expect("it listens");
    }

    #[track_caller]
    fn quit(mut self) {
        self.press("q");
        assert_eq!(self.child.wait().expect("its end").code(), Some(0));
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new(
        "node \"one\" {\n    in \"x\"\n    out \"one.txt\"\n    run \"echo tried >> tries; grep -q good {in} || { echo the rea''son; exit 3; }; cp {in} {out}\"\n}\n",
    );
    sandbox.write("x", "bad\n");
    sandbox
}

fn tries(sandbox: &Sandbox) -> usize {
    sandbox.read("tries").lines().count()
}

#[test]
fn l_shows_the_log_of_the_last_failure_and_r_builds_again() {
    let sandbox = sandbox();
    let Some(mut screen) = Screen::start(&sandbox, "--output none") else {
        return;
    };
    screen.wait_for("not all is well", 1);
    assert_eq!(screen.count("the reason"), 0);
    screen.press("l");
    screen.wait_for("the reason", 1);
    screen.press("r");
    screen.wait_for("not all is well", 2);
    assert_eq!(tries(&sandbox), 2);
    save(&sandbox, "x", "good\n");
    screen.wait_for("all is well since", 1);
    assert_eq!(tries(&sandbox), 3);
    screen.press("l");
    screen.wait_for("nothing has failed", 1);
    screen.press("r");
    screen.wait_for("nothing to do", 1);
    screen.wait_for("all is well since", 2);
    assert_eq!(tries(&sandbox), 3);
    screen.quit();
}

#[test]
fn clear_begins_each_build_on_an_empty_screen() {
    let sandbox = sandbox();
    sandbox.write("x", "good\n");
    let Some(mut screen) = Screen::start(&sandbox, "--clear") else {
        return;
    };
    screen.wait_for("all is well since", 1);
    screen.wait_for(CLEARED, 1);
    save(&sandbox, "x", "good too\n");
    screen.wait_for("all is well since", 2);
    screen.wait_for(CLEARED, 2);
    screen.press("r");
    screen.wait_for("all is well since", 3);
    screen.wait_for(CLEARED, 3);
    screen.quit();
}
