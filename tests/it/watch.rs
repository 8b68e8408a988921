//! `pipe watch` over real changes of files: the right nodes, each once, and at rest the outputs of a clean build.
//!
//! Nothing sleeps: the lines of `--events` are waited for.

mod during;
mod hard;
mod keys;
mod seen;

use crate::schemas::json_schema::JsonSchema;
use crate::support::{Sandbox, wait_until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Long enough for any machine; only a failure takes it.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running watch; killed at the end of its test.
struct Watch {
    child: Child,
    lines: Receiver<Value>,
    /// All that was told.
    told: Vec<Value>,
}

impl Watch {
    fn start(sandbox: &Sandbox, arguments: &str) -> Self {
        let mut command = sandbox.command(["watch", "--events", "-"]);
        command.args(arguments.split_whitespace());
        Self::of(command)
    }

    fn of(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().expect("pipe starts");
        let out = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            let schema = JsonSchema::named("events");
            for line in out.lines().map_while(Result::ok) {
                let line = schema.valid_line(&line);
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Watch {
            child,
            lines,
            told: Vec::new(),
        }
    }

    /// Waits for a line, and gives all up to it.
    #[track_caller]
    fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let deadline = Instant::now() + DEADLINE;
        let first = self.told.len();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!(
                    "waited in vain for {what}:\n{:#?}",
                    &self.told[first.saturating_sub(5)..]
                );
            };
            self.told.push(line);
            if wanted(&self.told[self.told.len() - 1]) {
                return self.told[first..].to_vec();
            }
        }
    }

    /// Waits until it rests.
    #[track_caller]
    fn rest(&mut self) -> Vec<Value> {
        self.wait_for("a rest", |line| is(line, "watching"))
    }

    /// Waits until it rests and this holds: a burst may be followed in more than one build.
    #[track_caller]
    fn rest_when(&mut self, what: &str, holds: impl Fn() -> bool) -> Vec<Value> {
        let mut lines = self.wait_for(what, |line| is(line, "watching"));
        while !holds() {
            lines.extend(self.wait_for(what, |line| is(line, "watching")));
        }
        lines
    }

    fn signal(&self, signal: Signal) {
        let process = Pid::from_child(&self.child);
        kill_process(process, signal).expect("it runs");
    }

    /// Ends it by Ctrl-C and gives its exit code.
    fn end(mut self) -> Option<i32> {
        self.signal(Signal::INT);
        self.child.wait().expect("its end").code()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is(line: &Value, kind: &str) -> bool {
    line["type"] == kind
}

/// The nodes whose commands ran, sorted.
fn ran(lines: &[Value]) -> Vec<&str> {
    let ran = lines
        .iter()
        .filter(|line| is(line, "node-finished") && line["outcome"] == "ran");
    let mut ran: Vec<&str> = ran.filter_map(|line| line["node"].as_str()).collect();
    ran.sort_unstable();
    ran
}

fn changed(lines: &[Value]) -> Vec<&str> {
    let changed = lines.iter().filter(|line| is(line, "changed"));
    let paths = changed.flat_map(|line| line["paths"].as_array().expect("paths"));
    paths.filter_map(Value::as_str).collect()
}

/// Writes a file whole: nobody sees it half-written, so that one change is one change on the slowest machine.
fn save(sandbox: &Sandbox, path: &str, text: &str) {
    let whole = sandbox.beside("whole");
    fs::write(&whole, text).expect("a new file");
    let place = sandbox.path(path);
    fs::create_dir_all(place.parent().expect("a folder")).expect("folders");
    fs::rename(whole, place).expect("a file in its place");
}

const CASES: &str = r#"
/- kdl-version 2
node "one" { in "src/a.txt"; out "build/one.txt"; run "cat {in} > {out}" }
node "all" { in "data/**/*.txt"; out "build/all.txt"; run "cat {in} > {out}" }
node "tree" { in "tree/"; out "build/tree.txt"; run "cat $(find tree -type f | sort) > {out}" }
"#;

fn cases() -> Sandbox {
    let sandbox = Sandbox::new(CASES);
    sandbox.write("src/a.txt", "a");
    sandbox.write("data/first.txt", "1");
    sandbox.write("tree/x.txt", "x");
    sandbox
}

#[test]
fn each_kind_of_change_runs_the_right_node_once() {
    let sandbox = cases();
    let mut watch = Watch::start(&sandbox, "");
    assert_eq!(ran(&watch.rest()), ["all", "one", "tree"]);

    save(&sandbox, "src/a.txt", "edited");
    assert_eq!(ran(&watch.rest()), ["one"]);

    // As VS Code and many others save.
    sandbox.write("src/a.txt.tmp.4711", "renamed");
    fs::rename(
        sandbox.path("src/a.txt.tmp.4711"),
        sandbox.path("src/a.txt"),
    )
    .unwrap();
    assert_eq!(ran(&watch.rest()), ["one"]);
    assert_eq!(sandbox.read("build/one.txt"), "renamed");

    // A folder and a file in it at once: the watcher hears of the folder at most.
    save(&sandbox, "data/deep/er/second.txt", "2");
    let lines = watch.rest_when("the new file", || {
        sandbox.read("build/all.txt").contains('2')
    });
    assert_eq!(ran(&lines), ["all"]);
    save(&sandbox, "data/deep/er/second.txt", "3");
    let lines = watch.rest_when("its edit", || sandbox.read("build/all.txt").contains('3'));
    assert_eq!(ran(&lines), ["all"]);

    // A folder from elsewhere.
    fs::create_dir(sandbox.beside("moved")).unwrap();
    fs::write(sandbox.beside("moved").join("third.txt"), "4").unwrap();
    fs::rename(sandbox.beside("moved"), sandbox.path("data/moved")).unwrap();
    let lines = watch.rest_when("the moved folder", || {
        sandbox.read("build/all.txt").contains('4')
    });
    assert_eq!(ran(&lines), ["all"]);

    // Away and back, with other files.
    sandbox.remove("tree");
    watch.wait_for("a refusal", |line| is(line, "build-refused"));
    save(&sandbox, "tree/y.txt", "y");
    watch.rest_when("the new folder", || sandbox.read("build/tree.txt") == "y");
    save(&sandbox, "tree/y.txt", "z");
    watch.rest_when("its edit", || sandbox.read("build/tree.txt") == "z");

    // A burst.
    for number in 0..30 {
        sandbox.write("src/a.txt", number.to_string());
    }
    watch.rest_when("the last write", || sandbox.read("build/one.txt") == "29");
    assert_eq!(watch.end(), Some(130));
}

#[test]
fn what_does_not_matter_wakes_nobody() {
    let sandbox = cases();
    sandbox.write("other/b.txt", "b");
    let mut watch = Watch::start(&sandbox, "");
    watch.rest();
    // Outputs are somebody's own affair, and these names are editors'.
    for path in [
        "other/b.txt",
        "src/other.txt",
        ".pipe/x",
        "data/.first.txt.swp",
        "data/first.txt~",
        "data/4913",
        "data/sedAbCdEf",
        "build/more.txt",
    ] {
        sandbox.write(path, "new");
    }
    for path in ["data/4913", "data/first.txt~"] {
        sandbox.remove(path);
    }
    fs::read(sandbox.path("src/a.txt")).unwrap();
    save(&sandbox, "src/a.txt", "new");
    let lines = watch.rest();
    assert_eq!(changed(&lines), ["src/a.txt"]);
    assert_eq!(ran(&lines), ["one"]);
    // The same bytes again: looked at, and nothing runs.
    save(&sandbox, "src/a.txt", "new");
    assert!(ran(&watch.rest()).is_empty());
}

#[test]
fn manifests_parameters_and_missing_sources_are_followed() {
    let with = |more: &str| {
        format!(
            "/- kdl-version 2\nparams \"params.toml\"\ninclude \"more/*.kdl\"\n\
             node \"p\" {{ param \"depth\"; out \"build/p\"; run \"echo {{params.depth}} > {{out}}\" }}\n{more}"
        )
    };
    let sandbox = Sandbox::new(&with("nonsense"));
    sandbox.write("params.toml", "depth = 1\n");
    sandbox.write(
        "more/a.kdl",
        "node \"late\" { in \"late.txt\"; out \"build/late\"; run \"cat {in} > {out}\" }\n",
    );
    let mut watch = Watch::start(&sandbox, "");
    let refused = watch.rest();
    assert!(refused.iter().any(|line| is(line, "build-refused")));
    save(&sandbox, "pipe.kdl", &with(""));
    let refused = watch.rest();
    assert!(
        refused.iter().any(|line| is(line, "build-refused")),
        "late.txt is missing"
    );
    save(&sandbox, "late.txt", "here");
    assert_eq!(ran(&watch.rest()), ["late", "p"]);
    save(&sandbox, "params.toml", "depth = 2\n");
    assert_eq!(ran(&watch.rest()), ["p"]);
    save(&sandbox, "params.toml", "depth =\n");
    assert!(ran(&watch.rest()).is_empty());
    // Broken is only a word: the old graph waits, and another file may mend it.
    save(&sandbox, "late.txt", "changed meanwhile");
    watch.rest();
    save(&sandbox, "params.toml", "depth = 3\n");
    let lines = watch.rest_when("both", || sandbox.read("build/p") == "3\n");
    assert_eq!(ran(&lines), ["late", "p"]);
    save(
        &sandbox,
        "more/b.kdl",
        "node \"b\" { out \"build/b\"; run \"echo > {out}\" }\n",
    );
    assert_eq!(ran(&watch.rest()), ["b"]);
}

#[test]
fn unknown_targets_end_it_at_once() {
    let outcome = cases().pipe("watch nobody").expect_code(2);
    outcome.expect_said("no node and no output is called `nobody`");
}

#[test]
fn a_command_follows_a_good_build() {
    let sandbox = cases();
    let mut command = sandbox.command(["watch", "--events", "-", "one"]);
    command.args(["--exec", "cat build/one.txt >> ../good"]);
    let good = || fs::read_to_string(sandbox.beside("good")).unwrap_or_default();
    let mut watch = Watch::of(command);
    watch.rest();
    wait_until("the first", || good() == "a");
    save(&sandbox, "src/a.txt", "b");
    watch.rest();
    wait_until("the second", || good() == "ab");
    // Nothing to do is no reason.
    save(&sandbox, "src/a.txt", "b");
    watch.rest();
    save(&sandbox, "src/a.txt", "c");
    watch.rest();
    wait_until("the third", || good() == "abc");
}

#[test]
fn the_limit_of_the_cache_holds_in_a_watch_too() {
    let sandbox = cases();
    let mut command = sandbox.command(["watch", "one"]);
    command.env("PIPE_CACHE_MAX", "lots");
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("pipe starts");
    let mut ended = None;
    let built = || sandbox.stands("build/one.txt");
    wait_until("a word about the limit, or a build", || {
        ended = child.try_wait().expect("a process");
        ended.is_some() || built()
    });
    let _ = child.kill();
    let _ = child.wait();
    assert_eq!(ended.and_then(|ended| ended.code()), Some(2));
}

#[test]
fn single_keys_are_heard_on_a_terminal() {
    let sandbox = cases();
    let program = env!("CARGO_BIN_EXE_pipe");
    let mut command = Command::new("script");
    command
        .args([
            "-qec",
            &format!("{program} watch one --events events"),
            "/dev/null",
        ])
        .current_dir(sandbox.root())
        .env("TERM", "xterm")
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let Ok(mut child) = command.spawn() else {
        // No `script` here, which gives a program a terminal.
        return;
    };
    let mut keys = child.stdin.take().expect("a pipe");
    let rests = || {
        let told = fs::read_to_string(sandbox.path("events")).unwrap_or_default();
        told.lines()
            .filter(|line| line.contains("\"watching\""))
            .count()
    };
    wait_until("the first rest", || rests() == 1);
    // The inode alone says little: that of a file that was just removed is often given to the next.
    let written = || {
        let found = sandbox.path("build/one.txt").metadata().unwrap();
        (found.ino(), found.ctime(), found.ctime_nsec())
    };
    let before = written();
    keys.write_all(b"xf").unwrap();
    wait_until("the forced build", || rests() == 2);
    assert_ne!(before, written(), "it ran, fresh or not");
    keys.write_all(b"q").unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
