//! Real processes: what the tests of running and of ending them share.

use super::*;
use crate::base::record::PeakSource;
use std::fs;

mod ending;
mod running;

/// The environment that the tests run in: commands under test need its PATH.
fn shell_environment() -> Vec<(OsString, OsString)> {
    std::env::vars_os().collect()
}

/// Waits until `condition` holds; a test whose condition never comes true fails.
fn wait_for(what: &str, condition: impl FnMut() -> bool) {
    assert!(
        poll(Duration::from_secs(20), condition),
        "waited in vain: {what}"
    );
}

/// A build's token of this test process only, since others may run at the same time.
fn token(name: &str) -> String {
    format!("test-{}-{name}", std::process::id())
}

/// A folder to run in, with the log of the last job.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Place {
        Place(tempfile::tempdir().unwrap())
    }

    fn job(&self, argv: &[&str]) -> Job {
        Job {
            argv: argv.iter().map(ToString::to_string).collect(),
            dir: self.0.path().to_path_buf(),
            env: shell_environment(),
            mark: token("none"),
            log: self.0.path().join("log"),
            timeout: None,
            watch: None,
        }
    }

    fn shell(&self, script: &str) -> Job {
        self.job(&["sh", "-c", script])
    }

    fn run(&self, argv: &[&str]) -> Execution {
        LocalExecutor.run(&self.job(argv), &Running::new())
    }

    fn log(&self) -> String {
        fs::read_to_string(self.0.path().join("log")).unwrap_or_default()
    }

    fn write(&self, name: &str, mode: u32, text: &str) {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }

    /// The process whose number a command wrote into the file `name`.
    fn process(&self, name: &str) -> Pid {
        let path = self.0.path().join(name);
        let read = || {
            Pid::from_raw(
                fs::read_to_string(&path)
                    .ok()?
                    .strip_suffix('\n')?
                    .parse()
                    .ok()?,
            )
        };
        wait_for(name, || read().is_some());
        read().unwrap()
    }
}

/// Whether a process is there and not dead.
fn lives(process: Pid) -> bool {
    let stat =
        fs::read_to_string(format!("/proc/{}/stat", process.as_raw_pid())).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, fields)| !fields.starts_with('Z'))
}
