//! Asks a probe: a short command whose standard output is wanted, not its effect.
//!
//! Does not know what the answer is for.

use super::{Job, program};
use std::process::{Command, Stdio};

/// What `job` prints to standard output; its log is not written.
///
/// # Errors
/// A sentence: it could not be started, or it ended badly, with the last line that it printed to standard error.
pub fn ask(job: &Job) -> Result<Vec<u8>, String> {
    let Some((name, arguments)) = job.argv.split_first() else {
        return Err("there is no command".to_owned());
    };
    let search = job.env.iter().find(|(name, _)| name == "PATH");
    let search = search.map(|(_, value)| value.as_os_str());
    let found = program::find(name, search, &job.dir)
        .map_err(|error| format!("{name} could not be started: {error}"))?;
    let output = Command::new(&found)
        .args(arguments)
        .current_dir(&job.dir)
        .env_clear()
        .envs(job.env.iter().map(|(key, value)| (key, value)))
        .stdin(Stdio::null())
        .output()
        .map_err(|error| format!("{name} could not be started: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let last = said.lines().rev().find(|line| !line.trim().is_empty());
    let last = last.map_or_else(String::new, |line| format!(": {}", line.trim()));
    Err(format!("{}{last}", output.status))
}
