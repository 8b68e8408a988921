//! Asks git which files differ from a revision.
//!
//! By its own program, which knows its own settings. Does not know what the files are for.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Files below a folder, relative to it.
#[derive(Debug, Default)]
pub struct Changed {
    /// Those that git knows and that differ from the revision, be it in commits or in the working tree.
    pub tracked: Vec<PathBuf>,
    /// Those that git does not know, ignored ones too: nobody can say whether they have changed.
    pub untracked: Vec<PathBuf>,
}

/// Why git gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GitFault {
    /// The program could not be started.
    NotStarted(String),
    /// The folder lies in no working tree.
    NoRepository(PathBuf),
    /// There is no such revision.
    UnknownRevision(String),
    /// Anything else; what git said.
    Refused(String),
}

/// What differs from `revision` below `folder`.
///
/// # Errors
/// See [`GitFault`].
pub fn changed_since(folder: &Path, revision: &str) -> Result<Changed, GitFault> {
    let inside = ask(folder, &["rev-parse", "--is-inside-work-tree"])?;
    if !inside.status.success() {
        let said = said(&inside);
        return Err(match said.contains("not a git repository") {
            true => GitFault::NoRepository(folder.to_path_buf()),
            false => GitFault::Refused(said),
        });
    }
    if inside.stdout != b"true\n" {
        return Err(GitFault::NoRepository(folder.to_path_buf()));
    }
    let commit = format!("{revision}^{{commit}}");
    let found = ask(folder, &["rev-parse", "--verify", "--quiet", &commit])?;
    // What begins with `-` would be an option.
    if !found.status.success() || revision.starts_with('-') {
        return Err(GitFault::UnknownRevision(revision.to_owned()));
    }
    let commit = String::from_utf8_lossy(&found.stdout).trim().to_owned();
    let diff = [
        "diff",
        "--name-only",
        "-z",
        "--no-renames",
        "--no-ext-diff",
        "--ignore-submodules=none",
        "--relative",
        &commit,
        "--",
        ".",
    ];
    Ok(Changed {
        tracked: names(folder, &diff)?,
        untracked: names(folder, &["ls-files", "--others", "-z", "--", "."])?,
    })
}

fn names(folder: &Path, arguments: &[&str]) -> Result<Vec<PathBuf>, GitFault> {
    let output = ask(folder, arguments)?;
    if !output.status.success() {
        return Err(GitFault::Refused(said(&output)));
    }
    let names = output.stdout.split(|&byte| byte == 0);
    let names = names.filter(|name| !name.is_empty());
    Ok(names
        .map(|name| PathBuf::from(OsStr::from_bytes(name)))
        .collect())
}

fn ask(folder: &Path, arguments: &[&str]) -> Result<Output, GitFault> {
    let not_started = |error: io::Error| GitFault::NotStarted(error.to_string());
    Command::new("git")
        .args(arguments)
        .current_dir(folder)
        // What it says is read, and its index is nobody's to write here.
        .env("LC_ALL", "C")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .stdin(Stdio::null())
        .output()
        .map_err(not_started)
}

/// The first line that it wrote to standard error.
fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let first = text.lines().find(|line| !line.trim().is_empty());
    first.map_or_else(|| output.status.to_string(), |line| line.trim().to_owned())
}
