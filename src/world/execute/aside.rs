//! Runs a command that belongs to no node, with the terminal as it is, and waits for its end.
//!
//! Does not know what it is for.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

/// Gives `command` to `sh`, in `folder`, with exactly these variables.
///
/// # Errors
/// A sentence: it could not be started, or it did not end well.
pub fn run(command: &str, folder: &Path, variables: &[(OsString, OsString)]) -> Result<(), String> {
    let status = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .status()
        .map_err(|error| format!("`{command}` could not be started: {error}"))?;
    match status.success() {
        true => Ok(()),
        false => Err(format!("`{command}` ended with {status}")),
    }
}
