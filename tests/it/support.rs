//! A throw-away project and the built program in it.
//!
//! Nothing here sleeps: what has to be waited for is waited for by its condition, with a deadline.

use std::ffi::OsStr;
use std::fs::{self, File, FileTimes};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime};
use tempfile::TempDir;

/// A folder with a project, removed at the end.
pub(crate) struct Sandbox {
    folder: TempDir,
    root: PathBuf,
}

/// What a run of the program came to.
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Sandbox {
    /// An empty project with this manifest.
    pub(crate) fn new(manifest: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("project");
        fs::create_dir(&root).expect("a new folder");
        let sandbox = Sandbox { folder, root };
        sandbox.manifest(manifest);
        sandbox
    }

    /// A copy of `fixtures/NAME` without anything that was built there.
    pub(crate) fn fixture(name: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path().join("project");
        let sandbox = Sandbox { folder, root };
        copy_tree(
            &Path::new(env!("CARGO_MANIFEST_DIR"))
                .join("fixtures")
                .join(name),
            &sandbox.root,
        );
        for built in ["build", ".pipe"] {
            let _ = fs::remove_dir_all(sandbox.path(built));
        }
        sandbox
    }

    /// Replaces the manifest.
    pub(crate) fn manifest(&self, text: &str) {
        self.write("pipe.kdl", text);
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A folder beside the project.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same project at another place; the folder is this sandbox's.
    pub(crate) fn moved_copy(&self, name: &str) -> PathBuf {
        let copy = self.beside(name);
        copy_tree(&self.root, &copy);
        copy
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub(crate) fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folders");
        fs::write(&path, text)
            .unwrap_or_else(|error| panic!("writing {}: {error}", path.display()));
    }

    pub(crate) fn read(&self, path: &str) -> String {
        let path = self.path(path);
        fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("reading {}: {error}", path.display()))
    }

    pub(crate) fn stands(&self, path: &str) -> bool {
        self.path(path).symlink_metadata().is_ok()
    }

    pub(crate) fn remove(&self, path: &str) {
        let path = self.path(path);
        let removed = if path.is_dir() {
            fs::remove_dir_all(&path)
        } else {
            fs::remove_file(&path)
        };
        removed.unwrap_or_else(|error| panic!("removing {}: {error}", path.display()));
    }

    pub(crate) fn remove_if_there(&self, path: &str) {
        if self.stands(path) {
            self.remove(path);
        }
    }

    /// The program, ready to start in this project.
    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        arguments: impl IntoIterator<Item = A>,
    ) -> Command {
        command_in(&self.root, arguments)
    }

    /// Runs the program with these arguments, given in one line, to its end.
    pub(crate) fn pipe(&self, arguments: &str) -> Outcome {
        Outcome::of(
            self.command(arguments.split_whitespace())
                .output()
                .expect("pipe starts"),
        )
    }

    /// `pipe build` that must end well.
    pub(crate) fn build(&self) -> Outcome {
        self.pipe("build").expect_code(0)
    }

    /// Builds until the list of fresh nodes has all `nodes` of the project: the clock has left all files behind, so that
    /// their stamps may be trusted.
    #[track_caller]
    pub(crate) fn build_until_listed(&self, nodes: usize) {
        wait_until("a list with all nodes", || {
            self.build().expect_nothing_done();
            let list = fs::read(self.path(".pipe/fresh")).expect("a list");
            list.ends_with(&vec![1; nodes])
        });
    }

    /// Says by a file of counters which nodes have run: every command of such a test appends its name to `runs`.
    pub(crate) fn take_runs(&self) -> Vec<String> {
        let Ok(text) = fs::read_to_string(self.path("runs")) else {
            return Vec::new();
        };
        fs::remove_file(self.path("runs")).expect("the file of runs");
        let mut runs: Vec<String> = text.lines().map(str::to_owned).collect();
        runs.sort();
        runs
    }
}

impl Outcome {
    pub(crate) fn of(
        Output {
            status,
            stdout,
            stderr,
        }: Output,
    ) -> Self {
        Outcome {
            code: status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&stdout).into_owned(),
            err: String::from_utf8_lossy(&stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "\n--- standard output\n{}\n--- standard error\n{}",
            self.out, self.err
        );
        self
    }

    /// The final line of talk.
    pub(crate) fn last_line(&self) -> &str {
        self.err.lines().last().unwrap_or_default()
    }

    /// How many nodes the final line says ran.
    #[track_caller]
    pub(crate) fn ran(&self) -> usize {
        self.count_of("ran")
    }

    #[track_caller]
    pub(crate) fn restored(&self) -> usize {
        self.count_of("restored")
    }

    /// `3` of `done: 3 ran, 2 fresh in 1.2 s` for `ran`; 0 where the word is not there.
    #[track_caller]
    fn count_of(&self, word: &str) -> usize {
        let line = self.last_line();
        assert!(line.contains(':'), "no final line in\n{}", self.err);
        let words: Vec<&str> = line
            .split([' ', ',', ':'])
            .filter(|word| !word.is_empty())
            .collect();
        words
            .iter()
            .position(|&found| found == word)
            .map_or(0, |at| words[at - 1].parse().unwrap_or(0))
    }

    /// Whether the one line of talk says that there was nothing to do.
    #[track_caller]
    pub(crate) fn expect_nothing_done(&self) {
        assert_eq!(self.err.lines().count(), 1, "one line, not\n{}", self.err);
        assert!(
            self.last_line().starts_with("nothing to do"),
            "not idle:\n{}",
            self.err
        );
    }

    #[track_caller]
    pub(crate) fn expect_said(&self, text: &str) {
        assert!(
            self.err.contains(text) || self.out.contains(text),
            "{text:?} is not in\n{}{}",
            self.err,
            self.out
        );
    }
}

/// The program, ready to start in `folder`, in an environment that does not depend on who runs the tests.
pub(crate) fn command_in<A: AsRef<OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = A>,
) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pipe"));
    command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null());
    command
        .env_remove("PIPE_CACHE_DIR")
        .env_remove("PIPE_CACHE_MAX")
        .env_remove("PIPE_CACHE_READ")
        .env_remove("NO_COLOR")
        .env_remove("COLUMNS");
    // The tests may themselves run in CI.
    for name in [
        "CI",
        "GITHUB_ACTIONS",
        "GITHUB_EVENT_NAME",
        "GITHUB_STEP_SUMMARY",
        "GITLAB_CI",
        "CI_PIPELINE_SOURCE",
    ] {
        command.env_remove(name);
    }
    command
}

/// Whether the tests of faults take every one there is, which lasts hours, and not a sample.
pub(crate) fn all_faults() -> bool {
    std::env::var_os("PIPE_FAULTS").is_some_and(|value| value == "all")
}

/// Waits until `condition` holds; panics after twenty seconds.
#[track_caller]
pub(crate) fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition() {
        assert!(Instant::now() < deadline, "waited in vain for {what}");
        std::thread::yield_now();
    }
}

/// Copies files, folders, links and modes.
pub(crate) fn copy_tree(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .arg("-a")
        .arg(from)
        .arg(to)
        .status()
        .expect("cp starts");
    assert!(
        status.success(),
        "cp -a {} {}",
        from.display(),
        to.display()
    );
}

/// Sets the modification time; the change time, which no program can set, becomes now.
pub(crate) fn set_modified(path: &Path, time: SystemTime) {
    let file = File::options().append(true).open(path).expect("it stands");
    file.set_times(FileTimes::new().set_modified(time))
        .expect("its time is set");
}
